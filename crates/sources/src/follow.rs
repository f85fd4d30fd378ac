//! Follows session files while they are written, by polling.
//!
//! A session file only ever grows. Where it becomes shorter, is replaced, or changes in what was
//! read already, somebody changed the record: the follower says so with a gap and goes on.
//!
//! What is caught, and when:
//!
//! - A file that became shorter ([`GapCause::Shrunk`]) or is another file by device and inode
//!   ([`GapCause::Replaced`]): at the next poll.
//! - A change within the last 64 KiB before the point that was read to, such as lines cut off and
//!   written anew ([`GapCause::Rewritten`]): at the next poll.
//! - A change anywhere before that: at the latest after `size / 4 MiB` polls in which the file
//!   changed in any way, since each such poll compares 4 MiB more of the file with what was read.
//! - Not caught: a change that is undone between two polls, and one inside of a single line of
//!   more than 32 MiB.
//!
//! After such a change the file is read again from the last point up to which it still is what was
//! read before. Lines that were given out already (the latest 16,384 are remembered) are passed
//! over, so that only new and changed ones become events.

mod file;
mod trail;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use proctor_model::{GapCause, Harness, Source};

use crate::emit::{Emitter, Record};
use crate::{ReadReport, Sink, detect, discover, file_session};

use self::file::FollowedFile;

/// Follows session files as they grow, and directories as they get new ones.
///
/// Follows the formats that are written line by line: Claude Code sessions and Codex rollouts.
/// Other recordings are left to [`crate::read`].
pub struct Follower {
    roots: Vec<PathBuf>,
    files: BTreeMap<PathBuf, FollowedFile>,
    /// Files that are no such recording, as long as they have this length.
    others: BTreeMap<PathBuf, u64>,
    /// Paths that could not be looked into; each is told once.
    told: BTreeSet<PathBuf>,
}

impl Follower {
    /// Follows a file or a directory, from its beginning. It need not exist yet.
    pub fn open(path: impl Into<PathBuf>) -> Self {
        Self::open_all([path.into()])
    }

    /// Follows several files and directories.
    pub fn open_all(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        Self {
            roots: paths.into_iter().collect(),
            files: BTreeMap::new(),
            others: BTreeMap::new(),
            told: BTreeSet::new(),
        }
    }

    /// Gives out the events of all records that were completed since the last poll.
    ///
    /// A record is complete when its line has ended. Never fails as a whole: what cannot be read
    /// is a gap event.
    pub fn poll(&mut self, sink: &mut dyn Sink) -> ReadReport {
        let mut report = ReadReport::default();
        self.look_for_new(&mut report, sink);
        for file in self.files.values_mut() {
            report.add(file.poll(sink));
        }
        report
    }

    /// Gives out what is left: last lines without a line end, as when the files are read whole.
    pub fn finish(mut self, sink: &mut dyn Sink) -> ReadReport {
        let mut report = self.poll(sink);
        for file in self.files.values_mut() {
            report.add(file.finish(sink));
        }
        report
    }

    fn look_for_new(&mut self, report: &mut ReadReport, sink: &mut dyn Sink) {
        let mut gaps = Vec::new();
        let found = discover::walk(&self.roots, &mut gaps);
        for (path, meta) in found {
            if self.files.contains_key(&path) || self.others.get(&path) == Some(&meta.len()) {
                continue;
            }
            match detect(&path) {
                Ok(Some(recording))
                    if matches!(recording.harness, Harness::ClaudeCode | Harness::Codex) =>
                {
                    self.others.remove(&path);
                    let session = file_session(&recording);
                    let file = FollowedFile::new(path.clone(), recording.harness, session);
                    self.files.insert(path, file);
                }
                Ok(_) => {
                    self.others.insert(path, meta.len());
                }
                Err(error) => gaps.push((
                    path,
                    proctor_model::Gap {
                        cause: GapCause::Unreadable,
                        detail: error.to_string(),
                    },
                )),
            }
        }
        for (path, gap) in gaps {
            // A path that is followed already tells of itself; one that is not there yet may come.
            let waits = gap.cause == GapCause::Missing && self.roots.contains(&path);
            if waits || self.files.contains_key(&path) || !self.told.insert(path.clone()) {
                continue;
            }
            let session = crate::session_id(Harness::ClaudeCode, "");
            let mut ignore = |_| {};
            let mut out = Emitter::new(Source::file(path), session, &mut ignore, sink);
            out.lost(&mut Record::unread(0, 0, b""), gap.cause, gap.detail);
            report.add(out.finish());
        }
    }
}
