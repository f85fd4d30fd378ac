//! `attachment` records: what the harness puts before the agent beside the conversation.

use proctor_dialects::json::{Object, Value};
use proctor_dialects::{Part, anthropic};
use proctor_model::{Boundary, EventKind, GapCause, Origin, Role};

use super::user::{origin_of_kind, text_of_user};
use super::{ClaudeCode, harness_text, message, names};
use crate::emit::{Emitter, Record};

impl ClaudeCode {
    pub(super) fn attachment(
        &mut self,
        mut entry: Object<'_>,
        record: &mut Record<'_>,
        out: &mut Emitter<'_>,
    ) {
        let Some(Value::Object(mut attachment)) = entry.take("attachment") else {
            let detail = "`attachment` is no object".to_owned();
            return out.gap(record, GapCause::BadField, detail);
        };
        let kind = attachment.take("type").and_then(Value::into_string);
        let kind = kind.as_deref().unwrap_or("(no type)");
        let mut text = |key| {
            let mut text = String::new();
            write_text(attachment.take(key).unwrap_or_default(), &mut text);
            text
        };
        let words = match kind {
            "queued_command" => return self.queued(attachment, record, out),
            "teammate_mailbox" => {
                let text = text("messages");
                return message(Role::User, Origin::Agent, text, record, out);
            }
            "hook_additional_context"
            | "hook_system_message"
            | "critical_system_reminder"
            | "nested_memory" => text("content"),
            "hook_blocking_error" => text("blockingError"),
            "hook_stopped_continuation" => text("message"),
            _ => String::new(),
        };
        if !self.copy.is_on() {
            note_session_start(&attachment, record, out);
        }
        let name = format!("attachment {kind}");
        if !words.is_empty() {
            harness_text(words, record, out);
        } else if names::is_known_attachment(kind) || says_words(kind) {
            out.known(record, &name);
        } else {
            out.unknown(record, &name);
        }
    }

    /// What the person typed while the agent was at work, or what the harness put into the queue.
    fn queued(
        &mut self,
        mut attachment: Object<'_>,
        record: &mut Record<'_>,
        out: &mut Emitter<'_>,
    ) {
        let meta = attachment.get("isMeta").and_then(Value::as_bool) == Some(true);
        let mode = attachment.get("commandMode").and_then(Value::as_str);
        let kind = attachment.get("origin").and_then(|o| o.str("kind"));
        let origin = match (kind, mode) {
            _ if meta => Origin::Harness,
            (Some(kind), _) => origin_of_kind(kind),
            (None, None | Some("prompt" | "bash")) => Origin::Person,
            (None, Some(_)) => Origin::Harness,
        };
        let prompt = attachment.take("prompt").unwrap_or_default();
        for part in anthropic::content(prompt, &mut self.odd) {
            if let Part::Text(text) = part {
                text_of_user(text, origin, record, out);
            }
        }
    }
}

/// Whether an attachment of this type carries words for the agent; it may be empty.
fn says_words(kind: &str) -> bool {
    matches!(
        kind,
        "critical_system_reminder"
            | "hook_additional_context"
            | "hook_blocking_error"
            | "hook_stopped_continuation"
            | "hook_system_message"
            | "nested_memory"
    )
}

/// A hook that runs at the start of a session says how it started.
fn note_session_start(attachment: &Object<'_>, record: &mut Record<'_>, out: &mut Emitter<'_>) {
    let boundary = match attachment.get("hookName").and_then(Value::as_str) {
        Some("SessionStart:resume") => Boundary::Resumed,
        Some("SessionStart:clear") => Boundary::Cleared,
        _ => return,
    };
    out.event(record, EventKind::Boundary(boundary));
}

/// Writes the texts in a value, one a line, wherever they stand.
fn write_text(value: Value<'_>, out: &mut String) {
    match value {
        Value::Str(text) => {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(&text);
        }
        Value::Array(items) => {
            for item in items {
                write_text(item, out);
            }
        }
        Value::Object(mut object) => {
            for key in ["content", "blockingError", "text", "message"] {
                write_text(object.take(key).unwrap_or_default(), out);
            }
        }
        _ => {}
    }
}
