//! JSON values that borrow from the text they were read from.
//!
//! The records of agents are hostile, and other programs' JSON is not always the standard's. So,
//! unlike a plain parse: the number of values is bounded (a short text can hold millions), and text
//! that a strict parser refuses for a small flaw is mended and read, with a note of what was
//! mended ([`Mended`]): an agent must not be able to hide a whole record behind half a surrogate
//! pair.

mod mend;

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The most values that one text may hold, keys not counted.
///
/// Half a million values cost about 50 MB; the largest honest records hold some thousands.
pub const MAX_VALUES: usize = 1 << 19;

/// A JSON value.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value<'a> {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number that is not negative.
    Unsigned(u64),
    /// A negative whole number.
    Signed(i64),
    /// Any other number.
    Float(f64),
    /// Text; borrowed where it holds no escapes.
    Str(Cow<'a, str>),
    /// A list.
    Array(Vec<Value<'a>>),
    /// An object.
    Object(Object<'a>),
}

/// A JSON object: its entries in the order of the text.
///
/// Where a key stands twice, the last one counts, as in the harnesses that write these records.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

/// Why a text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// What is wrong and at which column (counted from 1, in bytes).
    pub message: String,
    /// Whether the text ends too early and was right so far.
    pub truncated: bool,
    /// Whether the text holds more than [`MAX_VALUES`] values.
    pub oversized: bool,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ParseError {}

/// What had to be mended before a text could be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mended {
    /// Halves of surrogate pairs, read as U+FFFD.
    pub surrogates: u32,
    /// `NaN`, `Infinity` and numbers out of range, read as null.
    pub numbers: u32,
    /// Values nested deeper than [`mend::MAX_DEPTH`], read as null.
    pub deep: u32,
    /// Control characters that stood unescaped in text.
    pub controls: u32,
}

impl Mended {
    /// Whether nothing was mended.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

impl fmt::Display for Mended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.surrogates, "halves of surrogate pairs"),
            (self.numbers, "numbers that are none"),
            (self.deep, "values nested too deep"),
            (self.controls, "unescaped control characters"),
        ];
        let mut sep = "";
        for (count, what) in parts.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, "{sep}{count} {what}")?;
            sep = ", ";
        }
        Ok(())
    }
}

/// Reads a text that must hold one JSON value and nothing else.
///
/// # Errors
///
/// Fails where the text is not JSON even after mending, or holds more than [`MAX_VALUES`] values.
pub fn parse(text: &str) -> Result<(Value<'_>, Mended), ParseError> {
    parse_skimmed(text, &Skim::NOTHING)
}

/// Which parts of a record are passed over: they stand in the object as `null`.
///
/// Much of what harnesses write is there twice, and reading it costs as much as reading the rest.
#[derive(Clone, Copy, Debug)]
pub struct Skim {
    /// Keys of the record whose values are passed over.
    pub skip: &'static [&'static str],
    /// A key of the record, and the only keys of its value that are read.
    pub only: (&'static str, &'static [&'static str]),
}

impl Skim {
    /// Everything is read.
    pub const NOTHING: Self = Self {
        skip: &[],
        only: ("", &[]),
    };
}

/// Like [`parse`], but passes over what `skim` says.
///
/// # Errors
///
/// As [`parse`]; also what is passed over must be JSON.
pub fn parse_skimmed<'a>(text: &'a str, skim: &Skim) -> Result<(Value<'a>, Mended), ParseError> {
    let refused = match strict(text, skim) {
        Ok(value) => return Ok((value, Mended::default())),
        Err(error) => error,
    };
    // A text that ends too early is the common case (a file that is being written), and the one
    // that mending cannot help.
    if !refused.truncated
        && let Some((mended, what)) = mend::mend(text)
        && let Ok(value) = strict(&mended, skim)
    {
        return Ok((value.into_owned(), what));
    }
    Err(refused)
}

fn strict<'a>(text: &'a str, skim: &Skim) -> Result<Value<'a>, ParseError> {
    let budget = Cell::new(MAX_VALUES);
    let mut de = serde_json::Deserializer::from_str(text);
    let seed = Seed {
        budget: &budget,
        at: At::Record(skim),
    };
    seed.deserialize(&mut de)
        .and_then(|value| de.end().map(|()| value))
        .map_err(|e| ParseError {
            oversized: budget.get() == 0,
            truncated: e.is_eof(),
            message: e.to_string(),
        })
}

/// The length in bytes of the JSON value that a text begins with, where it begins with one.
///
/// For texts in which values stand one behind the other.
pub fn first_value(text: &str) -> Option<usize> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    values.next()?.ok()?;
    Some(values.byte_offset())
}

impl<'a> Value<'a> {
    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(s) => Some(s),
            _ => None,
        }
    }

    /// The value of a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// The value of a whole number that is not negative.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Unsigned(n) => Some(*n),
            _ => None,
        }
    }

    /// The value of a whole number.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Unsigned(n) => i64::try_from(*n).ok(),
            Self::Signed(n) => Some(*n),
            _ => None,
        }
    }

    /// The value of any number.
    #[expect(clippy::cast_precision_loss, reason = "a float is what was asked for")]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Unsigned(n) => Some(*n as f64),
            Self::Signed(n) => Some(*n as f64),
            Self::Float(n) => Some(*n),
            _ => None,
        }
    }

    /// The elements of a list.
    pub fn as_array(&self) -> Option<&[Value<'a>]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The object.
    pub fn as_object(&self) -> Option<&Object<'a>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The entry of an object; `None` too where this is no object.
    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.as_object()?.get(key)
    }

    /// The text of an entry of an object.
    pub fn str(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    /// The text of a string, without a copy where the text was not borrowed.
    pub fn into_string(self) -> Option<String> {
        match self {
            Self::Str(s) => Some(s.into_owned()),
            _ => None,
        }
    }

    /// What kind of value this is, for messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Unsigned(_) | Self::Signed(_) | Self::Float(_) => "a number",
            Self::Str(_) => "text",
            Self::Array(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// The same value, free of the text it was read from.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(b) => Value::Bool(b),
            Self::Unsigned(n) => Value::Unsigned(n),
            Self::Signed(n) => Value::Signed(n),
            Self::Float(n) => Value::Float(n),
            Self::Str(s) => Value::Str(Cow::Owned(s.into_owned())),
            Self::Array(items) => Value::Array(items.into_iter().map(Value::into_owned).collect()),
            Self::Object(Object(entries)) => Value::Object(Object(
                entries
                    .into_iter()
                    .map(|(k, v)| (Cow::Owned(k.into_owned()), v.into_owned()))
                    .collect(),
            )),
        }
    }
}

impl<'a> Object<'a> {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.0.iter().rev().find(|(k, _)| k == key).map(|(_, v)| v)
    }

    /// Takes the value of a key out and leaves `null` in its place, so that long texts can be
    /// moved instead of copied.
    pub fn take(&mut self, key: &str) -> Option<Value<'a>> {
        self.0
            .iter_mut()
            .rev()
            .find(|(k, _)| k == key)
            .map(|(_, v)| std::mem::take(v))
    }

    /// The entries in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        self.0.iter().map(|(k, v)| (k.as_ref(), v))
    }

    /// The keys in the order of the text.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(k, _)| k.as_ref())
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> FromIterator<(Cow<'a, str>, Value<'a>)> for Object<'a> {
    fn from_iter<T: IntoIterator<Item = (Cow<'a, str>, Value<'a>)>>(entries: T) -> Self {
        Self(entries.into_iter().collect())
    }
}

impl<'a> IntoIterator for Object<'a> {
    type Item = (Cow<'a, str>, Value<'a>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl From<Value<'_>> for serde_json::Value {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(b),
            Value::Unsigned(n) => Self::from(n),
            Value::Signed(n) => Self::from(n),
            Value::Float(n) => Self::from(n),
            Value::Str(s) => Self::String(s.into_owned()),
            Value::Array(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            Value::Object(Object(entries)) => Self::Object(
                entries
                    .into_iter()
                    .map(|(k, v)| (k.into_owned(), Self::from(v)))
                    .collect(),
            ),
        }
    }
}

/// Reads values until the budget is used up.
#[derive(Clone, Copy)]
struct Seed<'b> {
    budget: &'b Cell<usize>,
    at: At<'b>,
}

/// Where in a record a value stands.
#[derive(Clone, Copy)]
enum At<'b> {
    /// It is the record.
    Record(&'b Skim),
    /// Only these keys of it are read.
    Skimmed(&'static [&'static str]),
    /// Anywhere else: all of it is read.
    Inside,
}

impl Seed<'_> {
    /// How to read the value of a key; `None` where it is passed over.
    #[inline]
    fn inside(self, key: &str) -> Option<Self> {
        let at = match self.at {
            At::Inside => At::Inside,
            At::Record(skim) if skim.skip.contains(&key) => return None,
            At::Record(skim) if skim.only.0 == key => At::Skimmed(skim.only.1),
            At::Record(_) => At::Inside,
            At::Skimmed(keys) if keys.contains(&key) => At::Inside,
            At::Skimmed(_) => return None,
        };
        Some(Self { at, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value<'de>;

    #[inline]
    fn deserialize<D: serde::Deserializer<'de>>(self, de: D) -> Result<Value<'de>, D::Error> {
        let Some(left) = self.budget.get().checked_sub(1) else {
            return Err(D::Error::custom(format!("more than {MAX_VALUES} values")));
        };
        self.budget.set(left);
        de.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    #[inline]
    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    #[inline]
    fn visit_bool<E>(self, value: bool) -> Result<Value<'de>, E> {
        Ok(Value::Bool(value))
    }

    #[inline]
    fn visit_u64<E>(self, value: u64) -> Result<Value<'de>, E> {
        Ok(Value::Unsigned(value))
    }

    #[inline]
    fn visit_i64<E>(self, value: i64) -> Result<Value<'de>, E> {
        Ok(u64::try_from(value).map_or(Value::Signed(value), Value::Unsigned))
    }

    #[inline]
    fn visit_f64<E>(self, value: f64) -> Result<Value<'de>, E> {
        Ok(Value::Float(value))
    }

    #[inline]
    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Str(Cow::Borrowed(value)))
    }

    #[inline]
    fn visit_str<E>(self, value: &str) -> Result<Value<'de>, E> {
        Ok(Value::Str(Cow::Owned(value.to_owned())))
    }

    #[inline]
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value<'de>, A::Error> {
        let mut items = Vec::new();
        let inside = Self {
            at: At::Inside,
            ..self
        };
        while let Some(item) = seq.next_element_seed(inside)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        // A record has a dozen fields; there is one, so room for it costs no memory to speak of.
        let mut entries = Vec::with_capacity(match self.at {
            At::Record(_) => 16,
            At::Skimmed(_) | At::Inside => 0,
        });
        while let Some(key) = map.next_key_seed(KeySeed)? {
            let value = match self.inside(&key) {
                Some(seed) => map.next_value_seed(seed)?,
                None => {
                    map.next_value::<IgnoredAny>()?;
                    Value::Null
                }
            };
            entries.push((key, value));
        }
        Ok(Value::Object(Object(entries)))
    }
}

/// Reads a key; serde's own `Cow` would always copy.
struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Cow<'de, str>;

    #[inline]
    fn deserialize<D: serde::Deserializer<'de>>(self, de: D) -> Result<Self::Value, D::Error> {
        de.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for KeySeed {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    #[inline]
    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(value))
    }

    #[inline]
    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(value.to_owned()))
    }
}

#[cfg(test)]
mod tests;
