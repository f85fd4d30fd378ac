//! Goes through code once and evaluates what it can: texts, lists, decoders, calls.

use std::collections::HashMap;

use super::apply::last;
use super::calls::{self, Change};
use super::tokens::{self, Part, Token, What};
use super::value::Value;
use super::{Act, Language};
use crate::content::Content;

/// Pieces of code that are looked at.
const TOKENS: usize = 50_000;

/// Expressions inside one another.
const DEPTH: usize = 24;

/// Commands that one piece of code may start.
const ACTS: usize = 1_000;

/// What code comes to.
pub(super) struct Outcome {
    pub(super) acts: Vec<Act>,
    /// What it prints, where all of it is known.
    pub(super) printed: Option<Content>,
    /// Bytes that were made on the way.
    pub(super) spent: usize,
    pub(super) truncated: bool,
}

/// Goes through code; its values may have so many bytes in all.
pub(super) fn evaluate(language: Language, text: &str, bytes: usize) -> Outcome {
    let tokens = tokens::tokens(language, text, TOKENS);
    let truncated = tokens.len() >= TOKENS;
    let mut evaluator = Evaluator {
        language,
        text,
        tokens,
        at: 0,
        open: 0,
        depth: 0,
        variables: HashMap::new(),
        names: HashMap::new(),
        acts: Vec::new(),
        printed: None,
        unknown: false,
        left: bytes,
        truncated,
    };
    evaluator.statements(false);
    Outcome {
        acts: evaluator.acts,
        printed: evaluator.printed.filter(|_| !evaluator.unknown),
        spent: bytes - evaluator.left,
        truncated: evaluator.truncated,
    }
}

pub(super) struct Evaluator<'t> {
    pub(super) language: Language,
    pub(super) text: &'t str,
    pub(super) tokens: Vec<Token<'t>>,
    pub(super) at: usize,
    /// Brackets that are open: line ends mean nothing inside.
    pub(super) open: usize,
    pub(super) depth: usize,
    pub(super) variables: HashMap<&'t str, Value>,
    /// Imported names and what they stand for.
    pub(super) names: HashMap<&'t str, String>,
    pub(super) acts: Vec<Act>,
    pub(super) printed: Option<Content>,
    /// Something was printed that is not known.
    pub(super) unknown: bool,
    /// Bytes that values may still take.
    pub(super) left: usize,
    pub(super) truncated: bool,
}

impl<'t> Evaluator<'t> {
    pub(super) fn peek(&self) -> Option<&What<'t>> {
        self.tokens.get(self.at).map(|t| &t.what)
    }

    pub(super) fn sign(&self) -> Option<char> {
        match self.peek() {
            Some(What::Sign(c)) => Some(*c),
            _ => None,
        }
    }

    pub(super) fn sign_at(&self, at: usize) -> Option<char> {
        match self.tokens.get(at).map(|t| &t.what) {
            Some(What::Sign(c)) => Some(*c),
            _ => None,
        }
    }

    pub(super) fn name_at(&self, at: usize) -> Option<&'t str> {
        match self.tokens.get(at).map(|t| &t.what) {
            Some(What::Name(name)) => Some(*name),
            _ => None,
        }
    }

    /// Takes a sign if it is the next.
    pub(super) fn eat(&mut self, sign: char) -> bool {
        let found = self.sign() == Some(sign);
        self.at += usize::from(found);
        found
    }

    pub(super) fn skip_lines(&mut self) {
        while self.sign() == Some('\n') {
            self.at += 1;
        }
    }

    /// The code from a piece up to this one, as it is written.
    pub(super) fn written(&self, from: usize) -> String {
        let start = self.tokens.get(from).map_or(0, |t| t.start);
        let last = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        let end = last.map_or(start, |t| t.end);
        let text = self.text.get(start..end.max(start)).unwrap_or_default();
        let text = text.get(..text.floor_char_boundary(120)).unwrap_or(text);
        text.to_owned()
    }

    /// Takes bytes for a value; without enough of them the value is not known.
    pub(super) fn spend(&mut self, content: Content) -> Option<Content> {
        let Some(left) = self.left.checked_sub(content.bytes.len()) else {
            self.truncated = true;
            return None;
        };
        self.left = left;
        Some(content)
    }

    pub(super) fn act(&mut self, act: Act) {
        if self.acts.len() < ACTS {
            self.acts.push(act);
        } else {
            self.truncated = true;
        }
    }

    pub(super) fn expression(&mut self) -> Value {
        let start = self.at;
        if self.depth >= DEPTH {
            self.truncated = true;
            self.at += 1;
            return Value::Unknown(String::new());
        }
        self.depth += 1;
        let mut value: Option<Value> = None;
        // The operator between the value so far and the next.
        let mut operator: Option<char> = None;
        while let Some(what) = self.peek() {
            match what {
                What::Sign(',' | ')' | ']' | '}' | ';') => break,
                What::Sign('\n') if self.open > 0 => self.at += 1,
                What::Sign('\n') if operator == Some('+') => self.at += 1,
                What::Sign('\n') => break,
                What::Name(name) if self.sign_at(self.at + 1) == Some('=') => {
                    let name = *name;
                    self.at += 2;
                    let assigned = self.expression();
                    self.assign(name, assigned.clone());
                    value = Some(assigned);
                    operator = None;
                }
                What::Sign('=') => {
                    // An assignment inside an expression: its value is what counts.
                    self.at += 1;
                    value = None;
                    operator = None;
                }
                What::Sign(c) if !matches!(c, '(' | '[' | '{') => {
                    operator = Some(*c);
                    self.at += 1;
                }
                What::Name("for") if self.language == Language::Python && value.is_some() => {
                    value = Some(self.comprehension(start, value));
                }
                _ => {
                    let before = self.at;
                    let next = self.primary();
                    if self.at == before {
                        self.at += 1;
                    }
                    value = Some(match value.take() {
                        None => next,
                        Some(left) => self.combine(left, operator, next, start),
                    });
                    operator = None;
                }
            }
        }
        self.depth -= 1;
        if operator == Some('|') && self.language == Language::Awk {
            return value.unwrap_or_else(|| Value::Unknown(String::new()));
        }
        value.unwrap_or_else(|| Value::Unknown(self.written(start)))
    }

    pub(super) fn combine(
        &mut self,
        left: Value,
        operator: Option<char>,
        right: Value,
        start: usize,
    ) -> Value {
        let dots = matches!(
            self.language,
            Language::Perl | Language::Php | Language::Lua
        );
        match (operator, &left) {
            (Some('+'), Value::Number(_)) => match (left, right) {
                (Value::Number(a), Value::Number(b)) => Value::Number(a.saturating_add(b)),
                (a, b) => self.add(a, b),
            },
            (Some('+'), _) => self.add(left, right),
            (Some('.'), _) if dots => self.add(left, right),
            // `"cmd" | getline` and `print x | "cmd"` of awk.
            (Some('|'), _) if self.language == Language::Awk => {
                let command = match (left, right) {
                    (Value::Text(command), Value::Path(p)) if p == "getline" => command,
                    (_, Value::Text(command)) => command,
                    _ => return Value::Unknown(self.written(start)),
                };
                self.act(Act::Shell(command));
                Value::Unknown(self.written(start))
            }
            (None, Value::Text(_)) if self.language == Language::Awk => self.add(left, right),
            _ => Value::Unknown(self.written(start)),
        }
    }

    /// One text after the other.
    pub(super) fn add(&mut self, left: Value, right: Value) -> Value {
        if let (Value::List(mut items), Value::List(more)) = (left.clone(), right.clone()) {
            items.extend(more);
            if self.left < items.len() {
                self.truncated = true;
                return Value::Unknown(String::new());
            }
            self.left -= items.len();
            return Value::List(items);
        }
        let mut all = left.into_content();
        all.append(right.into_content());
        match self.spend(all) {
            Some(all) => Value::Text(all),
            None => Value::Unknown(String::new()),
        }
    }

    /// `chr(c) for c in LIST`.
    pub(super) fn comprehension(&mut self, start: usize, head: Option<Value>) -> Value {
        let characters = self.written(start).starts_with("chr(");
        self.at += 2;
        if self.name_at(self.at) == Some("in") {
            self.at += 1;
        }
        let list = self.expression();
        match list {
            list @ Value::List(_) if characters => self.change(Change::Characters, vec![list]),
            _ => head.unwrap_or_else(|| Value::Unknown(self.written(start))),
        }
    }

    pub(super) fn primary(&mut self) -> Value {
        let start = self.at;
        let Some(what) = self.peek().cloned() else {
            return Value::Unknown(String::new());
        };
        let value = match what {
            What::Text(parts) => {
                self.at += 1;
                let mut content = self.put_together(parts);
                // Adjacent texts are one.
                while self.language == Language::Python {
                    let mut ahead = self.at;
                    while self.open > 0 && self.sign_at(ahead) == Some('\n') {
                        ahead += 1;
                    }
                    let Some(What::Text(parts)) = self.tokens.get(ahead).map(|t| t.what.clone())
                    else {
                        break;
                    };
                    self.at = ahead + 1;
                    content.append(self.put_together(parts));
                }
                self.spend(content)
                    .map_or_else(|| Value::Unknown(String::new()), Value::Text)
            }
            What::Shell(parts) => {
                self.at += 1;
                let content = self.put_together(parts);
                self.act(Act::Shell(content));
                Value::Unknown(self.written(start))
            }
            What::Number(number) => {
                self.at += 1;
                Value::Number(number)
            }
            What::Sign('(') => {
                self.at += 1;
                let mut items = self.items(')');
                match items.pop() {
                    Some(only) if items.is_empty() => only,
                    Some(last) => {
                        items.push(last);
                        Value::List(items)
                    }
                    None => Value::List(items),
                }
            }
            What::Sign('[') => {
                self.at += 1;
                Value::List(self.items(']'))
            }
            What::Sign('{') => {
                self.at += 1;
                let open = std::mem::take(&mut self.open);
                if self.depth < DEPTH {
                    self.depth += 1;
                    self.statements(true);
                    self.depth -= 1;
                }
                self.open = open;
                self.eat('}');
                return Value::Unknown(String::new());
            }
            What::Name(name) => {
                self.at += 1;
                // Each use of a value takes room again: lists of lists grow without end.
                let room = self.variables.get(name).map(Value::size);
                let room = room.and_then(|size| self.left.checked_sub(size));
                match (self.variables.get(name), room) {
                    (Some(value), Some(left)) => {
                        self.left = left;
                        value.clone()
                    }
                    (Some(_), None) => {
                        self.truncated = true;
                        Value::Unknown(name.to_owned())
                    }
                    (None, _) => {
                        let path = self.names.get(name).cloned();
                        Value::Path(path.unwrap_or_else(|| name.to_owned()))
                    }
                }
            }
            What::Sign(_) => return Value::Unknown(String::new()),
        };
        self.postfix(value, start)
    }

    /// Attributes, methods, calls and indices after a value.
    pub(super) fn postfix(&mut self, mut value: Value, start: usize) -> Value {
        loop {
            match self.peek() {
                Some(What::Sign('.' | ':')) if self.attribute_follows() => {
                    let Some(name) = self.name_at(self.at + 1) else {
                        return value;
                    };
                    self.at += 2;
                    value = match value {
                        Value::Path(path) => Value::Path(format!("{path}.{name}")),
                        value if self.sign() == Some('(') => {
                            self.at += 1;
                            let mut arguments = vec![value];
                            arguments.extend(self.items(')'));
                            self.method(name, arguments, start)
                        }
                        value => match calls::change(name) {
                            Some(change) if self.language == Language::Ruby => {
                                self.change(change, vec![value])
                            }
                            _ => value,
                        },
                    };
                }
                Some(What::Sign('(')) => {
                    let Value::Path(path) = value else {
                        return value;
                    };
                    self.at += 1;
                    let before = self.acts.len();
                    let arguments = self.items(')');
                    let carried = self.acts.len() - before;
                    value = self.call(&path, arguments, start);
                    // What stands in the arguments comes after the call, as in the text.
                    if let Some(acts) = self.acts.get_mut(before..) {
                        acts.rotate_left(carried);
                    }
                }
                Some(What::Sign('[')) => {
                    self.at += 1;
                    value = self.index(value, start);
                }
                // Calls without parentheses: `system "ls"`, `print x`.
                Some(What::Text(_) | What::Name(_) | What::Shell(_) | What::Number(_))
                    if self.bare_calls() =>
                {
                    let Value::Path(path) = &value else {
                        return value;
                    };
                    if calls::call(self.language, path).is_none()
                        && calls::change(last(path)).is_none()
                    {
                        return value;
                    }
                    let path = path.clone();
                    let arguments = self.bare_arguments();
                    return self.call(&path, arguments, start);
                }
                // `eval { ... }` of Perl is a block, not a text.
                _ => return value,
            }
        }
    }

    pub(super) fn attribute_follows(&self) -> bool {
        let colon = self.sign() == Some(':');
        let name = self.name_at(self.at + 1).is_some();
        // Perl and PHP join texts by `.`; their methods come after `->`, Lua's after `:` as well.
        let joins = matches!(self.language, Language::Perl | Language::Php)
            && self
                .tokens
                .get(self.at)
                .is_some_and(|t| t.end == t.start + 1);
        name && !joins && (!colon || self.language == Language::Lua)
    }

    pub(super) fn bare_calls(&self) -> bool {
        matches!(
            self.language,
            Language::Perl | Language::Ruby | Language::Php | Language::Awk
        )
    }

    pub(super) fn bare_arguments(&mut self) -> Vec<Value> {
        let mut arguments = Vec::new();
        loop {
            arguments.push(self.expression());
            if !self.eat(',') {
                return arguments;
            }
            if self.open == 0 {
                self.skip_lines();
            }
        }
    }

    /// Expressions separated by commas, to the closing bracket.
    pub(super) fn items(&mut self, close: char) -> Vec<Value> {
        self.open += 1;
        let mut items = Vec::new();
        loop {
            self.skip_lines();
            match self.sign() {
                Some(c) if c == close => {
                    self.at += 1;
                    break;
                }
                Some(',') => {
                    self.at += 1;
                    continue;
                }
                Some(')' | ']' | '}' | ';') => break,
                _ if self.at >= self.tokens.len() => break,
                _ => {}
            }
            let before = self.at;
            // Arguments given by name count where they are `args=` of a process.
            let named = self.name_at(self.at).filter(|_| {
                self.sign_at(self.at + 1) == Some('=') && self.language == Language::Python
            });
            let value = self.expression();
            if self.at == before {
                self.at += 1;
            }
            if named.is_none_or(|name| matches!(name, "args" | "cmd" | "command")) {
                items.push(value);
            }
            if self.left == 0 {
                break;
            }
            self.left -= 1;
        }
        self.open -= 1;
        items
    }

    /// `[::-1]`, `[2]`, `["name"]` after its opening bracket.
    pub(super) fn index(&mut self, value: Value, start: usize) -> Value {
        let reversed = self.sign() == Some(':') && self.sign_at(self.at + 1) == Some('-')
            || self.sign() == Some('.') && self.sign_at(self.at + 1) == Some('-');
        let items = self.items(']');
        if reversed {
            return self.change(Change::Reverse, vec![value]);
        }
        match (value, items.first()) {
            (Value::Path(path), Some(Value::Text(name))) => {
                Value::Path(format!("{path}.{}", name.text()))
            }
            (Value::List(list), Some(Value::Number(index))) => usize::try_from(*index)
                .ok()
                .and_then(|index| list.get(index).cloned())
                .unwrap_or_else(|| Value::Unknown(self.written(start))),
            (value @ Value::Unknown(_), _) => value,
            _ => Value::Unknown(self.written(start)),
        }
    }

    /// A text with its expressions put in where they are known.
    pub(super) fn put_together(&mut self, parts: Vec<Part<'t>>) -> Content {
        let mut all = Content::default();
        for part in parts {
            match part {
                Part::Bytes(bytes, hidden) => {
                    all.bytes.extend(bytes);
                    if hidden {
                        all.opened("escapes");
                    }
                }
                Part::Hole(inner) => {
                    let name = inner.trim();
                    match self.variables.get(name) {
                        Some(value @ (Value::Text(_) | Value::Number(_)))
                            if all.bytes.len() <= self.left =>
                        {
                            all.append(value.clone().into_content());
                        }
                        _ => all.append(Value::Unknown(name.to_owned()).into_content()),
                    }
                }
            }
        }
        all
    }
}
