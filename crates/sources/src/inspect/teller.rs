//! Gives out what is said and done in a sample, each in its session.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use proctor_dialects::json::Value;
use proctor_dialects::{Oddities, Part};
use proctor_model::{EventKind, Harness, Role, SessionId, SessionNote, ToolCall, ToolResult};

use super::attachments::Attachments;
use super::held::Entry;
use super::message::{Said, hash};
use super::spans::{Doer, Spans};
use crate::element::{self, CallIds};
use crate::emit::{Emitter, Record};

/// Calls that are remembered as told.
const MOST_CALLS: usize = 1 << 20;

/// Tells what happens in one sample.
pub(super) struct Teller {
    /// The sample's own session.
    session: SessionId,
    voices: HashMap<Doer, Voice>,
    /// Hashes of the ids of calls that are told.
    calls: HashSet<u64>,
    /// Results that were told as events show them, by the hash of their call: the message that
    /// holds the same is not told again.
    results: HashMap<u64, u32>,
    pub(super) attachments: Attachments,
}

/// One session.
struct Voice {
    session: SessionId,
    calls: CallIds,
    /// Whether the agent has spoken.
    begun: bool,
    model: Option<String>,
}

/// What is known of the result of a call beside its message.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Aside {
    pub(super) exit_code: Option<i32>,
    pub(super) refused: bool,
}

impl Teller {
    /// Tells a sample as this session, in which this model speaks.
    pub(super) fn new(session: SessionId, model: Option<String>) -> Self {
        let main = Voice {
            session: session.clone(),
            calls: CallIds::default(),
            begun: false,
            model,
        };
        Self {
            session,
            voices: HashMap::from([(Doer::Main, main)]),
            calls: HashSet::new(),
            results: HashMap::new(),
            attachments: Attachments::default(),
        }
    }

    /// The sample's own session.
    pub(super) fn session(&self) -> &SessionId {
        &self.session
    }

    /// Makes the following events those of this doer's session, which is noted when it begins.
    fn voice(
        &mut self,
        doer: Doer,
        spans: &Spans,
        record: &mut Record<'_>,
        out: &mut Emitter<'_>,
    ) -> Option<&mut Voice> {
        if !self.voices.contains_key(&doer) {
            let Doer::Sub(number) = doer else {
                return None;
            };
            let agent = spans.agent(number)?;
            let parent = match self.voices.get(&agent.parent) {
                Some(voice) => voice.session.clone(),
                None => self.session.clone(),
            };
            let name = &agent.name;
            let voice = Voice {
                session: SessionId::new(format!("{}/{name}-{}", self.session, number + 1)),
                calls: CallIds::default(),
                begun: false,
                model: None,
            };
            let note = SessionNote {
                harness: Some(Harness::Inspect),
                title: Some(name.clone()),
                parent: Some(parent),
                parent_call: agent.call.clone(),
                unattended: Some(true),
                ..SessionNote::default()
            };
            out.set_session(&voice.session);
            out.event(record, EventKind::Session(note));
            self.voices.insert(doer, voice);
        }
        let voice = self.voices.get_mut(&doer)?;
        out.set_session(&voice.session);
        Some(voice)
    }

    /// Tells something that is no message.
    pub(super) fn event(
        &mut self,
        kind: EventKind,
        doer: Doer,
        spans: &Spans,
        record: &mut Record<'_>,
        out: &mut Emitter<'_>,
    ) {
        if self.voice(doer, spans, record, out).is_some() {
            out.event(record, kind);
        }
    }

    /// Notes the model that answers, where it is another one than before.
    pub(super) fn model(
        &mut self,
        model: &str,
        doer: Doer,
        spans: &Spans,
        record: &mut Record<'_>,
        out: &mut Emitter<'_>,
    ) {
        let Some(voice) = self.voice(doer, spans, record, out) else {
            return;
        };
        if voice.model.as_deref() != Some(model) {
            voice.model = Some(model.to_owned());
            let note = SessionNote {
                model: Some(model.to_owned()),
                ..SessionNote::default()
            };
            out.event(record, EventKind::Session(note));
        }
    }

    /// Tells a message that is held, as the agent's own.
    pub(super) fn held(
        &mut self,
        entry: &Entry,
        time: Option<Timestamp>,
        aside: Aside,
        doer: Doer,
        spans: &Spans,
        out: &mut Emitter<'_>,
    ) {
        let before = out.source();
        out.restore_source(entry.source.clone());
        let mut record = Record::new(entry.offset, &entry.raw).numbered_from(entry.told.get());
        record.time = time;
        self.voice(doer, spans, &mut record, out);
        if let Some(value) = element::parse(&entry.raw, &mut record, out) {
            let mut odd = Oddities::default();
            if let Some(said) = self.read(value, &mut odd) {
                self.message(said, aside, doer, spans, &mut record, out);
            }
            out.oddities(&mut record, &mut odd);
        }
        entry.told.set(record.next_part());
        out.restore_source(before);
    }

    /// Reads a message with its attachments in place.
    pub(super) fn read(&self, value: Value<'_>, odd: &mut Oddities) -> Option<Said> {
        Said::read(self.attachments.resolve(value), odd)
    }

    /// Tells a message.
    pub(super) fn message(
        &mut self,
        mut said: Said,
        aside: Aside,
        doer: Doer,
        spans: &Spans,
        record: &mut Record<'_>,
        out: &mut Emitter<'_>,
    ) {
        for part in &mut said.message.parts {
            match part {
                Part::Call(call) if self.calls.len() < MOST_CALLS => {
                    self.calls.insert(hash(&call.id));
                }
                Part::Result(result) => {
                    result.exit_code = result.exit_code.or(aside.exit_code);
                    result.refused |= aside.refused;
                }
                _ => {}
            }
        }
        let Some(voice) = self.voice(doer, spans, record, out) else {
            return;
        };
        let origin = said.origin(voice.begun, doer != Doer::Main);
        voice.begun |= said.message.role == Some(Role::Assistant);
        element::message(said.message, origin, &mut voice.calls, record, out);
    }

    /// Whether a call is told.
    pub(super) fn knows_call(&self, id: &str) -> bool {
        self.calls.contains(&hash(&id))
    }

    /// Tells a call as an event shows it.
    pub(super) fn call(
        &mut self,
        mut call: ToolCall,
        doer: Doer,
        spans: &Spans,
        record: &mut Record<'_>,
        out: &mut Emitter<'_>,
    ) {
        self.calls.insert(hash(&call.id));
        if let Some(voice) = self.voice(doer, spans, record, out) {
            call.id = voice.calls.call(call.id);
            out.event(record, EventKind::ToolCall(call));
        }
    }

    /// Tells a result as an event shows it.
    pub(super) fn result(
        &mut self,
        mut result: ToolResult,
        doer: Doer,
        spans: &Spans,
        record: &mut Record<'_>,
        out: &mut Emitter<'_>,
    ) {
        if self.results.len() < MOST_CALLS {
            *self.results.entry(hash(&result.call_id)).or_default() += 1;
        }
        if let Some(voice) = self.voice(doer, spans, record, out) {
            result.call_id = voice.calls.result(result.call_id);
            out.event(record, EventKind::ToolResult(result));
        }
    }

    /// Whether the result of this call was told as an event shows it; the message that repeats it
    /// takes it back.
    pub(super) fn repeats_result(&mut self, call: &str) -> bool {
        match self.results.get_mut(&hash(&call)) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        }
    }
}
