//! Appending: many threads, one write and one sync.
//!
//! A thread prepares its entry (spans, root, compressed record) and puts it into the queue. Whoever
//! finds nobody at work commits all that waits; the others sleep until their entry is durable. While
//! one commit syncs, the next queue fills, so that the number of entries per sync follows the load.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use proctor_model::Vantage;

use crate::checkpoint::Checkpoint;
use crate::error::Error;
use crate::files::{File, Mode};
use crate::frame;
use crate::header::{Header, Kind};
use crate::key::Key;
use crate::log::{Inner, Log, lock, open_file};
use crate::merkle::{Edge, Hash};
use crate::own::Lost;
use crate::payload::{Payload, root_of};
use crate::record::{self, Form};
use crate::segment::{Index, Segment, segment_path};
use crate::share::{Plan, Share};
use crate::token::tokenize;

/// Source number of the ledger's own account.
pub const OWN_SOURCE: u64 = 0;
/// Most entries in one commit.
const MAX_ENTRIES: usize = 4096;
/// Most bytes of records in one commit; one entry may be longer.
const MAX_BYTES: usize = 64 << 20;

/// An entry to be appended.
#[derive(Clone)]
pub struct Entry {
    /// From where it was observed.
    pub vantage: Vantage,
    /// What it is: [`Kind::HEARTBEAT`], [`Kind::GAP`] or a number from [`Kind::FIRST_FREE`] on.
    pub kind: Kind,
    /// Opaque number of the source, from 1; 0 is the ledger's own account.
    pub source: u64,
    /// The source's own number of this event, from 1. If it leaves some out, the log appends a gap
    /// before it. Nothing lets the log count, for sources that cannot.
    pub source_sequence: Option<u64>,
    /// The observation.
    pub payload: Payload,
}

/// Entries that wait for a commit.
#[derive(Default)]
pub(crate) struct Queue {
    waiting: Vec<(Prepared, Arc<Ticket>)>,
    committing: bool,
}

/// The one who commits.
pub(crate) struct Writer {
    pub(crate) file: Arc<dyn File>,
    pub(crate) path: PathBuf,
    pub(crate) first: u64,
    /// Length of the active segment that is good.
    pub(crate) end: u64,
    /// Whether bytes of a failed write may stand after `end`.
    pub(crate) soiled: bool,
    pub(crate) sources: BTreeMap<u64, u64>,
    pub(crate) edge: Edge,
    pub(crate) key: Key,
    /// The key that signs after the commit of a hand-over.
    pub(crate) next: Option<Key>,
    pub(crate) boot: [u8; 16],
}

pub(crate) struct Prepared {
    vantage: Vantage,
    kind: Kind,
    source: u64,
    source_sequence: Option<u64>,
    payload: Payload,
    root: Hash,
    plan: Plan,
    record: Vec<u8>,
    segment: u64,
}

#[derive(Default)]
struct Ticket(Mutex<Option<Result<Header, Error>>>);

impl Log {
    /// Appends an entry, and returns when it is durable.
    ///
    /// # Errors
    /// [`Error::DiskFull`] or [`Error::Io`] if it could not be written, [`Error::OutOfOrder`] if the
    /// source had this number already. Nothing is appended then.
    pub fn append(&self, entry: Entry) -> Result<Header, Error> {
        self.append_all(vec![entry])
            .pop()
            .unwrap_or(Err(Error::Impossible("nothing to append")))
    }

    /// Appends entries in this order, and returns when all are durable. They share a sync.
    ///
    /// # Errors
    /// As [`Log::append`], for each entry.
    pub fn append_all(&self, entries: Vec<Entry>) -> Vec<Result<Header, Error>> {
        let prepared = entries
            .into_iter()
            .map(|entry| match entry.kind {
                Kind::GAP | Kind::HEARTBEAT => self.inner.prepare(entry),
                kind if kind.is_reserved() => Err(Error::ReservedKind(kind.0)),
                _ => self.inner.prepare(entry),
            })
            .collect();
        self.inner.append(prepared)
    }
}

impl Inner {
    /// Appends an entry of the ledger's own account.
    pub(crate) fn append_own(
        &self,
        kind: Kind,
        payload: &impl serde::Serialize,
    ) -> Result<Header, Error> {
        let prepared = self.prepare(own_entry(kind, OWN_SOURCE, None, payload)?);
        self.append(vec![prepared])
            .pop()
            .unwrap_or(Err(Error::Impossible("nothing to append")))
    }

    fn prepare(&self, entry: Entry) -> Result<Prepared, Error> {
        let raw = entry.payload.raw();
        let spans = tokenize(raw);
        let root = root_of(raw, entry.payload.seed(), &spans);
        let key = self
            .share
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .0
            .key();
        // The ledger's own entries are read without their neighbours.
        let shared = match entry.kind.is_reserved() {
            true => &[][..],
            false => &spans.elements,
        };
        let digests = Share::digest(&key, raw, shared);
        let (plan, segment) = {
            let share = self.share.read().unwrap_or_else(PoisonError::into_inner);
            (share.0.plan(raw.len(), digests), share.1)
        };
        let form = Form::Whole(*entry.payload.seed());
        let record = record::encode(&form, &plan.pieces, raw);
        Ok(Prepared {
            vantage: entry.vantage,
            kind: entry.kind,
            source: entry.source,
            source_sequence: entry.source_sequence,
            payload: entry.payload,
            root,
            plan,
            record,
            segment,
        })
    }

    fn append(&self, prepared: Vec<Result<Prepared, Error>>) -> Vec<Result<Header, Error>> {
        let mut tickets = Vec::new();
        let mut queue = lock(&self.queue);
        for item in prepared {
            let ticket = Arc::new(Ticket::default());
            match item {
                Ok(prepared) => queue.waiting.push((prepared, ticket.clone())),
                Err(error) => *lock(&ticket.0) = Some(Err(error)),
            }
            tickets.push(ticket);
        }
        let mut results = Vec::new();
        for ticket in tickets {
            loop {
                if let Some(result) = lock(&ticket.0).take() {
                    results.push(result);
                    break;
                }
                if queue.committing {
                    queue = self
                        .turn
                        .wait(queue)
                        .unwrap_or_else(PoisonError::into_inner);
                    continue;
                }
                queue.committing = true;
                let rest = batch_end(&queue.waiting);
                let later = queue.waiting.split_off(rest);
                let batch = std::mem::replace(&mut queue.waiting, later);
                drop(queue);
                self.commit(batch);
                queue = lock(&self.queue);
                queue.committing = false;
                self.turn.notify_all();
            }
        }
        results
    }

    fn commit(&self, batch: Vec<(Prepared, Arc<Ticket>)>) {
        let mut writer = lock(&self.writer);
        let everyone: Vec<_> = batch.iter().map(|(_, ticket)| ticket.clone()).collect();
        let mut good = Vec::new();
        let mut tickets = Vec::new();
        let mut sources = BTreeMap::new();
        let result = self.make_ready(&mut writer).and_then(|()| {
            for (item, ticket) in batch {
                let last = sources
                    .get(&item.source)
                    .or_else(|| writer.sources.get(&item.source))
                    .copied()
                    .unwrap_or_default();
                let next = last + 1;
                let number = item.source_sequence.unwrap_or(next);
                if number < next {
                    *lock(&ticket.0) = Some(Err(Error::OutOfOrder {
                        source_number: item.source,
                        given: number,
                        next,
                    }));
                    continue;
                }
                if number > next && item.kind != Kind::GAP {
                    let lost = Lost {
                        first: next,
                        last: number - 1,
                        reason: "the source's numbers left these out".to_owned(),
                    };
                    let gap = own_entry(Kind::GAP, item.source, Some(number - 1), &lost)?;
                    good.push((self.prepare(gap)?, number - 1));
                    tickets.push(None);
                }
                sources.insert(item.source, number);
                good.push((item, number));
                tickets.push(Some(ticket));
            }
            if good.is_empty() {
                return Ok(Vec::new());
            }
            self.write(&mut writer, &mut good)
        });
        match result {
            Ok(headers) => {
                writer.sources.extend(sources);
                drop(writer);
                for (header, ticket) in headers.into_iter().zip(tickets) {
                    if let Some(ticket) = ticket {
                        *lock(&ticket.0) = Some(Ok(header));
                    }
                }
            }
            Err(error) => {
                for ticket in everyone {
                    lock(&ticket.0).get_or_insert_with(|| Err(again(&error)));
                }
            }
        }
    }

    /// Cuts off what a failed write left, and begins a new segment when it is time.
    fn make_ready(&self, writer: &mut Writer) -> Result<(), Error> {
        if writer.soiled {
            let end = writer.end;
            let cut = writer.file.set_len(end).and_then(|()| writer.file.sync());
            cut.map_err(Error::io("truncate", &writer.path))?;
            writer.soiled = false;
        }
        if writer.end > self.options.segment_bytes {
            self.rotate(writer)?;
        }
        Ok(())
    }

    /// Seals the active segment and begins another.
    pub(crate) fn rotate(&self, writer: &mut Writer) -> Result<(), Error> {
        let first = writer.edge.size();
        if first == writer.first {
            return Ok(());
        }
        let (file, path) = create_segment(self.files.as_ref(), &self.dir, first)?;
        let mut view = self.view_mut();
        let frames = std::mem::take(&mut view.active);
        let index = Index {
            frames: frames.clone(),
            sources: writer.sources.clone(),
            tree: view.tree.clone(),
        };
        if let Some(sealed) = view.segments.last_mut() {
            sealed.frames = Some(Arc::new(frames));
        }
        view.segments.push(Segment {
            first,
            path: path.clone(),
            file: file.clone(),
            frames: None,
        });
        drop(view);
        lock(&self.signal).sealed.push((writer.first, index));
        let mut share = self.share.write().unwrap_or_else(PoisonError::into_inner);
        share.0.clear();
        share.1 += 1;
        writer.file = file;
        writer.path = path;
        writer.first = first;
        writer.end = frame::SEGMENT_HEAD_LEN as u64;
        Ok(())
    }

    /// Writes and syncs one frame; readers see its entries when it is durable.
    fn write(
        &self,
        writer: &mut Writer,
        batch: &mut Vec<(Prepared, u64)>,
    ) -> Result<Vec<Header>, Error> {
        let segment = self.share.read().unwrap_or_else(PoisonError::into_inner).1;
        let (wall_ns, monotonic_ns) = now();
        let first = writer.edge.size();
        let mut edge = writer.edge.clone();
        let mut headers = Vec::new();
        let mut encoded = Vec::new();
        for ((item, number), sequence) in batch.iter_mut().zip(first..) {
            if item.segment != segment && item.plan.refers() {
                // It was prepared for the segment that was just sealed.
                let raw = item.payload.raw();
                let form = Form::Whole(*item.payload.seed());
                item.record = record::encode(&form, &Plan::alone(raw.len()), raw);
            }
            let header = Header {
                vantage: item.vantage,
                kind: item.kind,
                sequence,
                wall_ns,
                monotonic_ns,
                boot: writer.boot,
                source: item.source,
                source_sequence: *number,
                payload: item.root,
            };
            let bytes = header.encode();
            edge.push(crate::merkle::leaf_hash(&bytes));
            encoded.push(bytes);
            headers.push(header);
        }
        let checkpoint = Checkpoint {
            origin: self.origin.clone(),
            size: edge.size(),
            root: edge.root(),
        };
        let signature = writer.key.sign(&checkpoint.text());
        let raw_signature = signature.bytes.as_slice().try_into().unwrap_or([0; 64]);
        let bytes = frame::encode(
            first,
            &encoded,
            batch.iter().map(|(item, _)| item.record.as_slice()),
            &checkpoint.root,
            &raw_signature,
        );
        if bytes.len() as u64 > frame::MAX_FRAME {
            return Err(Error::TooLong(bytes.len() as u64));
        }
        let at = writer.end;
        writer.soiled = true;
        writer
            .file
            .write_at(&bytes, at)
            .and_then(|()| writer.file.sync())
            .map_err(Error::io("append to", &writer.path))?;
        writer.soiled = false;
        writer.end += bytes.len() as u64;
        writer.edge = edge;
        let mut view = self.view_mut();
        let mut full = Vec::new();
        for header in &encoded {
            view.tree
                .push(crate::merkle::leaf_hash(header), &mut |tile, hashes| {
                    full.push((tile, hashes));
                });
        }
        view.pending.extend(full);
        view.tail.extend_from_slice(&encoded);
        view.active.push((first, at));
        view.signature = signature;
        drop(view);
        if headers.iter().any(|header| header.kind == Kind::HANDOVER)
            && let Some(next) = writer.next.take()
        {
            let mut view = self.view_mut();
            view.signature = next.sign(&checkpoint.text());
            view.key = next.public().clone();
            drop(view);
            writer.key = next;
        }
        let mut share = self.share.write().unwrap_or_else(PoisonError::into_inner);
        for ((item, _), header) in batch.drain(..).zip(&headers) {
            let stale = item.segment != segment && item.plan.refers();
            if !stale {
                share.0.remember(header.sequence, item.plan);
            }
        }
        Ok(headers)
    }
}

/// How many of the waiting fit into one frame.
fn batch_end(waiting: &[(Prepared, Arc<Ticket>)]) -> usize {
    let mut bytes = 0;
    let fit = waiting
        .iter()
        .take(MAX_ENTRIES)
        .take_while(|(item, _)| {
            let fits = bytes == 0 || bytes + item.record.len() <= MAX_BYTES;
            bytes += item.record.len();
            fits
        })
        .count();
    fit.max(1).min(waiting.len())
}

pub(crate) fn own_entry(
    kind: Kind,
    source: u64,
    source_sequence: Option<u64>,
    payload: &impl serde::Serialize,
) -> Result<Entry, Error> {
    let raw = serde_json::to_vec(payload)
        .map_err(|_| Error::Impossible("an entry of the ledger cannot be written as JSON"))?;
    Ok(Entry {
        vantage: Vantage::Own,
        kind,
        source,
        source_sequence,
        payload: Payload::new(raw)?,
    })
}

/// A new segment file whose name is durable.
pub(crate) fn create_segment(
    files: &dyn crate::files::Files,
    dir: &std::path::Path,
    first: u64,
) -> Result<(Arc<dyn File>, PathBuf), Error> {
    let path = segment_path(dir, first);
    let file = open_file(files, &path, Mode::Create)?;
    file.write_at(&frame::segment_head(first), 0)
        .and_then(|()| file.sync())
        .and_then(|()| files.sync_dir(&dir.join("journal")))
        .map_err(Error::io("create", &path))?;
    Ok((file, path))
}

/// The same error for every entry of a failed commit.
fn again(error: &Error) -> Error {
    match error {
        Error::DiskFull => Error::DiskFull,
        Error::Io {
            doing,
            path,
            source,
        } => Error::Io {
            doing,
            path: path.clone(),
            source: std::io::Error::new(source.kind(), source.to_string()),
        },
        other => Error::Closed(other.to_string()),
    }
}

fn now() -> (u64, u64) {
    let wall = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let boot = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let monotonic = u64::try_from(boot.tv_sec).unwrap_or_default() * 1_000_000_000
        + u64::try_from(boot.tv_nsec).unwrap_or_default();
    (wall.as_nanos() as u64, monotonic)
}
