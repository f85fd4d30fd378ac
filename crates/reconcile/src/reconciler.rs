//! Events of many sessions in, steps of each session out.

use std::collections::{BTreeMap, HashMap};

use proctor_model::{Event, SessionId};

use crate::Observer;
use crate::session::Session;
use crate::summary::Summary;

/// Turns the events of many sessions into steps, for one observer per session.
///
/// Sessions may interleave in any way; the events of one session must come in the order in which
/// they happened (of several files, the earlier file first). Records that a resumed session's file
/// repeats are recognised and left out.
pub struct Reconciler<F, O> {
    make: F,
    open: HashMap<SessionId, Session<O>>,
    closed: BTreeMap<SessionId, (Summary, O)>,
}

impl<F: FnMut(&SessionId) -> O, O: Observer> Reconciler<F, O> {
    /// A reconciler that asks `make` for the observer of each session it meets.
    pub fn new(make: F) -> Self {
        Self {
            make,
            open: HashMap::new(),
            closed: BTreeMap::new(),
        }
    }

    /// Takes the next event. `_raw` are the bytes of its record, which nothing needs yet.
    pub fn event(&mut self, event: Event, _raw: &[u8]) {
        if let Some((summary, _)) = self.closed.get_mut(&event.session) {
            summary.after_close += 1;
            return;
        }
        let Self { make, open, .. } = self;
        let session = match open.get_mut(&event.session) {
            Some(session) => session,
            None => {
                let id = event.session.clone();
                open.entry(id.clone()).or_insert_with(|| {
                    let observer = make(&id);
                    Session::new(id, observer)
                })
            }
        };
        session.event(event);
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
    pub fn finish(mut self) -> Vec<(Summary, O)> {
        for (id, session) in self.open.drain() {
            self.closed.insert(id, session.finish());
        }
        let mut all: Vec<_> = self.closed.into_values().collect();
        let mut summaries: Vec<&mut Summary> = all.iter_mut().map(|(s, _)| s).collect();
        crate::summary::link(&mut summaries);
        all
    }
}

#[cfg(test)]
mod tests;
