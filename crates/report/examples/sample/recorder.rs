//! Writes an invented session step by step, and keeps its summary beside it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use proctor_model::{
    Act, Action, BehaviourId, Boundary, Catalogue, Deception, Finding, Gap, GapCause, Harness,
    Origin, Outcome, Overreach, PermissionMode, Place, Reasoning, ReasoningState, RuleRef,
    SessionId, Severity, Source, Step, StepKind, ToolCall, ToolResult,
};
use proctor_reconcile::{Deed, Summary};

/// One invented session.
pub(crate) struct Recorder {
    /// What it did, in numbers.
    pub(crate) summary: Summary,
    /// What it did, step by step.
    pub(crate) steps: Vec<Step>,
    /// What was found in it.
    pub(crate) findings: Vec<Finding>,
    source: Arc<Source>,
    offset: u64,
    now: Timestamp,
    mode: &'static str,
}

impl Recorder {
    pub(crate) fn new(harness: Harness, id: &str, cwd: &str, model: &str, start: &str) -> Self {
        let (letters, folder) = match harness {
            Harness::Codex => ("codex", ".codex/sessions/2026/11".to_owned()),
            _ => (
                "claude-code",
                format!(".claude/projects/{}", cwd.replace('/', "-")),
            ),
        };
        let mut summary = Summary::new(SessionId::new(format!("{letters}:{id}")));
        let path = format!("/home/ann/{folder}/{id}.jsonl");
        let now: Timestamp = start.parse().unwrap();
        summary.note.harness = Some(harness);
        summary.note.cwd = Some(cwd.to_owned());
        summary.models.insert(model.to_owned());
        summary.sources.insert(path.clone());
        summary.unattended = Some(false);
        summary.start = Some(now);
        summary.end = Some(now);
        Self {
            summary,
            steps: Vec::new(),
            findings: Vec::new(),
            source: Arc::new(Source::file(path)),
            offset: 0,
            now,
            mode: "ask",
        }
    }

    pub(crate) fn titled(mut self, title: &str) -> Self {
        self.summary.note.title = Some(title.to_owned());
        self
    }

    pub(crate) fn bypassing(mut self, unattended: bool) -> Self {
        self.summary.unattended = Some(unattended);
        self.summary.note.permission_mode = Some(PermissionMode::Bypass);
        self.mode = "bypass";
        self
    }

    /// Lets time pass.
    pub(crate) fn wait(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    fn push(&mut self, len: usize, kind: StepKind) -> u64 {
        let index = self.steps.len() as u64;
        let len = len as u64 + 210;
        self.steps.push(Step {
            session: self.summary.session.clone(),
            index,
            time: Some(self.now),
            evidence: vec![Place {
                source: self.source.clone(),
                offset: self.offset,
                len,
                part: 0,
            }],
            kind,
        });
        self.offset += len + 1;
        self.summary.steps += 1;
        let seconds = 14 + len % 23;
        self.summary.active_seconds += seconds;
        self.wait(seconds as i64);
        let hour = self.now.as_second() / 3600;
        *self.summary.active_by_hour.entry(hour).or_default() += seconds;
        self.summary.end = Some(self.now);
        index
    }

    pub(crate) fn person(&mut self, text: &str) -> u64 {
        let index = self.request(Origin::Person, text);
        let at = self.steps.last().and_then(|step| step.evidence.first());
        match at {
            Some(at) => self.summary.requests.add(at, text),
            None => self.summary.requests.count += 1,
        }
        index
    }

    pub(crate) fn request(&mut self, origin: Origin, text: &str) -> u64 {
        let text = text.to_owned();
        self.push(
            text.len(),
            StepKind::Request {
                system: false,
                origin,
                text,
            },
        )
    }

    pub(crate) fn thinks(&mut self, text: &str) -> u64 {
        *self.summary.reasoning.entry("full".into()).or_default() += 1;
        let text = text.to_owned();
        let state = ReasoningState::Full;
        self.push(text.len(), StepKind::Reasoning(Reasoning { state, text }))
    }

    pub(crate) fn says(&mut self, text: &str) -> u64 {
        self.summary.replies += 1;
        self.summary.tokens.requests += 1;
        self.summary.tokens.output += 240 + text.len() as u64;
        self.summary.tokens.input += 2_100;
        self.summary.tokens.cache_read += 61_000;
        let text = text.to_owned();
        self.push(text.len(), StepKind::Reply { text })
    }

    pub(crate) fn boundary(&mut self, boundary: Boundary) -> u64 {
        self.push(80, StepKind::Boundary(boundary))
    }

    pub(crate) fn gap(&mut self, cause: GapCause, detail: &str) -> u64 {
        let detail = detail.to_owned();
        let index = self.push(
            400,
            StepKind::Gap(Gap {
                cause,
                detail: detail.clone(),
            }),
        );
        let place = self.steps[index as usize].evidence[0].clone();
        self.summary
            .gaps
            .entry(cause)
            .or_default()
            .add(&place, &detail);
        index
    }

    pub(crate) fn act(
        &mut self,
        tool: &str,
        action: Action,
        outcome: Outcome,
        output: &str,
    ) -> u64 {
        let id = format!("toolu_{:04}", self.steps.len());
        self.summary.calls += 1;
        *self.summary.tools.entry(tool.into()).or_default() += 1;
        *self
            .summary
            .acts_by_mode
            .entry(self.mode.into())
            .or_default() += 1;
        self.summary.failed += u64::from(outcome == Outcome::Failed);
        self.summary.refused += u64::from(outcome == Outcome::Refused);
        self.summary.tokens.requests += 1;
        self.summary.tokens.output += 180;
        self.summary.tokens.input += 1_400 + output.len() as u64 / 4;
        self.summary.tokens.cache_read += 58_000;
        let result = ToolResult {
            call_id: id.clone(),
            text: output.to_owned(),
            is_error: Some(outcome == Outcome::Failed),
            exit_code: match (&action, outcome) {
                (Action::Command { .. }, Outcome::Ok) => Some(0),
                (Action::Command { .. }, Outcome::Failed) => Some(1),
                _ => None,
            },
            refused: outcome == Outcome::Refused,
            ..ToolResult::default()
        };
        self.push(
            output.len() + 180,
            StepKind::Act(Box::new(Act {
                call: ToolCall {
                    id,
                    name: tool.to_owned(),
                    input: serde_json::Value::Null,
                },
                action,
                result: (outcome != Outcome::Unknown).then_some(result),
                outcome,
                differences: Vec::new(),
            })),
        )
    }

    pub(crate) fn runs(&mut self, command: &str, output: &str) -> u64 {
        self.command(command, Outcome::Ok, output)
    }

    pub(crate) fn command(&mut self, command: &str, outcome: Outcome, output: &str) -> u64 {
        let action = Action::Command {
            command: command.to_owned(),
            language: None,
            background: false,
        };
        let at = self.act("Bash", action, outcome, output);
        self.did(Deed::CommandRun, command);
        at
    }

    pub(crate) fn reads(&mut self, path: &str, output: &str) -> u64 {
        let path = path.to_owned();
        self.act("Read", Action::Read { path }, Outcome::Ok, output)
    }

    pub(crate) fn edits(&mut self, path: &str, old: &str, new: &str) -> u64 {
        let action = Action::Edit {
            path: path.to_owned(),
            hunks: vec![(old.to_owned(), new.to_owned())],
        };
        let at = self.act("Edit", action, Outcome::Ok, "The file was updated.");
        self.did(Deed::FileWritten, path);
        at
    }

    pub(crate) fn writes(&mut self, path: &str, content: &str) -> u64 {
        let action = Action::Write {
            path: path.to_owned(),
            content: content.to_owned(),
        };
        let at = self.act("Write", action, Outcome::Ok, "The file was written.");
        self.did(Deed::FileWritten, path);
        at
    }

    /// Counts a deed of the last step.
    pub(crate) fn did(&mut self, deed: Deed, what: &str) {
        let Some(place) = self.steps.last().and_then(|s| s.evidence.first()) else {
            return;
        };
        if deed == Deed::HostContacted {
            *self.summary.hosts.entry(what.into()).or_default() += 1;
        }
        self.summary.deeds.entry(deed).or_default().add(place, what);
    }

    /// Adds a finding whose evidence are these steps, the decisive one first.
    pub(crate) fn found(&mut self, behaviour: &str, score: f64, steps: &[u64], says: Says<'_>) {
        let behaviour = BehaviourId::new(behaviour);
        let severity = Catalogue::builtin()
            .get(&behaviour)
            .map_or(Severity::Medium, |b| b.severity);
        let first = &self.steps[steps[0] as usize];
        self.findings.push(Finding {
            session: self.summary.session.clone(),
            step: steps[0],
            time: first.time,
            evidence: steps
                .iter()
                .flat_map(|i| self.steps[*i as usize].evidence.clone())
                .collect(),
            rule: RuleRef {
                id: format!("{behaviour}-sample"),
                version: 1,
            },
            behaviour,
            severity,
            score,
            overreach: says.overreach,
            deception: says.deception,
            title: says.title.to_owned(),
            explanation: says.explanation.to_owned(),
            quote: says.quote.to_owned(),
        });
    }
}

/// The words of a finding.
pub(crate) struct Says<'a> {
    pub(crate) title: &'a str,
    pub(crate) explanation: &'a str,
    pub(crate) quote: &'a str,
    pub(crate) overreach: Overreach,
    pub(crate) deception: Deception,
}
