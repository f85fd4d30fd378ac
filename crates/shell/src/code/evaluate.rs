//! Goes through code once and evaluates what it can: texts, lists, decoders, calls.

use std::collections::HashMap;

use super::calls::{self, Call, Change};
use super::tokens::{self, Part, Token, What};
use super::{Act, Language};
use crate::decode;
use crate::expand::Word;
use crate::run::Content;

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

/// What an expression comes to.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Text(Content),
    Number(i64),
    List(Vec<Value>),
    /// A dotted name of something that is not known: a module, a function.
    Path(String),
    /// Only a run would tell; the code as it is written.
    Unknown(String),
}

impl Value {
    fn text(text: &str) -> Self {
        Self::Text(Content::from(text.to_owned()))
    }

    /// How much room it takes, in bytes.
    fn size(&self) -> usize {
        match self {
            Self::Text(content) => content.bytes.len(),
            Self::List(items) => items.iter().map(|item| item.size() + 16).sum(),
            Self::Path(text) | Self::Unknown(text) => text.len(),
            Self::Number(_) => 0,
        }
    }

    fn as_text(&self) -> Option<String> {
        match self {
            Self::Text(content) => Some(content.text().into_owned()),
            _ => None,
        }
    }

    /// The value as a part of a text; what is unknown stands there in braces.
    fn into_content(self) -> Content {
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

    fn into_word(self) -> Word {
        Word::from(self.into_content())
    }
}

struct Evaluator<'t> {
    language: Language,
    text: &'t str,
    tokens: Vec<Token<'t>>,
    at: usize,
    /// Brackets that are open: line ends mean nothing inside.
    open: usize,
    depth: usize,
    variables: HashMap<&'t str, Value>,
    /// Imported names and what they stand for.
    names: HashMap<&'t str, String>,
    acts: Vec<Act>,
    printed: Option<Content>,
    /// Something was printed that is not known.
    unknown: bool,
    /// Bytes that values may still take.
    left: usize,
    truncated: bool,
}

impl<'t> Evaluator<'t> {
    fn peek(&self) -> Option<&What<'t>> {
        self.tokens.get(self.at).map(|t| &t.what)
    }

    fn sign(&self) -> Option<char> {
        match self.peek() {
            Some(What::Sign(c)) => Some(*c),
            _ => None,
        }
    }

    fn sign_at(&self, at: usize) -> Option<char> {
        match self.tokens.get(at).map(|t| &t.what) {
            Some(What::Sign(c)) => Some(*c),
            _ => None,
        }
    }

    fn name_at(&self, at: usize) -> Option<&'t str> {
        match self.tokens.get(at).map(|t| &t.what) {
            Some(What::Name(name)) => Some(*name),
            _ => None,
        }
    }

    /// Takes a sign if it is the next.
    fn eat(&mut self, sign: char) -> bool {
        let found = self.sign() == Some(sign);
        self.at += usize::from(found);
        found
    }

    fn skip_lines(&mut self) {
        while self.sign() == Some('\n') {
            self.at += 1;
        }
    }

    /// The code from a piece up to this one, as it is written.
    fn written(&self, from: usize) -> String {
        let start = self.tokens.get(from).map_or(0, |t| t.start);
        let last = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        let end = last.map_or(start, |t| t.end);
        let text = self.text.get(start..end.max(start)).unwrap_or_default();
        let text = text.get(..text.floor_char_boundary(120)).unwrap_or(text);
        text.to_owned()
    }

    /// Takes bytes for a value; without enough of them the value is not known.
    fn spend(&mut self, content: Content) -> Option<Content> {
        let Some(left) = self.left.checked_sub(content.bytes.len()) else {
            self.truncated = true;
            return None;
        };
        self.left = left;
        Some(content)
    }

    fn act(&mut self, act: Act) {
        if self.acts.len() < ACTS {
            self.acts.push(act);
        } else {
            self.truncated = true;
        }
    }

    // Statements

    /// Goes through statements to the end or, in a block, to its closing brace.
    fn statements(&mut self, block: bool) {
        while self.at < self.tokens.len() {
            if block && self.sign() == Some('}') {
                return;
            }
            let before = self.at;
            self.statement();
            if self.at == before {
                self.at += 1;
            }
        }
    }

    fn statement(&mut self) {
        match self.name_at(self.at) {
            Some("import" | "from") if self.language == Language::Python => self.import(),
            Some("const" | "let" | "var" | "my" | "our" | "local" | "return" | "await" | "do") => {
                self.at += 1;
            }
            Some(name) if self.sign_at(self.at + 1) == Some('=') => {
                self.at += 2;
                let value = self.expression();
                self.assign(name, value);
            }
            Some(name)
                if self
                    .sign_at(self.at + 1)
                    .is_some_and(|c| matches!(c, '+' | '.'))
                    && self.sign_at(self.at + 2) == Some('=') =>
            {
                self.at += 3;
                let more = self.expression();
                let old = self
                    .variables
                    .remove(name)
                    .unwrap_or_else(|| Value::Unknown(name.to_owned()));
                let value = self.add(old, more);
                self.assign(name, value);
            }
            _ if self.destructuring() => {}
            _ => {
                self.expression();
            }
        }
    }

    fn assign(&mut self, name: &'t str, value: Value) {
        match value {
            Value::Path(path) => {
                self.variables.remove(name);
                self.names.insert(name, path);
            }
            value => {
                self.variables.insert(name, value);
            }
        }
    }

    /// `import a.b as c`, `from a import b as c, d`.
    fn import(&mut self) {
        let from = self.name_at(self.at) == Some("from");
        self.at += 1;
        let module = if from {
            let module = self.dotted();
            if self.name_at(self.at) != Some("import") {
                return;
            }
            self.at += 1;
            self.eat('(');
            format!("{module}.")
        } else {
            String::new()
        };
        loop {
            let first = self.name_at(self.at);
            let path = self.dotted();
            let mut bound = first;
            if self.name_at(self.at) == Some("as") {
                bound = self.name_at(self.at + 1);
                self.at += 2;
                if let Some(bound) = bound {
                    self.names.insert(bound, format!("{module}{path}"));
                }
            } else if from && let Some(bound) = bound {
                self.names.insert(bound, format!("{module}{path}"));
            }
            if bound.is_none() || !self.eat(',') {
                return;
            }
            self.skip_lines();
        }
    }

    fn dotted(&mut self) -> String {
        let mut path = String::new();
        while let Some(name) = self.name_at(self.at) {
            path.push_str(name);
            self.at += 1;
            if self.sign() != Some('.') || self.name_at(self.at + 1).is_none() {
                break;
            }
            path.push('.');
            self.at += 1;
        }
        path
    }

    /// `{a, b: c} = require("m")` and `import {a, b as c} from "m"`.
    fn destructuring(&mut self) -> bool {
        if self.language != Language::JavaScript {
            return false;
        }
        let start = self.at;
        let import = self.name_at(self.at) == Some("import");
        self.at += usize::from(import);
        let mut bound = Vec::new();
        if import && let Some(name) = self.name_at(self.at) {
            // `import cp from "m"`
            bound.push(("", name));
            self.at += 1;
        } else if import && self.eat('*') {
            // `import * as cp from "m"`
            self.at += 1;
            bound.extend(self.name_at(self.at).map(|name| ("", name)));
            self.at += 1;
        } else if self.eat('{') {
            while let Some(name) = self.name_at(self.at) {
                self.at += 1;
                let renamed = self.eat(':') || self.name_at(self.at) == Some("as");
                if renamed && self.name_at(self.at) == Some("as") {
                    self.at += 1;
                }
                let local = if renamed {
                    self.name_at(self.at)
                } else {
                    Some(name)
                };
                self.at += usize::from(renamed);
                bound.extend(local.map(|local| (name, local)));
                if !self.eat(',') {
                    break;
                }
                self.skip_lines();
            }
            if !self.eat('}') {
                self.at = start;
                return false;
            }
        }
        let module = if !bound.is_empty() && self.eat('=') {
            match self.expression() {
                Value::Path(path) => Some(path),
                _ => None,
            }
        } else if !bound.is_empty() && self.name_at(self.at) == Some("from") {
            self.at += 1;
            self.expression().as_text().map(module_name)
        } else {
            self.at = start;
            return false;
        };
        if let Some(module) = module {
            for (name, local) in bound {
                let path = if name.is_empty() {
                    module.clone()
                } else {
                    format!("{module}.{name}")
                };
                self.names.insert(local, path);
            }
        }
        true
    }

    // Expressions

    fn expression(&mut self) -> Value {
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

    fn combine(
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
    fn add(&mut self, left: Value, right: Value) -> Value {
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
    fn comprehension(&mut self, start: usize, head: Option<Value>) -> Value {
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

    fn primary(&mut self) -> Value {
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
    fn postfix(&mut self, mut value: Value, start: usize) -> Value {
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
                    let arguments = self.items(')');
                    value = self.call(&path, arguments, start);
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

    fn attribute_follows(&self) -> bool {
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

    fn bare_calls(&self) -> bool {
        matches!(
            self.language,
            Language::Perl | Language::Ruby | Language::Php | Language::Awk
        )
    }

    fn bare_arguments(&mut self) -> Vec<Value> {
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
    fn items(&mut self, close: char) -> Vec<Value> {
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
    fn index(&mut self, value: Value, start: usize) -> Value {
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
    fn put_together(&mut self, parts: Vec<Part<'t>>) -> Content {
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

    // Calls

    fn call(&mut self, path: &str, arguments: Vec<Value>, start: usize) -> Value {
        match path {
            "require" | "__import__" | "importlib.import_module" => {
                if let Some(module) = arguments.first().and_then(Value::as_text) {
                    return Value::Path(module_name(module));
                }
            }
            "getattr" => {
                if let [Value::Path(object), name, ..] = arguments.as_slice()
                    && let Some(name) = name.as_text()
                {
                    return Value::Path(format!("{object}.{name}"));
                }
            }
            "get_ipython" => return Value::Path("get_ipython".to_owned()),
            _ => {}
        }
        if let Some(call) = calls::call(self.language, path) {
            self.run(call, arguments);
            return Value::Unknown(self.written(start));
        }
        if path.ends_with("map")
            && let [Value::Path(function), list, ..] = arguments.as_slice()
            && function == "chr"
        {
            return self.change(Change::Characters, vec![list.clone()]);
        }
        match calls::change(last(path)) {
            Some(change) => {
                let value = self.change(change, arguments);
                match value {
                    Value::Unknown(_) => Value::Unknown(self.written(start)),
                    value => value,
                }
            }
            None => Value::Unknown(self.written(start)),
        }
    }

    /// A method of a value, which is the first argument.
    fn method(&mut self, name: &str, arguments: Vec<Value>, start: usize) -> Value {
        let changed = calls::change(name).map(|change| self.change(change, arguments));
        match changed {
            None | Some(Value::Unknown(_)) => Value::Unknown(self.written(start)),
            Some(value) => value,
        }
    }

    fn run(&mut self, call: Call, arguments: Vec<Value>) {
        let mut arguments = arguments.into_iter();
        match call {
            Call::Print | Call::PrintLine => self.print(call, arguments.collect()),
            Call::Code => {
                if let Some(Value::Text(code)) = arguments.next() {
                    self.act(Act::Code(code));
                }
            }
            Call::Shell => match arguments.next() {
                Some(Value::Text(first)) => {
                    // Options such as `shell=True` were left out; other texts are words.
                    let rest: Vec<Value> = arguments
                        .take_while(|v| matches!(v, Value::Text(_) | Value::List(_)))
                        .collect();
                    let words = self.language != Language::Python && !rest.is_empty();
                    if words {
                        let first = std::iter::once(Value::Text(first));
                        self.argv(first.chain(rest).collect());
                    } else {
                        self.act(Act::Shell(first));
                    }
                }
                Some(Value::List(words)) => self.argv(words),
                _ => {}
            },
            Call::Argv => {
                let all: Vec<Value> = arguments.collect();
                match all.as_slice() {
                    // `spawn("a b", {shell: true})` is shell text.
                    [Value::Text(only)] if only.bytes.contains(&b' ') => {
                        self.act(Act::Shell(only.clone()));
                    }
                    [Value::List(words), ..] => self.argv(words.clone()),
                    [Value::Text(_), ..] => self.argv(all),
                    _ => {}
                }
            }
            Call::Exec | Call::Spawn => {
                if call == Call::Spawn {
                    arguments.next();
                }
                let Some(program) = arguments.next() else {
                    return;
                };
                let mut words = vec![program];
                match arguments.next() {
                    Some(Value::List(list)) => words.extend(list.into_iter().skip(1)),
                    Some(_) => words.extend(arguments),
                    None => {}
                }
                self.argv(words);
            }
            Call::Open => {
                let texts: Vec<String> = arguments.filter_map(|v| v.as_text()).collect();
                let command = match texts.as_slice() {
                    [mode, command, ..] if mode.contains('|') => Some(command.as_str()),
                    [only, ..] => {
                        let only = only.trim();
                        only.strip_suffix('|').or_else(|| only.strip_prefix('|'))
                    }
                    [] => None,
                };
                if let Some(command) = command {
                    self.act(Act::Shell(Content::from(command.to_owned())));
                }
            }
        }
    }

    /// Runs a program; lists among its words are words.
    fn argv(&mut self, values: Vec<Value>) {
        let words: Vec<Word> = values
            .into_iter()
            .flat_map(|value| match value {
                Value::List(items) => items,
                value => vec![value],
            })
            .map(Value::into_word)
            .collect();
        if words
            .first()
            .is_some_and(|w| !w.dynamic && !w.text.is_empty())
        {
            self.act(Act::Argv(words));
        }
    }

    fn print(&mut self, call: Call, arguments: Vec<Value>) {
        let mut all = Content::default();
        for (index, value) in arguments.into_iter().enumerate() {
            if index > 0 && call == Call::PrintLine {
                all.bytes.push(b' ');
            }
            match value {
                Value::Text(content) => all.append(content),
                Value::Number(number) => all.append(Content::from(number.to_string())),
                _ => self.unknown = true,
            }
        }
        if call == Call::PrintLine {
            all.bytes.push(b'\n');
        }
        match self.spend(all) {
            Some(all) => self.printed.get_or_insert_default().append(all),
            None => self.unknown = true,
        }
    }

    // Changes

    /// Applies a function to its arguments; the first, or the receiver, is what it changes.
    fn change(&mut self, change: Change, arguments: Vec<Value>) -> Value {
        let unknown = Value::Unknown(String::new());
        let second = arguments.get(1).and_then(Value::as_text);
        let third = arguments.get(2).and_then(Value::as_text);
        let Some(first) = arguments.first().cloned() else {
            return unknown;
        };
        let result = match (change, first) {
            (Change::Join, first) => join(first, &arguments),
            (Change::Characters, first) => characters(first, &arguments),
            (Change::Reverse, Value::List(mut items)) => {
                items.reverse();
                return Value::List(items);
            }
            (Change::Pack, Value::List(items)) => {
                // `["..."].pack("m")`
                let first = items.into_iter().next();
                first.and_then(|value| unpack(value, second.as_deref()))
            }
            // `pack("H*", "...")`
            (Change::Pack, Value::Text(template)) if self.language == Language::Perl => arguments
                .get(1)
                .cloned()
                .and_then(|value| unpack(value, Some(&template.text()))),
            (Change::Pack, first) => unpack(first, second.as_deref()),
            (Change::Split, Value::Text(text)) => {
                return split(&text, second.as_deref().unwrap_or_default(), &mut self.left);
            }
            (Change::Same | Change::Split, first @ Value::List(_)) => return first,
            (_, Value::Path(_) | Value::Unknown(_)) => {
                // `Buffer.from`, `codecs.decode` and such come with the text as first argument;
                // anything else unknown stays so.
                None
            }
            (_, Value::Text(text)) => {
                self.change_text(change, text, second.as_deref(), third.as_deref())
            }
            (Change::Same, first @ Value::Number(_)) => return first,
            (Change::Decode, list @ Value::List(_)) => characters(list, &[]),
            _ => None,
        };
        result
            .and_then(|content| self.spend(content))
            .map_or(unknown, Value::Text)
    }

    fn change_text(
        &self,
        change: Change,
        text: Content,
        second: Option<&str>,
        third: Option<&str>,
    ) -> Option<Content> {
        let bytes = text.bytes.as_slice();
        let (bytes, layer) = match change {
            Change::Base64 => (decode::base64(bytes)?, "base64"),
            Change::Base32 => (decode::base32(bytes)?, "base32"),
            Change::Hex => (decode::hex(bytes)?, "hex"),
            Change::Rot13 => (decode::rot13(bytes), "rot13"),
            Change::Inflate => {
                let bytes = decode::gzip(bytes, self.left)
                    .or_else(|| decode::zlib(bytes, self.left))
                    .or_else(|| decode::deflate(bytes, self.left))?;
                (bytes, "gzip")
            }
            Change::Reverse => (text.text().chars().rev().collect::<String>().into(), "rev"),
            Change::Decode => match second {
                Some("base64" | "base64url" | "base_64" | "base64_codec") => {
                    (decode::base64(bytes)?, "base64")
                }
                Some("hex" | "hex_codec") => (decode::hex(bytes)?, "hex"),
                Some("rot13" | "rot_13" | "rot-13") => (decode::rot13(bytes), "rot13"),
                Some("zlib" | "zip") => (decode::zlib(bytes, self.left)?, "gzip"),
                _ => return Some(text),
            },
            Change::Percent => (percent(bytes), "percent"),
            Change::Replace => {
                // PHP gives the text last.
                let (text, old, new) = if self.language == Language::Php {
                    (third?, text.text().into_owned(), second?)
                } else {
                    (&*text.text(), second?.to_owned(), third?)
                };
                let grown = text.matches(&old).count().saturating_mul(new.len());
                if old.is_empty() || grown > self.left {
                    return None;
                }
                (text.replace(&old, new).into_bytes(), "replace")
            }
            _ => return Some(text),
        };
        let mut content = Content { bytes, ..text };
        content.opened(layer);
        Some(content)
    }
}

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

fn module_name(module: String) -> String {
    match module.strip_prefix("node:") {
        Some(rest) => rest.to_owned(),
        None => module,
    }
}

/// `sep.join(list)`, `list.join(sep)`, `implode(sep, list)`, `join(sep, a, b)`.
fn join(first: Value, arguments: &[Value]) -> Option<Content> {
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
fn characters(first: Value, arguments: &[Value]) -> Option<Content> {
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
fn unpack(value: Value, template: Option<&str>) -> Option<Content> {
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

fn split(text: &Content, separator: &str, left: &mut usize) -> Value {
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
fn percent(bytes: &[u8]) -> Vec<u8> {
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
