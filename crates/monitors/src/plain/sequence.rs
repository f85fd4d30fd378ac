//! Sequences: what follows on what.

use std::cell::OnceCell;

use proctor_model::{BehaviourId, Outcome, Place};
use serde::Deserialize;

use super::load::{SequenceSource, StageTable};
use super::pattern::{Pattern, even};
use crate::ruleset::{Examples, Problem, Rule};

/// What kind of step, or part of one, a stage looks at.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// A simple command of a command line.
    Command,
    /// A tool reads a file.
    Read,
    /// A tool writes or edits a file.
    Write,
    /// A tool deletes a file.
    Delete,
    /// A tool fetches from the network.
    Fetch,
    /// Another agent is started.
    Spawn,
    /// A person is written to by a tool, or the result is handed in.
    Tell,
    /// Another tool is used.
    Other,
    /// The agent writes to its user.
    Reply,
    /// The agent reasons.
    Reasoning,
    /// A person asks.
    Request,
}

/// One thing that happened, as stages see it.
pub(crate) struct Scene<'a> {
    pub(crate) step: u64,
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
    pub(crate) outcome: Outcome,
    /// The rules that matched it.
    pub(crate) rules: &'a [&'a Rule],
    /// The names of the marks of its data.
    pub(crate) marks: &'a [&'a str],
    pub(crate) evidence: Option<&'a Place>,
}

/// All sequence rules.
#[derive(Default)]
pub(crate) struct Sequences {
    sequences: Vec<Compiled>,
}

struct Compiled {
    rule: Rule,
    within: u64,
    stages: Vec<Stage>,
    examples: Examples<Vec<String>>,
}

struct Stage {
    kind: Vec<Kind>,
    rule: Vec<String>,
    behaviour: Vec<BehaviourId>,
    mark: Vec<String>,
    outcome: Vec<Outcome>,
    any: Vec<Pattern>,
    all: Vec<Pattern>,
    not: Vec<Pattern>,
}

/// How far each sequence has come in one session. Of several ways to have come that far the
/// latest is kept, so the state does not grow.
#[derive(Default)]
pub(crate) struct SequenceState {
    reached: Vec<Vec<Option<Partial>>>,
}

#[derive(Clone)]
struct Partial {
    first_step: u64,
    last_step: u64,
    evidence: Vec<Place>,
    quotes: Vec<String>,
}

/// A sequence that was completed.
pub(crate) struct SequenceHit<'r> {
    pub(crate) rule: &'r Rule,
    /// The events of its stages, the last one first.
    pub(crate) evidence: Vec<Place>,
    pub(crate) quote: String,
}

impl Sequences {
    /// Compiles rules; one that does not compile becomes a problem.
    pub(crate) fn compile(sources: Vec<SequenceSource>, problems: &mut Vec<Problem>) -> Self {
        let mut sequences = Vec::new();
        for SequenceSource { rule, table } in sources {
            let stages = table
                .stage
                .into_iter()
                .map(Stage::new)
                .collect::<Result<Vec<_>, _>>();
            match stages {
                Ok(stages) if stages.len() >= 2 => sequences.push(Compiled {
                    rule,
                    within: table.within,
                    stages,
                    examples: table.examples,
                }),
                other => problems.push(Problem {
                    file: rule.file,
                    line: rule.line,
                    rule: Some(rule.reference.id),
                    message: other
                        .err()
                        .unwrap_or_else(|| "a sequence needs at least two stages".to_owned()),
                }),
            }
        }
        Self { sequences }
    }

    /// The rules.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.sequences.iter().map(|c| &c.rule)
    }

    /// The rules with their examples.
    pub(crate) fn examples(&self) -> impl Iterator<Item = (&Rule, &Examples<Vec<String>>)> {
        self.sequences.iter().map(|c| (&c.rule, &c.examples))
    }

    /// Takes the next thing that happened; returns the sequences that it completes.
    pub(crate) fn advance<'r>(
        &'r self,
        state: &mut SequenceState,
        scene: &Scene<'_>,
    ) -> Vec<SequenceHit<'r>> {
        let mut hits = Vec::new();
        // Few stages look at the text; most have said no before.
        let even_text = OnceCell::new();
        let text = || even_text.get_or_init(|| even(scene.text)).as_ref();
        state
            .reached
            .resize_with(self.sequences.len(), Vec::default);
        for (sequence, reached) in self.sequences.iter().zip(&mut state.reached) {
            reached.resize(sequence.stages.len(), None);
            // From the last stage down, so that one scene does not stand for two stages.
            for (i, stage) in sequence.stages.iter().enumerate().rev() {
                let before = match i.checked_sub(1) {
                    None => None,
                    Some(previous) => match reached.get(previous).and_then(Option::as_ref) {
                        Some(partial)
                            if scene.step.saturating_sub(partial.first_step) <= sequence.within =>
                        {
                            Some(partial.clone())
                        }
                        _ => continue,
                    },
                };
                if !stage.holds(scene, &text) {
                    continue;
                }
                let partial = Partial::extended(before, scene);
                if i + 1 == sequence.stages.len() {
                    reached.fill(None);
                    let mut evidence = partial.evidence;
                    evidence.reverse();
                    evidence.dedup();
                    hits.push(SequenceHit {
                        rule: &sequence.rule,
                        evidence,
                        quote: partial.quotes.join(" … "),
                    });
                    break;
                }
                if let Some(slot) = reached.get_mut(i) {
                    *slot = Some(partial);
                }
            }
        }
        hits
    }
}

impl Partial {
    fn extended(before: Option<Self>, scene: &Scene<'_>) -> Self {
        let mut partial = before.unwrap_or_else(|| Self {
            first_step: scene.step,
            last_step: scene.step,
            evidence: Vec::new(),
            quotes: Vec::new(),
        });
        partial.last_step = scene.step;
        partial.evidence.extend(scene.evidence.cloned());
        partial.quotes.push(scene.text.chars().take(160).collect());
        partial
    }
}

impl Stage {
    fn new(table: StageTable) -> Result<Self, String> {
        let compile = |patterns: &[String]| {
            patterns
                .iter()
                .map(|p| Pattern::new(p))
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            any: compile(&table.any)?,
            all: compile(&table.all)?,
            not: compile(&table.not)?,
            behaviour: table.behaviour.iter().map(BehaviourId::new).collect(),
            kind: table.kind,
            rule: table.rule,
            mark: table.mark,
            outcome: table.outcome,
        })
    }

    /// Whether the stage holds; cheap questions first.
    fn holds<'t>(&self, scene: &Scene<'_>, text: &impl Fn() -> &'t str) -> bool {
        let one_of_rules = |wanted: &dyn Fn(&Rule) -> bool| scene.rules.iter().any(|r| wanted(r));
        (self.kind.is_empty() || self.kind.contains(&scene.kind))
            && (self.outcome.is_empty() || self.outcome.contains(&scene.outcome))
            && (self.mark.is_empty() || self.mark.iter().any(|m| scene.marks.contains(&m.as_str())))
            && (self.rule.is_empty() || one_of_rules(&|r| self.rule.contains(&r.reference.id)))
            && (self.behaviour.is_empty()
                || one_of_rules(&|r| self.behaviour.contains(&r.behaviour)))
            && (self.any.is_empty() || self.any.iter().any(|p| p.is_match(text())))
            && self.all.iter().all(|p| p.is_match(text()))
            && !self.not.iter().any(|p| p.is_match(text()))
    }
}
