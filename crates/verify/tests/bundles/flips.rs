//! No byte of a bundle can be changed unseen.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proctor_ledger::{Anchors, Bundle, BundleRequest, Kind, Opening, Spans};
use sha2::{Digest, Sha256};

use crate::support::{append, attribute, judge, open};

/// A bundle of one session of two entries, with a withheld span and both reasons and title.
pub(crate) fn small() -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    // Not in the bundle, so that no other source could be claimed to be whole.
    append(&log, 0, Kind(20), "{}");
    let mine = [
        append(&log, 1, Kind(17), "{\"a\":\"open\",\"b\":\"shut\"}"),
        append(&log, 1, Kind(17), "[1]"),
    ];
    let request = BundleRequest {
        title: "t".to_owned(),
        sources: vec![1],
        entries: vec![attribute(&log, "s", &mine).sequence],
        opening: Opening {
            show: vec![Spans::All],
            hide: vec![Spans::Pointer(b"/b".to_vec())],
            reason: "r".to_owned(),
        },
        earlier: vec![crate::support::remember(&log)],
        ..BundleRequest::default()
    };
    append(&log, 2, Kind(17), "[2]");
    let text = log.bundle(&request).unwrap().to_text().unwrap();
    text.into_bytes()
}

/// The file with another end, which fits what stands before.
pub(crate) fn resealed(raw: &[u8]) -> Vec<u8> {
    let end = raw[..raw.len() - 1].iter().rposition(|byte| *byte == b'\n');
    let body = &raw[..=end.unwrap()];
    let hash = STANDARD.encode(Sha256::digest(body));
    [
        body,
        format!("{{\"type\":\"end\",\"hash\":\"{hash}\"}}\n").as_bytes(),
    ]
    .concat()
}

/// The file with each byte changed in several ways.
pub(crate) fn flipped(raw: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    let changes = [0x01_u8, 0x02, 0x04, 0x10, 0x20, 0x80];
    (0..raw.len()).flat_map(move |at| {
        changes.into_iter().map(move |change| {
            let mut raw = raw.to_vec();
            raw[at] ^= change;
            raw
        })
    })
}

#[test]
fn a_byte_changed_anywhere_shows() {
    let raw = small();
    let none = Anchors::default();
    assert!(judge(&raw, None, &none).unwrap().proven);
    for changed in flipped(&raw) {
        let proven = judge(&changed, None, &none).is_some_and(|report| report.proven);
        assert!(!proven, "{}", String::from_utf8_lossy(&changed));
    }
}

/// With a new end, only the words of the maker can be changed: they are said to be no more.
#[test]
fn a_byte_changed_and_sealed_anew_shows_but_in_words() {
    let raw = small();
    let none = Anchors::default();
    let silent = |raw: &[u8]| {
        let mut bundle = Bundle::parse(raw).unwrap();
        bundle.title.clear();
        bundle
            .withheld
            .iter_mut()
            .for_each(|(_, reason)| reason.clear());
        bundle
    };
    let (mut words, mut faults) = (0, 0);
    let end = raw[..raw.len() - 1]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .unwrap();
    for changed in flipped(&raw) {
        if changed[end..] != raw[end..] {
            continue;
        }
        let changed = resealed(&changed);
        match judge(&changed, None, &none) {
            Some(report) if report.proven => {
                let text = String::from_utf8_lossy(&changed);
                assert!(silent(&changed) == silent(&raw), "{text}");
                words += 1;
            }
            Some(_) => faults += 1,
            None => {}
        }
    }
    assert!(words > 0 && words < 20, "{words}");
    assert!(faults > 1000, "most changes are read and found: {faults}");
}
