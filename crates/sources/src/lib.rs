//! Readers and followers of foreign recordings, from files to events.
//!
//! [`discover`] finds recordings below some paths and tells by their content which harness wrote
//! them. [`read`] turns one of them into events, which a [`Sink`] takes one by one, with the raw
//! bytes of the record they came from. Reading never fails as a whole: what cannot be read is a
//! gap event with its place and reason, and the rest is read.
//!
//! Every module reads one harness's format by `read(&Recording, &mut Emitter)`; [`emit`] is how
//! they give out events.

mod archive;
mod chat;
mod claude_code;
mod codex;
pub mod dataset;
mod detect;
mod discover;
mod document;
mod element;
mod emit;
mod follow;
mod inspect;
mod line;
mod literal;
mod packed;
mod records;
mod rjudge;
mod swe_agent;
#[cfg(test)]
mod testing;
mod text;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use proctor_model::{Event, Gap, GapCause, Harness, SessionId, Source};
use serde::{Deserialize, Serialize};

use crate::claude_code::ClaudeCode;
use crate::codex::Codex;
use crate::emit::{Emitter, Record};

pub use crate::discover::{Retention, detect, discover, home_recordings, retention};
pub use crate::follow::Follower;

/// Takes events in the order in which a reader meets them.
pub trait Sink {
    /// Takes one event with the raw bytes of the record it came from (`event.at` says where they
    /// stand). Several events may share one record. Where a record is too long to be read, the
    /// raw bytes are only its beginning.
    fn event(&mut self, event: Event, raw: &[u8]);
}

impl<F: FnMut(Event, &[u8])> Sink for F {
    fn event(&mut self, event: Event, raw: &[u8]) {
        self(event, raw);
    }
}

/// A file that holds what an agent did, as far as its beginning tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    /// The file.
    pub path: PathBuf,
    /// What wrote it.
    pub harness: Harness,
    /// Its size in bytes.
    pub bytes: u64,
    /// The session that its first records belong to.
    pub session: Option<SessionId>,
    /// The first time that its records give.
    pub started: Option<Timestamp>,
    /// When the file was last changed, by the file system.
    pub modified: Option<Timestamp>,
}

/// What was found below some paths.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Discovery {
    /// The recordings, sorted by path; the same whatever the order of the paths.
    pub recordings: Vec<Recording>,
    /// What could not be looked into, and why.
    pub gaps: Vec<(PathBuf, Gap)>,
    /// Number of files that are no recordings.
    pub ignored: u64,
    /// Their size in bytes.
    pub ignored_bytes: u64,
}

/// What came of reading one recording.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadReport {
    /// Records met, readable or not: lines that are not empty, elements of documents.
    pub records: u64,
    /// Events given to the sink, gaps included.
    pub events: u64,
    /// Bytes of the file that were read.
    pub bytes: u64,
    /// Bytes of records of which nothing could be understood.
    pub unreadable_bytes: u64,
    /// Gap events.
    pub gaps: u64,
    /// Records of types that the reader does not know, by type.
    pub unknown_records: BTreeMap<String, u64>,
    /// Fields that the reader does not know, by record type and name (`user.colour`).
    pub unknown_fields: BTreeMap<String, u64>,
}

impl ReadReport {
    /// Adds what came of reading something else.
    pub fn add(&mut self, other: Self) {
        let Self {
            records,
            events,
            bytes,
            unreadable_bytes,
            gaps,
            unknown_records,
            unknown_fields,
        } = other;
        self.records += records;
        self.events += events;
        self.bytes += bytes;
        self.unreadable_bytes += unreadable_bytes;
        self.gaps += gaps;
        for (mine, theirs) in [
            (&mut self.unknown_records, unknown_records),
            (&mut self.unknown_fields, unknown_fields),
        ] {
            for (name, n) in theirs {
                *mine.entry(name).or_default() += n;
            }
        }
    }
}

/// Reads a recording from its beginning to its end and gives its events to `sink`.
///
/// `progress` is told how many bytes more were read, from time to time; the sum is the file's
/// size at the end. Never fails as a whole: what cannot be read is a gap event.
pub fn read(
    recording: &Recording,
    progress: &mut dyn FnMut(u64),
    sink: &mut dyn Sink,
) -> ReadReport {
    read_at(recording, &recording.path, progress, sink)
}

/// Reads a copy of a recording as if it were the recording: the bytes, and what stands beside them,
/// come from where `copy` is; events say that they stand where the recording was.
pub fn read_copy(recording: &Recording, copy: &Path, sink: &mut dyn Sink) -> ReadReport {
    read_at(recording, copy, &mut |_| {}, sink)
}

fn read_at(
    recording: &Recording,
    place: &Path,
    progress: &mut dyn FnMut(u64),
    sink: &mut dyn Sink,
) -> ReadReport {
    match packed::unpack(place) {
        Ok(None) => read_content(recording, place, place, None, progress, sink),
        Ok(Some(unpacked)) => {
            let inside = Recording {
                bytes: unpacked.bytes,
                ..recording.clone()
            };
            let cut = unpacked.cut.as_deref();
            let content = &unpacked.content;
            let report = read_content(&inside, place, content, cut, &mut |_| {}, sink);
            progress(recording.bytes);
            report
        }
        Err(error) => {
            let source = Source::file(&recording.path);
            let mut out = Emitter::new(source, file_session(recording), progress, sink);
            element::unreadable(recording.bytes, &error, &mut out);
            out.advance(recording.bytes);
            out.finish()
        }
    }
}

/// Reads a recording whose bytes are in the file `content`, and whose neighbours stand beside
/// `place`; `cut` says why some are missing.
fn read_content(
    recording: &Recording,
    place: &Path,
    content: &Path,
    cut: Option<&str>,
    progress: &mut dyn FnMut(u64),
    sink: &mut dyn Sink,
) -> ReadReport {
    let path = &recording.path;
    let session = file_session(recording);
    let mut out = Emitter::new(Source::file(path), session, progress, sink);
    match recording.harness {
        Harness::ClaudeCode => {
            let mut reader = ClaudeCode::new(packed::name(path), out.session());
            records::read_file(path, place, content, &mut reader, &mut out);
        }
        Harness::Chat => chat::read(recording, content, &mut out),
        Harness::RJudge => rjudge::read(recording, content, &mut out),
        Harness::Codex => {
            records::read_file(path, place, content, &mut Codex::default(), &mut out);
        }
        Harness::SweAgent => swe_agent::read(recording, content, &mut out),
        Harness::Inspect => inspect::read(recording, content, &mut out),
    }
    if let Some(cut) = cut {
        let mut record = Record::about(recording.bytes, 0);
        out.gap(&mut record, GapCause::BadArchive, cut.to_owned());
    }
    out.finish()
}

/// Reads a recording that is in memory, of a format that is written line by line: the way in for
/// the fuzz targets.
#[doc(hidden)]
pub fn read_lines(harness: Harness, bytes: &[u8], sink: &mut dyn Sink) -> ReadReport {
    let path = Path::new("recording.jsonl");
    let session = session_id(harness, "recording");
    let mut ignore = |_| {};
    let mut out = Emitter::new(Source::file(path), session, &mut ignore, sink);
    let lines = line::Lines::new(bytes, 0, bytes.len() as u64);
    match harness {
        Harness::Codex => records::read_all(lines, &mut Codex::default(), &mut out),
        _ => {
            let mut reader = ClaudeCode::new(path, out.session());
            records::read_all(lines, &mut reader, &mut out);
        }
    }
    out.finish()
}

/// Tells by its content whether a file in memory is a recording: the way in for the fuzz targets.
#[doc(hidden)]
pub fn detect_bytes(bytes: &[u8]) -> Option<Harness> {
    match detect::detect(Path::new("recording"), &mut io::Cursor::new(bytes)) {
        Ok(detect::Kind::Recording(found)) => Some(found.harness),
        _ => None,
    }
}

/// The session that a recording's events belong to where its records do not say.
fn file_session(recording: &Recording) -> SessionId {
    recording.session.clone().unwrap_or_else(|| {
        let stem = packed::name(&recording.path)
            .file_stem()
            .unwrap_or_default();
        session_id(recording.harness, &stem.to_string_lossy())
    })
}

/// The id of a session: `HARNESS:ID`, so that ids of different harnesses never meet.
fn session_id(harness: Harness, id: &str) -> SessionId {
    let harness = match harness {
        Harness::ClaudeCode => "claude-code",
        Harness::Codex => "codex",
        Harness::Inspect => "inspect",
        Harness::SweAgent => "swe-agent",
        Harness::Chat => "chat",
        Harness::RJudge => "rjudge",
    };
    SessionId::new(format!("{harness}:{id}"))
}
