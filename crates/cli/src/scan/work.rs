//! Reads recordings on all cores.
//!
//! Files of one session form a group that one thread reads in order, so that the result does not
//! depend on how many threads there are. A session is closed as soon as its group is read, and only
//! what the caller makes of it stays in memory.
//!
//! What a session copied from another one is left out where the other one holds the same. That shows
//! when all are read; sessions of which it is not true are then read again as their own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use proctor_model::{Event, SessionId};
use proctor_reconcile::{Account, Observer, Reconciler, Summary, unfounded};
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
    /// The sessions whose copies are not believed, where that is known from an earlier reading.
    pub(crate) disbelieved: Option<BTreeSet<SessionId>>,
}

/// What came of one group.
type Group<T> = (Vec<Read<T>>, ReadReport);

/// A session that was read.
struct Read<T> {
    summary: Summary,
    result: T,
    account: Account,
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
        let mut disbelieved = self.disbelieved.clone().unwrap_or_default();
        let mut read = self.read_groups(groups.iter().enumerate(), &disbelieved);
        // A file may go on with a session that its head does not name. Its groups are then read
        // again as one: rare, and the same result whatever the order of the files.
        while let Some(merged) = merge(&groups, &read) {
            groups = merged;
            read = self.read_groups(groups.iter().enumerate(), &disbelieved);
        }
        if self.disbelieved.is_none() {
            let all = read.values().flat_map(|(sessions, _)| sessions);
            disbelieved = unfounded(all.map(|s| (&s.summary.session, &s.account)));
            let again: BTreeSet<usize> = read
                .iter()
                .filter(|(_, (sessions, _))| {
                    let mut ids = sessions.iter().map(|s| &s.summary.session);
                    ids.any(|id| disbelieved.contains(id))
                })
                .map(|(number, _)| *number)
                .collect();
            let again = groups
                .iter()
                .enumerate()
                .filter(|(number, _)| again.contains(number));
            read.extend(self.read_groups(again, &disbelieved));
        }
        let mut report = ReadReport::default();
        let mut sessions: Vec<(Summary, T)> = Vec::new();
        for (of_group, read) in read.into_values() {
            add(&mut report, read);
            sessions.extend(of_group.into_iter().map(|s| (s.summary, s.result)));
        }
        sessions.sort_by(|a, b| a.0.session.cmp(&b.0.session));
        let mut summaries: Vec<&mut Summary> = sessions.iter_mut().map(|(s, _)| s).collect();
        proctor_reconcile::link(&mut summaries);
        Done { sessions, report }
    }

    fn read_groups<'g, O, T>(
        &self,
        groups: impl Iterator<Item = (usize, &'g Vec<Recording>)>,
        disbelieved: &BTreeSet<SessionId>,
    ) -> BTreeMap<usize, Group<T>>
    where
        O: Observer,
        T: Send,
        M: Fn(&SessionId) -> O + Sync,
        D: Fn(O) -> T + Sync,
    {
        // The largest first, so that no thread is left alone with it at the end.
        let mut order: Vec<(usize, &Vec<Recording>)> = groups.collect();
        order.sort_by_key(|(_, g)| std::cmp::Reverse(g.iter().map(|r| r.bytes).sum::<u64>()));
        let next = AtomicUsize::new(0);
        let results = Mutex::new(BTreeMap::new());
        std::thread::scope(|scope| {
            for _ in 0..self.threads.min(order.len()) {
                scope.spawn(|| {
                    while let Some((number, group)) =
                        order.get(next.fetch_add(1, Ordering::Relaxed))
                    {
                        let read = self.read_group(group, disbelieved);
                        let mut results = results.lock().unwrap_or_else(|e| e.into_inner());
                        results.insert(*number, read);
                    }
                });
            }
        });
        results.into_inner().unwrap_or_else(|e| e.into_inner())
    }

    fn read_group<O, T>(&self, group: &[Recording], disbelieved: &BTreeSet<SessionId>) -> Group<T>
    where
        O: Observer,
        M: Fn(&SessionId) -> O + Sync,
        D: Fn(O) -> T + Sync,
    {
        let mut reconciler = Reconciler::new(&self.make).disbelieving(disbelieved);
        let mut report = ReadReport::default();
        for recording in group {
            let mut sink = |event: Event, raw: &[u8]| reconciler.event(event, raw);
            add(
                &mut report,
                proctor_sources::read(recording, &mut |n| (self.progress)(n), &mut sink),
            );
        }
        let sessions = reconciler
            .end()
            .into_iter()
            .map(|ended| Read {
                summary: ended.summary,
                result: (self.done)(ended.observer),
                account: ended.account,
            })
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
    read: &BTreeMap<usize, Group<T>>,
) -> Option<Vec<Vec<Recording>>> {
    let mut holders: BTreeMap<&SessionId, BTreeSet<usize>> = BTreeMap::new();
    for (group, (sessions, _)) in read {
        for session in sessions {
            holders
                .entry(&session.summary.session)
                .or_default()
                .insert(*group);
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
