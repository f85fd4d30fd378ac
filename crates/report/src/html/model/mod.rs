//! What the page shows beside the digest: plots, groups, and which sessions have a timeline.

mod findings;
mod overview;
mod sessions;

use std::collections::{BTreeMap, HashMap, HashSet};

use minijinja::Value;
use proctor_model::Severity;
use serde::Serialize;

use crate::clean::Lens;
use crate::digest::{Digest, SessionRow};
use crate::excerpt::SessionView;
use crate::scan::{Scan, zone_label};
use crate::units;
use findings::{Group, LegCount, MatrixRow, groups, legs, matrix};
use overview::{Part, Tile, Timeline, days, part, tiles, timeline, week};
use sessions::{RANKED, Ranked, Shown, timelines};

#[derive(Serialize)]
pub(super) struct Page<'a> {
    version: &'a str,
    generated: String,
    zone: &'a str,
    days: String,
    roots: Vec<String>,
    worst: &'static str,
    severities: Vec<SeverityCount>,
    tiles: Vec<Tile>,
    timeline: Option<Timeline>,
    week: Option<Value>,
    breakdowns: Vec<Part<'a>>,
    matrix: Vec<MatrixRow>,
    legs: Vec<LegCount>,
    behaviours: Vec<Group<'a>>,
    most: u64,
    findings_left_out: u64,
    ranking: Vec<Ranked<'a>>,
    sessions_left_out: u64,
    sessions: Vec<Shown<'a>>,
    /// Handles of the sessions that the page lists, so that links to others are not made.
    listed: BTreeMap<&'a str, bool>,
    /// Handles of the findings that the page shows, for the same reason.
    shown: BTreeMap<&'a str, bool>,
    timelines_left_out: u64,
    threshold: String,
}

#[derive(Serialize)]
pub(super) struct SeverityCount {
    name: &'static str,
    count: u64,
}

impl<'a> Page<'a> {
    pub(super) fn of(
        scan: &'a Scan,
        digest: &'a Digest,
        views: &'a [SessionView],
        lens: &Lens,
    ) -> Self {
        let by_handle: HashMap<&str, &SessionRow> = digest
            .sessions
            .iter()
            .map(|row| (row.handle.as_str(), row))
            .collect();
        let (sessions, timelines_left_out) = timelines(digest, views, &by_handle);
        let anchors: HashSet<&str> = sessions
            .iter()
            .flat_map(|shown| &shown.view.moments)
            .map(|moment| moment.id.as_str())
            .collect();
        let (behaviours, findings_left_out) = groups(digest, &by_handle, &anchors);
        let shown: HashSet<&str> = sessions.iter().map(|s| s.view.handle.as_str()).collect();
        let ranking = digest.sessions.iter().take(RANKED).map(|row| Ranked {
            row,
            severities: severities(row.severities),
            shown: shown.contains(row.handle.as_str()),
        });
        Self {
            version: &scan.version,
            generated: units::minute(scan.generated_at, &scan.time_zone),
            zone: zone_label(&scan.time_zone),
            days: days(&digest.activity),
            roots: scan.roots.iter().take(8).map(|r| lens.path(r)).collect(),
            worst: digest
                .findings
                .shown
                .first()
                .map_or("clear", |f| f.severity.name()),
            severities: severities(digest.findings.severities),
            tiles: tiles(digest),
            timeline: timeline(&digest.activity),
            week: week(&digest.activity),
            breakdowns: digest.by.iter().map(part).collect(),
            matrix: matrix(&digest.findings.shown),
            legs: legs(&digest.findings.behaviours),
            shown: behaviours.iter().flat_map(Group::handles).collect(),
            most: behaviours.iter().map(|g| g.row.count).max().unwrap_or(0),
            behaviours,
            findings_left_out,
            ranking: ranking.collect(),
            listed: digest
                .sessions
                .iter()
                .enumerate()
                .filter(|(i, row)| *i < RANKED || shown.contains(row.handle.as_str()))
                .map(|(_, row)| (row.handle.as_str(), true))
                .collect(),
            sessions_left_out: digest.sessions.len().saturating_sub(RANKED) as u64,
            sessions,
            timelines_left_out,
            threshold: format!("{:.2}", scan.threshold),
        }
    }
}

/// Worst first, those that are there.
pub(super) fn severities(counts: [u64; 5]) -> Vec<SeverityCount> {
    let all = Severity::ALL.into_iter().zip(counts).rev();
    all.filter(|(_, count)| *count > 0)
        .map(|(severity, count)| SeverityCount {
            name: severity.name(),
            count,
        })
        .collect()
}
