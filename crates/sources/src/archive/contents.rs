//! The contents of a member as a stream that ends before it becomes a bomb.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read, Take};
use std::rc::Rc;

use flate2::Crc;
use flate2::read::DeflateDecoder;

use super::{Member, damaged};

/// The most bytes that one member may hold: 8 GiB.
pub(super) const MOST_BYTES: u64 = 8 << 30;

/// A member that holds more than this may not be packed tighter than [`TIGHTEST`].
const SMALL: u64 = 64 << 20;

/// How many times its packed size a large member may be.
const TIGHTEST: u64 = 1_000;

/// The largest window that a stream may ask for, as a power of two: 64 MiB.
const LARGEST_WINDOW: u32 = 26;

/// Ways of packing.
const STORED: u16 = 0;
const DEFLATE: u16 = 8;
const ZSTD: [u16; 2] = [93, 20];

/// Reads what a member holds, and fails where it is damaged or expands beyond all measure.
pub(crate) struct Contents {
    unpacked: Box<dyn Read>,
    /// Packed bytes read so far.
    packed: Rc<Cell<u64>>,
    /// Bytes given out so far.
    given: u64,
    /// Bytes that the archive may still give.
    room: Rc<Cell<u64>>,
    sum: Crc,
    expected: Option<u32>,
}

impl Contents {
    /// Reads a member whose packed bytes begin where `file` stands. `room` is how many bytes the
    /// archive may still give.
    pub(super) fn new(file: File, member: &Member, room: Rc<Cell<u64>>) -> io::Result<Self> {
        let packed = Rc::new(Cell::new(0));
        let counted = Counted {
            file: file.take(member.compressed),
            read: Rc::clone(&packed),
        };
        let buffered = BufReader::with_capacity(64 << 10, counted);
        let unpacked: Box<dyn Read> = match member.method {
            STORED => Box::new(buffered),
            DEFLATE => Box::new(DeflateDecoder::new(buffered)),
            method if ZSTD.contains(&method) => {
                let mut decoder = zstd::Decoder::with_buffer(buffered)?;
                decoder.window_log_max(LARGEST_WINDOW)?;
                Box::new(decoder)
            }
            method => return Err(damaged(format!("packed by the unknown method {method}"))),
        };
        Ok(Self {
            unpacked,
            packed,
            given: 0,
            room,
            sum: Crc::new(),
            expected: member.crc,
        })
    }
}

impl Read for Contents {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let read = self
            .unpacked
            .read(room)
            .map_err(|error| match error.kind() {
                io::ErrorKind::Interrupted => error,
                _ => damaged(error.to_string()),
            })?;
        if read == 0 && !room.is_empty() {
            return match self.expected {
                Some(expected) if expected != self.sum.sum() => {
                    Err(damaged("its checksum does not fit its contents"))
                }
                _ => Ok(0),
            };
        }
        self.sum.update(room.get(..read).unwrap_or_default());
        self.given += read as u64;
        let bomb = self.given > SMALL && self.given / TIGHTEST > self.packed.get();
        let room = self.room.get().checked_sub(read as u64);
        self.room.set(room.unwrap_or_default());
        if bomb || self.given > MOST_BYTES || room.is_none() {
            return Err(damaged(format!(
                "it expands beyond the bound: {} bytes from {}",
                self.given,
                self.packed.get()
            )));
        }
        Ok(read)
    }
}

/// Counts the bytes that are read.
struct Counted {
    file: Take<File>,
    read: Rc<Cell<u64>>,
}

impl Read for Counted {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(room)?;
        self.read.set(self.read.get() + read as u64);
        Ok(read)
    }
}
