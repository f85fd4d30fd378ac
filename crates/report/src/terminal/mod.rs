//! What a terminal shows: the digest, and what a handle opens.

mod explain;
mod ink;
mod open;
mod sections;
mod story;

pub use explain::explain;
pub use open::{UnknownHandle, show};

use crate::clean::Lens;
use crate::digest::Digest;
use crate::scan::{Scan, zone_label};
use crate::units;
pub(crate) use ink::{Tone, fit_path, wrap};

/// How to write for a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether to use colours.
    pub color: bool,
    /// Columns; taken as at least 60 and at most 200.
    pub width: usize,
    /// Whether every line opens its evidence.
    pub verbose: bool,
    /// Shows credentials instead of masking them.
    pub reveal: bool,
    /// Whether the terminal shows more than ASCII.
    pub unicode: bool,
}

impl Default for Style {
    /// Plain text for 80 columns.
    fn default() -> Self {
        Self {
            color: false,
            width: 80,
            verbose: false,
            reveal: false,
            unicode: true,
        }
    }
}

/// The digest of a scan: what agents did, what was found, what was not seen.
pub fn terminal(scan: &Scan, style: &Style) -> String {
    let digest = Digest::of(scan, &lens(scan, style));
    let mut out = title(scan, &digest, style);
    let sections = [
        sections::did(&digest, style),
        sections::activity(&digest, style),
        sections::breakdowns(&digest, style),
        sections::findings(&digest, style),
        sections::sessions(&digest, style),
        sections::unseen(&digest, style),
        footer(scan, &digest, style),
    ];
    for section in sections.iter().filter(|section| !section.is_empty()) {
        out.push('\n');
        out.push_str(section);
    }
    style.plain(out)
}

fn lens(scan: &Scan, style: &Style) -> Lens {
    Lens {
        reveal: style.reveal,
        home: scan.home.clone(),
        any_home: false,
    }
}

fn title(scan: &Scan, digest: &Digest, style: &Style) -> String {
    let name = format!("Proctor {}", scan.version);
    let took = scan.read.milliseconds;
    let rest = format!(
        " · {} {} · {} · read in {}.{} s",
        units::minute(scan.generated_at, &scan.time_zone),
        zone_label(&scan.time_zone),
        digest.scope,
        took / 1000,
        took % 1000 / 100,
    );
    let lines = ink::wrap(&format!("{name}{rest}"), style.width()).into_iter();
    let mut out: String = lines
        .map(|line| match line.strip_prefix(&name) {
            Some(rest) => style.paint(Tone::Head, &name) + &style.paint(Tone::Dim, rest) + "\n",
            None => style.paint(Tone::Dim, &line) + "\n",
        })
        .collect();
    out.push('\n');
    for line in ink::wrap(&digest.headline, style.width()) {
        out += &style.paint(Tone::Strong, &line);
        out.push('\n');
    }
    let tone = match digest.findings.shown.first() {
        Some(first) if first.severity >= proctor_model::Severity::High => {
            Tone::Severity(proctor_model::Severity::High)
        }
        Some(_) => Tone::Notable,
        None => Tone::Strong,
    };
    for line in ink::wrap(&digest.verdict, style.width()) {
        out += &style.paint(tone, &line);
        out.push('\n');
    }
    out
}

fn footer(scan: &Scan, digest: &Digest, style: &Style) -> String {
    let some = digest
        .findings
        .shown
        .first()
        .map_or("d6", |f| f.handle.as_str());
    let hints = format!(
        "Open a line: {} --show {some} · all of them: -v · a page to share: --report out.html · a \
         behaviour in plain words: proctor explain BEHAVIOUR",
        crate::clean::Lens::default().line(&scan.command, 400),
    );
    let lines = ink::wrap(&hints, style.width()).into_iter();
    lines.map(|l| style.paint(Tone::Dim, &l) + "\n").collect()
}
