//! Raw words into the words a program gets: quotes, variables, substitutions, braces.
//!
//! What only a run would tell stays as it was written. Known are variables assigned in the text,
//! and the output of commands that print what they are given.

mod arithmetic;
mod braces;
mod parameter;

use std::ops::Range;
use std::rc::Rc;

pub(crate) use self::arithmetic::arithmetic;
use self::parameter::Parameter;
use crate::content::{Content, add_layers};
use crate::lex::{self, Dollar};
use crate::run::Run;
use crate::scope::Scope;
use crate::variables::Value;
use crate::word::{Builder, Seam, Word};
use crate::{Layer, bounds, escape};

impl Run {
    /// Expands one raw word. Splits unquoted values into several words, and none if all are empty.
    pub(crate) fn words(&mut self, raw: &str, scope: &Scope) -> Vec<Word> {
        if plain(raw) {
            self.spend_words(raw.len());
            return vec![Word::plain(raw)];
        }
        let Some(alternatives) = braces::expand(raw, bounds::BRACES, &mut self.fuel) else {
            self.out.truncated |= raw.bytes().filter(|b| *b == b',').count() >= bounds::BRACES;
            return self.expand(raw, scope, true);
        };
        let here = self.here.fix(0..raw.len());
        let here = std::mem::replace(&mut self.here, here);
        let words = alternatives
            .iter()
            .flat_map(|raw| self.expand(raw, scope, true))
            .collect();
        self.here = here;
        words
    }

    /// Expands raw text to one word, as in assignments, redirections and here-strings.
    pub(crate) fn word(&mut self, raw: &str, scope: &Scope) -> Word {
        if plain(raw) {
            self.spend_words(raw.len());
            return Word::plain(raw);
        }
        self.expand(raw, scope, false).pop().unwrap_or_default()
    }

    fn expand(&mut self, raw: &str, scope: &Scope, split: bool) -> Vec<Word> {
        let mut builder = Builder {
            split,
            ..Builder::default()
        };
        let mut at = 0;
        let mut literal = 0;
        let bytes = raw.as_bytes();
        while let Some(byte) = bytes.get(at) {
            let special = match byte {
                b'\\' | b'\'' | b'"' | b'$' | b'`' => true,
                b'<' | b'>' => bytes.get(at + 1) == Some(&b'('),
                _ => false,
            };
            if !special {
                at += 1;
                continue;
            }
            if at > literal {
                builder.literal(raw.get(literal..at).unwrap_or_default());
            }
            at = self.special(raw, at, scope, &mut builder);
            literal = at;
            if self.out_of_words() {
                break;
            }
        }
        if at > literal {
            builder.literal(raw.get(literal..at).unwrap_or_default());
        }
        builder.finish();
        let bytes = builder.words.iter().map(|w| w.text.len() + 16).sum();
        self.spend_words(bytes);
        builder.words
    }

    /// Expands what begins with the special character at `at`; returns where it ends.
    fn special(&mut self, raw: &str, at: usize, scope: &Scope, builder: &mut Builder) -> usize {
        let rest = raw.get(at + 1..).unwrap_or_default();
        match raw.as_bytes().get(at) {
            Some(b'\\') => {
                let mut chars = rest.chars();
                match chars.next() {
                    Some('\n') => {}
                    Some(c) => {
                        if at > 0 && c.is_ascii_alphanumeric() {
                            builder.seam(Seam::Quotes);
                        }
                        builder.literal(c.encode_utf8(&mut [0; 4]));
                    }
                    None => builder.literal("\\"),
                }
                raw.len() - chars.as_str().len()
            }
            Some(b'\'') => match rest.split_once('\'') {
                Some((inner, _)) => {
                    builder.seam(Seam::Quotes);
                    builder.literal(inner);
                    builder.seam(Seam::Quotes);
                    at + inner.len() + 2
                }
                None => {
                    builder.literal("'");
                    at + 1
                }
            },
            // Not closed: the lexer took it for an ordinary character.
            Some(b'"') if !rest.contains('"') => {
                builder.literal("\"");
                at + 1
            }
            Some(b'"') => {
                builder.seam(Seam::Quotes);
                builder.literal("");
                let end = self.quoted(raw, at, scope, builder);
                builder.seam(Seam::Quotes);
                end
            }
            Some(b'`') => match lex::backquote(raw, at, &mut self.fuel) {
                Some((inner, end)) => {
                    self.backquoted(raw, at..end, inner, scope, false, builder);
                    end
                }
                None => {
                    builder.literal("`");
                    at + 1
                }
            },
            Some(b'<' | b'>') => match lex::process_substitution(raw, at, &mut self.fuel) {
                Some((inner, end)) => {
                    let written = raw.get(at..end).unwrap_or_default();
                    let text = raw.get(inner.clone()).unwrap_or_default();
                    let output = self.substitution(text, inner, scope);
                    if let Some(content) = output {
                        self.files.insert(written.to_owned(), Rc::new(content));
                    }
                    builder.unknown(written);
                    end
                }
                None => {
                    builder.literal(raw.get(at..at + 1).unwrap_or_default());
                    at + 1
                }
            },
            _ => self.dollar(raw, at, scope, false, builder),
        }
    }

    /// Expands `"..."` from its first quote; returns where it ends.
    fn quoted(&mut self, raw: &str, start: usize, scope: &Scope, builder: &mut Builder) -> usize {
        let bytes = raw.as_bytes();
        let mut at = start + 1;
        let mut literal = at;
        loop {
            let Some(byte) = bytes.get(at) else {
                // Not closed after all.
                builder.literal(raw.get(literal..).unwrap_or_default());
                return raw.len();
            };
            if !matches!(byte, b'"' | b'\\' | b'$' | b'`') {
                at += 1;
                continue;
            }
            builder.literal(raw.get(literal..at).unwrap_or_default());
            at = match byte {
                b'"' => return at + 1,
                b'\\' => match bytes.get(at + 1) {
                    Some(b'\n') => at + 2,
                    Some(b'$' | b'`' | b'"' | b'\\') => {
                        builder.literal(raw.get(at + 1..at + 2).unwrap_or_default());
                        at + 2
                    }
                    _ => {
                        builder.literal("\\");
                        at + 1
                    }
                },
                b'`' => match lex::backquote(raw, at, &mut self.fuel) {
                    Some((inner, end)) => {
                        self.backquoted(raw, at..end, inner, scope, true, builder);
                        end
                    }
                    None => {
                        builder.literal("`");
                        at + 1
                    }
                },
                _ => self.dollar(raw, at, scope, true, builder),
            };
            literal = at;
        }
    }

    /// Expands the text of a heredoc, where quotes mean nothing.
    pub(crate) fn heredoc(&mut self, raw: &str, scope: &Scope) -> Word {
        let mut builder = Builder::default();
        let bytes = raw.as_bytes();
        let mut at = 0;
        let mut literal = 0;
        while let Some(byte) = bytes.get(at) {
            if !matches!(byte, b'\\' | b'$' | b'`') {
                at += 1;
                continue;
            }
            builder.literal(raw.get(literal..at).unwrap_or_default());
            at = match (byte, bytes.get(at + 1)) {
                (b'\\', Some(b'\n')) => at + 2,
                (b'\\', Some(b'$' | b'`' | b'\\')) => {
                    builder.literal(raw.get(at + 1..at + 2).unwrap_or_default());
                    at + 2
                }
                (b'$', _) => self.dollar(raw, at, scope, true, &mut builder),
                (b'`', _) => match lex::backquote(raw, at, &mut self.fuel) {
                    Some((inner, end)) => {
                        self.backquoted(raw, at..end, inner, scope, true, &mut builder);
                        end
                    }
                    None => {
                        builder.literal("`");
                        at + 1
                    }
                },
                _ => {
                    builder.literal("\\");
                    at + 1
                }
            };
            literal = at;
        }
        builder.literal(raw.get(literal..).unwrap_or_default());
        self.spend_words(builder.current.text.len());
        builder.current
    }

    fn backquoted(
        &mut self,
        raw: &str,
        whole: Range<usize>,
        inner: Range<usize>,
        scope: &Scope,
        quoted: bool,
        builder: &mut Builder,
    ) {
        let text = raw.get(inner.clone()).unwrap_or_default();
        let written = raw.get(whole).unwrap_or_default();
        let output = if text.contains('\\') {
            let text = escape::backquoted(text);
            let fixed = self.here.fix(inner);
            let here = std::mem::replace(&mut self.here, fixed);
            let output = self.substitution(&text, 0..0, scope);
            self.here = here;
            output
        } else {
            self.substitution(text, inner, scope)
        };
        self.output(output, written, quoted, builder);
    }

    /// Expands what begins with the `$` at `at`; returns where it ends.
    fn dollar(
        &mut self,
        raw: &str,
        at: usize,
        scope: &Scope,
        quoted: bool,
        builder: &mut Builder,
    ) -> usize {
        let (what, end) = lex::dollar(raw, at, &mut self.fuel);
        let written = raw.get(at..end).unwrap_or_default();
        match what {
            Dollar::Plain => builder.literal("$"),
            Dollar::Locale if quoted => builder.literal("$"),
            Dollar::Locale => {}
            Dollar::Ansi(_) if quoted => {
                builder.literal("$");
                return at + 1;
            }
            Dollar::Ansi(inner) => {
                let text = raw.get(inner).unwrap_or_default();
                let decoded = escape::ansi(text);
                if decoded.hidden {
                    let layer = Layer::Decoded("escapes".to_owned());
                    add_layers(&mut builder.current.layers, &[layer]);
                }
                builder.literal(&decoded.text);
            }
            Dollar::Arithmetic(inner) => {
                let text = raw.get(inner).unwrap_or_default();
                match arithmetic(text) {
                    Some(number) => builder.literal(&number.to_string()),
                    None => builder.unknown(written),
                }
            }
            Dollar::Command(inner) => {
                let text = raw.get(inner.clone()).unwrap_or_default();
                let output = self.substitution(text, inner, scope);
                self.output(output, written, quoted, builder);
            }
            Dollar::Name(name) => {
                let name = raw.get(name).unwrap_or_default();
                self.variable(name, written, scope, quoted, builder);
            }
            Dollar::Braced(inner) => {
                let text = raw.get(inner).unwrap_or_default();
                self.braced(text, written, scope, quoted, builder);
            }
        }
        end
    }

    /// Adds the output of a substitution, or the substitution itself where it is not known.
    fn output(
        &mut self,
        output: Option<Content>,
        written: &str,
        quoted: bool,
        builder: &mut Builder,
    ) {
        match output {
            Some(content) => {
                add_layers(&mut builder.current.layers, &content.layers);
                builder.current.dynamic |= content.dynamic;
                builder.value(content.text().trim_end_matches('\n'), quoted);
            }
            None => builder.unknown(written),
        }
    }

    /// `$name`.
    fn variable(
        &mut self,
        name: &str,
        written: &str,
        scope: &Scope,
        quoted: bool,
        builder: &mut Builder,
    ) {
        if name == "IFS" && !self.variables.knows("IFS") {
            // The blank that separates words, written so as not to look like one.
            if quoted || !builder.split {
                builder.literal(" ");
            } else {
                builder.finish();
                let layer = Layer::Decoded("variables".to_owned());
                add_layers(&mut builder.current.layers, &[layer]);
            }
            return;
        }
        if let Some(value) = scope.argument(name) {
            return self.known(&value, name == "@", quoted, builder);
        }
        if let Some(value) = self.variables.get(name).cloned() {
            return self.known(&value, false, quoted, builder);
        }
        let nothing = matches!(name, "@" | "*" | "9") && !quoted && builder.started;
        if !nothing {
            builder.unknown(written);
        }
    }

    /// Adds a known value; `"$@"` and `"${a[@]}"` stay separate words.
    fn known(&mut self, value: &Value, separate: bool, quoted: bool, builder: &mut Builder) {
        builder.seam(Seam::Variables);
        add_layers(&mut builder.current.layers, value.layers());
        builder.current.dynamic |= value.dynamic();
        match value {
            Value::List(items) if separate && quoted => {
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        builder.finish();
                    }
                    builder.literal(item);
                }
            }
            _ => builder.value(&value.text(), quoted),
        }
        builder.seam(Seam::Variables);
    }

    /// `${...}`.
    fn braced(
        &mut self,
        inner: &str,
        written: &str,
        scope: &Scope,
        quoted: bool,
        builder: &mut Builder,
    ) {
        let Some(parameter) = Parameter::parse(inner) else {
            return builder.unknown(written);
        };
        if parameter.is_name() {
            return self.variable(parameter.name, written, scope, quoted, builder);
        }
        let value = scope
            .argument(parameter.name)
            .or_else(|| self.variables.get(parameter.name).cloned());
        // Looking through a long value again and again costs as much as lexing does.
        let len = value.as_ref().map_or(0, Value::len);
        self.fuel = self.fuel.saturating_sub(len / 4);
        if self.fuel == 0 {
            self.out.truncated = true;
            return builder.unknown(written);
        }
        // Operands are words of their own: patterns, replacements, defaults.
        let operands: Vec<String> = parameter
            .operands()
            .map(|raw| self.operand(raw, scope))
            .collect();
        match parameter.apply(value.as_ref(), &operands, &self.variables) {
            Some(result) => {
                if parameter.cuts() {
                    builder.seam(Seam::Cut);
                }
                self.known(&result, parameter.separate(), quoted, builder);
                if parameter.assigns() {
                    self.variables.set(parameter.name, result);
                }
            }
            None => builder.unknown(written),
        }
    }

    fn operand(&mut self, raw: &str, scope: &Scope) -> String {
        if plain(raw) {
            return raw.to_owned();
        }
        let fixed = self.here.fix(0..0);
        let here = std::mem::replace(&mut self.here, fixed);
        let word = self.word(raw, scope);
        self.here = here;
        word.text
    }
}

/// Whether a raw word stands for itself.
fn plain(raw: &str) -> bool {
    !raw.bytes()
        .any(|b| matches!(b, b'\\' | b'\'' | b'"' | b'$' | b'`' | b'{' | b'<' | b'>'))
}
