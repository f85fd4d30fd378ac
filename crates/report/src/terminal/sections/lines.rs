//! Lines that open their evidence: what agents did, and what was not seen.

use unicode_width::UnicodeWidthStr;

use super::{HANDLE, LABEL, Room, VALUE, trimmed};
use crate::digest::{Digest, Example, Line};
use crate::terminal::Style;
use crate::terminal::ink::{Tone, fit, fit_path, left, right, wrap};
use crate::units;

pub(in crate::terminal) fn did(digest: &Digest, style: &Style) -> String {
    let mut out = style.heading("WHAT AGENTS DID", "");
    for line in &digest.did {
        out += &did_line(line, style);
        if style.verbose {
            out += &examples(&line.examples, Room::Width, style);
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
        if out.is_empty() && name.width() < 10 && (name.is_empty() || name.ends_with('…')) {
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

pub(in crate::terminal) fn examples(examples: &[Example], places: Room, style: &Style) -> String {
    let mut out = String::new();
    let room = style.width().saturating_sub(HANDLE + 3);
    for example in examples {
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
            let place = places.fit(&example.place, room.saturating_sub(2));
            out += &trimmed(format!(
                "    {}{}",
                " ".repeat(HANDLE),
                style.paint(Tone::Dim, &place)
            ));
        }
    }
    out
}

pub(in crate::terminal) fn unseen(digest: &Digest, style: &Style) -> String {
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
            out += &examples(&line.examples, Room::Width, style);
        }
    }
    out
}
