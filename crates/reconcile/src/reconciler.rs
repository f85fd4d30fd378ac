//! Events of many sessions in, steps of each session out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proctor_model::{Event, SessionId};

use crate::Observer;
use crate::copies::Account;
use crate::session::Session;
use crate::summary::Summary;

/// The most sessions that one reconciler tells apart: each takes some kilobytes, and a file can name a
/// new one on every line. What goes on beyond is read as part of the last of them, and counted.
const MOST_SESSIONS: usize = 20_000;

/// A session that has ended.
pub struct Ended<O> {
    /// What it did.
    pub summary: Summary,
    /// What saw its steps.
    pub observer: O,
    /// What its account holds, to be compared with the copies of others.
    pub account: Account,
}

/// Turns the events of many sessions into steps, for one observer per session.
///
/// Sessions may interleave in any way; the events of one session must come in the order in which
/// they happened (of several files, the earlier file first). Records that a resumed session's file
/// repeats are recognised and left out.
pub struct Reconciler<F, O> {
    make: F,
    open: HashMap<SessionId, Session<O>>,
    closed: BTreeMap<SessionId, Ended<O>>,
    disbelieved: BTreeSet<SessionId>,
    /// The session that was met last of those told apart.
    last: Option<SessionId>,
    most: usize,
}

impl<F: FnMut(&SessionId) -> O, O: Observer> Reconciler<F, O> {
    /// A reconciler that asks `make` for the observer of each session it meets.
    pub fn new(make: F) -> Self {
        Self {
            make,
            open: HashMap::new(),
            closed: BTreeMap::new(),
            disbelieved: BTreeSet::new(),
            last: None,
            most: MOST_SESSIONS,
        }
    }

    /// Reads what these sessions copied from others as their own acts, because it does not stand
    /// there ([`unfounded`](crate::unfounded)).
    pub fn disbelieving(mut self, sessions: &BTreeSet<SessionId>) -> Self {
        self.disbelieved.clone_from(sessions);
        self
    }

    /// Takes the next event. `_raw` are the bytes of its record, which nothing needs yet.
    pub fn event(&mut self, mut event: Event, _raw: &[u8]) {
        let over = self.is_over(&event.session);
        if let Some(last) = self.last.as_ref().filter(|_| over) {
            event.session = last.clone();
        }
        if let Some(ended) = self.closed.get_mut(&event.session) {
            ended.summary.after_close += 1;
            return;
        }
        let Self {
            make,
            open,
            disbelieved,
            last,
            ..
        } = self;
        let session = match open.get_mut(&event.session) {
            Some(session) => session,
            None => {
                let id = event.session.clone();
                *last = Some(id.clone());
                open.entry(id.clone()).or_insert_with(|| {
                    let observer = make(&id);
                    let disbelieves = disbelieved.contains(&id);
                    Session::new(id, observer, disbelieves)
                })
            }
        };
        if over {
            session.over(&event.at);
        }
        session.event(event);
    }

    /// Whether this session is one more than are told apart.
    fn is_over(&self, session: &SessionId) -> bool {
        self.open.len() + self.closed.len() >= self.most
            && !self.open.contains_key(session)
            && !self.closed.contains_key(session)
    }

    /// Ends a session of which no more events will come, which frees most of its memory. Events
    /// that come all the same are counted in [`Summary::after_close`].
    pub fn close(&mut self, session: &SessionId) {
        if let Some(open) = self.open.remove(session) {
            self.closed.insert(session.clone(), open.finish());
        }
    }

    /// How many things are remembered of all sessions.
    #[cfg(test)]
    fn size(&self) -> usize {
        self.open.values().map(Session::size).sum()
    }

    /// Ends all sessions. Sorted by session id.
    pub fn finish(self) -> Vec<(Summary, O)> {
        let ended = self.end().into_iter();
        ended.map(|e| (e.summary, e.observer)).collect()
    }

    /// The same, with the accounts of the sessions.
    pub fn end(mut self) -> Vec<Ended<O>> {
        for (id, session) in self.open.drain() {
            self.closed.insert(id, session.finish());
        }
        let mut all: Vec<_> = self.closed.into_values().collect();
        let mut summaries: Vec<&mut Summary> = all.iter_mut().map(|e| &mut e.summary).collect();
        crate::summary::link(&mut summaries);
        all
    }
}

#[cfg(test)]
mod tests;
