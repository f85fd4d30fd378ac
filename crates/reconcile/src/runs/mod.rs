//! Runs of tests, builds and checks, and how they ended.
//!
//! Which program a command runs is read from the parsed command ([`kind`]); whether its exit
//! status is that of the whole line from what stands around it ([`exit`]); how many tests passed
//! from the summary lines of the usual frameworks ([`output`]). Where these disagree, failures that
//! the output counts outweigh an exit status, and an exit status outweighs words.

mod background;
mod exit;
mod kind;
mod output;

use proctor_model::{Act, Action, Harness, Outcome, Place};
use proctor_shell::{Command, Layer};
use serde::{Deserialize, Serialize};

use crate::summary::clip;
pub(crate) use background::Background;
use exit::Exit;
use output::Reading;

/// A run of tests, a build or a check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// What was run.
    pub kind: RunKind,
    /// The program that ran it: `pytest`, `cargo test`, `make check`.
    pub runner: String,
    /// The command line, or the tool's name; at most 500 characters.
    pub command: String,
    /// Whether its arguments name a part only: some files, some tests, one package.
    pub partial: bool,
    /// How it ended.
    pub outcome: RunOutcome,
    /// How many passed, where the output tells.
    pub passed: Option<u64>,
    /// How many failed or broke, where the output tells.
    pub failed: Option<u64>,
    /// Whether the line hides the exit status: `| tail`, `|| true`, another command after it.
    pub status_hidden: bool,
    /// The step.
    pub step: u64,
    /// Where the call is recorded.
    pub place: Place,
}

/// What was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunKind {
    /// Tests.
    Test,
    /// A build or compilation.
    Build,
    /// A linter, formatter check or type checker.
    Lint,
}

impl RunKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Test, Self::Build, Self::Lint];
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunOutcome {
    /// All passed.
    Passed,
    /// Something failed.
    Failed,
    /// Nothing was run: no tests were found, all were skipped, or the runner is not there.
    NothingRan,
    /// The record does not tell: no result, cut output, a hidden exit status.
    Unknown,
}

/// The runs in an act, at most one of each kind: several runs of one kind on one line share their
/// output and status. A refused act ran nothing.
pub(crate) fn runs(
    act: &Act,
    commands: &[Command],
    harness: Option<Harness>,
    step: u64,
    place: &Place,
) -> Vec<Run> {
    if act.outcome == Outcome::Refused && act.result.as_ref().is_some_and(|r| r.refused) {
        return Vec::new();
    }
    let mut runs: Vec<Run> = Vec::new();
    let mut add = |found: kind::Found, command: &str, exit: Exit| {
        if let Some(same) = runs.iter_mut().find(|run| run.kind == found.kind) {
            same.partial &= found.partial;
            same.status_hidden |= exit == Exit::Hidden;
            return;
        }
        let mut run = Run {
            kind: found.kind,
            runner: clip(&found.runner, 100),
            command: clip(command, 500),
            partial: found.partial,
            outcome: RunOutcome::Unknown,
            passed: None,
            failed: None,
            status_hidden: exit == Exit::Hidden,
            step,
            place: place.clone(),
        };
        if let Some(result) = &act.result {
            let goes_on = matches!(
                &act.action,
                Action::Command {
                    background: true,
                    ..
                }
            );
            run.read(
                &result.text,
                if goes_on { Exit::Unknown } else { exit },
                act.outcome,
            );
        }
        runs.push(run);
    };
    match &act.action {
        Action::Command { command, .. } => {
            /// The most runs of one line that are looked at; more are no honest work.
            const RUNS: usize = 16;
            let is_now = |c: &Command| !c.via.iter().any(|l| matches!(l, Layer::Later(_)));
            let found = commands
                .iter()
                .enumerate()
                .filter(|(_, simple)| is_now(simple));
            let found = found.filter_map(|(i, simple)| Some((i, kind::kind(&simple.argv)?)));
            for (i, found) in found.take(RUNS) {
                let exit = exit::status(command, commands, i, act, harness);
                add(found, command, exit);
            }
        }
        Action::Other => {
            if let Some(found) = kind::of_tool(&act.call.name) {
                let exit = exit::of_result(act, harness).map_or(Exit::Unknown, Exit::Own);
                add(found, &act.call.name, exit);
            }
        }
        _ => {}
    }
    runs
}

impl Run {
    /// Reads how it ended.
    fn read(&mut self, text: &str, exit: Exit, outcome: Outcome) {
        let reading = match self.kind {
            RunKind::Test => output::tests(text),
            RunKind::Build | RunKind::Lint => output::marks(text),
        };
        self.passed = reading.passed();
        self.failed = reading.failed();
        self.outcome = judge(&reading, exit, outcome);
    }

    /// The same run, seen to its end by a later look at its output.
    pub(crate) fn seen_later(&self, text: &str, status: Option<i32>, step: u64) -> Option<Self> {
        let mut run = Self {
            step,
            ..self.clone()
        };
        run.read(text, status.map_or(Exit::Unknown, Exit::Own), Outcome::Ok);
        (run.outcome != RunOutcome::Unknown).then_some(run)
    }
}

fn judge(reading: &Reading, exit: Exit, outcome: Outcome) -> RunOutcome {
    if reading.failed().is_some_and(|failed| failed > 0) {
        return RunOutcome::Failed;
    }
    // Killed or out of time: what passed until then says nothing of the rest.
    if outcome == Outcome::Interrupted || matches!(exit, Exit::Own(124 | 137 | 143)) {
        return RunOutcome::Unknown;
    }
    if reading.nothing() {
        return RunOutcome::NothingRan;
    }
    match exit {
        Exit::Own(0) => RunOutcome::Passed,
        Exit::Own(_) => RunOutcome::Failed,
        _ if reading.bad => RunOutcome::Failed,
        _ if reading.good() => RunOutcome::Passed,
        Exit::Chain | Exit::Hidden | Exit::Unknown => RunOutcome::Unknown,
    }
}

#[cfg(test)]
mod tests;
