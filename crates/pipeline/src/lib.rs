//! The one way in: bytes of sources to the log, and from there to sessions, findings and the index.
//!
//! ```text
//! announce, append, end -> queue -> writer -> log (durable) -> answer
//!                                              |
//!                          index thread: sources -> sessions -> findings, attributions -> log
//!                                              |                                            |
//!                                              +------------> index, subscribers <----------+
//! ```
//!
//! What a source observed is kept as it was, byte by byte; whoever gave it has an answer when it is
//! durable. Everything else is derived: the index thread reads sources back from the log, in whole
//! and in their order, so that the same log gives the same sessions however it came to be. What
//! Proctor makes of them it appends to the log as well. The index may lag behind, and says so.
//!
//! Nothing is lost in silence. Bytes that never came, a queue that was full, a disk that was, a
//! source that fell silent: each is an entry of the log that says so.

mod entry;
mod erase;
mod error;
mod group;
mod ingest;
mod judge;
mod queue;
mod register;
mod replay;
mod shared;
mod watch;
mod writer;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use proctor_ledger::{Header, Kind, Log};
use proctor_model::{Event, SessionId};
use proctor_monitors::Rules;
use proctor_reconcile::Summary;
use proctor_store::{FindingRow, Gap, RegisterRow, SessionRow, SourceRow, Store};

use crate::ingest::Index;
use crate::register::Register;
use crate::shared::{Shared, lock, read, write};
use crate::writer::{Known, Op, Writer};

pub use crate::entry::{
    ATTRIBUTION, Attributed, Counted, END, FAILURE, FINDING, Failure, Format, REGISTER, SOURCE,
    STRETCH, Shown, SourceInfo, chain,
};
pub use crate::erase::{Erase, Erased};
pub use crate::error::Error;
pub use crate::register::{Changed, Deployment, RegisterChange, Registered, compare};

/// Reads a source again: gives the events of the bytes in the file, which is a copy, as if they
/// stood where the source says.
pub type Replay = dyn Fn(&SourceInfo, &Path, &mut dyn FnMut(Event)) + Send + Sync;

/// How a pipeline works.
#[derive(Clone, Debug)]
pub struct Options {
    /// Most bytes that wait to be written.
    pub queue_bytes: usize,
    /// How long a source must be quiet before its sessions are made anew; one that has ended is
    /// not waited for.
    pub quiet: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            queue_bytes: 64 << 20,
            quiet: Duration::from_secs(2),
        }
    }
}

/// What is known of a source that was announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// Its number.
    pub source: u64,
    /// How many bytes of it are recorded: where to go on.
    pub bytes: u64,
    /// SHA-256 of these bytes in hexadecimal, unless some of them are missing: what stands there
    /// now must begin with them, else it is another generation.
    pub sha256: Option<String>,
    /// Whether it had ended.
    pub ended: bool,
    /// Whether nobody had announced it before.
    pub new: bool,
}

/// Something is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// The source.
    pub source: u64,
    /// Its last entry.
    pub number: u64,
    /// How many bytes of it are recorded.
    pub bytes: u64,
    /// Place in the log of the last entry that this request took; nothing if all of it was there.
    pub sequence: Option<u64>,
}

/// Something happened that others may want to know.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// A session was attributed.
    Session(SessionId),
    /// A behaviour was seen.
    Finding(FindingRow),
    /// Observation failed.
    Gap(Gap),
    /// The register changed.
    Register(RegisterRow),
    /// So many notices were left out, because the subscriber did not take them.
    Missed(u64),
}

/// How far everything is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Entries of the log.
    pub entries: u64,
    /// Entries that the index has taken in.
    pub indexed: u64,
    /// Sources whose sessions are not made of all their bytes yet.
    pub stale: u64,
    /// Bytes that wait to be written.
    pub waiting: u64,
    /// What went wrong with the index last, if it has not gone right since.
    pub trouble: Option<String>,
}

/// How much of a source is recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage {
    /// What the index has of it: entries, bytes, gaps, whether it ended.
    pub row: SourceRow,
    /// What it is, if that can still be read.
    pub info: Option<SourceInfo>,
    /// Bytes that were never recorded.
    pub lost: u64,
    /// Bytes that were recorded, and were erased or dropped since.
    pub gone: u64,
    /// Whether its bytes are those that it ended with; nothing if it goes on or bytes are missing.
    pub as_ended: Option<bool>,
}

impl Coverage {
    /// Whether it ended, and every byte up to there was recorded.
    pub fn is_complete(&self) -> bool {
        self.row.ended && self.row.gaps == 0 && self.as_ended != Some(false)
    }
}

/// An answer that comes when something is durable.
#[must_use = "nothing is durable before the answer is there"]
pub struct Pending(Receiver<Result<Ack, Error>>);

impl Pending {
    /// Waits for the answer.
    ///
    /// # Errors
    /// If it could not be recorded.
    pub fn wait(self) -> Result<Ack, Error> {
        self.0.recv().unwrap_or(Err(Error::Closed))
    }
}

/// The pipeline of one log. Dropping it writes what waits, and leaves the rest of the index to the
/// next one who opens it.
pub struct Pipeline {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
    indexer: Option<JoinHandle<()>>,
}

impl Pipeline {
    /// Opens the pipeline of a log that is open, with its index. `dir` is a folder for its own
    /// passing files.
    ///
    /// Takes in what the index lacks of the log; sessions follow in the background.
    ///
    /// # Errors
    /// If log or index cannot be read, or the folder not be written.
    pub fn open(
        dir: &Path,
        log: Log,
        store: Box<dyn Store>,
        replay: Box<Replay>,
        rules: Arc<Rules>,
        options: Options,
    ) -> Result<Self, Error> {
        replay::prepare(dir)?;
        let mut index = Index::load(&*store)?;
        if !index.is_of(&log, &*store)? {
            // It belongs to another log, or this one was rolled back, which is for others to say.
            store.clear()?;
            index = Index::load(&*store)?;
        }
        index.ingest(&log, &*store, &mut |_| {})?;
        let mut register = Register::default();
        for row in store.register(None)? {
            if let Ok(entry) = serde_json::from_str(&row.body) {
                register.take(entry);
            }
        }
        let known = index
            .sources
            .values()
            .filter_map(|source| {
                Some(Known {
                    number: source.row.number,
                    info: source.info.clone()?,
                    entries: source.row.entries,
                    bytes: source.row.bytes,
                    sha256: source.row.sha256.clone(),
                    ended: source.row.ended,
                    last_ns: source.row.last_ns,
                })
            })
            .collect();
        let parts = shared::Parts {
            log,
            store,
            replay,
            dir: dir.to_owned(),
            options,
            rules,
            register,
            index,
        };
        let shared = Arc::new(Shared::new(parts));
        let writer = Writer::new(shared.clone(), known);
        let writer = shared::thread("proctor-writer", move || writer.run())?;
        let index = shared.clone();
        let indexer = shared::thread("proctor-index", move || index.keep_up())?;
        Ok(Self {
            shared,
            writer: Some(writer),
            indexer: Some(indexer),
        })
    }

    /// Announces a source, new or known, by its path and generation.
    ///
    /// # Errors
    /// If it is new and could not be recorded.
    pub fn announce(&self, info: SourceInfo) -> Result<Announced, Error> {
        self.shared.ask(|reply| Op::Announce(Box::new(info), reply))
    }

    /// Appends bytes of a source that stand at this offset of it, and waits until they are durable.
    ///
    /// Bytes that are recorded already are left out; if some before them are missing, a gap is
    /// recorded in their place.
    ///
    /// # Errors
    /// If they could not be recorded. They may be given again.
    pub fn append(&self, source: u64, at: u64, bytes: Vec<u8>) -> Result<Ack, Error> {
        self.submit(source, at, bytes)?.wait()
    }

    /// As [`Pipeline::append`], but waits only for room in the queue.
    ///
    /// # Errors
    /// If the pipeline is closing.
    pub fn submit(&self, source: u64, at: u64, bytes: Vec<u8>) -> Result<Pending, Error> {
        let (reply, answer) = sync_channel(1);
        let size = bytes.len();
        let op = Op::Append(source, at, bytes, Some(reply));
        self.shared.queue.push(op, size)?;
        Ok(Pending(answer))
    }

    /// As [`Pipeline::append`], for those who cannot wait at all: without an answer, and refused when
    /// the queue is full. What is refused and not given again becomes a gap as soon as the source
    /// says anything else.
    ///
    /// # Errors
    /// [`Error::Full`], or if the pipeline is closing.
    pub fn offer(&self, source: u64, at: u64, bytes: Vec<u8>) -> Result<(), Error> {
        let size = bytes.len();
        let offered = self
            .shared
            .queue
            .offer(Op::Append(source, at, bytes, None), size);
        if let Err(Error::Full) = offered {
            self.shared.refuse(source);
        }
        offered
    }

    /// Says that a source has ended at this length. It may go on later.
    ///
    /// # Errors
    /// If it could not be recorded.
    pub fn end(&self, source: u64, bytes: u64) -> Result<Ack, Error> {
        self.shared.ask(|reply| Op::End(source, bytes, reply))
    }

    /// Says that a source lives, and how long it is.
    ///
    /// # Errors
    /// If it could not be recorded.
    pub fn beat(&self, source: u64, bytes: u64) -> Result<Ack, Error> {
        self.shared.ask(|reply| Op::Beat(source, bytes, reply))
    }

    /// Appends an entry of Proctor's own, as JSON, and waits until it is durable.
    ///
    /// # Errors
    /// If it could not be recorded.
    pub fn note(&self, kind: Kind, payload: &impl serde::Serialize) -> Result<Header, Error> {
        let payload = serde_json::to_vec(payload)?;
        self.shared.ask(|reply| Op::Own(kind, payload, reply))
    }

    /// The log.
    pub fn log(&self) -> &Log {
        &self.shared.log
    }

    /// The index.
    pub fn store(&self) -> &dyn Store {
        &*self.shared.store
    }

    /// How far everything is. Waits for nobody.
    pub fn status(&self) -> Status {
        self.shared.status()
    }

    /// Brings the index up to all that is durable now, without waiting for sources to be quiet.
    ///
    /// # Errors
    /// If log or index refuse.
    pub fn flush(&self) -> Result<(), Error> {
        self.shared.pass(&mut lock(&self.shared.index), None)
    }

    /// Makes the index anew from nothing but the log.
    ///
    /// # Errors
    /// If log or index refuse. The index is then incomplete; doing it again mends that.
    pub fn reindex(&self) -> Result<(), Error> {
        let shared = &self.shared;
        let mut index = lock(&shared.index);
        shared.rebuild(&mut index)?;
        shared.pass(&mut index, None)
    }

    /// Runs these rules over all that is recorded, appends what they find beyond what was found
    /// before, and uses them from now on. Answers how many findings that are.
    ///
    /// # Errors
    /// If log or index refuse.
    pub fn rescan(&self, rules: Arc<Rules>) -> Result<u64, Error> {
        let shared = &self.shared;
        let mut index = lock(&shared.index);
        shared.pass(&mut index, None)?;
        *write(&shared.rules) = rules;
        let mut left: BTreeSet<u64> = index.sources.keys().copied().collect();
        let mut appended = 0;
        while let Some(number) = left.first().copied() {
            let group = index.groups.around(number);
            left.retain(|number| !group.contains(number));
            appended += shared.make(&mut index, group, judge::Mode::Rescan)?;
        }
        shared.pass(&mut index, None)?;
        Ok(appended)
    }

    /// Erases bytes: from the log, with a record that says so, from what Proctor itself said about
    /// them, and from every file of the index. Offsets and proofs stay.
    ///
    /// # Errors
    /// [`Error::Nothing`] if there is nothing to erase; else if log or index refuse.
    pub fn erase(&self, what: &Erase, reason: &str) -> Result<Erased, Error> {
        let shared = &self.shared;
        let mut index = lock(&shared.index);
        shared.pass(&mut index, None)?;
        let erased = index.erase(shared, what, reason)?;
        shared.pass(&mut index, None)?;
        shared.store.purge()?;
        Ok(erased)
    }

    /// Drops the bytes of sources in all sealed segments of the log whose entries are all below
    /// `before`; what Proctor itself said stays. Answers the entry that records it, or nothing if
    /// there is nothing to drop.
    ///
    /// Sessions that rest on these bytes keep their findings and attributions; the rest of them goes
    /// from the index as well.
    ///
    /// # Errors
    /// If log or index refuse.
    pub fn drop_before(&self, before: u64, reason: &str) -> Result<Option<u64>, Error> {
        let shared = &self.shared;
        let mut index = lock(&shared.index);
        shared.pass(&mut index, None)?;
        let Some(header) = shared.log.drop_payloads(before, reason)? else {
            return Ok(None);
        };
        index.forget_before(shared, before)?;
        shared.pass(&mut index, None)?;
        shared.store.purge()?;
        Ok(Some(header.sequence))
    }

    /// The summary of a session, and what else the index has of it.
    ///
    /// # Errors
    /// If the index refuses.
    pub fn session(&self, id: &str) -> Result<Option<(Summary, SessionRow)>, Error> {
        match self.shared.store.session(id)? {
            Some(row) => Ok(Some((summary(&row)?, row))),
            None => Ok(None),
        }
    }

    /// How much of a source is recorded, and is there still; nothing if there is no such source.
    /// Reads all of it.
    ///
    /// # Errors
    /// If log or index refuse.
    pub fn coverage(&self, source: u64) -> Result<Option<Coverage>, Error> {
        let rows = self.shared.store.sources()?;
        let Some(row) = rows.into_iter().find(|row| row.number == source) else {
            return Ok(None);
        };
        let entries = self.shared.store.entries(source, 0)?;
        let lost = entries
            .iter()
            .filter(|entry| entry.kind == Kind::GAP.0)
            .map(|entry| entry.length)
            .sum();
        let read = replay::read(&self.shared.log, &entries)?;
        Ok(Some(Coverage {
            info: serde_json::from_str(&row.body).ok(),
            lost,
            gone: read.filled.saturating_sub(lost),
            as_ended: match (&read.sha256, &row.sha256) {
                (Some(now), Some(then)) if row.ended => Some(now == then),
                _ => None,
            },
            row,
        }))
    }

    /// All deployments of the register, by id.
    pub fn deployments(&self) -> Vec<Deployment> {
        read(&self.shared.register).all().cloned().collect()
    }

    /// One deployment of the register.
    pub fn deployment(&self, id: &str) -> Option<Deployment> {
        read(&self.shared.register).get(id).cloned()
    }

    /// Puts a manifest forward, which covers nothing before it is approved.
    ///
    /// # Errors
    /// If the manifest is not in order, or the change could not be recorded.
    pub fn propose(&self, manifest: &str, by: &str) -> Result<Registered, Error> {
        self.change_register(|register, now| register.propose(manifest, by, now))
    }

    /// Approves the manifest that was put forward last. A change of oversight needs another person
    /// than the one who put it forward, as long as the manifest in force says so.
    ///
    /// # Errors
    /// If the register does not allow it, or the change could not be recorded.
    pub fn approve(&self, id: &str, revision: u64, by: &str) -> Result<Registered, Error> {
        self.change_register(|register, now| register.approve(id, revision, by, now))
    }

    /// Retires a deployment: it covers nothing from now on.
    ///
    /// # Errors
    /// If the register does not allow it, or the change could not be recorded.
    pub fn retire(&self, id: &str, reason: &str, by: &str) -> Result<Registered, Error> {
        self.change_register(|register, now| register.retire(id, reason, by, now))
    }

    fn change_register(
        &self,
        change: impl FnOnce(&Register, Timestamp) -> Result<Registered, Error>,
    ) -> Result<Registered, Error> {
        let _one_at_a_time = lock(&self.shared.registering);
        let entry = change(&read(&self.shared.register), Timestamp::now())?;
        self.note(REGISTER, &entry)?;
        write(&self.shared.register).take(entry.clone());
        Ok(entry)
    }

    /// Tells what happens from now on. A subscriber that lets more than `room` notices wait misses
    /// the next ones, and is told how many.
    pub fn subscribe(&self, room: usize) -> Receiver<Notice> {
        self.shared.subscribe(room)
    }
}

/// The summary in a row of the index, with what the index knows of other sessions put in.
///
/// # Errors
/// If the row was written by another version; `reindex` mends that.
pub fn summary(row: &SessionRow) -> Result<Summary, Error> {
    let mut summary: Summary = serde_json::from_str(&row.body)?;
    summary.parent = row.parent.as_deref().map(SessionId::new);
    summary.missing.clone_from(&row.missing);
    Ok(summary)
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        self.shared.close();
        // The index thread may be waiting for the writer, so it goes first. A thread that panicked
        // has said so already.
        if let Some(indexer) = self.indexer.take() {
            let _ = indexer.join();
        }
        self.shared.queue.close();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

#[cfg(test)]
mod tests;
