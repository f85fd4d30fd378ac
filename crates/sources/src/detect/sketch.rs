//! The outline of a JSON value, also where its text is cut short.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// How deep the outline goes.
const MAX_DEPTH: usize = 5;

/// How many elements of a list, counted from its first, are in the outline.
const MAX_ITEMS: usize = 3;

/// How many entries the outline has at most.
const MAX_ENTRIES: usize = 300;

/// Longer texts are in the outline without their words.
const MAX_TEXT: usize = 64;

/// The paths (`messages.0.role`) of a value and what stands there.
#[derive(Debug, Default)]
pub(super) struct Sketch {
    entries: BTreeMap<String, Shape>,
    /// Whether the text ends before the value does.
    pub(super) cut: bool,
}

#[derive(Debug)]
enum Shape {
    Text(String),
    List,
    Other,
}

/// The outline of the first JSON value in a text.
pub(super) fn of(text: &str) -> Sketch {
    let entries = RefCell::new(BTreeMap::new());
    let mut de = serde_json::Deserializer::from_str(text);
    let outline = Outline {
        entries: &entries,
        path: String::new(),
        depth: 0,
    };
    // A text that is cut short fails at its end: what was seen before is in `entries`.
    let cut = outline.deserialize(&mut de).is_err_and(|e| e.is_eof());
    Sketch {
        entries: entries.into_inner(),
        cut,
    }
}

impl Sketch {
    /// Whether something stands at this path.
    pub(super) fn has(&self, path: &str) -> bool {
        self.entries.contains_key(path)
    }

    /// The text at this path, where it is a short one.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        match self.entries.get(path)? {
            Shape::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether a list stands at this path.
    pub(super) fn is_list(&self, path: &str) -> bool {
        matches!(self.entries.get(path), Some(Shape::List))
    }
}

/// Notes the outline of the value that it reads.
struct Outline<'o> {
    entries: &'o RefCell<BTreeMap<String, Shape>>,
    path: String,
    depth: usize,
}

impl Outline<'_> {
    fn note(&self, shape: Shape) {
        let mut entries = self.entries.borrow_mut();
        if entries.len() < MAX_ENTRIES && !self.path.is_empty() {
            entries.insert(self.path.clone(), shape);
        }
    }

    fn inner(&self, name: &str) -> Self {
        let path = match self.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        };
        Self {
            entries: self.entries,
            path,
            depth: self.depth + 1,
        }
    }

    fn is_full(&self) -> bool {
        self.depth >= MAX_DEPTH || self.entries.borrow().len() >= MAX_ENTRIES
    }
}

impl<'de> DeserializeSeed<'de> for Outline<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, de: D) -> Result<(), D::Error> {
        // Before the value is read: it may be cut short.
        self.note(Shape::Other);
        de.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Outline<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        let text = if text.len() <= MAX_TEXT { text } else { "" };
        self.note(Shape::Text(text.to_owned()));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.note(Shape::List);
        for i in 0..MAX_ITEMS {
            if self.is_full() {
                break;
            }
            if seq.next_element_seed(self.inner(&i.to_string()))?.is_none() {
                return Ok(());
            }
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if self.is_full() || key.len() > MAX_TEXT {
                map.next_value::<IgnoredAny>()?;
            } else {
                map.next_value_seed(self.inner(&key))?;
            }
        }
        Ok(())
    }
}
