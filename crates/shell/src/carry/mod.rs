//! What a command carries: scripts in its words or on its standard input, commands that it wraps.

mod later;
mod project;
mod shells;
mod spread;
mod wrappers;

use std::rc::Rc;

use self::wrappers::What;
use crate::Layer;
use crate::code::Language;
use crate::content::Content;
use crate::filters;
use crate::run::{Assignment, Run};
use crate::scope::Scope;
use crate::variables::Value;
use crate::word::Word;

pub(crate) use self::shells::is_shell;

impl Run {
    /// Follows what a command carries; returns what it prints where that is wanted and known.
    pub(crate) fn carry(&mut self, words: &[Word], index: usize, scope: &Scope) -> Option<Content> {
        let name = words.first()?.text.as_str();
        let program = name.rsplit('/').next().unwrap_or(name);
        let operands = words.get(1..).unwrap_or_default();
        match program {
            "eval" => {
                let script = wrappers::join(operands);
                let inner = scope.through(Layer::Eval, index).list();
                return self.script(&script.text, &inner);
            }
            "." | "source" => {
                self.file(operands.first(), index, scope);
                return None;
            }
            "export" | "declare" | "typeset" | "local" | "readonly" => {
                self.declare(program, operands);
                return Some(Content::default());
            }
            "unset" => {
                for word in operands {
                    self.variables.forget(&word.text);
                }
                return Some(Content::default());
            }
            "alias" => {
                for word in operands {
                    if let Some((name, text)) = word.text.split_once('=') {
                        self.aliases.insert(name.to_owned(), text.to_owned());
                    }
                }
                return Some(Content::default());
            }
            "read" => self.read(operands, scope),
            // Writes files whether or not anybody reads what it prints.
            "tee" => return self.printed(program, operands, scope),
            // Sets a variable whether or not anybody reads what it prints.
            "printf" if operands.first().is_some_and(|w| w.text == "-v") => {
                return self.printed(program, operands, scope);
            }
            "trap" => self.trap(operands, index, scope),
            "crontab" => self.crontab(operands, index, scope),
            "xargs" | "gxargs" => return self.xargs(words, index, scope),
            "find" | "gfind" => self.find(operands, index, scope),
            "parallel" => self.parallel(words, index, scope),
            _ if is_shell(program) => return self.shell(operands, index, scope),
            "command"
                if operands
                    .first()
                    .is_some_and(|w| matches!(w.text.as_str(), "-v" | "-V")) =>
            {
                // Asks where the command is.
                let name = operands.get(1)?;
                return Some(Content::from(format!("{}\n", name.text)));
            }
            _ if name.contains('/') && self.known_file(name, scope).is_some() => {
                self.file(words.first(), index, scope);
                return None;
            }
            _ => {}
        }
        self.project(words, index, scope);
        if let Some(language) = Language::of(program) {
            return self.interpreter(language, words, index, scope);
        }
        if let Some(wrapped) = wrappers::unwrap(program, words) {
            let output = self.wrapped(wrapped, index, scope);
            if output.is_some() {
                return output;
            }
        }
        if scope.capture {
            return self.printed(program, operands, scope);
        }
        None
    }

    /// Follows a wrapper to the command that it runs.
    fn wrapped(
        &mut self,
        wrapped: wrappers::Wrapped,
        index: usize,
        scope: &Scope,
    ) -> Option<Content> {
        let mut inner = scope.through(wrapped.layer, index);
        inner.background |= wrapped.background;
        match wrapped.what {
            What::Words(words) => {
                let at = self.out.commands.len();
                let output = self.inner(words, &inner);
                if let Some(command) = self.out.commands.get_mut(at) {
                    command.assignments = wrapped.assignments;
                }
                output
            }
            What::Script(script) => {
                let mut inner = inner.list();
                inner.redirects = Rc::new([]);
                self.script(&script.text, &inner)
            }
            What::Shell => {
                let stdin = inner.stdin.take()?;
                inner.detach();
                self.open(&stdin, Layer::Stdin, index, &inner);
                None
            }
            What::Nothing => None,
        }
    }

    fn declare(&mut self, program: &str, operands: &[Word]) {
        let exports = program == "export" || operands.iter().any(|w| w.text == "-x");
        for word in operands {
            if exports {
                let name = word.text.split(['=', '+']).next().unwrap_or_default();
                self.exported.insert(name.to_owned());
            }
            if let Some(assignment) = Assignment::parse(&word.text) {
                let value = Value::One {
                    text: assignment.value.to_owned(),
                    dynamic: word.dynamic,
                    layers: word.layers.clone(),
                };
                self.assign(assignment.name, assignment.append, value);
            }
        }
    }

    /// `read NAME` from a known standard input.
    fn read(&mut self, operands: &[Word], scope: &Scope) {
        let names: Vec<&str> = operands
            .iter()
            .map(|w| w.text.as_str())
            .filter(|w| !w.starts_with('-'))
            .collect();
        let line = scope.stdin.as_ref().and_then(|stdin| {
            let text = stdin.text();
            text.lines().next().map(str::to_owned)
        });
        let mut fields = line.as_deref().map(str::split_whitespace);
        for (position, name) in names.iter().enumerate() {
            let Some(fields) = &mut fields else {
                self.variables.forget(name);
                continue;
            };
            let last = position + 1 == names.len();
            let text = if last {
                fields.by_ref().collect::<Vec<_>>().join(" ")
            } else {
                fields.next().unwrap_or_default().to_owned()
            };
            self.variables.set(name, Value::plain(text));
        }
    }

    /// What a command prints that only passes on or changes what it is given.
    fn printed(&mut self, program: &str, operands: &[Word], scope: &Scope) -> Option<Content> {
        let output = filters::output(self, program, operands, scope)?;
        self.spend_decoded(output.bytes.len()).then_some(output)
    }
}
