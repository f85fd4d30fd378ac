//! Statements: assignments and imports, which give names their meaning.

use super::Language;
use super::apply::module_name;
use super::evaluate::Evaluator;
use super::value::Value;

impl<'t> Evaluator<'t> {
    /// Goes through statements to the end or, in a block, to its closing brace.
    pub(super) fn statements(&mut self, block: bool) {
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

    pub(super) fn statement(&mut self) {
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

    pub(super) fn assign(&mut self, name: &'t str, value: Value) {
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
    pub(super) fn import(&mut self) {
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

    pub(super) fn dotted(&mut self) -> String {
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
    pub(super) fn destructuring(&mut self) -> bool {
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
}
