//! Calls joined with their results, in the order in which the agent made the calls.

use std::collections::VecDeque;

use jiff::Timestamp;
use proctor_model::{Place, SessionNote, StepKind, ToolCall, ToolResult};

/// The most steps that wait behind a call without a result.
const WAITING: usize = 256;

/// The most bytes of text that wait.
const WAITING_BYTES: usize = 8 * 1024 * 1024;

/// What becomes a step once it is complete and everything before it is out.
#[derive(Debug)]
pub(crate) struct Draft {
    /// When it began.
    pub(crate) time: Option<Timestamp>,
    /// The events it is joined from.
    pub(crate) evidence: Vec<Place>,
    /// What happened.
    pub(crate) what: What,
}

/// What happened, before it is understood.
#[derive(Debug)]
pub(crate) enum What {
    /// Something about the session, which makes no step.
    Note(Box<SessionNote>),
    /// Anything but the use of a tool.
    Plain(StepKind),
    /// A call, with its result once that has come.
    Call {
        call: ToolCall,
        result: Option<ToolResult>,
        /// Whether the turn was stopped while it waited.
        stopped: bool,
    },
    /// A result without a call to join it to.
    Result {
        result: ToolResult,
        /// Whether its call had been given up earlier.
        late: bool,
    },
}

/// The queue of one session.
#[derive(Debug, Default)]
pub(crate) struct Join {
    queue: VecDeque<Draft>,
    bytes: usize,
}

impl Join {
    /// Takes something that is complete, or a call that may wait for its result.
    pub(crate) fn push(&mut self, draft: Draft) {
        self.bytes = self.bytes.saturating_add(draft.bytes());
        self.queue.push_back(draft);
    }

    /// Joins a result to the oldest call of its id that waits; gives it back where there is none.
    pub(crate) fn answer(&mut self, answer: ToolResult, at: &Place) -> Option<ToolResult> {
        for draft in &mut self.queue {
            if let What::Call { call, result, .. } = &mut draft.what
                && result.is_none()
                && call.id == answer.call_id
            {
                self.bytes = self.bytes.saturating_add(answer.text.len());
                *result = Some(answer);
                draft.evidence.push(at.clone());
                return None;
            }
        }
        Some(answer)
    }

    /// The turn was stopped: calls that still wait were most likely cut off.
    pub(crate) fn stop(&mut self) {
        for draft in &mut self.queue {
            if let What::Call {
                result: None,
                stopped,
                ..
            } = &mut draft.what
            {
                *stopped = true;
            }
        }
    }

    /// The next draft that may go out; at the `end`, the next one there is.
    pub(crate) fn pop(&mut self, end: bool) -> Option<Draft> {
        let full = self.queue.len() > WAITING || self.bytes > WAITING_BYTES;
        let waits = self.queue.front()?.waits();
        if waits && !full && !end {
            return None;
        }
        let draft = self.queue.pop_front()?;
        self.bytes = self.bytes.saturating_sub(draft.bytes());
        Some(draft)
    }

    #[cfg(test)]
    pub(crate) fn size(&self) -> usize {
        self.queue.len()
    }
}

impl Draft {
    fn waits(&self) -> bool {
        matches!(&self.what, What::Call { result: None, .. })
    }

    /// About how much memory its texts take.
    fn bytes(&self) -> usize {
        64 + match &self.what {
            What::Plain(StepKind::Request { text, .. } | StepKind::Reply { text }) => text.len(),
            What::Plain(StepKind::Reasoning(reasoning)) => reasoning.text.len(),
            What::Plain(_) | What::Note(_) => 0,
            What::Call { call, result, .. } => {
                size(&call.input) + result.as_ref().map_or(0, |r| r.text.len())
            }
            What::Result { result, .. } => result.text.len(),
        }
    }
}

/// About how many bytes a value takes.
fn size(value: &serde_json::Value) -> usize {
    use serde_json::Value;
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(size).sum::<usize>() + 32 * items.len(),
        Value::Object(fields) => fields.iter().map(|(k, v)| 32 + k.len() + size(v)).sum(),
        _ => 8,
    }
}
