//! The sessions of a scan in the order of how much they need a look.

use std::collections::HashMap;

use proctor_model::{Finding, SessionId, Severity};
use proctor_reconcile::{Deed, Summary};
use serde::Serialize;

use super::LONG;
use crate::clean::Lens;
use crate::scan::Scan;
use crate::units;

/// A session in one line.
#[derive(Clone, Debug, Serialize)]
pub struct SessionRow {
    /// `S1` is the worst.
    pub handle: String,
    /// The session's id.
    pub id: String,
    /// Its title, or what was asked first where it has none, or its project, or its id.
    pub title: String,
    /// The first request of a person.
    pub asked: String,
    /// The file that it was read from, the first of several.
    pub file: String,
    /// The project's directory.
    pub project: String,
    /// The harness.
    pub harness: String,
    /// The models, separated by commas.
    pub models: String,
    /// When it began, in the scan's time zone.
    pub start: String,
    /// Active time.
    pub active: String,
    /// Steps.
    pub steps: u64,
    /// Tool calls.
    pub calls: u64,
    /// Share of the calls made without asking anyone.
    pub unasked: String,
    /// Whether the recording says that nobody was there.
    pub unattended: bool,
    /// Whether another session started it.
    pub child: bool,
    /// Shown findings by severity, mildest first.
    pub severities: [u64; 5],
    /// The worst severity shown.
    pub worst: Option<Severity>,
    /// The title of the first finding.
    pub reason: String,
    /// What it did, in a few words.
    pub did: String,
}

/// A session with the findings shown for it.
pub(crate) struct Entry<'a> {
    pub(crate) handle: String,
    pub(crate) summary: &'a Summary,
    /// Worst first.
    pub(crate) shown: Vec<&'a Finding>,
}

impl Entry<'_> {
    /// The file that its events came from, the first of several; empty where none is known.
    pub(super) fn file(&self, lens: &Lens) -> String {
        let source = self.summary.sources.first();
        source.map(|s| lens.line(s, 400)).unwrap_or_default()
    }
}

/// Whether a reader who typed this means that handle: in any case, with or without brackets.
pub(crate) fn same_handle(typed: &str, handle: &str) -> bool {
    let typed = typed.trim().trim_matches(['[', ']']);
    typed.eq_ignore_ascii_case(handle)
}

/// The sessions of a scan, worst first.
pub(crate) struct Sessions<'a> {
    pub(crate) entries: Vec<Entry<'a>>,
    by_id: HashMap<&'a SessionId, usize>,
}

impl<'a> Sessions<'a> {
    pub(crate) fn of(scan: &'a Scan) -> Self {
        let mut shown: HashMap<&SessionId, Vec<&Finding>> = HashMap::new();
        for finding in &scan.findings {
            if finding.score >= scan.threshold {
                shown.entry(&finding.session).or_default().push(finding);
            }
        }
        let mut entries: Vec<Entry<'_>> = scan
            .summaries
            .iter()
            .map(|summary| {
                let mut shown = shown.remove(&summary.session).unwrap_or_default();
                shown.sort_by(|a, b| super::findings::order(a, b));
                Entry {
                    handle: String::new(),
                    summary,
                    shown,
                }
            })
            .collect();
        entries.sort_by(|a, b| {
            weight(&b.shown)
                .total_cmp(&weight(&a.shown))
                .then_with(|| b.summary.calls.cmp(&a.summary.calls))
                .then_with(|| a.summary.session.cmp(&b.summary.session))
        });
        let mut by_id = HashMap::new();
        for (i, entry) in entries.iter_mut().enumerate() {
            entry.handle = format!("S{}", i + 1);
            by_id.insert(&entry.summary.session, i);
        }
        Self { entries, by_id }
    }

    /// The handle of a session; empty for one without a summary.
    pub(crate) fn handle(&self, id: &SessionId) -> &str {
        self.by_id
            .get(id)
            .and_then(|i| self.entries.get(*i))
            .map_or("", |entry| entry.handle.as_str())
    }

    pub(crate) fn summaries(&self) -> impl Iterator<Item = &'a Summary> {
        self.entries.iter().map(|entry| entry.summary)
    }

    pub(super) fn rows(&self, scan: &Scan, lens: &Lens) -> Vec<SessionRow> {
        self.entries.iter().map(|e| row(e, scan, lens)).collect()
    }
}

/// How much a session needs a look. One severity outweighs several of the next lower one.
fn weight(findings: &[&Finding]) -> f64 {
    let weigh = |finding: &&Finding| {
        finding.score
            * match finding.severity {
                Severity::Info => 0.0,
                Severity::Low => 1.0,
                Severity::Medium => 6.0,
                Severity::High => 36.0,
                Severity::Critical => 216.0,
            }
    };
    findings.iter().map(weigh).sum()
}

fn row(entry: &Entry<'_>, scan: &Scan, lens: &Lens) -> SessionRow {
    let summary = entry.summary;
    let project = project(summary, lens);
    let title = summary.note.title.as_deref().unwrap_or_default();
    let title = lens.line(title, LONG);
    let asked = summary.requests.examples.first();
    let asked = asked
        .map(|(_, text)| lens.line(text, LONG))
        .unwrap_or_default();
    let id = lens.line(summary.session.as_str(), LONG);
    let (unasked, known) = modes(summary);
    SessionRow {
        handle: entry.handle.clone(),
        title: match (
            title.is_empty(),
            asked.is_empty(),
            summary.note.cwd.is_some(),
        ) {
            (false, _, _) => title,
            (true, false, _) => asked.clone(),
            (true, true, true) => project.clone(),
            (true, true, false) => id.clone(),
        },
        asked,
        file: entry.file(lens),
        id,
        project,
        harness: harness(summary),
        models: summary
            .models
            .iter()
            .map(|model| lens.name(model, 60))
            .collect::<Vec<_>>()
            .join(", "),
        start: summary
            .start
            .map(|t| units::minute(t, &scan.time_zone))
            .unwrap_or_default(),
        active: units::duration(summary.active_seconds),
        steps: summary.steps,
        calls: summary.calls,
        unasked: units::percent(unasked, known),
        unattended: summary.unattended == Some(true),
        child: summary.parent.is_some(),
        severities: super::findings::severities(&entry.shown),
        worst: entry.shown.first().map(|f| f.severity),
        reason: entry
            .shown
            .first()
            .map(|f| lens.line(&f.title, LONG))
            .unwrap_or_default(),
        did: did(summary),
    }
}

/// The harness's name.
pub(super) fn harness(summary: &Summary) -> String {
    summary
        .note
        .harness
        .map_or("unknown harness", |h| h.name())
        .to_owned()
}

/// The project: the working directory, or words that say there is none.
pub(super) fn project(summary: &Summary, lens: &Lens) -> String {
    let cwd = summary.note.cwd.as_deref().unwrap_or_default();
    let cwd = lens.line(cwd, LONG);
    if cwd.is_empty() {
        "(no project recorded)".to_owned()
    } else {
        cwd
    }
}

/// Calls made without asking anyone, and calls whose permission mode is known.
pub(crate) fn modes(summary: &Summary) -> (u64, u64) {
    let unasked = summary.acts_by_mode.get("bypass").copied().unwrap_or(0);
    let known = summary
        .acts_by_mode
        .iter()
        .filter(|(mode, _)| *mode != "unknown")
        .map(|(_, n)| n)
        .sum();
    (unasked, known)
}

/// The things a session did that are worth a word, the rarer kinds first.
fn did(summary: &Summary) -> String {
    const WORDS: [(Deed, &str, &str); 13] = [
        (Deed::SecretRead, "secret read", "secrets read"),
        (Deed::WriteOutsideProject, "write outside", "writes outside"),
        (Deed::JobLeftBehind, "job left", "jobs left"),
        (Deed::PrivilegeUsed, "use of privilege", "uses of privilege"),
        (Deed::Push, "push", "pushes"),
        (Deed::MessageToPeople, "message", "messages"),
        (Deed::Deletion, "deletion", "deletions"),
        (Deed::PackageInstalled, "install", "installs"),
        (Deed::AgentSpawned, "agent", "agents"),
        (Deed::Commit, "commit", "commits"),
        (Deed::FileWritten, "file written", "files written"),
        (Deed::TestRun, "test run", "test runs"),
        (Deed::CommandRun, "command", "commands"),
    ];
    let words: Vec<String> = WORDS
        .iter()
        .filter(|(deed, ..)| summary.count(*deed) > 0)
        .map(|(deed, one, many)| units::counted(summary.count(*deed), one, many))
        .take(5)
        .collect();
    if words.is_empty() {
        units::counted(summary.calls, "tool call", "tool calls")
    } else {
        words.join(", ")
    }
}
