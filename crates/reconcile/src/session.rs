//! One session: its events in, its steps out to its observer.

use std::sync::Arc;

use jiff::Timestamp;
use proctor_model::{
    Act, Action, Boundary, Difference, Event, EventKind, Message, Outcome, Place, ReasoningState,
    Role, SessionId, SessionNote, Source, Step, StepKind, ToolCall, ToolResult,
};

use crate::action::actions;
use crate::effect::{Effect, effects, took_place};
use crate::facts::{Facts, merge};
use crate::hours::Hours;
use crate::join::{Draft, Join, What};
use crate::outcome::outcome;
use crate::repeats::{Met, Repeats};
use crate::runs::{Background, Run, runs};
use crate::summary::{Summary, clip, count};
use crate::turns::{Turns, Usage};
use crate::{Observer, View};

/// One session that is being read.
pub(crate) struct Session<O> {
    observer: O,
    facts: Facts,
    summary: Summary,
    join: Join,
    repeats: Repeats,
    usage: Usage,
    turns: Turns,
    background: Background,
    /// The file that an editor without paths has open.
    open_file: Option<String>,
    active_millis: u64,
    hours: Hours,
    /// Latest time seen, for the pauses.
    latest: Option<Timestamp>,
    /// Source of the latest event and its number, to notice a change cheaply.
    source: Option<Arc<Source>>,
    source_number: u32,
}

impl<O: Observer> Session<O> {
    pub(crate) fn new(id: SessionId, observer: O) -> Self {
        Self {
            observer,
            facts: Facts::new(id.clone()),
            summary: Summary::new(id),
            join: Join::default(),
            repeats: Repeats::default(),
            usage: Usage::default(),
            turns: Turns::default(),
            background: Background::default(),
            open_file: None,
            active_millis: 0,
            hours: Hours::default(),
            latest: None,
            source: None,
            source_number: 0,
        }
    }

    /// Takes the next event.
    pub(crate) fn event(&mut self, event: Event) {
        self.time(event.time);
        self.source(&event.at);
        let Event { at, time, kind, .. } = event;
        let met = Met {
            source: self.source_number,
            time,
        };
        let plain = |kind| Draft {
            time,
            evidence: vec![at.clone()],
            what: What::Plain(kind),
        };
        match kind {
            EventKind::Session(note) => self.note(note, time),
            EventKind::Message(message) => {
                if self.repeats.message(&message, met) {
                    self.summary.repeated += 1;
                    return;
                }
                if message.role == Role::Assistant {
                    self.turns.agent(false, &mut self.summary.reasoning);
                } else {
                    self.turns.outside();
                }
                self.join.push(plain(of_message(message)));
            }
            EventKind::Reasoning(reasoning) => {
                if self.repeats.reasoning(&reasoning.text, met) {
                    self.summary.repeated += 1;
                    return;
                }
                self.turns.agent(true, &mut self.summary.reasoning);
                let state = match reasoning.state {
                    ReasoningState::Full => "full",
                    ReasoningState::Summarised => "summarised",
                    ReasoningState::Empty => "empty",
                    ReasoningState::Encrypted => "encrypted",
                };
                count(&mut self.summary.reasoning, state);
                self.join.push(plain(StepKind::Reasoning(reasoning)));
            }
            EventKind::ToolCall(call) => {
                if self.repeats.call(&call, met) {
                    self.summary.repeated += 1;
                    return;
                }
                self.turns.agent(false, &mut self.summary.reasoning);
                self.join.push(Draft {
                    time,
                    evidence: vec![at],
                    what: What::Call {
                        call,
                        result: None,
                        stopped: false,
                    },
                });
            }
            EventKind::ToolResult(result) => self.result(result, met, at),
            EventKind::Usage(tokens) => {
                let counts = &mut self.summary.reasoning;
                self.turns.usage(tokens.request.as_deref(), counts);
                self.usage.add(tokens);
            }
            EventKind::Boundary(boundary) => {
                self.turns.outside();
                if boundary == Boundary::Interrupted {
                    self.join.stop();
                }
                self.join.push(plain(StepKind::Boundary(boundary)));
            }
            EventKind::Gap(gap) => {
                let tally = self.summary.gaps.entry(gap.cause).or_default();
                tally.add(&at, &gap.detail);
                self.join.push(plain(StepKind::Gap(gap)));
            }
            EventKind::Other { name, known } => {
                if !known {
                    count(&mut self.summary.unknown_records, &name);
                }
            }
        }
        self.drain(false);
    }

    fn time(&mut self, time: Option<Timestamp>) {
        /// Pauses from here on are breaks, in seconds.
        const BREAK: i64 = 300;
        let Some(time) = time else {
            return;
        };
        self.summary.start = Some(self.summary.start.map_or(time, |start| start.min(time)));
        if let Some(latest) = self.latest.filter(|latest| *latest < time) {
            let pause = time.duration_since(latest);
            if pause.as_secs() < BREAK {
                let millis = u64::try_from(pause.as_millis()).unwrap_or_default();
                self.active_millis += millis;
                self.hours.add(time, millis);
            }
        }
        self.latest = self.latest.max(Some(time));
    }

    fn source(&mut self, at: &Place) {
        if self
            .source
            .as_ref()
            .is_some_and(|known| Arc::ptr_eq(known, &at.source))
        {
            return;
        }
        // Readers share one `Arc` per file; should one not, the same file is still one source.
        if self
            .source
            .as_ref()
            .is_none_or(|known| **known != *at.source)
        {
            self.source_number += 1;
            if self.summary.sources.len() < 1000 {
                self.summary.sources.insert(at.source.to_string());
            }
        }
        self.source = Some(Arc::clone(&at.source));
    }

    fn note(&mut self, note: SessionNote, time: Option<Timestamp>) {
        let first_cwd = self.summary.note.cwd.take();
        merge(&mut self.summary.note, &note);
        if first_cwd.is_some() {
            self.summary.note.cwd = first_cwd;
        }
        for (names, name) in [
            (&mut self.summary.models, &note.model),
            (&mut self.summary.versions, &note.version),
        ] {
            if let Some(name) = name.as_ref().filter(|name| !names.contains(*name))
                && names.len() < 100
            {
                names.insert(clip(name, 200));
            }
        }
        // A note takes its turn: the directory that a command leaves behind is recorded with its
        // result, and the command itself ran in the one before.
        self.join.push(Draft {
            time,
            evidence: Vec::new(),
            what: What::Note(Box::new(note)),
        });
    }

    fn result(&mut self, result: ToolResult, met: Met, at: Place) {
        self.turns.outside();
        if let Some(agent) = &result.agent
            && self.summary.agents.len() < 1000
        {
            self.summary.agents.insert(clip(agent, 200));
        }
        if self.repeats.result(&result, met) {
            self.summary.repeated += 1;
            return;
        }
        let Some(result) = self.join.answer(result, &at) else {
            return;
        };
        // Its call is out already without a result, or never was.
        let late = self.repeats.was_given_up(&result.call_id);
        if late {
            self.summary.late_results += 1;
        } else {
            self.summary.unasked_results += 1;
        }
        self.join.push(Draft {
            time: met.time,
            evidence: vec![at],
            what: What::Result { result, late },
        });
    }

    /// Lets out what is complete.
    fn drain(&mut self, end: bool) {
        while let Some(draft) = self.join.pop(end) {
            self.out(draft);
        }
    }

    fn out(&mut self, draft: Draft) {
        let Draft {
            time,
            evidence,
            what,
        } = draft;
        match what {
            What::Note(note) => self.facts.note_more(&note),
            What::Plain(kind) => self.step(time, evidence, kind, &[], &[]),
            What::Call {
                call,
                result,
                stopped,
            } => {
                let outcome = match (&result, stopped) {
                    (None, true) => Outcome::Interrupted,
                    (result, _) => outcome(result.as_ref()),
                };
                if result.is_none() {
                    self.repeats.give_up(&call.id);
                }
                self.summary
                    .count_call(&call, outcome, self.facts.permission_mode());
                self.acts(time, evidence, call, result, outcome);
            }
            What::Result { result, late } => {
                let call = ToolCall {
                    id: result.call_id.clone(),
                    name: String::new(),
                    input: serde_json::Value::Null,
                };
                let differences = if late {
                    Vec::new()
                } else {
                    vec![Difference::Fabricated]
                };
                let act = Act {
                    call,
                    action: Action::Other,
                    outcome: outcome(Some(&result)),
                    result: Some(result),
                    differences,
                };
                self.act(time, evidence, act);
            }
        }
    }

    /// Makes a step of each thing that the call means. The first one has the call and the result
    /// whole; the others have their part of the input, and the result without its text.
    fn acts(
        &mut self,
        time: Option<Timestamp>,
        evidence: Vec<Place>,
        mut call: ToolCall,
        mut result: Option<ToolResult>,
        outcome: Outcome,
    ) {
        let mut actions = actions(&call).into_iter();
        let Some((_, first)) = actions.next() else {
            return;
        };
        let rest: Vec<_> = actions
            .map(|(part, action)| Act {
                call: ToolCall {
                    id: call.id.clone(),
                    name: call.name.clone(),
                    input: part.map_or(serde_json::Value::Null, serde_json::Value::String),
                },
                action,
                result: result.as_ref().map(without_text),
                outcome,
                differences: Vec::new(),
            })
            .collect();
        let first = Act {
            call: std::mem::replace(
                &mut call,
                ToolCall {
                    id: String::new(),
                    name: String::new(),
                    input: serde_json::Value::Null,
                },
            ),
            action: first,
            result: result.take(),
            outcome,
            differences: Vec::new(),
        };
        self.act(time, evidence.clone(), first);
        for act in rest {
            self.act(time, evidence.clone(), act);
        }
    }

    fn act(&mut self, time: Option<Timestamp>, evidence: Vec<Place>, mut act: Act) {
        match &mut act.action {
            Action::Read { path } | Action::Write { path, .. } => {
                self.open_file = Some(path.clone());
            }
            Action::Edit { path, .. } if path.is_empty() => {
                if let Some(open) = &self.open_file {
                    path.clone_from(open);
                }
            }
            _ => {}
        }
        let commands = match &act.action {
            Action::Command {
                command,
                language: None,
                ..
            } => proctor_shell::analyse(command).commands,
            _ => Vec::new(),
        };
        let effects = effects(&act, &commands, self.facts.cwd());
        self.step(
            time,
            evidence,
            StepKind::Act(Box::new(act)),
            &commands,
            &effects,
        );
    }

    /// The one way out: facts first, then the summary, then the observer.
    fn step(
        &mut self,
        time: Option<Timestamp>,
        evidence: Vec<Place>,
        kind: StepKind,
        commands: &[proctor_shell::Command],
        effects: &[Effect],
    ) {
        let step = Step {
            session: self.summary.session.clone(),
            index: self.summary.steps,
            time,
            evidence,
            kind,
        };
        let runs = self.runs(&step, commands);
        let done: Vec<&Effect> = match &step.kind {
            StepKind::Act(act) => effects
                .iter()
                .filter(|effect| took_place(effect, act, commands))
                .collect(),
            _ => Vec::new(),
        };
        self.summary
            .count_step(&step, &done, &runs, self.facts.project());
        self.facts.step(&step, effects, &done, runs);
        self.observer.step(&View {
            step: &step,
            commands,
            effects,
            facts: &self.facts,
        });
    }

    fn runs(&mut self, step: &Step, commands: &[proctor_shell::Command]) -> Vec<Run> {
        let (StepKind::Act(act), Some(at)) = (&step.kind, step.evidence.first()) else {
            return Vec::new();
        };
        let mut runs = runs(act, commands, self.facts.harness(), step.index, at);
        let ended = self.background.see(act, &runs, step.index);
        runs.extend(ended);
        runs
    }

    /// How many things are remembered.
    #[cfg(test)]
    pub(crate) fn size(&self) -> usize {
        let summary = &self.summary;
        let named = summary.sources.len() + summary.tools.len() + summary.hosts.len();
        let examples: usize = summary
            .deeds
            .values()
            .map(|tally| tally.examples.len())
            .sum();
        let working = self.repeats.size() + self.join.size() + self.usage.size();
        self.facts.size() + working + named + examples
    }

    /// Lets out what still waits, and ends.
    pub(crate) fn finish(mut self) -> (Summary, O) {
        self.drain(true);
        self.turns.finish(&mut self.summary.reasoning);
        self.observer.end(&self.facts);
        let mut summary = self.summary;
        summary.end = self.latest;
        summary.active_seconds = self.active_millis / 1000;
        summary.active_by_hour = self.hours.finish();
        summary.tokens = self.usage.total();
        summary.unattended = summary.note.unattended;
        summary.parent = summary.note.parent.clone();
        (summary, self.observer)
    }
}

fn of_message(message: Message) -> StepKind {
    let Message { role, origin, text } = message;
    match role {
        Role::Assistant => StepKind::Reply { text },
        Role::System | Role::User => StepKind::Request {
            system: role == Role::System,
            origin,
            text,
        },
    }
}

fn without_text(result: &ToolResult) -> ToolResult {
    ToolResult {
        call_id: result.call_id.clone(),
        text: String::new(),
        is_error: result.is_error,
        exit_code: result.exit_code,
        refused: result.refused,
        interrupted: result.interrupted,
        agent: None,
    }
}
