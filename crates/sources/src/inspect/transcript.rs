//! The events of a sample: what happened, in the order in which it did.

mod tools;

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use proctor_dialects::Oddities;
use proctor_dialects::json::{Object, Value};
use proctor_model::{Boundary, EventKind, Tokens};

use self::tools::Pending;
use super::fields;
use super::held::{Held, Met};
use super::message::{Copies, hash, hash_value};
use super::spans::{Doer, Spans};
use super::teller::{Aside, Teller};
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

/// Names of model roles, and calls that were refused, that are remembered.
const MOST: usize = 1_000;

/// Messages without an id that are recognised before they are read.
const MOST_PRINTS: usize = 1 << 19;

/// Reads the events of one sample.
pub(super) struct Transcript {
    pub(super) held: Held,
    pub(super) teller: Teller,
    pub(super) spans: Spans,
    /// Whether an event told how many tokens a request used.
    pub(super) told_tokens: bool,
    /// The result of the last tool event, while what the sandbox says of it may follow.
    pending: Option<Pending>,
    /// Models that play a part of their own, such as a user or an attacker, by the hash of the
    /// part's name.
    roles: HashMap<u64, Doer>,
    /// Hashes of the calls that a person or a policy refused.
    refused: HashSet<u64>,
    /// Keys of messages without an id, by the hash of how they stand in the log.
    prints: HashMap<u64, u64>,
}

/// Where an event stands, and whose doing it is.
#[derive(Clone, Copy)]
struct Scene<'r> {
    offset: u64,
    raw: &'r [u8],
    doer: Doer,
    /// How many events it stands inside.
    depth: usize,
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
            prints: HashMap::new(),
        }
    }

    /// Reads one event of the sample. `within` says whose doing it is, where the event does not.
    pub(super) fn event(
        &mut self,
        offset: u64,
        raw: &[u8],
        within: Option<Doer>,
        out: &mut Emitter<'_>,
    ) {
        let scene = Scene {
            offset,
            raw,
            doer: within.unwrap_or(Doer::Main),
            depth: 0,
        };
        self.scene(scene, out);
    }

    fn scene(&mut self, mut scene: Scene<'_>, out: &mut Emitter<'_>) {
        out.count_record();
        let mut record = Record::new(scene.offset, scene.raw);
        self.tell_main(out);
        let Some(mut event) = element::members(scene.raw, &SKIPPED, &mut record, out) else {
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
        match self.spans.doer(span) {
            Doer::Main => {}
            doer => scene.doer = doer,
        }
        match kind.as_str() {
            "model" => self.model(event, scene.doer, &mut record, &mut odd, out),
            "tool" => self.tool(event, scene, &mut record, &mut odd, out),
            "sandbox" => self.sandbox(&event),
            "approval" => self.approval(&event, scene),
            "span_begin" => self.spans.begin(&event),
            "step" => self.spans.step(&event),
            "subtask" => {
                let name = event.get("name").and_then(Value::as_str);
                self.nested(name.unwrap_or("subtask"), None, scene, out);
            }
            "compaction" => self.boundary(Boundary::Compacted, scene.doer, &mut record, out),
            "interrupt" if event.get("source").and_then(Value::as_str) == Some("user_cancel") => {
                self.boundary(Boundary::Interrupted, scene.doer, &mut record, out);
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

    fn boundary(
        &mut self,
        boundary: Boundary,
        doer: Doer,
        record: &mut Record<'_>,
        out: &mut Emitter<'_>,
    ) {
        self.flush(out);
        let boundary = EventKind::Boundary(boundary);
        self.teller.event(boundary, doer, &self.spans, record, out);
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
                self.message(message, &mut copies, doer, record, odd, out);
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
        if let Some(message) = first_choice(&mut output) {
            if let Some(model) = event.get("model").and_then(Value::as_str) {
                self.teller.model(model, doer, &self.spans, record, out);
            }
            self.message(message, &mut copies, doer, record, odd, out);
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

    /// The sub-agent that a model in this role is.
    fn role(&mut self, role: &str, doer: Doer) -> Doer {
        let key = hash(&role);
        if let Some(known) = self.roles.get(&key) {
            return *known;
        }
        if self.roles.len() >= MOST {
            return doer;
        }
        let new = self.spans.nested(role, doer, None);
        self.roles.insert(key, new);
        new
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
    ///
    /// A request repeats its whole past, so what is told already must cost little: such a message
    /// is known by its id, or by how it stands in the log, without being read.
    fn message(
        &mut self,
        message: Value<'_>,
        copies: &mut Copies,
        doer: Doer,
        record: &mut Record<'_>,
        odd: &mut Oddities,
        out: &mut Emitter<'_>,
    ) {
        let id = message.str("id").map(|id| hash(&("id", id)));
        let print = hash_value(&message);
        let known = id.or_else(|| self.prints.get(&print).copied());
        let mut met = known.map(|key| self.held.meet(key, copies.number(key)));
        let mut said = None;
        if matches!(met, None | Some(Met::New)) {
            said = self.teller.read(message, odd);
        }
        if let (None, Some(said)) = (met, &said) {
            if self.prints.len() < MOST_PRINTS {
                self.prints.insert(print, said.key);
            }
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

    /// Tells what no event has shown.
    pub(super) fn end(&mut self, out: &mut Emitter<'_>) {
        self.flush(out);
        self.up_to(usize::MAX, None, Aside::default(), out);
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
        self.message(message, copies, Doer::Main, &mut record, &mut odd, out);
        if record.next_part() == 0 {
            out.known(&mut record, "message");
        }
        out.oddities(&mut record, &mut odd);
    }
}

/// The message that a model answered with.
fn first_choice<'a>(output: &mut Object<'a>) -> Option<Value<'a>> {
    let Some(Value::Array(choices)) = output.take("choices") else {
        return None;
    };
    match choices.into_iter().next()? {
        Value::Object(mut choice) => choice.take("message"),
        _ => None,
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
