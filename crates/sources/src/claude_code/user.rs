//! `user` records: what the person typed, what the harness put in their name, and tool results.

use proctor_dialects::json::{Object, Value};
use proctor_dialects::{Part, anthropic};
use proctor_model::{Boundary, EventKind, GapCause, Origin, Role};

use super::locate::Place;
use super::{ClaudeCode, message, names, result};
use crate::emit::{Emitter, Record};

impl ClaudeCode {
    pub(super) fn user(
        &mut self,
        mut entry: Object<'_>,
        place: &Place,
        record: &mut Record<'_>,
        out: &mut Emitter<'_>,
    ) {
        let origin = origin(&entry, place);
        let denial = denial(&entry);
        let extra = entry
            .take("toolUseResult")
            .or_else(|| entry.take("tool_use_result"));
        let Some(content) = message_content("user", &mut entry, record, out) else {
            return;
        };
        let parts = anthropic::content(content, &mut self.odd);
        let results = parts
            .iter()
            .filter(|p| matches!(p, Part::Result(_)))
            .count();
        // The harness's own account of a result stands once for the whole record.
        let extra = extra.filter(|_| results == 1);
        for part in parts {
            match part {
                Part::Text(text) => text_of_user(text, origin, record, out),
                Part::Result(mut one) => {
                    result::complete(&mut one, extra.as_ref(), denial.as_deref());
                    out.event(record, EventKind::ToolResult(one));
                }
                // Not seen in practice; kept for what it is.
                Part::Call(call) => out.event(record, EventKind::ToolCall(call)),
                Part::Reasoning(reasoning) => {
                    out.event(record, EventKind::Reasoning(reasoning));
                }
                Part::Other { name, known: true } => out.known(record, &name),
                Part::Other { name, known: false } => out.unknown(record, &format!("block {name}")),
            }
        }
    }
}

/// Why the call was not run, where the record tells.
fn denial(entry: &Object<'_>) -> Option<String> {
    let kind = entry.get("toolDenialKind").or_else(|| {
        // The output of a headless run tells it for each result; a record has one.
        let [meta] = entry.get("tool_result_meta")?.as_array()? else {
            return None;
        };
        meta.get("non_execution_kind")
    });
    Some(kind?.as_str()?.to_owned())
}

/// The content of a record's message; where it has none, a gap says so.
pub(super) fn message_content<'a>(
    kind: &str,
    entry: &mut Object<'a>,
    record: &mut Record<'_>,
    out: &mut Emitter<'_>,
) -> Option<Value<'a>> {
    let mut message = match entry.take("message") {
        Some(Value::Object(message)) => message,
        other => {
            let found = other.as_ref().map_or("missing", Value::type_name);
            let detail = format!("`message` is {found}, not an object");
            out.gap(record, GapCause::BadField, detail);
            return None;
        }
    };
    for name in message.keys() {
        if !names::is_known_message_field(name) {
            out.unknown_field(&format!("{kind}.message"), name);
        }
    }
    let content = message.take("content");
    if content.is_none() {
        let detail = "`message.content` is missing".to_owned();
        out.gap(record, GapCause::BadField, detail);
    }
    content
}

/// Who the words of a `user` record came from, as far as its fields tell.
fn origin(entry: &Object<'_>, place: &Place) -> Origin {
    let is = |key| entry.get(key).and_then(Value::as_bool) == Some(true);
    if is("isMeta") || is("isCompactSummary") || is("isVisibleInTranscriptOnly") {
        return Origin::Harness;
    }
    let kind = entry.get("origin").and_then(|o| o.str("kind"));
    let source = entry.get("promptSource").and_then(Value::as_str);
    match (kind, source) {
        (Some(kind), _) => origin_of_kind(kind),
        (None, Some("system")) => Origin::Harness,
        // The words of a sub-agent's user are its parent's.
        _ if place.is_agent() => Origin::Agent,
        _ => Origin::Person,
    }
}

/// What Claude Code's `origin.kind` means.
pub(super) fn origin_of_kind(kind: &str) -> Origin {
    match kind {
        "human" | "person" | "composer" | "voice-call" | "suggestion" | "remote" => Origin::Person,
        "peer" | "coordinator" | "observer" => Origin::Agent,
        _ => Origin::Harness,
    }
}

/// Gives out one text of a `user` record: as a message, or as the break that it stands for.
pub(super) fn text_of_user(
    text: String,
    origin: Origin,
    record: &mut Record<'_>,
    out: &mut Emitter<'_>,
) {
    let start = text.trim_start();
    if start.starts_with("[Request interrupted") {
        return out.event(record, EventKind::Boundary(Boundary::Interrupted));
    }
    if start.starts_with("<command-name>") || start.starts_with("<command-message>") {
        return command(text, origin, record, out);
    }
    if is_harness_markup(start) {
        return message(Role::User, Origin::Harness, text, record, out);
    }
    if start.starts_with("<teammate-message") {
        return message(Role::User, Origin::Agent, text, record, out);
    }
    if origin == Origin::Person && text.contains(REMINDER.0) {
        return split_reminders(&text, record, out);
    }
    message(Role::User, origin, text, record, out);
}

/// A slash command: the harness's markup around the person's words.
fn command(text: String, origin: Origin, record: &mut Record<'_>, out: &mut Emitter<'_>) {
    let name = between(&text, "<command-name>", "</command-name>").unwrap_or("");
    let cleared = matches!(name.trim(), "/clear" | "/reset" | "/new");
    let words = between(&text, "<command-args>", "</command-args>")
        .map(str::trim)
        .filter(|words| !words.is_empty() && origin == Origin::Person)
        .map(str::to_owned);
    message(Role::User, Origin::Harness, text, record, out);
    if let Some(words) = words {
        message(Role::User, Origin::Person, words, record, out);
    }
    if cleared {
        out.event(record, EventKind::Boundary(Boundary::Cleared));
    }
}

/// Whether a text is the harness's own from its first word on.
fn is_harness_markup(start: &str) -> bool {
    const MARKS: [&str; 14] = [
        "<system-reminder>",
        "<local-command-",
        "<bash-stdout>",
        "<bash-stderr>",
        "<command-args>",
        "<command-contents>",
        "<task-notification>",
        "<user-prompt-submit-hook>",
        "<user-memory-input>",
        "<session-start-hook>",
        "<new-diagnostics>",
        "<persisted-output>",
        "Caveat: The messages below were generated by the user while running local commands.",
        "This session is being continued from a previous conversation that ran out of context.",
    ];
    (start.starts_with('<') || start.starts_with("Caveat:") || start.starts_with("This session"))
        && MARKS.iter().any(|mark| start.starts_with(mark))
}

const REMINDER: (&str, &str) = ("<system-reminder>", "</system-reminder>");

/// Tells the person's words from the reminders that the harness put between them.
fn split_reminders(text: &str, record: &mut Record<'_>, out: &mut Emitter<'_>) {
    let mut words = String::new();
    let mut reminders = String::new();
    let mut rest = text;
    while let Some((before, from)) = rest
        .find(REMINDER.0)
        .and_then(|at| rest.split_at_checked(at))
    {
        let len = from
            .find(REMINDER.1)
            .map_or(from.len(), |at| at + REMINDER.1.len());
        let (reminder, after) = from.split_at_checked(len).unwrap_or((from, ""));
        words.push_str(before);
        reminders.push_str(reminder);
        rest = after;
    }
    words.push_str(rest);
    if !words.trim().is_empty() {
        message(Role::User, Origin::Person, words, record, out);
    }
    message(Role::User, Origin::Harness, reminders, record, out);
}

fn between<'t>(text: &'t str, open: &str, close: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(open)?;
    let (inner, _) = rest.split_once(close)?;
    Some(inner)
}
