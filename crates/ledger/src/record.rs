//! How a payload is stored: compressed, and what an earlier entry of the same segment already holds
//! is referred to instead of repeated.

use std::cell::RefCell;

use crate::bytes::{Cursor, put_varint};
use crate::payload::{Disclosure, Payload, Seed};

const DROPPED: u8 = 0;
const WHOLE: u8 = 1;
const PARTIAL: u8 = 2;
/// Level of compression: beyond 1 the time grows faster than the gain.
const LEVEL: i32 = 1;
/// Records below this many bytes are stored as they are.
const WORTH_COMPRESSING: usize = 64;

/// Where some of the stored bytes of an entry are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// In its own record: so many bytes, after those of the pieces before.
    Own(u64),
    /// Among the stored bytes of an earlier entry.
    Same { entry: u64, from: u64, length: u64 },
}

impl Piece {
    pub(crate) fn len(&self) -> u64 {
        match self {
            Piece::Own(length) | Piece::Same { length, .. } => *length,
        }
    }
}

/// A stored payload without the bytes that other entries hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) form: Form,
    pub(crate) pieces: Vec<Piece>,
    /// The bytes of the pieces of its own.
    pub(crate) own: Vec<u8>,
}

/// What is left of a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Nothing but its length in bytes: retention dropped it.
    Dropped(u64),
    /// All of it; the stored bytes are the raw bytes.
    Whole(Seed),
    /// What an erasure left; the stored bytes are those of the spans, one after the other.
    Partial(Box<Disclosure>, Vec<usize>),
}

/// What a reader gets.
pub(crate) enum Stored {
    Whole(Payload),
    Partial(Disclosure),
}

impl Stored {
    pub(crate) fn disclose(self) -> Disclosure {
        match self {
            Stored::Whole(payload) => payload.disclose(),
            Stored::Partial(disclosure) => disclosure,
        }
    }
}

/// Encodes a record of stored bytes that are cut into these pieces.
pub(crate) fn encode(form: &Form, pieces: &[Piece], stored: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(stored.len() + 64);
    let code = match form {
        Form::Dropped(length) => {
            let mut out = vec![DROPPED];
            put_varint(&mut out, *length);
            return out;
        }
        Form::Whole(seed) => {
            body.extend(seed);
            WHOLE
        }
        Form::Partial(disclosure, _) => {
            disclosure.encode_head(&mut body);
            PARTIAL
        }
    };
    put_varint(&mut body, pieces.len() as u64);
    let mut at = 0;
    for piece in pieces {
        put_varint(
            &mut body,
            piece.len() << 1 | u64::from(matches!(piece, Piece::Same { .. })),
        );
        if let Piece::Same { entry, from, .. } = piece {
            put_varint(&mut body, *entry);
            put_varint(&mut body, *from);
        }
    }
    for piece in pieces {
        let end = at + piece.len() as usize;
        if matches!(piece, Piece::Own(_)) {
            body.extend_from_slice(stored.get(at..end).unwrap_or_default());
        }
        at = end;
    }
    let mut out = vec![code];
    match compress(&body) {
        Some(packed) => {
            put_varint(&mut out, body.len() as u64);
            out.extend(packed);
        }
        None => {
            out.push(0);
            out.extend(body);
        }
    }
    out
}

/// Whether a record says that its payload was dropped.
pub(crate) fn is_dropped(bytes: &[u8]) -> bool {
    bytes.first() == Some(&DROPPED)
}

/// Reads a record; nothing if the bytes are not one.
pub(crate) fn decode(bytes: &[u8]) -> Option<Record> {
    let (code, rest) = bytes.split_first()?;
    if *code == DROPPED {
        let mut cursor = Cursor::new(rest);
        let length = cursor.varint()?;
        return cursor.rest().is_empty().then_some(Record {
            form: Form::Dropped(length),
            pieces: Vec::new(),
            own: Vec::new(),
        });
    }
    let mut cursor = Cursor::new(rest);
    let plain = cursor.varint()?;
    // The head of a partly erased payload adds paths and hashes to its bytes.
    if plain > 4 * Payload::MAX_BYTES {
        return None;
    }
    let unpacked;
    let body = if plain == 0 {
        cursor.rest()
    } else {
        unpacked = decompress(cursor.rest(), plain as usize)?;
        unpacked.as_slice()
    };
    let mut cursor = Cursor::new(body);
    let (form, length) = match *code {
        WHOLE => (Form::Whole(cursor.array()?), None),
        PARTIAL => {
            let mut lengths = Vec::new();
            let disclosure = Disclosure::decode_head(&mut cursor, &mut lengths)?;
            let total: u64 = lengths.iter().map(|length| *length as u64).sum();
            (Form::Partial(Box::new(disclosure), lengths), Some(total))
        }
        _ => return None,
    };
    let count = cursor.varint()?;
    let (mut pieces, mut all, mut own) = (Vec::new(), 0_u64, 0_u64);
    for _ in 0..count {
        let tag = cursor.varint()?;
        let length = tag >> 1;
        let piece = if tag & 1 == 1 {
            Piece::Same {
                entry: cursor.varint()?,
                from: cursor.varint()?,
                length,
            }
        } else {
            own += length;
            Piece::Own(length)
        };
        all = all.checked_add(length)?;
        if length == 0 || all > Payload::MAX_BYTES {
            return None;
        }
        pieces.push(piece);
    }
    let right = cursor.rest().len() as u64 == own && length.is_none_or(|length| length == all);
    right.then(|| Record {
        form,
        pieces,
        own: cursor.rest().to_vec(),
    })
}

impl Record {
    /// Number of its stored bytes.
    pub(crate) fn len(&self) -> u64 {
        self.pieces.iter().map(Piece::len).sum()
    }

    /// Length of the raw payload, what was erased or dropped of it included.
    pub(crate) fn raw_len(&self) -> u64 {
        match &self.form {
            Form::Dropped(length) => *length,
            Form::Whole(_) => self.len(),
            Form::Partial(disclosure, _) => disclosure.len(),
        }
    }

    /// The payload, given all its stored bytes.
    pub(crate) fn with(self, stored: Vec<u8>) -> Option<Stored> {
        match self.form {
            Form::Dropped(_) => None,
            Form::Whole(seed) => Some(Stored::Whole(Payload::from_parts(stored, seed))),
            Form::Partial(mut disclosure, lengths) => {
                disclosure.fill(&lengths, &stored)?;
                Some(Stored::Partial(*disclosure))
            }
        }
    }
}

thread_local! {
    static PACKER: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
}

fn compress(body: &[u8]) -> Option<Vec<u8>> {
    if body.len() < WORTH_COMPRESSING {
        return None;
    }
    PACKER.with_borrow_mut(|packer| {
        if packer.is_none() {
            *packer = zstd::bulk::Compressor::new(LEVEL).ok();
        }
        let packed = packer.as_mut()?.compress(body).ok()?;
        (packed.len() < body.len()).then_some(packed)
    })
}

fn decompress(packed: &[u8], plain: usize) -> Option<Vec<u8>> {
    // Bytes that would grow ten-thousandfold are not what this log wrote.
    if plain / 32_768 > packed.len() {
        return None;
    }
    let body = zstd::bulk::decompress(packed, plain).ok()?;
    (body.len() == plain).then_some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back() {
        let raw = b"abcdefgh".repeat(50);
        let pieces = [
            Piece::Own(100),
            Piece::Same {
                entry: 4,
                from: 9,
                length: 200,
            },
            Piece::Own(100),
        ];
        let form = Form::Whole([5; 16]);
        let record = decode(&encode(&form, &pieces, &raw)).unwrap();
        assert_eq!(record.form, form);
        assert_eq!(record.pieces, pieces);
        assert_eq!(record.own, [&raw[..100], &raw[300..]].concat());
        assert_eq!(record.len(), 400);
        let short = encode(&form, &[Piece::Own(3)], b"abc");
        assert_eq!(decode(&short).unwrap().own, b"abc");
        assert_eq!(
            decode(&encode(&Form::Dropped(700), &[], b"")).unwrap().form,
            Form::Dropped(700)
        );
        assert!(decode(&short[..short.len() - 1]).is_none());
        assert!(decode(&[]).is_none());
        assert!(decode(&[9, 0]).is_none());
    }
}
