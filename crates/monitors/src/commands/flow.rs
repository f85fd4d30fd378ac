//! Follows marked data through files and variables.
//!
//! A rule that sees a password file read marks the data `secret`; whatever the command or its
//! pipeline writes then carries the mark, and so does the next command that reads it. A rule on
//! "marked `secret`, and sent to a host" needs no list of the ways between.

use std::collections::{HashMap, VecDeque};

use super::shown::Shown;
use crate::sigma::Marks;

/// Names that a session remembers; the oldest make room.
const MOST_NAMES: usize = 1024;

/// What is known of the data in files and variables.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    marks: HashMap<String, Marks>,
    order: VecDeque<String>,
    /// Credentials that the session was shown.
    pub(crate) shown: Shown,
}

impl Flow {
    /// Adds marks to a path in normal form, or to a variable (`$NAME`).
    pub(crate) fn mark(&mut self, name: &str, marks: Marks) {
        if marks == 0 {
            return;
        }
        if let Some(old) = self.marks.get_mut(name) {
            *old |= marks;
            return;
        }
        if self.order.len() == MOST_NAMES
            && let Some(oldest) = self.order.pop_front()
        {
            self.marks.remove(&oldest);
        }
        self.order.push_back(name.to_owned());
        self.marks.insert(name.to_owned(), marks);
    }

    /// The marks of a path, or of a directory above it.
    pub(crate) fn of_path(&self, path: &str) -> Marks {
        if self.marks.is_empty() {
            return 0;
        }
        let mut found = 0;
        let mut rest = path;
        loop {
            found |= self.marks.get(rest).copied().unwrap_or(0);
            match rest.rsplit_once('/') {
                Some((dir, _)) if !dir.is_empty() && dir != "." && dir != "~" => rest = dir,
                _ => return found,
            }
        }
    }

    /// The marks of the variables that a word mentions.
    pub(crate) fn of_variables(&self, word: &str) -> Marks {
        if self.marks.is_empty() || !word.contains('$') {
            return 0;
        }
        let mut found = 0;
        for piece in word.split('$').skip(1) {
            let piece = piece.strip_prefix('{').unwrap_or(piece);
            let name: &str = piece
                .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .next()
                .unwrap_or_default();
            if !name.is_empty() {
                found |= self.marks.get(&format!("${name}")).copied().unwrap_or(0);
            }
        }
        found
    }

    /// Forgets what was known of a path or variable, because it got new content.
    pub(crate) fn renew(&mut self, name: &str) {
        if let Some(marks) = self.marks.get_mut(name) {
            *marks = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_follow_files_directories_and_variables() {
        let mut flow = Flow::default();
        flow.mark("/tmp/loot", 1);
        flow.mark("$KEY", 2);
        assert_eq!(flow.of_path("/tmp/loot/a.txt"), 1);
        assert_eq!(flow.of_path("/tmp/other"), 0);
        assert_eq!(flow.of_variables("x=${KEY}&y=$KEYS"), 2);
        assert_eq!(flow.of_variables("$KEYS"), 0);
        flow.renew("/tmp/loot");
        assert_eq!(flow.of_path("/tmp/loot"), 0);
    }

    #[test]
    fn memory_is_bounded() {
        let mut flow = Flow::default();
        for i in 0..5000 {
            flow.mark(&format!("/tmp/{i}"), 1);
        }
        assert_eq!(flow.marks.len(), MOST_NAMES);
        assert_eq!(flow.of_path("/tmp/0"), 0);
        assert_eq!(flow.of_path("/tmp/4999"), 1);
    }
}
