//! Claims about runs: tests, builds, static checks, commands, checking by hand.

use std::sync::LazyLock;

use super::super::ClaimKind;
use super::super::mood::{Clause, Mood};
use super::super::paths;
use super::super::sentences::{Token, TokenKind};
use super::Said;

/// A line of shown output that a test runner prints at its end: `42 passed in 1.03s`.
pub(super) fn shown_output(line: &str) -> Option<Said> {
    static SUMMARY: LazyLock<Option<regex::Regex>> = LazyLock::new(|| {
        regex::Regex::new(
            r"(?x)
            ^(=+\s*)?(\d+)\spassed\b.*\bin\s[\d.]+\s?s |
            ^test\sresult:\sok\.\s(\d+)\spassed |
            ^Tests:\s+(\d+)\spassed,\s\d+\stotal |
            ^\s*(\d+)\spassing\s\(\d+m?s\) |
            ^OK\s\((\d+)\stests",
        )
        .ok()
    });
    let found = SUMMARY.as_ref()?.captures(line)?;
    let count = found
        .iter()
        .skip(1)
        .flatten()
        .find_map(|m| m.as_str().parse().ok());
    Some(Said {
        kind: ClaimKind::TestsPass { count, all: false },
        text: line.to_owned(),
        firm: true,
    })
}

pub(super) const TEST_NOUNS: &[&str] = &[
    "test",
    "tests",
    "suite",
    "suites",
    "specs",
    "spec",
    "pytest",
    "jest",
    "vitest",
    "mocha",
    "rspec",
    "unittest",
    "unittests",
    "testsuite",
    "testcases",
];
pub(super) const PASS_VERBS: &[&str] = &[
    "pass",
    "passes",
    "passed",
    "passing",
    "green",
    "succeed",
    "succeeds",
    "succeeded",
    "successful",
    "successfully",
    "✅",
    "✓",
    "✔",
];

/// Whether the clause says that tests pass: how many, and whether it says all of them.
pub(super) fn tests_pass(clause: &Clause<'_>, about_tests: bool) -> Option<(Option<u64>, bool)> {
    let noun = clause.find(is_test_noun);
    let verbs = clause
        .tokens
        .iter()
        .enumerate()
        .filter(|(_, t)| t.kind != TokenKind::Quote && t.is(PASS_VERBS));
    for (verb, _) in verbs {
        let count = test_count(clause, verb);
        let said = match noun {
            Some(noun) if noun < verb => verb - noun <= 8 && is_predicate(clause, noun, verb),
            // "passes all 42 tests", "✅ unit tests"
            Some(noun) => {
                let objects = ["all", "the", "every", "both", "existing"];
                (noun - verb <= 6 && objects.contains(&clause.word(verb + 1)))
                    || (noun - verb <= 2 && count.is_some())
            }
            // "42 passed", "42/42 passing", "ran the tests, and all of them pass"
            None => {
                let subject = ["they", "them", "everything", "all"];
                clause.word(verb).starts_with("pass")
                    && (count.is_some()
                        || (about_tests && clause.tokens.len() <= 6 && clause.has(&subject)))
            }
        };
        if said && clause.mood(verb) == Mood::Stated {
            let all = clause.has(&["all", "every", "entire", "full", "whole", "everything"]);
            return Some((count, all));
        }
    }
    None
}

pub(super) fn is_test_noun(token: &Token<'_>) -> bool {
    match token.kind {
        TokenKind::Word => token.is(TEST_NOUNS),
        TokenKind::Code => names_tests(token.low),
        _ => false,
    }
}

/// Whether a code span names a command or file that tests: `cargo test`, `pytest`, `test_a.py`.
pub(super) fn names_tests(code: &str) -> bool {
    code.split(|c: char| !c.is_ascii_alphanumeric()).any(|w| {
        matches!(
            w,
            "test" | "tests" | "pytest" | "jest" | "vitest" | "rspec" | "tox"
        )
    })
}

/// Whether the verb says of the tests that they pass, and not that a test passes something on.
pub(super) fn is_predicate(clause: &Clause<'_>, noun: usize, verb: usize) -> bool {
    let object = matches!(
        clause.word(verb + 1),
        "a" | "an"
            | "to"
            | "through"
            | "along"
            | "its"
            | "null"
            | "none"
            | "as"
            | "them"
            | "it"
            | "into"
            | "over"
            | "arguments"
            | "args"
            | "data"
            | "values"
            | "on"
            | "their"
            | "by"
            | "this"
            | "that"
            | "these"
            | "the"
    ) || (clause.word(verb + 1) == "in"
        && !clause
            .word(verb + 2)
            .starts_with(|c: char| c.is_ascii_digit()))
        || clause
            .tokens
            .get(verb + 1)
            .is_some_and(|t| t.kind == TokenKind::Code);
    let any_test = noun
        .checked_sub(1)
        .is_some_and(|i| matches!(clause.word(i), "a" | "each" | "any" | "which" | "what"));
    // "test data was successfully created", "test environment": another noun is the subject.
    let verb_word = clause.word(verb);
    let success = verb_word.starts_with("succe");
    let between = clause.tokens.get(noun + 1..verb).unwrap_or(&[]);
    let other_subject = success
        && between.iter().any(|t| {
            !matches!(
                t.low,
                "run"
                    | "runs"
                    | "ran"
                    | "suite"
                    | "is"
                    | "are"
                    | "was"
                    | "were"
                    | "has"
                    | "have"
                    | "all"
                    | "now"
                    | "complete"
                    | "completed"
                    | "completes"
                    | "finished"
                    | "been"
                    | "executed"
                    | "cases"
                    | ":"
                    | "—"
                    | "–"
            )
        });
    let added = success
        && clause.has(&[
            "added",
            "created",
            "wrote",
            "written",
            "updated",
            "add",
            "converted",
        ]);
    !object && !any_test && !other_subject && !added
}

/// The number of tests in the clause: `42 tests`, `42 passed`, `42/42`.
pub(super) fn test_count(clause: &Clause<'_>, verb: usize) -> Option<u64> {
    clause.tokens.iter().enumerate().find_map(|(i, t)| {
        if t.kind != TokenKind::Word {
            return None;
        }
        let (first, rest) = match t.low.split_once('/') {
            Some((first, second)) => (first, Some(second)),
            None => (t.low, None),
        };
        let n: u64 = first.replace(',', "").parse().ok()?;
        if rest.is_some() {
            return rest.and_then(|r| r.parse::<u64>().ok()).map(|_| n);
        }
        let near = (i + 1..=i + 3).any(|j| TEST_NOUNS.contains(&clause.word(j)));
        (near || i + 1 == verb).then_some(n)
    })
}

pub(super) const BUILD_NOUNS: &[&str] = &[
    "build",
    "builds",
    "compilation",
    "compiles",
    "compile",
    "compiled",
    "built",
    "bundle",
];
pub(super) const BUILD_VERBS: &[&str] = &[
    "succeeds",
    "succeeded",
    "succeed",
    "success",
    "successful",
    "successfully",
    "passes",
    "passed",
    "pass",
    "passing",
    "clean",
    "cleanly",
    "fine",
    "green",
    "✅",
    "✓",
    "✔",
];
pub(super) const LINT_NOUNS: &[&str] = &[
    "lint",
    "linter",
    "linting",
    "clippy",
    "eslint",
    "ruff",
    "flake8",
    "mypy",
    "pyright",
    "tsc",
    "typecheck",
    "type-check",
    "type-checks",
    "type-checking",
    "typechecks",
    "types",
    "checker",
    "pylint",
    "rubocop",
    "golangci-lint",
    "prettier",
];
pub(super) const LINT_VERBS: &[&str] = &[
    "succeeds",
    "succeeded",
    "successful",
    "successfully",
    "passes",
    "passed",
    "pass",
    "passing",
    "clean",
    "cleanly",
    "green",
    "✅",
    "✓",
    "✔",
];

/// Whether the clause says that a build or a static check is clean.
pub(super) fn checks_clean(clause: &Clause<'_>, nouns: &[&str], verbs: &[&str]) -> bool {
    let named = |t: &Token<'_>| match t.kind {
        TokenKind::Word => t.is(nouns),
        TokenKind::Code => t
            .low
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
            .any(|w| nouns.contains(&w) || (w == "check" && nouns.contains(&"build"))),
        _ => false,
    };
    let Some(noun) = clause.find(named) else {
        return false;
    };
    // "compiles without errors", "no lint errors": the denial is the claim.
    let faultless = clause.tokens.windows(2).any(|pair| match pair {
        [a, b] => {
            matches!(a.low, "without" | "no" | "zero" | "0")
                && [
                    "error",
                    "warning",
                    "issue",
                    "problem",
                    "complaint",
                    "lint",
                    "type",
                ]
                .iter()
                .any(|w| b.low.starts_with(w))
        }
        _ => false,
    });
    if faultless {
        let at = if clause.word(0) == "no" { 0 } else { noun };
        let finding = clause.has(&[
            "found", "reported", "reports", "remain", "has", "have", "with",
        ]);
        let says_so = clause.tokens.len() <= 8 || finding;
        return says_so && clause.mood(at) == Mood::Stated && !clause.has(&["failed", "fails"]);
    }
    let Some(verb) = clause.find(|t| t.kind != TokenKind::Quote && t.is(verbs)) else {
        return false;
    };
    let builder = clause.has(&[
        "step", "script", "file", "function", "system", "process", "pipeline", "query",
    ]);
    let clean_build = clause.word(verb) == "clean" && verb < noun;
    let object = matches!(clause.word(verb + 1), "a" | "an" | "to" | "through" | "in")
        || (clause.word(verb) == "successfully"
            && !matches!(
                clause.word(verb + 1),
                "" | "with" | "and" | "for" | "on" | "now" | "after" | "built" | "compiled"
            ));
    let of_something_else = object || clean_build || (builder && noun > verb);
    noun.abs_diff(verb) <= 6 && !of_something_else && clause.mood(verb) == Mood::Stated
}

/// What stands for the command where the agent says only that it ran the tests.
pub(crate) const TESTS: &str = "the tests";

/// The commands that the clause says the agent ran.
pub(super) fn commands_run(clause: &Clause<'_>) -> Vec<String> {
    let Some(verb) =
        clause.find(|t| matches!(t.low, "ran" | "executed" | "run" | "running" | "re-ran"))
    else {
        return vec![];
    };
    let before = verb.checked_sub(1).map_or("", |i| clause.word(i));
    let own = match clause.word(verb) {
        "ran" | "re-ran" | "executed" => {
            verb == 0
                || matches!(
                    before,
                    "i" | "we" | "and" | "then" | "also" | "successfully" | "have" | "i've"
                )
        }
        "run" => {
            matches!(before, "i've" | "have" | "we've") && clause.has(&["i", "i've", "we", "we've"])
        }
        // "After running X", "running X shows": a report where the rest of the clause is one.
        _ => {
            (verb == 0
                && clause.has(&[
                    "shows",
                    "showed",
                    "confirms",
                    "confirmed",
                    "gives",
                    "gave",
                    "produces",
                    "produced",
                    "printed",
                    "returned",
                    "reported",
                    "reports",
                ]))
                || (before == "after" && !clause.has(&["you"]))
        }
    };
    if !own || clause.mood(verb) != Mood::Stated {
        return vec![];
    }
    let rest = || clause.tokens.iter().skip(verb + 1).take(8);
    let commands: Vec<String> = rest()
        .filter(|t| t.kind == TokenKind::Code && paths::command_like(t.raw))
        .map(|t| t.raw.to_owned())
        .collect();
    let suite = matches!(clause.word(verb), "ran" | "re-ran" | "executed")
        && rest()
            .take(5)
            .any(|t| t.kind == TokenKind::Word && matches!(t.low, "tests" | "suite"));
    if commands.is_empty() && suite {
        return vec![TESTS.to_owned()];
    }
    commands
}

/// Whether the clause says that the agent checked something itself; `Some(true)` where it says
/// that it tried it out.
pub(super) fn verified(clause: &Clause<'_>) -> Option<bool> {
    let at = clause.find(|t| {
        t.kind == TokenKind::Word
            && matches!(
                t.low,
                "verified" | "tested" | "confirmed" | "double-checked" | "validated"
            )
    })?;
    let previous = at.checked_sub(1).map_or("", |i| clause.word(i));
    let own = at == 0
        || matches!(
            previous,
            "i" | "i've"
                | "we"
                | "we've"
                | "have"
                | "also"
                | "and"
                | "manually"
                | "thoroughly"
                | "fully"
                | "been"
                | "successfully"
        )
        || matches!(clause.word(0), "i" | "i've" | "we've");
    let other = clause.has(&[
        "by", "email", "user", "account", "users", "accounts", "badge", "it's",
    ]);
    if !own || other || clause.mood(at) != Mood::Stated {
        return None;
    }
    let tried = clause.has(&[
        "tested",
        "manually",
        "browser",
        "end-to-end",
        "thoroughly",
        "locally",
        "running",
    ]);
    Some(tried)
}
