//! Which harness wrote a file, by its content; names are not asked.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use jiff::Timestamp;
use memchr::memmem;
use proctor_dialects::json::{self, Value};
use proctor_model::{Harness, SessionId};

use self::sketch::Sketch;
use crate::{claude_code, codex};

mod sketch;

/// How much of a file is looked at, in bytes: the first amount mostly tells; the others are for
/// documents whose telling fields come late.
const HEADS: [u64; 3] = [64 << 10, 1 << 20, LONGEST_HEAD];
pub(crate) const LONGEST_HEAD: u64 = 8 << 20;

/// How much of an archive's end is looked at, in bytes; the list of its members stands there.
const TAIL: u64 = 64 << 10;

/// Lines that are looked at; most tell at once, and the first ones may be broken.
const MOST_LINES: usize = 100;

/// As many lines that tell the same, and none that tells other, are enough.
const ENOUGH_LINES: usize = 4;

/// What the content of a file tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Detected {
    pub(crate) harness: Harness,
    pub(crate) session: Option<SessionId>,
    pub(crate) started: Option<Timestamp>,
}

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A recording.
    Recording(Detected),
    /// Text in an encoding that no harness writes, though it may once have been a recording.
    Utf16,
    /// Anything else.
    Other,
}

/// Tells what a file is; `path` only names the agent of a session file.
///
/// # Errors
///
/// Fails where reading does.
pub(crate) fn detect(path: &Path, file: &mut (impl Read + Seek)) -> io::Result<Kind> {
    let mut head = Vec::new();
    for most in HEADS {
        let missing = most.saturating_sub(head.len() as u64);
        file.by_ref().take(missing).read_to_end(&mut head)?;
        let whole = (head.len() as u64) < most;
        if head.starts_with(b"PK\x03\x04") {
            return detect_archive(&head, file);
        }
        if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
            return Ok(Kind::Utf16);
        }
        let text = String::from_utf8_lossy(&head);
        if let Some(harness) = harness_of(&text) {
            let detected = describe(harness, path, &text);
            // A first line that is longer than the head does not tell its session.
            let lacks = detected.session.is_none() && has_session(harness);
            if whole || !lacks || most == LONGEST_HEAD {
                return Ok(Kind::Recording(detected));
            }
            continue;
        }
        // More of the file tells more only where its first value goes on.
        if whole || !sketch::of(start_of(&text)).cut {
            break;
        }
    }
    Ok(Kind::Other)
}

/// An Inspect log is a zip archive with a `header.json`, or, while it is being written, with a
/// `_journal/start.json`.
fn detect_archive(head: &[u8], file: &mut (impl Read + Seek)) -> io::Result<Kind> {
    let len = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(len.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.by_ref().take(TAIL).read_to_end(&mut tail)?;
    let has = |name: &str| {
        memmem::find(head, name.as_bytes()).is_some()
            || memmem::find(&tail, name.as_bytes()).is_some()
    };
    if has("_journal/start.json") || has("header.json") {
        return Ok(Kind::Recording(Detected {
            harness: Harness::Inspect,
            session: None,
            started: None,
        }));
    }
    Ok(Kind::Other)
}

/// The text without what may stand before its first value. A crash leaves NUL bytes.
fn start_of(text: &str) -> &str {
    text.trim_start_matches(['\u{feff}', '\0', ' ', '\t', '\r', '\n'])
}

/// The harness that the first value tells, or most of the first lines.
fn harness_of(text: &str) -> Option<Harness> {
    let text = start_of(text);
    let first_line = text.lines().next().unwrap_or("");
    let lines = text
        .lines()
        .skip(1)
        .take(MOST_LINES)
        .map(|line| line.trim_matches(['\0', ' ', '\t', '\r']))
        .filter(|line| line.starts_with('{'));
    // The first value may go on over many lines.
    let first = match first_line.ends_with('}') {
        true => first_line,
        false => text,
    };
    let told = std::iter::once(first)
        .chain(lines)
        .filter_map(|line| classify(&sketch::of(line)));
    let mut votes: Vec<(Harness, usize)> = Vec::new();
    for harness in told {
        match votes.iter_mut().find(|(h, _)| *h == harness) {
            Some((_, n)) => *n += 1,
            None => votes.push((harness, 1)),
        }
        if matches!(votes.as_slice(), [(_, ENOUGH_LINES..)]) {
            break;
        }
    }
    // The one that came first wins among equals.
    let most = votes.iter().map(|(_, n)| *n).max()?;
    votes.iter().find(|(_, n)| *n == most).map(|(h, _)| *h)
}

/// The harness that writes values of this shape.
fn classify(value: &Sketch) -> Option<Harness> {
    let has = |path| value.has(path);
    if has("payload") && value.text("type").is_some_and(is_codex_type) {
        return Some(Harness::Codex);
    }
    // The first line of old rollouts, and the lines between their items.
    if has("record_type") || (has("id") && has("timestamp") && has("instructions")) {
        return Some(Harness::Codex);
    }
    if is_claude_code(value) {
        return Some(Harness::ClaudeCode);
    }
    if has("eval.task") || has("eval.run_id") {
        return Some(Harness::Inspect);
    }
    if value.is_list("trajectory") && (has("history") || has("info") || has("trajectory.0.action"))
    {
        return Some(Harness::SweAgent);
    }
    // A history alone, as demonstrations are kept, and a run of several attempts.
    if (has("history.0.role") && (has("history.0.agent") || has("history.0.message_type")))
        || has("attempts.0.trajectory")
    {
        return Some(Harness::SweAgent);
    }
    let judged = |at: &str| {
        ["role", "action"]
            .iter()
            .any(|field| value.has(&format!("{at}contents.0.0.{field}")))
    };
    if judged("") || judged("0.") {
        return Some(Harness::RJudge);
    }
    is_chat(value).then_some(Harness::Chat)
}

fn is_codex_type(name: &str) -> bool {
    matches!(
        name,
        "session_meta"
            | "response_item"
            | "event_msg"
            | "turn_context"
            | "compacted"
            | "world_state"
            | "token_usage_record"
    )
}

fn is_claude_code(value: &Sketch) -> bool {
    let has = |path| value.has(path);
    let Some(kind) = value.text("type") else {
        return false;
    };
    let linked = has("uuid") || has("parentUuid");
    let session = has("sessionId") || has("session_id");
    match kind {
        "user" | "assistant" => has("message") && (linked || session || has("message.role")),
        "system" => has("subtype") && (linked || session),
        "summary" => has("leafUuid"),
        "file-history-snapshot" => has("messageId"),
        "result" => session && (has("subtype") || has("agentId")),
        _ if claude_code::is_bookkeeping(kind) => session,
        _ => linked && session && has("timestamp"),
    }
}

/// Messages of a provider: a conversation, a request, a response, or one message a line.
fn is_chat(value: &Sketch) -> bool {
    let message = |at: &str| {
        value.text(&format!("{at}role")).is_some()
            && (value.has(&format!("{at}content")) || value.has(&format!("{at}tool_calls")))
    };
    let list = |at: &str| {
        value.is_list(at)
            && (0..3).any(|i| {
                message(&format!("{at}.{i}.")) || value.text(&format!("{at}.{i}.type")).is_some()
            })
    };
    message("")
        || message("0.")
        || list("messages")
        || value.is_list("0.messages")
        || list("request.messages")
        || list("body.messages")
        || value
            .text("object")
            .is_some_and(|o| matches!(o, "response" | "chat.completion" | "chat.completion.chunk"))
        || (value.has("choices.0.message"))
        || (list("input") && (value.has("output") || value.has("model")))
        || (value.is_list("output") && list("output") && value.has("model"))
}

/// Whether the records of this harness name their session.
fn has_session(harness: Harness) -> bool {
    matches!(harness, Harness::ClaudeCode | Harness::Codex)
}

/// What the first lines of a session file say about it.
fn describe(harness: Harness, path: &Path, text: &str) -> Detected {
    let mut detected = Detected {
        harness,
        session: None,
        started: None,
    };
    if !has_session(harness) {
        return detected;
    }
    for line in text.lines().take(MOST_LINES) {
        let line = line.trim_matches(['\u{feff}', '\0', ' ', '\t', '\r']);
        let Ok((Value::Object(entry), _)) = json::parse(line) else {
            continue;
        };
        let time = entry.get("timestamp").and_then(Value::as_str);
        detected.started = detected
            .started
            .or_else(|| time.and_then(|time| time.parse().ok()));
        if detected.session.is_none() {
            detected.session = match harness {
                Harness::ClaudeCode => claude_code::head_session(path, &entry),
                _ => codex::head_session(&entry),
            };
        }
        if detected.session.is_some() && detected.started.is_some() {
            break;
        }
    }
    detected
}

#[cfg(test)]
mod tests;
