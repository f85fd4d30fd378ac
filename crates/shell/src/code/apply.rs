//! What calls do: start commands, print, decode.

use super::Act;
use super::Language;
use super::calls::{self, Call, Change};
use super::evaluate::Evaluator;
use super::value::{Value, characters, join, percent, split, unpack};
use crate::content::Content;
use crate::decode;
use crate::word::Word;

impl Evaluator<'_> {
    pub(super) fn call(&mut self, path: &str, arguments: Vec<Value>, start: usize) -> Value {
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
    pub(super) fn method(&mut self, name: &str, arguments: Vec<Value>, start: usize) -> Value {
        let changed = calls::change(name).map(|change| self.change(change, arguments));
        match changed {
            None | Some(Value::Unknown(_)) => Value::Unknown(self.written(start)),
            Some(value) => value,
        }
    }

    pub(super) fn run(&mut self, call: Call, arguments: Vec<Value>) {
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
    pub(super) fn argv(&mut self, values: Vec<Value>) {
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

    pub(super) fn print(&mut self, call: Call, arguments: Vec<Value>) {
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

    /// Applies a function to its arguments; the first, or the receiver, is what it changes.
    pub(super) fn change(&mut self, change: Change, arguments: Vec<Value>) -> Value {
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

    pub(super) fn change_text(
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

pub(super) fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

pub(super) fn module_name(module: String) -> String {
    match module.strip_prefix("node:") {
        Some(rest) => rest.to_owned(),
        None => module,
    }
}
