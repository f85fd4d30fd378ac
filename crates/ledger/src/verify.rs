//! Verifying a log as a stranger would: from its files and from what the stranger knows.
//!
//! Three questions, answered apart. Is it *unchanged*: does everything fit together and to the
//! signatures? Is it *complete*: has every source all its numbers, or a signed gap? By whom is it
//! *anchored*: who outside this folder vouches that this is the log, and the whole of it? Without an
//! anchor the first two answers hold for whatever its keeper chose to show.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::checkpoint::Checkpoint;
use crate::error::Error;
use crate::files::{Files, Mode};
use crate::frame::Frame;
use crate::header::{Header, Kind};
use crate::key::PublicKey;
use crate::log::{open_file, resolve};
use crate::merkle::{Edge, Hash, leaf_hash};
use crate::note::Note;
use crate::own::{Erasure, Genesis, HandOver, Retention};
use crate::publish::walk;
use crate::record::{self, Form, Record, Stored};
use crate::segment::{End, Index, index_path, scan, segment_path, segments};
use crate::tile::{TILE_WIDTH, Tile, encode_bundle, encode_hashes, partial_tiles};
use crate::tree::Tree;

/// What the verifier knows from elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Anchors {
    /// Keys that the log is known by.
    pub keys: Vec<PublicKey>,
    /// Checkpoints of the log that somebody kept.
    pub remembered: Vec<Note>,
    /// Keys of witnesses whose cosignatures count.
    pub witnesses: Vec<PublicKey>,
}

/// How much is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Headers, their root and signatures.
    Headers,
    /// Payloads, tiles, bundles and indexes too.
    Everything,
}

/// Something that should not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What it is.
    pub trouble: Trouble,
    /// The file it shows in, relative to the log's folder; empty for what an anchor shows.
    pub file: String,
    /// Sequence of the entry, or size of the tree, where it shows.
    pub at: u64,
}

/// Kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Trouble {
    /// A segment is missing or begins elsewhere.
    MissingSegment,
    /// Bytes of a segment are not a whole frame.
    MalformedFrame,
    /// A header is malformed or has the wrong place.
    MalformedHeader,
    /// Entries do not lead to the root that was signed for them.
    WrongRoot,
    /// A root is not signed by the key that signs at this place.
    BadSignature,
    /// The first entry, or a hand-over, does not say who signs.
    UnknownKey,
    /// The log is signed by none of the keys it is known by.
    ForeignKey,
    /// A payload is not the one that its header commits to.
    WrongPayload,
    /// Spans are gone and no entry says that they were erased.
    UnrecordedErasure,
    /// A payload is gone and no entry says that it was dropped.
    UnrecordedDrop,
    /// An entry says that spans were erased that are still there.
    UnfinishedErasure,
    /// A tile or an entry bundle is missing or differs from the journal.
    WrongTile,
    /// The index of a segment differs from it.
    WrongIndex,
    /// The published checkpoint is missing or malformed, or not signed.
    WrongCheckpoint,
    /// The log is shorter than a checkpoint says.
    RolledBack,
    /// The log never had the root that a checkpoint says.
    Forked,
    /// A file that is no part of a log.
    UnexpectedFile,
}

/// Numbers of a source that no entry has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The source.
    pub source: u64,
    /// First missing number.
    pub first: u64,
    /// Last missing number.
    pub last: u64,
    /// Sequence of the entry after it: a signed gap, or the entry that shows the hole.
    pub before: u64,
}

/// Who outside the folder vouches for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// A key that the log is known by signed all of it.
    OwnKey(PublicKey),
    /// Somebody remembered a checkpoint of this size.
    Remembered {
        /// Entries that it covers.
        size: u64,
    },
    /// A witness cosigned.
    Witness {
        /// Whose key.
        key: PublicKey,
        /// Entries that are covered.
        size: u64,
        /// When, in seconds since 1970, as the witness says.
        time: u64,
    },
}

/// The outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What the log is now.
    pub checkpoint: Checkpoint,
    /// Keys that signed, in order.
    pub keys: Vec<PublicKey>,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// Numbers of sources that are missing without a gap.
    pub holes: Vec<Missing>,
    /// Signed gaps.
    pub gaps: Vec<Missing>,
    /// Number of sources.
    pub sources: u64,
    /// Entries of which spans were erased, with a record of it.
    pub erased: u64,
    /// Payloads that were dropped, with a record of it.
    pub dropped: u64,
    /// Who vouches.
    pub anchors: Vec<Anchor>,
}

impl Verdict {
    /// Whether nothing contradicts anything, or an anchor.
    pub fn is_unchanged(&self) -> bool {
        self.faults.is_empty()
    }

    /// Whether every source has all its numbers or a signed gap.
    pub fn is_complete(&self) -> bool {
        self.is_unchanged() && self.holes.is_empty()
    }

    /// Whether anyone outside the folder vouches for the log.
    pub fn is_anchored(&self) -> bool {
        !self.anchors.is_empty()
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Trouble::MissingSegment => "a segment is missing",
            Trouble::MalformedFrame => "a frame is malformed",
            Trouble::MalformedHeader => "a header is malformed",
            Trouble::WrongRoot => "entries do not lead to their signed root",
            Trouble::BadSignature => "a signature is not by the key that signs here",
            Trouble::UnknownKey => "nothing says which key signs",
            Trouble::ForeignKey => "it is signed by none of the known keys",
            Trouble::WrongPayload => "a payload is not the one its header commits to",
            Trouble::UnrecordedErasure => "spans were erased without a record",
            Trouble::UnrecordedDrop => "a payload was dropped without a record",
            Trouble::UnfinishedErasure => "spans recorded as erased are still there",
            Trouble::WrongTile => "a tile is missing or differs from the journal",
            Trouble::WrongIndex => "an index differs from its segment",
            Trouble::WrongCheckpoint => {
                "the published checkpoint is missing, malformed or unsigned"
            }
            Trouble::RolledBack => "the log is shorter than a checkpoint says",
            Trouble::Forked => "the log never had the root that a checkpoint says",
            Trouble::UnexpectedFile => "a file is no part of a log",
        })
    }
}

/// Verifies the log in a folder. Needs no key and no lock; if a recorder is appending, what it has
/// not yet published is not looked at by way of tiles.
///
/// # Errors
/// If a file cannot be read. What the files say is in the verdict.
pub fn verify(
    files: &dyn Files,
    dir: &Path,
    anchors: &Anchors,
    depth: Depth,
) -> Result<Verdict, Error> {
    let present = walk(files, dir)?;
    let mut claims = Claims::collect(files, dir, anchors);
    let mut reader = Reader::new(files, dir, depth, claims.published());
    reader.read_journal(&present, &mut claims)?;
    reader.check_records()?;
    if depth == Depth::Everything {
        reader.check_names(&present);
    }
    if reader.keys.is_empty() {
        reader.fault(Trouble::UnknownKey, "journal", 0);
    }
    Ok(claims.judge(reader, anchors))
}

/// What checkpoints say of the log, and what the log says of itself at their sizes.
struct Claims {
    claims: Vec<(Source, Note, Checkpoint)>,
    /// Roots of the log at those sizes, as far as it gets.
    roots: BTreeMap<u64, Option<Hash>>,
    malformed: Vec<&'static str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Published,
    Cosigned,
    Remembered,
}

impl Claims {
    fn collect(files: &dyn Files, dir: &Path, anchors: &Anchors) -> Self {
        let mut all = Self {
            claims: Vec::new(),
            roots: BTreeMap::new(),
            malformed: Vec::new(),
        };
        for (name, source) in [
            ("checkpoint", Source::Published),
            ("cosigned", Source::Cosigned),
        ] {
            match files.read(&dir.join(name)).map(|bytes| Note::parse(&bytes)) {
                Ok(Ok(note)) => all.add(source, note, name),
                Ok(Err(_)) => all.malformed.push(name),
                Err(_) if source == Source::Published => all.malformed.push(name),
                Err(_) => {}
            }
        }
        for note in &anchors.remembered {
            all.add(Source::Remembered, note.clone(), "");
        }
        all
    }

    fn add(&mut self, source: Source, note: Note, name: &'static str) {
        match Checkpoint::parse(note.text()) {
            Ok(checkpoint) => {
                self.roots.insert(checkpoint.size, None);
                self.claims.push((source, note, checkpoint));
            }
            Err(_) => self.malformed.push(name),
        }
    }

    fn published(&self) -> Option<u64> {
        self.claims
            .iter()
            .find(|(source, ..)| *source == Source::Published)
            .map(|(.., checkpoint)| checkpoint.size)
    }

    fn judge(self, reader: Reader<'_>, anchors: &Anchors) -> Verdict {
        let size = reader.edge.size();
        let mut verdict = Verdict {
            checkpoint: Checkpoint {
                origin: reader.origin.clone(),
                size,
                root: reader.edge.root(),
            },
            keys: reader.keys,
            faults: reader.faults,
            holes: reader.holes,
            gaps: reader.gaps,
            sources: reader.sources.len() as u64,
            erased: reader.erased.len() as u64,
            dropped: reader.dropped,
            anchors: Vec::new(),
        };
        for name in self.malformed {
            verdict.fault(Trouble::WrongCheckpoint, name, size);
        }
        for (source, note, checkpoint) in &self.claims {
            let file = match source {
                Source::Published => "checkpoint",
                Source::Cosigned => "cosigned",
                Source::Remembered => "",
            };
            // What somebody else kept or cosigned is a claim whoever signed it; what lies in the
            // folder must be signed by the log.
            let signed = verdict.keys.iter().any(|key| key.verify(note).is_some());
            if *source != Source::Remembered && !signed {
                verdict.fault(Trouble::WrongCheckpoint, file, checkpoint.size);
            }
            let there = self.roots.get(&checkpoint.size).copied().flatten();
            let trouble = match there {
                // A log without its first entry has no name either.
                _ if !verdict.keys.is_empty() && checkpoint.origin != verdict.checkpoint.origin => {
                    Some(Trouble::ForeignKey)
                }
                None if checkpoint.size > size => Some(Trouble::RolledBack),
                Some(root) if root == checkpoint.root => None,
                _ => Some(Trouble::Forked),
            };
            if let Some(trouble) = trouble {
                verdict.fault(trouble, file, checkpoint.size);
                continue;
            }
            if *source == Source::Remembered {
                verdict.anchors.push(Anchor::Remembered {
                    size: checkpoint.size,
                });
            }
            for witness in &anchors.witnesses {
                if let Some(time) = witness.verify(note).and_then(|good| good.cosigned) {
                    verdict.anchors.push(Anchor::Witness {
                        key: witness.clone(),
                        size: checkpoint.size,
                        time,
                    });
                }
            }
        }
        let known = verdict.keys.iter().find(|key| anchors.keys.contains(key));
        match known.cloned() {
            Some(key) if verdict.is_unchanged() => verdict.anchors.push(Anchor::OwnKey(key)),
            None if !anchors.keys.is_empty() => verdict.fault(Trouble::ForeignKey, "", size),
            _ => {}
        }
        verdict
    }
}

impl Verdict {
    fn fault(&mut self, trouble: Trouble, file: &str, at: u64) {
        self.faults.push(Fault {
            trouble,
            file: file.to_owned(),
            at,
        });
    }
}

/// Reads the journal once, from its beginning.
struct Reader<'a> {
    files: &'a dyn Files,
    dir: &'a Path,
    depth: Depth,
    published: Option<u64>,
    origin: String,
    keys: Vec<PublicKey>,
    edge: Edge,
    tree: Tree,
    bundle: Vec<Vec<u8>>,
    sources: BTreeMap<u64, u64>,
    faults: Vec<Fault>,
    holes: Vec<Missing>,
    gaps: Vec<Missing>,
    /// Spans that entries lack, and that entries say were erased.
    erased: BTreeMap<u64, Vec<(u64, u64)>>,
    recorded: BTreeMap<u64, Vec<(u64, u64)>>,
    dropped_at: Vec<u64>,
    retained: Vec<(u64, u64)>,
    dropped: u64,
    expected: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    fn new(files: &'a dyn Files, dir: &'a Path, depth: Depth, published: Option<u64>) -> Self {
        Self {
            files,
            dir,
            depth,
            published,
            origin: String::new(),
            keys: Vec::new(),
            edge: Edge::default(),
            tree: Tree::default(),
            bundle: Vec::new(),
            sources: BTreeMap::new(),
            faults: Vec::new(),
            holes: Vec::new(),
            gaps: Vec::new(),
            erased: BTreeMap::new(),
            recorded: BTreeMap::new(),
            dropped_at: Vec::new(),
            retained: Vec::new(),
            dropped: 0,
            expected: BTreeSet::new(),
        }
    }

    fn fault(&mut self, trouble: Trouble, file: &str, at: u64) {
        self.faults.push(Fault {
            trouble,
            file: file.to_owned(),
            at,
        });
    }

    fn read_journal(
        &mut self,
        present: &BTreeSet<String>,
        claims: &mut Claims,
    ) -> Result<(), Error> {
        let names: Vec<String> = present
            .iter()
            .filter_map(|path| path.strip_prefix("journal/"))
            .map(str::to_owned)
            .collect();
        let firsts = segments(&names);
        if firsts.is_empty() {
            self.fault(Trouble::MissingSegment, "journal", 0);
        }
        for (number, first) in firsts.iter().enumerate() {
            let path = segment_path(self.dir, *first);
            let name = format!("journal/{first:020}.seg");
            if *first != self.edge.size() {
                self.fault(Trouble::MissingSegment, &name, self.edge.size());
                return Ok(());
            }
            let file = open_file(self.files, &path, Mode::Read)?;
            let mut frames = Vec::new();
            let mut records = HashMap::new();
            let mut last: Option<(Hash, [u8; 64])> = None;
            let end = scan(file.as_ref(), &path, *first, |at, frame| {
                frames.push((frame.first, at));
                last = Some((frame.root, frame.signature));
                self.take(&name, *first, frame, &mut records, claims);
                Ok(())
            })?;
            if let Some((root, signature)) = last {
                self.check_root(&name, &root, &signature);
            }
            if let End::Torn { .. } = end {
                self.fault(Trouble::MalformedFrame, &name, self.edge.size());
                return Ok(());
            }
            if self.depth == Depth::Everything && number + 1 < firsts.len() {
                let index = Index {
                    frames,
                    sources: self.sources.clone(),
                    tree: self.tree.clone(),
                };
                let bytes = self.files.read(&index_path(self.dir, *first)).ok();
                if bytes.as_deref().and_then(Index::decode) != Some(index) {
                    let name = format!("journal/{first:020}.idx");
                    self.fault(Trouble::WrongIndex, &name, self.edge.size());
                }
            }
        }
        Ok(())
    }

    fn take(
        &mut self,
        file: &str,
        segment: u64,
        frame: &Frame<'_>,
        records: &mut HashMap<u64, Arc<Record>>,
        claims: &mut Claims,
    ) {
        if frame.first != self.edge.size() {
            self.fault(Trouble::MalformedHeader, file, self.edge.size());
        }
        let mut handed_over = None;
        for (bytes, stored) in frame.headers.iter().zip(&frame.records) {
            let sequence = self.edge.size();
            let leaf = leaf_hash(bytes);
            self.edge.push(leaf);
            match Header::decode(bytes).filter(|header| header.sequence == sequence) {
                Some(header) => {
                    self.count(&header);
                    if header.kind.is_reserved() || self.depth == Depth::Everything {
                        let left = self.payload(file, segment, &header, stored, records);
                        if let Some(new) = self.own(file, &header, left) {
                            handed_over = Some(new);
                        }
                    }
                }
                None => self.fault(Trouble::MalformedHeader, file, sequence),
            }
            if self.depth == Depth::Everything {
                self.grow(leaf, bytes);
            }
            if let Some(root) = claims.roots.get_mut(&self.edge.size()) {
                *root = Some(self.edge.root());
            }
        }
        if self.depth == Depth::Everything || handed_over.is_some() {
            self.check_root(file, &frame.root, &frame.signature);
        }
        self.keys.extend(handed_over);
    }

    /// Continuity of the header's source.
    fn count(&mut self, header: &Header) {
        let last = self.sources.entry(header.source).or_default();
        let next = *last + 1;
        let missing = Missing {
            source: header.source,
            first: next,
            last: header.source_sequence,
            before: header.sequence,
        };
        if header.kind == Kind::GAP && header.source_sequence >= next {
            self.gaps.push(missing);
        } else if header.source_sequence != next {
            self.holes.push(Missing {
                last: header.source_sequence.saturating_sub(1),
                ..missing
            });
        }
        *last = header.source_sequence.max(*last);
    }

    /// Reads a payload and holds it against its header.
    fn payload(
        &mut self,
        file: &str,
        segment: u64,
        header: &Header,
        stored: &[u8],
        records: &mut HashMap<u64, Arc<Record>>,
    ) -> Option<Stored> {
        let sequence = header.sequence;
        let Some(record) = record::decode(stored).map(Arc::new) else {
            self.fault(Trouble::WrongPayload, file, sequence);
            return None;
        };
        if self.depth == Depth::Everything {
            records.insert(sequence, record.clone());
        }
        if matches!(record.form, Form::Dropped(_)) {
            self.dropped_at.push(sequence);
            return None;
        }
        let mut bytes = Vec::new();
        let mut load = |entry: u64| {
            if entry == sequence {
                return Ok(record.clone());
            }
            records.get(&entry).cloned().ok_or(Error::NoEntry(entry))
        };
        let all = 0..record.len();
        let resolved = resolve(&mut load, segment, sequence, all, 0, &mut bytes);
        let left = match resolved {
            Ok(Some(())) => Record::clone(&record).with(bytes),
            _ => None,
        };
        let root = match &left {
            Some(Stored::Whole(payload)) => Some(payload.root()),
            Some(Stored::Partial(disclosure)) => {
                let hidden = disclosure.hidden();
                let hidden = hidden.iter().map(|range| (range.start, range.end));
                self.erased.insert(sequence, hidden.collect());
                disclosure.root()
            }
            None => None,
        };
        if root != Some(header.payload) {
            self.fault(Trouble::WrongPayload, file, sequence);
            return None;
        }
        left
    }

    /// What the ledger's own entries say. Answers the key of a hand-over.
    fn own(&mut self, file: &str, header: &Header, left: Option<Stored>) -> Option<PublicKey> {
        let raw = match &left {
            Some(Stored::Whole(payload)) => payload.raw(),
            _ => &[],
        };
        let at = header.sequence;
        match header.kind {
            _ if at == 0 => {
                let genesis = serde_json::from_slice::<Genesis>(raw).ok();
                let key = genesis
                    .as_ref()
                    .and_then(|genesis| genesis.key.parse().ok())
                    .filter(|key: &PublicKey| {
                        genesis.as_ref().is_some_and(|g| g.origin == key.name())
                    })
                    .filter(|_| header.kind == Kind::GENESIS);
                match key {
                    Some(key) => {
                        self.origin = key.name().to_owned();
                        self.keys.push(key);
                    }
                    None => self.fault(Trouble::UnknownKey, file, at),
                }
            }
            Kind::HANDOVER => {
                let entry = serde_json::from_slice::<HandOver>(raw).ok();
                let old = self.keys.last()?;
                let new = entry.and_then(|entry| entry.check(&self.origin, old));
                if new.is_none() {
                    self.fault(Trouble::UnknownKey, file, at);
                }
                return new;
            }
            Kind::ERASURE => {
                if let Ok(erasure) = serde_json::from_slice::<Erasure>(raw) {
                    for one in erasure.erased {
                        self.recorded
                            .entry(one.entry)
                            .or_default()
                            .extend(one.spans);
                    }
                }
            }
            Kind::RETENTION => {
                if let Ok(retention) = serde_json::from_slice::<Retention>(raw) {
                    self.retained.push((retention.first, retention.end));
                }
            }
            _ => {}
        }
        None
    }

    fn check_root(&mut self, file: &str, root: &Hash, signature: &[u8; 64]) {
        let size = self.edge.size();
        if *root != self.edge.root() {
            self.fault(Trouble::WrongRoot, file, size);
        }
        let checkpoint = Checkpoint {
            origin: self.origin.clone(),
            size,
            root: *root,
        };
        // The commit of a hand-over is signed by the old key, those after it by the new one.
        let text = checkpoint.text();
        let mut keys = self.keys.iter().rev().take(2);
        if !keys.any(|key| key.raw_verify(&text, signature)) {
            self.fault(Trouble::BadSignature, file, size);
        }
    }

    /// Erasures and drops against the entries that announce them.
    fn check_records(&mut self) -> Result<(), Error> {
        let inside = |runs: &[(u64, u64)], number: u64| {
            runs.iter()
                .any(|(first, end)| (*first..*end).contains(&number))
        };
        let none = Vec::new();
        let mut faults = Vec::new();
        for (entry, spans) in &self.erased {
            let recorded = self.recorded.get(entry).unwrap_or(&none);
            let all = spans
                .iter()
                .all(|(first, end)| (*first..*end).all(|number| inside(recorded, number)));
            if !all {
                faults.push((Trouble::UnrecordedErasure, *entry));
            }
        }
        if self.depth == Depth::Everything {
            for (entry, spans) in &self.recorded {
                let gone = self.erased.get(entry).unwrap_or(&none);
                let all = spans
                    .iter()
                    .all(|(first, end)| (*first..*end).all(|number| inside(gone, number)));
                if !all && !self.dropped_at.contains(entry) {
                    faults.push((Trouble::UnfinishedErasure, *entry));
                }
            }
        }
        for entry in &self.dropped_at {
            if inside(&self.retained, *entry) {
                self.dropped += 1;
            } else {
                faults.push((Trouble::UnrecordedDrop, *entry));
            }
        }
        for (trouble, at) in faults {
            self.fault(trouble, "", at);
        }
        Ok(())
    }

    /// Adds a leaf to the tree of tiles, and compares what that completes with the files.
    fn grow(&mut self, leaf: Hash, header: &[u8]) {
        let mut full = Vec::new();
        self.tree.push(leaf, &mut |tile, hashes| {
            full.push((tile, encode_hashes(&hashes)));
        });
        self.bundle.push(header.to_vec());
        let size = self.tree.size();
        let Some(published) = self.published else {
            return;
        };
        for (tile, bytes) in full {
            if size <= published {
                self.compare(tile, &bytes);
            } else {
                // It may be there already: the checkpoint is written last.
                self.expected.insert(tile.path());
            }
        }
        let whole = self.bundle.len() as u64 == TILE_WIDTH;
        if whole || size == published {
            let tile = Tile {
                level: None,
                index: (size - 1) / TILE_WIDTH,
                width: self.bundle.len() as u16,
            };
            if size <= published {
                let bytes = encode_bundle(self.bundle.iter().map(Vec::as_slice));
                self.compare(tile, &bytes);
            } else {
                self.expected.insert(tile.path());
            }
        }
        if whole {
            self.bundle.clear();
        }
        if size == published {
            for tile in partial_tiles(size) {
                let hashes = self.tree.partial(tile.level.unwrap_or_default());
                let bytes = encode_hashes(hashes);
                self.compare(tile, &bytes);
            }
        }
    }

    fn compare(&mut self, tile: Tile, bytes: &[u8]) {
        let path = tile.path();
        let there = self.files.read(&self.dir.join(&path)).ok();
        if there.as_deref() != Some(bytes) {
            self.fault(Trouble::WrongTile, &path, self.tree.size());
        }
        self.expected.insert(path);
    }

    fn check_names(&mut self, present: &BTreeSet<String>) {
        let known = |path: &str| {
            matches!(
                path,
                "lock" | "key" | "key.next" | "checkpoint" | "cosigned" | "unfinished"
            ) || path
                .strip_prefix("journal/")
                .is_some_and(|name| name.ends_with(".seg") || name.ends_with(".idx"))
        };
        let strange: Vec<_> = present
            .iter()
            .filter(|path| !known(path) && !self.expected.contains(*path))
            .cloned()
            .collect();
        for path in strange {
            self.fault(Trouble::UnexpectedFile, &path, 0);
        }
    }
}
