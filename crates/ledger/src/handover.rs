//! Changing the signing key, so that the old one vouches for the new.

use std::path::Path;

use crate::error::Error;
use crate::header::{Header, Kind};
use crate::key::{Key, PublicKey};
use crate::log::{Log, lock};
use crate::note::Note;
use crate::open::NEXT_KEY;
use crate::own::HandOver;

impl Log {
    /// Makes a new signing key. The old key signs an entry that names it, with the new key's own
    /// signature in it; every commit after that is signed by the new key.
    ///
    /// # Errors
    /// If the key file or the entry cannot be written; the old key stays then. If only the last
    /// rename fails, the new key signs already and opening the log again completes the change.
    pub fn hand_over(&self) -> Result<Header, Error> {
        let inner = &self.inner;
        let next = Key::generate(&inner.origin)?;
        let next_path = inner.key_path.with_extension(NEXT_KEY);
        inner
            .files
            .replace(&next_path, next.to_secret_text().as_bytes())
            .map_err(Error::io("create", &next_path))?;
        let (old, new) = (self.key().to_string(), next.public().to_string());
        let text = HandOver::text(&inner.origin, &old, &new);
        let entry = HandOver {
            old,
            new,
            signature: next.sign(&text).to_string(),
        };
        // The commit that makes the entry durable is the last that the old key signs.
        lock(&inner.writer).next = Some(next);
        let appended = inner.append_own(Kind::HANDOVER, &entry);
        let mut writer = lock(&inner.writer);
        let header = match appended {
            Ok(header) => header,
            Err(error) => {
                writer.next = None;
                return Err(error);
            }
        };
        let folder = inner.key_path.parent().unwrap_or(Path::new("."));
        inner
            .files
            .rename(&next_path, &inner.key_path)
            .and_then(|()| inner.files.sync_dir(folder))
            .map_err(Error::io("rename", &next_path))?;
        Ok(header)
    }
}

impl HandOver {
    /// The new key, if the hand-over is from this key and the new one's holder agreed.
    pub(crate) fn check(&self, origin: &str, old: &PublicKey) -> Option<PublicKey> {
        let new: PublicKey = self.new.parse().ok()?;
        if self.old != old.to_string() || new.name() != origin {
            return None;
        }
        let mut note = Note::new(Self::text(origin, &self.old, &self.new)).ok()?;
        note.add(crate::note::Signature::parse(&self.signature)?);
        new.verify(&note)?;
        Some(new)
    }
}
