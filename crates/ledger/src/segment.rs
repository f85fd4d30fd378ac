//! Segment files: frames one after the other, and the index of a sealed one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::bytes::Cursor;
use crate::error::Error;
use crate::files::File;
use crate::frame::{self, Frame, HEAD_LEN, Head, SEGMENT_HEAD_LEN};
use crate::header::Header;
use crate::tree::Tree;

const INDEX: &[u8; 16] = b"proctor index 1\n";

/// First sequences and offsets of the frames of a segment.
pub(crate) type Frames = Vec<(u64, u64)>;

pub(crate) fn segment_path(dir: &Path, first: u64) -> PathBuf {
    dir.join("journal").join(format!("{first:020}.seg"))
}

pub(crate) fn index_path(dir: &Path, first: u64) -> PathBuf {
    dir.join("journal").join(format!("{first:020}.idx"))
}

/// First sequences of the segments that names in the journal's folder speak of, in order.
pub(crate) fn segments(names: &[String]) -> Vec<u64> {
    let mut found: Vec<u64> = names
        .iter()
        .filter_map(|name| name.strip_suffix(".seg"))
        .filter(|number| number.len() == 20)
        .filter_map(|number| number.parse().ok())
        .collect();
    found.sort_unstable();
    found
}

/// How a scan of a segment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// At the end of the file.
    Whole,
    /// The bytes from `at` on are not a whole frame; `head` is what their beginning still says.
    Torn { at: u64, head: Option<Head> },
}

/// Reads the frames of a segment in order, in bounded memory.
pub(crate) fn scan(
    file: &dyn File,
    path: &Path,
    first: u64,
    mut each: impl FnMut(u64, &Frame<'_>) -> Result<(), Error>,
) -> Result<End, Error> {
    let length = file.len().map_err(Error::io("read", path))?;
    let read = |at: u64, count: u64| -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; usize::try_from(count).unwrap_or_default()];
        file.read_exact_at(&mut bytes, at)
            .map_err(Error::io("read", path))?;
        Ok(bytes)
    };
    let start = SEGMENT_HEAD_LEN as u64;
    if length < start || read(0, start)? != frame::segment_head(first) {
        return Ok(End::Torn { at: 0, head: None });
    }
    // Frames are small next to a sync, and a segment has many: read in blocks.
    const BLOCK: u64 = 4 << 20;
    let (mut block, mut block_at, mut at) = (Vec::new(), start, start);
    while at < length {
        let mut skip = (at - block_at) as usize;
        let have = |block: &Vec<u8>, skip: usize, count: u64| {
            (block.len() - skip.min(block.len())) as u64 >= count
        };
        if !have(&block, skip, (HEAD_LEN as u64).min(length - at)) {
            block = read(at, BLOCK.min(length - at))?;
            (block_at, skip) = (at, 0);
        }
        let head = block.get(skip..).and_then(Head::decode);
        if let Some(head) = head
            && head.length <= length - at
            && !have(&block, skip, head.length)
        {
            block = read(at, head.length.max(BLOCK).min(length - at))?;
            (block_at, skip) = (at, 0);
        }
        match block.get(skip..).and_then(frame::decode) {
            Some((frame, used)) => {
                each(at, &frame)?;
                at += used as u64;
            }
            None => return Ok(End::Torn { at, head }),
        }
    }
    Ok(End::Whole)
}

/// What a sealed segment knows of the log up to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Index {
    pub(crate) frames: Frames,
    /// The last number of every source of the whole log so far.
    pub(crate) sources: BTreeMap<u64, u64>,
    pub(crate) tree: Tree,
}

impl Index {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = INDEX.to_vec();
        out.extend((self.frames.len() as u64).to_be_bytes());
        for (first, offset) in &self.frames {
            out.extend(first.to_be_bytes());
            out.extend(offset.to_be_bytes());
        }
        out.extend((self.sources.len() as u64).to_be_bytes());
        for (source, last) in &self.sources {
            out.extend(source.to_be_bytes());
            out.extend(last.to_be_bytes());
        }
        self.tree.encode(&mut out);
        out.extend(crc32c::crc32c(&out).to_be_bytes());
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (covered, checksum) = bytes.split_last_chunk::<4>()?;
        if u32::from_be_bytes(*checksum) != crc32c::crc32c(covered) {
            return None;
        }
        let mut cursor = Cursor::new(covered);
        if cursor.array::<16>()? != *INDEX {
            return None;
        }
        let count = cursor.u64()?;
        let mut frames = Frames::new();
        for _ in 0..count {
            frames.push((cursor.u64()?, cursor.u64()?));
        }
        let count = cursor.u64()?;
        let mut sources = BTreeMap::new();
        for _ in 0..count {
            sources.insert(cursor.u64()?, cursor.u64()?);
        }
        let tree = Tree::decode(&mut cursor)?;
        cursor.is_empty().then_some(Self {
            frames,
            sources,
            tree,
        })
    }
}

/// Offset of the frame that holds an entry.
pub(crate) fn frame_of(frames: &Frames, sequence: u64) -> Option<u64> {
    let after = frames.partition_point(|(first, _)| *first <= sequence);
    frames.get(after.checked_sub(1)?).map(|(_, at)| *at)
}

/// A segment as readers use it.
#[derive(Clone)]
pub(crate) struct Segment {
    pub(crate) first: u64,
    pub(crate) path: PathBuf,
    pub(crate) file: Arc<dyn File>,
    /// Nothing until somebody reads from this sealed segment.
    pub(crate) frames: Option<Arc<Frames>>,
}

impl Segment {
    /// Header and record of an entry of the frame that begins at `at`.
    pub(crate) fn read(&self, at: u64, sequence: u64) -> Result<(Header, Vec<u8>), Error> {
        let damaged = |at| Error::damaged("an entry cannot be read", &self.path, at);
        let read = |offset: u64, count: usize| -> Result<Vec<u8>, Error> {
            let mut bytes = vec![0; count];
            self.file
                .read_exact_at(&mut bytes, offset)
                .map_err(Error::io("read", &self.path))?;
            Ok(bytes)
        };
        let head = Head::decode(&read(at, HEAD_LEN)?).ok_or_else(|| damaged(at))?;
        let nth = sequence
            .checked_sub(head.first)
            .filter(|nth| *nth < u64::from(head.count))
            .ok_or_else(|| damaged(at))?;
        let headers = at + HEAD_LEN as u64;
        let header = read(headers + nth * Header::LEN as u64, Header::LEN)?;
        let header = Header::decode(&header)
            .filter(|header| header.sequence == sequence)
            .ok_or_else(|| damaged(at))?;
        let lengths_at = headers + u64::from(head.count) * Header::LEN as u64;
        let lengths = read(lengths_at, (nth as usize + 1) * 4)?;
        let mut lengths = lengths
            .chunks_exact(4)
            .filter_map(|bytes| Some(u64::from(u32::from_be_bytes(bytes.try_into().ok()?))));
        let before: u64 = lengths.by_ref().take(nth as usize).sum();
        let length = lengths.next().ok_or_else(|| damaged(at))?;
        let records = lengths_at + u64::from(head.count) * 4;
        if records + before + length > at + head.length {
            return Err(damaged(at));
        }
        Ok((header, read(records + before, length as usize)?))
    }
}
