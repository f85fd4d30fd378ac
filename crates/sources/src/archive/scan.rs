//! Finding members by their own headers, where an archive has no directory.

use std::io::{self, Read, Seek, SeekFrom};

use memchr::memmem;

use super::directory::member_name;
use super::{
    Fields, Flaw, LOCAL_HEADER, MOST_MEMBERS, MOST_NAMES, Member, damaged, large_sizes, push,
};

/// First bytes of a local header.
pub(super) const LOCAL: u32 = 0x0403_4b50;
/// First bytes of the directory, or of what ends an archive: no member stands behind.
const AFTER: [[u8; 4]; 3] = [*b"PK\x01\x02", *b"PK\x05\x06", *b"PK\x06\x06"];

/// How much is searched at once.
const CHUNK: usize = 256 << 10;

/// Finds the members of an archive of `len` bytes, in the order of the file.
pub(super) fn members(
    file: &mut (impl Read + Seek),
    len: u64,
    flaws: &mut Vec<Flaw>,
) -> io::Result<Vec<Member>> {
    let mut members = Vec::new();
    let mut names = 0;
    let mut at = 0;
    while at < len {
        if members.len() >= MOST_MEMBERS || names > MOST_NAMES {
            push(flaws, at, len - at, || {
                "more members than are read".to_owned()
            });
            break;
        }
        let Some((member, next)) = member(file, at, len)? else {
            let next = next_header(file, at + 1, len)?.unwrap_or(len);
            if !is_after(file, at)? {
                push(flaws, at, next - at, || {
                    format!("{} bytes between its members", next - at)
                });
            }
            at = next;
            continue;
        };
        names += member.name.len();
        members.push(member);
        at = next;
    }
    Ok(members)
}

/// The member whose header stands at this place, and where the next one can begin.
fn member(file: &mut (impl Read + Seek), at: u64, len: u64) -> io::Result<Option<(Member, u64)>> {
    let head = read_at(file, at, LOCAL_HEADER as usize)?;
    let fields = Fields(&head);
    if head.len() < LOCAL_HEADER as usize || fields.u32(0) != Some(LOCAL) {
        return Ok(None);
    }
    let [flags, method, name_len, extra_len] =
        [6, 8, 26, 28].map(|at| fields.u16(at).unwrap_or_default());
    let [crc, compressed, size] = [14, 18, 22].map(|at| fields.u32(at).unwrap_or_default());
    let rest_len = usize::from(name_len) + usize::from(extra_len);
    let rest = read_at(file, at + LOCAL_HEADER, rest_len)?;
    let (name, extra) = rest
        .split_at_checked(name_len.into())
        .unwrap_or((&rest, &[]));
    let mut large = large_sizes(extra);
    let mut wide = |value: u32| match value {
        u32::MAX => large.next().unwrap_or(value.into()),
        value => u64::from(value),
    };
    let (size, compressed) = (wide(size), wide(compressed));
    let data = at + LOCAL_HEADER + rest_len as u64;
    // A writer that could not go back wrote the sizes behind the contents.
    let sizes_follow = flags & 8 != 0 && compressed == 0;
    let end = data.saturating_add(compressed);
    let (compressed, next) = if sizes_follow {
        let next = next_header(file, data, len)?.unwrap_or(len);
        (next - data.min(next), next)
    } else if end <= len {
        (compressed, end)
    } else {
        // Cut off: what is there of it can be read.
        (len.saturating_sub(data), len)
    };
    let member = Member {
        name: member_name(name),
        header: at,
        compressed,
        size,
        method,
        encrypted: flags & 1 != 0,
        crc: (!sizes_follow).then_some(crc),
    };
    // Every step must go forward.
    Ok((next > at).then_some((member, next)))
}

/// Where the next local header or the directory begins, from this place on.
fn next_header(file: &mut (impl Read + Seek), from: u64, len: u64) -> io::Result<Option<u64>> {
    let mut at = from;
    while at < len {
        let chunk = read_at(file, at, CHUNK)?;
        let found = memmem::find_iter(&chunk, b"PK").find(|i| {
            let found = chunk.get(*i..).and_then(|rest| rest.first_chunk::<4>());
            found.is_some_and(|mark| *mark == LOCAL.to_le_bytes() || AFTER.contains(mark))
        });
        if let Some(found) = found {
            return Ok(Some(at + found as u64));
        }
        // A mark may begin in the last three bytes.
        let passed = chunk.len().saturating_sub(3) as u64;
        if passed == 0 {
            break;
        }
        at += passed;
    }
    Ok(None)
}

fn is_after(file: &mut (impl Read + Seek), at: u64) -> io::Result<bool> {
    let mark = read_at(file, at, 4)?;
    Ok(mark.first_chunk().is_some_and(|mark| AFTER.contains(mark)))
}

/// Up to `most` bytes from this place on.
fn read_at(file: &mut (impl Read + Seek), at: u64, most: usize) -> io::Result<Vec<u8>> {
    if at > i64::MAX as u64 {
        return Err(damaged("a place beyond any file"));
    }
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    file.by_ref().take(most as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}
