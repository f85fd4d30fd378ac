//! One step as a page shows it.

use std::io::{self, Write};

use proctor_model::ReasoningState;
use proctor_model::{Act, Action, Boundary, Difference, Origin, Outcome, Severity, Step, StepKind};
use serde::Serialize;

use super::pieces::{Piece, Room};
use super::{Look, Mark};
use crate::units;

/// Heads what a check read where the recording has other words for it.
pub(crate) const READ_AS: &str = "Read as";

/// Characters of a title.
const TITLE: usize = 160;
/// Lines of a result that are shown without unfolding.
const LINES: usize = 14;
/// Lines of a change that are shown.
const DIFF_LINES: usize = 160;

const TEXT: Room = Room {
    head: 2600,
    tail: 400,
};
const RESULT: Room = Room {
    head: 1500,
    tail: 900,
};
const CODE: Room = Room {
    head: 2600,
    tail: 400,
};

/// One step as a page shows it.
#[derive(Clone, Debug, Serialize)]
pub struct Moment {
    /// Its anchor, such as `s3-e42`.
    pub id: String,
    /// Position in the session.
    pub index: u64,
    /// Steps left out before it.
    pub skipped: u64,
    /// Time of day.
    pub time: String,
    /// Day.
    pub day: String,
    /// `person`, `harness`, `agent`, `system`, `reply`, `reasoning`, `act`, `boundary`, `gap`.
    pub kind: &'static str,
    /// What it is, in a word or two.
    pub label: String,
    /// What it is about: a path, a host, a tool.
    pub target: String,
    /// How it ended, where that is worth a word.
    pub outcome: &'static str,
    /// Where accounts of it disagree.
    pub differences: Vec<&'static str>,
    /// Its texts.
    pub parts: Vec<Part>,
    /// Handles of the findings that it is evidence of.
    pub findings: Vec<String>,
    /// The worst severity of those.
    pub severity: Option<Severity>,
    /// Where its raw bytes stand.
    pub places: Vec<String>,
}

/// One text of a step.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    /// `text`, `code`, `diff` or `output`.
    pub kind: &'static str,
    /// A heading; empty for none.
    pub label: String,
    /// The text.
    pub lines: Vec<TextLine>,
    /// Whether it is folded until a reader opens it.
    pub folded: bool,
}

/// A line of a change, or a whole text of another kind.
#[derive(Clone, Debug, Serialize)]
pub struct TextLine {
    /// `add`, `del`, `same`; empty where the part is no change.
    pub sign: &'static str,
    /// The text.
    pub pieces: Vec<Piece>,
}

impl Moment {
    pub(super) fn of(step: &Step, session: &str, hits: &[&Mark], look: &Look) -> Self {
        let time = step.time;
        let mut moment = Self {
            id: format!("{}-e{}", session.to_ascii_lowercase(), step.index),
            index: step.index,
            skipped: 0,
            time: time
                .map(|t| units::clock(t, &look.zone))
                .unwrap_or_default(),
            day: time
                .map(|t| units::day(t, &look.zone).to_string())
                .unwrap_or_default(),
            kind: "act",
            label: String::new(),
            target: String::new(),
            outcome: "",
            differences: Vec::new(),
            parts: Vec::new(),
            findings: hits.iter().map(|m| m.finding.clone()).collect(),
            severity: hits.iter().map(|m| m.severity).max(),
            places: step
                .evidence
                .iter()
                .take(4)
                .map(|p| look.lens.place(p))
                .collect(),
        };
        let quotes: Vec<&str> = hits
            .iter()
            .map(|m| m.quote.as_str())
            .filter(|q| !q.is_empty())
            .collect();
        moment.fill(
            &step.kind,
            &Writer {
                look,
                quotes: &quotes,
                evidence: !hits.is_empty(),
            },
        );
        moment
            .parts
            .extend(decoded(&moment.parts, step, hits, look));
        moment
    }

    fn fill(&mut self, kind: &StepKind, write: &Writer<'_>) {
        match kind {
            StepKind::Request {
                system,
                origin,
                text,
            } => {
                (self.kind, self.label) = match (system, origin) {
                    (true, _) => ("system", "System prompt".into()),
                    (_, Origin::Person) => ("person", "Request".into()),
                    (_, Origin::Harness) => ("harness", "From the harness".into()),
                    (_, Origin::Agent) => ("agent", "From another agent".into()),
                };
                let folded = *system || *origin == Origin::Harness;
                self.parts.push(write.part("text", "", text, TEXT, folded));
            }
            StepKind::Reply { text } => {
                (self.kind, self.label) = ("reply", "Reply".into());
                self.parts.push(write.part("text", "", text, TEXT, false));
            }
            StepKind::Reasoning(reasoning) => {
                self.kind = "reasoning";
                self.label = match reasoning.state {
                    ReasoningState::Full => "Reasoning",
                    ReasoningState::Summarised => "Reasoning, summarised by the provider",
                    ReasoningState::Empty => "Reasoning, signed and without text",
                    ReasoningState::Encrypted => "Reasoning, encrypted",
                }
                .into();
                if !reasoning.text.is_empty() {
                    let folded = reasoning.text.len() > 320;
                    let text = &reasoning.text;
                    self.parts.push(write.part("text", "", text, TEXT, folded));
                }
            }
            StepKind::Boundary(boundary) => {
                self.kind = "boundary";
                self.label = match boundary {
                    Boundary::Compacted => "Context summarised, its beginning dropped",
                    Boundary::Cleared => "Context dropped by the person",
                    Boundary::Resumed => "Earlier session taken up again",
                    Boundary::Interrupted => "Stopped by the person",
                }
                .into();
            }
            StepKind::Gap(gap) => {
                self.kind = "gap";
                self.label = format!("Not seen: {}", gap.cause.describe());
                self.target = write.look.lens.line(&gap.detail, TITLE);
            }
            StepKind::Act(act) => self.act(act, write),
        }
    }

    fn act(&mut self, act: &Act, write: &Writer<'_>) {
        let tool = write.look.lens.name(&act.call.name, 60);
        let (label, target) = heading(&act.action, &tool);
        self.label = label;
        self.target = write.look.lens.line(target, TITLE);
        self.outcome = match act.outcome {
            Outcome::Ok => "",
            Outcome::Failed => "failed",
            Outcome::Refused => "refused",
            Outcome::Interrupted => "interrupted",
            Outcome::Unknown => "no result recorded",
        };
        self.differences = act.differences.iter().map(|d| difference(*d)).collect();
        match &act.action {
            Action::Command { command, .. } => {
                self.parts
                    .push(write.part("code", "", command, CODE, false));
            }
            Action::Write { content, .. } => {
                self.parts
                    .push(write.long("code", "New content", content, CODE));
            }
            Action::Edit { hunks, .. } => self.parts.push(write.diff(hunks)),
            Action::Spawn { prompt: text, .. }
            | Action::Tell { text, .. }
            | Action::Submit { text } => {
                self.parts.push(write.part("text", "", text, TEXT, false));
            }
            Action::Other | Action::Plan => {
                let input = bounded_json(&act.call.input, CODE.head * 4);
                if !matches!(input.as_str(), "null" | "{}") {
                    self.parts
                        .push(write.long("code", "Arguments", &input, CODE));
                }
            }
            Action::Read { .. }
            | Action::Remove { .. }
            | Action::Search { .. }
            | Action::Fetch { .. } => {}
        }
        if let Some(result) = act.result.as_ref().filter(|r| !r.text.trim().is_empty()) {
            let label = match result.exit_code {
                Some(code) => format!("Result, exit {code}"),
                None => "Result".to_owned(),
            };
            let mut part = write.long("output", &label, &result.text, RESULT);
            // That a write was made is said above it already.
            let told = matches!(act.action, Action::Write { .. } | Action::Edit { .. });
            part.folded |= told && act.outcome == Outcome::Ok;
            self.parts.push(part);
        } else if let Some(code) = act.result.as_ref().and_then(|r| r.exit_code) {
            self.outcome = match (code, self.outcome) {
                (0, "") => "no output, exit 0",
                (_, said) => said,
            };
        }
    }
}

/// The decisive words that stand nowhere in the step as it was recorded: what Proctor read after
/// it had decoded or joined something.
fn decoded(parts: &[Part], step: &Step, hits: &[&Mark], look: &Look) -> Option<Part> {
    let pieces = parts.iter().flat_map(|part| &part.lines);
    let marked: Vec<&str> = pieces
        .flat_map(|line| &line.pieces)
        .filter(|piece| piece.mark)
        .map(|piece| piece.text.as_str())
        .collect();
    let mut lines: Vec<TextLine> = Vec::new();
    for mark in hits.iter().filter(|mark| mark.step == step.index) {
        let text = look.lens.line(&mark.quote, 600);
        let there =
            |shown: &&str| shown.contains(&text) || (shown.len() >= 10 && text.contains(*shown));
        let text = format!("{text}\n");
        let said = lines.iter().flat_map(|line| &line.pieces);
        if mark.quote.trim().is_empty()
            || marked.iter().any(there)
            || said.clone().any(|piece| piece.text == text)
        {
            continue;
        }
        lines.push(TextLine {
            sign: "",
            pieces: vec![Piece {
                text,
                mark: true,
                left_out: 0,
            }],
        });
    }
    (!lines.is_empty()).then(|| Part {
        kind: "code",
        label: READ_AS.into(),
        lines,
        folded: false,
    })
}

/// What was done, and to what.
fn heading<'a>(action: &'a Action, tool: &'a str) -> (String, &'a str) {
    let (label, target): (&str, &str) = match action {
        Action::Command {
            language: Some(language),
            ..
        } => ("Ran code", language),
        Action::Command {
            background: true, ..
        } => ("Ran in the background", ""),
        Action::Command { .. } => ("Ran", ""),
        Action::Read { path } => ("Read", path),
        Action::Write { path, .. } => ("Wrote", path),
        Action::Edit { path, .. } => ("Edited", path),
        Action::Remove { path } => ("Removed", path),
        Action::Search { query } => ("Searched", query),
        Action::Fetch { target } => ("Fetched", target),
        Action::Spawn { agent, .. } => ("Started an agent", agent),
        Action::Tell { to, .. } => ("Sent a message to", to),
        Action::Plan => ("Kept its plan", ""),
        Action::Submit { .. } => ("Handed in", ""),
        Action::Other => ("Called", tool),
    };
    (label.to_owned(), target)
}

fn difference(difference: Difference) -> &'static str {
    match difference {
        Difference::Unreported => "done, not said",
        Difference::Fabricated => "said, not done",
        Difference::Altered => "said other than done",
        Difference::UnsupportedClaim => "unsupported claim",
        Difference::OutOfScope => "outside the grants",
        Difference::Unattributed => "done by no known session",
        Difference::Unreviewed => "never reviewed",
    }
}

/// Writes the texts of one step.
struct Writer<'a> {
    look: &'a Look,
    quotes: &'a [&'a str],
    evidence: bool,
}

impl Writer<'_> {
    fn part(&self, kind: &'static str, label: &str, text: &str, room: Room, folded: bool) -> Part {
        let room = match self.evidence {
            true => Room {
                head: room.head * 3,
                tail: room.tail * 2,
            },
            false => room,
        };
        let pieces = self.look.pieces(text, self.quotes, room);
        Part {
            kind,
            label: label.to_owned(),
            folded: folded && !pieces.iter().any(|p| p.mark),
            lines: vec![TextLine { sign: "", pieces }],
        }
    }

    /// A text that is folded where it has many lines and is no evidence.
    fn long(&self, kind: &'static str, label: &str, text: &str, room: Room) -> Part {
        let lines = text.lines().take(100_000).count();
        let label = match lines {
            0 | 1 => label.to_owned(),
            n => format!("{label}, {} lines", units::count(n as u64)),
        };
        let most = if self.evidence { LINES * 2 } else { LINES };
        self.part(kind, &label, text, room, lines > most || text.len() > 1600)
    }

    /// Removed and added lines, without what both sides share but for two lines around.
    fn diff(&self, hunks: &[(String, String)]) -> Part {
        let mut lines = Vec::new();
        let shown = hunks.iter().take(20);
        for (i, (old, new)) in shown.enumerate() {
            if i > 0 {
                lines.push(self.line("same", "…"));
            }
            self.hunk(old, new, &mut lines);
        }
        let more = hunks.len().saturating_sub(20);
        if more > 0 {
            let more = units::counted(more as u64, "further change", "further changes");
            lines.push(self.line("same", &format!("… {more} left out")));
        }
        Part {
            kind: "diff",
            label: String::new(),
            folded: !self.evidence && lines.len() > LINES * 3,
            lines,
        }
    }

    fn hunk(&self, old: &str, new: &str, out: &mut Vec<TextLine>) {
        let room = CODE.head * 2;
        let (old, new) = (
            self.look.lens.block(old, room),
            self.look.lens.block(new, room),
        );
        let left_out = old.left_out + new.left_out;
        let (old, new): (Vec<&str>, Vec<&str>) =
            (old.text.lines().collect(), new.text.lines().collect());
        let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
        let ends = old.iter().rev().zip(new.iter().rev());
        let least = old.len().min(new.len()) - same;
        let end = ends.take_while(|(a, b)| a == b).take(least).count();
        let part = |lines: &[&str], sign, from: usize, to: usize, out: &mut Vec<TextLine>| {
            let shown = lines.iter().take(to).skip(from);
            for line in shown.clone().take(DIFF_LINES) {
                out.push(self.line(sign, line));
            }
            let more = shown.count().saturating_sub(DIFF_LINES);
            if more > 0 {
                let more = units::counted(more as u64, "line", "lines");
                out.push(self.line(sign, &format!("… {more} left out")));
            }
        };
        part(&old, "same", same.saturating_sub(2), same, out);
        part(&old, "del", same, old.len() - end, out);
        part(&new, "add", same, new.len() - end, out);
        part(
            &new,
            "same",
            new.len() - end,
            (new.len() - end + 2).min(new.len()),
            out,
        );
        if left_out > 0 {
            out.push(TextLine {
                sign: "same",
                pieces: vec![Piece {
                    left_out,
                    ..Piece::default()
                }],
            });
        }
    }

    fn line(&self, sign: &'static str, text: &str) -> TextLine {
        let room = Room {
            head: 2000,
            tail: 0,
        };
        TextLine {
            sign,
            pieces: self.look.pieces(text, self.quotes, room),
        }
    }
}

/// A value as indented JSON, at most about `max` bytes of it.
fn bounded_json(value: &serde_json::Value, max: usize) -> String {
    struct Bounded {
        out: Vec<u8>,
        max: usize,
    }
    impl Write for Bounded {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.out.len() > self.max {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            self.out.extend(bytes.iter().take(self.max));
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    if let serde_json::Value::String(text) = value {
        return text.clone();
    }
    let mut to = Bounded {
        out: Vec::new(),
        max,
    };
    // Fails only where the bound is reached: what was written until then is shown.
    let whole = serde_json::to_writer_pretty(&mut to, value).is_ok();
    let mut text = String::from_utf8_lossy(&to.out).into_owned();
    if !whole {
        text.push('…');
    }
    text
}
