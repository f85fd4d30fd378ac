//! Simple commands: their words, assignments and redirections.

use std::ops::Range;
use std::rc::Rc;

use super::redirects::{Redirects, output_file};
use super::{Run, Source};
use crate::content::{Content, add_layers};
use crate::lex::{self, Kind};
use crate::scope::Scope;
use crate::variables::Value;
use crate::word::Word;

impl Run {
    pub(super) fn simple(
        &mut self,
        source: &Source,
        range: Range<usize>,
        scope: &Scope,
    ) -> Option<Content> {
        let tokens = source.tokens.get(range)?;
        let (first, last) = (tokens.first()?, tokens.last()?);
        let span = first.span.start..last.span.end;
        let index = self.reserve(scope.origin.span(span.clone()))?;
        let mut inner = scope.clone();
        // What is nested in its words is carried by this command and has a pipeline of its own.
        inner.carrier = Some(index);
        inner.detach();
        inner.stdin = None;
        inner.redirects = Rc::new([]);
        let mut words: Vec<Word> = Vec::new();
        let mut assignments = Vec::new();
        let mut redirects = Redirects::default();
        for token in tokens {
            if self.out_of_words() {
                break;
            }
            let raw = source.raw(token.span.clone());
            self.here = scope.origin.part(&token.span);
            match &token.kind {
                Kind::Word if words.is_empty() => match Assignment::parse(raw) {
                    Some(assignment) => {
                        let value_at = raw.len() - assignment.value.len();
                        self.here = self.here.part(&(value_at..raw.len()));
                        assignments.push((
                            assignment.name.to_owned(),
                            assignment.append,
                            self.assigned(assignment.value, &inner),
                        ));
                    }
                    None => words.extend(self.words(raw, &inner)),
                },
                Kind::Word => words.extend(self.words(raw, &inner)),
                Kind::Test => words.extend(self.test(raw, &inner)),
                Kind::Arithmetic => words.push(Word::plain(raw)),
                _ => self.redirect(source, token, &inner, &mut redirects),
            }
        }
        let mut inner = scope.clone();
        inner.origin = scope.origin.fix(span);
        if let Some(stdin) = redirects.stdin {
            inner.stdin = Some(stdin);
        }
        let file = output_file(&redirects.list);
        inner.capture |= file.is_some();
        if !redirects.list.is_empty() {
            let outer = scope.redirects.iter().cloned();
            inner.redirects = redirects.list.into_iter().chain(outer).collect();
        }
        if let Some(command) = self.out.commands.get_mut(index) {
            command.assignments = assignments
                .iter()
                .map(|(name, _, value)| (name.clone(), value.text().into_owned()))
                .collect();
        }
        if words.is_empty() {
            for (name, append, value) in assignments {
                self.assign(&name, append, value);
            }
        }
        let output = self.call(words, index, &inner);
        self.written(file, output)
    }

    /// The value of an assignment, an array where it is one.
    pub(crate) fn assigned(&mut self, raw: &str, scope: &Scope) -> Value {
        if let Some(items) = raw.strip_prefix('(').and_then(|r| r.strip_suffix(')')) {
            let fixed = self.here.fix(0..raw.len());
            let here = std::mem::replace(&mut self.here, fixed);
            let lexed = lex::lex(items, &mut self.fuel);
            let mut list = Vec::new();
            for token in &lexed.tokens {
                if token.kind == Kind::Word {
                    let raw = items.get(token.span.clone()).unwrap_or_default();
                    list.extend(self.words(raw, scope).into_iter().map(|w| w.text));
                }
            }
            self.here = here;
            return Value::List(list);
        }
        Value::from(self.word(raw, scope))
    }

    pub(crate) fn assign(&mut self, name: &str, append: bool, value: Value) {
        let value = match (append, self.variables.get(name), value) {
            (true, Some(Value::List(old)), Value::List(more)) => {
                Value::List(old.iter().cloned().chain(more).collect())
            }
            (true, Some(old), value) => {
                let mut layers = old.layers().to_vec();
                add_layers(&mut layers, value.layers());
                Value::One {
                    text: format!("{}{}", old.text(), value.text()),
                    dynamic: old.dynamic() || value.dynamic(),
                    layers,
                }
            }
            (_, _, value) => value,
        };
        self.spend_words(value.text().len());
        if !self.out_of_words() {
            self.variables.set(name, value);
        }
    }

    /// The words of `[[ ... ]]`, operators included.
    fn test(&mut self, raw: &str, scope: &Scope) -> Vec<Word> {
        let fixed = self.here.fix(0..raw.len());
        let here = std::mem::replace(&mut self.here, fixed);
        let mut words = Vec::new();
        for part in lex::test_words(raw, &mut self.fuel) {
            words.push(self.word(raw.get(part).unwrap_or_default(), scope));
        }
        self.here = here;
        words
    }
}

/// `NAME=value`, `NAME+=value` or `NAME[...]=value`.
pub(crate) struct Assignment<'t> {
    pub(crate) name: &'t str,
    pub(crate) append: bool,
    pub(crate) value: &'t str,
}

impl<'t> Assignment<'t> {
    pub(crate) fn parse(raw: &'t str) -> Option<Self> {
        let (left, value) = raw.split_once('=')?;
        let (left, append) = match left.strip_suffix('+') {
            Some(left) => (left, true),
            None => (left, false),
        };
        let name = match left.split_once('[') {
            Some((name, subscript)) if subscript.ends_with(']') => name,
            Some(_) => return None,
            None => left,
        };
        let mut bytes = name.bytes();
        let valid = bytes
            .next()
            .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
            && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_');
        valid.then_some(Self {
            name: left,
            append,
            value,
        })
    }
}
