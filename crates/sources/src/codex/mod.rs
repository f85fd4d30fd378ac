//! Codex rollout files: one JSON object a line, `{timestamp, type, payload}`.
//!
//! What the model was sent and answered stands in `response_item` records, in the shape of the
//! Responses API; `event_msg` records tell the same to Codex's screens and are only read for what
//! the items lack. The first releases wrote bare items without the envelope.
//!
//! A file is one thread. A thread that was forked off another begins with a copy of it,
//! `session_meta` included, so only the first one counts, and what follows another one is marked as
//! copied. A sub-agent is a thread that names its parent.

mod names;
mod note;
mod result;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use jiff::Timestamp;
use proctor_dialects::json::{Object, Value};
use proctor_dialects::{Oddities, Part, openai_responses, place_name};
use proctor_model::{
    Boundary, EventKind, GapCause, Harness, Message, Origin, Role, SessionId, SessionNote, Tokens,
};

use crate::emit::{Emitter, Record};
use crate::records::Records;
use crate::session_id;

use note::Notes;

/// Understands the records of one rollout file, in their order.
#[derive(Default)]
pub(crate) struct Codex {
    notes: Notes,
    odd: Oddities,
    /// The thread, once a record named it.
    session: Option<SessionId>,
    /// The records are copies of another thread's.
    in_copy: bool,
    /// This version records the usage of every request; the sums are then not needed.
    exact_usage: bool,
    /// The ids of the latest calls that start an agent.
    spawns: VecDeque<String>,
}

/// Calls that start an agent and are remembered until their output tells which.
const MOST_SPAWNS: usize = 256;

impl Records for Codex {
    fn record(&mut self, value: Value<'_>, record: &mut Record<'_>, out: &mut Emitter<'_>) {
        let mut entry = match value {
            Value::Object(entry) => entry,
            other => {
                let detail = format!("{} where a record should be", other.type_name());
                return out.lost(record, GapCause::Unparsable, detail);
            }
        };
        let first = record.next_part();
        record.time = time(&entry, record, out);
        if self.session.is_none() {
            self.session = head_session(&entry);
        }
        if let Some(session) = &self.session {
            out.set_session(session);
        }
        match entry.take("payload") {
            Some(Value::Object(payload)) => self.enveloped(&entry, payload, record, out),
            Some(other) => {
                let found = other.type_name();
                let detail = format!("`payload` is {found}, not an object");
                out.gap(record, GapCause::BadField, detail);
            }
            None => self.bare(entry, record, out),
        }
        out.oddities(record, &mut self.odd);
        if record.next_part() == first {
            // Every record leaves a trace.
            out.known(record, "codex");
        }
    }
}

impl Codex {
    fn enveloped(
        &mut self,
        entry: &Object<'_>,
        mut payload: Object<'_>,
        record: &mut Record<'_>,
        out: &mut Emitter<'_>,
    ) {
        let kind = entry.get("type").and_then(Value::as_str);
        let kind = kind.unwrap_or("(no type)");
        for name in entry.keys() {
            if !matches!(
                name,
                "timestamp" | "type" | "payload" | "ordinal" | "metadata"
            ) {
                out.unknown_field(kind, name);
            }
        }
        self.mark_copy(entry, &payload, record, out);
        match kind {
            "session_meta" => self.notes.session_meta(&payload, record, out),
            "turn_context" => self.notes.turn_context(&payload, record, out),
            "response_item" => self.item(payload, record, out),
            "event_msg" => self.event(&mut payload, record, out),
            "compacted" => compacted(&mut payload, record, out),
            "token_usage_record" => {
                self.exact_usage = true;
                let id = payload.get("response_id").and_then(Value::as_str);
                if let Some(usage) = payload.get("usage") {
                    let tokens = tokens(id.map(str::to_owned), usage);
                    out.event(record, EventKind::Usage(tokens));
                }
            }
            _ if names::is_known_record(kind) => out.known(record, kind),
            _ => out.unknown(record, kind),
        }
    }

    /// Tells where a copy of another thread begins and ends: at its `session_meta`, and at the first
    /// record that names this thread. Old versions, which number no records, name none either.
    fn mark_copy(
        &mut self,
        entry: &Object<'_>,
        payload: &Object<'_>,
        record: &mut Record<'_>,
        out: &mut Emitter<'_>,
    ) {
        if let Some(session) = thread(entry.get("type"), payload)
            && entry.get("ordinal").is_some()
            && self.session.as_ref() != Some(&session)
        {
            self.in_copy = true;
            let note = SessionNote {
                copied_from: Some(session),
                ..SessionNote::default()
            };
            return out.event(record, EventKind::Session(note));
        }
        let named = payload.get("thread_id").and_then(Value::as_str);
        if self.in_copy
            && let Some(id) = named
            && self.session == Some(session_id(Harness::Codex, id))
        {
            self.in_copy = false;
            out.event(record, EventKind::Boundary(Boundary::Resumed));
        }
    }

    /// A record of the first releases: the session's head, a state, or an item.
    fn bare(&mut self, entry: Object<'_>, record: &mut Record<'_>, out: &mut Emitter<'_>) {
        if entry.get("record_type").is_some() {
            return out.known(record, "state");
        }
        if entry.get("type").is_some() {
            return self.item(entry, record, out);
        }
        if entry.get("id").is_some() && entry.get("timestamp").is_some() {
            return self.notes.session_meta(&entry, record, out);
        }
        out.unknown(record, "(no type)");
    }

    fn item(&mut self, item: Object<'_>, record: &mut Record<'_>, out: &mut Emitter<'_>) {
        let origins = origins(&item);
        if item.get("type").and_then(Value::as_str) == Some("agent_message") {
            return agent_message(item, record, out);
        }
        let Some(item) = openai_responses::item(item, &mut self.odd) else {
            return;
        };
        for (i, part) in item.parts.into_iter().enumerate() {
            match part {
                Part::Text(text) => {
                    let role = item.role.unwrap_or(Role::User);
                    let given = origins.get(i).copied().flatten();
                    let origin = match role {
                        Role::User => match given.unwrap_or_else(|| origin_of_text(&text)) {
                            // The words of a sub-agent's user are its parent's.
                            Origin::Person if self.notes.has_parent() => Origin::Agent,
                            _ if text.starts_with("<subagent_notification>") => Origin::Agent,
                            origin => origin,
                        },
                        Role::System | Role::Assistant => Origin::Person,
                    };
                    let message = Message { role, origin, text };
                    out.event(record, EventKind::Message(message));
                }
                Part::Reasoning(reasoning) => {
                    out.event(record, EventKind::Reasoning(reasoning));
                }
                Part::Call(call) => {
                    if call.name.ends_with("spawn_agent") {
                        self.spawns.truncate(MOST_SPAWNS - 1);
                        self.spawns.push_front(call.id.clone());
                    }
                    out.event(record, EventKind::ToolCall(call));
                }
                Part::Result(mut one) => {
                    result::complete(&mut one);
                    if self.spawns.contains(&one.call_id) {
                        one.agent = result::agent(&one.text);
                    }
                    out.event(record, EventKind::ToolResult(one));
                }
                Part::Other { name, known: true } => out.known(record, &name),
                Part::Other { name, known: false } => out.unknown(record, &format!("item {name}")),
            }
        }
    }

    fn event(&mut self, payload: &mut Object<'_>, record: &mut Record<'_>, out: &mut Emitter<'_>) {
        let kind = payload.get("type").and_then(Value::as_str);
        let kind = kind.unwrap_or("(no type)");
        let name = format!("event {}", place_name(kind));
        match kind {
            "token_count" => {
                if !self.exact_usage
                    && let Some(tokens) = payload.get("info").and_then(last_tokens)
                {
                    out.event(record, EventKind::Usage(tokens));
                }
                out.known(record, &name);
            }
            "turn_aborted" => out.event(record, EventKind::Boundary(Boundary::Interrupted)),
            // The person took the conversation back to an earlier point.
            "thread_rolled_back" => out.event(record, EventKind::Boundary(Boundary::Cleared)),
            "thread_name_updated" => self.notes.title(payload, record, out),
            _ if names::is_known_event(kind) => out.known(record, &name),
            _ => out.unknown(record, &name),
        }
    }
}

/// The thread that a `session_meta` record names.
fn thread(kind: Option<&Value<'_>>, payload: &Object<'_>) -> Option<SessionId> {
    if kind?.as_str() != Some("session_meta") {
        return None;
    }
    let id = payload.get("id").and_then(Value::as_str)?;
    Some(session_id(Harness::Codex, id))
}

/// The thread that a record names as that of its file, if it is the file's head.
pub(crate) fn head_session(entry: &Object<'_>) -> Option<SessionId> {
    if let Some(Value::Object(payload)) = entry.get("payload") {
        return thread(entry.get("type"), payload);
    }
    // In the first releases the head had no type, as only it had; items have ids too.
    if entry.get("type").is_some() || entry.get("timestamp").is_none() {
        return None;
    }
    let id = entry.get("id").and_then(Value::as_str)?;
    Some(session_id(Harness::Codex, id))
}

fn time(entry: &Object<'_>, record: &mut Record<'_>, out: &mut Emitter<'_>) -> Option<Timestamp> {
    let value = entry.get("timestamp")?;
    let time = value.as_str().and_then(|text| text.parse().ok());
    if time.is_none() {
        out.gap(record, GapCause::BadField, "`timestamp` is no time".into());
    }
    time
}

/// Where each part of a user's message came from, where the record tells.
fn origins(item: &Object<'_>) -> Vec<Option<Origin>> {
    let parts = item
        .get("internal_chat_message_metadata_passthrough")
        .and_then(|meta| meta.get("content_item_metadata"))
        .and_then(Value::as_array)
        .unwrap_or_default();
    parts
        .iter()
        .map(|part| match part.get("provenance")?.str("type")? {
            "user" => Some(Origin::Person),
            "agent" | "sub_agent" | "subagent" | "inter_agent" => Some(Origin::Agent),
            _ => Some(Origin::Harness),
        })
        .collect()
}

/// Where a text in the user's name came from, by the markup that Codex puts around its own.
fn origin_of_text(text: &str) -> Origin {
    const HARNESS: [&str; 16] = [
        "<environment_context>",
        "<environments_instructions>",
        "<user_instructions>",
        "<INSTRUCTIONS>",
        "# AGENTS.md instructions",
        "<permissions instructions>",
        "<collaboration_mode>",
        "<turn_aborted>",
        "<user_shell_command>",
        "<skill>",
        "<skills_instructions>",
        "<hook_prompt",
        "<model_switch>",
        "<apps_instructions>",
        "<image_resize_notice>",
        "<goal_context>",
    ];
    let start = text.trim_start();
    if HARNESS.iter().any(|mark| start.starts_with(mark)) {
        return Origin::Harness;
    }
    Origin::Person
}

/// What another thread's agent told this one.
fn agent_message(mut item: Object<'_>, record: &mut Record<'_>, out: &mut Emitter<'_>) {
    let content = item.take("content").or_else(|| item.take("message"));
    let message = Message {
        role: Role::User,
        origin: Origin::Agent,
        text: openai_responses::output_text(content.unwrap_or_default()),
    };
    out.event(record, EventKind::Message(message));
}

fn compacted(payload: &mut Object<'_>, record: &mut Record<'_>, out: &mut Emitter<'_>) {
    out.event(record, EventKind::Boundary(Boundary::Compacted));
    let summary = payload.take("message").and_then(Value::into_string);
    if let Some(text) = summary.filter(|text| !text.is_empty()) {
        let message = Message {
            role: Role::User,
            origin: Origin::Harness,
            text,
        };
        out.event(record, EventKind::Message(message));
    }
}

/// The usage of the last request. It has no id there, but the sum so far names it: the same sum
/// again is the same request told twice.
fn last_tokens(info: &Value<'_>) -> Option<Tokens> {
    let last = info.get("last_token_usage")?;
    let sum = info
        .get("total_token_usage")
        .and_then(|total| total.get("total_tokens"))
        .and_then(Value::as_u64);
    Some(tokens(sum.map(|sum| format!("sum-{sum}")), last))
}

fn tokens(request: Option<String>, usage: &Value<'_>) -> Tokens {
    let count = |key| usage.get(key).and_then(Value::as_u64).unwrap_or(0);
    let cached = count("cached_input_tokens");
    Tokens {
        request,
        input: count("input_tokens").saturating_sub(cached),
        output: count("output_tokens"),
        cache_read: cached,
        cache_write: count("cache_write_input_tokens"),
    }
}
