//! Redirections, heredocs and here-strings.

use super::{Kind, Lexer};

/// A heredoc whose body has not begun.
pub(super) struct Pending {
    pub(super) token: usize,
    pub(super) delimiter: String,
    pub(super) strip: bool,
}

impl Lexer<'_> {
    /// Skips the `2` of `2>` or the `{fd}` of `{fd}>`; `false` and no move where there is none.
    pub(super) fn descriptor(&mut self) -> bool {
        let here = self.pos;
        if self.peek() == Some(b'{') {
            self.pos += 1;
            while self
                .peek()
                .is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_')
            {
                self.pos += 1;
            }
            if self.peek() == Some(b'}') {
                self.pos += 1;
            } else {
                self.pos = here;
                return false;
            }
        } else {
            while self.peek().is_some_and(|b| b.is_ascii_digit()) {
                self.pos += 1;
            }
        }
        if self.pos > here && matches!(self.peek(), Some(b'<' | b'>')) && self.byte(1) != Some(b'(')
        {
            return true;
        }
        self.pos = here;
        false
    }

    pub(super) fn redirect(&mut self, start: usize) {
        const OPERATORS: [&str; 12] = [
            "&>>", "&>", "<<<", "<<-", "<<", "<>", "<&", ">>", ">|", ">&", "<", ">",
        ];
        let Some(op) = OPERATORS.iter().find(|op| self.rest_starts_with(op)) else {
            self.pos += 1;
            return;
        };
        self.pos += op.len();
        let op_span = start..self.pos;
        self.blanks();
        let target_start = self.pos;
        self.word();
        let target = target_start..self.pos;
        if target.is_empty() {
            self.malformed = true;
            return;
        }
        match *op {
            "<<" | "<<-" => {
                let strip = *op == "<<-";
                let written = self.slice(target);
                self.pending.push(Pending {
                    token: self.tokens.len(),
                    delimiter: written
                        .chars()
                        .filter(|c| !matches!(c, '\'' | '"' | '\\'))
                        .collect(),
                    strip,
                });
                let raw = written.contains(['\'', '"', '\\']);
                let body = self.pos..self.pos;
                self.push(Kind::Heredoc { body, raw, strip }, start);
            }
            "<<<" => self.push(Kind::HereString { word: target }, start),
            _ => self.push(
                Kind::Redirect {
                    op: op_span,
                    target,
                },
                start,
            ),
        }
    }

    /// Reads the bodies of the heredocs that the line before announced.
    pub(super) fn heredoc_bodies(&mut self, nested: bool) {
        for pending in std::mem::take(&mut self.pending) {
            let start = self.pos;
            let (end, next) = self.heredoc_end(&pending, nested);
            self.pos = next;
            if let Some(token) = self.tokens.get_mut(pending.token)
                && let Kind::Heredoc { body, .. } = &mut token.kind
            {
                *body = start..end;
            }
        }
    }

    /// Where the body ends, and where reading goes on.
    pub(super) fn heredoc_end(&mut self, pending: &Pending, nested: bool) -> (usize, usize) {
        let mut at = self.pos;
        while at < self.text.len() {
            if !self.burn() {
                break;
            }
            let rest = self.slice(at..self.text.len());
            let len = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
            let line = rest.get(..len).unwrap_or_default();
            let line = line.strip_suffix('\r').unwrap_or(line);
            let trimmed = if pending.strip {
                line.trim_start_matches('\t')
            } else {
                line
            };
            if trimmed == pending.delimiter {
                return (at, (at + len + 1).min(self.text.len()));
            }
            // Inside `$(...)` bash lets the closing parenthesis follow at once.
            if nested
                && let Some(after) = trimmed.strip_prefix(pending.delimiter.as_str())
                && after.starts_with(')')
            {
                return (at, at + line.len() - after.len());
            }
            at += len + 1;
        }
        // Bash warns and takes all there is.
        self.malformed = true;
        (self.text.len(), self.text.len())
    }
}
