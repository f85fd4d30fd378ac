//! The sections of the digest.

use proctor_model::Severity;
use unicode_width::UnicodeWidthStr;

use super::Style;
use super::ink::{Tone, fit, fit_path, left, right, wrap};
use crate::digest::{Digest, Example, FindingRow, Line, SessionRow};
use crate::units::{self, count, counted};

/// Columns of a handle.
const HANDLE: usize = 5;
/// Columns of a line's label.
const LABEL: usize = 23;
/// Columns of a line's number.
const VALUE: usize = 10;
/// Findings, sessions and parts listed before the rest is only counted.
const LISTED: usize = 12;

pub(super) fn did(digest: &Digest, style: &Style) -> String {
    let mut out = style.heading("WHAT AGENTS DID", "");
    for line in &digest.did {
        out += &did_line(line, style);
        if style.verbose {
            out += &examples(&line.examples, 5, style);
        }
    }
    out
}

/// Handle, label, number, denominator, and as many of the commonest things as there is room for.
fn did_line(line: &Line, style: &Style) -> String {
    let room = style.width().saturating_sub(HANDLE + LABEL + VALUE + 3);
    let detail = fit(&line.detail, room);
    let room = room.saturating_sub(detail.width() + 2);
    let samples = samples(&line.top, room);
    let number = match (line.notable, line.count) {
        (_, 0) => Tone::Dim,
        (true, _) => Tone::Notable,
        (false, _) => Tone::Strong,
    };
    let label = left(&line.label, LABEL);
    let gap = if detail.is_empty() || samples.is_empty() {
        ""
    } else {
        "  "
    };
    trimmed(format!(
        " {}{}{}  {detail}{gap}{}",
        style.paint(Tone::Handle, &left(&line.handle, HANDLE)),
        match line.count {
            0 => style.paint(Tone::Dim, &label),
            _ => label,
        },
        style.paint(number, &right(&line.value, VALUE)),
        style.paint(Tone::Dim, &samples),
    ))
}

/// The commonest things, in as many whole words as fit.
fn samples(top: &[(String, u64)], room: usize) -> String {
    let mut out = String::new();
    for (name, n) in top {
        let times = match n {
            1 => String::new(),
            n => format!(" ×{}", units::short(*n)),
        };
        let name = fit_path(name, 34.min(room.saturating_sub(times.width())));
        let next = format!("{name}{times}");
        let gap = if out.is_empty() { "" } else { " · " };
        if out.is_empty() && name.width() < 10 && name.ends_with('…') {
            break;
        }
        if out.width() + gap.width() + next.width() > room {
            break;
        }
        out += gap;
        out += &next;
    }
    out
}

pub(super) fn examples(examples: &[Example], most: usize, style: &Style) -> String {
    let mut out = String::new();
    let room = style.width().saturating_sub(HANDLE + 3);
    for example in examples.iter().take(most) {
        let session = if example.session.is_empty() {
            String::new()
        } else {
            format!("{} ", example.session)
        };
        out += &trimmed(format!(
            "  {}{}{}",
            " ".repeat(HANDLE),
            style.paint(Tone::Handle, &session),
            fit(&example.text, room.saturating_sub(session.width()))
        ));
        if !example.place.is_empty() {
            let place = fit_path(&example.place, room.saturating_sub(2));
            out += &trimmed(format!(
                "    {}{}",
                " ".repeat(HANDLE),
                style.paint(Tone::Dim, &place)
            ));
        }
    }
    let more = examples.len().saturating_sub(most);
    if more > 0 {
        let more = format!("and {} more", count(more as u64));
        out += &format!(
            "  {}{}\n",
            " ".repeat(HANDLE),
            style.paint(Tone::Dim, &more)
        );
    }
    out
}

pub(super) fn activity(digest: &Digest, style: &Style) -> String {
    let bins = &digest.activity.bins;
    let (Some(first), Some(last)) = (bins.first(), bins.last()) else {
        return String::new();
    };
    if bins.len() < 2 {
        return String::new();
    }
    let each = match digest.activity.days_per_bin {
        1 => "one column a day".to_owned(),
        days => format!("one column for {days} days"),
    };
    let mut out = style.heading(
        "OVER TIME",
        &format!("{} to {}, {each}", first.day, last.day),
    );
    let calls: Vec<u64> = bins.iter().map(crate::digest::Bin::calls).collect();
    let unasked: Vec<u64> = bins.iter().map(|b| b.unasked).collect();
    let found: Vec<u64> = bins.iter().map(|b| b.severities.iter().sum()).collect();
    let hours: Vec<u64> = (0..24)
        .map(|hour| {
            let of_hour = digest.activity.week.iter().filter_map(|day| day.get(hour));
            of_hour.sum()
        })
        .collect();
    let room = style.width().saturating_sub(HANDLE + LABEL + 25);
    let rows = [
        ("Tool calls", calls),
        ("Nobody asked", unasked),
        ("Findings", found),
    ];
    for (label, numbers) in rows {
        let most = numbers.iter().copied().max().unwrap_or(0);
        if most == 0 {
            continue;
        }
        let spark = style.spark(&stretched(&numbers, room));
        let tone = if label == "Tool calls" {
            Tone::Handle
        } else {
            Tone::Notable
        };
        let note = match digest.activity.days_per_bin {
            1 => format!("at most {} a day", count(most)),
            days => format!("at most {} in {days} days", count(most)),
        };
        out += &trimmed(format!(
            " {}{}  {}  {}",
            " ".repeat(HANDLE),
            left(label, LABEL),
            style.paint(tone, &spark),
            style.paint(Tone::Dim, &note)
        ));
    }
    out += &trimmed(format!(
        " {}{}  {}  {}",
        " ".repeat(HANDLE),
        left("By hour of the day", LABEL),
        style.paint(Tone::Handle, &style.spark(&stretched(&hours, room))),
        style.paint(Tone::Dim, "0 to 23 h")
    ));
    out
}

/// Sums neighbours until the numbers fit into so many columns, or draws each twice where there is
/// room.
fn stretched(numbers: &[u64], columns: usize) -> Vec<u64> {
    if numbers.len() * 2 <= columns {
        return numbers.iter().flat_map(|n| [*n, *n]).collect();
    }
    let each = numbers.len().div_ceil(columns.max(1)).max(1);
    numbers.chunks(each).map(|c| c.iter().sum()).collect()
}

pub(super) fn breakdowns(digest: &Digest, style: &Style) -> String {
    let mut out = String::new();
    let bar = match style.width() {
        ..72 => 0,
        72..100 => 8,
        _ => 28,
    };
    let label = style.width().saturating_sub(HANDLE + bar + 47);
    for part in &digest.by {
        let most = part.rows.iter().map(|r| r.calls).max().unwrap_or(0);
        let title = format!("BY {}", part.by.to_uppercase());
        let head = format!(
            "{}{}{}{}{}{}",
            left(&title, 1 + HANDLE + label + 2 + bar),
            right("sessions", 10),
            right("active", 9),
            right("calls", 9),
            right("unasked", 9),
            right("found", 7),
        );
        let (bold, dim) = head.split_at_checked(title.len()).unwrap_or((&head, ""));
        out += &trimmed(style.paint(Tone::Head, bold) + &style.paint(Tone::Dim, dim));
        let listed = if part.by == "project" { LISTED } else { 6 };
        for row in part.rows.iter().take(listed) {
            let found = match row.findings {
                0 => style.paint(Tone::Dim, &right("–", 7)),
                n => style.paint(Tone::Notable, &right(&count(n), 7)),
            };
            out += &trimmed(format!(
                " {}{}  {}{}{}{}{}{found}",
                style.paint(Tone::Handle, &left(&row.handle, HANDLE)),
                left(&fit_path(&row.label, label), label),
                style.paint(Tone::Handle, &style.bar(row.calls, most, bar)),
                right(&count(row.sessions), 10),
                right(&units::duration(row.seconds), 9),
                right(&count(row.calls), 9),
                right(&units::percent(row.unasked, row.moded), 9),
            ));
        }
        out += &rest(part.rows.len(), listed, style);
    }
    out
}

fn rest(all: usize, listed: usize, style: &Style) -> String {
    match all.saturating_sub(listed) {
        0 => String::new(),
        more => {
            let more = format!("and {} more", count(more as u64));
            format!(" {}{}\n", " ".repeat(HANDLE), style.paint(Tone::Dim, &more))
        }
    }
}

pub(super) fn findings(digest: &Digest, style: &Style) -> String {
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
    let listed = if style.verbose { usize::MAX } else { LISTED };
    for row in findings.shown.iter().take(listed) {
        out += &finding(row, style);
    }
    out += &rest(findings.shown.len(), listed, style);
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

fn severity(severity: Severity, style: &Style) -> String {
    let name = severity.name();
    let fill = " ".repeat(10_usize.saturating_sub(name.len()));
    style.paint(Tone::Severity(severity), name) + &fill
}

/// A finding with its title; verbose, with explanation, quote and places.
pub(super) fn finding(row: &FindingRow, style: &Style) -> String {
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
    if style.verbose {
        out += &finding_body(row, style);
    }
    out
}

/// What stands below a finding's line.
pub(super) fn finding_body(row: &FindingRow, style: &Style) -> String {
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
        let place = fit_path(place, room);
        out += &format!("{indent}{}\n", style.paint(Tone::Dim, &place));
    }
    out
}

pub(super) fn sessions(digest: &Digest, style: &Style) -> String {
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
    let name = row.project.trim_end_matches('/').rsplit('/').next();
    let start = row.start.get(5..).unwrap_or_default();
    let tally = tally(row);
    let before = 1 + HANDLE + 13 + project + 2 + 7;
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
                    + &" ".repeat(7_usize.saturating_sub(tally.width())),
            None => left(&tally, 7),
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

pub(super) fn unseen(digest: &Digest, style: &Style) -> String {
    let mut out = style.heading("WHAT WAS NOT SEEN", "");
    let indent = 1 + HANDLE + LABEL + VALUE + 2;
    let room = style.width().saturating_sub(indent);
    for line in &digest.unseen {
        let tone = if line.notable {
            Tone::Notable
        } else {
            Tone::Dim
        };
        let mut lines = wrap(&line.detail, room).into_iter();
        out += &trimmed(format!(
            " {}{}{}  {}",
            style.paint(Tone::Handle, &left(&line.handle, HANDLE)),
            left(&line.label, LABEL),
            style.paint(tone, &right(&line.value, VALUE)),
            lines.next().unwrap_or_default()
        ));
        for more in lines {
            out += &format!("{}{more}\n", " ".repeat(indent));
        }
        if style.verbose {
            out += &examples(&line.examples, 5, style);
        }
    }
    out
}

/// A line without blanks at its end, with its line end.
fn trimmed(mut line: String) -> String {
    line.truncate(line.trim_end().len());
    line.push('\n');
    line
}
