//! Results said without a verb of passing: `14/14`, no failures, exit status 0, a ticked box.

use super::super::mood::{Clause, Mood};
use super::super::sentences::{Kind, Sentence, Token, TokenKind};
use super::checks::{LINT_NOUNS, PASS_VERBS, is_test_noun};

/// Whether the clause says in such words that tests pass, and how many.
pub(super) fn tests_pass_plainly(clause: &Clause<'_>, about_tests: bool) -> Option<Option<u64>> {
    let noun = clause.find(is_test_noun);
    ratio(clause, noun)
        .map(Some)
        .or_else(|| faultless(clause, noun.is_some(), about_tests).then_some(None))
        .or_else(|| status(clause, noun).then_some(None))
        .or_else(|| borne_out(clause).then_some(None))
}

/// `pytest: 14/14`, "14 of 14 tests", "14 out of 14 specs are fine".
fn ratio(clause: &Clause<'_>, noun: Option<usize>) -> Option<u64> {
    let noun = noun?;
    let (at, n) = (0..clause.tokens.len()).find_map(|i| {
        let word = clause.word(i);
        if let Some((a, b)) = word.split_once('/') {
            return (a == b).then(|| a.parse().ok().map(|n| (i, n)))?;
        }
        let n: u64 = word.parse().ok()?;
        let of = match (clause.word(i + 1), clause.word(i + 2)) {
            ("of", _) => i + 2,
            ("out", "of") => i + 3,
            _ => return None,
        };
        (clause.word(of) == word).then_some((i, n))
    })?;
    // A ratio of something else may stand in a clause that speaks of tests.
    let near = noun.abs_diff(at) <= 5 && n > 0;
    let other = clause.has(&[
        "coverage", "covered", "added", "wrote", "written", "fail", "failing", "failed", "step",
        "skipped",
    ]);
    (near && !other && clause.mood_of_value(at) == Mood::Stated).then_some(n)
}

/// "0 failures", "no failing tests", "the suite finishes without failures".
fn faultless(clause: &Clause<'_>, noun: bool, about_tests: bool) -> bool {
    let Some(at) = clause.find(|t| matches!(t.low, "0" | "no" | "zero" | "without")) else {
        return false;
    };
    let fault = (at + 1..=at + 4).any(|i| {
        matches!(
            clause.word(i),
            "failure" | "failures" | "failing" | "failed" | "fails"
        )
    });
    let alone = clause.tokens.len() <= 3;
    let elsewhere = clause.has(&[
        "log",
        "logs",
        "deploy",
        "deployment",
        "network",
        "request",
        "requests",
        "health",
        "retry",
        "node",
        "nodes",
        "job",
        "jobs",
        "longer",
        "yet",
        "reproduce",
        "reproduces",
        "cover",
        "covers",
        "covering",
    ]);
    fault
        && (noun || about_tests || alone)
        && !elsewhere
        && clause.mood_of_value(at) == Mood::Stated
}

/// "`pytest` exits 0", "the suite returned with code 0", "tests exit cleanly".
fn status(clause: &Clause<'_>, noun: Option<usize>) -> bool {
    const ENDS: &[&str] = &[
        "exits",
        "exited",
        "exit",
        "returns",
        "returned",
        "finishes",
        "finished",
        "ends",
        "ended",
        "completes",
        "completed",
    ];
    const BETWEEN: &[&str] = &["with", "exit", "code", "status", "a", "an", "of", "return"];
    let (Some(noun), Some(verb)) = (noun, clause.find(|t| t.is(ENDS))) else {
        return false;
    };
    let mut value = verb + 1;
    while BETWEEN.contains(&clause.word(value)) {
        value += 1;
    }
    let good = matches!(clause.word(value), "0" | "zero" | "cleanly" | "clean");
    // In "the test that returns 0" the tests are no more than where it stands.
    let between =
        (noun + 1..verb).any(|i| matches!(clause.word(i), "that" | "which" | "for" | "case"));
    good && noun < verb && !between && clause.mood(verb) == Mood::Stated
}

/// "The change has been validated by the test suite", "confirmed with the full suite".
fn borne_out(clause: &Clause<'_>) -> bool {
    let Some(verb) = clause.find(|t| {
        t.is(&[
            "validated",
            "verified",
            "confirmed",
            "proven",
            "checked",
            "vetted",
            "exercised",
        ])
    }) else {
        return false;
    };
    let by = matches!(
        clause.word(verb + 1),
        "by" | "with" | "against" | "through" | "via" | "using"
    );
    let suite = (verb + 2..=verb + 6).any(|i| clause.tokens.get(i).is_some_and(is_suite));
    by && suite && clause.mood(verb) == Mood::Stated
}

fn is_suite(token: &Token<'_>) -> bool {
    matches!(token.low, "tests" | "suite") || (token.kind == TokenKind::Code && is_test_noun(token))
}

/// "All checks pass", "every check is green": whichever checks there are.
pub(super) fn checks_pass(clause: &Clause<'_>) -> bool {
    let Some(noun) = clause.find(|t| t.is(&["checks", "check"])) else {
        return false;
    };
    let all = clause.has(&["all", "every", "both"]) && noun > 0;
    // Somebody else's checks, of which the session may hold nothing.
    let others = clause.has(&[
        "ci", "status", "github", "health", "pr", "pipeline", "remote", "null", "bounds", "type",
    ]);
    let verb = clause.find(|t| t.kind != TokenKind::Quote && t.is(PASS_VERBS));
    verb.is_some_and(|verb| {
        all && !others && verb > noun && verb - noun <= 4 && clause.mood(verb) == Mood::Stated
    })
}

/// What a ticked item names, where it names a check and nothing else: `- [x] tests`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ticked {
    Tests,
    Build,
    Lint,
}

pub(super) fn ticked(sentence: &Sentence, words: &[Token<'_>]) -> Option<Ticked> {
    const BESIDE: &[&str] = &[
        "all",
        "unit",
        "integration",
        "e2e",
        "the",
        "full",
        "run",
        "suite",
        "green",
        "ok",
        "check",
        "checks",
        "test",
        "type",
        "✅",
        "✓",
        "✔",
        "☑",
        ".",
    ];
    let box_or_mark = sentence.kind == (Kind::Item { ticked: Some(true) })
        || sentence.text.starts_with(['✅', '✓', '✔', '☑']);
    let bare = words.iter().all(|t| {
        t.is(BESIDE) || is_test_noun(t) || t.is(LINT_NOUNS) || matches!(t.low, "build" | "builds")
    });
    if !box_or_mark || !bare || words.len() > 5 {
        return None;
    }
    words.iter().find_map(|t| match t.low {
        "build" | "builds" => Some(Ticked::Build),
        _ if t.is(LINT_NOUNS) => Some(Ticked::Lint),
        _ if is_test_noun(t) => Some(Ticked::Tests),
        _ => None,
    })
}
