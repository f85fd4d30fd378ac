//! What tools told the agent: the untrusted texts of a session.

use std::cell::OnceCell;
use std::collections::VecDeque;

use memchr::memmem::Finder;
use proctor_model::Place;

use super::atoms::{Atom, Form, Haystack, atoms};
use super::cues::may_steer;
use super::hidden::decoded;
use super::spans::Spans;
use crate::finding::head;

/// The outputs that are kept of a session, oldest first.
#[derive(Default)]
pub(crate) struct Outputs {
    kept: VecDeque<Output>,
    bytes: usize,
}

/// Bytes of output texts that are kept of a session; the oldest make room.
const KEPT_BYTES: usize = 96 * 1024;

/// Bytes that are kept of one output: its beginning, and a smaller part of its end.
const HEAD_BYTES: usize = 24 * 1024;
const TAIL_BYTES: usize = 8 * 1024;

impl Outputs {
    /// Keeps an output. One that repeats an earlier one word for word is not kept twice.
    pub(crate) fn add(&mut self, output: Output) {
        if output.text.trim().is_empty() || self.kept.iter().any(|o| o.text == output.text) {
            return;
        }
        self.bytes += output.text.len();
        self.kept.push_back(output);
        while self.bytes > KEPT_BYTES && self.kept.len() > 1 {
            if let Some(gone) = self.kept.pop_front() {
                self.bytes -= gone.text.len();
            }
        }
    }

    /// The outputs, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Output> {
        self.kept.iter()
    }
}

/// One output of a tool.
pub(crate) struct Output {
    /// The step that brought it.
    pub(crate) step: u64,
    /// Where it is recorded.
    pub(crate) place: Place,
    /// The tool it came from.
    pub(crate) tool: String,
    /// What the tool was asked for: the place that a request may have named.
    source: String,
    /// The output's text, and what stands encoded in it.
    text: String,
    hidden: OnceCell<Vec<String>>,
    haystack: OnceCell<Haystack>,
    may_steer: OnceCell<bool>,
    spans: OnceCell<Spans>,
}

impl Output {
    /// An output with this text, shortened to what is kept.
    pub(crate) fn new(step: u64, place: Place, tool: &str, source: String, text: &str) -> Self {
        let text = if text.len() <= HEAD_BYTES + TAIL_BYTES {
            text.to_owned()
        } else {
            let from = (text.len() - TAIL_BYTES..text.len())
                .find(|&at| text.is_char_boundary(at))
                .unwrap_or(text.len());
            format!(
                "{}\n\n{}",
                head(text, HEAD_BYTES),
                text.get(from..).unwrap_or_default()
            )
        };
        Self {
            step,
            place,
            tool: head(tool, 100).to_owned(),
            source,
            text,
            hidden: OnceCell::new(),
            haystack: OnceCell::new(),
            may_steer: OnceCell::new(),
            spans: OnceCell::new(),
        }
    }

    /// Whether the atom stands anywhere in the output; text that had to be decoded included.
    pub(crate) fn has(&self, atom: &Atom) -> bool {
        self.haystack().has(atom)
    }

    /// Whether these words stand in a row in the output, whatever the marks between them.
    pub(crate) fn has_words(&self, words: &str) -> bool {
        self.haystack().has_words(words)
    }

    /// Whether the output came from an address on the network.
    pub(crate) fn is_remote(&self) -> bool {
        self.source.contains("://")
    }

    /// Whether the output may hold a sentence that steers an agent.
    pub(crate) fn may_steer(&self) -> bool {
        *self.may_steer.get_or_init(|| may_steer(self.folded()))
    }

    /// The output, folded.
    pub(crate) fn folded(&self) -> &str {
        self.haystack().text()
    }

    fn haystack(&self) -> &Haystack {
        self.haystack.get_or_init(|| {
            let mut text = self.text.clone();
            for hidden in self.hidden() {
                text.push('\n');
                text.push_str(hidden);
            }
            Haystack::new(&text)
        })
    }

    fn hidden(&self) -> &[String] {
        self.hidden.get_or_init(|| decoded(&self.text))
    }

    /// Whether one of the words stands in the output as it is written; quick.
    pub(crate) fn holds(&self, needles: &[Finder<'_>]) -> bool {
        let held = |text: &str| needles.iter().any(|n| n.find(text.as_bytes()).is_some());
        held(&self.text) || self.hidden().iter().any(|text| held(text))
    }

    /// The addresses and names of the place that the output came from.
    pub(crate) fn source(&self) -> Vec<Atom> {
        let mut found = atoms(&self.source);
        found.retain(|atom| !matches!(atom.form, Form::Passage | Form::Number));
        found
    }

    /// The sentences of the output, to be read as instructions.
    pub(crate) fn spans(&self) -> &Spans {
        self.spans.get_or_init(|| Spans::of(&self.text))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proctor_model::Source;

    use super::*;

    fn output(text: &str) -> Output {
        let place = Place {
            source: Arc::new(Source::file("x")),
            offset: 0,
            len: 0,
            part: 0,
        };
        Output::new(0, place, "read_page", String::new(), text)
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut all = Outputs::default();
        for i in 0..100 {
            all.add(output(&format!("{i} {}", "é ".repeat(40_000))));
        }
        assert!(all.iter().map(|o| o.text.len()).sum::<usize>() <= KEPT_BYTES);
        assert!(all.iter().count() >= 2);
        all.add(output("short"));
        all.add(output("short"));
        assert_eq!(all.iter().filter(|o| o.text == "short").count(), 1);
    }
}
