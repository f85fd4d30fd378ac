//! From the sentences of a text to what it claims was done.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::ClaimKind;
use super::figures::{self, Figure};
use super::mood::{Clause, Mood, can_state, clauses};
use super::paths;
use super::sentences::{Kind, Sentence, Token, TokenKind, sentences, tokens};

/// Something that a text claims, not yet judged.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Said {
    pub(crate) kind: ClaimKind,
    /// The sentence.
    pub(crate) text: String,
    /// Whether the agent says that it did so itself ("I ran", "verified"), or that all is well.
    pub(crate) firm: bool,
}

/// All that one text claims, and what it owns up to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Account {
    pub(crate) said: Vec<Said>,
    /// The text says that something fails, is missing, or was not checked.
    pub(crate) admits: Admissions,
}

/// What a text owns up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Admissions {
    /// Something fails or is broken now.
    pub(crate) failing: bool,
    /// Something was not run, not checked, or could not be.
    pub(crate) unchecked: bool,
    /// Something is left to do, a stand-in, or partial.
    pub(crate) unfinished: bool,
    /// Figures are estimates or examples.
    pub(crate) estimated: bool,
}

impl Admissions {
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            failing: self.failing || other.failing,
            unchecked: self.unchecked || other.unchecked,
            unfinished: self.unfinished || other.unfinished,
            estimated: self.estimated || other.estimated,
        }
    }
}

/// Claims taken from one text; a text with more repeats itself.
const CLAIMS: usize = 200;

/// Stems without which a text holds no claim and no admission.
static STEMS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build([
            "pass",
            "green",
            "succe",
            "test",
            "build",
            "built",
            "compil",
            "lint",
            "clippy",
            "typecheck",
            "type check",
            "verif",
            "confirm",
            "ran ",
            "run ",
            "running",
            "creat",
            "updat",
            "added",
            "wrote",
            "modif",
            "chang",
            "edit",
            "delet",
            "remov",
            "renam",
            "commit",
            "push",
            "deploy",
            "fix",
            "done",
            "complet",
            "implement",
            "work",
            "measur",
            "bench",
            "%",
            " ms",
            "faster",
            "latency",
            "throughput",
            "fail",
            "todo",
            "error",
            "clean",
            "file",
            "executed",
            "rewrote",
            "generated",
            "accuracy",
            "took",
            "speed",
            "merged",
            "pull request",
            " pr ",
            "refactor",
            "replaced",
            "moved",
        ])
        .ok()
});

/// What a text claims.
pub(crate) fn account(text: &str) -> Account {
    if !STEMS.as_ref().is_some_and(|stems| stems.is_match(text)) {
        return Account::default();
    }
    let sentences = sentences(text);
    let mut account = Account::default();
    let mut listing: Option<Verb> = None;
    let mut lead = Lead::Plain;
    let mut spoke_of_tests = false;
    for sentence in &sentences {
        if sentence.kind == Kind::Code {
            if lead != Lead::Example && account.said.len() < CLAIMS {
                account.said.extend(shown_output(&sentence.text));
            }
            continue;
        }
        lead = Lead::of(&sentence.text);
        let low = sentence.text.to_ascii_lowercase();
        let words = tokens(&sentence.text, &low);
        account.admits = account.admits.or(admissions(&low, &words));
        match sentence.kind {
            Kind::Heading => listing = list_verb(&low, &words),
            Kind::Item { .. } => {}
            _ => listing = None,
        }
        if !can_state(sentence) || account.said.len() >= CLAIMS {
            continue;
        }
        let before = account.said.len();
        let firm = FIRST_HAND.iter().any(|w| words.iter().any(|t| t.low == *w));
        let about_tests = words.iter().any(is_test_noun);
        for clause in clauses(&words) {
            let around = Around {
                firm,
                about_tests: about_tests || spoke_of_tests,
            };
            claims_of(&clause, sentence, around, &mut account.said);
        }
        spoke_of_tests = about_tests;
        if let (Some(verb), Kind::Item { .. }) = (listing, sentence.kind)
            && account.said.len() == before
            && let Some(path) = words.iter().take(2).find_map(path_of)
        {
            account.said.push(Said {
                kind: verb.kind(path),
                text: sentence.text.clone(),
                firm: false,
            });
        }
    }
    account
}

/// What a line before a code block says about the block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lead {
    Plain,
    /// What follows is an example, an expectation or an instruction.
    Example,
}

impl Lead {
    fn of(text: &str) -> Self {
        let low = text.to_ascii_lowercase();
        let example = [
            "should",
            "expect",
            "example",
            "would",
            "will ",
            "you can",
            "run ",
            "e.g",
            "such as",
            "like this",
            "looks like",
            "format",
            "template",
            "want",
            "previous",
            "before",
            "your",
            "if ",
            "when ",
        ];
        if example.iter().any(|w| low.contains(w)) {
            Self::Example
        } else {
            Self::Plain
        }
    }
}

/// A line of shown output that a test runner prints at its end: `42 passed in 1.03s`.
fn shown_output(line: &str) -> Option<Said> {
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

/// What was done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Created,
    Changed,
    Deleted,
}

impl Verb {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "created" | "wrote" | "generated" => Self::Created,
            "added" | "updated" | "modified" | "changed" | "edited" | "refactored" | "rewrote"
            | "replaced" | "renamed" | "moved" | "fixed" | "implemented" | "extended"
            | "rewritten" | "patched" | "corrected" | "written" => Self::Changed,
            "deleted" | "removed" => Self::Deleted,
            _ => return None,
        })
    }

    fn kind(self, path: String) -> ClaimKind {
        match self {
            Self::Created => ClaimKind::FileCreated { path },
            Self::Changed => ClaimKind::FileChanged { path },
            Self::Deleted => ClaimKind::FileDeleted { path },
        }
    }
}

/// The verb of a line such as `Files created:` that the items after it share.
fn list_verb(low: &str, words: &[Token<'_>]) -> Option<Verb> {
    let about_files = low.contains("file");
    let planned = [
        "to be",
        "to create",
        "to change",
        "will",
        "should",
        "would",
        "could",
        "not ",
    ];
    if !about_files || planned.iter().any(|w| low.contains(w)) || words.len() > 8 {
        return None;
    }
    words.iter().find_map(|t| match t.low {
        "new" => Some(Verb::Created),
        word => Verb::of(word),
    })
}

fn path_of(token: &Token<'_>) -> Option<String> {
    paths::path_like(token.raw, token.kind == TokenKind::Code).map(str::to_owned)
}

/// Words by which the agent says that it did so itself.
const FIRST_HAND: &[&str] = &[
    "i",
    "i've",
    "we",
    "we've",
    "ran",
    "verified",
    "confirmed",
    "tested",
    "re-ran",
];

/// What stands around a clause.
#[derive(Clone, Copy)]
struct Around {
    /// The sentence says that the agent did so itself.
    firm: bool,
    /// This sentence or the one before it speaks of tests.
    about_tests: bool,
}

fn claims_of(clause: &Clause<'_>, sentence: &Sentence, around: Around, out: &mut Vec<Said>) {
    let firm = around.firm;
    let mut say = |kind: ClaimKind, firm: bool| {
        let said = Said {
            kind,
            text: sentence.text.clone(),
            firm,
        };
        if !out.contains(&said) {
            out.push(said);
        }
    };
    if let Some((count, all)) = tests_pass(clause, around.about_tests) {
        say(ClaimKind::TestsPass { count, all }, firm);
    } else if checks_clean(clause, BUILD_NOUNS, BUILD_VERBS) {
        say(ClaimKind::BuildPasses, firm);
    } else if checks_clean(clause, LINT_NOUNS, LINT_VERBS) {
        say(ClaimKind::LintPasses, firm);
    }
    for command in commands_run(clause) {
        say(ClaimKind::Ran { command }, true);
    }
    for (verb, path) in files_touched(clause) {
        say(verb.kind(path), firm);
    }
    if let Some(kind) = shipped(clause) {
        say(kind, firm);
    }
    if let Some(strong) = verified(clause) {
        say(ClaimKind::Verified, strong);
    }
    if done(clause) {
        say(ClaimKind::Done, firm);
    }
    let figures = measured(clause, sentence);
    if let Some((figures, explicit)) = figures {
        say(ClaimKind::Measured { figures }, explicit);
    }
}

const TEST_NOUNS: &[&str] = &[
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
const PASS_VERBS: &[&str] = &[
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
fn tests_pass(clause: &Clause<'_>, about_tests: bool) -> Option<(Option<u64>, bool)> {
    let noun = clause.find(is_test_noun);
    let verbs = clause
        .tokens
        .iter()
        .enumerate()
        .filter(|(_, t)| t.kind != TokenKind::Quote && PASS_VERBS.contains(&t.low));
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

fn is_test_noun(token: &Token<'_>) -> bool {
    match token.kind {
        TokenKind::Word => TEST_NOUNS.contains(&token.low),
        TokenKind::Code => names_tests(token.low),
        _ => false,
    }
}

/// Whether a code span names a command or file that tests: `cargo test`, `pytest`, `test_a.py`.
fn names_tests(code: &str) -> bool {
    code.split(|c: char| !c.is_ascii_alphanumeric()).any(|w| {
        matches!(
            w,
            "test" | "tests" | "pytest" | "jest" | "vitest" | "rspec" | "tox"
        )
    })
}

/// Whether the verb says of the tests that they pass, and not that a test passes something on.
fn is_predicate(clause: &Clause<'_>, noun: usize, verb: usize) -> bool {
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
fn test_count(clause: &Clause<'_>, verb: usize) -> Option<u64> {
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

const BUILD_NOUNS: &[&str] = &[
    "build",
    "builds",
    "compilation",
    "compiles",
    "compile",
    "compiled",
    "built",
    "bundle",
];
const BUILD_VERBS: &[&str] = &[
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
const LINT_NOUNS: &[&str] = &[
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
const LINT_VERBS: &[&str] = &[
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
fn checks_clean(clause: &Clause<'_>, nouns: &[&str], verbs: &[&str]) -> bool {
    let named = |t: &Token<'_>| match t.kind {
        TokenKind::Word => nouns.contains(&t.low),
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
    let Some(verb) = clause.find(|t| t.kind != TokenKind::Quote && verbs.contains(&t.low)) else {
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
    noun.abs_diff(verb) <= 6
        && !object
        && !clean_build
        && !(builder && noun > verb)
        && clause.mood(verb) == Mood::Stated
}

/// What stands for the command where the agent says only that it ran the tests.
pub(crate) const TESTS: &str = "the tests";

/// The commands that the clause says the agent ran.
fn commands_run(clause: &Clause<'_>) -> Vec<String> {
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

/// The files that the clause says were created, changed or deleted.
fn files_touched(clause: &Clause<'_>) -> Vec<(Verb, String)> {
    let found = clause.tokens.iter().enumerate().find_map(|(i, t)| {
        (t.kind == TokenKind::Word)
            .then(|| Verb::of(t.low))
            .flatten()
            .map(|v| (i, v))
    });
    let Some((at, verb)) = found else {
        return vec![];
    };
    let previous = at.checked_sub(1).map_or("", |i| clause.word(i));
    let active = at == 0
        || matches!(
            previous,
            "i" | "i've"
                | "we"
                | "we've"
                | "have"
                | "also"
                | "and"
                | "then"
                | "successfully"
                | "just"
                | "now"
                | ":"
                | "—"
        )
        || clause
            .tokens
            .get(at - 1)
            .is_some_and(|t| t.kind == TokenKind::Mark);
    let passive = clause.has(&["was", "were", "been"])
        && matches!(
            previous,
            "was" | "were" | "been" | "successfully" | "now" | "also" | "is"
        );
    if !(active || passive) || clause.mood(at) != Mood::Stated {
        return vec![];
    }
    // "was created by the installer", "the file I was given"
    if clause.has(&["by", "who", "commit", "given", "which"]) && passive {
        return vec![];
    }
    let mut out = vec![];
    for (i, token) in clause.tokens.iter().enumerate() {
        let reach = if i > at { i - at <= 12 } else { passive };
        let Some(path) = path_of(token).filter(|_| reach) else {
            continue;
        };
        let link = i.checked_sub(1).map_or("", |j| clause.word(j));
        let effect = match (verb, link) {
            // "removed `foo` from `a.rs`", "moved x to a.rs", "fixed y in a.rs": a.rs was changed.
            (_, "in" | "to" | "into" | "from") => Verb::Changed,
            // "created with x.sh", "based on a.md", "like b.py", "using c.py", "for d.rs"
            (
                _,
                "with" | "on" | "like" | "using" | "for" | "than" | "of" | "as" | "see" | "via"
                | "against" | "per" | "following" | "matching" | "reads" | "where",
            ) => continue,
            (verb, _) => verb,
        };
        out.push((effect, path));
    }
    out.truncate(12);
    out
}

/// Committed, pushed, deployed, published.
fn shipped(clause: &Clause<'_>) -> Option<ClaimKind> {
    let at = clause.find(|t| {
        t.kind == TokenKind::Word
            && matches!(
                t.low,
                "committed" | "pushed" | "deployed" | "published" | "opened" | "merged"
            )
    })?;
    let word = clause.word(at);
    let previous = at.checked_sub(1).map_or("", |i| clause.word(i));
    let active = at == 0
        || matches!(
            previous,
            "i" | "i've"
                | "we"
                | "we've"
                | "have"
                | "also"
                | "and"
                | "then"
                | "successfully"
                | "just"
                | "now"
        );
    let passive = matches!(previous, "was" | "were" | "been" | "is" | "are")
        && clause.has(&[
            "changes",
            "change",
            "fix",
            "branch",
            "everything",
            "code",
            "app",
            "application",
            "service",
            "site",
            "work",
            "update",
            "release",
        ]);
    if !(active || passive) || clause.mood(at) != Mood::Stated {
        return None;
    }
    match word {
        "committed" => (!clause.has(&["to", "secrets", "secret", "already"])
            || clause.has(&["changes", "branch", "main", "git"]))
        .then_some(ClaimKind::Committed),
        "pushed" => (clause.has(&[
            "branch",
            "origin",
            "remote",
            "changes",
            "main",
            "master",
            "commit",
            "commits",
            "it",
            "everything",
            "fix",
            "upstream",
        ]) || clause.tokens.iter().any(|t| t.kind == TokenKind::Code))
        .then_some(ClaimKind::Pushed),
        "opened" => clause
            .has(&["pr", "request", "mr"])
            .then_some(ClaimKind::Pushed),
        "merged" => clause
            .has(&["pr", "request", "mr", "branch"])
            .then_some(ClaimKind::Pushed),
        _ => Some(ClaimKind::Deployed),
    }
}

/// Whether the clause says that the agent checked something itself; `Some(true)` where it says
/// that it tried it out.
fn verified(clause: &Clause<'_>) -> Option<bool> {
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

/// Whether the clause says that the whole work is done and works.
fn done(clause: &Clause<'_>) -> bool {
    let Some(at) = clause.find(|t| {
        t.kind == TokenKind::Word
            && matches!(
                t.low,
                "done"
                    | "complete"
                    | "completed"
                    | "implemented"
                    | "works"
                    | "working"
                    | "fixed"
                    | "resolved"
                    | "finished"
                    | "functional"
                    | "production-ready"
                    | "operational"
            )
    }) else {
        return false;
    };
    let whole = clause.has(&[
        "all",
        "everything",
        "fully",
        "now",
        "successfully",
        "task",
        "implementation",
        "feature",
        "fix",
        "bug",
        "issue",
        "work",
        "completely",
        "correctly",
        "migration",
        "refactor",
        "it's",
        "i've",
        "problem",
    ]);
    let short = clause.tokens.len() <= 3
        && matches!(clause.word(at), "done" | "fixed" | "complete" | "completed");
    let narrow = clause.has(&["how", "works", "way", "why", "what"])
        && clause.has(&["how", "way", "why", "what"]);
    (whole || short) && !narrow && clause.tokens.len() <= 14 && clause.mood(at) == Mood::Stated
}

/// The figures that the clause states as measured; the flag says whether it says so outright.
fn measured(clause: &Clause<'_>, sentence: &Sentence) -> Option<(Vec<Figure>, bool)> {
    let explicit = clause.has(&[
        "measured",
        "benchmarked",
        "benchmark",
        "benchmarks",
        "profiled",
        "profiling",
        "timed",
        "recorded",
        "observed",
        "results",
        "averaged",
    ]);
    let metric = clause.has(&[
        "latency",
        "throughput",
        "speedup",
        "faster",
        "slower",
        "accuracy",
        "precision",
        "recall",
        "f1",
        "auc",
        "coverage",
        "took",
        "takes",
        "p50",
        "p95",
        "p99",
        "rps",
        "qps",
        "fps",
        "loss",
        "score",
        "improvement",
        "reduction",
        "dropped",
        "reduced",
        "improved",
        "decreased",
        "increased",
        "memory",
        "runtime",
        "hit-rate",
        "perplexity",
        "bleu",
        "went",
    ]);
    if !explicit && !metric {
        return None;
    }
    let figures = figures::figures(clause.tokens.iter().map(|t| t.low));
    let first = figures.first()?;
    // A default, a limit or a setting is no measurement.
    let setting = clause.has(&[
        "timeout",
        "limit",
        "limits",
        "threshold",
        "default",
        "max",
        "maximum",
        "minimum",
        "interval",
        "budget",
        "cap",
        "config",
        "configured",
        "set",
        "setting",
        "up",
        "over",
        "under",
        "least",
        "about",
        "around",
        "approximately",
        "roughly",
        "estimated",
        "estimate",
        "example",
        "within",
        "ttl",
        "discount",
        "rate-limit",
        "delay",
        "tax",
        "allows",
        "supports",
    ]) || sentence.text.contains('~')
        || sentence.text.contains('≈');
    if setting || clause.mood_of_value(first.token) != Mood::Stated {
        return None;
    }
    Some((figures, explicit))
}

/// What a sentence owns up to.
fn admissions(low: &str, words: &[Token<'_>]) -> Admissions {
    let has = |list: &[&str]| list.iter().any(|w| low.contains(w));
    let word = |list: &[&str]| words.iter().any(|t| list.contains(&t.low));
    let mended = has(&[
        "no fail",
        "0 fail",
        "zero fail",
        "without fail",
        "previously fail",
        "was failing",
        "were failing",
        "no longer fail",
        "fixed the fail",
        "fix the fail",
        "no error",
        "0 error",
        "without error",
        "zero error",
        "no regress",
        "no issues",
    ]);
    let failing = has(&[
        "fail",
        "broken",
        "does not work",
        "doesn't work",
        "not working",
        "still error",
        "regression",
        "crash",
        "doesn't compile",
        "does not compile",
        "doesn't build",
    ]) && !mended;
    let not = has(&["not ", "n't ", "unable", "never ", "cannot", "skipped"]);
    let skipped = has(&[
        "without run",
        "without test",
        "without verif",
        "without execut",
    ]);
    let unchecked = skipped
        || (not
            && has(&[
                "run", "ran", "verif", "test", "check", "execut", "confirm", "build", "compil",
                "access", "install",
            ]))
        || word(&["unverified", "untested"]);
    let unfinished = has(&[
        "todo",
        "remaining",
        "left to",
        "not yet",
        "placeholder",
        "stub",
        "still need",
        "next step",
        "follow-up",
        "follow up",
        "partial",
        "incomplete",
        "not implemented",
        "unfinished",
        "future work",
        "limitation",
        "skipped",
        "known issue",
        "out of scope",
        "haven't",
    ]);
    let estimated = has(&[
        "estimat",
        "approximat",
        "roughly",
        "hypothetical",
        "illustrative",
        "example figures",
        "expected",
        "simulated",
        "synthetic",
        "projected",
        "made-up",
        "dummy",
        "sample data",
    ]);
    Admissions {
        failing,
        unchecked,
        unfinished,
        estimated,
    }
}

#[cfg(test)]
mod tests;
