//! Messages of a sample: what tells them apart, and what they say.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash, Hasher};

use proctor_dialects::json::Value;
use proctor_dialects::openai_chat::{self, ChatMessage};
use proctor_dialects::{Oddities, Part};
use proctor_model::{Origin, Role};

/// A message, wherever in the sample it was met.
pub(super) struct Said {
    /// The same for all copies of the message within a sample.
    pub(super) key: u64,
    /// The call that it answers, for the result of a tool.
    pub(super) answers: Option<String>,
    /// Where it comes from, as far as it says.
    pub(super) source: Source,
    pub(super) message: ChatMessage,
}

/// Where a message comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Source {
    /// The task, or a person who sat at the run.
    Given,
    /// The harness: what was compacted, the payload of a tool.
    Made,
    /// It does not say.
    Unsaid,
}

impl Said {
    /// Reads a message whose attachments are in place.
    ///
    /// Newer logs give every message an id. In older ones a message is known by what it says; see
    /// [`Copies`] for messages that say the same.
    pub(super) fn read(value: Value<'_>, odd: &mut Oddities) -> Option<Self> {
        let Value::Object(object) = value else {
            odd.bad_field("message", &value, "an object");
            return None;
        };
        let id = object.get("id").and_then(Value::as_str).map(str::to_owned);
        let answers = object.get("tool_call_id");
        let of_tool = object.get("role").and_then(Value::as_str) == Some("tool");
        let payload = !of_tool && answers.is_some_and(|value| !value.is_null());
        let answers = (answers.and_then(Value::as_str))
            .filter(|_| of_tool)
            .map(str::to_owned);
        let metadata = object.get("metadata");
        let summary = metadata.and_then(|m| m.get("summary")).is_some();
        let source = match object.get("source").and_then(Value::as_str) {
            Some("input" | "operator") => Source::Given,
            _ if summary || payload => Source::Made,
            _ => Source::Unsaid,
        };
        let message = openai_chat::message(object, odd)?;
        let key = match &id {
            Some(id) => hash(&("id", id)),
            None => hash(&("text", content_hash(&message))),
        };
        Some(Self {
            key,
            answers,
            source,
            message,
        })
    }

    /// Whether a message in the user's role came from the person, in a session in which the agent
    /// has spoken (`begun`), and which another agent started (`is_sub`).
    pub(super) fn origin(&self, begun: bool, is_sub: bool) -> Origin {
        if self.message.role != Some(Role::User) {
            return Origin::default();
        }
        match self.source {
            Source::Made => Origin::Harness,
            // The harness urges agents to go on in the user's role.
            Source::Unsaid if begun => Origin::Harness,
            Source::Given | Source::Unsaid if is_sub => Origin::Agent,
            Source::Given | Source::Unsaid => Origin::Person,
        }
    }
}

/// Tells apart messages of one list that have the same key.
#[derive(Default)]
pub(super) struct Copies(HashMap<u64, usize>);

impl Copies {
    /// The number of this message among its copies, counted from 0.
    pub(super) fn number(&mut self, key: u64) -> usize {
        let count = self.0.entry(key).or_default();
        let number = *count;
        *count += 1;
        number
    }
}

fn content_hash(message: &ChatMessage) -> u64 {
    let mut hasher = DefaultHasher::new();
    let role = match message.role {
        Some(Role::System) => 0_u8,
        Some(Role::User) => 1,
        Some(Role::Assistant) => 2,
        None => 3,
    };
    role.hash(&mut hasher);
    for part in &message.parts {
        match part {
            Part::Text(text) => (0_u8, text).hash(&mut hasher),
            Part::Reasoning(reasoning) => (1_u8, &reasoning.text).hash(&mut hasher),
            Part::Call(call) => (2_u8, &call.id, &call.name).hash(&mut hasher),
            Part::Result(result) => (3_u8, &result.call_id, &result.text).hash(&mut hasher),
            Part::Other { name, .. } => (4_u8, name).hash(&mut hasher),
        }
    }
    hasher.finish()
}

/// A hash of a value as it stands, attachments not in place.
pub(super) fn hash_value(value: &Value<'_>) -> u64 {
    fn add(value: &Value<'_>, hasher: &mut DefaultHasher) {
        match value {
            Value::Null => 0_u8.hash(hasher),
            Value::Bool(b) => (1_u8, b).hash(hasher),
            Value::Unsigned(n) => (2_u8, n).hash(hasher),
            Value::Signed(n) => (3_u8, n).hash(hasher),
            Value::Float(n) => (4_u8, n.to_bits()).hash(hasher),
            Value::Str(text) => (5_u8, text).hash(hasher),
            Value::Array(items) => {
                (6_u8, items.len()).hash(hasher);
                items.iter().for_each(|item| add(item, hasher));
            }
            Value::Object(members) => {
                (7_u8, members.len()).hash(hasher);
                for (name, value) in members.iter() {
                    name.hash(hasher);
                    add(value, hasher);
                }
            }
        }
    }
    let mut hasher = DefaultHasher::new();
    add(value, &mut hasher);
    hasher.finish()
}

/// A hash that is the same within one run of the program.
pub(super) fn hash(value: &impl Hash) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(value)
}
