//! The events of a sample: what happened, in the order in which it did.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use proctor_dialects::json::{Object, Value};
use proctor_dialects::{Oddities, openai_chat};
use proctor_model::{Boundary, EventKind, Tokens, ToolCall, ToolResult};

use super::fields;
use super::held::{Held, Met};
use super::message::{Copies, hash};
use super::spans::{Doer, Spans};
use super::teller::{Aside, Teller};
use crate::document::{Paths, Piece, Splitter};
use crate::element;
use crate::emit::{Emitter, Record};

/// Members of events that are long and not read: what was sent to the provider, the tools on
/// offer, the nested events (which are read one by one), changes of the harness's own state.
const SKIPPED: [&str; 11] = [
    "$.call",
    "$.tools",
    "$.config",
    "$.view",
    "$.state",
    "$.events",
    "$.changes",
    "$.traceback",
    "$.traceback_ansi",
    "$.input_ansi",
    "$.sample",
];

/// Deepest nesting of events inside events.
const DEEPEST: usize = 16;

/// Names of model roles, and calls that were refused, that are remembered.
const MOST: usize = 1_000;

/// Reads the events of one sample.
pub(super) struct Transcript {
    pub(super) held: Held,
    pub(super) teller: Teller,
    pub(super) spans: Spans,
    /// Whether an event told how many tokens a request used.
    pub(super) told_tokens: bool,
    /// The result of the last tool event, while what the sandbox says of it may follow.
    pending: Option<Pending>,
    /// Models that play a part of their own, such as a user or an attacker.
    roles: HashMap<String, Doer>,
    /// Calls that a person or a policy refused.
    refused: HashSet<String>,
}

/// A result that is not told yet.
struct Pending {
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
    pub(super) fn new(held: Held, teller: Teller) -> Self {
        Self {
            held,
            teller,
            spans: Spans::default(),
            told_tokens: false,
            pending: None,
            roles: HashMap::new(),
            refused: HashSet::new(),
        }
    }

    /// Reads one event. `within` says whose doing it is, where the event does not.
    pub(super) fn event(
        &mut self,
        offset: u64,
        raw: &[u8],
        within: Option<Doer>,
        depth: usize,
        out: &mut Emitter<'_>,
    ) {
        out.count_record();
        let mut record = Record::new(offset, raw);
        self.tell_main(out);
        let Some(mut event) = element::members(raw, &SKIPPED, &mut record, out) else {
            return;
        };
        let kind = match event.take("event") {
            Some(Value::Str(kind)) => kind.into_owned(),
            _ => String::new(),
        };
        record.time = event.get("timestamp").and_then(element::time);
        let mut odd = Oddities::default();
        fields::note_unknown(&kind, &event, &mut odd);
        let span = event.get("span_id").and_then(Value::as_str);
        let doer = match (self.spans.doer(span), within) {
            (Doer::Main, Some(within)) => within,
            (doer, _) => doer,
        };
        match kind.as_str() {
            "model" => self.model(event, doer, &mut record, &mut odd, out),
            "tool" => self.tool(event, doer, depth, raw, &mut record, &mut odd, out),
            "sandbox" => self.sandbox(&event),
            "approval" => self.approval(&event, raw),
            "span_begin" => self.spans.begin(&event),
            "step" => self.spans.step(&event),
            "subtask" => {
                let name = event.get("name").and_then(Value::as_str);
                self.nested(
                    name.unwrap_or("subtask"),
                    None,
                    doer,
                    depth,
                    raw,
                    offset,
                    out,
                );
            }
            "compaction" => {
                self.flush(out);
                let compacted = EventKind::Boundary(Boundary::Compacted);
                self.teller
                    .event(compacted, doer, &self.spans, &mut record, out);
            }
            "interrupt" if event.get("source").and_then(Value::as_str) == Some("user_cancel") => {
                self.flush(out);
                let stopped = EventKind::Boundary(Boundary::Interrupted);
                self.teller
                    .event(stopped, doer, &self.spans, &mut record, out);
            }
            _ => {}
        }
        if record.next_part() == 0 {
            self.tell_main(out);
            if fields::is_known(&kind) {
                out.known(&mut record, &kind);
            } else {
                out.unknown(&mut record, &kind);
            }
        }
        out.oddities(&mut record, &mut odd);
    }

    /// Makes the following events those of the sample's own session.
    fn tell_main(&self, out: &mut Emitter<'_>) {
        out.set_session(self.teller.session());
    }

    /// One request to a model: what it was shown, and what it answered.
    fn model(
        &mut self,
        mut event: Object<'_>,
        doer: Doer,
        record: &mut Record<'_>,
        odd: &mut Oddities,
        out: &mut Emitter<'_>,
    ) {
        self.flush(out);
        if doer == Doer::Scorer {
            return;
        }
        let doer = match event.get("role").and_then(Value::as_str) {
            Some(role) => self.role(role, doer),
            None => doer,
        };
        let mut copies = Copies::default();
        let refs = event.take("input_refs").unwrap_or_default();
        for (from, to) in stretches(&refs) {
            for entry in self.held.show(from, to) {
                self.shown(entry, record.time, doer, out);
            }
        }
        if let Some(Value::Array(input)) = event.take("input") {
            for message in input {
                self.input(message, &mut copies, doer, record, odd, out);
            }
        }
        if event.get("pending").and_then(Value::as_bool) == Some(true) {
            return;
        }
        let started = record.time;
        record.time = event.get("completed").and_then(element::time).or(started);
        let Some(Value::Object(mut output)) = event.take("output") else {
            return;
        };
        let usage = output.take("usage");
        if let Some(Value::Array(choices)) = output.take("choices")
            && let Some(Value::Object(mut choice)) = choices.into_iter().next()
            && let Some(message) = choice.take("message")
        {
            if let Some(model) = event.get("model").and_then(Value::as_str) {
                self.teller.model(model, doer, &self.spans, record, out);
            }
            self.input(message, &mut copies, doer, record, odd, out);
        }
        let cached = event.get("cache").and_then(Value::as_str) == Some("read");
        if let Some(Value::Object(usage)) = usage
            && !cached
        {
            self.told_tokens = true;
            let request = event.get("uuid").and_then(Value::as_str);
            let tokens = EventKind::Usage(tokens(&usage, request));
            self.teller.event(tokens, doer, &self.spans, record, out);
        }
    }

    /// A message of a request that stands in the pool.
    fn shown(&mut self, entry: usize, time: Option<Timestamp>, doer: Doer, out: &mut Emitter<'_>) {
        let Some((key, answers)) = (self.held.entry(entry)).map(|e| (e.key, e.answers.clone()))
        else {
            return;
        };
        match self.held.meet(key, 0) {
            Met::Here(place) => self.up_to(place, time, Aside::default(), out),
            Met::Told => {}
            Met::New => {
                let repeats = answers.is_some_and(|call| self.teller.repeats_result(&call));
                if let Some(entry) = self.held.entry(entry).filter(|_| !repeats) {
                    let aside = Aside::default();
                    self.teller.held(entry, time, aside, doer, &self.spans, out);
                }
            }
        }
    }

    /// A message that stands in the event itself.
    fn input(
        &mut self,
        message: Value<'_>,
        copies: &mut Copies,
        doer: Doer,
        record: &mut Record<'_>,
        odd: &mut Oddities,
        out: &mut Emitter<'_>,
    ) {
        // A request repeats its whole past; what is told is not read again.
        let id = message.str("id").map(|id| hash(&("id", id)));
        let mut met = id.map(|key| self.held.meet(key, copies.number(key)));
        let mut said = None;
        if matches!(met, None | Some(Met::New)) {
            said = self.teller.read(message, odd);
        }
        if let (None, Some(said)) = (met, &said) {
            met = Some(self.held.meet(said.key, copies.number(said.key)));
        }
        match (met, said) {
            (Some(Met::Here(place)), _) => self.up_to(place, record.time, Aside::default(), out),
            (Some(Met::New), Some(said)) => {
                let repeats =
                    (said.answers.as_ref()).is_some_and(|call| self.teller.repeats_result(call));
                if !repeats {
                    let aside = Aside::default();
                    self.teller
                        .message(said, aside, doer, &self.spans, record, out);
                }
            }
            _ => {}
        }
    }

    /// Tells the final conversation up to this place; the last message of it happens now.
    fn up_to(
        &mut self,
        place: usize,
        time: Option<Timestamp>,
        aside: Aside,
        out: &mut Emitter<'_>,
    ) {
        let taken = self.held.up_to(place);
        let last = taken.len().saturating_sub(1);
        for (i, entry) in taken.into_iter().enumerate() {
            let (time, aside) = if i == last {
                (time, aside)
            } else {
                (None, Aside::default())
            };
            if let Some(entry) = self.held.entry(entry) {
                self.teller
                    .held(entry, time, aside, Doer::Main, &self.spans, out);
            }
        }
    }

    /// One use of a tool.
    #[expect(clippy::too_many_arguments, reason = "the event in all its parts")]
    fn tool(
        &mut self,
        mut event: Object<'_>,
        doer: Doer,
        depth: usize,
        raw: &[u8],
        record: &mut Record<'_>,
        odd: &mut Oddities,
        out: &mut Emitter<'_>,
    ) {
        self.flush(out);
        if doer == Doer::Scorer {
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
            self.teller.call(call, doer, &self.spans, record, out);
        }
        self.nested(&function, Some(&id), doer, depth, raw, record.offset(), out);
        if event.get("pending").and_then(Value::as_bool) == Some(true) {
            return;
        }
        let time = event.get("completed").and_then(element::time);
        let message = event.get("message_id").and_then(Value::as_str);
        let message = message.map(|id| hash(&("id", id)));
        let what = match self.held.answer(message, &id) {
            Some(place) => Result::Here(place),
            None if message.is_some_and(|key| !self.held.see(key)) => return,
            None => Result::Event {
                result: self.result(&mut event, &id, odd),
                offset: record.offset(),
                raw: raw.into(),
                part: record.reserve_part(),
            },
        };
        self.pending = Some(Pending {
            what,
            doer,
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
            refused: self.refused.contains(&pending.call),
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
    fn sandbox(&mut self, event: &Object<'_>) {
        let (Some(pending), Some(code)) = (
            &mut self.pending,
            event.get("result").and_then(Value::as_i64),
        ) else {
            return;
        };
        let Ok(code) = i32::try_from(code) else {
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
    fn approval(&mut self, event: &Object<'_>, raw: &[u8]) {
        let decision = event.get("decision").and_then(Value::as_str);
        if !matches!(decision, Some("reject" | "terminate")) || self.refused.len() >= MOST {
            return;
        }
        let mut splitter = Splitter::new(raw, 0, Paths::new(&["$.call.id"]));
        if let Some(Piece::Element { raw, .. }) = splitter.next()
            && let Some(Value::Str(call)) = element::peek(raw)
        {
            self.refused.insert(call.into_owned());
        }
    }

    /// The sub-agent that a model in this role is.
    fn role(&mut self, role: &str, doer: Doer) -> Doer {
        if let Some(known) = self.roles.get(role) {
            return *known;
        }
        if self.roles.len() >= MOST {
            return doer;
        }
        let new = self.spans.nested(role, doer, None);
        self.roles.insert(role.to_owned(), new);
        new
    }

    /// The events inside an event, as older logs have them.
    #[expect(clippy::too_many_arguments, reason = "the event in all its parts")]
    fn nested(
        &mut self,
        name: &str,
        call: Option<&str>,
        doer: Doer,
        depth: usize,
        raw: &[u8],
        offset: u64,
        out: &mut Emitter<'_>,
    ) {
        let kinds = Paths::new(&["$.events[*].event"]);
        let mut splitter = Splitter::new(raw, offset, kinds);
        let (mut some, mut agent) = (false, false);
        while let Some(piece) = splitter.next() {
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
        let mut splitter = Splitter::new(raw, offset, Paths::new(&["$.events[*]"]));
        while let Some(piece) = splitter.next() {
            if let Piece::Element { offset, raw, .. } = piece {
                self.event(offset, raw, Some(doer), depth + 1, out);
            }
        }
        self.flush(out);
    }

    /// Tells what no event has shown.
    pub(super) fn end(&mut self, out: &mut Emitter<'_>) {
        self.flush(out);
        for entry in self.held.rest() {
            if let Some(entry) = self.held.entry(entry) {
                let aside = Aside::default();
                self.teller
                    .held(entry, None, aside, Doer::Main, &self.spans, out);
            }
        }
        self.tell_main(out);
    }

    /// Tells a message of a list that did not fit, unless an event has shown it.
    pub(super) fn late(
        &mut self,
        offset: u64,
        raw: &[u8],
        copies: &mut Copies,
        out: &mut Emitter<'_>,
    ) {
        let mut record = Record::new(offset, raw);
        self.tell_main(out);
        let Some(message) = element::parse(raw, &mut record, out) else {
            return;
        };
        let mut odd = Oddities::default();
        self.input(message, copies, Doer::Main, &mut record, &mut odd, out);
        if record.next_part() == 0 {
            out.known(&mut record, "message");
        }
        out.oddities(&mut record, &mut odd);
    }
}

/// The stretches of the pool that references stand for.
pub(super) fn stretches<'v>(refs: &'v Value<'_>) -> impl Iterator<Item = (u64, u64)> + 'v {
    (refs.as_array().unwrap_or_default().iter()).filter_map(|stretch| match stretch.as_array()? {
        [from, to] => Some((from.as_u64()?, to.as_u64()?)),
        _ => None,
    })
}

/// Tokens as the log counts them.
pub(super) fn tokens(usage: &Object<'_>, request: Option<&str>) -> Tokens {
    let count = |key| usage.get(key).and_then(Value::as_u64).unwrap_or_default();
    Tokens {
        request: request.map(str::to_owned),
        input: count("input_tokens"),
        output: count("output_tokens"),
        cache_read: count("input_tokens_cache_read"),
        cache_write: count("input_tokens_cache_write"),
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
        .map(str::to_owned)
        .collect()
}
