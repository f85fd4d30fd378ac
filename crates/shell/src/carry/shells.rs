//! Shells and scripts in files.

use std::rc::Rc;

use crate::Layer;
use crate::code::Language;
use crate::content::Content;
use crate::run::Run;
use crate::scope::Scope;
use crate::word::Word;

const SHELLS: &[&str] = &[
    "sh", "bash", "dash", "ash", "zsh", "ksh", "ksh93", "mksh", "pdksh", "lksh", "yash", "fish",
    "csh", "tcsh", "rbash", "rzsh", "hush",
];

/// Whether a program is a shell whose scripts are read.
pub(crate) fn is_shell(program: &str) -> bool {
    SHELLS.contains(&program)
}

impl Run {
    /// `bash -c TEXT`, `bash FILE`, `bash -s`, `bash`.
    pub(super) fn shell(
        &mut self,
        operands: &[Word],
        index: usize,
        scope: &Scope,
    ) -> Option<Content> {
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
    pub(super) fn file(&mut self, file: Option<&Word>, index: usize, scope: &Scope) {
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
            .or_else(|| self.remembered(name).map(Rc::new))
    }

    /// What a file holds that an earlier text or tool wrote.
    pub(crate) fn remembered(&self, name: &str) -> Option<Content> {
        if self.lost.contains(name) || name.contains(['$', '*', '(']) {
            return None;
        }
        let text = self.memory.file(name)?;
        Some(Content::from(text.to_owned()))
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
