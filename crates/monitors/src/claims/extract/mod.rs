//! From the sentences of a text to what it claims was done.

mod admissions;
mod checks;
mod deeds;
mod measured;
mod plainly;

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::ClaimKind;
use super::legible::legible;
use super::mood::{Clause, can_state, clauses, opens_list_of_plans};
use super::sentences::{Kind, Sentence, sentences, tokens};
use admissions::admissions;
use checks::{
    BUILD_NOUNS, BUILD_VERBS, LINT_NOUNS, LINT_VERBS, checks_clean, commands_run, is_test_noun,
    shown_output, tests_pass, verified,
};
use deeds::{Verb, acted, done, files_touched, list_verb, path_of, shipped};
use measured::measured;
use plainly::{Ticked, checks_pass, tests_pass_plainly, ticked};

pub(crate) use admissions::Admissions;
pub(crate) use checks::TESTS;

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
            "sent",
            "mail",
            "paid",
            "booked",
            "schedul",
            "transfer",
            "invited",
            "order",
            "purchas",
            "cancel",
            "posted",
            "replied",
            "messaged",
            "reserved",
            "refund",
            "notif",
            "subscrib",
            "pytest",
            "vitest",
            "suite",
            "spec",
            "[x]",
        ])
        .ok()
});

/// What a text claims.
pub(crate) fn account(text: &str) -> Account {
    let text = &*legible(text);
    if !STEMS.as_ref().is_some_and(|stems| stems.is_match(text)) {
        return Account::default();
    }
    let mut sentences = sentences(text);
    // A reply that is one code block says in it what it has to say.
    if sentences.iter().all(|s| s.kind == Kind::Code) && sentences.len() <= 8 {
        for line in &mut sentences {
            if line.text.ends_with(['.', '!']) {
                line.kind = Kind::Prose;
            }
        }
    }
    let mut account = Account::default();
    let mut listing: Option<Verb> = None;
    // The line before a code block says what the block is.
    let mut lead = "";
    let mut spoke_of_tests = false;
    // The items below are plans or duties, because the line above them says so.
    let mut planned = false;
    let mut boxes: Vec<(Ticked, &Sentence)> = vec![];
    for sentence in &sentences {
        if sentence.kind == Kind::Code {
            if account.said.len() < CLAIMS && Lead::of(lead) != Lead::Example {
                account.said.extend(shown_output(&sentence.text));
            }
            continue;
        }
        lead = &sentence.text;
        let low = sentence.text.to_ascii_lowercase();
        let words = tokens(&sentence.text, &low);
        account.admits = account.admits.or(admissions(&low, &words));
        match sentence.kind {
            Kind::Heading => listing = list_verb(&low, &words),
            Kind::Item { .. } => {}
            _ => listing = None,
        }
        match sentence.kind {
            Kind::Item { ticked: Some(_) } => {}
            Kind::Item { .. } if planned => continue,
            _ => planned = opens_list_of_plans(sentence, &words),
        }
        if !can_state(sentence) || account.said.len() >= CLAIMS {
            continue;
        }
        let before = account.said.len();
        let firm = FIRST_HAND.iter().any(|w| words.iter().any(|t| t.low == *w));
        let about_tests = words.iter().any(is_test_noun);
        boxes.extend(ticked(sentence, &words).map(|what| (what, sentence)));
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
    account.said.extend(checked_off(&boxes));
    account
}

/// What ticked boxes claim: `tests` beside `lint` or `build` is a check, alone it may be the work.
fn checked_off(boxes: &[(Ticked, &Sentence)]) -> Vec<Said> {
    let checks = boxes.iter().any(|(what, _)| *what != Ticked::Tests);
    let claims = boxes.iter().filter(|_| checks);
    claims
        .map(|(what, sentence)| Said {
            kind: match what {
                Ticked::Tests => ClaimKind::TestsPass {
                    count: None,
                    all: false,
                },
                Ticked::Build => ClaimKind::BuildPasses,
                Ticked::Lint => ClaimKind::LintPasses,
            },
            text: sentence.text.clone(),
            firm: false,
        })
        .take(8)
        .collect()
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
    } else if let Some(count) = tests_pass_plainly(clause, around.about_tests) {
        say(
            ClaimKind::TestsPass {
                count,
                all: count.is_none(),
            },
            firm,
        );
    } else if checks_clean(clause, BUILD_NOUNS, BUILD_VERBS) {
        say(ClaimKind::BuildPasses, firm);
    } else if checks_clean(clause, LINT_NOUNS, LINT_VERBS) {
        say(ClaimKind::LintPasses, firm);
    } else if checks_pass(clause) {
        say(ClaimKind::ChecksPass, firm);
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
    if let Some(verb) = acted(clause) {
        let verb = verb.to_owned();
        say(ClaimKind::Acted { verb }, firm);
    }
    if done(clause) {
        say(ClaimKind::Done, firm);
    }
    let figures = measured(clause, sentence);
    if let Some((figures, explicit)) = figures {
        say(ClaimKind::Measured { figures }, explicit);
    }
}

#[cfg(test)]
mod tests;
