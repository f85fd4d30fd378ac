//! When it was done, and by whom.

use super::{HANDLE, LABEL, LISTED, rest, trimmed};
use crate::digest::{Bin, Digest};
use crate::terminal::Style;
use crate::terminal::ink::{Tone, fit_path, left, right};
use crate::units::{self, count};

pub(in crate::terminal) fn activity(digest: &Digest, style: &Style) -> String {
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
    let calls: Vec<u64> = bins.iter().map(Bin::calls).collect();
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

pub(in crate::terminal) fn breakdowns(digest: &Digest, style: &Style) -> String {
    let mut out = String::new();
    let bar = match style.width() {
        ..72 => 0,
        72..100 => 8,
        width => (width - 52) * 2 / 5,
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
