//! Opening a log: find out what is durable, mend what a crash left, refuse what a crash cannot do.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, RwLock};

use crate::checkpoint::Checkpoint;
use crate::commit::{Queue, Writer, create_segment};
use crate::error::Error;
use crate::files::{Files, Mode};
use crate::frame::{self, SEGMENT_HEAD_LEN};
use crate::header::{Header, Kind};
use crate::key::Key;
use crate::log::{Inner, Log, LostTail, Opened, Options, View, open_file};
use crate::merkle::{Edge, Hash, leaf_hash};
use crate::note::Note;
use crate::own::{Genesis, HandOver};
use crate::publish::{Published, Signal, walk};
use crate::segment::{End, Frames, Index, Segment, index_path, scan, segment_path, segments};
use crate::share::Share;
use crate::tile::{TILE_WIDTH, Tile};
use crate::token::TOKENIZER;
use crate::tree::Tree;

/// The key that a hand-over in progress will use.
pub(crate) const NEXT_KEY: &str = "next";

pub(crate) fn open(
    files: Arc<dyn Files>,
    dir: &Path,
    options: Options,
) -> Result<(Log, Opened), Error> {
    let mut opened = Opened::default();
    let journal = dir.join("journal");
    files
        .create_dir(&journal)
        .and_then(|()| files.sync_dir(dir))
        .map_err(Error::io("create", &journal))?;
    let lock_path = dir.join("lock");
    let lock = files
        .lock(&lock_path)
        .map_err(Error::io("lock", &lock_path))?
        .ok_or_else(|| Error::InUse(dir.to_owned()))?;
    let names = files.list(&journal).map_err(Error::io("list", &journal))?;
    let firsts = segments(&names);
    let key_path = options.key.clone().unwrap_or_else(|| dir.join("key"));
    let mut key = load_key(files.as_ref(), &key_path, &options, firsts.is_empty())?;

    let mut found = replay(files.as_ref(), dir, &firsts, &mut opened)?;
    if let Some((_, root, signature)) = found.last {
        finish_hand_over(
            files.as_ref(),
            &key_path,
            &mut key,
            &found,
            &root,
            &signature,
        )?;
    }
    let published = check_published(files.as_ref(), dir, &key, &found, &mut opened)?;
    reread_tail(files.as_ref(), dir, &mut found, published)?;

    let public = key.public().clone();
    let origin = public.name().to_owned();
    let now = Checkpoint {
        origin: origin.clone(),
        size: found.tree.size(),
        root: found.tree.root(),
    };
    let signature = key.sign(&now.text());
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|_| Error::NoRandomness)?;
    let active = match found.segments.last() {
        Some(segment) => segment.clone(),
        None => {
            let (file, path) = create_segment(files.as_ref(), dir, 0)?;
            let segment = Segment {
                first: 0,
                path,
                file,
                frames: None,
            };
            found.segments.push(segment.clone());
            segment
        }
    };
    let end = active.file.len().map_err(Error::io("read", &active.path))?;
    let created = found.tree.size() == 0;
    opened.created = created;
    let inner = Inner {
        files,
        dir: dir.to_owned(),
        key_path,
        origin: origin.clone(),
        queue: Mutex::new(Queue::default()),
        turn: Condvar::new(),
        writer: Mutex::new(Writer {
            file: active.file,
            path: active.path,
            first: active.first,
            end,
            soiled: false,
            sources: found.sources,
            edge: found.edge,
            boot: boot_id().unwrap_or_default(),
            next: None,
            key,
        }),
        share: RwLock::new((Share::new(random), 0)),
        view: RwLock::new(View {
            tree: found.tree,
            signature,
            key: public,
            pending: found.pending,
            tail: found.tail,
            tail_first: found.tail_first,
            segments: found.segments,
            active: found.active,
        }),
        published: Mutex::new(Published::default()),
        signal: Mutex::new(Signal {
            sealed: found.unindexed,
            stop: false,
        }),
        wake: Condvar::new(),
        cache: Mutex::new(HashMap::new()),
        options,
        _lock: lock,
    };
    let mut log = Log {
        inner: Arc::new(inner),
        publisher: None,
    };
    if created {
        let genesis = Genesis {
            origin,
            key: log.key().to_string(),
            tokenizer: TOKENIZER,
        };
        log.inner.append_own(Kind::GENESIS, &genesis)?;
    }
    opened.completed_erasure = log.resume()?;
    remove_stale_tiles(&log.inner)?;
    log.publish()?;
    if let Some(every) = log.inner.options.publish_every {
        log.start_publisher(every);
    }
    Ok((log, opened))
}

/// What the journal holds.
struct Found {
    tree: Tree,
    edge: Edge,
    sources: BTreeMap<u64, u64>,
    segments: Vec<Segment>,
    active: Frames,
    /// Size, root and signature of the last frame.
    last: Option<(u64, Hash, [u8; 64])>,
    pending: BTreeMap<Tile, Vec<Hash>>,
    tail: Vec<[u8; Header::LEN]>,
    tail_first: u64,
    unindexed: Vec<(u64, Index)>,
    /// The key that the last hand-over named.
    heir: Option<String>,
    /// Sizes that have a signed root in the frames that were read.
    roots: BTreeMap<u64, Hash>,
    /// Size up to which the frames were not read, because an index told their sum.
    skipped: u64,
}

/// Reads the active segment, and of the sealed ones what the last index does not tell.
fn replay(
    files: &dyn Files,
    dir: &Path,
    firsts: &[u64],
    opened: &mut Opened,
) -> Result<Found, Error> {
    let mut found = Found {
        tree: Tree::default(),
        edge: Edge::default(),
        sources: BTreeMap::new(),
        segments: Vec::new(),
        active: Frames::new(),
        last: None,
        pending: BTreeMap::new(),
        tail: Vec::new(),
        tail_first: 0,
        unindexed: Vec::new(),
        heir: None,
        roots: BTreeMap::new(),
        skipped: 0,
    };
    if firsts.first().is_some_and(|first| *first != 0) {
        let path = segment_path(dir, 0);
        return Err(Error::damaged("the first segment is missing", path, 0));
    }
    // The newest index that can be read; the segments after it are read whole.
    let sealed = firsts.split_last().map_or(&[][..], |(_, sealed)| sealed);
    let mut read_from = 0;
    for (number, first) in sealed.iter().enumerate().rev() {
        let path = index_path(dir, *first);
        let next = firsts.get(number + 1).copied();
        let index = files.read(&path).ok();
        match index.as_deref().and_then(Index::decode) {
            Some(index) if Some(index.tree.size()) == next => {
                found.edge = index.tree.edge();
                found.skipped = index.tree.size();
                found.tree = index.tree;
                found.sources = index.sources;
                read_from = number + 1;
                break;
            }
            _ => opened.rebuilt.push(path.display().to_string()),
        }
    }
    for (number, first) in firsts.iter().enumerate() {
        let path = segment_path(dir, *first);
        let last = number + 1 == firsts.len();
        let mode = if last { Mode::Write } else { Mode::Read };
        let file = open_file(files, &path, mode)?;
        let mut segment = Segment {
            first: *first,
            path: path.clone(),
            file: file.clone(),
            frames: None,
        };
        if number >= read_from {
            if found.tree.size() != *first {
                return Err(Error::damaged("a segment is missing before it", path, 0));
            }
            let mut frames = Frames::new();
            let end = scan(file.as_ref(), &path, *first, |at, frame| {
                frames.push((frame.first, at));
                found.take(&path, at, frame)
            })?;
            if let End::Torn { at, head } = end {
                let length = file.len().map_err(Error::io("read", &path))?;
                let mut rest = vec![0; (length - at) as usize];
                file.read_exact_at(&mut rest, at)
                    .map_err(Error::io("read", &path))?;
                let rest_of = rest.get(1..).unwrap_or_default();
                if !last || frame::any_frame(rest_of) {
                    return Err(Error::damaged("a frame is malformed", path, at));
                }
                cut_tail(files, dir, &segment, at)?;
                opened.lost_tail = Some(LostTail {
                    file: path.clone(),
                    bytes: length - at,
                    entries: head.map(|head| head.count),
                });
            }
            if last {
                found.active = frames;
            } else {
                let index = Index {
                    frames: frames.clone(),
                    sources: found.sources.clone(),
                    tree: found.tree.clone(),
                };
                found.unindexed.push((*first, index));
                segment.frames = Some(Arc::new(frames));
            }
        }
        found.segments.push(segment);
    }
    // A new, empty active segment says nothing about the root: the last sealed frame does.
    if found.last.is_none() && found.skipped > 0 {
        let segment = found.segments.iter().rev().nth(1);
        let (segment, number) = (segment.cloned(), firsts.len() - 2);
        if let (Some(segment), Some(first)) = (segment, firsts.get(number)) {
            scan(segment.file.as_ref(), &segment.path, *first, |_, frame| {
                let size = frame.first + frame.headers.len() as u64;
                found.last = Some((size, frame.root, frame.signature));
                found.heir = heir(frame).or(found.heir.take());
                Ok(())
            })?;
            let last = found.last.as_ref();
            if last.is_none_or(|(_, root, _)| *root != found.tree.root()) {
                return Err(Error::damaged("its index contradicts it", segment.path, 0));
            }
        }
    }
    Ok(found)
}

impl Found {
    fn take(&mut self, path: &Path, at: u64, frame: &frame::Frame<'_>) -> Result<(), Error> {
        if frame.first != self.tree.size() {
            return Err(Error::damaged("a frame is missing before it", path, at));
        }
        for (bytes, sequence) in frame.headers.iter().zip(frame.first..) {
            let header = Header::decode(bytes)
                .filter(|header| header.sequence == sequence)
                .ok_or_else(|| Error::damaged("a header is malformed", path, at))?;
            self.sources.insert(header.source, header.source_sequence);
            let leaf = leaf_hash(bytes);
            self.edge.push(leaf);
            let pending = &mut self.pending;
            self.tree.push(leaf, &mut |tile, hashes| {
                pending.insert(tile, hashes);
            });
        }
        if self.edge.root() != frame.root {
            return Err(Error::damaged("entries contradict their root", path, at));
        }
        self.heir = heir(frame).or(self.heir.take());
        self.roots.insert(self.tree.size(), frame.root);
        self.last = Some((self.tree.size(), frame.root, frame.signature));
        Ok(())
    }
}

/// The key that a hand-over in this frame names.
fn heir(frame: &frame::Frame<'_>) -> Option<String> {
    let at = frame.headers.iter().rposition(|bytes| {
        Header::decode(bytes).is_some_and(|header| header.kind == Kind::HANDOVER)
    })?;
    let record = crate::record::decode(frame.records.get(at)?)?;
    let entry: HandOver = serde_json::from_slice(&record.own).ok()?;
    Some(entry.new)
}

fn cut_tail(files: &dyn Files, dir: &Path, segment: &Segment, at: u64) -> Result<(), Error> {
    let good = at.max(SEGMENT_HEAD_LEN as u64);
    let cut = segment.file.set_len(at).and_then(|()| {
        if at < good {
            // The crash came while the segment was begun.
            segment.file.set_len(0).and_then(|()| {
                segment
                    .file
                    .write_at(&frame::segment_head(segment.first), 0)
            })?;
        }
        segment.file.sync()
    });
    cut.and_then(|()| files.sync_dir(&dir.join("journal")))
        .map_err(Error::io("truncate", &segment.path))
}

fn load_key(files: &dyn Files, path: &Path, options: &Options, empty: bool) -> Result<Key, Error> {
    match files.read(path) {
        Ok(bytes) => {
            let text = String::from_utf8(bytes).map_err(|_| crate::error::NoteError::Key)?;
            Ok(Key::parse(&text)?)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && empty => {
            let origin = match &options.origin {
                Some(origin) => origin.clone(),
                None => {
                    let mut random = [0; 8];
                    getrandom::fill(&mut random).map_err(|_| Error::NoRandomness)?;
                    format!("proctor.local/{:016x}", u64::from_be_bytes(random))
                }
            };
            let key = Key::generate(&origin)?;
            files
                .replace(path, key.to_secret_text().as_bytes())
                .map_err(Error::io("create", path))?;
            Ok(key)
        }
        Err(error) => Err(Error::io("read", path)(error)),
    }
}

/// Uses the next key if the log says that it signs now.
fn finish_hand_over(
    files: &dyn Files,
    path: &Path,
    key: &mut Key,
    found: &Found,
    root: &Hash,
    signature: &[u8; 64],
) -> Result<(), Error> {
    let next = path.with_extension(NEXT_KEY);
    let text = |key: &Key| {
        Checkpoint {
            origin: key.public().name().to_owned(),
            size: found.tree.size(),
            root: *root,
        }
        .text()
    };
    let signs = |key: &Key| key.public().raw_verify(&text(key), signature);
    let waiting = files
        .read(&next)
        .ok()
        .and_then(|bytes| Key::parse(&String::from_utf8(bytes).ok()?).ok());
    if let Some(waiting) = waiting {
        if signs(&waiting) || found.heir == Some(waiting.public().to_string()) {
            let folder = path.parent().unwrap_or(Path::new("."));
            files
                .rename(&next, path)
                .and_then(|()| files.sync_dir(folder))
                .map_err(Error::io("rename", &next))?;
            *key = waiting;
            return Ok(());
        }
        files.remove(&next).map_err(Error::io("remove", &next))?;
    }
    if signs(key) || found.heir == Some(key.public().to_string()) {
        return Ok(());
    }
    Err(Error::WrongKey {
        found: key.public().to_string(),
        expected: "the key that signed its last entries".to_owned(),
    })
}

/// Compares with the checkpoint that was published last; answers its size, 0 if there is none.
fn check_published(
    files: &dyn Files,
    dir: &Path,
    key: &Key,
    found: &Found,
    opened: &mut Opened,
) -> Result<u64, Error> {
    let path = dir.join("checkpoint");
    let Ok(bytes) = files.read(&path) else {
        if found.tree.size() > 0 {
            opened.rebuilt.push(path.display().to_string());
        }
        return Ok(0);
    };
    let checkpoint = Note::parse(&bytes)
        .ok()
        .and_then(|note| Checkpoint::parse(note.text()).ok())
        .filter(|checkpoint| checkpoint.origin == key.public().name());
    let Some(checkpoint) = checkpoint else {
        opened.rebuilt.push(path.display().to_string());
        return Ok(0);
    };
    if checkpoint.size > found.tree.size() {
        return Err(Error::RolledBack {
            found: found.tree.size(),
            stated: checkpoint.size,
        });
    }
    let root = found.roots.get(&checkpoint.size);
    if root.is_some_and(|root| *root != checkpoint.root) {
        return Err(Error::damaged("it contradicts the journal", path, 0));
    }
    Ok(checkpoint.size)
}

/// Reads again what was not published: hashes of full tiles, and headers from the last bundle on.
fn reread_tail(
    files: &dyn Files,
    dir: &Path,
    found: &mut Found,
    published: u64,
) -> Result<(), Error> {
    let from = published.min(found.skipped) / TILE_WIDTH * TILE_WIDTH;
    found.tail_first = published / TILE_WIDTH * TILE_WIDTH;
    let size = found.tree.size();
    let mut tree = Tree::default();
    let rebuild = published < found.skipped;
    if rebuild && from > 0 {
        // Tiles below `from` are on disk; their roots are what the higher levels need.
        tree = tree_from_tiles(files, dir, from)?;
    }
    for number in 0..found.segments.len() {
        let Some(segment) = found.segments.get(number).cloned() else {
            break;
        };
        let next = found
            .segments
            .get(number + 1)
            .map_or(size, |next| next.first);
        if next <= found.tail_first.min(if rebuild { from } else { size }) && next < size {
            continue;
        }
        let (tail, tail_first) = (&mut found.tail, found.tail_first);
        let pending = &mut found.pending;
        scan(
            segment.file.as_ref(),
            &segment.path,
            segment.first,
            |at, frame| {
                for (bytes, sequence) in frame.headers.iter().zip(frame.first..) {
                    let header: [u8; Header::LEN] = (*bytes)
                        .try_into()
                        .map_err(|_| Error::damaged("a header is malformed", &segment.path, at))?;
                    if sequence >= tail_first {
                        tail.push(header);
                    }
                    if rebuild && sequence >= from {
                        tree.push(leaf_hash(&header), &mut |tile, hashes| {
                            pending.insert(tile, hashes);
                        });
                    }
                }
                Ok(())
            },
        )?;
    }
    // Full tiles below the published size are on disk already.
    found.pending.retain(|tile, _| {
        let shift = 8 * (u32::from(tile.level.unwrap_or_default()) + 1);
        (tile.index + 1) << shift > published
    });
    Ok(())
}

/// The tree of `size` entries, a multiple of 256, from the tiles on disk.
fn tree_from_tiles(files: &dyn Files, dir: &Path, size: u64) -> Result<Tree, Error> {
    let mut rows = vec![Vec::new()];
    for level in 1_u8..8 {
        let count = size >> (8 * u32::from(level));
        if count == 0 {
            break;
        }
        let mut row = Vec::new();
        for index in count / TILE_WIDTH * TILE_WIDTH..count {
            let tile = Tile {
                level: Some(level - 1),
                index,
                width: TILE_WIDTH as u16,
            };
            let path = dir.join(tile.path());
            let bytes = files.read(&path).map_err(Error::io("read", &path))?;
            let (hashes, _) = bytes.as_chunks::<32>();
            let root = crate::tile::perfect_root(hashes)
                .ok_or_else(|| Error::damaged("a tile is empty", &path, 0))?;
            row.push(root);
        }
        rows.push(row);
    }
    Ok(Tree::from_rows(size, rows))
}

fn remove_stale_tiles(inner: &Inner) -> Result<(), Error> {
    for path in walk(inner.files.as_ref(), &inner.dir)? {
        if path.starts_with("tile/") && path.contains(".p/") || path.ends_with(".new") {
            let path = inner.dir.join(path);
            inner
                .files
                .remove(&path)
                .map_err(Error::io("remove", &path))?;
        }
    }
    Ok(())
}

fn boot_id() -> Option<[u8; 16]> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    Some(u128::from_str_radix(&digits, 16).ok()?.to_be_bytes())
}

/// Where an unfinished rewrite is noted.
pub(crate) fn todo_path(dir: &Path) -> PathBuf {
    dir.join("unfinished")
}
