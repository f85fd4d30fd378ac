//! `assistant` records: what the agent said, reasoned and called for.

use proctor_dialects::json::{Object, Value};
use proctor_dialects::{Part, anthropic};
use proctor_model::{EventKind, Origin, ReasoningState, Role, Tokens, ToolCall};

use super::locate::Place;
use super::user::message_content;
use super::{ClaudeCode, harness_text, message};
use crate::emit::{Emitter, Record};

impl ClaudeCode {
    pub(super) fn assistant(
        &mut self,
        mut entry: Object<'_>,
        place: &Place,
        record: &mut Record<'_>,
        out: &mut Emitter<'_>,
    ) {
        let synthetic = entry.get("isApiErrorMessage").and_then(Value::as_bool) == Some(true)
            || entry
                .get("message")
                .and_then(|m| m.str("model"))
                .is_some_and(|model| model.starts_with('<'));
        let summarised = ["thinkingDisplay", "thinking_display"]
            .iter()
            .any(|key| entry.get(key).and_then(Value::as_str) == Some("summarized"));
        let tokens = entry.get("message").and_then(tokens);
        let content = message_content("assistant", &mut entry, record, out);
        let parts = content.map(|content| anthropic::content(content, &mut self.odd));
        for part in parts.into_iter().flatten() {
            match part {
                // The harness writes in the agent's place where the model gave no answer.
                Part::Text(text) if synthetic => harness_text(text, record, out),
                Part::Text(text) => message(Role::Assistant, Origin::Person, text, record, out),
                Part::Reasoning(mut reasoning) => {
                    if summarised && reasoning.state == ReasoningState::Full {
                        reasoning.state = ReasoningState::Summarised;
                    }
                    out.event(record, EventKind::Reasoning(reasoning));
                }
                Part::Call(call) => {
                    if !place.is_agent() {
                        self.note_prompt(&call);
                    }
                    out.event(record, EventKind::ToolCall(call));
                }
                Part::Result(result) => out.event(record, EventKind::ToolResult(result)),
                Part::Other { name, known: true } => out.known(record, &name),
                Part::Other { name, known: false } => out.unknown(record, &format!("block {name}")),
            }
        }
        if let Some(tokens) = tokens
            && !synthetic
        {
            out.event(record, EventKind::Usage(tokens));
        }
    }

    /// Remembers what a call told the agent that it starts.
    fn note_prompt(&mut self, call: &ToolCall) {
        if let ("Task" | "Agent", Some(prompt)) = (
            call.name.as_str(),
            call.input.get("prompt").and_then(|p| p.as_str()),
        ) {
            self.locate.prompted(&call.id, prompt);
        }
    }
}

/// The tokens of the request that a message answers. Claude Code writes one record for each block
/// of a message, each with the usage of the whole.
fn tokens(message: &Value<'_>) -> Option<Tokens> {
    let usage = message.get("usage")?.as_object()?;
    let count = |key| usage.get(key).and_then(Value::as_u64).unwrap_or(0);
    Some(Tokens {
        request: message.str("id").map(str::to_owned),
        input: count("input_tokens"),
        output: count("output_tokens"),
        cache_read: count("cache_read_input_tokens"),
        cache_write: count("cache_creation_input_tokens"),
    })
}
