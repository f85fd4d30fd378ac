//! Reads recordings on all cores.
//!
//! Files of one session form a group that one thread reads in order, so that the result does not
//! depend on how many threads there are. A session is closed as soon as its group is read, and only
//! what the caller makes of it stays in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use proctor_model::{Event, SessionId};
use proctor_reconcile::{Observer, Reconciler, Summary};
use proctor_sources::{ReadReport, Recording};

/// What came of reading: one result for each session, sorted by session id, and the sum of the
/// readers' reports.
pub(crate) struct Done<T> {
    pub(crate) sessions: Vec<(Summary, T)>,
    pub(crate) report: ReadReport,
}

/// How to read.
pub(crate) struct Work<'a, M, D> {
    /// Makes the observer of a session.
    pub(crate) make: M,
    /// Takes what is of interest from an observer whose session has ended.
    pub(crate) done: D,
    /// Told the bytes that were read, from any thread.
    pub(crate) progress: &'a (dyn Fn(u64) + Sync),
    /// Number of threads, at least 1.
    pub(crate) threads: usize,
}

impl<M, D> Work<'_, M, D> {
    /// Reads all recordings.
    pub(crate) fn read<O, T>(&self, recordings: Vec<Recording>) -> Done<T>
    where
        O: Observer,
        T: Send,
        M: Fn(&SessionId) -> O + Sync,
        D: Fn(O) -> T + Sync,
    {
        let mut groups = groups(recordings);
        let (mut sessions, mut reports) = self.read_groups(&groups);
        // A file may go on with a session that its head does not name. Its groups are then read
        // again as one: rare, and the same result whatever the order of the files.
        while let Some(merged) = merge(&groups, &sessions) {
            groups = merged;
            (sessions, reports) = self.read_groups(&groups);
        }
        let mut report = ReadReport::default();
        reports.into_values().for_each(|r| add(&mut report, r));
        let mut sessions: Vec<(Summary, T)> = sessions.into_values().flatten().collect();
        sessions.sort_by(|a, b| a.0.session.cmp(&b.0.session));
        let mut summaries: Vec<&mut Summary> = sessions.iter_mut().map(|(s, _)| s).collect();
        proctor_reconcile::link(&mut summaries);
        Done { sessions, report }
    }

    #[expect(clippy::type_complexity, reason = "the pair is taken apart at once")]
    fn read_groups<O, T>(
        &self,
        groups: &[Vec<Recording>],
    ) -> (
        BTreeMap<usize, Vec<(Summary, T)>>,
        BTreeMap<usize, ReadReport>,
    )
    where
        O: Observer,
        T: Send,
        M: Fn(&SessionId) -> O + Sync,
        D: Fn(O) -> T + Sync,
    {
        // The largest first, so that no thread is left alone with it at the end.
        let mut order: Vec<(usize, &Vec<Recording>)> = groups.iter().enumerate().collect();
        order.sort_by_key(|(_, g)| std::cmp::Reverse(g.iter().map(|r| r.bytes).sum::<u64>()));
        let next = AtomicUsize::new(0);
        let results = Mutex::new((BTreeMap::new(), BTreeMap::new()));
        std::thread::scope(|scope| {
            for _ in 0..self.threads.clamp(1, order.len().max(1)) {
                scope.spawn(|| {
                    while let Some((number, group)) =
                        order.get(next.fetch_add(1, Ordering::Relaxed))
                    {
                        let (sessions, report) = self.read_group(group);
                        let mut results = results.lock().unwrap_or_else(|e| e.into_inner());
                        results.0.insert(*number, sessions);
                        results.1.insert(*number, report);
                    }
                });
            }
        });
        results.into_inner().unwrap_or_else(|e| e.into_inner())
    }

    fn read_group<O, T>(&self, group: &[Recording]) -> (Vec<(Summary, T)>, ReadReport)
    where
        O: Observer,
        M: Fn(&SessionId) -> O + Sync,
        D: Fn(O) -> T + Sync,
    {
        let mut reconciler = Reconciler::new(&self.make);
        let mut report = ReadReport::default();
        for recording in group {
            let mut sink = |event: Event, raw: &[u8]| reconciler.event(event, raw);
            add(
                &mut report,
                proctor_sources::read(recording, &mut |n| (self.progress)(n), &mut sink),
            );
        }
        let sessions = reconciler
            .finish()
            .into_iter()
            .map(|(s, o)| (s, (self.done)(o)))
            .collect();
        (sessions, report)
    }
}

/// Groups the files of one session; within a group the earliest first.
fn groups(recordings: Vec<Recording>) -> Vec<Vec<Recording>> {
    let mut by_session: BTreeMap<SessionId, Vec<Recording>> = BTreeMap::new();
    let mut groups = Vec::new();
    for recording in recordings {
        match recording.session.clone() {
            Some(session) => by_session.entry(session).or_default().push(recording),
            None => groups.push(vec![recording]),
        }
    }
    groups.extend(by_session.into_values());
    groups.iter_mut().for_each(|g| in_order(g));
    groups
}

fn in_order(group: &mut [Recording]) {
    group.sort_by(|a, b| (a.started, &a.path).cmp(&(b.started, &b.path)));
}

/// Joins groups that turned out to hold the same session; `None` if there are none.
fn merge<T>(
    groups: &[Vec<Recording>],
    sessions: &BTreeMap<usize, Vec<(Summary, T)>>,
) -> Option<Vec<Vec<Recording>>> {
    let mut holders: BTreeMap<&SessionId, BTreeSet<usize>> = BTreeMap::new();
    for (group, sessions) in sessions {
        for (summary, _) in sessions {
            holders.entry(&summary.session).or_default().insert(*group);
        }
    }
    if holders.values().all(|h| h.len() < 2) {
        return None;
    }
    let mut root: Vec<usize> = (0..groups.len()).collect();
    fn find(root: &mut [usize], mut i: usize) -> usize {
        while let Some(&up) = root.get(i)
            && up != i
        {
            i = up;
        }
        i
    }
    for held in holders.into_values() {
        let mut held = held
            .into_iter()
            .map(|g| find(&mut root, g))
            .collect::<Vec<_>>();
        held.sort_unstable();
        if let Some((first, rest)) = held.split_first() {
            for other in rest {
                if let Some(slot) = root.get_mut(*other) {
                    *slot = *first;
                }
            }
        }
    }
    let mut merged: BTreeMap<usize, Vec<Recording>> = BTreeMap::new();
    for (number, group) in groups.iter().enumerate() {
        merged
            .entry(find(&mut root, number))
            .or_default()
            .extend(group.iter().cloned());
    }
    Some(
        merged
            .into_values()
            .map(|mut group| {
                in_order(&mut group);
                group
            })
            .collect(),
    )
}

fn add(sum: &mut ReadReport, report: ReadReport) {
    sum.records += report.records;
    sum.events += report.events;
    sum.bytes += report.bytes;
    sum.unreadable_bytes += report.unreadable_bytes;
    sum.gaps += report.gaps;
    for (name, n) in report.unknown_records {
        *sum.unknown_records.entry(name).or_default() += n;
    }
    for (name, n) in report.unknown_fields {
        *sum.unknown_fields.entry(name).or_default() += n;
    }
}
