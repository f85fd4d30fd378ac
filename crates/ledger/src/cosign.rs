//! Keeping what witnesses say of the log.

use crate::checkpoint::Checkpoint;
use crate::error::{Error, NoteError};
use crate::key::PublicKey;
use crate::log::Log;
use crate::note::Note;

impl Log {
    /// Keeps a witness's cosignature. `note` is a checkpoint of this log with it.
    ///
    /// # Errors
    /// If the witness did not cosign it, or it is not a checkpoint of this log.
    pub fn add_cosignature(&self, note: &Note, witness: &PublicKey) -> Result<(), Error> {
        let cosigned = witness.verify(note).and_then(|good| good.cosigned);
        if cosigned.is_none() {
            return Err(NoteError::Unsigned.into());
        }
        let checkpoint = Checkpoint::parse(note.text())?;
        let (now, signed) = self.checkpoint()?;
        let mine = self.key().verify(note).is_some();
        if checkpoint.origin != now.origin || checkpoint.size > now.size || !mine {
            return Err(Error::Impossible("the checkpoint is not of this log"));
        }
        drop(signed);
        let mut kept = note.clone();
        if let Some(before) = self.cosigned()? {
            let older = Checkpoint::parse(before.text())?;
            if older.size > checkpoint.size {
                return Err(Error::Impossible("a later checkpoint is cosigned already"));
            }
            if older == checkpoint {
                let lines = before.signatures().iter().cloned();
                lines.for_each(|line| kept.add(line));
            }
        }
        let path = self.inner.dir.join("cosigned");
        self.inner
            .files
            .replace(&path, kept.to_string().as_bytes())
            .map_err(Error::io("write", &path))
    }

    /// The latest checkpoint that a witness cosigned, with all signatures on it.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    pub fn cosigned(&self) -> Result<Option<Note>, Error> {
        let path = self.inner.dir.join("cosigned");
        match self.inner.files.read(&path) {
            Ok(bytes) => Ok(Some(Note::parse(&bytes)?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("read", path)(error)),
        }
    }
}
