//! Zip archives, read with suspicion.
//!
//! An archive is read by its central directory. Where that is missing, because the file was cut
//! off, its members are found one by one by their own headers. What looks wrong is a [`Flaw`]:
//! members that share their bytes (a small file can so hold an enormous one many times over), that
//! stand twice under one name, that are encrypted. The contents of a member are a stream with
//! bounds of its own. Names are names only: nothing is ever written to disk.

mod contents;
mod directory;
mod scan;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::rc::Rc;

pub(crate) use self::contents::Contents;

/// The most members that are read.
pub(crate) const MOST_MEMBERS: usize = 100_000;

/// The longest name of a member, in bytes.
const LONGEST_NAME: usize = 1_024;

/// The most bytes of names in one archive.
const MOST_NAMES: usize = 16 << 20;

/// How many times its size an archive may give, all its members together and every reading of
/// them, beside what a single member may.
const MOST_TIMES: u64 = 300;

/// Length of a local header without name and extra field.
const LOCAL_HEADER: u64 = 30;

/// An archive whose members are known.
pub(crate) struct Archive {
    path: PathBuf,
    members: Vec<Member>,
    flaws: Vec<Flaw>,
    /// Bytes that reading its members may still give, all together.
    room: Rc<Cell<u64>>,
}

/// One member, as far as its headers tell.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// Its name, replacement characters where that is not UTF-8.
    pub(crate) name: String,
    /// Where its local header stands in the file.
    pub(crate) header: u64,
    /// Bytes it takes in the file, compressed.
    pub(crate) compressed: u64,
    /// Bytes it says it holds.
    pub(crate) size: u64,
    method: u16,
    encrypted: bool,
    /// Checksum of its contents, where the headers tell.
    crc: Option<u32>,
}

/// What is wrong with an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// Where, in the file.
    pub(crate) offset: u64,
    /// How many bytes of the file cannot be read because of it; 0 where none are lost.
    pub(crate) len: u64,
    /// In plain words.
    pub(crate) detail: String,
}

impl Archive {
    /// Opens an archive of `len` bytes and finds its members.
    ///
    /// # Errors
    ///
    /// Fails where the file cannot be read. A damaged archive is no error: it has flaws.
    pub(crate) fn open(path: &Path, len: u64) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut flaws = Vec::new();
        let members = match directory::read(&mut file, len, &mut flaws)? {
            Ok(members) => members,
            Err(reason) => {
                flaws.push(Flaw {
                    offset: len,
                    len: 0,
                    detail: format!("{reason}; its members were found one by one"),
                });
                scan::members(&mut file, len, &mut flaws)?
            }
        };
        let mut members = distinct(apart(members, &mut flaws), &mut flaws);
        for member in &mut members {
            // What the headers say need not be so.
            member.compressed = member.compressed.min(len);
            member.size = member.size.min(contents::MOST_BYTES);
        }
        Ok(Self {
            path: path.to_owned(),
            members,
            flaws,
            room: Rc::new(Cell::new(
                len.saturating_mul(MOST_TIMES)
                    .saturating_add(contents::MOST_BYTES),
            )),
        })
    }

    /// The members, in the order of the directory.
    pub(crate) fn members(&self) -> &[Member] {
        &self.members
    }

    /// What is wrong with the archive.
    pub(crate) fn flaws(&self) -> &[Flaw] {
        &self.flaws
    }

    /// The contents of a member, from their first byte on.
    ///
    /// # Errors
    ///
    /// Fails where the member cannot be read at all; a flaw that shows later fails the stream.
    pub(crate) fn contents(&self, member: &Member) -> io::Result<Contents> {
        if member.encrypted {
            return Err(damaged("encrypted"));
        }
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(member.header))?;
        let mut header = [0; LOCAL_HEADER as usize];
        file.read_exact(&mut header)?;
        let header = Fields(&header);
        if header.u32(0) != Some(scan::LOCAL) {
            return Err(damaged("no member stands where the directory says"));
        }
        let [name, extra] = [26, 28].map(|at| i64::from(header.u16(at).unwrap_or_default()));
        file.seek(SeekFrom::Current(name + extra))?;
        Contents::new(file, member, Rc::clone(&self.room))
    }
}

/// An error of a damaged archive, as opposed to one of the disk.
fn damaged(why: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.into())
}

/// The members that share no bytes with an earlier one.
fn apart(mut members: Vec<Member>, flaws: &mut Vec<Flaw>) -> Vec<Member> {
    let mut order: Vec<usize> = (0..members.len()).collect();
    order.sort_by_key(|i| members.get(*i).map(|m| m.header));
    let mut end = 0;
    let mut shared = vec![false; members.len()];
    for i in order {
        let (Some(member), Some(shared)) = (members.get(i), shared.get_mut(i)) else {
            continue;
        };
        if member.header < end {
            *shared = true;
            push(flaws, member.header, 0, || {
                format!("`{}` shares its bytes with another member", member.name)
            });
            continue;
        }
        let name = member.name.len() as u64;
        end = (member.header + LOCAL_HEADER + name).saturating_add(member.compressed);
    }
    let mut shared = shared.into_iter();
    members.retain(|_| shared.next() != Some(true));
    members
}

/// The members without those that a later one of the same name replaces, as in the program that
/// wrote them.
fn distinct(mut members: Vec<Member>, flaws: &mut Vec<Flaw>) -> Vec<Member> {
    let mut last = BTreeMap::new();
    for (i, member) in members.iter().enumerate() {
        last.insert(member.name.clone(), i);
    }
    let mut i = 0;
    members.retain(|member| {
        let keep = last.get(&member.name) == Some(&i);
        i += 1;
        if !keep {
            push(flaws, member.header, member.compressed, || {
                format!("`{}` stands twice; the last one is read", member.name)
            });
        }
        keep
    });
    members
}

/// Notes a flaw; a hostile archive has only so many.
fn push(flaws: &mut Vec<Flaw>, offset: u64, len: u64, detail: impl FnOnce() -> String) {
    const MOST_FLAWS: usize = 1_000;
    if flaws.len() < MOST_FLAWS {
        flaws.push(Flaw {
            offset,
            len,
            detail: detail(),
        });
    }
}

/// The numbers of a header, little end first.
#[derive(Clone, Copy)]
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn u16(self, at: usize) -> Option<u16> {
        Some(u16::from_le_bytes(self.bytes(at)?))
    }

    fn u32(self, at: usize) -> Option<u32> {
        Some(u32::from_le_bytes(self.bytes(at)?))
    }

    fn u64(self, at: usize) -> Option<u64> {
        Some(u64::from_le_bytes(self.bytes(at)?))
    }

    fn bytes<const N: usize>(self, at: usize) -> Option<[u8; N]> {
        self.0.get(at..)?.first_chunk().copied()
    }
}

/// The sizes that the extra field of a large member holds, in the order of the values that do
/// not fit the header.
fn large_sizes(extra: &[u8]) -> impl Iterator<Item = u64> {
    const LARGE: u16 = 1;
    let mut rest = extra;
    let mut found: &[u8] = &[];
    while let (Some(kind), Some(len)) = (Fields(rest).u16(0), Fields(rest).u16(2)) {
        let Some(body) = rest.get(4..4 + usize::from(len)) else {
            break;
        };
        if kind == LARGE {
            found = body;
            break;
        }
        rest = rest.get(4 + usize::from(len)..).unwrap_or_default();
    }
    found.chunks_exact(8).filter_map(|c| Fields(c).u64(0))
}

#[cfg(test)]
mod tests;
