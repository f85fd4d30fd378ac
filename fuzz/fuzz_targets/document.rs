//! Bytes of any kind as a JSON document: its elements stand where they are said to, in order, and
//! they are those that a parser finds.

#![no_main]

#[path = "../../crates/sources/src/document/mod.rs"]
#[allow(
    dead_code,
    reason = "the reader's own module, of which this uses a part"
)]
mod document;

use document::{Paths, Piece, Splitter};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let whole: Option<Value> = serde_json::from_slice(bytes).ok();
    let paths = Paths::new(&["$[*]", "$.a[*].b", "$.a[*]", "$.b.*", "$.*", "$"]);
    let places = Paths::new(&[]).places(&["$[*]", "$.a[*].b", "$.a[*]", "$.b.*", "$.*", "$"]);
    let mut found = Vec::new();
    let mut end = 0;
    let mut splitter = Splitter::new(bytes, 0, paths);
    while let Some(piece) = splitter.next() {
        match piece {
            Piece::Element {
                path, offset, raw, ..
            } => {
                let at = offset as usize;
                assert!(at >= end, "elements do not overlap");
                assert_eq!(&bytes[at..at + raw.len()], raw);
                end = at + raw.len();
                if whole.is_some() {
                    assert!(serde_json::from_slice::<Value>(raw).is_ok());
                }
                found.push((path, offset, raw.len() as u64));
            }
            Piece::Long { .. } => panic!("nothing is too long here"),
            Piece::Broken { offset, .. } => {
                assert!(offset as usize <= bytes.len());
                assert!(whole.is_none(), "what a parser takes is not broken");
            }
        }
    }
    if let Some(Value::Array(items)) = whole {
        let count = found.iter().filter(|(path, ..)| *path == 0).count();
        assert_eq!(count, items.len());
    }
    let mut splitter = Splitter::new(bytes, 0, places);
    let mut found = found.into_iter();
    while let Some(piece) = splitter.next() {
        if let Piece::Long {
            path, offset, len, ..
        } = piece
        {
            assert_eq!(found.next(), Some((path, offset, len)));
        }
    }
    assert_eq!(found.next(), None);
});
