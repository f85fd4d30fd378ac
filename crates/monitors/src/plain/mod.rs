//! Plain rules: phrases in texts, and sequences over steps.
//!
//! A file holds `[[phrase]]` and `[[sequence]]` tables; [`load`] says what they may hold.

mod load;
mod pattern;
mod phrase;
mod sequence;

pub(crate) use load::{PlainSource, load};
pub(crate) use phrase::{Phrases, Where};
pub(crate) use sequence::{Kind, Scene, SequenceState, Sequences};

use crate::ruleset::{Problem, Rule};

/// All plain rules, compiled.
#[derive(Default)]
pub(crate) struct PlainRules {
    pub(crate) phrases: Phrases,
    pub(crate) sequences: Sequences,
}

impl PlainRules {
    /// Compiles rules; one that does not compile becomes a problem.
    pub(crate) fn compile(sources: Vec<PlainSource>, problems: &mut Vec<Problem>) -> Self {
        let mut phrases = Vec::new();
        let mut sequences = Vec::new();
        for source in sources {
            match source {
                PlainSource::Phrase(phrase) => phrases.push(*phrase),
                PlainSource::Sequence(sequence) => sequences.push(*sequence),
            }
        }
        Self {
            phrases: Phrases::compile(phrases, problems),
            sequences: Sequences::compile(sequences, problems),
        }
    }

    /// The rules, phrases first.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.phrases.rules().chain(self.sequences.rules())
    }
}
