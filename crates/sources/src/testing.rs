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

/// Bytes that are nearly a recording: lines of JSON built from the names that readers know, some of
/// them cut, joined or spoilt.
pub(crate) fn nearly(
    names: &'static [&'static str],
    texts: &'static [&'static str],
) -> impl proptest::strategy::Strategy<Value = Vec<u8>> {
    use proptest::prelude::*;
    use proptest::sample::select;

    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("-1".to_owned()),
        Just(r#""\ud83d""#.to_owned()),
        select(texts).prop_map(|text| serde_json::to_string(text).unwrap()),
        "[a-z<>/{}\"\\\\]{0,6}".prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    let value = leaf.prop_recursive(5, 40, 6, move |inner| {
        let entry = (select(names), inner.clone())
            .prop_map(|(name, value)| format!("{}:{value}", serde_json::to_string(name).unwrap()));
        prop_oneof![
            proptest::collection::vec(inner, 0..4)
                .prop_map(|items| format!("[{}]", items.join(","))),
            proptest::collection::vec(entry, 0..6)
                .prop_map(|items| format!("{{{}}}", items.join(","))),
        ]
    });
    let line = (value, 0..8_u8, any::<u8>()).prop_map(|(line, spoil, byte)| {
        let mut line = line.into_bytes();
        match spoil {
            0 => line.truncate(line.len() / 2),
            1 => line.push(byte),
            _ => line.push(b'\n'),
        }
        line
    });
    proptest::collection::vec(line, 0..6).prop_map(|lines| lines.concat())
}

/// Reads bytes as a recording and checks the promises that every reader gives: it does not fail,
/// every event stands where its bytes are, and the same bytes give the same events.
pub(crate) fn keeps_its_promises(harness: Harness, bytes: &[u8]) {
    let read = || {
        let mut events: Vec<Event> = Vec::new();
        let report = crate::read_lines(harness, bytes, &mut |event: Event, raw: &[u8]| {
            let at = usize::try_from(event.at.offset).unwrap();
            assert_eq!(bytes[at..at + raw.len()], *raw);
            assert_eq!(event.seq, events.len() as u64);
            events.push(event);
        });
        (events, report)
    };
    let (events, report) = read();
    assert_eq!(report.bytes, bytes.len() as u64);
    let nothing = |b: &u8| b.is_ascii_whitespace();
    let lines = bytes
        .split(|b| *b == b'\n')
        .filter(|line| !line.iter().all(nothing));
    let bom = b"\xef\xbb\xbf";
    let lines = lines.filter(|line| line.trim_ascii() != bom).count();
    assert!(
        report.records >= lines as u64,
        "{report:?} of {lines} lines"
    );
    assert_eq!((events, report), read());
}
