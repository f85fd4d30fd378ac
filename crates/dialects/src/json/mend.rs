//! Mends text that a strict JSON parser refuses for a small flaw.
//!
//! Only ever runs on text that was refused already; it need not be quick, but it is one pass
//! without recursion.

use super::Mended;

/// Values nested deeper than this are read as null; the strict parser stops at 128.
pub(super) const MAX_DEPTH: usize = 120;

/// The text with its small flaws mended, and what was mended; `None` where there was nothing to
/// mend.
pub(super) fn mend(text: &str) -> Option<(String, Mended)> {
    let mut out = Mend {
        text: String::with_capacity(text.len()),
        what: Mended::default(),
        depth: 0,
    };
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = match c {
            '"' => out.string(rest),
            '[' | '{' => out.open(rest, c),
            ']' | '}' => out.close(rest, c),
            '-' | '0'..='9' | 'N' | 'I' => out.number(rest),
            _ => out.copy(rest, c.len_utf8()),
        };
    }
    (!out.what.is_empty()).then_some((out.text, out.what))
}

struct Mend {
    text: String,
    what: Mended,
    depth: usize,
}

impl Mend {
    /// Whether what is read here is part of a value that is left out.
    fn too_deep(&self) -> bool {
        self.depth > MAX_DEPTH
    }

    /// Copies the first `len` bytes and returns the rest.
    fn copy<'t>(&mut self, text: &'t str, len: usize) -> &'t str {
        let (head, rest) = text.split_at_checked(len).unwrap_or((text, ""));
        if !self.too_deep() {
            self.text.push_str(head);
        }
        rest
    }

    fn open<'t>(&mut self, text: &'t str, c: char) -> &'t str {
        self.depth += 1;
        if self.depth == MAX_DEPTH + 1 {
            self.what.deep += 1;
            self.text.push_str("null");
        }
        self.copy(text, c.len_utf8())
    }

    fn close<'t>(&mut self, text: &'t str, c: char) -> &'t str {
        let rest = self.copy(text, c.len_utf8());
        self.depth = self.depth.saturating_sub(1);
        rest
    }

    /// A number, or what some writers put in place of one.
    fn number<'t>(&mut self, text: &'t str) -> &'t str {
        let len = text
            .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '-' | '.'))
            .unwrap_or(text.len());
        let (word, rest) = text.split_at_checked(len).unwrap_or((text, ""));
        let none = matches!(word, "NaN" | "Infinity" | "-Infinity")
            || (word.contains(['e', 'E'])
                && word.parse::<f64>().is_ok_and(|n: f64| n.is_infinite()));
        if !none {
            return self.copy(text, len);
        }
        self.what.numbers += 1;
        if !self.too_deep() {
            self.text.push_str("null");
        }
        rest
    }

    /// A string with its quotes.
    fn string<'t>(&mut self, text: &'t str) -> &'t str {
        let mut rest = self.copy(text, 1);
        while let Some(c) = rest.chars().next() {
            rest = match c {
                '"' => return self.copy(rest, 1),
                '\\' => self.escape(rest),
                '\0'..='\x1f' => {
                    self.what.controls += 1;
                    if !self.too_deep() {
                        self.text.push_str(&format!("\\u{:04x}", u32::from(c)));
                    }
                    rest.get(1..).unwrap_or("")
                }
                _ => {
                    let len = rest
                        .find(|c: char| matches!(c, '"' | '\\' | '\0'..='\x1f'))
                        .unwrap_or(rest.len());
                    self.copy(rest, len)
                }
            };
        }
        rest
    }

    /// An escape; half a surrogate pair becomes a replacement character.
    fn escape<'t>(&mut self, text: &'t str) -> &'t str {
        match (unit(text), text.get(6..).and_then(unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => self.copy(text, 12),
            (Some(0xd800..=0xdfff), _) => {
                self.what.surrogates += 1;
                if !self.too_deep() {
                    self.text.push_str("\\ufffd");
                }
                text.get(6..).unwrap_or("")
            }
            _ => {
                let escaped = text.chars().nth(1).map_or(0, char::len_utf8);
                self.copy(text, 1 + escaped)
            }
        }
    }
}

/// The UTF-16 unit of an escape such as `\ud83d` at the start of the text.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, 16).ok()
}
