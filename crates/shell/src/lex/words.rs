//! Where a word ends: quotes, escapes and all that nests.

use super::{Dollar, Lexer};
use crate::bounds;

impl Lexer<'_> {
    /// Reads one word, with all that is quoted or nested in it.
    pub(super) fn word(&mut self) {
        let start = self.pos;
        while let Some(byte) = self.peek() {
            if !self.burn() {
                return;
            }
            match byte {
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b')' => return,
                b'\r' if matches!(self.byte(1), Some(b'\n') | None) => return,
                b'<' | b'>' => {
                    if self.byte(1) != Some(b'(') {
                        return;
                    }
                    let here = self.pos;
                    self.pos += 2;
                    if !self.parenthesis() {
                        self.unclosed(here);
                    }
                }
                b'(' => {
                    // Patterns such as `@(a|b)` and array values are part of the word.
                    let before = self.pos.checked_sub(1).filter(|&at| at >= start);
                    let part = before
                        .and_then(|at| self.text.as_bytes().get(at))
                        .is_some_and(|b| matches!(b, b'@' | b'?' | b'*' | b'+' | b'!'))
                        || self.slice(start..self.pos).ends_with('=');
                    if !part {
                        return;
                    }
                    let here = self.pos;
                    self.pos += 1;
                    if !self.parenthesis() {
                        self.unclosed(here);
                        return;
                    }
                }
                _ => self.piece(),
            }
        }
    }

    /// Reads one piece of a word: a quoted part, a substitution or a single byte.
    pub(super) fn piece(&mut self) {
        let start = self.pos;
        let closed = match self.peek() {
            Some(b'\'') => self.single_quotes(),
            Some(b'"') => self.double_quotes(),
            Some(b'`') => self.backquote(),
            Some(b'$') => {
                self.pos = self.dollar().1;
                true
            }
            Some(b'\\') => {
                self.pos = (start + 2).min(self.text.len());
                true
            }
            _ => {
                self.pos = (start + 1).min(self.text.len());
                true
            }
        };
        if !closed {
            self.unclosed(start);
        }
        // A backslash may have skipped the first byte of a longer character.
        while self.pos < self.text.len() && !self.text.is_char_boundary(self.pos) {
            self.pos += 1;
        }
    }

    /// Takes an opening quote or bracket that nothing closes for an ordinary character.
    pub(super) fn unclosed(&mut self, at: usize) {
        self.malformed = true;
        self.pos = at + 1;
    }

    /// Reads `'...'`; `false` where it is not closed.
    pub(super) fn single_quotes(&mut self) -> bool {
        let Some((len, _)) = self.find(self.pos + 1, b'\'', b'\'') else {
            return false;
        };
        self.pos += len + 2;
        true
    }

    /// Reads `"..."`; `false` where it is not closed.
    pub(super) fn double_quotes(&mut self) -> bool {
        self.pos += 1;
        while let Some(byte) = self.peek() {
            if !self.burn() {
                return false;
            }
            match byte {
                b'"' => {
                    self.pos += 1;
                    return true;
                }
                b'\'' => self.pos += 1,
                b'$' if self.byte(1) == Some(b'\'') => self.pos += 1,
                _ => self.piece(),
            }
        }
        false
    }

    /// Reads backquotes; `false` where they are not closed.
    pub(super) fn backquote(&mut self) -> bool {
        self.pos += 1;
        loop {
            if !self.burn() {
                return false;
            }
            let Some((len, byte)) = self.find(self.pos, b'`', b'\\') else {
                return false;
            };
            self.pos += len + 1;
            if byte == b'`' {
                return true;
            }
            self.pos = (self.pos + 1).min(self.text.len());
        }
    }

    /// Reads what the `$` at this place begins. The position does not count afterwards.
    pub(super) fn dollar(&mut self) -> (Dollar, usize) {
        let start = self.pos;
        match self.byte(1) {
            Some(b'(') => {
                self.pos += 1;
                if self.byte(1) == Some(b'(') && self.arithmetic() {
                    let end = self.pos;
                    return (Dollar::Arithmetic(start + 3..end - 2), end);
                }
                self.pos = start + 2;
                if self.parenthesis() {
                    return (Dollar::Command(start + 2..self.pos - 1), self.pos);
                }
                self.unclosed(start);
                (Dollar::Plain, start + 1)
            }
            Some(b'{') => {
                self.pos += 2;
                if self.braces() {
                    return (Dollar::Braced(start + 2..self.pos - 1), self.pos);
                }
                self.unclosed(start);
                (Dollar::Plain, start + 1)
            }
            Some(b'\'') => {
                let mut at = start + 2;
                loop {
                    match self.find(at, b'\'', b'\\') {
                        Some((len, b'\'')) => {
                            return (Dollar::Ansi(start + 2..at + len), at + len + 1);
                        }
                        Some((len, _)) => at += len + 2,
                        None => {
                            self.unclosed(start);
                            return (Dollar::Plain, start + 1);
                        }
                    }
                }
            }
            Some(b'"') => (Dollar::Locale, start + 1),
            Some(b) if b.is_ascii_alphabetic() || b == b'_' => {
                let rest = self.text.as_bytes().get(start + 1..).unwrap_or_default();
                let len = rest
                    .iter()
                    .position(|b| !b.is_ascii_alphanumeric() && *b != b'_')
                    .unwrap_or(rest.len());
                (Dollar::Name(start + 1..start + 1 + len), start + 1 + len)
            }
            Some(b'0'..=b'9' | b'@' | b'*' | b'#' | b'?' | b'!' | b'$' | b'-') => {
                (Dollar::Name(start + 1..start + 2), start + 2)
            }
            _ => (Dollar::Plain, start + 1),
        }
    }

    /// Reads `((...))` from its first parenthesis; `false` and no move where it is something else.
    pub(super) fn arithmetic(&mut self) -> bool {
        let start = self.pos;
        let malformed = self.malformed;
        let mut open = 0usize;
        while let Some(byte) = self.peek() {
            if !self.burn() {
                return false;
            }
            match byte {
                b'(' => {
                    open += 1;
                    self.pos += 1;
                }
                b')' if open == 2 => {
                    if self.byte(1) == Some(b')') {
                        self.pos += 2;
                        return true;
                    }
                    break;
                }
                b')' => {
                    open = open.saturating_sub(1);
                    self.pos += 1;
                }
                b'\n' | b';' if open < 2 => break,
                b'$' | b'"' | b'`' | b'\\' | b'\'' if self.depth < bounds::NESTING => {
                    self.depth += 1;
                    self.piece();
                    self.depth -= 1;
                }
                _ => self.pos += 1,
            }
        }
        self.pos = start;
        self.malformed = malformed;
        false
    }

    /// Reads the rest of `${...}`; `false` where it is not closed.
    pub(super) fn braces(&mut self) -> bool {
        if self.too_deep() {
            return false;
        }
        self.depth += 1;
        let mut found = false;
        while let Some(byte) = self.peek() {
            if !self.burn() {
                break;
            }
            match byte {
                b'}' => {
                    self.pos += 1;
                    found = true;
                    break;
                }
                b'\n' => break,
                _ => self.piece(),
            }
        }
        self.depth -= 1;
        found
    }

    /// Reads a script up to the parenthesis that closes it; `false` where there is none.
    pub(super) fn parenthesis(&mut self) -> bool {
        if self.too_deep() {
            return false;
        }
        self.depth += 1;
        let mark = self.tokens.len();
        let pending = std::mem::take(&mut self.pending);
        let place = std::mem::take(&mut self.place);
        let (command, flat) = (self.command, self.flat);
        self.command = true;
        let found = self.commands(true);
        self.tokens.truncate(mark);
        self.pending = pending;
        self.place = place;
        self.command = command;
        self.flat = flat;
        self.depth -= 1;
        found
    }

    pub(super) fn too_deep(&mut self) -> bool {
        let deep = self.depth >= bounds::NESTING;
        self.truncated |= deep;
        deep
    }
}
