//! Programs that run a command many times: `xargs`, `find -exec`, `parallel`.

use super::wrappers;
use crate::content::Content;
use crate::run::Run;
use crate::scope::Scope;
use crate::word::Word;
use crate::{Layer, bounds};

impl Run {
    /// `xargs COMMAND`, with the words that a known standard input adds.
    pub(super) fn xargs(&mut self, words: &[Word], index: usize, scope: &Scope) -> Option<Content> {
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
        let (lines, left_out) = bounds::rounds(text.lines().collect(), |line| line);
        self.out.truncated |= left_out;
        for line in lines {
            let words = command.iter().map(|w| {
                if w.text.contains(&mark) {
                    word(&w.text.replace(&mark, line))
                } else {
                    w.clone()
                }
            });
            self.inner(words.collect(), &inner);
        }
        None
    }

    /// `find ... -exec COMMAND ;`
    pub(super) fn find(&mut self, operands: &[Word], index: usize, scope: &Scope) {
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
    pub(super) fn parallel(&mut self, words: &[Word], index: usize, scope: &Scope) {
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
        let (values, left_out) = bounds::rounds(values, String::as_str);
        self.out.truncated |= left_out;
        for value in &values {
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
}
