//! Sessions, a line each.

use proctor_model::Severity;
use unicode_width::UnicodeWidthStr;

use super::{HANDLE, LISTED, rest, trimmed};
use crate::digest::{Digest, SessionRow};
use crate::terminal::Style;
use crate::terminal::ink::{Tone, fit, left};

/// Columns of the findings by severity.
const TALLY: usize = 10;

pub(in crate::terminal) fn sessions(digest: &Digest, style: &Style) -> String {
    let worst: Vec<&SessionRow> = digest
        .sessions
        .iter()
        .filter(|row| row.worst.is_some())
        .collect();
    let (title, rows) = if worst.is_empty() {
        ("BUSIEST SESSIONS", digest.sessions.iter().collect())
    } else {
        ("WORST SESSIONS", worst)
    };
    if rows.is_empty() {
        return String::new();
    }
    let mut out = style.heading(title, "");
    for row in rows.iter().take(LISTED) {
        out += &session(row, style);
    }
    out + &rest(rows.len(), LISTED, style)
}

/// A session in one line: when, where, how bad, and why or what it did.
fn session(row: &SessionRow, style: &Style) -> String {
    let project = if style.width() >= 100 { 26 } else { 14 };
    // The last part of the project's path; sessions without one have their title or id.
    let name = match row.project.contains('/') {
        true => row.project.trim_end_matches('/').rsplit('/').next(),
        false => Some(row.title.as_str()),
    };
    let start = row.start.get(5..).unwrap_or_default();
    let tally = tally(row);
    let before = 1 + HANDLE + 13 + project + 2 + TALLY;
    let room = style.width().saturating_sub(before);
    let says = if row.reason.is_empty() {
        &row.did
    } else {
        &row.reason
    };
    trimmed(format!(
        " {}{}{}  {}{}",
        style.paint(Tone::Handle, &left(&row.handle, HANDLE)),
        style.paint(Tone::Dim, &left(start, 13)),
        left(name.unwrap_or_default(), project),
        match row.worst {
            Some(worst) =>
                style.paint(Tone::Severity(worst), &tally)
                    + &" ".repeat(TALLY.saturating_sub(tally.width())),
            None => left(&tally, TALLY),
        },
        fit(says, room),
    ))
}

/// `2C 1H`: findings by the first letter of their severity.
fn tally(row: &SessionRow) -> String {
    let by_severity = Severity::ALL.into_iter().zip(row.severities).rev();
    let words: Vec<String> = by_severity
        .filter(|(_, n)| *n > 0)
        .take(2)
        .map(|(severity, n)| {
            let letter = severity.name().chars().take(1);
            format!("{n}{}", letter.collect::<String>().to_uppercase())
        })
        .collect();
    words.join(" ")
}
