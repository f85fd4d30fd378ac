//! The text of a JSON value that is read more than once, wherever it stands.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::archive::{Archive, Member};
use crate::document::{Paths, Splitter};
use crate::emit::Record;

/// The bytes of one JSON value.
#[derive(Clone, Copy)]
pub(crate) enum Text<'a> {
    /// In memory, first byte at this offset of the file.
    Held(u64, &'a [u8]),
    /// A stretch of a file: its offset and length in bytes.
    File(&'a Path, u64, u64),
    /// A member of an archive, as a whole.
    Member(&'a Archive, &'a Member),
}

impl<'a> Text<'a> {
    /// A reader of the bytes, from the first one on.
    pub(crate) fn open(self) -> io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            Self::Held(_, bytes) => Box::new(bytes),
            Self::File(path, offset, len) => {
                let mut file = File::open(path)?;
                file.seek(SeekFrom::Start(offset))?;
                Box::new(file.take(len))
            }
            Self::Member(archive, member) => Box::new(archive.contents(member)?),
        })
    }

    /// Splits the value; the places of its elements are those in the file.
    pub(crate) fn split(self, paths: Paths) -> io::Result<Splitter<Box<dyn Read + 'a>>> {
        Ok(Splitter::new(self.open()?, self.offset(), paths))
    }

    /// Where the value begins in the file or member.
    pub(crate) fn offset(self) -> u64 {
        match self {
            Self::Held(offset, _) | Self::File(_, offset, _) => offset,
            Self::Member(..) => 0,
        }
    }

    /// The record that stands for the whole value; its raw bytes are there where they are held.
    pub(crate) fn record(self) -> Record<'a> {
        match self {
            Self::Held(offset, bytes) => Record::new(offset, bytes),
            Self::File(_, offset, len) => Record::unread(offset, len, b""),
            Self::Member(_, member) => Record::unread(0, member.size, b""),
        }
    }

    /// Bytes of the value from this place of the file or member on.
    pub(crate) fn left(self, offset: u64) -> u64 {
        let end = match self {
            Self::Held(start, bytes) => start + bytes.len() as u64,
            Self::File(_, start, len) => start.saturating_add(len),
            Self::Member(_, member) => member.size,
        };
        end.saturating_sub(offset)
    }
}
