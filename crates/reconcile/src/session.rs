//! Events of many sessions in, steps of each session out.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use proctor_model::{
    Act, Action, Boundary, Difference, Event, EventKind, Message, Outcome, PermissionMode, Place,
    ReasoningState, Role, SessionId, SessionNote, Source, Step, StepKind, ToolCall, ToolResult,
};

use crate::action::actions;
use crate::effect::{Effect, effects, took_place};
use crate::facts::{Facts, merge};
use crate::join::{Draft, Join, What};
use crate::outcome::outcome;
use crate::path::{Whereabouts, whereabouts};
use crate::repeats::{Met, Repeats};
use crate::runs::{Background, Run, RunKind, runs};
use crate::summary::{Deed, Summary, clip, count};
use crate::turns::{Turns, Usage};
use crate::{Observer, View};

/// Turns the events of many sessions into steps, for one observer per session.
///
/// Sessions may interleave in any way; the events of one session must come in the order in which
/// they happened (of several files, the earlier file first). Records that a resumed session's file
/// repeats are recognised and left out.
pub struct Reconciler<F, O> {
    make: F,
    open: HashMap<SessionId, Session<O>>,
    closed: BTreeMap<SessionId, (Summary, O)>,
}

impl<F: FnMut(&SessionId) -> O, O: Observer> Reconciler<F, O> {
    /// A reconciler that asks `make` for the observer of each session it meets.
    pub fn new(make: F) -> Self {
        Self {
            make,
            open: HashMap::new(),
            closed: BTreeMap::new(),
        }
    }

    /// Takes the next event. `_raw` are the bytes of its record, which nothing needs yet.
    pub fn event(&mut self, event: Event, _raw: &[u8]) {
        if let Some((summary, _)) = self.closed.get_mut(&event.session) {
            summary.after_close += 1;
            return;
        }
        let Self { make, open, .. } = self;
        let session = match open.get_mut(&event.session) {
            Some(session) => session,
            None => {
                let id = event.session.clone();
                open.entry(id.clone()).or_insert_with(|| {
                    let observer = make(&id);
                    Session::new(id, observer)
                })
            }
        };
        session.event(event);
    }

    /// Ends a session of which no more events will come, which frees most of its memory. Events
    /// that come all the same are counted in [`Summary::after_close`].
    pub fn close(&mut self, session: &SessionId) {
        if let Some(open) = self.open.remove(session) {
            self.closed.insert(session.clone(), open.finish());
        }
    }

    /// Ends all sessions. Sorted by session id.
    pub fn finish(mut self) -> Vec<(Summary, O)> {
        for (id, session) in self.open.drain() {
            self.closed.insert(id, session.finish());
        }
        let mut all: Vec<_> = self.closed.into_values().collect();
        let mut summaries: Vec<&mut Summary> = all.iter_mut().map(|(s, _)| s).collect();
        crate::summary::link(&mut summaries);
        all
    }
}

/// One session that is being read.
struct Session<O> {
    observer: O,
    facts: Facts,
    summary: Summary,
    join: Join,
    repeats: Repeats,
    usage: Usage,
    turns: Turns,
    background: Background,
    active_millis: u64,
    /// Latest time seen, for the pauses.
    latest: Option<Timestamp>,
    /// Source of the latest event and its number, to notice a change cheaply.
    source: Option<Arc<Source>>,
    source_number: u32,
}

impl<O: Observer> Session<O> {
    fn new(id: SessionId, observer: O) -> Self {
        Self {
            observer,
            facts: Facts::new(id.clone()),
            summary: Summary::new(id),
            join: Join::default(),
            repeats: Repeats::default(),
            usage: Usage::default(),
            turns: Turns::default(),
            background: Background::default(),
            active_millis: 0,
            latest: None,
            source: None,
            source_number: 0,
        }
    }

    fn event(&mut self, event: Event) {
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
            EventKind::Session(note) => self.note(&note),
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
                self.active_millis += u64::try_from(pause.as_millis()).unwrap_or_default();
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

    fn note(&mut self, note: &SessionNote) {
        self.facts.note_more(note);
        let first_cwd = self.summary.note.cwd.take();
        merge(&mut self.summary.note, note);
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
                self.call(&call, outcome);
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

    /// Counts a call.
    fn call(&mut self, call: &ToolCall, outcome: Outcome) {
        let summary = &mut self.summary;
        summary.calls += 1;
        count(&mut summary.tools, &call.name);
        match outcome {
            Outcome::Failed => summary.failed += 1,
            Outcome::Refused => summary.refused += 1,
            Outcome::Interrupted | Outcome::Unknown => summary.unanswered += 1,
            Outcome::Ok => {}
        }
        let mode = match self.facts.permission_mode() {
            Some(PermissionMode::Ask) => "ask",
            Some(PermissionMode::AcceptEdits) => "accept-edits",
            Some(PermissionMode::Plan) => "plan",
            Some(PermissionMode::Bypass) => "bypass",
            Some(PermissionMode::Other(name)) => name,
            None => "unknown",
        };
        count(&mut summary.acts_by_mode, mode);
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

    fn act(&mut self, time: Option<Timestamp>, evidence: Vec<Place>, act: Act) {
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
        self.summary.steps += 1;
        let runs = self.runs(&step, commands);
        let done: Vec<&Effect> = match &step.kind {
            StepKind::Act(act) => effects
                .iter()
                .filter(|effect| took_place(effect, act, commands))
                .collect(),
            _ => Vec::new(),
        };
        self.deeds(&step, &done, &runs);
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

    fn deeds(&mut self, step: &Step, done: &[&Effect], runs: &[Run]) {
        let summary = &mut self.summary;
        let act = match &step.kind {
            StepKind::Request {
                system: false,
                origin: proctor_model::Origin::Person,
                ..
            } => {
                summary.requests += 1;
                return;
            }
            StepKind::Reply { .. } => {
                summary.replies += 1;
                return;
            }
            StepKind::Act(act) => act,
            _ => return,
        };
        // What was refused was not done.
        let Some(at) = step
            .evidence
            .first()
            .filter(|_| act.outcome != Outcome::Refused)
        else {
            return;
        };
        let mut add = |deed, what: &str| summary.deeds.entry(deed).or_default().add(at, what);
        if let Action::Command { command, .. } = &act.action {
            add(Deed::CommandRun, command);
        }
        for run in runs.iter().filter(|run| run.kind == RunKind::Test) {
            add(Deed::TestRun, &run.command);
        }
        for effect in done {
            let target = effect.target();
            match effect {
                Effect::Reads(_) | Effect::Moves(_) => {}
                Effect::Alters(path) => {
                    if whereabouts(path, self.facts.project()) == Whereabouts::Outside {
                        add(Deed::WriteOutsideProject, path);
                    }
                }
                Effect::Writes(path) => {
                    add(Deed::FileWritten, path);
                    if whereabouts(path, self.facts.project()) == Whereabouts::Outside {
                        add(Deed::WriteOutsideProject, path);
                    }
                }
                Effect::Deletes(_) => add(Deed::Deletion, target),
                Effect::ReadsSecret(_) => add(Deed::SecretRead, target),
                Effect::Contacts(_) => add(Deed::HostContacted, target),
                Effect::Installs(_) => add(Deed::PackageInstalled, target),
                Effect::Commits(_) => add(Deed::Commit, target),
                Effect::Pushes(_) => add(Deed::Push, target),
                Effect::LeavesJob(_) => add(Deed::JobLeftBehind, target),
                Effect::Spawns(_) => add(Deed::AgentSpawned, target),
                Effect::Tells(_) => add(Deed::MessageToPeople, target),
                Effect::UsesPrivilege(_) => add(Deed::PrivilegeUsed, target),
            }
        }
        for effect in done {
            if let Effect::Contacts(host) = effect {
                count(&mut summary.hosts, host);
            }
        }
    }

    fn finish(mut self) -> (Summary, O) {
        self.drain(true);
        self.turns.finish(&mut self.summary.reasoning);
        self.observer.end(&self.facts);
        let mut summary = self.summary;
        summary.end = self.latest;
        summary.active_seconds = self.active_millis / 1000;
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
