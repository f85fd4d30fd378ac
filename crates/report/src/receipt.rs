//! A receipt: which of the claims that agents made about a branch hold.

use std::fmt;

use proctor_model::{Place, SessionId};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::clean::Lens;
use crate::json::masked;
use crate::terminal::{Style, Tone, fit_path, wrap};
use crate::units::counted;

/// Names the shape of what [`receipt_json`] writes.
pub const RECEIPT_SCHEMA: &str = "proctor.receipt/1";

/// What agents claimed about a branch, held against their sessions.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Receipt {
    /// The branch or pull request.
    pub branch: String,
    /// The sessions that worked on it.
    pub sessions: Vec<SessionId>,
    /// The commits of the branch that they were matched with, by hash.
    pub commits: Vec<String>,
    /// How tests, builds and checks stand at the end of the recorded work, whatever was claimed.
    pub checks: Vec<ReceiptLine>,
    /// What was claimed, in the order in which it was said.
    pub claims: Vec<ReceiptLine>,
    /// What the recordings do not cover: commits that no session made, uncommitted changes.
    pub notes: Vec<String>,
}

/// One claim.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ReceiptLine {
    /// What the agent said.
    pub claim: String,
    /// Whether it holds.
    pub verdict: Verdict,
    /// Why, in plain words.
    pub because: String,
    /// The command that bears it out or belies it.
    pub command: Option<String>,
    /// Whether such a command ran at all, for claims about runs.
    pub ran: Option<bool>,
    /// Whether it ran after the last edit that it could see.
    pub after_last_edit: Option<bool>,
    /// How it ended.
    pub exit_code: Option<i32>,
    /// The events that show it, the decisive one first.
    pub evidence: Vec<Place>,
}

/// Whether a claim holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The sessions show otherwise.
    Contradicted,
    /// Nothing in the sessions bears it out.
    #[default]
    Unverified,
    /// The sessions bear it out.
    Holds,
}

impl Verdict {
    const ALL: [Self; 3] = [Self::Holds, Self::Contradicted, Self::Unverified];

    /// The word used in output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Contradicted => "contradicted",
            Self::Unverified => "unverified",
            Self::Holds => "holds",
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Self::Contradicted => "✗",
            Self::Unverified => "?",
            Self::Holds => "✓",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl ReceiptLine {
    /// `ran, before the last edit, exit 1`; empty for claims that are not about runs.
    fn run(&self) -> String {
        let ran = match self.ran {
            Some(true) => "ran",
            Some(false) => return "never ran".to_owned(),
            None => return String::new(),
        };
        let edit = match self.after_last_edit {
            Some(true) => ", after the last edit",
            Some(false) => ", before the last edit",
            None => "",
        };
        let exit = self.exit_code.map(|code| format!(", exit {code}"));
        format!("{ran}{edit}{}", exit.unwrap_or_default())
    }
}

/// `3 claims: 1 holds, 1 contradicted, 1 unverified`.
fn sum(receipt: &Receipt) -> String {
    if receipt.claims.is_empty() {
        return "No claim about this branch was found.".to_owned();
    }
    let words = Verdict::ALL.iter().filter_map(|verdict| {
        let of_it = receipt.claims.iter().filter(|c| c.verdict == *verdict);
        match of_it.count() {
            0 => None,
            n => Some(format!(
                "{n} {}",
                if n > 1 && *verdict == Verdict::Holds {
                    "hold"
                } else {
                    verdict.name()
                }
            )),
        }
    });
    let claims = counted(receipt.claims.len() as u64, "claim", "claims");
    format!("{claims}: {}", words.collect::<Vec<_>>().join(", "))
}

fn lens(reveal: bool) -> Lens {
    Lens {
        reveal,
        home: None,
        any_home: true,
    }
}

/// A receipt for a terminal.
pub fn receipt(receipt: &Receipt, style: &Style) -> String {
    let lens = lens(style.reveal);
    let note = format!(
        "{}, {}",
        counted(receipt.sessions.len() as u64, "session", "sessions"),
        counted(receipt.commits.len() as u64, "commit", "commits")
    );
    let title = format!("RECEIPT  {}", lens.name(&receipt.branch, 60));
    let mut out = style.heading(&title, &note);
    for line in &receipt.checks {
        out += &row(line, lens.line(&line.claim, 400), style, &lens);
    }
    for line in &receipt.claims {
        let said = format!("“{}”", lens.line(&line.claim, 400));
        out += &row(line, said, style, &lens);
    }
    for note in &receipt.notes {
        let note = format!("note: {}", lens.line(note, 400));
        let lines = wrap(&note, style.width().saturating_sub(2));
        out.extend(lines.iter().map(|l| format!(" {l}\n")));
    }
    out += &format!("\n {}\n", style.paint(Tone::Head, &sum(receipt)));
    let limit = "The agents' own account: what their recordings show, not what the machine saw.";
    out += &format!(" {}\n", style.paint(Tone::Dim, limit));
    style.plain(out)
}

fn row(line: &ReceiptLine, said: String, style: &Style, lens: &Lens) -> String {
    const INDENT: usize = 17;
    let room = style.width().saturating_sub(INDENT);
    let indent = " ".repeat(INDENT);
    let tone = match line.verdict {
        Verdict::Holds => Tone::Good,
        Verdict::Contradicted => Tone::Severity(proctor_model::Severity::High),
        Verdict::Unverified => Tone::Notable,
    };
    let verdict = format!("{} {:<12}", line.verdict.sign(), line.verdict.name());
    let mut said = wrap(&said, room).into_iter();
    let first = said.next().unwrap_or_default();
    let mut out = format!(" {}  {first}\n", style.paint(tone, &verdict));
    out.extend(said.map(|l| format!("{indent}{l}\n")));
    let command = line.command.as_deref().map(|c| lens.line(c, 200));
    let parts = [command.unwrap_or_default(), line.run()];
    let parts: Vec<String> = parts.into_iter().filter(|p| !p.is_empty()).collect();
    for text in [parts.join(" · "), lens.line(&line.because, 600)] {
        out.extend(wrap(&text, room).iter().map(|l| format!("{indent}{l}\n")));
    }
    let most = if style.verbose { usize::MAX } else { 1 };
    for place in line.evidence.iter().take(most) {
        let place = fit_path(&lens.place(place), room);
        out += &format!("{indent}{}\n", style.paint(Tone::Dim, &place));
    }
    out
}

/// A receipt as Markdown, for a comment on a pull request. What agents wrote stands in code spans,
/// where it is neither link, mention nor markup.
pub fn receipt_markdown(receipt: &Receipt, reveal: bool) -> String {
    let lens = lens(reveal);
    let mut out = format!(
        "### Proctor receipt for {}\n\n**{}** From {} and {}.\n",
        code(&lens.name(&receipt.branch, 100)),
        sum(receipt).trim_end_matches('.').to_owned() + ".",
        counted(receipt.sessions.len() as u64, "session", "sessions"),
        counted(receipt.commits.len() as u64, "commit", "commits"),
    );
    if !receipt.claims.is_empty() || !receipt.checks.is_empty() {
        out += "\n| | Claim | Command | Ran | After the last edit | Exit | Because |\n";
        out += "|---|---|---|---|---|---|---|\n";
    }
    for line in receipt.checks.iter().chain(&receipt.claims) {
        let command = line.command.as_deref().map(|c| code(&lens.line(c, 200)));
        out += &format!(
            "| {} {} | {} | {} | {} | {} | {} | {} |\n",
            line.verdict.sign(),
            line.verdict,
            code(&lens.line(&line.claim, 300)),
            command.unwrap_or_default(),
            yes(line.ran),
            yes(line.after_last_edit),
            line.exit_code.map(|c| c.to_string()).unwrap_or_default(),
            prose(&lens.line(&line.because, 400)),
        );
    }
    for note in &receipt.notes {
        out += &format!("\n- {}\n", prose(&lens.line(note, 400)));
    }
    out += "\nHeld against the agents' own recordings, not against what the machine saw.\n";
    out
}

fn yes(is: Option<bool>) -> &'static str {
    match is {
        Some(true) => "yes",
        Some(false) => "**no**",
        None => "",
    }
}

/// Words of an agent: an element in which sites look for no markup, link, mention or reference,
/// and every character that could end it, or the table's cell, written as an entity.
fn code(text: &str) -> String {
    match text.trim() {
        "" => String::new(),
        text => format!("<code>{}</code>", entities(text)),
    }
}

/// Plain words: what stands between paired backquotes becomes code, and so do the characters that
/// make sites link people and issues.
fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    let plain = |text: &str| {
        let text = entities(text).replace("&#64;", "<code>&#64;</code>");
        text.replace("&#35;", "<code>&#35;</code>")
    };
    if parts.len().is_multiple_of(2) {
        return plain(text);
    }
    let part = |(i, part): (usize, &&str)| match i % 2 {
        1 => code(part),
        _ => plain(part),
    };
    parts.iter().enumerate().map(part).collect()
}

/// Writes every character that means something in Markdown or HTML as an entity.
fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_punctuation() && !",;'\"()%/- ".contains(c) {
            out += &format!("&#{};", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// A receipt as one JSON object on one line, with `"schema": "proctor.receipt/1"` first.
/// Credentials are masked unless `reveal`.
///
/// # Errors
///
/// If a value cannot be written as JSON, such as a path that is no valid text.
pub fn receipt_json(receipt: &Receipt, reveal: bool) -> serde_json::Result<String> {
    let mut out = Map::new();
    out.insert("schema".to_owned(), Value::from(RECEIPT_SCHEMA));
    if let Value::Object(fields) = serde_json::to_value(receipt)? {
        out.extend(fields);
    }
    let out = Value::Object(out);
    serde_json::to_string(&if reveal { out } else { masked(out) })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proctor_model::Source;

    use super::*;

    fn sample() -> Receipt {
        let place = |offset| Place {
            source: Arc::new(Source::file("/home/ann/.claude/projects/x/5f0c.jsonl")),
            offset,
            len: 80,
            part: 0,
        };
        Receipt {
            branch: "feature/rounding".into(),
            sessions: vec![SessionId::new("claude-code:5f0c")],
            commits: vec!["1f0b2c9".into(), "77ab310".into()],
            checks: vec![ReceiptLine {
                claim: "tests at the end of the recorded work".into(),
                because: "code was edited after the last run".into(),
                command: Some("python -m pytest -q".into()),
                ran: Some(true),
                after_last_edit: Some(false),
                ..ReceiptLine::default()
            }],
            notes: vec!["commit 77ab310 was made in no recorded session".into()],
            claims: vec![
                ReceiptLine {
                    claim: "I ran the complete suite after the change and all 40 tests pass".into(),
                    verdict: Verdict::Contradicted,
                    because: "the last run of `pytest` failed, and files changed after it".into(),
                    command: Some("python -m pytest -q | tail -3".into()),
                    ran: Some(true),
                    after_last_edit: Some(false),
                    exit_code: Some(1),
                    evidence: vec![place(1613), place(4355)],
                },
                ReceiptLine {
                    claim: "The linter is clean".into(),
                    verdict: Verdict::Unverified,
                    because: "no linter ran in these sessions".into(),
                    ran: Some(false),
                    ..ReceiptLine::default()
                },
                ReceiptLine {
                    claim: "I created docs/rounding.md".into(),
                    verdict: Verdict::Holds,
                    because: "the file was written".into(),
                    evidence: vec![place(90)],
                    ..ReceiptLine::default()
                },
            ],
        }
    }

    #[test]
    fn a_receipt_says_what_holds_and_why() {
        insta::assert_snapshot!(receipt(&sample(), &Style::default()));
        insta::assert_snapshot!(receipt_markdown(&sample(), false));
    }

    #[test]
    fn agents_cannot_write_markup_into_a_comment() {
        let hostile = "x`` | <img src=y onerror=z> [a](http://evil.example) www.evil.example @security a/b#1 \\| ![](b)\n| F1 |";
        let receipt = Receipt {
            branch: hostile.into(),
            claims: vec![ReceiptLine {
                claim: hostile.into(),
                because: hostile.into(),
                command: Some(hostile.into()),
                ..ReceiptLine::default()
            }],
            ..Receipt::default()
        };
        let out = receipt_markdown(&receipt, false);
        let row = out.lines().find(|l| l.starts_with("| ?")).unwrap();
        assert_eq!(row.matches('|').count(), 8, "{row}");
        let bare = row.replace("<code>", "").replace("</code>", "");
        for markup in ["<", "@", "[", "!", "`", "http:", "\\", "www."] {
            assert!(!bare.contains(markup), "{markup} in {bare}");
        }
    }

    #[test]
    fn an_empty_receipt_says_so() {
        let out = receipt_markdown(&Receipt::default(), false);
        assert!(out.contains("No claim about this branch was found."));
        assert!(!out.contains("|---|"));
    }
}
