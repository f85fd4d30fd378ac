//! Uses of tools: the call, what happened inside it, and its result.
//!
//! The result of a call is told only when the next thing happens: what the sandbox did for the
//! call, and how that ended, stands behind the event of the tool.

use jiff::Timestamp;
use proctor_dialects::json::{Object, Value};
use proctor_dialects::{Oddities, openai_chat};
use proctor_model::{ToolCall, ToolResult};

use super::{MOST, Scene, Transcript};
use crate::document::{Paths, Piece, Splitter};
use crate::element;
use crate::emit::{Emitter, Record};
use crate::inspect::held::Met;
use crate::inspect::message::hash;
use crate::inspect::spans::Doer;
use crate::inspect::teller::Aside;

/// Deepest nesting of events inside events.
const DEEPEST: usize = 16;

/// Arguments of a call that are looked for in what the sandbox ran.
const MOST_ARGUMENTS: usize = 16;

/// A result that is not told yet.
pub(super) struct Pending {
    what: Result,
    doer: Doer,
    time: Option<Timestamp>,
    call: String,
    /// The texts among the arguments, by which the commands are known that the call ran.
    arguments: Vec<String>,
    /// Exit codes of those commands.
    exits: Vec<i32>,
}

enum Result {
    /// It stands at this place of the final conversation.
    Here(usize),
    /// Only the event shows it; with the event's place and bytes, and its number there.
    Event {
        result: ToolResult,
        offset: u64,
        raw: Box<[u8]>,
        part: u32,
    },
}

impl Transcript {
    /// One use of a tool.
    pub(super) fn tool(
        &mut self,
        mut event: Object<'_>,
        scene: Scene<'_>,
        record: &mut Record<'_>,
        odd: &mut Oddities,
        out: &mut Emitter<'_>,
    ) {
        self.flush(out);
        if scene.doer == Doer::Scorer {
            return;
        }
        let id = text(&mut event, "id");
        let function = text(&mut event, "function");
        let span = event.get("span_id").and_then(Value::as_str);
        self.spans.called(span, &function, &id);
        let arguments = event.take("arguments").unwrap_or_default();
        let input: serde_json::Value = self.teller.attachments.resolve(arguments).into();
        let arguments = texts(&input);
        if !self.teller.knows_call(&id) {
            let call = ToolCall {
                id: id.clone(),
                name: function.clone(),
                input,
            };
            self.teller.call(call, scene.doer, &self.spans, record, out);
        }
        self.nested(&function, Some(&id), scene, out);
        if event.get("pending").and_then(Value::as_bool) == Some(true) {
            return;
        }
        let message = event.get("message_id").and_then(Value::as_str);
        let message = message.map(|id| hash(&("id", id)));
        let what = match self.held.answer(message, &id, scene.doer == Doer::Main) {
            Met::Here(place) => Result::Here(place),
            Met::Told => return,
            Met::New => Result::Event {
                result: self.result(&mut event, &id, odd),
                offset: scene.offset,
                raw: scene.raw.into(),
                part: record.reserve_part(),
            },
        };
        let time = event.get("completed").and_then(element::time);
        self.pending = Some(Pending {
            what,
            doer: scene.doer,
            time: time.or(record.time),
            call: id,
            arguments,
            exits: Vec::new(),
        });
    }

    /// The result that a tool event shows.
    fn result(&self, event: &mut Object<'_>, id: &str, odd: &mut Oddities) -> ToolResult {
        let output = event.take("result").unwrap_or_default();
        let text = match self.teller.attachments.resolve(output) {
            Value::Null => String::new(),
            value @ (Value::Str(_) | Value::Array(_) | Value::Object(_)) => {
                openai_chat::text_of(openai_chat::content(value, odd))
            }
            plain => serde_json::Value::from(plain).to_string(),
        };
        let mut result = ToolResult {
            call_id: id.to_owned(),
            text,
            ..ToolResult::default()
        };
        if let Some(Value::Object(mut error)) = event.take("error") {
            let kind = self::text(&mut error, "type");
            let message = self::text(&mut error, "message");
            let message = self.teller.attachments.text(&message);
            openai_chat::add_error(&mut result, &kind, message);
        } else if event.get("failed").and_then(Value::as_bool) == Some(true) {
            result.is_error = Some(true);
        }
        result
    }

    /// Tells the result that waits.
    pub(super) fn flush(&mut self, out: &mut Emitter<'_>) {
        let Some(pending) = self.pending.take() else {
            return;
        };
        let aside = Aside {
            exit_code: match pending.exits.as_slice() {
                [only] => Some(*only),
                _ => None,
            },
            refused: self.refused.contains(&hash(&pending.call)),
        };
        match pending.what {
            Result::Here(place) => self.up_to(place, pending.time, aside, out),
            Result::Event {
                mut result,
                offset,
                raw,
                part,
            } => {
                result.exit_code = aside.exit_code;
                result.refused |= aside.refused;
                let mut record = Record::new(offset, &raw).numbered_from(part);
                record.time = pending.time;
                self.teller
                    .result(result, pending.doer, &self.spans, &mut record, out);
            }
        }
    }

    /// What the sandbox did; the exit code of a command belongs to the call that gave it.
    pub(super) fn sandbox(&mut self, event: &Object<'_>) {
        let code = event.get("result").and_then(Value::as_i64);
        let code = code.and_then(|code| i32::try_from(code).ok());
        let (Some(pending), Some(code)) = (&mut self.pending, code) else {
            return;
        };
        let text = |key| event.get(key).and_then(Value::as_str).unwrap_or_default();
        let given = ["cmd", "input"].map(|key| self.teller.attachments.text(text(key)));
        // A command line holds the arguments as they are, or quoted.
        let is_its_own = pending.arguments.iter().any(|argument| {
            let argument = argument.trim();
            !argument.is_empty() && given.iter().any(|text| text.contains(argument))
        });
        if is_its_own && pending.exits.len() < 2 {
            pending.exits.push(code);
        }
    }

    /// What a person or a policy decided about a call.
    pub(super) fn approval(&mut self, event: &Object<'_>, scene: Scene<'_>) {
        let decision = event.get("decision").and_then(Value::as_str);
        if !matches!(decision, Some("reject" | "terminate")) || self.refused.len() >= MOST {
            return;
        }
        let mut splitter = Splitter::new(scene.raw, 0, Paths::new(&["$.call.id"]));
        if let Some(Piece::Element { raw, .. }) = splitter.next()
            && let Some(Value::Str(call)) = element::peek(raw)
        {
            self.refused.insert(hash(&call));
        }
    }

    /// The events inside an event, as older logs have them.
    pub(super) fn nested(
        &mut self,
        name: &str,
        call: Option<&str>,
        scene: Scene<'_>,
        out: &mut Emitter<'_>,
    ) {
        let Scene {
            offset,
            raw,
            doer,
            depth,
        } = scene;
        let mut kinds = Splitter::new(raw, offset, Paths::new(&["$.events[*].event"]));
        let (mut some, mut agent) = (false, false);
        while let Some(piece) = kinds.next() {
            some = true;
            agent |= matches!(
                piece,
                Piece::Element {
                    raw: b"\"model\"",
                    ..
                }
            );
        }
        if !some || depth >= DEEPEST {
            return;
        }
        let doer = if agent {
            self.spans.nested(name, doer, call)
        } else {
            doer
        };
        let mut events = Splitter::new(raw, offset, Paths::new(&["$.events[*]"]));
        while let Some(piece) = events.next() {
            if let Piece::Element { offset, raw, .. } = piece {
                let inner = Scene {
                    offset,
                    raw,
                    doer,
                    depth: depth + 1,
                };
                self.scene(inner, out);
            }
        }
        self.flush(out);
        self.tell_main(out);
    }
}

fn text(object: &mut Object<'_>, key: &str) -> String {
    object
        .take(key)
        .and_then(Value::into_string)
        .unwrap_or_default()
}

/// The texts among the arguments of a call.
fn texts(input: &serde_json::Value) -> Vec<String> {
    let values = input.as_object().into_iter().flat_map(|o| o.values());
    (values.filter_map(|value| value.as_str()))
        .take(MOST_ARGUMENTS)
        .map(str::to_owned)
        .collect()
}
