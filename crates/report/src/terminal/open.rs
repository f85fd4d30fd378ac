//! What a handle opens.

use proctor_model::{BehaviourId, Catalogue};
use thiserror::Error;

use super::ink::{Tone, fit, left, wrap};
use super::sections::Room;
use super::story::{evidence, story};
use super::{Style, lens, sections};
use crate::digest::{self, Digest, FindingRow, Line, SessionRow, Share, deception, overreach};
use crate::excerpt::SessionView;
use crate::scan::Scan;
use crate::units::{self, count, counted};

/// Nothing in the scan has this handle.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("nothing has the handle `{handle}`; {hint}")]
pub struct UnknownHandle {
    /// What was asked for.
    pub handle: String,
    /// Which handles there are.
    pub hint: String,
}

/// What a handle of the digest opens: a line with its evidence (`d3`, `u5`), a finding (`F12`), a
/// session (`S4`), a harness, model or project (`h1`, `m2`, `p3`), or all findings of a behaviour
/// (by its id). Of the sessions in `views` the steps are told as well.
///
/// # Errors
///
/// If the scan has no such handle.
pub fn show(
    scan: &Scan,
    views: &[SessionView],
    handle: &str,
    style: &Style,
) -> Result<String, UnknownHandle> {
    let digest = Digest::of(scan, &lens(scan, style));
    let named = |other: &str| digest::same_handle(handle, other);
    let mut lines = digest.did.iter().chain(&digest.unseen);
    let mut shares = digest.by.iter().flat_map(|part| &part.rows);
    let text = if let Some(line) = lines.find(|l| named(&l.handle)) {
        open_line(line, style)
    } else if let Some(share) = shares.find(|s| named(&s.handle)) {
        open_share(share, &digest, style)
    } else if let Some(row) = digest.findings.shown.iter().find(|f| named(&f.handle)) {
        let view = views.iter().find(|view| view.handle == row.session);
        open_finding(row, &digest, view, style)
    } else if let Some(row) = digest.sessions.iter().find(|s| named(&s.handle)) {
        let view = views.iter().find(|view| view.handle == row.handle);
        open_session(row, &digest, view, style)
    } else if let Some(text) = open_behaviour(handle.trim(), &digest, style) {
        text
    } else {
        return Err(unknown(handle, &digest));
    };
    Ok(style.plain(text))
}

fn unknown(handle: &str, digest: &Digest) -> UnknownHandle {
    let lines = (digest.did.len(), digest.unseen.len());
    let mut hint = format!("there are d1 to d{}, u1 to u{}", lines.0, lines.1);
    let parts = digest.by.iter().map(|part| {
        let letter = part.by.get(..1).unwrap_or_default();
        (letter, part.rows.len())
    });
    let others = [
        ("F", digest.findings.shown.len()),
        ("S", digest.sessions.len()),
    ];
    for (letter, n) in others.into_iter().chain(parts) {
        match n {
            0 => {}
            1 => hint += &format!(", {letter}1"),
            n => hint += &format!(", {letter}1 to {letter}{n}"),
        }
    }
    UnknownHandle {
        handle: crate::clean::Lens::default().line(handle, 40),
        hint,
    }
}

fn open_line(line: &Line, style: &Style) -> String {
    let title = format!("{}  {}: {}", line.handle, line.label, line.value);
    let mut out = style.heading(&title, "");
    for text in wrap(&line.detail, style.width() - 1) {
        out += &format!(" {text}\n");
    }
    if !line.top.is_empty() {
        out.push('\n');
        let most = line.top.iter().map(|(_, n)| *n).max().unwrap_or(0);
        let room = style.width().saturating_sub(32);
        for (name, n) in &line.top {
            out += &format!(
                " {:>9}  {} {}\n",
                count(*n),
                style.paint(Tone::Handle, &style.bar(*n, most, 16)),
                fit(name, room)
            );
        }
    }
    if !line.examples.is_empty() {
        out.push('\n');
        out += &sections::examples(&line.examples, Room::Whole, style);
        let shown = line.examples.len() as u64;
        if line.count > shown
            && line.value == count(line.count)
            && line.examples.iter().any(|e| !e.place.is_empty())
        {
            let note = format!("{} of {} shown.", count(shown), line.value);
            out += &format!(" {}\n", style.paint(Tone::Dim, &note));
        }
    }
    out
}

fn open_share(share: &Share, digest: &Digest, style: &Style) -> String {
    let mut out = style.heading(&format!("{}  {}", share.handle, share.label), "");
    out += &format!(
        " {}, {} active, {}, {} of them without asking, {}\n\n",
        counted(share.sessions, "session", "sessions"),
        units::duration(share.seconds),
        counted(share.calls, "tool call", "tool calls"),
        units::percent(share.unasked, share.moded),
        counted(share.findings, "finding", "findings"),
    );
    for handle in &share.members {
        if let Some(row) = digest.sessions.iter().find(|s| s.handle == *handle) {
            out += &brief(row, style);
        }
    }
    let more = share.sessions.saturating_sub(share.members.len() as u64);
    if more > 0 {
        out += &style.paint(Tone::Dim, &format!(" and {} more", count(more)));
        out.push('\n');
    }
    out
}

fn brief(row: &SessionRow, style: &Style) -> String {
    let says = if row.reason.is_empty() {
        &row.did
    } else {
        &row.reason
    };
    format!(
        " {}{}  {}\n",
        style.paint(Tone::Handle, &left(&row.handle, 6)),
        style.paint(Tone::Dim, &left(&row.start, 16)),
        fit(says, style.width().saturating_sub(26))
    )
}

fn open_finding(
    row: &FindingRow,
    digest: &Digest,
    view: Option<&SessionView>,
    style: &Style,
) -> String {
    let mut out = style.heading(&format!("{}  {}", row.handle, row.title), "");
    let name = digest::name(&BehaviourId::new(&row.behaviour));
    let session = digest.sessions.iter().find(|s| s.handle == row.session);
    let facts = [
        ("Behaviour", format!("{name} ({})", row.behaviour)),
        (
            "Severity",
            format!("{}, score {:.2}", row.severity, row.score),
        ),
        ("Overreach", overreach(row.overreach).to_owned()),
        ("Deception", deception(row.deception).to_owned()),
        (
            "Session",
            match session {
                Some(s) => format!("{}, step {}, {}", s.handle, row.step, s.title),
                None => format!("step {}", row.step),
            },
        ),
        ("When", row.time.clone()),
        ("Rule", row.rule.clone()),
    ];
    out += &table(&facts, style);
    out.push('\n');
    out += &sections::finding_body(row, Room::Whole, style);
    if let (Some(session), Some(view)) = (session, view) {
        out += &evidence(row, session, view, style);
    }
    out
}

fn open_session(
    row: &SessionRow,
    digest: &Digest,
    view: Option<&SessionView>,
    style: &Style,
) -> String {
    let mut out = style.heading(&format!("{}  {}", row.handle, row.title), "");
    let presence = match (row.unattended, row.child) {
        (true, true) => "nobody present, started by another session",
        (true, false) => "nobody present",
        (false, true) => "started by another session",
        (false, false) => "",
    };
    let facts = [
        ("Id", row.id.clone()),
        ("Asked", row.asked.clone()),
        ("Project", row.project.clone()),
        ("Harness", row.harness.clone()),
        ("Models", row.models.clone()),
        ("Began", format!("{}, {} active", row.start, row.active)),
        ("Presence", presence.to_owned()),
        (
            "Did",
            format!(
                "{}, {}, {} without asking",
                counted(row.steps, "step", "steps"),
                counted(row.calls, "tool call", "tool calls"),
                row.unasked
            ),
        ),
        ("", row.did.clone()),
    ];
    out += &table(&facts, style);
    if !row.file.is_empty() {
        // Not wrapped, so that it can be copied.
        let name = style.paint(Tone::Dim, &left("File", 11));
        out += &format!(" {name} {}\n", row.file);
    }
    let of_it = digest.findings.shown.iter();
    let mut of_it = of_it.filter(|f| f.session == row.handle).peekable();
    if of_it.peek().is_some() {
        out.push('\n');
    }
    out.extend(of_it.map(|finding| sections::finding(finding, style)));
    if let Some(view) = view {
        out += &story(row, view, style);
    }
    out
}

fn open_behaviour(id: &str, digest: &Digest, style: &Style) -> Option<String> {
    let shown = || digest.findings.shown.iter().filter(|f| f.behaviour == id);
    let entry = Catalogue::builtin().get(&BehaviourId::new(id));
    // An id that neither the catalogue nor a finding knows is some other handle.
    let name = match (entry, shown().next()) {
        (Some(entry), _) => &entry.name,
        (None, first) => &first?.behaviour,
    };
    let many = counted(shown().count() as u64, "finding", "findings");
    let mut out = style.heading(name, &many);
    for line in wrap(entry.map_or("", |b| &b.description), style.width() - 1) {
        out += &format!(" {line}\n");
    }
    for finding in shown() {
        out.push('\n');
        out += &sections::finding(finding, style);
        out += &sections::finding_body(finding, Room::Whole, style);
    }
    Some(out)
}

/// Names and values, one a line; empty values are left out.
fn table(facts: &[(&str, String)], style: &Style) -> String {
    let mut out = String::new();
    for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        let mut lines = wrap(value, style.width().saturating_sub(13)).into_iter();
        let name = style.paint(Tone::Dim, &left(name, 11));
        out += &format!(" {name} {}\n", lines.next().unwrap_or_default());
        for line in lines {
            out += &format!("{}{line}\n", " ".repeat(13));
        }
    }
    out
}
