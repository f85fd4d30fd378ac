//! Disclosures and proofs of any kind: what is taken is written the same again, and its open spans
//! lie in the payload.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proctor_ledger::{Disclosure, Proof};

fuzz_target!(|bytes: &[u8]| {
    if let Some(proof) = Proof::decode(bytes) {
        assert_eq!(proof.encode(), bytes);
    }
    let Some(disclosure) = Disclosure::decode(bytes) else {
        return;
    };
    assert_eq!(
        Disclosure::decode(&disclosure.encode()).as_ref(),
        Some(&disclosure)
    );
    if disclosure.root().is_some() {
        let mut at = 0;
        for span in disclosure.spans() {
            let range = span.range();
            assert!(at <= range.start || !disclosure.hidden().is_empty());
            at = range.end;
        }
    }
    let root = disclosure.root();
    let hidden = disclosure.withhold(|number, _| number % 2 == 0);
    if root.is_some() {
        assert_eq!(hidden.root(), root, "hiding changes no root");
    }
});
