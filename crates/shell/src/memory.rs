//! What earlier texts and tools left behind: files and what they hold, exported variables.
//!
//! A script that is written in one call and run in the next is as open as one given to `sh -c`.
//! Names are compared by their ends, because a file is written by its whole path and run from the
//! directory it is in, and which one that is often nobody says.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::Analysis;

/// Bytes kept of one file: its beginning.
const FILE: usize = 64 * 1024;

/// Bytes kept of all files, and how many files.
const FILES: usize = 2 * 1024 * 1024;
const MOST_FILES: usize = 256;

/// Variables kept, and bytes of one value.
const VARIABLES: usize = 64;
const VALUE: usize = 4096;

/// Files whose content is known, and exported variables. Bounded: what was written longest ago is
/// forgotten first.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// The latest last.
    files: VecDeque<(String, Arc<str>)>,
    bytes: usize,
    variables: BTreeMap<String, String>,
}

impl Memory {
    /// A file was written anew.
    pub fn write(&mut self, path: &str, content: &str) {
        self.forget(path);
        let (content, _) = crate::first_bytes(content, FILE);
        if path.is_empty() || path.len() > VALUE {
            return;
        }
        self.bytes += content.len();
        self.files.push_back((path.to_owned(), content.into()));
        while self.bytes > FILES || self.files.len() > MOST_FILES {
            let Some((_, oldest)) = self.files.pop_front() else {
                break;
            };
            self.bytes -= oldest.len();
        }
    }

    /// A text of a file was replaced. Of a file that is not known the new texts are all there is.
    pub fn edit(&mut self, path: &str, old: &str, new: &str) {
        let content = match self.file(path) {
            Some(known) if !old.is_empty() && known.contains(old) => known.replacen(old, new, 1),
            Some(known) => format!("{known}\n{new}"),
            None => new.to_owned(),
        };
        self.write(path, &content);
    }

    /// It is no longer known what a file holds.
    pub fn forget(&mut self, path: &str) {
        if let Some(at) = self.files.iter().position(|(known, _)| known == path)
            && let Some((_, content)) = self.files.remove(at)
        {
            self.bytes -= content.len();
        }
    }

    /// Takes over what a text leaves behind that was run.
    pub fn learn(&mut self, analysis: &Analysis) {
        for (name, content) in &analysis.files {
            match content {
                Some(content) => self.write(name, content),
                None => self.forget(name),
            }
        }
        for (name, value) in &analysis.exports {
            let room = self.variables.len() < VARIABLES || self.variables.contains_key(name);
            if room && value.len() <= VALUE {
                self.variables.insert(name.clone(), value.clone());
            }
        }
    }

    /// What a file of this name holds: the one written last whose path ends in the name.
    pub(crate) fn file(&self, name: &str) -> Option<&str> {
        let name = bare(name);
        let found = |(path, _): &&(String, Arc<str>)| {
            let path = bare(path);
            !name.is_empty() && (ends_in(path, name) || ends_in(name, path))
        };
        self.files.iter().rev().find(found).map(|(_, text)| &**text)
    }

    pub(crate) fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }
}

/// A path without what says where it begins.
fn bare(path: &str) -> &str {
    let mut path = path;
    for begin in ["~/", "$HOME/", "${HOME}/", "$PWD/"] {
        path = path.strip_prefix(begin).unwrap_or(path);
    }
    while let Some(rest) = path.strip_prefix("./").or(path.strip_prefix("../")) {
        path = rest;
    }
    path
}

fn ends_in(path: &str, end: &str) -> bool {
    path.strip_suffix(end)
        .is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_by_the_end_of_their_path() {
        let mut memory = Memory::default();
        memory.write("/home/u/p/run.sh", "a");
        memory.write("/tmp/other.sh", "b");
        for name in [
            "run.sh",
            "./run.sh",
            "p/run.sh",
            "~/p/run.sh",
            "../p/run.sh",
        ] {
            assert_eq!(memory.file(name), Some("a"), "{name}");
        }
        assert_eq!(memory.file("un.sh"), None);
        memory.write("x.sh", "c");
        assert_eq!(memory.file("/srv/x.sh"), Some("c"));
        memory.edit("/tmp/other.sh", "b", "d");
        assert_eq!(memory.file("other.sh"), Some("d"));
        memory.edit("/tmp/new.sh", "x", "e");
        memory.edit("/tmp/new.sh", "y", "f");
        assert_eq!(memory.file("new.sh"), Some("e\nf"));
        memory.forget("/tmp/new.sh");
        assert_eq!(memory.file("new.sh"), None);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut memory = Memory::default();
        let long = "x".repeat(FILE * 2);
        (0..1000).for_each(|i| memory.write(&format!("/tmp/{i}"), &long));
        assert!(memory.bytes <= FILES && memory.files.len() <= MOST_FILES);
        let kept: usize = memory.files.iter().map(|(_, text)| text.len()).sum();
        assert_eq!(kept, memory.bytes);
        assert!(memory.file("999").is_some() && memory.file("0").is_none());
    }
}
