//! A session told in order.

use super::Style;
use super::ink::{Tone, fit, wrap};
use crate::digest::{FindingRow, SessionRow};
use crate::excerpt::{Moment, Part, READ_AS, SessionView};
use crate::units::{count, counted};

/// Columns before a step's words: its number and its time.
const BEFORE: usize = 16;

/// The steps that the view holds, each with its time, its first words and its place.
pub(super) fn story(row: &SessionRow, view: &SessionView, style: &Style) -> String {
    let mut out = heading("IN ORDER", style);
    let mut day = "";
    for moment in &view.moments {
        out += &left_out(moment.skipped, style);
        if !moment.day.is_empty() && moment.day != day {
            day = moment.day.as_str();
            out += &format!("       {}\n", style.paint(Tone::Dim, day));
        }
        out += &step(moment, &row.file, 1, style);
    }
    out + &left_out(view.skipped, style)
}

/// The steps that are evidence of a finding, as the recording has them.
pub(super) fn evidence(
    row: &FindingRow,
    session: &SessionRow,
    view: &SessionView,
    style: &Style,
) -> String {
    let moments = view.moments.iter();
    let steps: String = moments
        .filter(|moment| moment.findings.contains(&row.handle))
        .take(12)
        .map(|moment| step(moment, &session.file, 3, style))
        .collect();
    match steps.is_empty() {
        true => steps,
        false => heading("AS RECORDED", style) + &steps,
    }
}

fn heading(title: &str, style: &Style) -> String {
    let note = "@ is the byte of the file where a step's record begins";
    format!("\n{}", style.heading(title, note))
}

fn left_out(steps: u64, style: &Style) -> String {
    match steps {
        0 => String::new(),
        n => {
            let says = format!("… {} left out", counted(n, "step", "steps"));
            format!("{}{}\n", " ".repeat(BEFORE), style.paint(Tone::Dim, &says))
        }
    }
}

/// A step in a few lines, `times` as many as usual.
fn step(moment: &Moment, file: &str, times: usize, style: &Style) -> String {
    let number = format!(" {:>5} {:<8} ", count(moment.index), moment.time);
    let place = moment.places.first().map_or("", String::as_str);
    // The file stands above the steps; only the place in it is repeated.
    let place = place
        .strip_prefix(file)
        .and_then(|rest| rest.strip_prefix(' '))
        .unwrap_or(place);
    let mut head = format!("{} {}", moment.label, moment.target);
    head.truncate(head.trim_end().len());
    let notes = std::iter::once(moment.outcome).chain(moment.differences.iter().copied());
    let notes: Vec<&str> = notes.filter(|note| !note.is_empty()).collect();
    let notes = match notes.is_empty() {
        true => String::new(),
        false => format!("  {}", notes.join(", ")),
    };
    let flags = match moment.findings.is_empty() {
        true => String::new(),
        false => format!("  {}", moment.findings.join(" ")),
    };
    let tone = match moment.kind {
        "person" | "reply" => Tone::Strong,
        "gap" => Tone::Notable,
        "act" => Tone::Handle,
        _ => Tone::Dim,
    };
    let mut out = format!(
        "{}{}{}{}  {}\n",
        style.paint(Tone::Dim, &number),
        style.paint(tone, &head),
        style.paint(Tone::Notable, &notes),
        style.paint(Tone::Notable, &flags),
        style.paint(Tone::Dim, place)
    );
    let room = style.width().saturating_sub(BEFORE);
    for part in &moment.parts {
        if part.label == READ_AS {
            let label = style.paint(Tone::Dim, &format!("{READ_AS}:"));
            out += &format!("{}{label}\n", " ".repeat(BEFORE));
        }
        let lines = match (moment.kind, part.kind) {
            ("person" | "agent" | "reply", _) => 6,
            ("system" | "harness", _) => 1,
            ("reasoning", _) => 3,
            (_, "output") => 2,
            (_, "diff") => 6,
            _ => 4,
        };
        for line in words(part, lines * times, room) {
            let line = match (moment.kind, part.kind) {
                (_, "output") | ("reasoning" | "system" | "harness", _) => {
                    style.paint(Tone::Dim, &line)
                }
                _ => line,
            };
            out += &format!("{}{line}\n", " ".repeat(BEFORE));
        }
    }
    out
}

/// The first lines of a text, cut to the room, with a mark where there is more.
fn words(part: &Part, most: usize, room: usize) -> Vec<String> {
    let mut out = Vec::new();
    for line in &part.lines {
        let mut text: String = match line.sign {
            "add" => "+ ",
            "del" => "- ",
            _ => "",
        }
        .to_owned();
        for piece in &line.pieces {
            match piece.left_out {
                0 => text += &piece.text,
                _ => text.push('…'),
            }
        }
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        // One line of the text more than may be shown tells that there is more.
        for line in lines.take(most + 1) {
            match part.kind {
                "output" | "diff" => out.push(fit(line.trim_end(), room)),
                _ => out.extend(wrap(line, room)),
            }
        }
        if out.len() > most {
            break;
        }
    }
    if out.len() > most {
        out.truncate(most);
        if let Some(last) = out.last_mut() {
            *last = fit(&format!("{last} …"), room);
        }
    }
    out
}
