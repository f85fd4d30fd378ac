//! Who did it: by harness, model and project.

use std::collections::BTreeMap;

use serde::Serialize;

use super::sessions::{self, Entry, Sessions};
use crate::clean::Lens;

/// The sessions of a scan split by one property.
#[derive(Clone, Debug, Serialize)]
pub struct Breakdown {
    /// `harness`, `model` or `project`.
    pub by: &'static str,
    /// The parts, largest first.
    pub rows: Vec<Share>,
}

/// One part of a breakdown.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Share {
    /// Opens the part.
    pub handle: String,
    /// The harness, model or project.
    pub label: String,
    /// Sessions in it.
    pub sessions: u64,
    /// Active seconds.
    pub seconds: u64,
    /// Tool calls.
    pub calls: u64,
    /// Calls made without asking anyone.
    pub unasked: u64,
    /// Calls whose permission mode is known.
    pub moded: u64,
    /// Findings shown.
    pub findings: u64,
    /// Handles of its sessions, worst first, at most 40.
    pub members: Vec<String>,
}

pub(super) fn all(lens: &Lens, sessions: &Sessions<'_>) -> Vec<Breakdown> {
    let models = |entry: &Entry<'_>| -> Vec<String> {
        let models = &entry.summary.models;
        if models.is_empty() {
            return vec!["(no model recorded)".to_owned()];
        }
        models.iter().map(|m| lens.name(m, 80)).collect()
    };
    let harness = |entry: &Entry<'_>| vec![sessions::harness(entry.summary)];
    let project = |entry: &Entry<'_>| vec![sessions::project(entry.summary, lens)];
    vec![
        split("harness", 'h', sessions, harness),
        split("model", 'm', sessions, models),
        split("project", 'p', sessions, project),
    ]
}

/// Splits by labels; a session with two labels counts under both.
fn split(
    by: &'static str,
    letter: char,
    sessions: &Sessions<'_>,
    labels: impl Fn(&Entry<'_>) -> Vec<String>,
) -> Breakdown {
    let mut parts: BTreeMap<String, Share> = BTreeMap::new();
    for entry in &sessions.entries {
        let (unasked, moded) = sessions::modes(entry.summary);
        for label in labels(entry) {
            let part = parts.entry(label).or_default();
            part.sessions += 1;
            part.seconds += entry.summary.active_seconds;
            part.calls += entry.summary.calls;
            part.unasked += unasked;
            part.moded += moded;
            part.findings += entry.shown.len() as u64;
            if part.members.len() < 40 {
                part.members.push(entry.handle.clone());
            }
        }
    }
    let mut rows: Vec<Share> = parts
        .into_iter()
        .map(|(label, share)| Share { label, ..share })
        .collect();
    rows.sort_by(|a, b| {
        (b.calls, b.sessions)
            .cmp(&(a.calls, a.sessions))
            .then_with(|| a.label.cmp(&b.label))
    });
    for (i, row) in rows.iter_mut().enumerate() {
        row.handle = format!("{letter}{}", i + 1);
    }
    Breakdown { by, rows }
}
