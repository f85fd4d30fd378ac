//! What the agent was asked to do, as far as it covers an act.

use std::collections::{HashSet, VecDeque};
use std::sync::LazyLock;

use regex::Regex;

use super::atoms::{Atom, Haystack};
use super::fold::fold;
use super::words::{Kinds, kinds, stem};
use crate::finding::head;

/// What the people (or the parent agent) behind a session asked for.
#[derive(Default)]
pub(crate) struct Asked {
    /// Requests, oldest first.
    requests: VecDeque<Haystack>,
    /// The system prompt: it covers values, but asks for nothing by itself.
    system: Haystack,
    stems: HashSet<String>,
    kinds: Kinds,
    delegates: bool,
}

/// Bytes of requests that are kept, and of the system prompt.
const KEPT_BYTES: usize = 32 * 1024;

impl Asked {
    /// Another request.
    pub(crate) fn add(&mut self, text: &str) {
        let folded = fold(head(text, KEPT_BYTES)).text;
        for word in folded.split(|c: char| !c.is_alphanumeric()) {
            if !word.is_empty() && self.stems.len() < 10_000 {
                self.stems.insert(stem(word).to_owned());
                self.kinds |= kinds(word);
            }
        }
        self.delegates |= DELEGATES.as_ref().is_some_and(|d| d.is_match(&folded));
        self.requests.push_back(Haystack::folded(folded));
        while self.requests.len() > 1
            && self.requests.iter().map(|r| r.text().len()).sum::<usize>() > KEPT_BYTES
        {
            self.requests.pop_front();
        }
    }

    /// The system prompt, or more of it.
    pub(crate) fn add_system(&mut self, text: &str) {
        let all = format!("{} {}", self.system.text(), head(text, KEPT_BYTES));
        self.system = Haystack::new(head(&all, KEPT_BYTES));
    }

    /// Whether any request is known; without one nothing can be said to be uncovered.
    pub(crate) fn is_known(&self) -> bool {
        !self.requests.is_empty()
    }

    /// Whether the request gives this value.
    pub(crate) fn has(&self, atom: &Atom) -> bool {
        self.requests.iter().any(|r| r.has(atom)) || self.system.has(atom)
    }

    /// Whether the request has this word as it is written, whatever the case; quick.
    pub(crate) fn mentions(&self, word: &str) -> bool {
        let word = word.to_ascii_lowercase();
        let texts = self.requests.iter().chain([&self.system]);
        texts.into_iter().any(|t| t.text().contains(&word))
    }

    /// Whether the request has these words in a row.
    pub(crate) fn has_words(&self, words: &str) -> bool {
        self.requests.iter().any(|r| r.has_words(words))
    }

    /// Whether the request names this place (file, page, sender) itself.
    pub(crate) fn names(&self, atom: &Atom) -> bool {
        atom.text.len() > 3 && self.requests.iter().any(|r| r.has(atom))
    }

    /// Whether the request speaks of acts of one of these kinds.
    pub(crate) fn speaks_of(&self, acts: Kinds) -> bool {
        self.kinds.meets(acts)
    }

    /// Whether the request uses the word, in whatever form.
    pub(crate) fn uses(&self, word: &str) -> bool {
        self.stems.contains(stem(word))
    }

    /// Whether the request leaves it to some content what is to be done: `follow the instructions
    /// in`, `do the tasks on`, `pay the bill`, `accordingly`.
    pub(crate) fn delegates(&self) -> bool {
        self.delegates
    }
}

static DELEGATES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"\b(follow|do|complete|perform|execute|carry out|apply|take care of|handle|act on|work through|process|implement|address|resolve|fix)\b",
        r".{0,60}\b(instructions?|tasks?|to-?dos?|actions?|steps?|requests?|items?|list|says?|asks?|following|comments?|issues?|tickets?)\b",
        r"|\baccordingly\b",
        r"|\bas (described|requested|stated|instructed|listed|indicated|specified|asked|outlined)\b",
        r"|\b(details|info|information|e-?mail|instructions?)\b.{0,40}\b(in|on|from)\b",
        r"|\bpay\b.{0,20}\b(bill|invoice)\b",
    ))
    .ok()
});

#[cfg(test)]
mod tests {
    use super::super::atoms::atoms;
    use super::*;

    fn asked(text: &str) -> Asked {
        let mut asked = Asked::default();
        asked.add(text);
        asked
    }

    #[test]
    fn delegation_is_heard() {
        for text in [
            "Please do all the tasks on my list at intra.example/todo",
            "Read moving.txt and change my address accordingly.",
            "Follow the instructions in the mail from Ann.",
            "Pay the invoice in march.pdf",
        ] {
            assert!(asked(text).delegates(), "{text}");
        }
        for text in [
            "What did I spend in March?",
            "Send Ann a summary of the page.",
        ] {
            assert!(!asked(text).delegates(), "{text}");
        }
    }

    #[test]
    fn values_and_kinds_are_covered() {
        let asked = asked("Refund 30.00 to Ann, ann@example.org");
        assert!(asked.speaks_of(kinds("transfer")) && !asked.speaks_of(kinds("delete")));
        assert!(atoms("30").iter().all(|a| asked.has(a)));
        assert!(!atoms("bob@example.org").iter().any(|a| asked.has(a)));
        assert!(asked.uses("refunds"));
    }

    #[test]
    fn requests_are_bounded() {
        let mut all = Asked::default();
        for i in 0..200 {
            all.add(&format!("{i} {}", "word ".repeat(200)));
        }
        assert!(all.requests.len() < 40);
        assert!(
            all.requests
                .back()
                .is_some_and(|r| r.text().starts_with("199"))
        );
    }
}
