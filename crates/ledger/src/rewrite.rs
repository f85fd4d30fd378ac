//! Erasing and dropping: the only changes to what is stored, each announced by a signed entry first.
//!
//! Headers, tree and proofs stay as they are. The segment is written anew without the bytes and
//! without every seed that leads to their salts; the old file is overwritten. A note of the work
//! stands in the folder until it is done, so that a crash only delays it.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{Arc, PoisonError};

use proctor_model::Vantage;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::files::Mode;
use crate::frame;
use crate::header::{Header, Kind};
use crate::log::{Inner, Log, lock, open_file, resolve};
use crate::open::todo_path;
use crate::own::{Erased, Erasure, Retention};
use crate::payload::Disclosure;
use crate::record::{self, Form, Record, Stored};
use crate::segment::{Frames, Index, Segment, index_path, scan};
use crate::share::Share;
use crate::token::tokenize;

/// Work that must be done though a crash comes between.
#[derive(Serialize, Deserialize)]
enum Unfinished {
    Erasure(Erasure),
    Retention(Retention),
}

/// Bytes of one entry that are to be erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Sequence of the entry.
    pub entry: u64,
    /// Ranges of its raw bytes; every span that touches one goes.
    pub ranges: Vec<Range<u64>>,
}

impl Log {
    /// Where these bytes are: every entry whose open spans hold them. Reads the whole log.
    ///
    /// # Errors
    /// If an entry cannot be read.
    pub fn find(&self, needle: &[u8]) -> Result<Vec<Target>, Error> {
        let mut found = Vec::new();
        if needle.is_empty() {
            return Ok(found);
        }
        for entry in 0..self.len() {
            let disclosure = match self.payload(entry) {
                Ok(disclosure) => disclosure,
                Err(Error::Dropped(_)) => continue,
                Err(error) => return Err(error),
            };
            let mut ranges = Vec::new();
            for (start, bytes) in runs(&disclosure) {
                let mut at = 0;
                while let Some(rest) = bytes.get(at..)
                    && let Some(hit) = position(rest, needle)
                {
                    let begin = start + (at + hit) as u64;
                    ranges.push(begin..begin + needle.len() as u64);
                    at += hit + 1;
                }
            }
            if !ranges.is_empty() {
                found.push(Target { entry, ranges });
            }
        }
        Ok(found)
    }

    /// Erases spans for good: appends a signed record of it, then rewrites what is stored. Answers
    /// the header of that record.
    ///
    /// # Errors
    /// [`Error::Reserved`] for an entry of the ledger's own; [`Error::Impossible`] if nothing of
    /// the targets is there.
    pub fn erase(&self, targets: &[Target], reason: &str) -> Result<Header, Error> {
        let mut erased: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for target in targets {
            if self.header(target.entry)?.kind.is_reserved() {
                return Err(Error::Reserved(target.entry));
            }
            let disclosure = self.payload(target.entry)?;
            let numbers = disclosure
                .numbered()
                .into_iter()
                .filter(|(_, span)| touches(&span.range(), &target.ranges))
                .map(|(number, _)| number);
            erased.entry(target.entry).or_default().extend(numbers);
        }
        erased.retain(|_, numbers| !numbers.is_empty());
        if erased.is_empty() {
            return Err(Error::Impossible("none of these bytes are there"));
        }
        let erased = erased
            .into_iter()
            .map(|(entry, numbers)| Erased {
                entry,
                spans: as_runs(numbers),
            })
            .collect();
        let erasure = Erasure {
            erased,
            reason: reason.to_owned(),
        };
        self.begin(&Unfinished::Erasure(erasure.clone()))?;
        let header = self.inner.append_own(Kind::ERASURE, &erasure)?;
        self.carry_out(&Unfinished::Erasure(erasure))?;
        Ok(header)
    }

    /// Drops the payloads of all sealed segments whose entries are all below `before`; those of the
    /// vantage *own* and the ledger's own entries keep theirs. Answers the record's header, or nothing if there is nothing to drop.
    ///
    /// # Errors
    /// If a segment cannot be rewritten.
    pub fn drop_payloads(&self, before: u64, reason: &str) -> Result<Option<Header>, Error> {
        let mut first = 0;
        let mut end = 0;
        {
            let view = self.inner.view();
            for pair in view.segments.windows(2) {
                let [segment, next] = pair else { continue };
                if next.first <= before {
                    end = next.first;
                }
                let _ = segment;
            }
        }
        // What an earlier call dropped need not be said again.
        while first < end && self.is_dropped(first)? {
            first += 1;
        }
        if first == end {
            return Ok(None);
        }
        let retention = Retention {
            first,
            end,
            reason: reason.to_owned(),
        };
        self.begin(&Unfinished::Retention(retention.clone()))?;
        let header = self.inner.append_own(Kind::RETENTION, &retention)?;
        self.carry_out(&Unfinished::Retention(retention))?;
        Ok(Some(header))
    }

    fn is_dropped(&self, sequence: u64) -> Result<bool, Error> {
        let (header, record) = self.inner.raw_entry(sequence)?;
        Ok(stays(&header) || record::is_dropped(&record))
    }

    /// Completes what a crash interrupted.
    pub(crate) fn resume(&self) -> Result<bool, Error> {
        let path = todo_path(&self.inner.dir);
        let Ok(bytes) = self.inner.files.read(&path) else {
            return Ok(false);
        };
        let work: Unfinished = serde_json::from_slice(&bytes)
            .map_err(|_| Error::damaged("the note of unfinished work is malformed", path, 0))?;
        // The record may or may not have been appended; saying it twice does no harm.
        match &work {
            Unfinished::Erasure(erasure) => self.inner.append_own(Kind::ERASURE, erasure)?,
            Unfinished::Retention(retention) => {
                self.inner.append_own(Kind::RETENTION, retention)?
            }
        };
        self.carry_out(&work)?;
        Ok(true)
    }

    fn begin(&self, work: &Unfinished) -> Result<(), Error> {
        let path = todo_path(&self.inner.dir);
        let bytes = serde_json::to_vec(work)
            .map_err(|_| Error::Impossible("the work cannot be written as JSON"))?;
        self.inner
            .files
            .replace(&path, &bytes)
            .map_err(Error::io("write", &path))
    }

    fn carry_out(&self, work: &Unfinished) -> Result<(), Error> {
        let inner = &self.inner;
        {
            // Only sealed segments are rewritten.
            let mut writer = lock(&inner.writer);
            let last = match work {
                Unfinished::Erasure(erasure) => erasure.erased.iter().map(|one| one.entry).max(),
                Unfinished::Retention(retention) => retention.end.checked_sub(1),
            };
            if last.is_some_and(|last| last >= writer.first) {
                inner.rotate(&mut writer)?;
            }
        }
        inner.publish()?;
        let segments = inner.view().segments.clone();
        for pair in segments.windows(2) {
            let [segment, next] = pair else { continue };
            let range = segment.first..next.first;
            let touched = match work {
                Unfinished::Erasure(erasure) => {
                    erasure.erased.iter().any(|one| range.contains(&one.entry))
                }
                Unfinished::Retention(retention) => {
                    retention.first < range.end && range.start < retention.end
                }
            };
            if touched {
                inner.rewrite(segment, work)?;
            }
        }
        let path = todo_path(&inner.dir);
        inner
            .files
            .remove(&path)
            .and_then(|()| inner.files.sync_dir(&inner.dir))
            .map_err(Error::io("remove", &path))
    }
}

impl Inner {
    fn rewrite(&self, segment: &Segment, work: &Unfinished) -> Result<(), Error> {
        let path = &segment.path;
        let temporary = path.with_extension("new");
        let out = open_file(self.files.as_ref(), &temporary, Mode::Create)?;
        let mut end = frame::SEGMENT_HEAD_LEN as u64;
        out.write_at(&frame::segment_head(segment.first), 0)
            .map_err(Error::io("write", &temporary))?;
        let key = self
            .share
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .0
            .key();
        let mut share = Share::new(key);
        let mut old: HashMap<u64, Arc<Record>> = HashMap::new();
        let mut frames = Frames::new();
        scan(segment.file.as_ref(), path, segment.first, |at, frame| {
            let damaged = || Error::damaged("a record is malformed", path, at);
            for (bytes, sequence) in frame.records.iter().zip(frame.first..) {
                old.insert(
                    sequence,
                    Arc::new(record::decode(bytes).ok_or_else(damaged)?),
                );
            }
            let mut headers = Vec::new();
            let mut records = Vec::new();
            for (bytes, sequence) in frame.headers.iter().zip(frame.first..) {
                let header = Header::decode(bytes).ok_or_else(damaged)?;
                headers.push(header.encode());
                let mut load = |entry: u64| old.get(&entry).cloned().ok_or_else(damaged);
                let record = load(sequence)?;
                let mut stored = Vec::new();
                let all = 0..record.len();
                resolve(&mut load, segment.first, sequence, all, 0, &mut stored)?
                    .ok_or_else(damaged)?;
                let left = match record.form {
                    Form::Dropped(_) => None,
                    _ => Some(Record::clone(&record).with(stored).ok_or_else(damaged)?),
                };
                let left = left.and_then(|stored| change(work, &header, stored));
                records.push(store(&mut share, sequence, left, record.raw_len()));
            }
            let bytes = frame::encode(
                frame.first,
                &headers,
                records.iter().map(Vec::as_slice),
                &frame.root,
                &frame.signature,
            );
            frames.push((frame.first, end));
            out.write_at(&bytes, end)
                .map_err(Error::io("write", &temporary))?;
            end += bytes.len() as u64;
            Ok(())
        })?;
        out.sync().map_err(Error::io("sync", &temporary))?;
        let before = open_file(self.files.as_ref(), path, Mode::Write)?;
        // The index names offsets of the old file: without one, a reader scans.
        let index_path = index_path(&self.dir, segment.first);
        let index = self.files.read(&index_path).ok();
        let index = index.as_deref().and_then(Index::decode);
        if index.is_some() {
            self.files
                .remove(&index_path)
                .map_err(Error::io("remove", &index_path))?;
        }
        let journal = self.dir.join("journal");
        self.files
            .sync_dir(&journal)
            .and_then(|()| self.files.rename(&temporary, path))
            .and_then(|()| self.files.sync_dir(&journal))
            .map_err(Error::io("replace", path))?;
        {
            let mut view = self.view_mut();
            for known in &mut view.segments {
                if known.first == segment.first {
                    known.file = out.clone();
                    known.frames = Some(Arc::new(frames.clone()));
                }
            }
            lock(&self.cache).clear();
        }
        if let Some(index) = index {
            let bytes = Index { frames, ..index }.encode();
            self.files
                .replace(&index_path, &bytes)
                .map_err(Error::io("write", &index_path))?;
        }
        overwrite(before.as_ref()).map_err(Error::io("overwrite", path))
    }
}

/// Writes zeros over a file that has no name any more. Copies that the file system or the disk made
/// of its own accord are out of reach.
fn overwrite(file: &dyn crate::files::File) -> std::io::Result<()> {
    let length = file.len()?;
    let zeros = vec![0; 1 << 16];
    let mut at = 0;
    while at < length {
        let count = (length - at).min(zeros.len() as u64);
        file.write_at(zeros.get(..count as usize).unwrap_or_default(), at)?;
        at += count;
    }
    file.sync()
}

/// Whether retention leaves the payload of an entry: what the ledger and its keeper said themselves,
/// without which nobody knows what the rest was.
fn stays(header: &Header) -> bool {
    header.kind.is_reserved() || header.vantage == Vantage::Own
}

/// What is left of an entry.
fn change(work: &Unfinished, header: &Header, stored: Stored) -> Option<Stored> {
    match work {
        Unfinished::Erasure(erasure) => {
            let mut spans = erasure
                .erased
                .iter()
                .filter(|one| one.entry == header.sequence)
                .flat_map(|one| &one.spans)
                .peekable();
            if spans.peek().is_none() {
                return Some(stored);
            }
            let spans: Vec<_> = spans.collect();
            let left = stored.disclose().withhold(|number, _| {
                spans
                    .iter()
                    .any(|(first, end)| (*first..*end).contains(&number))
            });
            Some(Stored::Partial(left))
        }
        Unfinished::Retention(retention) => {
            let keeps =
                stays(header) || !(retention.first..retention.end).contains(&header.sequence);
            keeps.then_some(stored)
        }
    }
}

/// The record of what is left.
fn store(share: &mut Share, sequence: u64, left: Option<Stored>, length: u64) -> Vec<u8> {
    let (form, bytes, elements) = match left {
        None => return record::encode(&Form::Dropped(length), &[], &[]),
        Some(Stored::Whole(payload)) => {
            let elements = tokenize(payload.raw()).elements;
            (
                Form::Whole(*payload.seed()),
                payload.raw().to_vec(),
                elements,
            )
        }
        Some(Stored::Partial(disclosure)) => {
            let elements = elements(&disclosure);
            let spans = disclosure.spans();
            let bytes: Vec<u8> = spans.iter().flat_map(|span| &span.bytes).copied().collect();
            let lengths = spans.iter().map(|span| span.bytes.len()).collect();
            (
                Form::Partial(Box::new(disclosure), lengths),
                bytes,
                elements,
            )
        }
    };
    let digests = Share::digest(&share.key(), &bytes, &elements);
    let plan = share.plan(bytes.len(), digests);
    let record = record::encode(&form, &plan.pieces, &bytes);
    share.remember(sequence, plan);
    record
}

/// Array elements among the stored bytes of a partly erased payload, as far as paths still tell:
/// from the first to the last open span below the same element.
fn elements(disclosure: &Disclosure) -> Vec<Range<usize>> {
    let mut found: Vec<(Vec<u8>, Range<usize>)> = Vec::new();
    let mut at = 0;
    for span in disclosure.spans() {
        let range = at..at + span.bytes.len();
        at = range.end;
        let mut length = 0;
        let element = span.path.split(|byte| *byte == b'/').any(|part| {
            length += part.len() + 1;
            !part.is_empty() && part.iter().all(u8::is_ascii_digit)
        });
        if !element {
            continue;
        }
        let path = span.path.get(..length - 1).unwrap_or_default();
        match found.last_mut() {
            Some((last, whole)) if last == path => whole.end = range.end,
            _ => found.push((path.to_vec(), range)),
        }
    }
    found.into_iter().map(|(_, range)| range).collect()
}

/// Runs of open bytes, with where they begin.
pub(crate) fn runs(disclosure: &Disclosure) -> Vec<(u64, Vec<u8>)> {
    let mut out: Vec<(u64, Vec<u8>)> = Vec::new();
    for span in disclosure.spans() {
        match out.last_mut() {
            Some((start, bytes)) if *start + bytes.len() as u64 == span.offset => {
                bytes.extend(&span.bytes);
            }
            _ => out.push((span.offset, span.bytes.clone())),
        }
    }
    out
}

fn position(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

pub(crate) fn touches(span: &Range<u64>, ranges: &[Range<u64>]) -> bool {
    ranges
        .iter()
        .any(|range| range.start < span.end && span.start < range.end)
}

fn as_runs(mut numbers: Vec<u64>) -> Vec<(u64, u64)> {
    numbers.sort_unstable();
    numbers.dedup();
    let mut out: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match out.last_mut() {
            Some((_, end)) if *end == number => *end += 1,
            _ => out.push((number, number + 1)),
        }
    }
    out
}
