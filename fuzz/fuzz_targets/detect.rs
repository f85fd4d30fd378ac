//! Bytes of any kind as a file found somewhere: telling what it is ends, and ends the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proctor_sources::detect_bytes;

fuzz_target!(|bytes: &[u8]| {
    let found = detect_bytes(bytes);
    assert_eq!(found, detect_bytes(bytes));
    // What stands before the first line does not hide what follows.
    let mut spoilt = b"\0\0\n".to_vec();
    spoilt.extend_from_slice(bytes);
    if let Some(harness) = found.filter(|_| bytes.first() == Some(&b'{')) {
        assert_eq!(detect_bytes(&spoilt), Some(harness));
    }
});
