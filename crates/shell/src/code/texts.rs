//! Texts in code: quotes of all kinds, escapes and expressions that are put in.

use super::Language;
use super::tokens::{Lexer, Part, What, closing};
use crate::escape;

/// How a text is written.
#[derive(Clone, Copy)]
struct Form {
    /// Backslashes mean something.
    escapes: bool,
    /// What begins an expression that is put in.
    holes: Holes,
    /// It may go on over the end of a line.
    lines: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Holes {
    None,
    /// `{x}`
    Braces,
    /// `${x}`
    Dollar,
    /// `#{x}`
    Hash,
    /// `$x`, `@x`, `${x}`
    Sigil,
}

/// Bytes that an expression in a text may have.
const HOLE: usize = 200;

const PLAIN: Form = Form {
    escapes: false,
    holes: Holes::None,
    lines: true,
};

impl Lexer<'_> {
    pub(super) fn text_or_shell(&mut self) -> bool {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let Some(first) = bytes.first() else {
            return false;
        };
        if self.language == Language::Python && *first == b'!' && self.at_line_start() {
            let start = self.pos;
            let line = rest.lines().next().unwrap_or_default();
            self.pos += line.len();
            let command = line.get(1..).unwrap_or_default();
            let parts = parts(
                command,
                Form {
                    holes: Holes::Braces,
                    ..PLAIN
                },
            );
            self.push(What::Shell(parts), start);
            return true;
        }
        match (self.language, first) {
            (Language::Python, b'a'..=b'z' | b'A'..=b'Z' | b'"' | b'\'') => self.python_text(),
            (Language::Lua, b'[') => self.delimited(0, "[[", "]]", PLAIN, false),
            (Language::Perl | Language::Ruby, b'q' | b'%') if self.general_quotes() => true,
            (Language::Perl, b's' | b't' | b'y' | b'm') if self.substitution() => true,
            (_, b'"') => {
                let holes = match self.language {
                    Language::Ruby => Holes::Hash,
                    Language::Perl | Language::Php => Holes::Sigil,
                    _ => Holes::None,
                };
                let form = Form {
                    escapes: true,
                    holes,
                    lines: self.long_texts(),
                };
                self.delimited(0, "\"", "\"", form, false)
            }
            (Language::Awk, _) => false,
            (_, b'\'') => {
                let script = matches!(self.language, Language::JavaScript | Language::Lua);
                let form = Form {
                    escapes: script,
                    holes: Holes::None,
                    lines: self.long_texts(),
                };
                self.delimited(0, "'", "'", form, false)
            }
            (Language::JavaScript, b'`') => {
                let form = Form {
                    escapes: true,
                    holes: Holes::Dollar,
                    lines: true,
                };
                self.delimited(0, "`", "`", form, false)
            }
            (Language::Perl | Language::Ruby | Language::Php, b'`') => {
                let holes = if self.language == Language::Ruby {
                    Holes::Hash
                } else {
                    Holes::Sigil
                };
                self.delimited(
                    0,
                    "`",
                    "`",
                    Form {
                        escapes: true,
                        holes,
                        lines: true,
                    },
                    true,
                )
            }
            _ => false,
        }
    }

    fn at_line_start(&self) -> bool {
        matches!(
            self.tokens.last().map(|t| &t.what),
            None | Some(What::Sign('\n'))
        )
    }

    fn long_texts(&self) -> bool {
        matches!(
            self.language,
            Language::Perl | Language::Ruby | Language::Php
        )
    }

    fn python_text(&mut self) -> bool {
        let rest = self.rest();
        let prefix = rest
            .bytes()
            .take(3)
            .take_while(|b| b"rRbBuUfF".contains(b))
            .count();
        let letters = rest.get(..prefix).unwrap_or_default().to_ascii_lowercase();
        let after = rest.get(prefix..).unwrap_or_default();
        let form = Form {
            escapes: !letters.contains('r'),
            holes: if letters.contains('f') {
                Holes::Braces
            } else {
                Holes::None
            },
            lines: false,
        };
        for quotes in ["\"\"\"", "'''"] {
            if after.starts_with(quotes) {
                let form = Form {
                    lines: true,
                    ..form
                };
                return self.delimited(prefix, quotes, quotes, form, false);
            }
        }
        ["\"", "'"].into_iter().any(|quote| {
            after.starts_with(quote) && self.delimited(prefix, quote, quote, form, false)
        })
    }

    /// `q(...)`, `qq{...}`, `qx(...)` of Perl and `%q(...)`, `%Q{...}`, `%x(...)` of Ruby.
    fn general_quotes(&mut self) -> bool {
        let rest = self.rest();
        let forms: &[(&str, bool, bool)] = match self.language {
            Language::Perl => &[("qq", true, false), ("qx", true, true), ("q", false, false)],
            _ => &[
                ("%x", true, true),
                ("%Q", true, false),
                ("%q", false, false),
            ],
        };
        let Some((prefix, holes, shell)) = forms.iter().find(|(p, ..)| rest.starts_with(p)) else {
            return false;
        };
        let Some(open) = rest.chars().nth(prefix.len()) else {
            return false;
        };
        let close = match open {
            '(' => ")",
            '{' => "}",
            '[' => "]",
            '<' => ">",
            '/' => "/",
            '|' => "|",
            '!' => "!",
            _ => return false,
        };
        let holes = match (holes, self.language) {
            (false, _) => Holes::None,
            (true, Language::Ruby) => Holes::Hash,
            (true, _) => Holes::Sigil,
        };
        let form = Form {
            escapes: holes != Holes::None,
            holes,
            lines: true,
        };
        let mut buffer = [0; 4];
        let open: &str = open.encode_utf8(&mut buffer);
        self.delimited(prefix.len(), open, close, form, *shell)
    }

    /// Skips `s/a/b/`, `tr/a/b/`, `y/a/b/` and `m/a/`, whose quotes would confuse.
    fn substitution(&mut self) -> bool {
        let rest = self.rest();
        let Some((word, parts)) =
            [("s", 2), ("tr", 2), ("y", 2), ("m", 1)]
                .into_iter()
                .find(|(word, _)| {
                    rest.strip_prefix(word)
                        .is_some_and(|r| r.starts_with(['/', '|', '!']))
                })
        else {
            return false;
        };
        let mut end = word.len();
        let Some(delimiter) = rest.chars().nth(end) else {
            return false;
        };
        end += 1;
        for _ in 0..parts {
            let inner = rest.get(end..).unwrap_or_default();
            let Some(len) = self.search(inner, |t| closing(t, delimiter, false)) else {
                return false;
            };
            end += len + 1;
        }
        self.pos += end;
        true
    }

    /// Reads a text after a prefix; `false` and no move where it is not closed.
    fn delimited(
        &mut self,
        prefix: usize,
        open: &str,
        close: &str,
        form: Form,
        shell: bool,
    ) -> bool {
        let start = self.pos;
        let rest = self.rest().get(prefix..).unwrap_or_default();
        let Some(inner) = rest.strip_prefix(open) else {
            return false;
        };
        let nests = open != close && open.len() == 1;
        let Some(len) = self.search(inner, |t| end_of_text(t, open, close, nests, form)) else {
            return false;
        };
        let text = inner.get(..len).unwrap_or_default();
        self.pos = start + prefix + open.len() + len + close.len();
        let parts = parts(text, form);
        self.push(
            if shell {
                What::Shell(parts)
            } else {
                What::Text(parts)
            },
            start,
        );
        true
    }
}

/// How many bytes a text has before its closing quotes.
fn end_of_text(text: &str, open: &str, close: &str, nests: bool, form: Form) -> Option<usize> {
    let mut depth = 0usize;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        let rest = text.get(at..).unwrap_or_default();
        if rest.starts_with(close) {
            if depth == 0 {
                return Some(at);
            }
            depth -= 1;
        } else if nests && rest.starts_with(open) {
            depth += 1;
        } else if c == '\\' {
            chars.next();
        } else if c == '\n' && !form.lines {
            return None;
        }
    }
    None
}

/// Cuts a text into bytes and expressions.
fn parts(text: &str, form: Form) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut literal = 0;
    let mut at = 0;
    while let Some(c) = text.get(at..).and_then(|t| t.chars().next()) {
        if c == '\\' && form.escapes {
            at += 1;
            at += text
                .get(at..)
                .and_then(|t| t.chars().next())
                .map_or(0, char::len_utf8);
            continue;
        }
        if let Some((inner, len)) = hole(text.get(at..).unwrap_or_default(), form.holes) {
            add_bytes(&mut parts, text.get(literal..at).unwrap_or_default(), form);
            parts.push(Part::Hole(inner));
            at += len;
            literal = at;
            continue;
        }
        at += c.len_utf8();
    }
    add_bytes(&mut parts, text.get(literal..).unwrap_or_default(), form);
    parts
}

fn add_bytes(parts: &mut Vec<Part<'_>>, text: &str, form: Form) {
    if text.is_empty() && !parts.is_empty() {
        return;
    }
    if form.escapes {
        let (bytes, hidden) = escape::bytes(text);
        parts.push(Part::Bytes(bytes, hidden));
    } else {
        parts.push(Part::Bytes(text.replace("\\'", "'").into_bytes(), false));
    }
}

/// The expression that begins a text, and how long it is with its marks.
fn hole(text: &str, holes: Holes) -> Option<(&str, usize)> {
    let braced = |prefix: &str| {
        let inner = text.strip_prefix(prefix)?;
        let near = inner.get(..inner.floor_char_boundary(HOLE))?;
        let len = near.find('}')?;
        Some((inner.get(..len)?, prefix.len() + len + 1))
    };
    match holes {
        Holes::None => None,
        Holes::Braces if text.starts_with("{{") => None,
        Holes::Braces => braced("{"),
        Holes::Dollar => braced("${"),
        Holes::Hash => braced("#{"),
        Holes::Sigil => braced("${").or_else(|| {
            let name = text.strip_prefix(['$', '@'])?;
            let len = name
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(name.len());
            (len > 0).then_some(())?;
            Some((text.get(..len + 1)?, len + 1))
        }),
    }
}
