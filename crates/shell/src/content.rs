//! Bytes that are known: what a command prints, what a file holds, what reaches standard input.

use std::borrow::Cow;

use crate::Layer;
use crate::word::Word;

/// Bytes that are known: what a command prints, what a file holds, what reaches standard input.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Content {
    pub(crate) bytes: Vec<u8>,
    /// What was decoded to know them.
    pub(crate) layers: Vec<Layer>,
    /// Some part of them only a run would tell; it stands as it was written.
    pub(crate) dynamic: bool,
    /// Other commands add to them what only a run would tell; it is left out.
    pub(crate) partial: bool,
}

impl Content {
    pub(crate) fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }

    /// Notes that it was decoded.
    pub(crate) fn opened(&mut self, decoder: &str) {
        add_layers(&mut self.layers, &[Layer::Decoded(decoder.to_owned())]);
    }

    /// The same with other bytes.
    pub(crate) fn map(self, change: impl FnOnce(&[u8]) -> Vec<u8>) -> Self {
        Self {
            bytes: change(&self.bytes),
            ..self
        }
    }

    /// Adds what comes after it.
    pub(crate) fn append(&mut self, more: Self) {
        self.bytes.extend(more.bytes);
        add_layers(&mut self.layers, &more.layers);
        self.dynamic |= more.dynamic;
        self.partial |= more.partial;
    }
}

/// What several commands print one after the other. As long as something is known, what is not
/// known is left out.
#[derive(Default)]
pub(crate) struct Printed {
    known: Option<Content>,
    unknown: bool,
}

impl Printed {
    pub(crate) fn add(&mut self, output: Option<Content>) {
        match (&mut self.known, output) {
            (_, None) => self.unknown = true,
            (Some(known), Some(more)) => known.append(more),
            (none, more) => *none = more,
        }
    }

    pub(crate) fn content(self) -> Option<Content> {
        let mut content = match self.known {
            Some(known) if !known.bytes.is_empty() => known,
            _ if self.unknown => return None,
            known => known.unwrap_or_default(),
        };
        content.partial |= self.unknown;
        Some(content)
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self {
            bytes: text.into_bytes(),
            ..Self::default()
        }
    }
}

impl From<Word> for Content {
    fn from(word: Word) -> Self {
        Self {
            bytes: word.text.into_bytes(),
            layers: word.layers,
            dynamic: word.dynamic,
            partial: false,
        }
    }
}

/// Adds layers that are not there yet.
pub(crate) fn add_layers(to: &mut Vec<Layer>, more: &[Layer]) {
    for layer in more {
        if !to.contains(layer) {
            to.push(layer.clone());
        }
    }
}
