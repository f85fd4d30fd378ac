//! What expressions come to.

use crate::content::Content;
use crate::decode;
use crate::word::Word;

/// What an expression comes to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(Content),
    Number(i64),
    List(Vec<Value>),
    /// A dotted name of something that is not known: a module, a function.
    Path(String),
    /// Only a run would tell; the code as it is written.
    Unknown(String),
}

impl Value {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(Content::from(text.to_owned()))
    }

    /// How much room it takes, in bytes.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Text(content) => content.bytes.len(),
            Self::List(items) => items.iter().map(|item| item.size() + 16).sum(),
            Self::Path(text) | Self::Unknown(text) => text.len(),
            Self::Number(_) => 0,
        }
    }

    pub(super) fn as_text(&self) -> Option<String> {
        match self {
            Self::Text(content) => Some(content.text().into_owned()),
            _ => None,
        }
    }

    /// The value as a part of a text; what is unknown stands there in braces.
    pub(super) fn into_content(self) -> Content {
        match self {
            Self::Text(content) => content,
            Self::Number(number) => Content::from(number.to_string()),
            Self::List(items) => {
                let mut all = Content::default();
                for (index, item) in items.into_iter().enumerate() {
                    if index > 0 {
                        all.bytes.push(b' ');
                    }
                    all.append(item.into_content());
                }
                all
            }
            Self::Path(written) | Self::Unknown(written) => Content {
                dynamic: true,
                ..Content::from(format!("{{{written}}}"))
            },
        }
    }

    pub(super) fn into_word(self) -> Word {
        Word::from(self.into_content())
    }
}

/// `sep.join(list)`, `list.join(sep)`, `implode(sep, list)`, `join(sep, a, b)`.
pub(super) fn join(first: Value, arguments: &[Value]) -> Option<Content> {
    let (separator, items) = match (first, arguments.get(1)) {
        (Value::List(items), separator) => {
            let separator = separator.and_then(Value::as_text);
            (separator.unwrap_or_default(), items)
        }
        (Value::Text(separator), Some(Value::List(items))) => {
            (separator.text().into_owned(), items.clone())
        }
        // A text is a list of characters too.
        (Value::Text(_), Some(Value::Text(text))) => return Some(text.clone()),
        (Value::Text(separator), Some(_)) => (
            separator.text().into_owned(),
            arguments.iter().skip(1).cloned().collect(),
        ),
        _ => return None,
    };
    if separator.len() > 16 {
        return None;
    }
    let mut all = Content::default();
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            all.bytes.extend(separator.bytes());
        }
        all.append(item.into_content());
    }
    Some(all)
}

/// Characters from one number, several, or a list of them.
pub(super) fn characters(first: Value, arguments: &[Value]) -> Option<Content> {
    let numbers = match first {
        Value::List(items) => items,
        Value::Text(text) => return Some(text),
        _ => arguments.to_vec(),
    };
    let mut content = Content::default();
    for value in numbers {
        let Value::Number(number) = value else {
            return None;
        };
        let c = u32::try_from(number).ok().and_then(char::from_u32)?;
        content
            .bytes
            .extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
    content.opened("characters");
    Some(content)
}

/// Perl's and Ruby's templates for hexadecimal, base64 and plain text.
pub(super) fn unpack(value: Value, template: Option<&str>) -> Option<Content> {
    let Value::Text(text) = value else {
        return None;
    };
    let (bytes, layer) = match template?.chars().next()? {
        'H' => (decode::hex(&text.bytes)?, "hex"),
        'm' => (decode::base64(&text.bytes)?, "base64"),
        'A' | 'a' => return Some(text),
        _ => return None,
    };
    let mut content = Content { bytes, ..text };
    content.opened(layer);
    Some(content)
}

pub(super) fn split(text: &Content, separator: &str, left: &mut usize) -> Value {
    let owned = text.text();
    let part = |part: &str| Value::text(part);
    // Each part costs more than its bytes.
    let count = owned.chars().count();
    if count > *left {
        return Value::Unknown(String::new());
    }
    *left -= count;
    Value::List(match separator {
        "" => owned
            .chars()
            .map(|c| part(c.encode_utf8(&mut [0; 4])))
            .collect(),
        separator => owned.split(separator).map(part).collect(),
    })
}

/// Bytes with percent escapes read.
pub(super) fn percent(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((byte, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|d| std::str::from_utf8(d).ok());
        match digits.and_then(|d| u8::from_str_radix(d, 16).ok()) {
            Some(code) if *byte == b'%' => {
                out.push(code);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                out.push(*byte);
                rest = after;
            }
        }
    }
    out
}
