//! One session: its events in, its steps out to its observer.

use std::sync::Arc;

use jiff::Timestamp;
use proctor_model::{
    Act, Action, Boundary, Difference, Event, EventKind, GapCause, Message, Outcome, Place, Role,
    SessionId, SessionNote, Source, Step, StepKind, ToolCall, ToolResult,
};
use proctor_shell::{Analysis, Memory, analyse_after, analyse_code_after};

use crate::action::actions;
use crate::copies::Account;
use crate::counts::Counts;
use crate::effect::{BOUND as MOST_EFFECTS, Effect, effects, took_place};
use crate::facts::Facts;
use crate::join::{Draft, Join, What};
use crate::outcome::outcome;
use crate::repeats::{Met, Repeats};
use crate::runs::{Background, Run, runs};
use crate::summary::{clip, count};
use crate::{Ended, Observer, View};

/// One session that is being read.
pub(crate) struct Session<O> {
    id: SessionId,
    observer: O,
    facts: Facts,
    counts: Counts,
    /// While a copy of another session's past is read, the counts of this one: what was copied is
    /// context, which facts know and nobody else counts or judges.
    own: Option<Counts>,
    /// The session that is being copied from.
    origin: Option<SessionId>,
    /// Whether what is said to be copied is taken for this session's own.
    disbelieves: bool,
    account: Account,
    join: Join,
    repeats: Repeats,
    background: Background,
    /// What earlier acts wrote that later ones may run.
    memory: Arc<Memory>,
    /// The index of the next step.
    next: u64,
    /// The file that an editor without paths has open.
    open_file: Option<String>,
    /// Source of the latest event and its number, to notice a change cheaply.
    source: Option<Arc<Source>>,
    source_number: u32,
}

impl<O: Observer> Session<O> {
    /// A session of this id; `disbelieves` says that what it copied from others is to be judged as its
    /// own.
    pub(crate) fn new(id: SessionId, observer: O, disbelieves: bool) -> Self {
        Self {
            observer,
            facts: Facts::new(id.clone()),
            counts: Counts::new(id.clone()),
            own: None,
            origin: None,
            disbelieves,
            account: Account::default(),
            id,
            join: Join::default(),
            repeats: Repeats::default(),
            background: Background::default(),
            memory: Arc::default(),
            next: 0,
            open_file: None,
            source: None,
            source_number: 0,
        }
    }

    /// Takes the next event.
    pub(crate) fn event(&mut self, event: Event) {
        match &event.kind {
            EventKind::Session(SessionNote {
                copied_from: Some(origin),
                ..
            }) => {
                let origin = origin.clone();
                self.begin_copy(origin, &event.at);
            }
            EventKind::Boundary(Boundary::Resumed) => self.end_copy(),
            _ => {}
        }
        self.counts.time(event.time);
        self.source(&event.at);
        self.take(event);
        self.drain(false);
    }

    /// The next event is of a session that is not told apart from this one.
    pub(crate) fn over(&mut self, at: &Place) {
        let gaps = &mut self.counts.summary.gaps;
        let detail =
            "of a session beyond the most that one file may hold: read as part of this one";
        gaps.entry(GapCause::Bounded).or_default().add(at, detail);
    }

    /// Lets out what still waits, and ends.
    pub(crate) fn finish(mut self) -> Ended<O> {
        self.end_copy();
        self.drain(true);
        self.observer.end(&self.facts);
        Ended {
            summary: self.counts.finish(),
            observer: self.observer,
            account: self.account,
        }
    }

    /// How many things are remembered.
    #[cfg(test)]
    pub(crate) fn size(&self) -> usize {
        self.facts.size() + self.counts.size() + self.repeats.size() + self.join.size()
    }

    fn begin_copy(&mut self, origin: SessionId, at: &Place) {
        if self.disbelieves {
            let gaps = &mut self.counts.summary.gaps;
            let detail = format!(
                "said to be copied from `{}`, which does not hold it: read as this session's own",
                clip(origin.as_str(), 100)
            );
            return gaps.entry(GapCause::Missing).or_default().add(at, &detail);
        }
        self.origin = Some(origin);
        if self.own.is_none() {
            self.drain(true);
            let copy = Counts::new(self.id.clone());
            self.own = Some(std::mem::replace(&mut self.counts, copy));
        }
    }

    fn end_copy(&mut self) {
        self.origin = None;
        if self.own.is_some() {
            self.drain(true);
        }
        if let Some(own) = self.own.take() {
            let copy = std::mem::replace(&mut self.counts, own);
            self.counts.take_copy(copy);
        }
    }

    fn source(&mut self, at: &Place) {
        // Readers share one `Arc` per file; should one not, the same file is still one source.
        let is = |known: &Arc<Source>| Arc::ptr_eq(known, &at.source) || **known == *at.source;
        if self.source.as_ref().is_some_and(is) {
            return;
        }
        self.source_number += 1;
        self.counts.source(&at.source);
        self.source = Some(Arc::clone(&at.source));
    }

    /// Puts the event in the queue, joined to what it belongs to.
    fn take(&mut self, event: Event) {
        let Event { at, time, kind, .. } = event;
        let met = Met {
            source: self.source_number,
            time,
        };
        // What the harness and people put before the agent is its context in either session.
        let from_outside = matches!(&kind, EventKind::Message(m) if m.role != Role::Assistant);
        let known = match &kind {
            EventKind::Message(message) => Some(self.repeats.message(message, met)),
            EventKind::Reasoning(reasoning) => Some(self.repeats.reasoning(&reasoning.text, met)),
            EventKind::ToolCall(call) => Some(self.repeats.call(call, met)),
            EventKind::ToolResult(result) => Some(self.repeats.result(result, met)),
            _ => None,
        };
        if let Some(known) = known {
            if known.again {
                self.counts.summary.repeated += 1;
                return;
            }
            if !from_outside {
                self.account.add(known.print, self.origin.as_ref());
            }
        }
        let what = match kind {
            // A note takes its turn: the directory that a command leaves behind is recorded with
            // its result, and the command itself ran in the one before.
            EventKind::Session(note) => {
                self.counts.note(&note);
                What::Note(Box::new(note))
            }
            EventKind::Message(message) => {
                match message.role {
                    Role::Assistant => self.counts.agent(),
                    Role::User | Role::System => self.counts.outside(),
                }
                What::Plain(of_message(message))
            }
            EventKind::Reasoning(reasoning) => {
                self.counts.reasoning(reasoning.state);
                What::Plain(StepKind::Reasoning(reasoning))
            }
            EventKind::ToolCall(call) => {
                self.counts.agent();
                What::Call {
                    call,
                    result: None,
                    stopped: false,
                }
            }
            EventKind::ToolResult(result) => match self.result(result, &at) {
                Some(what) => what,
                None => return,
            },
            EventKind::Usage(tokens) => return self.counts.usage(tokens),
            EventKind::Boundary(boundary) => {
                self.counts.outside();
                if boundary == Boundary::Interrupted {
                    self.join.stop();
                }
                What::Plain(StepKind::Boundary(boundary))
            }
            EventKind::Gap(gap) => {
                let tally = self.counts.summary.gaps.entry(gap.cause).or_default();
                tally.add(&at, &gap.detail);
                What::Plain(StepKind::Gap(gap))
            }
            EventKind::Other { name, known } => {
                if !known {
                    count(&mut self.counts.summary.unknown_records, &name);
                }
                return;
            }
        };
        self.join.push(Draft {
            time,
            evidence: vec![at],
            what,
        });
    }

    /// Joins a result to its call; gives back what is left where there is none.
    fn result(&mut self, result: ToolResult, at: &Place) -> Option<What> {
        self.counts.outside();
        if let Some(agent) = &result.agent {
            self.counts.sub_agent(agent);
        }
        let result = self.join.answer(result, at)?;
        // Its call is out already without a result, or never was.
        let late = self.repeats.was_given_up(&result.call_id);
        let summary = &mut self.counts.summary;
        if late {
            summary.late_results += 1;
        } else {
            summary.unasked_results += 1;
        }
        Some(What::Result { result, late })
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
                let mode = self.facts.permission_mode();
                self.counts.summary.count_call(&call, outcome, mode);
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
        call: ToolCall,
        result: Option<ToolResult>,
        outcome: Outcome,
    ) {
        let mut actions = actions(&call).into_iter();
        let first = actions.next();
        let others: Vec<Act> = actions
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
        let first = first.map(|(_, action)| Act {
            call,
            action,
            result,
            outcome,
            differences: Vec::new(),
        });
        for act in first.into_iter().chain(others) {
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
        let analysis = match &act.action {
            Action::Command {
                command, language, ..
            } => match language {
                None => analyse_after(&self.memory, command),
                Some(language) => analyse_code_after(&self.memory, language, command),
            },
            _ => Analysis::default(),
        };
        if act.outcome != Outcome::Refused {
            remember(Arc::make_mut(&mut self.memory), &act.action, &analysis);
        }
        self.bounds(&analysis, evidence.first());
        let commands = analysis.commands;
        let effects = effects(&act, &commands, self.facts.cwd());
        self.step(
            time,
            evidence,
            StepKind::Act(Box::new(act)),
            &commands,
            &effects,
        );
    }

    /// Counts what of a command line was not looked at.
    fn bounds(&mut self, analysis: &Analysis, at: Option<&Place>) {
        let Some(at) = at else { return };
        let longest = analysis.commands.iter().map(|c| c.argv.len()).max();
        let why = if analysis.truncated {
            "a command line that is too long or too deep was followed up to a bound"
        } else if longest.is_some_and(|words| words > MOST_EFFECTS) {
            "of a command with very many words not all were looked at"
        } else {
            return;
        };
        let gaps = &mut self.counts.summary.gaps;
        gaps.entry(GapCause::Bounded).or_default().add(at, why);
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
            session: self.id.clone(),
            index: self.next,
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
        self.counts
            .summary
            .count_step(&step, &done, &runs, self.facts.project());
        self.facts.step(&step, effects, &done, runs);
        if self.own.is_some() {
            return; // copied from another session
        }
        self.next += 1;
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
}

/// Keeps what an act leaves behind for commands that come later.
fn remember(memory: &mut Memory, action: &Action, analysis: &Analysis) {
    match action {
        Action::Write { path, content } => memory.write(path, content),
        Action::Edit { path, hunks } => {
            for (old, new) in hunks.iter().take(MOST_HUNKS) {
                memory.edit(path, old, new);
            }
        }
        Action::Remove { path } => memory.forget(path),
        _ => memory.learn(analysis),
    }
}

/// The changes of one edit that are remembered.
const MOST_HUNKS: usize = 64;

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
