//! What several fuzz targets check alike.

use proctor_model::{Event, Harness};
use proctor_sources::{ReadReport, read_lines};

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
