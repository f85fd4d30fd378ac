//! Which sessions the page lists, and which it shows as timelines.

use std::collections::HashMap;

use serde::Serialize;

use super::SeverityCount;
use crate::digest::{Digest, FindingRow, SessionRow};
use crate::excerpt::{SessionView, TextLine};

/// Sessions in the ranking.
pub(super) const RANKED: usize = 200;

/// Bytes of timelines; sessions after that are only counted.
pub(super) const TIMELINES: usize = 6_000_000;

#[derive(Serialize)]
pub(super) struct Ranked<'a> {
    pub(super) row: &'a SessionRow,
    pub(super) severities: Vec<SeverityCount>,
    pub(super) shown: bool,
}

#[derive(Serialize)]
pub(super) struct Shown<'a> {
    row: &'a SessionRow,
    pub(super) view: &'a SessionView,
    found: u64,
    findings: Vec<Says<'a>>,
    open: bool,
}

/// What findings say of a session, and the steps that show it.
#[derive(Serialize)]
pub(super) struct Says<'a> {
    title: &'a str,
    /// Handles of the findings and the anchors of their steps; empty where the timeline has not
    /// room for the step.
    at: Vec<(&'a str, &'a str)>,
}

/// The timelines, worst first, as many as fit.
pub(super) fn timelines<'a>(
    digest: &'a Digest,
    views: &'a [SessionView],
    sessions: &HashMap<&str, &'a SessionRow>,
) -> (Vec<Shown<'a>>, u64) {
    let by_handle: HashMap<&str, &SessionView> =
        views.iter().map(|v| (v.handle.as_str(), v)).collect();
    let mut out: Vec<Shown<'_>> = Vec::new();
    let mut room = TIMELINES;
    let mut left_out = 0;
    for session in &digest.sessions {
        let Some(view) = by_handle.get(session.handle.as_str()).copied() else {
            left_out += u64::from(session.worst.is_some());
            continue;
        };
        let Some(row) = sessions.get(view.handle.as_str()) else {
            continue;
        };
        let size = size(view);
        if size > room {
            left_out += 1;
            continue;
        }
        room -= size;
        let of_it = digest.findings.shown.iter();
        let of_it: Vec<_> = of_it.filter(|f| f.session == view.handle).collect();
        out.push(Shown {
            row,
            view,
            found: of_it.len() as u64,
            findings: says(&of_it, view),
            open: out.is_empty(),
        });
    }
    (out, left_out)
}

fn says<'a>(findings: &[&'a FindingRow], view: &'a SessionView) -> Vec<Says<'a>> {
    let moments = view.moments.iter();
    let anchors: HashMap<u64, &str> = moments.map(|m| (m.index, m.id.as_str())).collect();
    let mut out: Vec<Says<'_>> = Vec::new();
    for row in findings.iter().take(100) {
        let anchor = anchors.get(&row.step).copied().unwrap_or_default();
        let at = (row.handle.as_str(), anchor);
        match out.iter_mut().find(|says| says.title == row.title) {
            Some(says) => says.at.push(at),
            None => out.push(Says {
                title: &row.title,
                at: vec![at],
            }),
        }
    }
    out
}

/// About how many bytes a timeline takes.
pub(super) fn size(view: &SessionView) -> usize {
    let moments = view.moments.iter();
    moments
        .map(|moment| {
            let lines = moment.parts.iter().flat_map(|part| &part.lines);
            let text = |line: &TextLine| -> usize {
                line.pieces.iter().map(|piece| piece.text.len() + 20).sum()
            };
            900 + lines.map(|line| 40 + text(line)).sum::<usize>()
        })
        .sum()
}
