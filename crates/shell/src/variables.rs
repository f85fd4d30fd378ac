//! What is known of variables.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::Layer;
use crate::word::Word;

/// What a variable holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// One string, and what was opened to read it.
    One {
        text: String,
        dynamic: bool,
        layers: Vec<Layer>,
    },
    /// An array.
    List(Vec<String>),
}

impl Value {
    pub(crate) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::One { text, .. } => Cow::Borrowed(text),
            Self::List(items) => Cow::Owned(items.join(" ")),
        }
    }

    /// How many bytes it holds.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::One { text, .. } => text.len(),
            Self::List(items) => items.iter().map(|item| item.len() + 1).sum(),
        }
    }

    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self::One {
            text: text.into(),
            dynamic: false,
            layers: Vec::new(),
        }
    }

    pub(crate) fn layers(&self) -> &[Layer] {
        match self {
            Self::One { layers, .. } => layers,
            Self::List(_) => &[],
        }
    }

    pub(crate) fn dynamic(&self) -> bool {
        matches!(self, Self::One { dynamic: true, .. })
    }
}

/// The variables that the text assigns.
#[derive(Debug, Default)]
pub(crate) struct Variables(HashMap<String, Value>);

impl Variables {
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub(crate) fn knows(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(crate) fn set(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    pub(crate) fn forget(&mut self, name: &str) {
        self.0.remove(name);
    }
}

impl From<Word> for Value {
    fn from(word: Word) -> Self {
        Self::One {
            text: word.text,
            dynamic: word.dynamic,
            layers: word.layers,
        }
    }
}
