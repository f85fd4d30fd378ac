//! The central directory, which stands at the end of an archive.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use super::{Fields, Flaw, LONGEST_NAME, MOST_MEMBERS, MOST_NAMES, Member, large_sizes, push};

/// First bytes of an entry.
const ENTRY: u32 = 0x0201_4b50;
/// First bytes of the record that ends the archive.
const END: u32 = 0x0605_4b50;
/// First bytes of the same record in large archives, and of what tells its place.
const LARGE_END: u32 = 0x0606_4b50;
const LARGE_LOCATOR: u32 = 0x0706_4b50;

/// How far from the end of the file the last record can begin.
const TAIL: u64 = 22 + 0xffff;

/// Reads the directory; the inner error says why there is none that can be used.
pub(super) fn read(
    file: &mut (impl Read + Seek),
    len: u64,
    flaws: &mut Vec<Flaw>,
) -> io::Result<Result<Vec<Member>, String>> {
    let Some(end) = find_end(file, len)? else {
        return Ok(Err("it has no directory: it is cut off".to_owned()));
    };
    // Bytes before the archive move everything in it.
    let moved = (end.at.checked_sub(end.size))
        .and_then(|start| start.checked_sub(end.offset))
        .unwrap_or_default();
    let start = end.offset.saturating_add(moved);
    file.seek(SeekFrom::Start(start))?;
    let mut entries = BufReader::with_capacity(64 << 10, file.take(end.size));
    let mut members = Vec::new();
    let mut names = 0;
    for number in 0..end.entries {
        if members.len() >= MOST_MEMBERS || names > MOST_NAMES {
            push(flaws, start, 0, || {
                let left = end.entries - number;
                format!("more members than are read: {left} are left out")
            });
            break;
        }
        match entry(&mut entries, moved)? {
            Ok(member) => {
                names += member.name.len();
                members.push(member);
            }
            Err(reason) => return Ok(Err(reason)),
        }
    }
    Ok(Ok(members))
}

/// What the record at the end of an archive says.
struct End {
    /// Where the record stands, or its large form.
    at: u64,
    entries: u64,
    /// Length of the directory, and where it begins by its own count.
    size: u64,
    offset: u64,
}

fn find_end(file: &mut (impl Read + Seek), len: u64) -> io::Result<Option<End>> {
    let start = len.saturating_sub(TAIL);
    file.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    file.by_ref().take(TAIL).read_to_end(&mut tail)?;
    let Some(at) = memchr::memmem::rfind(&tail, &END.to_le_bytes()) else {
        return Ok(None);
    };
    let record = Fields(tail.get(at..).unwrap_or_default());
    let (Some(entries), Some(size), Some(offset)) =
        (record.u16(10), record.u32(12), record.u32(16))
    else {
        return Ok(None);
    };
    let small = End {
        at: start + at as u64,
        entries: entries.into(),
        size: size.into(),
        offset: offset.into(),
    };
    if entries < u16::MAX && size < u32::MAX && offset < u32::MAX {
        return Ok(Some(small));
    }
    let locator = at.checked_sub(20).and_then(|at| tail.get(at..)).map(Fields);
    let large = match locator.filter(|locator| locator.u32(0) == Some(LARGE_LOCATOR)) {
        Some(locator) => large_end(file, locator.u64(8).unwrap_or_default())?,
        None => None,
    };
    Ok(Some(large.unwrap_or(small)))
}

fn large_end(file: &mut (impl Read + Seek), at: u64) -> io::Result<Option<End>> {
    file.seek(SeekFrom::Start(at))?;
    let mut record = Vec::new();
    file.by_ref().take(56).read_to_end(&mut record)?;
    let record = Fields(&record);
    let (Some(LARGE_END), Some(entries), Some(size), Some(offset)) = (
        record.u32(0),
        record.u64(32),
        record.u64(40),
        record.u64(48),
    ) else {
        return Ok(None);
    };
    Ok(Some(End {
        at,
        entries,
        size,
        offset,
    }))
}

/// Reads one entry.
fn entry(entries: &mut impl Read, moved: u64) -> io::Result<Result<Member, String>> {
    let mut fixed = [0; 46];
    if let Err(error) = entries.read_exact(&mut fixed) {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof => Ok(Err("its directory is cut off".to_owned())),
            _ => Err(error),
        };
    }
    let fields = Fields(&fixed);
    let [flags, method, name_len, extra_len, comment_len] =
        [8, 10, 28, 30, 32].map(|at| fields.u16(at).unwrap_or_default());
    let [signature, crc, compressed, size, header] =
        [0, 16, 20, 24, 42].map(|at| fields.u32(at).unwrap_or_default());
    if signature != ENTRY {
        return Ok(Err("its directory is damaged".to_owned()));
    }
    let mut rest = Vec::new();
    let rest_len = u64::from(name_len) + u64::from(extra_len) + u64::from(comment_len);
    entries.take(rest_len).read_to_end(&mut rest)?;
    let (name, extra) = rest
        .split_at_checked(name_len.into())
        .unwrap_or((&rest, &[]));
    let extra = extra.get(..extra_len.into()).unwrap_or_default();
    let mut large = large_sizes(extra);
    let mut wide = |value: u32| match value {
        u32::MAX => large.next().unwrap_or(value.into()),
        value => value.into(),
    };
    let (size, compressed, header) = (wide(size), wide(compressed), wide(header));
    Ok(Ok(Member {
        name: member_name(name),
        header: header.saturating_add(moved),
        compressed,
        size,
        method,
        encrypted: flags & 1 != 0,
        crc: Some(crc),
    }))
}

/// The name of a member, cut where it is too long.
pub(super) fn member_name(name: &[u8]) -> String {
    let name = name.get(..LONGEST_NAME).unwrap_or(name);
    String::from_utf8_lossy(name).into_owned()
}
