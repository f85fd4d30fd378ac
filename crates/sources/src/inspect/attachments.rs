//! Long texts that a sample holds once and refers to.

use std::cell::Cell;
use std::collections::HashMap;

use proctor_dialects::json::Value;

/// How a text says that it stands elsewhere, in newer and in the oldest logs.
const REFERENCES: [&str; 2] = ["attachment://", "tc://"];

/// The most bytes of attachments that are held for one sample; few in tests, so that they meet it.
const MOST_BYTES: usize = if cfg!(test) { 48 << 10 } else { 48 << 20 };

/// How many times over the attachments of a sample may be put in place. A log refers to each a few
/// times; a hostile one could make a few bytes into a flood.
const MOST_TIMES: usize = 32;

/// The attachments of one sample, by name.
#[derive(Default)]
pub(super) struct Attachments {
    texts: HashMap<String, Box<str>>,
    bytes: usize,
    /// Bytes that were put in place.
    placed: Cell<usize>,
    /// How many did not fit.
    pub(super) left_out: u64,
}

impl Attachments {
    /// Takes an attachment. The bytes of pictures and the like are not held: nothing reads them.
    pub(super) fn add(&mut self, name: &str, text: &str) {
        let text = if text.starts_with("data:") {
            "[data]"
        } else {
            text
        };
        let bytes = name.len() + text.len() + 64;
        if self.bytes.saturating_add(bytes) > MOST_BYTES {
            self.left_out += 1;
            return;
        }
        self.bytes += bytes;
        self.texts.insert(name.to_owned(), text.into());
    }

    /// Puts attachments in the place of their references, all through a value.
    pub(super) fn resolve<'a>(&'a self, value: Value<'a>) -> Value<'a> {
        match value {
            Value::Str(text) => match self.find(&text) {
                Some(whole) => Value::Str(whole.into()),
                None => Value::Str(text),
            },
            Value::Array(items) => {
                Value::Array(items.into_iter().map(|item| self.resolve(item)).collect())
            }
            Value::Object(members) => Value::Object(
                (members.into_iter())
                    .map(|(name, value)| (name, self.resolve(value)))
                    .collect(),
            ),
            other => other,
        }
    }

    /// The text of an attachment or, where it is none, the text itself.
    pub(super) fn text<'a>(&'a self, text: &'a str) -> &'a str {
        self.find(text).unwrap_or(text)
    }

    fn find(&self, reference: &str) -> Option<&str> {
        let name = REFERENCES
            .iter()
            .find_map(|prefix| reference.strip_prefix(prefix))?;
        let text = self.texts.get(name)?;
        let placed = self.placed.get().saturating_add(text.len());
        self.placed.set(placed);
        (!self.is_spent()).then_some(text)
    }

    /// Whether references were left as they stand, because they came to too much.
    pub(super) fn is_spent(&self) -> bool {
        self.placed.get() > MOST_TIMES * (self.bytes + (1 << 20))
    }
}

#[cfg(test)]
mod tests {
    use proctor_dialects::json::parse;

    use super::*;

    #[test]
    fn references_are_replaced_wherever_they_stand() {
        let mut attachments = Attachments::default();
        attachments.add("a1", "long text");
        attachments.add("a2", "data:image/png;base64,AAAA");
        let text =
            r#"{"content":[{"text":"attachment://a1"},"attachment://gone"],"x":{"y":"tc://a2"}}"#;
        let resolved = attachments.resolve(parse(text).unwrap().0);
        let expected =
            r#"{"content":[{"text":"long text"},"attachment://gone"],"x":{"y":"[data]"}}"#;
        assert_eq!(resolved, parse(expected).unwrap().0);
    }

    #[test]
    fn references_do_not_become_a_flood() {
        let mut attachments = Attachments::default();
        attachments.add("a", &"x".repeat(40 << 10));
        let put = |n: usize| {
            (0..n)
                .filter(|_| attachments.text("attachment://a").len() > 20)
                .count()
        };
        assert_eq!(put(100), 100);
        assert!(put(10_000) < 1_000);
        assert!(attachments.is_spent());
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let mut attachments = Attachments::default();
        let long = "x".repeat(MOST_BYTES / 3);
        for name in ["a", "b", "c", "d"] {
            attachments.add(name, &long);
        }
        assert_eq!(attachments.left_out, 2);
        assert_eq!(attachments.text("attachment://a").len(), long.len());
    }
}
