//! What a text owns up to: failures, checks left out, work left over, estimates.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::super::sentences::Token;

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

/// Pieces of words, and what a sentence that holds one of them may own up to.
const SIGNS: &[(u8, &[&str])] = &[
    (
        MENDED,
        &[
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
        ],
    ),
    (
        FAILING,
        &[
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
        ],
    ),
    (
        NOT,
        &["not ", "n't ", "unable", "never ", "cannot", "skipped"],
    ),
    (
        SKIPPED,
        &[
            "without run",
            "without test",
            "without verif",
            "without execut",
        ],
    ),
    (
        CHECKING,
        &[
            "run", "ran", "verif", "test", "check", "execut", "confirm", "build", "compil",
            "access", "install",
        ],
    ),
    (
        UNFINISHED,
        &[
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
        ],
    ),
    (
        ESTIMATED,
        &[
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
        ],
    ),
];

/// No failure, or one that is gone.
const MENDED: u8 = 1 << 0;
/// Something fails.
const FAILING: u8 = 1 << 1;
/// Something was not done.
const NOT: u8 = 1 << 2;
/// A check was left out.
const SKIPPED: u8 = 1 << 3;
/// Checks that may not have been done.
const CHECKING: u8 = 1 << 4;
/// Work is left.
const UNFINISHED: u8 = 1 << 5;
/// Figures that are none.
const ESTIMATED: u8 = 1 << 6;

/// All pieces of [`SIGNS`], and for each what it is a sign of.
static PIECES: LazyLock<Option<(AhoCorasick, Vec<u8>)>> = LazyLock::new(|| {
    let pieces = || {
        SIGNS
            .iter()
            .flat_map(|(sign, list)| list.iter().map(|piece| (*piece, *sign)))
    };
    let words = AhoCorasick::new(pieces().map(|(piece, _)| piece)).ok()?;
    Some((words, pieces().map(|(_, sign)| sign).collect()))
});

/// The signs in a sentence.
fn signs(low: &str) -> u8 {
    let Some((pieces, signs)) = &*PIECES else {
        return 0;
    };
    pieces
        .find_overlapping_iter(low)
        .filter_map(|found| signs.get(found.pattern().as_usize()))
        .fold(0, |all, sign| all | sign)
}

/// What a sentence owns up to.
pub(super) fn admissions(low: &str, words: &[Token<'_>]) -> Admissions {
    let signs = signs(low);
    let has = |sign: u8| signs & sign != 0;
    let word = |list: &[&str]| words.iter().any(|t| t.is(list));
    Admissions {
        failing: has(FAILING) && !has(MENDED),
        unchecked: has(SKIPPED) || (has(NOT) && has(CHECKING)) || word(&["unverified", "untested"]),
        unfinished: has(UNFINISHED),
        estimated: has(ESTIMATED),
    }
}
