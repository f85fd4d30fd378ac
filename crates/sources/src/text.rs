//! The text of a JSON value that is read more than once, wherever it stands.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::document::{Paths, Splitter};
use crate::emit::Record;

/// The bytes of one JSON value.
#[derive(Clone, Copy)]
pub(crate) enum Text<'a> {
    /// In memory, first byte at this offset of the file.
    Held(u64, &'a [u8]),
    /// A stretch of a file: its offset and length in bytes.
    File(&'a Path, u64, u64),
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
        })
    }

    /// Splits the value; the places of its elements are those in the file.
    pub(crate) fn split(self, paths: Paths) -> io::Result<Splitter<Box<dyn Read + 'a>>> {
        Ok(Splitter::new(self.open()?, self.offset(), paths))
    }

    /// Where the value begins in the file.
    pub(crate) fn offset(self) -> u64 {
        match self {
            Self::Held(offset, _) | Self::File(_, offset, _) => offset,
        }
    }

    /// A part of the value, by its place in the file. It must lie within the value.
    pub(crate) fn part(self, offset: u64, len: u64) -> Self {
        match self {
            Self::Held(start, bytes) => {
                let from = usize::try_from(offset.saturating_sub(start)).unwrap_or(usize::MAX);
                let len = usize::try_from(len).unwrap_or(usize::MAX);
                let part = bytes.get(from..).unwrap_or_default();
                Self::Held(offset, part.get(..len).unwrap_or(part))
            }
            Self::File(path, ..) => Self::File(path, offset, len),
        }
    }

    /// The record that stands for the whole value; its raw bytes are there where they are held.
    pub(crate) fn record(self) -> Record<'a> {
        match self {
            Self::Held(offset, bytes) => Record::new(offset, bytes),
            Self::File(_, offset, len) => Record::unread(offset, len, b""),
        }
    }

    /// Bytes of the value from this place of the file on.
    pub(crate) fn left(self, offset: u64) -> u64 {
        let end = match self {
            Self::Held(start, bytes) => start + bytes.len() as u64,
            Self::File(_, start, len) => start.saturating_add(len),
        };
        end.saturating_sub(offset)
    }
}
