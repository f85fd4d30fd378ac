//! Which sources must be read together, and which sessions refer to each other.
//!
//! A session may stand in several files, and a file may hold several sessions. What belongs
//! together through any chain of these is read as one, the earliest file first, so that the result
//! does not depend on the order in which it was recorded.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proctor_model::SessionId;
use proctor_reconcile::{Summary, link};
use proctor_store::{Change, SessionRow};
use serde::{Deserialize, Serialize};

/// What a session says of others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Links {
    parent: Option<SessionId>,
    note_parent: Option<SessionId>,
    copied_from: Option<SessionId>,
    agents: BTreeSet<String>,
}

impl Links {
    pub(crate) fn of(summary: &Summary) -> Self {
        Self {
            parent: summary.parent.clone(),
            note_parent: summary.note.parent.clone(),
            copied_from: summary.note.copied_from.clone(),
            agents: summary.agents.clone(),
        }
    }

    fn summary(&self, id: &str) -> Summary {
        let mut summary = Summary::new(SessionId::new(id));
        summary.parent = self.parent.clone();
        summary.note.parent = self.note_parent.clone();
        summary.note.copied_from = self.copied_from.clone();
        summary.agents = self.agents.clone();
        summary
    }
}

/// A session that the index knows.
#[derive(Default)]
struct Known {
    sources: BTreeSet<u64>,
    links: Links,
    parent: Option<String>,
    missing: Vec<String>,
}

/// The net of sources and sessions.
#[derive(Default)]
pub(crate) struct Groups {
    /// The session that a source's first records name.
    declared: HashMap<u64, String>,
    declaring: HashMap<String, BTreeSet<u64>>,
    sessions: BTreeMap<String, Known>,
    /// Sessions by source.
    held: HashMap<u64, BTreeSet<String>>,
}

impl Groups {
    pub(crate) fn declare(&mut self, source: u64, session: Option<&str>) {
        if let Some(session) = session {
            self.declared.insert(source, session.to_owned());
            self.declaring
                .entry(session.to_owned())
                .or_default()
                .insert(source);
        }
    }

    /// A session as the index has it.
    pub(crate) fn restore(&mut self, row: &SessionRow) {
        let known = Known {
            sources: row.sources.iter().copied().collect(),
            links: serde_json::from_str(&row.links).unwrap_or_default(),
            parent: row.parent.clone(),
            missing: row.missing.clone(),
        };
        for source in &known.sources {
            self.held.entry(*source).or_default().insert(row.id.clone());
        }
        self.sessions.insert(row.id.clone(), known);
    }

    /// All sources that belong together with this one.
    pub(crate) fn around(&self, source: u64) -> BTreeSet<u64> {
        self.closure([source], [])
    }

    /// All sources that belong together with these, which turned out to hold these sessions.
    pub(crate) fn closure<'a>(
        &'a self,
        sources: impl IntoIterator<Item = u64>,
        sessions: impl IntoIterator<Item = &'a str>,
    ) -> BTreeSet<u64> {
        let mut found = BTreeSet::new();
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut left: Vec<u64> = sources.into_iter().collect();
        let mut names: Vec<&str> = sessions.into_iter().collect();
        loop {
            if let Some(name) = names.pop() {
                if seen.insert(name) {
                    left.extend(self.declaring.get(name).into_iter().flatten());
                    left.extend(self.sessions.get(name).into_iter().flat_map(|s| &s.sources));
                }
            } else if let Some(source) = left.pop() {
                if found.insert(source) {
                    names.extend(self.declared.get(&source).map(String::as_str));
                    let held = self.held.get(&source).into_iter().flatten();
                    names.extend(held.map(String::as_str));
                }
            } else {
                return found;
            }
        }
    }

    /// Sessions that these sources held so far.
    pub(crate) fn held_by(&self, sources: &BTreeSet<u64>) -> BTreeSet<String> {
        sources
            .iter()
            .filter_map(|source| self.held.get(source))
            .flatten()
            .cloned()
            .collect()
    }

    pub(crate) fn forget(&mut self, session: &str) {
        if let Some(known) = self.sessions.remove(session) {
            for source in known.sources {
                if let Some(held) = self.held.get_mut(&source) {
                    held.remove(session);
                }
            }
        }
    }

    /// Works out anew which session started which and what is referred to but gone, and answers
    /// what of it changed.
    pub(crate) fn relink(&mut self) -> Vec<Change> {
        let mut summaries: Vec<Summary> = self
            .sessions
            .iter()
            .map(|(id, known)| known.links.summary(id))
            .collect();
        let mut all: Vec<&mut Summary> = summaries.iter_mut().collect();
        link(&mut all);
        let mut changes = Vec::new();
        for ((id, known), summary) in self.sessions.iter_mut().zip(summaries) {
            let parent = summary.parent.map(|parent| parent.to_string());
            if known.parent != parent || known.missing != summary.missing {
                known.parent = parent;
                known.missing = summary.missing;
                let (parent, missing) = (known.parent.clone(), known.missing.clone());
                changes.push(Change::Links(id.clone(), parent, missing));
            }
        }
        changes
    }
}
