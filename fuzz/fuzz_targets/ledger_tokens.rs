//! The tokenizer on any bytes: its spans are the bytes, within their bounds, and prove.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proctor_ledger::{MAX_SPAN, Payload};

fuzz_target!(|bytes: &[u8]| {
    let payload = Payload::new(bytes).expect("short enough");
    let disclosure = payload.disclose();
    assert_eq!(disclosure.raw().as_deref(), Some(bytes));
    let mut at = 0;
    for span in disclosure.spans() {
        assert_eq!(span.offset, at);
        assert!(!span.bytes.is_empty() && span.bytes.len() <= MAX_SPAN);
        assert!(span.path.len() <= 255);
        at = span.range().end;
    }
    let root = payload.root();
    assert!(disclosure.proves(&root));
    assert!(
        disclosure
            .withhold(|number, _| number % 3 == 0)
            .proves(&root)
    );
});
