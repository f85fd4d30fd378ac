//! What the session has shown so far, as far as the checks need it.

use std::collections::VecDeque;

use proctor_model::Act;

use crate::finding::head;
use crate::provenance::fold;
use crate::provenance::words::stem;

/// Requests and recent outputs of a session.
#[derive(Default)]
pub(crate) struct Seen {
    requests: String,
    outputs: VecDeque<String>,
    /// Whether the last thing the agent was shown warned it.
    warning: Option<String>,
}

/// Bytes of requests that are kept; outputs that are kept, and bytes of each.
const REQUEST_BYTES: usize = 16 * 1024;
const OUTPUTS: usize = 8;
const OUTPUT_BYTES: usize = 8 * 1024;

impl Seen {
    /// The user said this.
    pub(crate) fn request(&mut self, text: &str) {
        let room = REQUEST_BYTES.saturating_sub(self.requests.len());
        self.requests.push_str(&fold(head(text, room)));
        self.requests.push('\n');
        self.warning = None;
    }

    /// Whether the user said anything.
    pub(crate) fn has_request(&self) -> bool {
        !self.requests.trim().is_empty()
    }

    /// The agent did this and was told that.
    pub(crate) fn act(&mut self, _act: &Act, result: &str) {
        let result = head(result, OUTPUT_BYTES);
        self.warning = super::checks::warning(result);
        if self.outputs.len() == OUTPUTS {
            self.outputs.pop_front();
        }
        self.outputs.push_back(result.to_owned());
    }

    /// The warning in the last output, if the user has said nothing since.
    pub(crate) fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// All requests, folded.
    pub(crate) fn asked(&self) -> &str {
        &self.requests
    }

    /// Whether the user used the word, in whatever form.
    pub(crate) fn asked_word(&self, word: &str) -> bool {
        self.requests
            .split(|c: char| !c.is_alphanumeric())
            .any(|w| stem(w) == stem(word))
    }

    /// Recent outputs, newest first.
    pub(crate) fn outputs(&self) -> impl Iterator<Item = &str> {
        self.outputs.iter().rev().map(String::as_str)
    }
}
