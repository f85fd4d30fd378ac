//! Recognising records that repeat earlier ones.
//!
//! The file of a resumed session begins with a copy of its past. A call is known by its id *and*
//! what it asks: an agent that gives another act the id of an earlier one does not hide it, and
//! harnesses that count their ids anew each turn lose nothing.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, Hash, Hasher};

use jiff::Timestamp;
use proctor_model::{Message, ToolCall, ToolResult};
use serde_json::Value;

use crate::hash::Keyed;

/// The most records that are remembered; the oldest are forgotten first.
const SEEN: usize = 16 * 1024;

/// The most calls given up that are remembered.
const GIVEN_UP: usize = 4096;

/// Where and when a record was met.
#[derive(Clone, Copy)]
pub(crate) struct Met {
    /// Number of the source within the session.
    pub(crate) source: u32,
    /// The record's time.
    pub(crate) time: Option<Timestamp>,
}

/// The records of one session that were seen.
pub(crate) struct Repeats {
    hasher: Keyed,
    seen: HashMap<u64, Met, Keyed>,
    order: VecDeque<u64>,
    given_up: VecDeque<u64>,
}

/// What is known of a record that was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// Whether it repeats an earlier one.
    pub(crate) again: bool,
    /// Its content in a number, alike in all sessions of this process.
    pub(crate) print: u64,
}

impl Default for Repeats {
    fn default() -> Self {
        Self {
            hasher: Keyed::shared(),
            seen: HashMap::default(),
            order: VecDeque::new(),
            given_up: VecDeque::new(),
        }
    }
}

impl Repeats {
    /// Whether the call repeats an earlier one: the same id, name and arguments, from another file
    /// or at the same time.
    pub(crate) fn call(&mut self, call: &ToolCall, met: Met) -> Known {
        let mut hasher = self.hasher.build_hasher();
        (0u8, &call.id, &call.name).hash(&mut hasher);
        hash_value(&call.input, &mut hasher);
        let hash = hasher.finish();
        self.again(hash, met, |first| {
            first.source != met.source || (met.time.is_some() && first.time == met.time)
        })
    }

    /// Whether the result repeats an earlier one, as a call does.
    pub(crate) fn result(&mut self, result: &ToolResult, met: Met) -> Known {
        let hash = self.hasher.hash_one((1u8, &result.call_id, &result.text));
        self.again(hash, met, |first| {
            first.source != met.source || (met.time.is_some() && first.time == met.time)
        })
    }

    /// Whether the message repeats one of another file: the same author, time and text.
    pub(crate) fn message(&mut self, message: &Message, met: Met) -> Known {
        let print = self.hasher.hash_one((2u8, message.role, &message.text));
        self.again_at(print, met)
    }

    /// Whether this reasoning repeats one of another file.
    pub(crate) fn reasoning(&mut self, text: &str, met: Met) -> Known {
        let print = self.hasher.hash_one((3u8, text));
        self.again_at(print, met)
    }

    /// Remembers that a call went out without a result.
    pub(crate) fn give_up(&mut self, call_id: &str) {
        if self.given_up.len() >= GIVEN_UP {
            self.given_up.pop_front();
        }
        self.given_up.push_back(self.hasher.hash_one(call_id));
    }

    /// Whether a call of this id went out without a result; each is told once.
    pub(crate) fn was_given_up(&mut self, call_id: &str) -> bool {
        let hash = self.hasher.hash_one(call_id);
        match self.given_up.iter().position(|known| *known == hash) {
            Some(at) => self.given_up.remove(at).is_some(),
            None => false,
        }
    }

    /// Whether this stood in another file at the same time.
    fn again_at(&mut self, print: u64, met: Met) -> Known {
        let again = met.time.is_some_and(|time| {
            let hash = self.hasher.hash_one((print, time));
            self.again(hash, met, |first| first.source != met.source)
                .again
        });
        Known { again, print }
    }

    fn again(&mut self, hash: u64, met: Met, is_repeat: impl Fn(&Met) -> bool) -> Known {
        let known = |again| Known { again, print: hash };
        if let Some(first) = self.seen.get(&hash) {
            return known(is_repeat(first));
        }
        if self.order.len() >= SEEN
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        self.order.push_back(hash);
        self.seen.insert(hash, met);
        known(false)
    }

    #[cfg(test)]
    pub(crate) fn size(&self) -> usize {
        self.seen.len() + self.order.len() + self.given_up.len()
    }
}

fn hash_value(value: &Value, hasher: &mut impl Hasher) {
    match value {
        Value::Null => 0u8.hash(hasher),
        Value::Bool(flag) => (1u8, flag).hash(hasher),
        Value::Number(number) => (2u8, number).hash(hasher),
        Value::String(text) => (3u8, text).hash(hasher),
        Value::Array(items) => {
            (4u8, items.len()).hash(hasher);
            items.iter().for_each(|item| hash_value(item, hasher));
        }
        Value::Object(fields) => {
            (5u8, fields.len()).hash(hasher);
            for (key, value) in fields {
                key.hash(hasher);
                hash_value(value, hasher);
            }
        }
    }
}
