//! What the tests of all readers share.

use std::path::PathBuf;

use proctor_model::{Event, EventKind, Harness, SessionId};

use crate::{ReadReport, Recording};

/// Events as lines of text: the session where it changes, then what happened.
pub(crate) fn outline(events: &[Event]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut session: Option<&SessionId> = None;
    for event in events {
        if session != Some(&event.session) {
            lines.push(format!("== {}", event.session));
            session = Some(&event.session);
        }
        lines.push(line(&event.kind));
    }
    lines
}

fn line(kind: &EventKind) -> String {
    match kind {
        EventKind::Session(note) => {
            let value = serde_json::to_value(note).unwrap();
            let fields = value.as_object().unwrap().iter();
            let fields: Vec<_> = fields
                .filter(|(_, v)| !v.is_null())
                .map(|(k, v)| match v.as_str() {
                    Some(text) => format!("{k}={text}"),
                    None => format!("{k}={v}"),
                })
                .collect();
            format!("note {}", fields.join(" "))
        }
        EventKind::Message(m) => format!("{:?}/{:?}: {}", m.role, m.origin, m.text),
        EventKind::Reasoning(r) => format!("reasoning {:?}: {}", r.state, r.text),
        EventKind::ToolCall(c) => format!("call {} {} {}", c.id, c.name, c.input),
        EventKind::ToolResult(r) => {
            let mut line = format!("result {}: {:?}", r.call_id, r.text);
            for (set, word) in [
                (r.is_error == Some(true), "error"),
                (r.refused, "refused"),
                (r.interrupted, "interrupted"),
            ] {
                if set {
                    line = format!("{line} {word}");
                }
            }
            if let Some(code) = r.exit_code {
                line = format!("{line} exit={code}");
            }
            if let Some(agent) = &r.agent {
                line = format!("{line} agent={agent}");
            }
            line
        }
        EventKind::Usage(t) => format!(
            "usage {} {}/{} cache {}/{}",
            t.request.as_deref().unwrap_or("-"),
            t.input,
            t.output,
            t.cache_read,
            t.cache_write
        ),
        EventKind::Boundary(b) => format!("boundary {b:?}"),
        EventKind::Gap(g) => format!("gap {:?}: {}", g.cause, g.detail),
        EventKind::Other { name, known } => {
            format!("{} {name}", if *known { "known" } else { "UNKNOWN" })
        }
    }
}

/// Reads a text as a recording of this name.
pub(crate) fn read_text(
    harness: Harness,
    name: &str,
    text: impl AsRef<[u8]>,
) -> (Vec<Event>, ReadReport) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, text).unwrap();
    read_path(harness, path)
}

/// Reads a file as a recording, and checks what holds of all readers.
pub(crate) fn read_path(harness: Harness, path: PathBuf) -> (Vec<Event>, ReadReport) {
    let bytes = std::fs::read(&path).unwrap();
    let recording = match crate::detect(&path).unwrap() {
        Some(found) if found.harness == harness => found,
        _ => Recording {
            path,
            harness,
            bytes: bytes.len() as u64,
            session: None,
            started: None,
            modified: None,
        },
    };
    let mut events: Vec<Event> = Vec::new();
    let mut told = 0;
    let report = crate::read(
        &recording,
        &mut |more| told += more,
        &mut |event: Event, raw: &[u8]| {
            if event.at.source.member.is_none() && event.at.source.path == recording.path {
                let at = usize::try_from(event.at.offset).unwrap();
                let stands = &bytes[at..at + raw.len()];
                assert_eq!(stands, raw, "the raw bytes stand where the event says");
            }
            assert_eq!(event.seq, events.len() as u64);
            events.push(event);
        },
    );
    assert_eq!(told, bytes.len() as u64);
    assert_eq!(report.bytes, bytes.len() as u64);
    assert_eq!(report.events, events.len() as u64);
    let gaps = events
        .iter()
        .filter(|e| matches!(e.kind, EventKind::Gap(_)));
    assert_eq!(report.gaps, gaps.count() as u64);
    let mut places: Vec<_> = events.iter().map(|e| &e.at).collect();
    places.sort();
    places.dedup();
    assert_eq!(places.len(), events.len(), "a place names one event");
    (events, report)
}
