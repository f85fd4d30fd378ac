//! What several fuzz targets check alike.

use std::collections::HashSet;
use std::path::PathBuf;

use proctor_model::{Event, EventKind, Harness};
use proctor_sources::{ReadReport, Recording, read_lines};

/// Reads bytes as a recording of a line format: every event stands where its bytes are, no line is
/// lost, and the same bytes give the same events.
pub fn check_lines(harness: Harness, bytes: &[u8]) {
    let (events, report) = read(harness, bytes);
    assert_eq!(report.bytes, bytes.len() as u64, "all of it is read");
    let lines = bytes
        .split(|b| *b == b'\n')
        .filter(|line| {
            !line
                .strip_prefix(b"\xef\xbb\xbf")
                .unwrap_or(line)
                .trim_ascii()
                .is_empty()
        })
        .count();
    assert!(report.records >= lines as u64, "no line is lost");
    assert_eq!((events, report), read(harness, bytes));
}

fn read(harness: Harness, bytes: &[u8]) -> (Vec<Event>, ReadReport) {
    let mut events: Vec<Event> = Vec::new();
    let mut sink = |event: Event, raw: &[u8]| {
        let at = event.at.offset as usize;
        assert_eq!(&bytes[at..at + raw.len()], raw, "the raw bytes stand there");
        assert_eq!(event.seq, events.len() as u64);
        if let Some(last) = events.last() {
            let key = |e: &Event| (e.at.offset, e.at.part);
            assert!(key(last) < key(&event), "places are unique and in order");
        }
        events.push(event);
    };
    let report = read_lines(harness, bytes, &mut sink);
    (events, report)
}

/// Reads bytes as a file of a document format: every event of the file itself stands where its
/// bytes are, no place is given twice, the counts agree, and the same bytes give the same events.
pub fn check_file(harness: Harness, bytes: &[u8]) {
    let path = scratch();
    std::fs::write(&path, bytes).expect("the scratch file can be written");
    let recording = Recording {
        path,
        harness,
        bytes: bytes.len() as u64,
        session: None,
        started: None,
        modified: None,
    };
    let (events, report) = read_file(&recording, bytes);
    let places: HashSet<_> = events.iter().map(|event| &event.at).collect();
    assert_eq!(places.len(), events.len(), "a place names one event");
    assert_eq!(report.events, events.len() as u64);
    let gaps = events
        .iter()
        .filter(|e| matches!(e.kind, EventKind::Gap(_)));
    assert_eq!(report.gaps, gaps.count() as u64);
    assert_eq!((events, report), read_file(&recording, bytes));
}

fn read_file(recording: &Recording, bytes: &[u8]) -> (Vec<Event>, ReadReport) {
    let mut events: Vec<Event> = Vec::new();
    let mut told = 0;
    let mut sink = |event: Event, raw: &[u8]| {
        if event.at.source.member.is_none() {
            let at = event.at.offset as usize;
            assert_eq!(&bytes[at..at + raw.len()], raw, "the raw bytes stand there");
        }
        assert_eq!(event.seq, events.len() as u64);
        events.push(event);
    };
    let report = proctor_sources::read(recording, &mut |more| told += more, &mut sink);
    assert_eq!(told, bytes.len() as u64, "progress reaches the end");
    (events, report)
}

/// A file that this process writes over and over, in memory where there is such a place.
fn scratch() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let dir = if memory.is_dir() {
        memory
    } else {
        std::env::temp_dir()
    };
    dir.join(format!("proctor-fuzz-{}", std::process::id()))
}
