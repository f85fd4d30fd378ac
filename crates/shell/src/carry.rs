//! What a command carries: scripts in its words or on its standard input, commands that it wraps.

use std::rc::Rc;

use crate::Layer;
use crate::bounds;
use crate::code::Language;
use crate::expand::Word;
use crate::filters;
use crate::run::{Assignment, Content, Run, Scope};
use crate::variables::Value;
use crate::wrappers::{self, What};

const SHELLS: &[&str] = &[
    "sh", "bash", "dash", "ash", "zsh", "ksh", "ksh93", "mksh", "pdksh", "lksh", "yash", "fish",
    "csh", "tcsh", "rbash", "rzsh", "hush",
];

/// Whether a program is a shell whose scripts are read.
pub(crate) fn is_shell(program: &str) -> bool {
    SHELLS.contains(&program)
}

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
                self.declare(operands);
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

    /// `bash -c TEXT`, `bash FILE`, `bash -s`, `bash`.
    fn shell(&mut self, operands: &[Word], index: usize, scope: &Scope) -> Option<Content> {
        let mut script = false;
        let mut stdin = false;
        let mut rest = operands.iter().enumerate();
        let mut first = operands.len();
        while let Some((at, word)) = rest.next() {
            let text = word.text.as_str();
            first = at;
            if text == "--" {
                first = at + 1;
                break;
            }
            if text == "-" || !text.starts_with(['-', '+']) {
                break;
            }
            first = at + 1;
            if matches!(text, "--rcfile" | "--init-file") {
                rest.next();
                first = at + 2;
            } else if !text.starts_with("--") {
                script |= text.starts_with('-') && text.contains('c');
                stdin |= text.starts_with('-') && text.contains('s');
                if text.ends_with(['o', 'O']) {
                    rest.next();
                    first = at + 2;
                }
            }
        }
        let operands = operands.get(first..).unwrap_or_default();
        let arguments = || operands.iter().map(|w| w.text.clone());
        if script {
            let mut inner = scope.script(Layer::ShellC, index);
            inner.arguments = Some(arguments().skip(1).collect());
            if inner.arguments.as_ref().is_some_and(|a| a.is_empty()) {
                inner.arguments = None;
            }
            return self.script(&operands.first()?.text, &inner);
        }
        match operands.first().map(|w| w.text.as_str()) {
            None | Some("-" | "/dev/stdin" | "/proc/self/fd/0") => {}
            Some(_) if stdin => {}
            Some(_) => {
                self.file(operands.first(), index, scope);
                return None;
            }
        }
        let mut inner = scope.clone();
        let content = inner.stdin.take()?;
        inner.detach();
        if stdin {
            inner.arguments = Some(std::iter::once(String::new()).chain(arguments()).collect());
        }
        self.open(&content, Layer::Stdin, index, &inner);
        None
    }

    /// A script in a file that the text itself writes.
    fn file(&mut self, file: Option<&Word>, index: usize, scope: &Scope) {
        let Some(file) = file else { return };
        let Some(content) = self.known_file(&file.text, scope) else {
            return;
        };
        let layer = if file.text.starts_with("<(") {
            Layer::Substitution
        } else {
            Layer::Script(file.text.clone())
        };
        let first = content.text();
        let first = first.lines().next().unwrap_or_default();
        let program = first.strip_prefix("#!").map(shebang).unwrap_or_default();
        if let Some(language) = Language::of(program) {
            let program = program.to_owned();
            self.foreign(language, &program, &content, layer, index, scope);
        } else if !scope.via.contains(&layer) {
            // A script that runs itself is not followed again.
            self.open(&content, layer, index, scope);
        }
    }

    /// What a file holds, where the text tells.
    pub(crate) fn known_file(&self, name: &str, scope: &Scope) -> Option<Rc<Content>> {
        if matches!(name, "/dev/stdin" | "/proc/self/fd/0" | "-") {
            return scope.stdin.clone();
        }
        self.files
            .get(name)
            .or_else(|| self.files.get(name.strip_prefix("./")?))
            .or_else(|| self.files.get(&format!("./{name}")))
            .cloned()
    }

    fn declare(&mut self, operands: &[Word]) {
        for word in operands {
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

    fn trap(&mut self, operands: &[Word], index: usize, scope: &Scope) {
        let mut operands = operands.iter().filter(|w| !w.text.starts_with("--"));
        let Some(action) = operands.next() else {
            return;
        };
        if matches!(action.text.as_str(), "" | "-" | "-p" | "-l") {
            return;
        }
        let mut inner = scope.script(Layer::Later("trap".to_owned()), index);
        inner.detach();
        self.script(&action.text, &inner);
    }

    /// `crontab -` and `crontab FILE`.
    fn crontab(&mut self, operands: &[Word], index: usize, scope: &Scope) {
        let mut file = None;
        let mut rest = operands.iter();
        while let Some(word) = rest.next() {
            match word.text.as_str() {
                "-u" => {
                    rest.next();
                }
                "-l" | "-r" | "-e" => return,
                "-" => file = Some("-"),
                text if text.starts_with('-') => {}
                text => file = Some(text),
            }
        }
        let Some(table) = self.known_file(file.unwrap_or("-"), scope) else {
            return;
        };
        let text = table.text();
        let script: Vec<&str> = text.lines().filter_map(cron_command).collect();
        let content = Content {
            bytes: script.join("\n").into_bytes(),
            ..Content::default()
        };
        let mut inner = scope.clone();
        inner.stdin = None;
        inner.detach();
        self.open(&content, Layer::Later("crontab".to_owned()), index, &inner);
    }

    /// `xargs COMMAND`, with the words that a known standard input adds.
    fn xargs(&mut self, words: &[Word], index: usize, scope: &Scope) -> Option<Content> {
        let mut at = 1;
        let mut replace = None;
        while let Some(text) = words.get(at).map(|w| w.text.as_str()) {
            if text == "--" {
                at += 1;
                break;
            }
            if text.len() < 2 || !text.starts_with('-') {
                break;
            }
            at += 1;
            let next = || words.get(at).map(|w| w.text.clone());
            match text {
                "-I" | "-J" => {
                    replace = next();
                    at += 1;
                }
                "-i" | "--replace" => replace = Some("{}".to_owned()),
                "-n" | "-P" | "-L" | "-d" | "-a" | "-s" | "-E" | "-R" | "-S" | "--max-args"
                | "--max-procs" | "--max-lines" | "--delimiter" | "--arg-file" | "--max-chars"
                | "--process-slot-var" => at += 1,
                _ => {
                    if let Some(mark) = text.strip_prefix("-I") {
                        replace = Some(mark.to_owned());
                    } else if let Some(mark) = text.strip_prefix("--replace=") {
                        replace = Some(mark.to_owned());
                    }
                }
            }
        }
        let command = words.get(at..).unwrap_or_default();
        let command = if command.is_empty() {
            vec![Word::plain("echo")]
        } else {
            command.to_vec()
        };
        let mut inner = scope.through(Layer::Wrapper("xargs".to_owned()), index);
        let stdin = inner.stdin.take();
        let Some(stdin) = stdin else {
            return self.inner(command, &inner);
        };
        let text = stdin.text();
        let word = |text: &str| Word::opened(text, &stdin.layers);
        let Some(mark) = replace.filter(|mark| !mark.is_empty()) else {
            let added = text
                .split([' ', '\t', '\n', '\0'])
                .filter(|w| !w.is_empty());
            let words = command.into_iter().chain(added.take(1000).map(word));
            return self.inner(words.collect(), &inner);
        };
        for line in text.lines().take(bounds::ROUNDS) {
            let words = command.iter().map(|w| {
                if w.text.contains(&mark) {
                    word(&w.text.replace(&mark, line))
                } else {
                    w.clone()
                }
            });
            self.inner(words.collect(), &inner);
        }
        self.out.truncated |= text.lines().nth(bounds::ROUNDS).is_some();
        None
    }

    /// `find ... -exec COMMAND ;`
    fn find(&mut self, operands: &[Word], index: usize, scope: &Scope) {
        let mut rest = operands;
        while let Some(at) = rest
            .iter()
            .position(|w| matches!(w.text.as_str(), "-exec" | "-execdir" | "-ok" | "-okdir"))
        {
            let flag = rest.get(at).map(|w| w.text.clone()).unwrap_or_default();
            rest = rest.get(at + 1..).unwrap_or_default();
            let end = rest
                .iter()
                .position(|w| matches!(w.text.as_str(), ";" | "\\;" | "+"))
                .unwrap_or(rest.len());
            let command = rest.get(..end).unwrap_or_default().to_vec();
            rest = rest.get(end..).unwrap_or_default();
            if !command.is_empty() {
                let layer = Layer::Wrapper(format!("find {flag}"));
                let inner = scope.through(layer, index);
                self.inner(command, &inner);
            }
        }
    }

    /// `parallel COMMAND ::: VALUES`, or with values on standard input.
    fn parallel(&mut self, words: &[Word], index: usize, scope: &Scope) {
        let mut at = 1;
        while let Some(text) = words.get(at).map(|w| w.text.as_str()) {
            if !text.starts_with('-') {
                break;
            }
            at += 1;
            if matches!(
                text,
                "-j" | "-S"
                    | "-n"
                    | "-N"
                    | "-I"
                    | "-a"
                    | "-d"
                    | "--jobs"
                    | "--delay"
                    | "--timeout"
                    | "--joblog"
                    | "--arg-file"
                    | "--results"
                    | "--colsep"
                    | "-C"
                    | "--retries"
            ) {
                at += 1;
            }
        }
        let rest = words.get(at..).unwrap_or_default();
        let end = rest
            .iter()
            .position(|w| w.text.starts_with(":::"))
            .unwrap_or(rest.len());
        let command = wrappers::join(rest.get(..end).unwrap_or_default());
        let mut inner = scope.script(Layer::Wrapper("parallel".to_owned()), index);
        let piped = inner.stdin.take();
        let mut values: Vec<String> = rest
            .get(end..)
            .unwrap_or_default()
            .iter()
            .filter(|w| !w.text.starts_with(":::"))
            .map(|w| w.text.clone())
            .collect();
        if end == rest.len()
            && let Some(piped) = piped
        {
            values = piped.text().lines().map(str::to_owned).collect();
        }
        if values.is_empty() {
            self.script(&command.text, &inner);
            return;
        }
        self.out.truncated |= values.len() > bounds::ROUNDS;
        for value in values.iter().take(bounds::ROUNDS) {
            // Without a command the values are the commands.
            let text = if command.text.is_empty() {
                value.clone()
            } else if command.text.contains("{}") {
                command.text.replace("{}", value)
            } else {
                format!("{} {value}", command.text)
            };
            self.script(&text, &inner);
        }
    }

    /// What a command prints that only passes on or changes what it is given.
    fn printed(&mut self, program: &str, operands: &[Word], scope: &Scope) -> Option<Content> {
        let output = filters::output(self, program, operands, scope)?;
        self.spend_decoded(output.bytes.len()).then_some(output)
    }
}

/// The interpreter that the first line of a script names.
fn shebang(line: &str) -> &str {
    let mut words = line.split_whitespace();
    let program = words.next().unwrap_or_default();
    let program = program.rsplit('/').next().unwrap_or(program);
    if program != "env" {
        return program;
    }
    words.find(|w| !w.starts_with('-')).unwrap_or_default()
}

/// The command of a line of a crontab.
fn cron_command(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let fields = match line.chars().next()? {
        '#' => return None,
        '@' => 1,
        '*' | '0'..='9' => 5,
        _ => return None,
    };
    let mut rest = line;
    for _ in 0..fields {
        let (_, after) = rest.split_once([' ', '\t'])?;
        rest = after.trim_start();
    }
    Some(rest)
}
