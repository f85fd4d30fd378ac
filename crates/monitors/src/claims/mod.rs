//! Claims: what the agent said about its work, held against what the session shows.
//!
//! A [`ClaimLog`] takes the steps of one session, extracts what replies, submissions, commit
//! messages and pull requests claim, and judges each claim when the turn ends, against what
//! happened before it was made. [`Claims`] turns those that do not hold into findings.
//!
//! ```text
//! text -> sentences -> clauses with a mood -> Said -> (turn ends) -> judge(Ledger) -> Claim
//! ```

mod extract;
mod figures;
mod judge;
mod ledger;
mod legible;
mod mood;
mod paths;
mod sentences;

use std::collections::VecDeque;

use proctor_model::{Finding, Origin, Place, Severity, StepKind};
use proctor_reconcile::{Facts, Observer, RunKind, RunOutcome, View};
use serde::{Deserialize, Serialize};

use crate::Monitor;
use crate::finding::{At, Words, clip};
use crate::told::{Channel, told};
use extract::{Admissions, Said};
use judge::{Case, Suspicion, judge};
use ledger::Ledger;

pub(crate) use extract::{Account, account};
pub use figures::Figure;
pub(crate) use sentences::sentences;

/// Claims of one session that are kept; the latest.
const CLAIMS: usize = 1_000;

/// Claims of one turn that wait to be judged.
const WAITING: usize = 500;

/// What a claim is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ClaimKind {
    /// Tests pass.
    TestsPass {
        /// How many, where it says.
        count: Option<u64>,
        /// Whether it says all of them.
        all: bool,
    },
    /// A build or compilation succeeds.
    BuildPasses,
    /// A linter, formatter or type checker finds nothing.
    LintPasses,
    /// "All checks" pass, whichever they are.
    ChecksPass,
    /// A command was run.
    Ran {
        /// The command as the agent names it.
        command: String,
    },
    /// The agent checked that its work is right.
    Verified,
    /// A file was made.
    FileCreated {
        /// The path as the agent names it.
        path: String,
    },
    /// A file was changed.
    FileChanged {
        /// The path as the agent names it.
        path: String,
    },
    /// A file was deleted.
    FileDeleted {
        /// The path as the agent names it.
        path: String,
    },
    /// Figures were measured.
    Measured {
        /// The figures.
        figures: Vec<Figure>,
    },
    /// Changes were committed.
    Committed,
    /// Commits were pushed, or a pull request opened.
    Pushed,
    /// Something was deployed or published.
    Deployed,
    /// Something was done by a tool that is no file tool and no shell: sent, paid, booked.
    Acted {
        /// The verb.
        verb: String,
    },
    /// The work is done and works.
    Done,
}

impl ClaimKind {
    /// The kind of run that the claim is about, if it is about one.
    pub fn run(&self) -> Option<RunKind> {
        match self {
            Self::TestsPass { .. } => Some(RunKind::Test),
            Self::BuildPasses => Some(RunKind::Build),
            Self::LintPasses => Some(RunKind::Lint),
            _ => None,
        }
    }
}

/// Whether a claim holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The session shows that it is so.
    Supported,
    /// The session shows that it is not so, or holds nothing of what the claim says was done.
    Contradicted,
    /// The record does not tell.
    Unverified,
}

/// Something that the agent claimed, and whether it holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// What it is about.
    pub kind: ClaimKind,
    /// The sentence that makes it.
    pub text: String,
    /// Where it was made.
    pub place: Place,
    /// The step in which it was made.
    pub step: u64,
    /// Whether it holds.
    pub verdict: Verdict,
    /// Why, in plain words.
    pub because: String,
    /// The results that decide it, the decisive one first; may be empty.
    pub evidence: Vec<Place>,
}

/// How a session's own checks stand at its end, whatever was claimed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// Which kind of check.
    pub kind: RunKind,
    /// The last run: the command.
    pub command: Option<String>,
    /// How it ended.
    pub outcome: Option<RunOutcome>,
    /// Where its result is recorded.
    pub place: Option<Place>,
    /// Whether no code was edited after it.
    pub after_last_edit: bool,
}

impl Standing {
    /// Whether the last run passed and no code was edited after it.
    pub fn holds(&self) -> bool {
        self.after_last_edit && self.outcome == Some(RunOutcome::Passed)
    }
}

/// All claims of one session.
#[derive(Default)]
pub struct ClaimLog {
    ledger: Ledger,
    claims: VecDeque<Claim>,
    turn: Turn,
    /// Findings made since the last time they were taken.
    fresh: Vec<Finding>,
}

/// What waits for the end of the turn.
#[derive(Default)]
struct Turn {
    began: u64,
    last_act: u64,
    waiting: Vec<Waiting>,
}

/// A claim that waits to be judged.
struct Waiting {
    said: Said,
    at: At,
    channel: Channel,
    admits: Admissions,
    figures: Vec<f64>,
}

impl ClaimLog {
    /// A log of a session that has not begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// The claims judged so far, in the order in which they were judged; the latest 1,000.
    pub fn claims(&self) -> impl Iterator<Item = &Claim> {
        self.claims.iter()
    }

    /// How checks of this kind stand now.
    pub fn standing(&self, kind: RunKind) -> Standing {
        let last = self.ledger.runs(kind, u64::MAX).next();
        let edit = self.ledger.last_edit(u64::MAX).map_or(0, |e| e.step);
        Standing {
            kind,
            command: last.map(|(run, _)| run.command.clone()),
            outcome: last.map(|(run, _)| run.outcome),
            place: last.map(|(_, place)| place.clone()),
            after_last_edit: last.is_some_and(|(run, _)| run.step >= edit),
        }
    }

    fn see(&mut self, view: &View<'_>) {
        if let StepKind::Request {
            system: false,
            origin,
            ..
        } = &view.step.kind
            && *origin != Origin::Harness
        {
            self.judge_turn(view.step.index);
            self.turn.began = view.step.index;
        }
        self.ledger.step(view);
        if let StepKind::Act(_) = view.step.kind {
            self.turn.last_act = view.step.index;
            self.supersede(view);
        }
        for told in told(view) {
            self.hear(view, told.channel, told.text);
        }
    }

    /// Takes the claims of a text.
    fn hear(&mut self, view: &View<'_>, channel: Channel, text: &str) {
        let Account { said, admits } = account(text);
        if channel != Channel::Commit {
            // What one text of the turn owns up to, it owns up to for the others.
            for waiting in &mut self.turn.waiting {
                waiting.admits = waiting.admits.or(admits);
            }
        }
        let figures: Vec<f64> = said
            .iter()
            .filter_map(|s| match &s.kind {
                ClaimKind::Measured { figures } => Some(figures),
                _ => None,
            })
            .flatten()
            .map(|f| f.value)
            .collect();
        for said in said {
            if self.turn.waiting.len() >= WAITING {
                return;
            }
            self.turn.waiting.push(Waiting {
                said,
                at: At::new(view.step),
                channel,
                admits,
                figures: figures.clone(),
            });
        }
    }

    /// A run in mid-work settles what was said before it: the agent looked for itself.
    fn supersede(&mut self, view: &View<'_>) {
        let mut kinds: Vec<RunKind> = vec![];
        for run in view.facts.runs().take_while(|r| r.step >= view.step.index) {
            kinds.push(run.kind);
        }
        if kinds.is_empty() {
            return;
        }
        self.turn.waiting.retain(|w| match w.said.kind {
            ClaimKind::TestsPass { .. } => !kinds.contains(&RunKind::Test),
            // Tests and checks compile too.
            ClaimKind::BuildPasses => false,
            ClaimKind::LintPasses => !kinds.contains(&RunKind::Lint),
            _ => true,
        });
    }

    /// Judges what was claimed since the turn began.
    fn judge_turn(&mut self, until: u64) {
        let Turn {
            began,
            last_act,
            waiting,
        } = std::mem::take(&mut self.turn);
        for waiting in waiting {
            let in_mid_work = waiting.channel == Channel::Reply && waiting.at.step < last_act;
            let of_the_whole = matches!(waiting.said.kind, ClaimKind::Done | ClaimKind::Verified);
            if in_mid_work && of_the_whole {
                continue;
            }
            self.judge_one(&waiting, began, until);
        }
    }

    fn judge_one(&mut self, waiting: &Waiting, turn: u64, until: u64) {
        let judgement = judge(
            &mut self.ledger,
            &Case {
                said: &waiting.said,
                // A command that runs the tests and then commits speaks of its own run.
                step: match waiting.channel {
                    Channel::Reply => waiting.at.step,
                    _ => waiting.at.step + 1,
                },
                channel: waiting.channel,
                until,
                turn,
                admits: waiting.admits,
                figures: &waiting.figures,
            },
        );
        if let Some(suspicion) = &judgement.suspicion {
            let finding = finding(waiting, suspicion, &judgement.because, &judgement.evidence);
            self.fresh.push(finding);
        }
        let Some(place) = waiting.at.place.clone() else {
            return;
        };
        if self.claims.len() >= CLAIMS {
            self.claims.pop_front();
        }
        self.claims.push_back(Claim {
            kind: waiting.said.kind.clone(),
            text: waiting.said.text.clone(),
            place,
            step: waiting.at.step,
            verdict: judgement.verdict,
            because: judgement.because,
            evidence: judgement.evidence,
        });
    }
}

impl Observer for ClaimLog {
    fn step(&mut self, view: &View<'_>) {
        self.see(view);
        // Nobody takes findings from a log that stands alone.
        self.fresh.clear();
    }

    fn end(&mut self, _facts: &Facts) {
        self.judge_turn(u64::MAX);
        self.fresh.clear();
    }
}

fn finding(waiting: &Waiting, suspicion: &Suspicion, because: &str, evidence: &[Place]) -> Finding {
    let channel = match waiting.channel {
        Channel::Reply => "The agent wrote to its user",
        Channel::Submission => "The agent handed in",
        Channel::Commit => "The agent wrote in a commit message",
        Channel::Forge => "The agent wrote in a pull request or comment",
        Channel::Message => "The agent wrote in a message",
    };
    let quote = waiting.said.text.clone();
    let words = Words {
        title: suspicion.title.clone(),
        explanation: format!("{channel}: \"{}\" {because}", clip(&quote, 200)),
        quote,
    };
    let mut finding = suspicion
        .check
        .finding(&waiting.at, suspicion.score, words, evidence);
    if suspicion.score < 0.4 {
        finding.severity = finding.severity.min(Severity::Low);
    }
    finding
}

/// Finds claims that do not hold.
#[derive(Default)]
pub(crate) struct Claims {
    log: ClaimLog,
}

impl Monitor for Claims {
    fn step(&mut self, view: &View<'_>, findings: &mut Vec<Finding>) {
        self.log.see(view);
        findings.append(&mut self.log.fresh);
    }

    fn end(&mut self, _facts: &Facts, findings: &mut Vec<Finding>) {
        self.log.judge_turn(u64::MAX);
        findings.append(&mut self.log.fresh);
        // The session is over; what was needed to judge it is not kept.
        self.log = ClaimLog::default();
    }
}

#[cfg(test)]
mod tests;
