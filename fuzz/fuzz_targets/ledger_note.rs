//! Signed notes, checkpoints and keys of any kind: what is taken is written the same again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proctor_ledger::{Checkpoint, Key, Note, PublicKey};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(note) = Note::parse(bytes) {
        let text = note.to_string();
        assert_eq!(Note::parse(text.as_bytes()).as_ref(), Ok(&note));
        if let Ok(checkpoint) = Checkpoint::parse(note.text()) {
            assert!(note.text().starts_with(&checkpoint.text()));
        }
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        assert_eq!(Checkpoint::parse(&checkpoint.text()), Ok(checkpoint));
    }
    if let Ok(key) = text.parse::<PublicKey>() {
        assert_eq!(key.to_string().parse(), Ok(key));
    }
    if let Ok(key) = Key::parse(text) {
        assert!(Key::parse(&key.to_secret_text()).is_ok());
    }
});
