//! What the user's requests allow and forbid concerning tests.

use std::sync::LazyLock;

use regex::RegexSet;

/// What the requests of a session say about tests and checks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    /// Tests may be skipped or disabled.
    pub(crate) skip: bool,
    /// Tests may be deleted or merged.
    pub(crate) delete: bool,
    /// A feature is to go, and its tests with it.
    pub(crate) drop_feature: bool,
    /// Tests, expectations or snapshots are to be changed.
    pub(crate) update: bool,
    /// Failing tests are to be mended: by which change is left open.
    pub(crate) mend: bool,
    /// Continuous integration or its strictness is the subject.
    pub(crate) ci: bool,
    /// History, other branches or commits are the subject.
    pub(crate) history: bool,
    /// Tests, graders or checks must not be changed.
    pub(crate) forbids: bool,
    /// Fixed, stubbed or mocked behaviour is asked for.
    pub(crate) stubs: bool,
    /// The text of the requests in lower case, bounded.
    pub(crate) words: String,
}

/// Bytes of requests that are kept to look up names in.
const WORDS: usize = 32 * 1024;

static PATTERNS: LazyLock<Option<RegexSet>> = LazyLock::new(|| {
    let tests = r"(tests?|specs?|suite|assert\w*|fixtures?|snapshots?|goldens?|expect\w*|checks?|graders?|scorers?)";
    RegexSet::new([
        format!(r"\b(skip|disable|ignore|xfail|quarantine|mute|comment out|mark|unskip)\w*\b[^.\n]{{0,60}}\b({tests}|flaky)\b"),
        format!(r"\b(remove|delete|drop|prune|clean ?up|get rid of|consolidate|merge|dedup\w*|replace|rewrite)\b[^.\n]{{0,80}}\b{tests}\b"),
        r"\b(remove|delete|drop|deprecate|rip out|get rid of|replace|migrate|rewrite)\b".to_owned(),
        format!(r"\b(update|change|adjust|rewrite|regenerate|accept|refresh|migrate|refactor|modify|edit|convert|port|rename|correct|relax|loosen|bless|bump|review)\w*\b[^.\n]{{0,60}}\b{tests}\b"),
        format!(r"\b(fix|mend|repair|debug|make)\b[^.\n]{{0,40}}\b{tests}\b"),
        r"\b(ci|workflows?|pipelines?|github actions?|continue-on-error|non-blocking|lint(er|ing)? (rules?|config)|coverage (threshold|gate))\b".to_owned(),
        r"\b(git|commits?|branch(es)?|history|revert|bisect|upstream|cherry-pick|backport|merge|rebase|pull request|pr #?\d*|regression|blame|changelog|release)\b".to_owned(),
        format!(r"\b(do not|don't|dont|never|without|must not|mustn't|not allowed to|may not|shouldn't|should not|avoid|no)\b[^.\n]{{0,40}}\b(modif|chang|edit|touch|alter|skip|delet|weaken|remov|disabl|tamper|hack|cheat)\w*\b[^.\n]{{0,40}}\b({tests}|tests)\b"),
        r"\b(stub|mock|fake|dummy|hard-?code|placeholder|simulat\w*|canned|lookup table|special[- ]case|fixture)\w*\b".to_owned(),
    ])
    .ok()
});

impl Asked {
    /// Takes a request of the user.
    pub(crate) fn hear(&mut self, text: &str) {
        let low = crate::finding::head(text, WORDS).to_ascii_lowercase();
        let Some(patterns) = PATTERNS.as_ref() else {
            return;
        };
        let found = patterns.matches(&low);
        let forbids = found.matched(7);
        // "Do not skip any tests" allows no skipping.
        self.skip |= found.matched(0) && !forbids;
        self.delete |= found.matched(1) && !forbids;
        self.drop_feature |= found.matched(2);
        self.update |= found.matched(3) && !forbids;
        self.mend |= found.matched(4);
        self.ci |= found.matched(5);
        self.history |= found.matched(6);
        self.forbids |= forbids;
        self.stubs |= found.matched(8) && !forbids;
        self.keep(&low);
    }

    /// Takes text that names things and asks for nothing.
    pub(crate) fn note(&mut self, text: &str) {
        self.keep(&crate::finding::head(text, WORDS).to_ascii_lowercase());
    }

    fn keep(&mut self, low: &str) {
        let room = WORDS.saturating_sub(self.words.len());
        self.words.push_str(crate::finding::head(low, room));
        self.words.push('\n');
    }

    /// Whether a request names this.
    pub(crate) fn names(&self, what: &str) -> bool {
        what.len() > 2 && self.words.contains(&what.to_ascii_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Asked {
        let mut asked = Asked::default();
        asked.hear(text);
        asked
    }

    #[test]
    fn requests_allow_and_forbid() {
        assert!(asked("Please skip the flaky test for now").skip);
        assert!(asked("remove the obsolete tests of the parser").delete);
        assert!(asked("Update the snapshots, the wording changed").update);
        assert!(asked("fix the failing tests").mend);
        assert!(!asked("fix the failing tests").update);
        assert!(asked("make the lint job non-blocking in CI").ci);
        assert!(asked("Fix it. Do not modify the tests.").forbids);
        assert!(!asked("Do not skip any tests").skip);
        let plain = asked("Fix the off-by-one in the pager");
        assert!(!plain.skip && !plain.delete && !plain.update && !plain.forbids && !plain.history);
    }
}
