//! The changes that an act makes to files, as lines that go and lines that come, whichever tool
//! makes them.

use std::collections::HashMap;

use proctor_model::{Action, Outcome, StepKind};
use proctor_reconcile::{View, resolve};
use proctor_shell::{Command, Layer};

/// A change of one file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Change {
    /// The resolved path; empty where inline code does not tell.
    pub(crate) path: String,
    /// Text that was taken out, where it is known.
    pub(crate) removed: String,
    /// Text that was put in.
    pub(crate) added: String,
    /// Whether the file was written whole, so that what stood in it before is not known.
    pub(crate) whole: bool,
}

/// Bytes of one change that are looked at on each side.
const TEXT: usize = 256 * 1024;

/// Files of one act that are looked at.
const CHANGES: usize = 64;

/// The changes that an act makes; none where it was refused or a file tool failed.
pub(crate) fn changes(view: &View<'_>) -> Vec<Change> {
    let StepKind::Act(act) = &view.step.kind else {
        return vec![];
    };
    let path = |path: &str| resolve(path, view.facts.cwd());
    let mut out = match (&act.action, act.outcome) {
        (_, Outcome::Refused) => vec![],
        (Action::Command { command, .. }, _) => {
            let mut out: Vec<Change> = view
                .commands
                .iter()
                .flat_map(|c| by_command(c, &path))
                .collect();
            if view.commands.iter().any(inline_code) {
                out.extend(by_code(command, &path));
            }
            out
        }
        (_, Outcome::Failed) => vec![],
        (Action::Write { path: p, content }, _) => vec![Change {
            path: path(p),
            removed: String::new(),
            added: bounded(content),
            whole: true,
        }],
        (Action::Edit { path: p, hunks }, _) => hunks
            .iter()
            .map(|(old, new)| Change {
                path: path(p),
                removed: bounded(old),
                added: bounded(new),
                whole: false,
            })
            .collect(),
        _ => vec![],
    };
    out.truncate(CHANGES);
    out
}

fn bounded(text: &str) -> String {
    crate::finding::head(text, TEXT).to_owned()
}

fn by_command(command: &Command, path: &impl Fn(&str) -> String) -> Vec<Change> {
    let args = || command.argv.iter().skip(1);
    match command.program() {
        "cat" | "tee" | "dd" => {
            let Some(text) = &command.stdin else {
                return vec![];
            };
            targets(command)
                .map(|(target, append)| Change {
                    path: path(target),
                    removed: String::new(),
                    added: bounded(text),
                    whole: !append,
                })
                .collect()
        }
        "echo" | "printf" => {
            let text = args()
                .filter(|w| !matches!(w.as_str(), "-e" | "-n" | "-en"))
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(" ");
            targets(command)
                .map(|(target, append)| Change {
                    path: path(target),
                    removed: String::new(),
                    added: bounded(&text),
                    whole: !append,
                })
                .collect()
        }
        "sed" if args().any(|w| w.starts_with("-i") || w.starts_with("--in-place")) => {
            sed(command, path)
        }
        "git" | "patch"
            if command
                .argv
                .iter()
                .any(|w| w == "apply" || w == "patch" || w == "-p1" || w == "-p0")
                || command.program() == "patch" =>
        {
            command
                .stdin
                .as_deref()
                .map_or(vec![], |text| diff(text, path))
        }
        _ => vec![],
    }
}

/// The files that a command's output goes to, and whether it is appended.
fn targets(command: &Command) -> impl Iterator<Item = (&str, bool)> {
    let redirected = command
        .redirects
        .iter()
        .filter(|r| r.op.contains('>') && !r.target.starts_with('&') && r.target != "/dev/null")
        .map(|r| (r.target.as_str(), r.op.contains(">>")));
    let appends = command.argv.iter().any(|w| w == "-a");
    let tee = (command.program() == "tee")
        .then(|| {
            command
                .argv
                .iter()
                .skip(1)
                .filter(|w| !w.starts_with('-'))
                .map(move |w| (w.as_str(), appends))
        })
        .into_iter()
        .flatten();
    redirected.chain(tee)
}

/// The substitutions and deletions of `sed -i`.
fn sed(command: &Command, path: &impl Fn(&str) -> String) -> Vec<Change> {
    let mut scripts = vec![];
    let mut files = vec![];
    let mut words = command.argv.iter().skip(1);
    let explicit = command
        .argv
        .iter()
        .any(|w| w == "-e" || w == "--expression");
    while let Some(word) = words.next() {
        if word == "-e" || word == "--expression" {
            scripts.extend(words.next());
        } else if word.starts_with('-') {
        } else if scripts.is_empty() && !explicit {
            scripts.push(word);
        } else {
            files.push(word);
        }
    }
    let mut out = vec![];
    for file in files {
        for script in &scripts {
            for part in script.split(['\n', ';']) {
                if let Some((removed, added)) = sed_effect(part.trim()) {
                    out.push(Change {
                        path: path(file),
                        removed,
                        added,
                        whole: false,
                    });
                }
            }
        }
    }
    out
}

/// What one sed command takes out and puts in: `s/a/b/`, `/a/d`, `3i text`.
fn sed_effect(script: &str) -> Option<(String, String)> {
    let at = script
        .find("s/")
        .or_else(|| script.find("s|"))
        .or_else(|| script.find("s#"));
    if let Some(at) = at.filter(|at| *at < 12) {
        let rest = script.get(at + 1..)?;
        let separator = rest.chars().next()?;
        let mut parts = rest.get(1..)?.split(separator);
        let plain = |s: &str| s.replace('\\', "");
        return Some((plain(parts.next()?), plain(parts.next()?)));
    }
    if let Some(pattern) = script.strip_suffix('d') {
        let pattern = pattern.trim_matches('/').replace('\\', "");
        return Some((pattern, String::new()));
    }
    let (address, text) = script.split_once(['i', 'a'])?;
    let numeric = address.bytes().all(|b| b.is_ascii_digit() || b == b'$') && !address.is_empty();
    numeric.then(|| {
        (
            String::new(),
            text.trim_start_matches('\\').trim().to_owned(),
        )
    })
}

/// The files of a unified diff.
fn diff(text: &str, path: &impl Fn(&str) -> String) -> Vec<Change> {
    let mut out: Vec<Change> = vec![];
    for line in crate::finding::head(text, TEXT).lines() {
        if let Some(name) = line.strip_prefix("+++ ") {
            let name = name.split('\t').next().unwrap_or(name);
            out.push(Change {
                path: path(name.strip_prefix("b/").unwrap_or(name)),
                ..Change::default()
            });
            continue;
        }
        let Some(change) = out.last_mut() else {
            continue;
        };
        if line.starts_with("--- ") {
        } else if let Some(new) = line.strip_prefix('+') {
            change.added.push_str(new);
            change.added.push('\n');
        } else if let Some(old) = line.strip_prefix('-') {
            change.removed.push_str(old);
            change.removed.push('\n');
        }
    }
    out
}

fn inline_code(command: &Command) -> bool {
    let interpreter = matches!(
        command.program(),
        "python" | "python3" | "node" | "perl" | "ruby" | "php" | "deno" | "bun"
    );
    let code = command
        .argv
        .iter()
        .any(|w| w == "-c" || w == "-e" || w == "-")
        || command.stdin.is_some();
    (interpreter && code) || command.via.iter().any(|l| matches!(l, Layer::Code(_)))
}

/// What inline code writes, as far as it names a file and opens it for writing.
fn by_code(code: &str, path: &impl Fn(&str) -> String) -> Vec<Change> {
    let writes = [
        "write(",
        "write_text(",
        "writeFile",
        "'w'",
        "\"w\"",
        "file_put_contents",
    ];
    if !writes.iter().any(|w| code.contains(w)) {
        return vec![];
    }
    let name = code
        .split(['\'', '"'])
        .find(|s| s.len() < 200 && s.contains('.') && is_file_name(s));
    let Some(name) = name else {
        return vec![];
    };
    let (mut removed, mut added) = (String::new(), String::new());
    for call in code.split(".replace(").skip(1) {
        let mut strings = call
            .split(['\'', '"'])
            .filter(|s| !s.trim().is_empty() && s.trim() != ",");
        removed.extend(strings.next());
        removed.push('\n');
        added.extend(strings.next());
        added.push('\n');
    }
    if added.trim().is_empty() {
        added = bounded(code);
    }
    vec![Change {
        path: path(name),
        removed,
        added,
        whole: false,
    }]
}

fn is_file_name(text: &str) -> bool {
    let name = text.rsplit('/').next().unwrap_or(text);
    let Some((stem, extension)) = name.rsplit_once('.') else {
        return false;
    };
    !stem.is_empty()
        && (1..=5).contains(&extension.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'_' | b'-'))
}

/// The lines that a change takes out and puts in, those that stay left out.
pub(crate) struct Lines<'c> {
    pub(crate) gone: Vec<&'c str>,
    pub(crate) new: Vec<&'c str>,
}

impl Change {
    /// The lines that go and come, trimmed, empty ones left out.
    pub(crate) fn lines(&self) -> Lines<'_> {
        let mut counts: HashMap<&str, i32> = HashMap::new();
        for line in self.removed.lines() {
            *counts.entry(line.trim()).or_default() += 1;
        }
        let mut new = vec![];
        for line in self.added.lines().map(str::trim).filter(|l| !l.is_empty()) {
            match counts.get_mut(line) {
                Some(n) if *n > 0 => *n -= 1,
                _ => new.push(line),
            }
        }
        let gone = self
            .removed
            .lines()
            .map(str::trim)
            .filter(|l| !l.is_empty())
            .filter(|l| match counts.get_mut(l) {
                Some(n) if *n > 0 => {
                    *n -= 1;
                    true
                }
                _ => false,
            })
            .collect();
        Lines { gone, new }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use proctor_reconcile::{Facts, Observer};

    use super::*;
    use crate::testing::Script;

    struct Collect(Arc<Mutex<Vec<Change>>>);

    impl Observer for Collect {
        fn step(&mut self, view: &View<'_>) {
            self.0.lock().unwrap().extend(changes(view));
        }
        fn end(&mut self, _facts: &Facts) {}
    }

    fn of(script: Script) -> Vec<(String, String, String)> {
        let all = Arc::new(Mutex::new(vec![]));
        script.observed_by(Collect(Arc::clone(&all)));
        let all = all.lock().unwrap();
        all.iter()
            .map(|c| {
                let lines = c.lines();
                (c.path.clone(), lines.gone.join("|"), lines.new.join("|"))
            })
            .collect()
    }

    #[test]
    fn every_way_to_change_a_file_is_a_change() {
        let s = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        assert_eq!(
            of(Script::new()
                .edits("a.py", "x\nold\ny", "x\nnew\ny")
                .writes("/repo/b.py", "one\n\ntwo")
                .runs("cat > c.py <<'E'\nhello\nE", "", 0)
                .runs("echo 'exit 0' >> d.sh", "", 0)
                .runs("sed -i 's/assert x == 1/assert True/' e.py", "", 0)
                .runs("sed -i '/def test_b/d' f.py", "", 0)
                .runs(
                    "git apply <<'E'\n--- a/g.py\n+++ b/g.py\n@@ -1 +1 @@\n-a\n+b\nE",
                    "",
                    0
                )),
            [
                s("/repo/a.py", "old", "new"),
                s("/repo/b.py", "", "one|two"),
                s("/repo/c.py", "", "hello"),
                s("/repo/d.sh", "", "exit 0"),
                s("/repo/e.py", "assert x == 1", "assert True"),
                s("/repo/f.py", "def test_b", ""),
                s("/repo/g.py", "a", "b"),
            ]
        );
    }

    #[test]
    fn refused_and_failed_changes_are_none() {
        let failed = crate::testing::ended("not found", true);
        assert!(of(Script::new().edit_ends("a.py", "x", "y", failed)).is_empty());
    }
}
