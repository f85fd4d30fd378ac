//! Whatever is disclosed, nothing of the rest is in the file.

use proctor_ledger::{Anchors, Bundle, BundleRequest, Disclosure, Kind, Opening, Spans};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use crate::support::{append, judge, open};

/// Seeds of a payload's whole tree, each with the spans that it opens.
fn seeds(whole: &Disclosure) -> Vec<([u8; 16], std::ops::Range<u64>)> {
    fn below(seed: [u8; 16], lo: u64, hi: u64, out: &mut Vec<([u8; 16], std::ops::Range<u64>)>) {
        out.push((seed, lo..hi));
        if hi - lo > 1 {
            let middle = lo + (1 << (hi - lo - 1).ilog2());
            let both = Sha256::new().chain_update(b"\x13proctor salt\n");
            let both = both.chain_update(seed).finalize();
            below(both[..16].try_into().unwrap(), lo, middle, out);
            below(both[16..].try_into().unwrap(), middle, hi, out);
        }
    }
    // An open payload is written as tokenizer, two varints, tag, seed.
    let bytes = whole.encode();
    let mut at = 1;
    for _ in 0..2 {
        while bytes[at] >= 0x80 {
            at += 1;
        }
        at += 1;
    }
    assert_eq!(bytes[at], 1);
    let mut out = Vec::new();
    let seed = bytes[at + 1..at + 17].try_into().unwrap();
    below(seed, 0, whole.span_count(), &mut out);
    out
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_choice_of_spans_is_proven_and_hides_the_others(
        count in 1_usize..40, lines in any::<bool>(), chosen in any::<u64>(),
    ) {
        let word = |number: usize| format!("word-{number:04}-of-its-own");
        let raw = match lines {
            true => (0..count).map(|number| word(number) + "\n").collect::<String>(),
            false => serde_json::to_string(&(0..count).map(word).collect::<Vec<_>>()).unwrap(),
        };
        let dir = tempfile::tempdir().unwrap();
        let log = open(dir.path());
        let entry = append(&log, 1, Kind(17), &raw).sequence;
        let whole = log.payload(entry).unwrap();
        let is_open = |number: u64| chosen >> (number % 64) & 1 == 1;
        let numbers = (0..whole.span_count()).filter(|number| is_open(*number));
        let request = BundleRequest {
            sources: vec![1],
            opening: Opening {
                show: numbers.map(|number| Spans::Numbers(number..number + 1)).collect(),
                ..Opening::default()
            },
            ..BundleRequest::default()
        };
        let text = log.bundle(&request).unwrap().to_text().unwrap();
        let report = judge(text.as_bytes(), None, &Anchors::default()).unwrap();
        prop_assert!(report.proven, "{report}");
        let bundle = Bundle::parse(text.as_bytes()).unwrap();
        let (_, shown) = bundle.payloads.iter().find(|(at, _)| *at == entry).unwrap();
        let bytes = shown.encode();
        let mut hidden_bytes = 0;
        for (number, span) in whole.numbered() {
            if is_open(number) {
                prop_assert!(shown.spans().contains(&span));
            } else {
                hidden_bytes += span.bytes.len() as u64;
                // Text between values is the same everywhere, a value is not.
                prop_assert!(!span.bytes.starts_with(b"word") || !holds(&bytes, &span.bytes));
                prop_assert!(!shown.spans().contains(&span));
            }
        }
        for (seed, opens) in seeds(&whole) {
            if opens.clone().any(|number| !is_open(number)) {
                prop_assert!(!holds(&bytes, &seed), "a seed of {opens:?} is in the file");
            }
        }
        let told: u64 = report.withheld.iter().filter_map(|one| one.bytes).sum();
        prop_assert_eq!(told, hidden_bytes);
    }
}
