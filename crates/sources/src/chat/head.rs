//! What a value of a chat file is, and what it says about itself outside of its messages.

use std::io;

use jiff::Timestamp;
use proctor_dialects::json::Value;

use super::{MESSAGES, RUN_IDS};
use crate::document::{Paths, Piece};
use crate::element;
use crate::text::Text;

/// What a value is, and what it says about itself outside of its messages.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) kind: Kind,
    /// The id, and its rank among [`RUN_IDS`].
    pub(super) id: Option<(usize, String)>,
    pub(super) model: Option<String>,
    pub(super) title: Option<String>,
    pub(super) time: Option<Timestamp>,
    /// Whether `messages` is no list.
    pub(super) bad_messages: bool,
    /// Names of members that the reader does not know.
    pub(super) unknown: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Kind {
    Run,
    List,
    Message,
    #[default]
    Other,
}

impl Head {
    /// Longest member of a head that is looked at, in bytes.
    const LONGEST: usize = 4 << 10;

    /// Most unknown names that are kept.
    const MOST_NAMES: usize = 100;

    pub(super) fn of(text: Text<'_>) -> io::Result<Self> {
        const PATHS: usize = MESSAGES.len();
        let paths = Paths::new(&[])
            .places(&MESSAGES)
            .with(&["$.*"], Self::LONGEST)
            .places(&["$[*]"]);
        let mut splitter = text.split(paths)?;
        let mut head = Self::default();
        while let Some(piece) = splitter.next() {
            match piece {
                Piece::Element { path, key, raw, .. } if path >= PATHS => head.member(key, raw),
                Piece::Long {
                    path: PATHS, key, ..
                } => head.member(key, b""),
                Piece::Long { path, .. } if path > PATHS => {
                    head.kind = Kind::List;
                    break;
                }
                Piece::Element { .. } | Piece::Long { .. } => head.kind = Kind::Run,
                // Reading it for good will tell.
                Piece::Broken { .. } => break,
            }
        }
        Ok(head)
    }

    /// Takes an id, unless a better one is known.
    fn id(&mut self, key: &str, raw: &[u8]) {
        let rank = RUN_IDS.iter().position(|id| *id == key).unwrap_or_default();
        if let Some(id) = name(raw).filter(|_| self.id.as_ref().is_none_or(|(r, _)| rank < *r)) {
            self.id = Some((rank, id));
        }
    }

    fn member(&mut self, key: &str, raw: &[u8]) {
        match key {
            "messages" => {
                self.kind = Kind::Run;
                self.bad_messages = !matches!(raw.first(), Some(b'[' | b'n'));
            }
            "role" | "type" if self.kind == Kind::Other => self.kind = Kind::Message,
            _ if RUN_IDS.contains(&key) => self.id(key, raw),
            "model" => self.model = name(raw),
            "title" => self.title = name(raw),
            "created" | "created_at" | "timestamp" if self.time.is_none() => {
                self.time = element::peek(raw).and_then(|value| element::time(&value));
            }
            _ if KNOWN.contains(&key) => {}
            _ if self.unknown.len() < Self::MOST_NAMES => self.unknown.push(key.to_owned()),
            _ => {}
        }
    }
}

/// Members of a run that hold nothing an agent said or did: settings, labels and measurements. A
/// label must never become an event, or a detector could read the answer.
const KNOWN: [&str; 42] = [
    "system",
    "instructions",
    "input",
    "usage",
    "object",
    "role",
    "type",
    "created",
    "created_at",
    "timestamp",
    "tools",
    "tool_choice",
    "functions",
    "function_call",
    "parallel_tool_calls",
    "response_format",
    "temperature",
    "top_p",
    "max_tokens",
    "max_output_tokens",
    "max_completion_tokens",
    "stop",
    "stop_sequences",
    "stream",
    "metadata",
    "stop_reason",
    "service_tier",
    "system_fingerprint",
    "reasoning",
    "thinking",
    "label",
    "truth",
    "suite",
    "user_task",
    "suite_name",
    "pipeline_name",
    "user_task_id",
    "injection_task_id",
    "attack_type",
    "injections",
    "security",
    "utility",
];

/// A short text or number as text.
fn name(raw: &[u8]) -> Option<String> {
    match element::peek(raw)? {
        Value::Str(text) if !text.is_empty() => Some(text.into_owned()),
        Value::Unsigned(number) => Some(number.to_string()),
        _ => None,
    }
}
