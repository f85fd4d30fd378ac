//! The log as a process that records holds it: open, append, read, prove.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::checkpoint::Checkpoint;
use crate::commit::{Queue, Writer};
use crate::error::Error;
use crate::files::{Disk, Files, Lock, Mode};
use crate::header::Header;
use crate::key::PublicKey;
use crate::merkle::{Hash, consistency, inclusion};
use crate::note::{Note, Signature};
use crate::payload::Disclosure;
use crate::proof::Proof;
use crate::publish::{Published, Signal};
use crate::record::{Piece, Record, Stored};
use crate::segment::{Frames, Index, Segment, frame_of, index_path};
use crate::share::Share;
use crate::tile::Tile;
use crate::tree::{Reader, Tree};

/// How a log is kept.
#[derive(Clone, Debug)]
pub struct Options {
    /// Name of a new log, a URL without scheme; a random one if nothing is given. A log that exists
    /// keeps its name.
    pub origin: Option<String>,
    /// The file with the signing key, created at first use; `key` in the log's folder by default.
    pub key: Option<PathBuf>,
    /// A segment that is longer than this many bytes is sealed.
    pub segment_bytes: u64,
    /// How often tiles and checkpoint are published; never by itself if nothing is given.
    pub publish_every: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            origin: None,
            key: None,
            segment_bytes: 64 << 20,
            publish_every: Some(Duration::from_secs(1)),
        }
    }
}

/// What opening found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// Whether the log is new.
    pub created: bool,
    /// The torn end of the last write, cut off: nothing in it was acknowledged.
    pub lost_tail: Option<LostTail>,
    /// Derived files that were missing or unreadable and were made again.
    pub rebuilt: Vec<String>,
    /// Whether an erasure that a crash had interrupted was completed.
    pub completed_erasure: bool,
}

/// What a crash left of its last write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostTail {
    /// In which file.
    pub file: PathBuf,
    /// Bytes cut off.
    pub bytes: u64,
    /// Entries that the write had begun to hold, as far as its beginning still says.
    pub entries: Option<u32>,
}

/// An open log. Any number of threads may append, read and prove at once; one process may have it
/// open. Closing (dropping) it publishes the last checkpoint.
pub struct Log {
    pub(crate) inner: Arc<Inner>,
    pub(crate) publisher: Option<JoinHandle<()>>,
}

pub(crate) struct Inner {
    pub(crate) files: Arc<dyn Files>,
    pub(crate) dir: PathBuf,
    pub(crate) key_path: PathBuf,
    pub(crate) origin: String,
    pub(crate) options: Options,
    pub(crate) queue: Mutex<Queue>,
    pub(crate) turn: Condvar,
    pub(crate) writer: Mutex<Writer>,
    /// What the active segment holds, and the number of that segment since the log was opened.
    pub(crate) share: RwLock<(Share, u64)>,
    pub(crate) view: RwLock<View>,
    pub(crate) published: Mutex<Published>,
    pub(crate) signal: Mutex<Signal>,
    pub(crate) wake: Condvar,
    pub(crate) cache: Mutex<HashMap<u64, Arc<Record>>>,
    pub(crate) _lock: Lock,
}

/// What readers see: everything that is durable.
pub(crate) struct View {
    pub(crate) tree: Tree,
    pub(crate) signature: Signature,
    pub(crate) key: PublicKey,
    /// Full tiles that are not on disk yet.
    pub(crate) pending: BTreeMap<Tile, Vec<Hash>>,
    /// Headers from `tail_first` on, which begins a bundle.
    pub(crate) tail: Vec<[u8; Header::LEN]>,
    pub(crate) tail_first: u64,
    /// In order; the last is the active one.
    pub(crate) segments: Vec<Segment>,
    /// Frames of the active segment.
    pub(crate) active: Frames,
}

impl View {
    pub(crate) fn checkpoint(&self, origin: &str) -> Checkpoint {
        Checkpoint {
            origin: origin.to_owned(),
            size: self.tree.size(),
            root: self.tree.root(),
        }
    }
}

impl Log {
    /// Opens the log in a folder, or creates one there.
    ///
    /// # Errors
    /// [`Error::InUse`] if another process has it open; [`Error::Damaged`], [`Error::RolledBack`] or
    /// [`Error::WrongKey`] if it is not as it was left. A torn last write is no error but told in
    /// [`Opened`].
    pub fn open(dir: &Path, options: Options) -> Result<(Self, Opened), Error> {
        Self::open_on(Arc::new(Disk), dir, options)
    }

    /// Opens a log on another file system.
    ///
    /// # Errors
    /// As [`Log::open`].
    pub fn open_on(
        files: Arc<dyn Files>,
        dir: &Path,
        options: Options,
    ) -> Result<(Self, Opened), Error> {
        crate::open::open(files, dir, options)
    }

    /// Name of the log.
    pub fn origin(&self) -> &str {
        &self.inner.origin
    }

    /// The key that signs now.
    pub fn key(&self) -> PublicKey {
        self.inner.view().key.clone()
    }

    /// Number of entries.
    pub fn len(&self) -> u64 {
        self.inner.view().tree.size()
    }

    /// Never: a log begins with an entry of its own.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The last number of a source, 0 if it has none.
    pub fn last_of(&self, source: u64) -> u64 {
        let writer = lock(&self.inner.writer);
        writer.sources.get(&source).copied().unwrap_or_default()
    }

    /// What the log says of itself now, signed.
    ///
    /// # Errors
    /// Never in practice: an origin that can be signed was asked for when the log was created.
    pub fn checkpoint(&self) -> Result<(Checkpoint, Note), Error> {
        let view = self.inner.view();
        let checkpoint = view.checkpoint(&self.inner.origin);
        let mut note = Note::new(checkpoint.text())?;
        note.add(view.signature.clone());
        Ok((checkpoint, note))
    }

    /// The header of an entry.
    ///
    /// # Errors
    /// If there is no such entry, or it cannot be read.
    pub fn header(&self, sequence: u64) -> Result<Header, Error> {
        Ok(self.inner.raw_entry(sequence)?.0)
    }

    /// The payload of an entry, open but for what was erased.
    ///
    /// # Errors
    /// [`Error::Dropped`] if retention dropped it; else as [`Log::header`].
    pub fn payload(&self, sequence: u64) -> Result<Disclosure, Error> {
        Ok(self.inner.stored(sequence)?.disclose())
    }

    /// Length of an entry's payload in bytes, what was erased or dropped of it included.
    ///
    /// # Errors
    /// As [`Log::header`].
    pub fn payload_len(&self, sequence: u64) -> Result<u64, Error> {
        let (_, bytes) = self.inner.raw_entry(sequence)?;
        let record = crate::record::decode(&bytes);
        let damaged = || Error::damaged("a record is malformed", self.inner.dir.clone(), sequence);
        Ok(record.ok_or_else(damaged)?.raw_len())
    }

    /// Raw bytes of an entry, without working out what proves them; nothing if spans were erased.
    ///
    /// # Errors
    /// As [`Log::payload`].
    pub fn raw(&self, sequence: u64) -> Result<Option<Vec<u8>>, Error> {
        Ok(match self.inner.stored(sequence)? {
            Stored::Whole(payload) => Some(payload.raw().to_vec()),
            Stored::Partial(_) => None,
        })
    }

    /// Proves that an entry is in the log of `size` entries.
    ///
    /// # Errors
    /// If there are no such entry and size, or a tile cannot be read.
    pub fn prove_inclusion(&self, index: u64, size: u64) -> Result<Proof, Error> {
        let view = self.inner.view();
        if index >= size || size > view.tree.size() {
            return Err(Error::NoEntry(index));
        }
        let path = inclusion(&mut self.inner.nodes(&view), index, size)?;
        Ok(Proof::Inclusion { index, size, path })
    }

    /// Proves that the log of `size` entries begins with the log of `old` entries.
    ///
    /// # Errors
    /// If there are no such sizes, or a tile cannot be read.
    pub fn prove_consistency(&self, old: u64, size: u64) -> Result<Proof, Error> {
        let view = self.inner.view();
        if old > size || size > view.tree.size() {
            return Err(Error::Impossible("the log has never had these sizes"));
        }
        let path = match old {
            0 => Vec::new(),
            _ => consistency(&mut self.inner.nodes(&view), old, size)?,
        };
        Ok(Proof::Consistency { old, size, path })
    }
}

/// A lock whose holder panicked guards data that is still whole: every change of it is made after
/// all that can fail.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inner {
    pub(crate) fn view(&self) -> std::sync::RwLockReadGuard<'_, View> {
        self.view.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn view_mut(&self) -> std::sync::RwLockWriteGuard<'_, View> {
        self.view.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn nodes<'a>(&'a self, view: &'a View) -> Reader<'a, Error> {
        Reader {
            tree: &view.tree,
            read: Box::new(move |tile| match view.pending.get(&tile) {
                Some(hashes) => Ok(hashes.clone()),
                None => self.read_tile(tile),
            }),
            seen: HashMap::new(),
        }
    }

    fn read_tile(&self, tile: Tile) -> Result<Vec<Hash>, Error> {
        let path = self.dir.join(tile.path());
        let bytes = self.files.read(&path).map_err(Error::io("read", &path))?;
        let (hashes, rest) = bytes.as_chunks::<32>();
        if !rest.is_empty() || hashes.len() != usize::from(tile.width) {
            return Err(Error::damaged("a tile has the wrong length", path, 0));
        }
        Ok(hashes.to_vec())
    }

    /// The segment of an entry, with the offset of its frame.
    pub(crate) fn locate(&self, sequence: u64) -> Result<(Segment, u64), Error> {
        let segment = {
            let view = self.view();
            if sequence >= view.tree.size() {
                return Err(Error::NoEntry(sequence));
            }
            let after = view
                .segments
                .partition_point(|segment| segment.first <= sequence);
            let at = after.checked_sub(1).ok_or(Error::NoEntry(sequence))?;
            let segment = view
                .segments
                .get(at)
                .cloned()
                .ok_or(Error::NoEntry(sequence))?;
            if after == view.segments.len() {
                let at = frame_of(&view.active, sequence).ok_or(Error::NoEntry(sequence))?;
                return Ok((segment, at));
            }
            segment
        };
        let frames = self.frames(&segment)?;
        let at = frame_of(&frames, sequence).ok_or(Error::NoEntry(sequence))?;
        Ok((segment, at))
    }

    /// Frames of a sealed segment: from memory, from its index, or by reading the segment.
    pub(crate) fn frames(&self, segment: &Segment) -> Result<Arc<Frames>, Error> {
        if let Some(frames) = &segment.frames {
            return Ok(frames.clone());
        }
        let path = index_path(&self.dir, segment.first);
        let read = self.files.read(&path).ok();
        let frames = match read.as_deref().and_then(Index::decode) {
            Some(index) => index.frames,
            None => {
                let mut frames = Frames::new();
                crate::segment::scan(
                    segment.file.as_ref(),
                    &segment.path,
                    segment.first,
                    |at, frame| {
                        frames.push((frame.first, at));
                        Ok(())
                    },
                )?;
                frames
            }
        };
        let frames = Arc::new(frames);
        let mut view = self.view_mut();
        for known in &mut view.segments {
            if known.first == segment.first && Arc::ptr_eq(&known.file, &segment.file) {
                known.frames = Some(frames.clone());
            }
        }
        Ok(frames)
    }

    pub(crate) fn raw_entry(&self, sequence: u64) -> Result<(Header, Vec<u8>), Error> {
        let (segment, at) = self.locate(sequence)?;
        segment.read(at, sequence)
    }

    pub(crate) fn stored(&self, sequence: u64) -> Result<Stored, Error> {
        let (segment, at) = self.locate(sequence)?;
        let mut load = |entry: u64| -> Result<Arc<Record>, Error> {
            if let Some(record) = lock(&self.cache).get(&entry) {
                return Ok(record.clone());
            }
            let bytes = if entry == sequence {
                segment.read(at, entry)?.1
            } else {
                self.raw_entry(entry)?.1
            };
            let record = crate::record::decode(&bytes)
                .ok_or_else(|| Error::damaged("a record is malformed", &segment.path, at))?;
            let record = Arc::new(record);
            let mut cache = lock(&self.cache);
            // Old entries of a session are asked for again and again while it grows.
            if cache.len() >= 256 {
                cache.clear();
            }
            cache.insert(entry, record.clone());
            Ok(record)
        };
        let damaged = || Error::damaged("a record refers to what is not there", &segment.path, at);
        let record = load(sequence)?;
        let range = 0..record.len();
        let mut stored = Vec::with_capacity(record.len() as usize);
        resolve(&mut load, segment.first, sequence, range, 0, &mut stored)?.ok_or_else(damaged)?;
        if matches!(record.form, crate::record::Form::Dropped(_)) {
            return Err(Error::Dropped(sequence));
        }
        Record::clone(&record).with(stored).ok_or_else(damaged)
    }
}

/// Most records between an entry and its bytes; the writer keeps below it.
const MAX_DEPTH: u32 = 64;

/// Appends a range of the stored bytes of an entry; `None` if a reference leads nowhere.
pub(crate) fn resolve(
    load: &mut dyn FnMut(u64) -> Result<Arc<Record>, Error>,
    first: u64,
    entry: u64,
    range: Range<u64>,
    depth: u32,
    out: &mut Vec<u8>,
) -> Result<Option<()>, Error> {
    if depth > MAX_DEPTH {
        return Ok(None);
    }
    let record = load(entry)?;
    let (mut at, mut own) = (0, 0);
    for piece in &record.pieces {
        let length = piece.len();
        let from = range.start.max(at);
        let to = range.end.min(at + length);
        match piece {
            Piece::Own(_) => {
                if from < to {
                    let start = own + (from - at);
                    let bytes = record.own.get(start as usize..(start + to - from) as usize);
                    match bytes {
                        Some(bytes) => out.extend_from_slice(bytes),
                        None => return Ok(None),
                    }
                }
                own += length;
            }
            Piece::Same {
                entry: other,
                from: start,
                ..
            } if from < to => {
                if *other >= entry || *other < first {
                    return Ok(None);
                }
                let start = start + (from - at);
                let part = start..start + (to - from);
                if resolve(load, first, *other, part, depth + 1, out)?.is_none() {
                    return Ok(None);
                }
            }
            Piece::Same { .. } => {}
        }
        at += length;
    }
    Ok((range.end <= at).then_some(()))
}

/// Opens a file for reading, or says which could not be.
pub(crate) fn open_file(
    files: &dyn Files,
    path: &Path,
    mode: Mode,
) -> Result<Arc<dyn crate::files::File>, Error> {
    let doing = match mode {
        Mode::Create => "create",
        Mode::Read | Mode::Write => "open",
    };
    files.open(path, mode).map_err(Error::io(doing, path))
}
