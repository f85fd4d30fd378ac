//! One file that is followed.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use proctor_model::{GapCause, Harness, SessionId, Source};

use super::trail::{Step, Trail, Walk};
use crate::claude_code::ClaudeCode;
use crate::codex::Codex;
use crate::discover::identity;
use crate::emit::{Emitter, Record};
use crate::line::Lines;
use crate::records::{Records, read_line};
use crate::{ReadReport, Sink};

/// How many of the last bytes that were read are compared at every poll.
const WINDOW: u64 = 64 << 10;

/// How many bytes of the rest are compared at every poll.
const PATROL: u64 = 4 << 20;

/// A file that is followed.
pub(super) struct FollowedFile {
    path: PathBuf,
    harness: Harness,
    /// The session of records that name none.
    file: SessionId,
    /// The session of the records that were read last.
    session: SessionId,
    records: Box<dyn Records + Send>,
    begun: bool,
    /// The number of the next event.
    seq: u64,
    /// Where the first line stands that was not given out.
    offset: u64,
    state: Option<State>,
    window: Window,
    trail: Trail,
    patrol: Option<Walk>,
    /// The file could not be read at the last poll, which was told.
    failing: bool,
}

/// What the file system says about a file; if all of it is as before, so is the file.
#[derive(Clone, Debug, PartialEq)]
struct State {
    identity: Identity,
    len: u64,
    changed: Changed,
}

#[cfg(unix)]
type Identity = (u64, u64);
#[cfg(not(unix))]
type Identity = PathBuf;

/// When the file was last changed. A program can set the time of the last change of the content,
/// but not (on Unix) that of the last change of the file's own record.
#[cfg(unix)]
type Changed = (i64, i64);
#[cfg(not(unix))]
type Changed = Option<std::time::SystemTime>;

/// The last bytes that were read, as a hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Window {
    start: u64,
    end: u64,
    hash: u64,
}

impl FollowedFile {
    pub(super) fn new(path: PathBuf, harness: Harness, session: SessionId) -> Self {
        Self {
            records: records(harness, &path, &session),
            path,
            harness,
            session: session.clone(),
            file: session,
            begun: false,
            seq: 0,
            offset: 0,
            state: None,
            window: Window::default(),
            trail: Trail::new(),
            patrol: None,
            failing: false,
        }
    }

    /// Gives out the records that were completed since the last poll.
    pub(super) fn poll(&mut self, sink: &mut dyn Sink) -> ReadReport {
        self.with_emitter(sink, |file, out| match file.read_on(out) {
            Ok(()) => file.failing = false,
            Err(error) => file.fail(&error, out),
        })
    }

    /// Gives out the last line, which has no line end.
    pub(super) fn finish(&mut self, sink: &mut dyn Sink) -> ReadReport {
        self.with_emitter(sink, |file, out| {
            let read = File::open(&file.path).and_then(|mut handle| {
                handle.seek(SeekFrom::Start(file.offset))?;
                let mut lines = Lines::new(handle, file.offset, u64::MAX);
                if let Some(line) = lines.next()? {
                    read_line(&line, &mut *file.records, out);
                    out.advance(line.next - line.offset);
                    file.offset = line.next;
                }
                Ok(())
            });
            if let Err(error) = read {
                file.fail(&error, out);
            }
        })
    }

    /// Runs something that gives out events, numbered and placed behind those before.
    fn with_emitter(
        &mut self,
        sink: &mut dyn Sink,
        run: impl FnOnce(&mut Self, &mut Emitter<'_>),
    ) -> ReadReport {
        let mut ignore = |_| {};
        let source = Source::file(&self.path);
        let mut out = Emitter::new(source, self.session.clone(), &mut ignore, sink);
        out = out.resume(self.seq);
        run(self, &mut out);
        self.seq = out.next_seq();
        self.session = out.session().clone();
        out.finish()
    }

    fn read_on(&mut self, out: &mut Emitter<'_>) -> io::Result<()> {
        let mut handle = File::open(&self.path)?;
        let state = state(&self.path, &handle.metadata()?);
        if self.state.as_ref() == Some(&state) {
            return Ok(());
        }
        let disturbance = self.disturbance(&mut handle, &state)?;
        let again = disturbance.is_some();
        if let Some((cause, at, detail)) = disturbance {
            let len = self.offset.saturating_sub(at);
            out.gap(&mut Record::unread(at, len, b""), cause, detail);
            self.go_back(&mut handle, &state)?;
        }
        if !self.begun {
            self.begun = true;
            self.records.begin(&self.path, &self.path, out);
        }
        self.give_out(&mut handle, state.len, again, out)?;
        let start = self.offset.saturating_sub(WINDOW);
        self.window = self.window_now(&mut handle, start, self.offset)?;
        self.state = Some(state);
        Ok(())
    }

    /// What happened to what was read already, and from where on.
    fn disturbance(
        &mut self,
        handle: &mut File,
        state: &State,
    ) -> io::Result<Option<(GapCause, u64, String)>> {
        let Some(before) = &self.state else {
            return Ok(None);
        };
        if before.identity != state.identity {
            let detail = "another file stands at this path now".to_owned();
            return Ok(Some((GapCause::Replaced, 0, detail)));
        }
        if state.len < self.offset {
            let detail = format!("{} bytes, of {} that were read", state.len, self.offset);
            return Ok(Some((GapCause::Shrunk, state.len, detail)));
        }
        let Window { start, end, .. } = self.window;
        if self.window_now(handle, start, end)? != self.window {
            let detail = format!("the bytes from {start} to {end} are not those that were read");
            return Ok(Some((GapCause::Rewritten, start, detail)));
        }
        self.go_on_patrol(handle)
    }

    /// Compares some more of what was read with what the file holds now.
    fn go_on_patrol(&mut self, handle: &mut File) -> io::Result<Option<(GapCause, u64, String)>> {
        let mut walk = match self.patrol.take() {
            Some(walk) => walk,
            None => self.trail.walk(),
        };
        let until = self.offset.min(walk.offset + PATROL);
        handle.seek(SeekFrom::Start(walk.offset))?;
        let mut lines = Lines::new(handle, walk.offset, until);
        while let Some(line) = lines.next()? {
            if self.trail.step(&mut walk, &line) == Step::Changed {
                let (from, to) = (walk.verified, line.next);
                let detail = format!("the bytes from {from} to {to} are not those that were read");
                return Ok(Some((GapCause::Rewritten, from, detail)));
            }
        }
        if walk.offset < self.offset {
            self.patrol = Some(walk);
        }
        Ok(None)
    }

    /// Goes back to the last point up to which the file is what was read.
    fn go_back(&mut self, handle: &mut File, state: &State) -> io::Result<()> {
        let mut walk = self.trail.walk();
        let mut chain = walk.chain();
        handle.seek(SeekFrom::Start(0))?;
        let mut lines = Lines::new(&mut *handle, 0, self.offset.min(state.len));
        while let Some(line) = lines.next()? {
            if !line.complete || self.trail.step(&mut walk, &line) == Step::Changed {
                break;
            }
            if walk.verified == walk.offset {
                chain = walk.chain();
            }
        }
        self.offset = walk.verified;
        self.trail.cut(walk.verified, chain);
        self.patrol = None;
        if self.offset == 0 {
            self.records = records(self.harness, &self.path, &self.file);
            self.begun = false;
        }
        Ok(())
    }

    /// Gives out the complete lines up to the length that the file had; where they are read
    /// again, only those that were not given out before.
    fn give_out(
        &mut self,
        handle: &mut File,
        len: u64,
        again: bool,
        out: &mut Emitter<'_>,
    ) -> io::Result<()> {
        handle.seek(SeekFrom::Start(self.offset))?;
        let mut lines = Lines::new(handle, self.offset, len);
        while let Some(line) = lines.next()? {
            if !line.complete {
                break;
            }
            self.trail.push(&line);
            if self.trail.is_new(&line) || !again {
                read_line(&line, &mut *self.records, out);
            }
            out.advance(line.next - line.offset);
            self.offset = line.next;
        }
        Ok(())
    }

    /// The bytes from `start` to `end`, or to the file's end, as a hash.
    fn window_now(&self, handle: &mut File, start: u64, end: u64) -> io::Result<Window> {
        handle.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        handle.take(end - start).read_to_end(&mut bytes)?;
        let hash = self.trail.hash(&bytes);
        Ok(Window { start, end, hash })
    }

    /// Says once that the file cannot be read.
    fn fail(&mut self, error: &io::Error, out: &mut Emitter<'_>) {
        if !self.failing {
            self.failing = true;
            let cause = match error.kind() {
                io::ErrorKind::NotFound => GapCause::Missing,
                _ => GapCause::Unreadable,
            };
            let mut record = Record::unread(self.offset, 0, b"");
            out.gap(&mut record, cause, error.to_string());
        }
    }
}

fn records(harness: Harness, path: &Path, file: &SessionId) -> Box<dyn Records + Send> {
    match harness {
        Harness::Codex => Box::new(Codex::default()),
        _ => Box::new(ClaudeCode::new(path, file)),
    }
}

fn state(path: &Path, meta: &Metadata) -> State {
    State {
        identity: identity(path, meta),
        len: meta.len(),
        changed: changed(meta),
    }
}

#[cfg(unix)]
fn changed(meta: &Metadata) -> Changed {
    use std::os::unix::fs::MetadataExt;
    (meta.ctime(), meta.ctime_nsec())
}

#[cfg(not(unix))]
fn changed(meta: &Metadata) -> Changed {
    meta.modified().ok()
}
