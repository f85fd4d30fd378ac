//! Code into names, texts, numbers and signs, alike for all languages.

use super::Language;

/// A piece of code.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token<'t> {
    pub(super) what: What<'t>,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What a piece of code is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum What<'t> {
    /// A name, with its sigil where the language has those.
    Name(&'t str),
    /// A text.
    Text(Vec<Part<'t>>),
    /// A text that is given to a shell: backquotes, `qx(...)`, `%x(...)`, `!...` of notebooks.
    Shell(Vec<Part<'t>>),
    Number(i64),
    /// Anything else, one character. `.` stands for `->` and `::` as well.
    Sign(char),
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part<'t> {
    /// Bytes, and whether letters among them were written as codes.
    Bytes(Vec<u8>, bool),
    /// An expression that is put in.
    Hole(&'t str),
}

/// Cuts code into its pieces, at most so many.
pub(super) fn tokens(language: Language, text: &str, limit: usize) -> Vec<Token<'_>> {
    let mut lexer = Lexer {
        language,
        text,
        pos: 0,
        tokens: Vec::new(),
        limit,
        fuel: text.len().saturating_mul(8) + 4096,
    };
    lexer.run();
    lexer.tokens
}

pub(super) struct Lexer<'t> {
    pub(super) language: Language,
    pub(super) text: &'t str,
    pub(super) pos: usize,
    pub(super) tokens: Vec<Token<'t>>,
    limit: usize,
    /// Bytes that searches for closing quotes may still pass in vain.
    fuel: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.pos..).unwrap_or_default()
    }

    pub(super) fn push(&mut self, what: What<'t>, start: usize) {
        self.tokens.push(Token {
            what,
            start,
            end: self.pos,
        });
    }

    pub(super) fn run(&mut self) {
        while let Some(c) = self.rest().chars().next() {
            if self.tokens.len() >= self.limit {
                return;
            }
            let start = self.pos;
            if self.comment() || self.text_or_shell() {
                continue;
            }
            if c == '\n' {
                self.pos += 1;
                self.push(What::Sign('\n'), start);
            } else if c.is_whitespace() {
                self.pos += c.len_utf8();
            } else if c.is_ascii_digit() {
                self.number();
            } else if self.is_name_start(c) {
                self.name();
            } else if c == '/' && self.regex_may_begin() && self.regex() {
            } else {
                let joiner = [
                    ("->", '.'),
                    ("::", '.'),
                    ("?.", '.'),
                    ("=>", '>'),
                    ("==", '~'),
                ]
                .into_iter()
                .find(|(written, _)| self.rest().starts_with(written));
                let (len, sign) = joiner.map_or((c.len_utf8(), c), |(w, sign)| (w.len(), sign));
                self.pos += len;
                self.push(What::Sign(sign), start);
            }
        }
    }

    pub(super) fn comment(&mut self) -> bool {
        let rest = self.rest();
        let hash = !matches!(self.language, Language::JavaScript | Language::Lua);
        let slashes = matches!(self.language, Language::JavaScript | Language::Php);
        let line = hash && rest.starts_with('#')
            || slashes && rest.starts_with("//")
            || self.language == Language::Lua && rest.starts_with("--");
        if line {
            self.pos += rest.find('\n').unwrap_or(rest.len());
            return true;
        }
        if slashes && rest.starts_with("/*") {
            self.pos += rest.find("*/").map_or(rest.len(), |at| at + 2);
            return true;
        }
        false
    }

    pub(super) fn is_name_start(&self, c: char) -> bool {
        c.is_alphabetic()
            || c == '_'
            || c == '$' && self.language != Language::Python
            || c == '@' && matches!(self.language, Language::Perl | Language::Ruby)
    }

    pub(super) fn name(&mut self) {
        let start = self.pos;
        let mut chars = self.rest().char_indices();
        chars.next();
        let len = chars
            .find(|(_, c)| !c.is_alphanumeric() && *c != '_')
            .map_or(self.rest().len(), |(at, _)| at);
        let name = self.rest().get(..len).unwrap_or_default();
        self.pos += len;
        self.push(What::Name(name), start);
    }

    pub(super) fn number(&mut self) {
        let start = self.pos;
        let rest = self.rest();
        let len = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        let written = rest.get(..len).unwrap_or_default().replace('_', "");
        self.pos += len;
        let value = match written.get(..2) {
            Some("0x" | "0X") => i64::from_str_radix(written.get(2..).unwrap_or_default(), 16),
            Some("0o" | "0O") => i64::from_str_radix(written.get(2..).unwrap_or_default(), 8),
            Some("0b" | "0B") => i64::from_str_radix(written.get(2..).unwrap_or_default(), 2),
            _ => written.parse(),
        };
        match value {
            Ok(value) => self.push(What::Number(value), start),
            Err(_) => self.push(What::Sign('0'), start),
        }
    }

    /// Searches for the end of a text, unless too many searches were in vain.
    pub(super) fn search(
        &mut self,
        text: &str,
        end: impl Fn(&str) -> Option<usize>,
    ) -> Option<usize> {
        if self.fuel < text.len() {
            return None;
        }
        let found = end(text);
        if found.is_none() {
            self.fuel -= text.len();
        }
        found
    }

    // Regular expressions

    /// Whether a slash here cannot be a division.
    pub(super) fn regex_may_begin(&self) -> bool {
        let script = matches!(self.language, Language::JavaScript | Language::Awk);
        script
            && match self.tokens.last().map(|t| &t.what) {
                None => true,
                Some(What::Sign(c)) => !matches!(c, ')' | ']' | '}' | '0'),
                Some(What::Name(name)) => matches!(*name, "return" | "in" | "of" | "case"),
                Some(_) => false,
            }
    }

    pub(super) fn regex(&mut self) -> bool {
        let inner = self.rest().get(1..).unwrap_or_default();
        let Some(len) = self.search(inner, |t| closing(t, '/', true)) else {
            return false;
        };
        let start = self.pos;
        self.pos += len + 2;
        self.push(What::Sign('0'), start);
        true
    }
}

/// How many bytes stand before an unescaped delimiter.
pub(super) fn closing(text: &str, delimiter: char, one_line: bool) -> Option<usize> {
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            _ if c == delimiter => return Some(at),
            '\n' if one_line => return None,
            '\\' => {
                chars.next();
            }
            _ => {}
        }
    }
    None
}
