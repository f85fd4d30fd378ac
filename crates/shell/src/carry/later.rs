//! Commands that are kept for later: traps and tables of cron.

use crate::Layer;
use crate::content::Content;
use crate::run::Run;
use crate::scope::Scope;
use crate::word::Word;

impl Run {
    pub(super) fn trap(&mut self, operands: &[Word], index: usize, scope: &Scope) {
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
    pub(super) fn crontab(&mut self, operands: &[Word], index: usize, scope: &Scope) {
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
