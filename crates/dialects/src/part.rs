//! What the dialects have in common: the parts of a message, and what was odd about them.

use proctor_model::{Reasoning, ToolCall, ToolResult};

use crate::json::Value;

/// One part of a message, whatever the provider calls it.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Text, also the bracketed name of an attachment that is not text.
    Text(String),
    /// Reasoning, or the trace that there was some.
    Reasoning(Reasoning),
    /// A tool call.
    Call(ToolCall),
    /// The result of a tool call.
    Result(ToolResult),
    /// A block of this type that carries nothing to judge (`known`) or that the dialect does not
    /// know.
    Other {
        /// The block's own type name.
        name: String,
        /// Whether the dialect knows it.
        known: bool,
    },
}

/// What a dialect could not use, in the order in which it was met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Oddities {
    /// Names of fields that the dialect does not know, such as `tool_use.colour`.
    pub unknown_fields: Vec<String>,
    /// Fields of a type or value that the dialect cannot use, each in plain words.
    pub bad_fields: Vec<String>,
}

impl Oddities {
    /// At most this many of each kind are written down for one record: a record made of nothing
    /// else must not fill the memory.
    const MOST: usize = 100;

    /// Writes down a field that is not known.
    pub fn unknown_field(&mut self, of: &str, name: &str) {
        if self.unknown_fields.len() < Self::MOST {
            self.unknown_fields
                .push(format!("{of}.{}", place_name(name)));
        }
    }

    /// Writes down a field that cannot be used.
    pub fn bad_field(&mut self, field: &str, found: &Value<'_>, wanted: &str) {
        if self.bad_fields.len() < Self::MOST {
            let found = found.type_name();
            self.bad_fields
                .push(format!("`{field}` is {found}, not {wanted}"));
        }
    }

    /// Whether nothing was odd.
    pub fn is_empty(&self) -> bool {
        self.unknown_fields.is_empty() && self.bad_fields.is_empty()
    }
}

/// A name from a recording, fit to be counted and shown: at most 80 characters, none of them
/// control characters.
pub fn place_name(name: &str) -> String {
    name.chars()
        .take(80)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
