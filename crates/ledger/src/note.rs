//! Signed notes: a text and signature lines below it (C2SP `signed-note`).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::error::NoteError;

/// A text with signatures, none of them checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

/// One signature line of a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Name of the key that signed, as the line states it.
    pub name: String,
    /// Key id, as the line states it.
    pub id: [u8; 4],
    /// What follows the key id; its form depends on the kind of key.
    pub bytes: Vec<u8>,
}

impl Note {
    /// Longest note that is read, in bytes.
    pub const MAX_BYTES: usize = 1 << 20;
    /// Most signature lines that are read.
    pub const MAX_SIGNATURES: usize = 100;

    /// A note without signatures.
    ///
    /// # Errors
    /// If the text does not end in a newline or holds a control character.
    pub fn new(text: impl Into<String>) -> Result<Self, NoteError> {
        let text = text.into();
        if !text.ends_with('\n') || !is_plain(&text) {
            return Err(NoteError::Malformed("the text"));
        }
        Ok(Self {
            text,
            signatures: Vec::new(),
        })
    }

    /// Reads a note of at least one signature.
    ///
    /// # Errors
    /// If the bytes are not a note, or beyond the bounds above.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > Self::MAX_BYTES {
            return Err(NoteError::Malformed("its length"));
        }
        let note =
            std::str::from_utf8(bytes).map_err(|_| NoteError::Malformed("its characters"))?;
        if !is_plain(note) {
            return Err(NoteError::Malformed("its characters"));
        }
        let (text, lines) = note
            .rsplit_once("\n\n")
            .ok_or(NoteError::Malformed("the blank line before signatures"))?;
        let lines = lines
            .strip_suffix('\n')
            .ok_or(NoteError::Malformed("the end of the last line"))?;
        let mut parsed = Self {
            text: format!("{text}\n"),
            signatures: Vec::new(),
        };
        for line in lines.split('\n') {
            if parsed.signatures.len() == Self::MAX_SIGNATURES {
                return Err(NoteError::Malformed("the number of signatures"));
            }
            let signature = Signature::parse(line).ok_or(NoteError::Malformed("a signature"))?;
            parsed.signatures.push(signature);
        }
        Ok(parsed)
    }

    /// What is signed, with its last newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines, in order.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Adds a signature line, unless it is there already.
    pub fn add(&mut self, signature: Signature) {
        if !self.signatures.contains(&signature) {
            self.signatures.push(signature);
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for signature in &self.signatures {
            writeln!(f, "{signature}")?;
        }
        Ok(())
    }
}

impl Signature {
    /// Reads one signature line, without its newline.
    pub fn parse(line: &str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
        if !is_key_name(name) {
            return None;
        }
        let blob = STANDARD.decode(encoded).ok()?;
        let (id, bytes) = blob.split_first_chunk::<4>()?;
        (!bytes.is_empty()).then(|| Self {
            name: name.to_owned(),
            id: *id,
            bytes: bytes.to_vec(),
        })
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blob = [&self.id, self.bytes.as_slice()].concat();
        write!(f, "\u{2014} {} {}", self.name, STANDARD.encode(blob))
    }
}

/// Whether a name can stand in a signature line and in a key.
pub(crate) fn is_key_name(name: &str) -> bool {
    !name.is_empty()
        && !name
            .chars()
            .any(|c| c == '+' || c.is_whitespace() || c.is_control())
}

fn is_plain(text: &str) -> bool {
    !text.bytes().any(|byte| byte < 0x20 && byte != b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{Key, PublicKey};

    // The example of the Go implementation, which the specification repeats.
    const VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const SKEY: &str =
        "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const TEXT: &str = "If you think cryptography is the answer to your problem,\n\
                        then you don't know what your problem is.\n";
    const LINE: &str = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1\
                        FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";

    #[test]
    fn published_example() {
        let key = Key::parse(SKEY).unwrap();
        let public: PublicKey = VKEY.parse().unwrap();
        assert_eq!(key.public(), &public);
        assert_eq!(public.to_string(), VKEY);
        let mut note = Note::new(TEXT).unwrap();
        note.add(key.sign(TEXT));
        assert_eq!(note.to_string(), format!("{TEXT}\n{LINE}\n"));
        assert_eq!(Note::parse(note.to_string().as_bytes()).unwrap(), note);
        assert!(public.verify(&note).is_some());
        let changed = note.to_string().replace("problem", "Problem");
        let changed = Note::parse(changed.as_bytes()).unwrap();
        assert!(public.verify(&changed).is_none());
    }

    /// The example of the cosignature specification; it publishes no key, so the line is read only.
    #[test]
    fn published_cosignature_line() {
        let line = "\u{2014} witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI\
                    5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==";
        let signature = Signature::parse(line).unwrap();
        assert_eq!(signature.id, [0x8d, 0x66, 0xcf, 0x3f]);
        assert_eq!(signature.bytes.len(), 8 + 64);
        assert_eq!(signature.bytes[..8], 1_679_315_147_u64.to_be_bytes());
        assert_eq!(signature.to_string(), line);
    }

    #[test]
    fn malformed_notes_are_refused() {
        let good = format!("{TEXT}\n{LINE}\n");
        for bad in [
            String::new(),
            TEXT.to_owned(),
            format!("{TEXT}\n"),
            format!("{TEXT}\n{LINE}"),
            format!("{TEXT}{LINE}\n"),
            format!("{TEXT}\n{LINE}\n\n"),
            good.replace('\u{2014}', "-"),
            good.replace("PeterNeumann", "Peter Neumann"),
            good.replace("PeterNeumann", "Peter+Neumann"),
            good.replace("x08go", "x08g*"),
            good.replace("answer", "ans\twer"),
            format!("{TEXT}\n{}", format!("{LINE}\n").repeat(101)),
        ] {
            assert!(Note::parse(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert!(Note::parse(good.as_bytes()).is_ok());
        assert!(Note::parse(b"\xff\n\n").is_err());
    }

    /// Every mangling of a key is refused, as in the tests of the Go implementation.
    #[test]
    fn mangled_keys_are_refused() {
        for start in 0..VKEY.len() {
            for end in start + 1..=VKEY.len() {
                if (start, end) != (0, VKEY.len()) {
                    assert!(VKEY.get(start..end).unwrap().parse::<PublicKey>().is_err());
                }
            }
        }
        assert!(format!("{VKEY}=").parse::<PublicKey>().is_err());
    }

    #[test]
    fn agrees_with_signed_note() {
        use signed_note::{StandardVerifier, Verifier};
        let key = Key::generate("example.com/log").unwrap();
        let mut note = Note::new("example.com/log\n7\nAAAA\n").unwrap();
        note.add(key.sign(note.text()));
        let theirs = StandardVerifier::new(&key.public().to_string()).unwrap();
        let bytes = note.to_string().into_bytes();
        let read = signed_note::Note::from_bytes(&bytes).unwrap();
        assert_eq!(read.to_bytes(), bytes);
        assert_eq!(theirs.key_id(), u32::from_be_bytes(key.public().id()));
        assert!(theirs.verify(read.text(), &note.signatures()[0].bytes));
    }
}
