//! Findings.

use std::collections::HashMap;

use proctor_model::Severity;

use super::{HANDLE, LISTED, Room, trimmed};
use crate::digest::{Digest, FindingRow};
use crate::terminal::Style;
use crate::terminal::ink::{Tone, fit, left, wrap};
use crate::units::{count, counted};

pub(in crate::terminal) fn findings(digest: &Digest, style: &Style) -> String {
    let findings = &digest.findings;
    let by_severity = Severity::ALL.into_iter().zip(findings.severities).rev();
    let words: Vec<String> = by_severity
        .filter(|(_, n)| *n > 0)
        .map(|(severity, n)| format!("{} {severity}", count(n)))
        .collect();
    let mut out = style.heading("FINDINGS", &words.join(" · "));
    for row in &findings.behaviours {
        let many = format!(
            "{} in {}",
            count(row.count),
            counted(row.sessions, "session", "sessions")
        );
        out += &trimmed(format!(
            " {}{}{}  {}",
            severity(row.worst, style),
            left(&row.name, 32),
            left(&many, 20),
            style.paint(Tone::Dim, &fit(&row.id, style.width().saturating_sub(65))),
        ));
    }
    if !findings.behaviours.is_empty() {
        out.push('\n');
    }
    out += &listed(&findings.shown, style);
    if !findings.clear.is_empty() {
        let clear = format!("Looked for and not found: {}.", findings.clear.join(", "));
        let lines = wrap(&clear, style.width().saturating_sub(1)).into_iter();
        out.extend(lines.map(|l| format!(" {}\n", style.paint(Tone::Dim, &l))));
    }
    if findings.shown.is_empty() && findings.clear.is_empty() {
        out += &format!(" {}\n", style.paint(Tone::Dim, "None."));
    }
    out
}

/// The findings, worst first; verbose, all of them, otherwise those that say the same of the same
/// session as one.
fn listed(shown: &[FindingRow], style: &Style) -> String {
    if style.verbose {
        let told = |row| finding(row, style) + &finding_body(row, Room::Width, style);
        return shown.iter().map(told).collect();
    }
    let mut known: HashMap<(&str, &str, &str), usize> = HashMap::new();
    let mut kinds: Vec<(&FindingRow, u64)> = Vec::new();
    for row in shown {
        let key = (
            row.session.as_str(),
            row.behaviour.as_str(),
            row.title.as_str(),
        );
        let at = *known.entry(key).or_insert(kinds.len());
        match kinds.get_mut(at) {
            Some((_, more)) => *more += 1,
            None => kinds.push((row, 0)),
        }
    }
    let mut out = String::new();
    let mut told = 0;
    for (row, more) in kinds.iter().take(LISTED) {
        told += more + 1;
        let mut row = (*row).clone();
        if *more > 0 {
            row.title += &format!(" (and {} like it)", counted(*more, "more", "more"));
        }
        out += &finding(&row, style);
    }
    let more = (shown.len() as u64).saturating_sub(told);
    if more > 0 {
        let more = format!("and {}: -v", counted(more, "more finding", "more findings"));
        let more = style.paint(Tone::Dim, &more);
        out += &format!(" {}{more}\n", " ".repeat(HANDLE));
    }
    out
}

fn severity(severity: Severity, style: &Style) -> String {
    let name = severity.name();
    let fill = " ".repeat(10_usize.saturating_sub(name.len()));
    style.paint(Tone::Severity(severity), name) + &fill
}

/// A finding with its title.
pub(in crate::terminal) fn finding(row: &FindingRow, style: &Style) -> String {
    let before = 1 + HANDLE + 10 + 6 + 5;
    let mut title = wrap(&row.title, style.width().saturating_sub(before)).into_iter();
    let mut out = trimmed(format!(
        " {}{}{}{}{}",
        style.paint(Tone::Handle, &left(&row.handle, HANDLE)),
        severity(row.severity, style),
        left(&format!("{:.2}", row.score), 6),
        style.paint(Tone::Handle, &left(&row.session, 5)),
        title.next().unwrap_or_default(),
    ));
    for line in title.take(3) {
        out += &format!("{}{line}\n", " ".repeat(before));
    }
    out
}

/// What stands below a finding's line.
pub(in crate::terminal) fn finding_body(row: &FindingRow, places: Room, style: &Style) -> String {
    let indent = " ".repeat(HANDLE + 1);
    let room = style.width().saturating_sub(indent.len());
    let mut out = String::new();
    for line in wrap(&row.explanation, room) {
        out += &format!("{indent}{line}\n");
    }
    for line in row.quote.lines().filter(|l| !l.trim().is_empty()).take(8) {
        let bar = style.paint(Tone::Notable, "│");
        out += &format!("{indent}{bar} {}\n", fit(line, room.saturating_sub(2)));
    }
    for place in &row.places {
        let place = places.fit(place, room);
        out += &format!("{indent}{}\n", style.paint(Tone::Dim, &place));
    }
    out
}
