//! Commit frames, stored records and indexes of any kind: what is taken is within its bounds.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proctor_ledger::fuzzing;

fuzz_target!(|bytes: &[u8]| {
    if let Some(length) = fuzzing::frame(bytes) {
        assert!(length <= bytes.len(), "a frame lies in its bytes");
        assert_eq!(fuzzing::frame(&bytes[..length]), Some(length));
        assert_eq!(fuzzing::frame(&bytes[..length - 1]), None, "and needs all");
    }
    if let Some(length) = fuzzing::record(bytes) {
        assert!(length <= proctor_ledger::Payload::MAX_BYTES);
    }
    let _ = fuzzing::index(bytes);
});
