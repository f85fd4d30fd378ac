//! Checkpoints: what a log says of itself at one size (C2SP `tlog-checkpoint`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::error::NoteError;
use crate::key::{Key, PublicKey};
use crate::merkle::Hash;
use crate::note::Note;

/// Origin, size and root of a log at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Name of the log, a URL without a scheme.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// RFC 6962 root of these entries' headers.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed.
    pub fn text(&self) -> String {
        format!(
            "{}\n{}\n{}\n",
            self.origin,
            self.size,
            STANDARD.encode(self.root)
        )
    }

    /// Reads the text of a checkpoint; lines that follow the root are extensions and are left.
    ///
    /// # Errors
    /// If the text is not a checkpoint.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        Self::read(text).ok_or(NoteError::Malformed("the checkpoint"))
    }

    fn read(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let origin = lines.next().filter(|line| !line.is_empty())?;
        let size = lines.next()?;
        let plain = size == "0"
            || (!size.starts_with('0') && size.bytes().all(|byte| byte.is_ascii_digit()));
        let root = STANDARD.decode(lines.next()?).ok()?;
        if !plain || lines.any(str::is_empty) {
            return None;
        }
        Some(Self {
            origin: origin.to_owned(),
            size: size.parse().ok()?,
            root: root.as_slice().try_into().ok()?,
        })
    }

    /// The checkpoint as a note signed by the key.
    ///
    /// # Errors
    /// If the origin holds a control character.
    pub fn sign(&self, key: &Key) -> Result<Note, NoteError> {
        let mut note = Note::new(self.text())?;
        note.add(key.sign(note.text()));
        Ok(note)
    }

    /// Reads a note as a checkpoint, if the key signed it.
    ///
    /// # Errors
    /// If it is not a checkpoint, or not signed by that key.
    pub fn open(note: &Note, key: &PublicKey) -> Result<Self, NoteError> {
        if key.verify(note).is_none() {
            return Err(NoteError::Unsigned);
        }
        Self::parse(note.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_example() {
        let text =
            "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let checkpoint = Checkpoint::parse(text).unwrap();
        assert_eq!(checkpoint.origin, "example.com/behind-the-sofa");
        assert_eq!(checkpoint.size, 20_852_163);
        assert_eq!(checkpoint.text(), text);
        let extended = format!("{text}an extension\n");
        assert_eq!(Checkpoint::parse(&extended).unwrap(), checkpoint);
    }

    #[test]
    fn malformed_checkpoints_are_refused() {
        let root = STANDARD.encode([7; 32]);
        for bad in [
            String::new(),
            format!("\n1\n{root}\n"),
            format!("log\n01\n{root}\n"),
            format!("log\n+1\n{root}\n"),
            format!("log\n-1\n{root}\n"),
            format!("log\n99999999999999999999\n{root}\n"),
            format!("log\n1\n{root}"),
            format!("log\n1\n{root}\n\n"),
            "log\n1\nAAAA\n".to_owned(),
            "log\n1\n".to_owned(),
        ] {
            assert!(Checkpoint::parse(&bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn agrees_with_tlog_tiles() {
        let checkpoint = Checkpoint {
            origin: "example.com/log".to_owned(),
            size: 12_345,
            root: [7; 32],
        };
        let text = checkpoint.text();
        let theirs = tlog_tiles::checkpoint::Checkpoint::from_bytes(text.as_bytes()).unwrap();
        assert_eq!(theirs.to_bytes(), text.as_bytes());
        assert_eq!(theirs.size(), 12_345);
        assert_eq!(theirs.hash().0, [7; 32]);
        assert_eq!(theirs.origin(), "example.com/log");
    }
}
