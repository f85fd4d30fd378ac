//! The steps and turns of one run.

use std::collections::VecDeque;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use proctor_dialects::json::{Object, Value};
use proctor_dialects::{Oddities, Part, anthropic, openai_chat};
use proctor_model::{
    EventKind, GapCause, Message, Origin, Reasoning, ReasoningState, Role, SessionNote, ToolCall,
    ToolResult,
};

use super::command;
use crate::element::{self, CallIds};
use crate::emit::{Emitter, Record};

/// Reads the steps of one run.
#[derive(Default)]
pub(super) struct Run {
    /// Whether there is a trajectory, which makes the history a repetition.
    has_steps: bool,
    calls: CallIds,
    /// Whether the agent has spoken in the history.
    begun: bool,
    /// What the agent said in the history, for the steps to come.
    spoken: VecDeque<Spoken>,
    /// Bytes of the elements that `spoken` was read from.
    spoken_bytes: usize,
    /// Whether the working directory is told.
    placed: bool,
    /// The file that the editor has open.
    open_file: Option<String>,
}

/// One turn of the agent as the history has it.
struct Spoken {
    /// Hash of the text of its action.
    action: u64,
    calls: Vec<ToolCall>,
    reasoning: Vec<Reasoning>,
}

impl Run {
    /// Reads a run that has a trajectory, or not.
    pub(super) fn new(has_steps: bool) -> Self {
        Self {
            has_steps,
            ..Self::default()
        }
    }

    /// Most bytes of history whose calls are kept for the trajectory; later calls are read from
    /// the text of their actions.
    const MOST_SPOKEN: usize = 32 << 20;

    /// How far ahead the history is searched for a step: steps that were asked anew stand in the
    /// trajectory alone.
    const AHEAD: usize = 8;

    /// One message of the history.
    pub(super) fn turn(&mut self, offset: u64, raw: &[u8], out: &mut Emitter<'_>) {
        let mut record = Record::new(offset, raw);
        let Some(value) = element::parse(raw, &mut record, out) else {
            return;
        };
        let Value::Object(mut turn) = value else {
            let detail = format!("{} where a message must stand", value.type_name());
            return out.lost(&mut record, GapCause::BadField, detail);
        };
        if turn.get("is_demo").and_then(Value::as_bool) == Some(true) {
            return out.known(&mut record, "demonstration");
        }
        let mut odd = Oddities::default();
        note_unknown_fields("history", &turn, &HISTORY, &mut odd);
        match turn.get("role").and_then(Value::as_str) {
            Some("assistant") => {
                self.begun = true;
                let spoken = spoken(&mut turn, &mut odd);
                if self.has_steps {
                    self.remember(spoken, raw.len());
                    out.known(&mut record, "history");
                } else {
                    let thought = own_words(&mut turn, "content", &mut odd);
                    let action = text(&mut turn, "action", &mut odd);
                    self.act(spoken, thought, &action, &mut record, out);
                }
            }
            Some("system") => say(Role::System, turn, &mut odd, &mut record, out),
            Some("user" | "tool") if self.has_steps && self.begun => {
                out.known(&mut record, "history");
            }
            Some("user" | "tool") if self.calls.is_waiting() => {
                let text = text(&mut turn, "content", &mut odd);
                self.answer(text, &mut record, out);
            }
            Some("user") => say(Role::User, turn, &mut odd, &mut record, out),
            other => {
                let name = format!("history {}", other.unwrap_or_default());
                out.unknown(&mut record, &name);
            }
        }
        out.oddities(&mut record, &mut odd);
    }

    fn remember(&mut self, spoken: Spoken, bytes: usize) {
        self.spoken_bytes = self.spoken_bytes.saturating_add(bytes);
        if self.spoken_bytes <= Self::MOST_SPOKEN {
            self.spoken.push_back(spoken);
        }
    }

    /// What the history has of the step with this action.
    fn recall(&mut self, action: &str) -> Option<Spoken> {
        let hash = hash(action);
        let at = (self.spoken.iter().take(Self::AHEAD)).position(|turn| turn.action == hash)?;
        self.spoken.drain(..=at).next_back()
    }

    /// One step of the trajectory.
    pub(super) fn step(&mut self, offset: u64, raw: &[u8], out: &mut Emitter<'_>) {
        let mut record = Record::new(offset, raw);
        // A step repeats the whole conversation so far; the splitter passes over it.
        let Some(mut step) = element::members(raw, &["$.query", "$.messages"], &mut record, out)
        else {
            return;
        };
        let mut odd = Oddities::default();
        note_unknown_fields("step", &step, &STEP, &mut odd);
        self.place(&mut step, &mut record, out);
        let action = text(&mut step, "action", &mut odd);
        let words = own_words(&mut step, "response", &mut odd);
        let spoken = self.recall(&action).unwrap_or_else(|| Spoken {
            action: 0,
            calls: Vec::new(),
            reasoning: Vec::new(),
        });
        self.act(spoken, words, &action, &mut record, out);
        if step
            .get("observation")
            .is_some_and(|value| !value.is_null())
        {
            let text = text(&mut step, "observation", &mut odd);
            self.answer(text, &mut record, out);
        }
        out.oddities(&mut record, &mut odd);
    }

    /// Notes the working directory of the first step, and the open file of every one.
    fn place(&mut self, step: &mut Object<'_>, record: &mut Record<'_>, out: &mut Emitter<'_>) {
        // Older versions write the state as JSON inside a string.
        let state = match step.take("state") {
            Some(Value::Str(text)) => element::peek(text.as_bytes()),
            Some(state) => Some(state.into_owned()),
            None => None,
        };
        let of_state = |key| {
            let text = state.as_ref()?.str(key)?;
            (!text.is_empty() && text != "n/a").then(|| text.to_owned())
        };
        self.open_file = of_state("open_file");
        if self.placed {
            return;
        }
        if let Some(cwd) = of_state("working_dir") {
            self.placed = true;
            let note = SessionNote {
                cwd: Some(cwd),
                ..SessionNote::default()
            };
            out.event(record, EventKind::Session(note));
        }
    }

    /// The agent's side of a step: what it reasons, says and does.
    ///
    /// What it says before an act is its reasoning, and the harness calls it so (`thought`). What
    /// it says when it hands in, or does nothing, is for the user to read.
    fn act(
        &mut self,
        spoken: Spoken,
        words: String,
        action: &str,
        record: &mut Record<'_>,
        out: &mut Emitter<'_>,
    ) {
        self.calls.next_turn();
        for reasoning in spoken.reasoning {
            out.event(record, EventKind::Reasoning(reasoning));
        }
        let mut calls = spoken.calls;
        if calls.is_empty() && !action.trim().is_empty() {
            calls.push(command::call(action));
        }
        let reports = calls.iter().all(|call| call.name == "submit");
        if words.trim().is_empty() {
        } else if reports {
            let message = Message {
                role: Role::Assistant,
                origin: Origin::Person,
                text: words,
            };
            out.event(record, EventKind::Message(message));
        } else {
            let reasoning = Reasoning {
                state: ReasoningState::Full,
                text: words,
            };
            out.event(record, EventKind::Reasoning(reasoning));
        }
        for mut call in calls {
            call.id = self.calls.call(call.id);
            self.name_file(&mut call);
            out.event(record, EventKind::ToolCall(call));
        }
    }

    /// Names the file of an edit: the harness's editor works on the file that is open.
    fn name_file(&self, call: &mut ToolCall) {
        if let (serde_json::Value::Object(input), Some(file)) = (&mut call.input, &self.open_file)
            && matches!(call.name.as_str(), "edit" | "insert")
            && !input.contains_key("path")
        {
            input.insert("path".to_owned(), file.as_str().into());
        }
    }

    /// What came of an act.
    fn answer(&mut self, text: String, record: &mut Record<'_>, out: &mut Emitter<'_>) {
        if self.calls.is_waiting() {
            let result = ToolResult {
                call_id: self.calls.result(String::new()),
                text,
                ..ToolResult::default()
            };
            out.event(record, EventKind::ToolResult(result));
        } else if !text.trim().is_empty() {
            // The harness says what was wrong with an answer in which it found no act.
            let message = Message {
                role: Role::User,
                origin: Origin::Harness,
                text,
            };
            out.event(record, EventKind::Message(message));
        }
    }
}

fn say(
    role: Role,
    mut turn: Object<'_>,
    odd: &mut Oddities,
    record: &mut Record<'_>,
    out: &mut Emitter<'_>,
) {
    let origin = match turn.get("message_type").and_then(Value::as_str) {
        Some("user" | "error") => Origin::Harness,
        _ => Origin::Person,
    };
    let text = text(&mut turn, "content", odd);
    out.event(record, EventKind::Message(Message { role, origin, text }));
}

/// The calls and the model's own reasoning of a turn in the history.
fn spoken(turn: &mut Object<'_>, odd: &mut Oddities) -> Spoken {
    let action = turn
        .get("action")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let action = hash(action);
    let calls = match turn.take("tool_calls") {
        Some(Value::Array(calls)) => calls
            .into_iter()
            .filter_map(|call| match call {
                Value::Object(call) => Some(openai_chat::call(call, odd)),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    let blocks = turn.take("thinking_blocks").unwrap_or_default();
    let blocks = if blocks.is_null() {
        Vec::new()
    } else {
        anthropic::content(blocks, odd)
    };
    let reasoning = (blocks.into_iter())
        .filter_map(|part| match part {
            Part::Reasoning(reasoning) => Some(reasoning),
            _ => None,
        })
        .collect();
    Spoken {
        action,
        calls,
        reasoning,
    }
}

/// What the agent says in a turn: its `thought`, or else the whole of its answer.
fn own_words(turn: &mut Object<'_>, answer: &str, odd: &mut Oddities) -> String {
    let thought = text(turn, "thought", odd);
    if thought.trim().is_empty() {
        text(turn, answer, odd)
    } else {
        thought
    }
}

/// A text of the record: plain, or a list of parts.
fn text(of: &mut Object<'_>, key: &str, odd: &mut Oddities) -> String {
    match of.take(key) {
        None | Some(Value::Null) => String::new(),
        Some(Value::Str(text)) => text.into_owned(),
        Some(parts) => openai_chat::text_of(openai_chat::content(parts, odd)),
    }
}

/// A hash that is the same within one run of the program.
fn hash(action: &str) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(action)
}

/// Fields of a message in the history that the reader knows.
const HISTORY: [&str; 14] = [
    "role",
    "content",
    "agent",
    "message_type",
    "thought",
    "action",
    "tool_calls",
    "tool_call_ids",
    "is_demo",
    "tags",
    "cache_control",
    "thinking_blocks",
    "demo",
    "name",
];

/// Fields of a step in the trajectory that the reader knows.
const STEP: [&str; 10] = [
    "action",
    "observation",
    "response",
    "thought",
    "state",
    "execution_time",
    "query",
    "messages",
    "extra_info",
    "tool_calls",
];

fn note_unknown_fields(of: &str, object: &Object<'_>, known: &[&str], odd: &mut Oddities) {
    for key in object.keys().filter(|key| !known.contains(key)) {
        odd.unknown_field(of, key);
    }
}
