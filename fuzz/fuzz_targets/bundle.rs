//! Evidence bundles of any kind: what is read is written the same again but for its end, the check
//! gives the same answer twice, and nothing is proven that was not sealed and signed.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proctor_ledger::{Anchors, Bundle};
use proctor_verify::check;

fuzz_target!(|bytes: &[u8]| {
    let Ok(bundle) = Bundle::parse(bytes) else {
        return;
    };
    let text = bundle.to_text().expect("what was read keeps the bounds");
    let end = text.rfind("{\"type\":\"end\"").expect("a bundle has an end");
    assert_eq!(text.as_bytes().get(..end), bytes.get(..end));
    assert_eq!(bundle.sealed, text.as_bytes() == bytes);
    let again = Bundle::parse(text.as_bytes()).expect("what was written is read");
    assert!(again.sealed);
    let mut known = Anchors {
        remembered: vec![bundle.checkpoint.note.clone()],
        ..Anchors::default()
    };
    for earlier in &bundle.earlier {
        known.remembered.push(earlier.signed.note.clone());
    }
    let report = check(&bundle, None, &known);
    assert_eq!(report, check(&bundle, None, &known));
    assert_eq!(report.proven, report.faults.is_empty());
    assert!(!report.proven || (bundle.sealed && !report.signers.is_empty()));
    assert_eq!(report.entries, report.open + report.withheld.len() as u64);
    for one in &report.withheld {
        assert!(one.bytes <= one.of, "no more is hidden than there is");
    }
    assert!(!report.to_string().contains('\u{1b}'));
});
