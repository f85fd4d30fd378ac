//! Runs the examples of rules as tests.

use std::path::Path;
use std::sync::Arc;

use proctor_model::{
    Act, Action, Finding, Origin, Outcome, Place, Reasoning, ReasoningState, SessionId, Source,
    Step, StepKind, ToolCall, ToolResult,
};
use proctor_reconcile::{Facts, View};
use serde::Serialize;

use crate::Monitor;
use crate::plain::Where;
use crate::rule_monitor::RuleMonitor;
use crate::ruleset::{Problem, Rule, Rules, RulesError, builtin_files, rule_files};
use crate::scoring::matches;

/// Examples of each kind, matching and not, that a rule should have.
const ENOUGH: usize = 2;

/// What came of running the examples of rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TestReport {
    /// Rules that were loaded from the directory.
    pub rules: usize,
    /// Examples that were run.
    pub examples: usize,
    /// Rules that were passed over because they are for other systems.
    pub elsewhere: usize,
    /// What could not be loaded.
    pub problems: Vec<Problem>,
    /// Examples that did not come out as they should.
    pub failures: Vec<Problem>,
    /// Rules with fewer than two examples of either kind.
    pub untested: Vec<Problem>,
}

impl TestReport {
    /// Whether all rules were loaded and all examples came out as they should.
    pub fn passed(&self) -> bool {
        self.problems.is_empty() && self.failures.is_empty()
    }
}

/// Loads the rules of a directory on top of the built-in ones and runs their examples.
///
/// # Errors
/// If the directory or a rule file in it cannot be read.
pub fn test_rules(dir: &Path) -> Result<TestReport, RulesError> {
    let own = rule_files(dir)?;
    let names: Vec<String> = own.iter().map(|(name, _)| name.clone()).collect();
    let mut files = builtin_files();
    files.extend(own);
    let rules = Arc::new(Rules::from_files(files));
    Ok(run(&rules, |file| names.iter().any(|n| n == file)))
}

/// Runs the examples of the built-in rules.
pub fn test_builtin_rules() -> TestReport {
    run(&Rules::builtin(), |_| true)
}

fn run(rules: &Arc<Rules>, wanted: impl Fn(&str) -> bool) -> TestReport {
    let mut report = TestReport {
        problems: rules
            .problems()
            .iter()
            .filter(|p| wanted(&p.file))
            .cloned()
            .collect(),
        elsewhere: rules.elsewhere(),
        ..TestReport::default()
    };
    for (rule, examples) in rules.sigma.examples().filter(|(r, _)| wanted(&r.file)) {
        report.rule(rule, examples.matches.len(), examples.no_match.len());
        for (text, expected) in expectations(&examples.matches, &examples.no_match) {
            let found = if is_step(text) {
                session(std::slice::from_ref(text))
                    .is_ok_and(|steps| matches_session(rules, rule, &steps))
            } else {
                matches(rules, text)
                    .iter()
                    .any(|hit| hit.rule.reference == rule.reference)
            };
            report.example(rule, text, expected, found);
        }
    }
    for (rule, places, examples) in rules.plain.phrases.examples() {
        if !wanted(&rule.file) {
            continue;
        }
        report.rule(rule, examples.matches.len(), examples.no_match.len());
        for (text, expected) in expectations(&examples.matches, &examples.no_match) {
            let found = places
                .iter()
                .any(|place| matches_phrase(rules, rule, *place, text));
            report.example(rule, text, expected, found);
        }
    }
    for (rule, examples) in rules.plain.sequences.examples() {
        if !wanted(&rule.file) {
            continue;
        }
        report.rule(rule, examples.matches.len(), examples.no_match.len());
        for (lines, expected) in expectations(&examples.matches, &examples.no_match) {
            match session(lines) {
                Ok(steps) => {
                    let found = matches_session(rules, rule, &steps);
                    report.example(rule, &lines.join(" ; "), expected, found);
                }
                Err(message) => report.problems.push(problem(rule, message)),
            }
        }
    }
    report
}

fn expectations<'e, T>(matches: &'e [T], no_match: &'e [T]) -> impl Iterator<Item = (&'e T, bool)> {
    let yes = matches.iter().map(|e| (e, true));
    yes.chain(no_match.iter().map(|e| (e, false)))
}

fn problem(rule: &Rule, message: String) -> Problem {
    Problem {
        file: rule.file.clone(),
        line: rule.line,
        rule: Some(rule.reference.id.clone()),
        message,
    }
}

impl TestReport {
    fn rule(&mut self, rule: &Rule, matches: usize, no_match: usize) {
        self.rules += 1;
        if matches < ENOUGH || no_match < ENOUGH {
            self.untested.push(problem(
                rule,
                format!(
                    "has {matches} examples that match and {no_match} that do not; \
                     {ENOUGH} of each are wanted"
                ),
            ));
        }
    }

    fn example(&mut self, rule: &Rule, example: &str, expected: bool, found: bool) {
        self.examples += 1;
        if expected != found {
            let verb = if expected {
                "does not match"
            } else {
                "matches and must not"
            };
            self.failures
                .push(problem(rule, format!("{verb}: {example}")));
        }
    }
}

fn matches_phrase(rules: &Rules, rule: &Rule, place: Where, text: &str) -> bool {
    rules
        .plain
        .phrases
        .matching(place, text)
        .iter()
        .any(|hit| hit.rule.reference == rule.reference)
}

fn matches_session(rules: &Arc<Rules>, rule: &Rule, steps: &[Step]) -> bool {
    let findings = watch(rules, steps);
    findings.iter().any(|f| f.rule == rule.reference)
}

/// What rules find in steps that stand alone, without the facts of a session.
pub(crate) fn watch(rules: &Arc<Rules>, steps: &[Step]) -> Vec<Finding> {
    let mut monitor = RuleMonitor::new(rules);
    let facts = Facts::default();
    let mut findings = Vec::new();
    for step in steps {
        let commands = match &step.kind {
            StepKind::Act(act) => match &act.action {
                Action::Command { command, .. } => proctor_shell::analyse(command).commands,
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        let view = View {
            step,
            commands: &commands,
            effects: &[],
            facts: &facts,
        };
        monitor.step(&view, &mut findings);
    }
    findings
}

/// Whether an example of a Sigma rule is the act of a tool, not a command line.
fn is_step(example: &str) -> bool {
    ["read: ", "write: ", "delete: ", "fetch: "]
        .iter()
        .any(|kind| example.starts_with(kind))
}

/// Builds the steps of an example: one from each line `KIND: text` or `OUTCOME KIND: text`.
fn session(lines: &[String]) -> Result<Vec<Step>, String> {
    let source = Arc::new(Source::file("example"));
    lines
        .iter()
        .zip(0..)
        .map(|(line, index)| {
            Ok(Step {
                session: SessionId::new("example:1"),
                index,
                time: None,
                evidence: vec![Place {
                    source: Arc::clone(&source),
                    offset: index,
                    len: 1,
                    part: 0,
                }],
                kind: step_kind(line)?,
            })
        })
        .collect()
}

fn step_kind(line: &str) -> Result<StepKind, String> {
    let wrong = || format!("`{line}` is not `KIND: text` or `OUTCOME KIND: text`");
    let (head, text) = line.split_once(": ").ok_or_else(wrong)?;
    let text = text.to_owned();
    let (outcome, kind) = match head.split_once(' ') {
        Some(("failed", kind)) => (Outcome::Failed, kind),
        Some(("refused", kind)) => (Outcome::Refused, kind),
        Some(("interrupted", kind)) => (Outcome::Interrupted, kind),
        Some(("ok", kind)) => (Outcome::Ok, kind),
        Some(_) => return Err(wrong()),
        None => (Outcome::Ok, head),
    };
    let action = match kind {
        "reply" => return Ok(StepKind::Reply { text }),
        "request" => {
            return Ok(StepKind::Request {
                system: false,
                origin: Origin::Person,
                text,
            });
        }
        "reasoning" => {
            return Ok(StepKind::Reasoning(Reasoning {
                state: ReasoningState::Full,
                text,
            }));
        }
        "command" => Action::Command {
            command: text,
            language: None,
            background: false,
        },
        "read" => Action::Read { path: text },
        "write" => {
            let (path, content) = text.split_once(' ').unwrap_or((&text, ""));
            Action::Write {
                path: path.to_owned(),
                content: content.to_owned(),
            }
        }
        "delete" => Action::Remove { path: text },
        "fetch" => Action::Fetch { target: text },
        "spawn" => Action::Spawn {
            agent: "general".to_owned(),
            prompt: text,
        },
        "tell" => Action::Tell {
            to: "someone".to_owned(),
            text,
        },
        _ => return Err(wrong()),
    };
    Ok(StepKind::Act(Box::new(Act {
        call: ToolCall {
            id: "1".to_owned(),
            name: kind.to_owned(),
            input: serde_json::Value::Null,
        },
        action,
        result: Some(ToolResult::default()),
        outcome,
        differences: Vec::new(),
    })))
}
