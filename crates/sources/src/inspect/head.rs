//! What a sample says of itself, outside of its lists.

use jiff::Timestamp;
use proctor_dialects::json::Value;
use proctor_dialects::place_name;

use crate::element;

/// What a sample says of itself.
#[derive(Default)]
pub(super) struct Head {
    pub(super) id: Option<String>,
    pub(super) epoch: Option<u64>,
    pub(super) started: Option<Timestamp>,
    pub(super) score: Option<String>,
    /// Tokens by model, with the place of the record.
    pub(super) usage: Option<(u64, Vec<u8>)>,
    /// What the agent was given, where it never came to a conversation.
    pub(super) input: Option<(u64, Vec<u8>)>,
    /// The final conversation as stretches of the pool.
    pub(super) refs: Option<Value<'static>>,
    /// Errors and limits that ended the sample, with the places of their records.
    pub(super) ends: Vec<(&'static str, u64, Vec<u8>)>,
    pub(super) unknown: Vec<String>,
    /// Events of the sample, and of attempts before it.
    pub(super) events: u64,
}

impl Head {
    const MOST_NAMES: usize = 100;

    /// Takes one member of the sample.
    pub(super) fn member(&mut self, key: &str, offset: u64, raw: &[u8]) {
        let here = || (offset, raw.to_vec());
        match key {
            "id" => {
                self.id = match element::peek(raw) {
                    Some(Value::Str(text)) => Some(text.into_owned()),
                    Some(number @ (Value::Unsigned(_) | Value::Signed(_))) => {
                        Some(serde_json::Value::from(number).to_string())
                    }
                    _ => None,
                };
            }
            "epoch" => self.epoch = element::peek(raw).and_then(|value| value.as_u64()),
            "started_at" => self.started = element::peek(raw).and_then(|v| element::time(&v)),
            "score" | "scores" => self.score = element::peek(raw).and_then(|v| score(key, &v)),
            "model_usage" => self.usage = Some(here()),
            "input" => self.input = Some(here()),
            "message_refs" => self.refs = element::peek(raw),
            "error" if raw != b"null" => self.ends.push(("sample error", offset, raw.to_vec())),
            "limit" if raw != b"null" => self.ends.push(("sample limit", offset, raw.to_vec())),
            _ if KNOWN.contains(&key) => {}
            _ if self.unknown.len() < Self::MOST_NAMES => self.unknown.push(key.to_owned()),
            _ => {}
        }
    }
}

/// Members of a sample that are read elsewhere, or that hold nothing an agent said or did.
const KNOWN: [&str; 35] = [
    "messages",
    "events",
    "attachments",
    "events_data",
    "message_pool",
    "call_pool",
    "transcript",
    "error",
    "limit",
    "error_retries",
    "target",
    "choices",
    "sandbox",
    "files",
    "setup",
    "output",
    "metadata",
    "store",
    "timelines",
    "role_usage",
    "model_fallbacks",
    "completed_at",
    "total_time",
    "working_time",
    "uuid",
    "invalidation",
    "turn_count",
    "token_limit",
    "token_limit_type",
    "token_limit_usage",
    "sequences",
    "message_count",
    "retries",
    "completed",
    "skeleton",
];

/// The scores of a sample in a line.
fn score(key: &str, scores: &Value<'_>) -> Option<String> {
    const LONGEST: usize = 200;
    let value = |score: &Value<'_>| {
        let value = score.get("value")?;
        Some(match value.as_str() {
            Some(text) => place_name(text),
            None => place_name(&serde_json::Value::from(value.clone()).to_string()),
        })
    };
    if key == "score" {
        return value(scores);
    }
    let mut line = String::new();
    for (name, score) in scores.as_object()?.iter() {
        let Some(value) = value(score) else {
            continue;
        };
        if line.len() > LONGEST {
            line.push('…');
            break;
        }
        let sep = if line.is_empty() { "" } else { ", " };
        let name = place_name(name);
        line.push_str(&format!("{sep}{name}={value}"));
    }
    (!line.is_empty()).then_some(line)
}
