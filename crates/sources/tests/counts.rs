//! Nothing is lost: what the readers give out agrees with a plain walk of the same files.
//!
//! The walk shares no code with the readers. It runs over the recordings beside the repository,
//! where they are there.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proctor_model::{Event, EventKind, Harness, Role, SessionId};
use proctor_sources::{ReadReport, Recording, read};
use serde_json::Value;

#[path = "counts/chat.rs"]
mod chat;
#[path = "counts/inspect.rs"]
mod inspect;
#[path = "counts/swe_agent.rs"]
mod swe_agent;

/// What is counted of a session.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    system: u64,
    user: u64,
    calls: u64,
    results: u64,
    gaps: u64,
    /// Letters of what the agent wrote and thought, blanks and reasoning tags aside.
    letters: u64,
    thoughts: u64,
}

/// The folder of shared recordings, or `None` (said on standard error) where there is none.
fn shared(folder: &str) -> Option<PathBuf> {
    let data = std::env::var_os("PROCTOR_SHARED_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let folder = data.join(folder);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no shared data");
    None
}

/// The files of a folder with this extension, sorted.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .collect();
    files.sort();
    files
}

/// Counts what the reader gives out, by session, and checks every place against the file's bytes
/// as far as it is a plain file.
fn counted(path: &Path, harness: Harness) -> (BTreeMap<SessionId, Counts>, ReadReport) {
    let bytes = fs::read(path).unwrap();
    let recording = Recording {
        path: path.to_owned(),
        harness,
        bytes: bytes.len() as u64,
        session: None,
        started: None,
        modified: None,
    };
    let mut sessions: BTreeMap<SessionId, Counts> = BTreeMap::new();
    let mut sink = |event: Event, raw: &[u8]| {
        if event.at.source.member.is_none() && !raw.is_empty() {
            let start = usize::try_from(event.at.offset).unwrap();
            assert_eq!(&bytes[start..start + raw.len()], raw, "at {}", event.at);
        }
        let counts = sessions.entry(event.session).or_default();
        match event.kind {
            EventKind::Message(message) => match message.role {
                Role::System => counts.system += 1,
                Role::User => counts.user += 1,
                Role::Assistant => counts.letters += letters(&message.text),
            },
            EventKind::Reasoning(reasoning) => {
                counts.thoughts += 1;
                counts.letters += letters(&reasoning.text);
            }
            EventKind::ToolCall(call) => {
                assert!(!call.id.is_empty() && !call.name.is_empty(), "{}", event.at);
                counts.calls += 1;
            }
            EventKind::ToolResult(_) => counts.results += 1,
            EventKind::Gap(_) => counts.gaps += 1,
            _ => {}
        }
    };
    let mut read_bytes = 0;
    let report = read(&recording, &mut |n| read_bytes += n, &mut sink);
    assert_eq!(
        read_bytes,
        recording.bytes,
        "progress of {}",
        path.display()
    );
    (sessions, report)
}

fn letters(text: &str) -> u64 {
    let bare = ["<thinking>", "</thinking>", "<think>", "</think>"]
        .iter()
        .fold(text.to_owned(), |text, tag| text.replace(tag, ""));
    bare.chars().filter(|c| !c.is_whitespace()).count() as u64
}

fn rows(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|row| serde_json::from_str(row).unwrap())
        .collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn string(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
