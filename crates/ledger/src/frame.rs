//! Commit frames: what one group commit writes, and one sync makes durable.

use crate::bytes::Cursor;
use crate::header::Header;
use crate::merkle::Hash;

const MAGIC: [u8; 4] = *b"PF\x01\n";
const SEGMENT: &[u8; 16] = b"proctor segment\n";

/// Bytes of a frame before its headers.
pub(crate) const HEAD_LEN: usize = 24;
/// Bytes of a frame after its records: root, signature, checksum.
const FOOT_LEN: usize = 32 + 64 + 4;
/// Bytes of a segment before its first frame.
pub(crate) const SEGMENT_HEAD_LEN: usize = 28;
/// Longest frame, in bytes.
pub(crate) const MAX_FRAME: u64 = 1 << 30;

/// A frame, read and found whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) first: u64,
    pub(crate) headers: Vec<&'a [u8]>,
    pub(crate) records: Vec<&'a [u8]>,
    pub(crate) root: Hash,
    pub(crate) signature: [u8; 64],
}

/// The fixed beginning of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) length: u64,
    pub(crate) first: u64,
    pub(crate) count: u32,
}

impl Head {
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(bytes);
        let covered = cursor.take(HEAD_LEN - 4)?;
        if cursor.u32()? != crc32c::crc32c(covered) {
            return None;
        }
        let mut cursor = Cursor::new(covered);
        if cursor.array::<4>()? != MAGIC {
            return None;
        }
        let length = u64::from(cursor.u32()?);
        let head = Self {
            length,
            first: cursor.u64()?,
            count: cursor.u32()?,
        };
        let least =
            HEAD_LEN as u64 + u64::from(head.count) * (Header::LEN as u64 + 4) + FOOT_LEN as u64;
        (length >= least && length <= MAX_FRAME && head.count > 0).then_some(head)
    }
}

/// A frame as bytes.
pub(crate) fn encode<'a>(
    first: u64,
    headers: &[[u8; Header::LEN]],
    records: impl Iterator<Item = &'a [u8]> + Clone,
    root: &Hash,
    signature: &[u8; 64],
) -> Vec<u8> {
    let body: usize = records.clone().map(|record| record.len() + 4).sum();
    let length = HEAD_LEN + headers.len() * Header::LEN + body + FOOT_LEN;
    let mut out = Vec::with_capacity(length);
    out.extend(MAGIC);
    out.extend((length as u32).to_be_bytes());
    out.extend(first.to_be_bytes());
    out.extend((headers.len() as u32).to_be_bytes());
    out.extend(crc32c::crc32c(&out).to_be_bytes());
    for header in headers {
        out.extend_from_slice(header);
    }
    for record in records.clone() {
        out.extend((record.len() as u32).to_be_bytes());
    }
    for record in records {
        out.extend_from_slice(record);
    }
    out.extend_from_slice(root);
    out.extend_from_slice(signature);
    out.extend(crc32c::crc32c(&out).to_be_bytes());
    out
}

/// Reads the frame at the beginning of the bytes; nothing if it is not whole and undamaged.
pub(crate) fn decode(bytes: &[u8]) -> Option<(Frame<'_>, usize)> {
    let head = Head::decode(bytes)?;
    let length = usize::try_from(head.length).ok()?;
    let bytes = bytes.get(..length)?;
    let (covered, checksum) = bytes.split_last_chunk::<4>()?;
    if u32::from_be_bytes(*checksum) != crc32c::crc32c(covered) {
        return None;
    }
    let mut cursor = Cursor::new(covered);
    cursor.take(HEAD_LEN)?;
    let count = head.count as usize;
    let headers = cursor.take(count * Header::LEN)?;
    let headers = headers.chunks_exact(Header::LEN).collect();
    let lengths = (0..count)
        .map(|_| cursor.u32())
        .collect::<Option<Vec<_>>>()?;
    let records = lengths
        .into_iter()
        .map(|length| cursor.take(length as usize))
        .collect::<Option<Vec<_>>>()?;
    let root = cursor.array()?;
    let signature = cursor.array()?;
    let frame = Frame {
        first: head.first,
        headers,
        records,
        root,
        signature,
    };
    cursor.is_empty().then_some((frame, length))
}

/// Whether a whole frame begins anywhere in the bytes.
pub(crate) fn any_frame(bytes: &[u8]) -> bool {
    bytes
        .windows(MAGIC.len())
        .enumerate()
        .filter(|(_, window)| **window == MAGIC)
        .any(|(at, _)| bytes.get(at..).is_some_and(|rest| decode(rest).is_some()))
}

/// The beginning of a segment whose first entry has this sequence.
pub(crate) fn segment_head(first: u64) -> Vec<u8> {
    let mut out = SEGMENT.to_vec();
    out.extend(first.to_be_bytes());
    out.extend(crc32c::crc32c(&out).to_be_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Vec<u8> {
        let records: [&[u8]; 2] = [b"one", b""];
        encode(
            7,
            &[[1; Header::LEN], [2; Header::LEN]],
            records.into_iter(),
            &[3; 32],
            &[4; 64],
        )
    }

    #[test]
    fn a_frame_comes_back() {
        let bytes = example();
        let (frame, length) = decode(&bytes).unwrap();
        assert_eq!(length, bytes.len());
        assert_eq!((frame.first, frame.headers.len()), (7, 2));
        assert_eq!(frame.records, [&b"one"[..], b""]);
        assert_eq!((frame.root, frame.signature), ([3; 32], [4; 64]));
    }

    #[test]
    fn any_flipped_byte_and_any_cut_shows() {
        let bytes = example();
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 0x40;
            assert!(decode(&other).is_none(), "byte {at}");
            assert!(decode(&bytes[..at]).is_none(), "cut at {at}");
        }
        assert!(any_frame(&[b"noise", &bytes[..]].concat()));
        assert!(!any_frame(&bytes[1..]));
    }
}
