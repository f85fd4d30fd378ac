//! What a text owns up to: failures, checks left out, work left over, estimates.

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

/// What a sentence owns up to.
pub(super) fn admissions(low: &str, words: &[Token<'_>]) -> Admissions {
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
