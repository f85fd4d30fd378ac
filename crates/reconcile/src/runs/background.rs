//! Runs that go on in the background, and the later looks at their output.

use std::collections::VecDeque;
use std::sync::LazyLock;

use memchr::memmem;
use proctor_model::{Act, Action};
use regex::Regex;
use serde_json::Value;

use super::{Run, RunOutcome};

/// The most runs that are waited for.
const WAITING: usize = 32;

/// The runs of a session that were started and not yet seen to end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Background {
    /// By the id that the harness gave the process.
    waiting: VecDeque<(String, Run)>,
}

/// What harnesses say when a command goes on: `running in background with ID: X`, `Process running
/// with session ID 7`.
static ID: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\b(?:ID|session)[:=]? *`?([A-Za-z0-9_-]{1,64})").ok());

impl Background {
    /// Remembers the runs of an act that goes on, and gives back the runs whose end an act shows.
    pub(crate) fn see(&mut self, act: &Act, started: &[Run], step: u64) -> Vec<Run> {
        let Some(result) = &act.result else {
            return Vec::new();
        };
        let open = started
            .iter()
            .filter(|run| run.outcome == RunOutcome::Unknown);
        let head = result
            .text
            .get(..result.text.floor_char_boundary(1000))
            .unwrap_or_default();
        let goes_on = matches!(
            act.action,
            Action::Command {
                background: true,
                ..
            }
        ) || ["running in background", "Process running with"]
            .iter()
            .any(|words| memmem::find(head.as_bytes(), words.as_bytes()).is_some());
        if goes_on && let Some(id) = id(head) {
            for run in open {
                if self.waiting.len() >= WAITING {
                    self.waiting.pop_front();
                }
                self.waiting.push_back((id.clone(), run.clone()));
            }
            return Vec::new();
        }
        if self.waiting.is_empty() || !started.is_empty() {
            return Vec::new();
        }
        let status = crate::outcome::exit_code(result);
        let mut ended = Vec::new();
        self.waiting.retain(|(id, run)| {
            if !names(&act.call.input, id) {
                return true;
            }
            match run.seen_later(&result.text, status, step) {
                Some(run) => {
                    ended.push(run);
                    false
                }
                None => true,
            }
        });
        ended
    }
}

fn id(text: &str) -> Option<String> {
    let id = ID
        .as_ref()?
        .captures_iter(text)
        .filter_map(|found| found.get(1))
        .find(|id| {
            !matches!(
                id.as_str().to_ascii_lowercase().as_str(),
                "id" | "is" | "with"
            )
        })?;
    Some(id.as_str().to_owned())
}

/// Whether an argument of the call is this id.
fn names(input: &Value, id: &str) -> bool {
    let Value::Object(fields) = input else {
        return false;
    };
    fields.values().any(|value| match value {
        Value::String(text) => text == id,
        Value::Number(number) => number.to_string() == id,
        _ => false,
    })
}
