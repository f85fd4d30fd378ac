//! A small language in which tests write sessions: `Script::new().user("…").runs("…", "…", 0)`.

use std::sync::Arc;

use proctor_model::{
    Boundary, Event, EventKind, Finding, Harness, Message, Origin, Place, Reasoning,
    ReasoningState, Role, SessionId, SessionNote, Source, ToolCall, ToolResult, Vantage,
};
use proctor_reconcile::{Observer, Reconciler, Summary};
use serde_json::{Value, json};

use crate::{Engine, Monitor};

/// A session under construction; the agent works in `/repo`.
pub(crate) struct Script {
    events: Vec<EventKind>,
}

impl Script {
    pub(crate) fn new() -> Self {
        Self::of(Harness::ClaudeCode)
    }

    /// A session of another harness.
    pub(crate) fn of(harness: Harness) -> Self {
        let note = SessionNote {
            harness: Some(harness),
            cwd: Some("/repo".to_owned()),
            ..SessionNote::default()
        };
        Self {
            events: vec![EventKind::Session(note)],
        }
    }

    fn push(mut self, kind: EventKind) -> Self {
        self.events.push(kind);
        self
    }

    fn message(self, role: Role, origin: Origin, text: &str) -> Self {
        self.push(EventKind::Message(Message {
            role,
            origin,
            text: text.to_owned(),
        }))
    }

    /// The person asks.
    pub(crate) fn user(self, text: &str) -> Self {
        self.message(Role::User, Origin::Person, text)
    }

    /// The system prompt.
    pub(crate) fn system(self, text: &str) -> Self {
        self.message(Role::System, Origin::Harness, text)
    }

    /// Text that the harness put into the user's role.
    pub(crate) fn harness(self, text: &str) -> Self {
        self.message(Role::User, Origin::Harness, text)
    }

    /// Keeps a plan of tasks with their states.
    pub(crate) fn plans(self, tasks: &[(&str, &str)]) -> Self {
        let todos: Vec<Value> = tasks
            .iter()
            .map(|(content, status)| json!({ "content": content, "status": status }))
            .collect();
        self.uses("TodoWrite", json!({ "todos": todos }), "ok")
    }

    /// The agent writes to its user.
    pub(crate) fn says(self, text: &str) -> Self {
        self.message(Role::Assistant, Origin::Agent, text)
    }

    /// The agent reasons, readably.
    pub(crate) fn thinks(self, text: &str) -> Self {
        self.reasons(ReasoningState::Full, text)
    }

    /// The agent reasons.
    pub(crate) fn reasons(self, state: ReasoningState, text: &str) -> Self {
        self.push(EventKind::Reasoning(Reasoning {
            state,
            text: text.to_owned(),
        }))
    }

    pub(crate) fn boundary(self, boundary: Boundary) -> Self {
        self.push(EventKind::Boundary(boundary))
    }

    /// Any use of a tool; no result where `result` is `None`.
    pub(crate) fn act(self, name: &str, input: Value, result: Option<ToolResult>) -> Self {
        let id = format!("call-{}", self.events.len());
        let this = self.push(EventKind::ToolCall(ToolCall {
            id: id.clone(),
            name: name.to_owned(),
            input,
        }));
        match result {
            Some(result) => this.push(EventKind::ToolResult(ToolResult {
                call_id: id,
                ..result
            })),
            None => this,
        }
    }

    /// Runs a command line that exits with `exit`.
    pub(crate) fn runs(self, command: &str, output: &str, exit: i32) -> Self {
        let result = ToolResult {
            exit_code: Some(exit),
            ..ended(output, exit != 0)
        };
        self.act("Bash", json!({ "command": command }), Some(result))
    }

    /// Asks for a command line that is refused with these words.
    pub(crate) fn refused(self, command: &str, words: &str) -> Self {
        self.act("Bash", json!({ "command": command }), Some(refusal(words)))
    }

    /// Changes part of a file.
    pub(crate) fn edits(self, path: &str, old: &str, new: &str) -> Self {
        let done = ended("The file has been updated.", false);
        self.edit_ends(path, old, new, done)
    }

    /// Tries to change part of a file.
    pub(crate) fn edit_ends(self, path: &str, old: &str, new: &str, result: ToolResult) -> Self {
        let input = json!({ "file_path": path, "old_string": old, "new_string": new });
        self.act("Edit", input, Some(result))
    }

    /// Writes a whole file.
    pub(crate) fn writes(self, path: &str, content: &str) -> Self {
        self.write_ends(path, content, ended("File created.", false))
    }

    /// Tries to write a whole file.
    pub(crate) fn write_ends(self, path: &str, content: &str, result: ToolResult) -> Self {
        let input = json!({ "file_path": path, "content": content });
        self.act("Write", input, Some(result))
    }

    /// Reads a file.
    pub(crate) fn reads(self, path: &str, content: &str) -> Self {
        let input = json!({ "file_path": path });
        self.act("Read", input, Some(ended(content, false)))
    }

    /// Fetches from the network.
    pub(crate) fn fetches(self, target: &str, result: ToolResult) -> Self {
        self.act(
            "WebFetch",
            json!({ "url": target, "prompt": "read" }),
            Some(result),
        )
    }

    /// Starts another agent.
    pub(crate) fn spawns(self, prompt: &str, report: &str) -> Self {
        let input = json!({ "subagent_type": "general", "description": "d", "prompt": prompt });
        self.act("Task", input, Some(ended(report, false)))
    }

    /// Writes to a person.
    pub(crate) fn tells(self, to: &str, text: &str) -> Self {
        let input = json!({ "to": to, "subject": "Note", "body": text });
        self.act("send_email", input, Some(ended("sent", false)))
    }

    /// Uses any tool.
    pub(crate) fn uses(self, name: &str, input: Value, output: &str) -> Self {
        self.act(name, input, Some(ended(output, false)))
    }

    /// Shows the session to an observer, from its first event to its end.
    pub(crate) fn observed_by<O: Observer>(self, observer: O) -> O {
        self.reconciled(observer).1
    }

    /// What the session did, in numbers.
    pub(crate) fn summary(self) -> Summary {
        self.reconciled(()).0
    }

    fn reconciled<O: Observer>(self, observer: O) -> (Summary, O) {
        let source = Arc::new(Source::file("script"));
        let mut observer = Some(observer);
        let mut reconciler = Reconciler::new(|_: &SessionId| observer.take().unwrap());
        for (i, kind) in self.events.into_iter().enumerate() {
            let event = Event {
                at: Place {
                    source: Arc::clone(&source),
                    offset: i as u64,
                    len: 1,
                    part: 0,
                },
                seq: i as u64,
                vantage: Vantage::Said,
                time: None,
                session: SessionId::new("test:1"),
                kind,
            };
            reconciler.event(event, b"");
        }
        reconciler.finish().remove(0)
    }

    /// What the monitor finds in the session.
    pub(crate) fn watched_by(self, monitor: impl Monitor + 'static) -> Vec<Finding> {
        self.observed_by(Engine::with_monitors(vec![Box::new(monitor)]))
            .into_findings()
    }
}

/// The strongest finding of a monitor in a session: its rule and its score.
pub(crate) fn strongest(script: Script, monitor: impl Monitor + 'static) -> Option<(String, f64)> {
    let found = script.watched_by(monitor);
    let best = found
        .into_iter()
        .max_by(|a, b| a.score.total_cmp(&b.score))?;
    assert!(!best.evidence.is_empty() && !best.explanation.is_empty() && !best.title.is_empty());
    Some((best.rule.id, best.score))
}

/// Asserts that in each session the strongest finding is of this rule and scores at least so much.
pub(crate) fn each_is_found<M: Monitor + Default + 'static>(cases: Vec<(&str, f64, Script)>) {
    let mut wrong = vec![];
    for (i, (rule, least, script)) in cases.into_iter().enumerate() {
        let found = strongest(script, M::default());
        let right = |(id, score): &(String, f64)| id == rule && *score >= least;
        if !found.as_ref().is_some_and(right) {
            wrong.push(format!(
                "case {i}: wanted {rule} at {least}, found {found:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Asserts that no finding in any of these sessions scores more than 0.3.
pub(crate) fn each_passes<M: Monitor + Default + 'static>(cases: Vec<(&str, Script)>) {
    let mut wrong = vec![];
    for (name, script) in cases {
        let found = strongest(script, M::default());
        if found.as_ref().is_some_and(|(_, score)| *score > 0.3) {
            wrong.push(format!("{name}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A result with this output.
pub(crate) fn ended(text: &str, failed: bool) -> ToolResult {
    ToolResult {
        text: text.to_owned(),
        is_error: Some(failed),
        ..ToolResult::default()
    }
}

/// The result of a call that was refused.
pub(crate) fn refusal(words: &str) -> ToolResult {
    ToolResult {
        refused: true,
        ..ended(words, true)
    }
}
