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
mod watch;
mod writer;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use proctor_ledger::{Header, Kind, Log};
use proctor_model::{Event, SessionId};
use proctor_monitors::Rules;
use proctor_reconcile::Summary;
use proctor_store::{FindingRow, Gap, RegisterRow, SessionRow, Store};
use sha2::Sha256;

use crate::ingest::Index;
use crate::queue::Queue;
use crate::register::Register;
use crate::writer::{Known, Op, Surroundings, Writer};

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

pub(crate) struct Shared {
    pub(crate) log: Log,
    pub(crate) store: Box<dyn Store>,
    pub(crate) replay: Box<Replay>,
    /// The folder of the state, for copies.
    pub(crate) dir: PathBuf,
    options: Options,
    queue: Queue<Op>,
    rules: RwLock<Arc<Rules>>,
    register: RwLock<Register>,
    /// Held while the register is changed, so that changes are judged one after the other.
    registering: Mutex<()>,
    index: Mutex<Index>,
    /// Held alone while the index is emptied and taken in again.
    rebuilding: RwLock<()>,
    refused: Mutex<HashMap<u64, u64>>,
    subscribers: Mutex<Vec<Subscriber>>,
    wake: Mutex<Wake>,
    woken: Condvar,
    trouble: Mutex<Option<String>>,
}

struct Subscriber {
    to: SyncSender<Notice>,
    missed: u64,
}

#[derive(Default)]
struct Wake {
    appended: bool,
    closing: bool,
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
        let shared = Arc::new(Shared {
            log,
            store,
            replay,
            dir: dir.to_owned(),
            queue: Queue::new(options.queue_bytes),
            options,
            rules: RwLock::new(rules),
            register: RwLock::new(register),
            registering: Mutex::default(),
            index: Mutex::new(index),
            rebuilding: RwLock::default(),
            refused: Mutex::default(),
            subscribers: Mutex::default(),
            wake: Mutex::new(Wake {
                appended: true,
                closing: false,
            }),
            woken: Condvar::new(),
            trouble: Mutex::default(),
        });
        let writer = Writer::new(shared.clone(), known);
        let writer = thread("proctor-writer", move || writer.run())?;
        let index = shared.clone();
        let indexer = thread("proctor-index", move || index.keep_up())?;
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
            *lock(&self.shared.refused).entry(source).or_default() += 1;
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

    /// How far everything is.
    pub fn status(&self) -> Status {
        let index = lock(&self.shared.index);
        Status {
            entries: self.shared.log.len(),
            indexed: index.next,
            stale: index.sources.values().filter(|s| s.is_stale()).count() as u64,
            waiting: self.shared.queue.bytes() as u64,
            trouble: lock(&self.shared.trouble).clone(),
        }
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
        {
            let _alone = write(&shared.rebuilding);
            shared.store.clear()?;
            *index = Index::load(&*shared.store)?;
            index.ingest(&shared.log, &*shared.store, &mut |_| {})?;
        }
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
        let mut left: std::collections::BTreeSet<u64> = index.sources.keys().copied().collect();
        let mut appended = 0;
        while let Some(number) = left.first().copied() {
            let group = index.groups.around(number);
            left.retain(|number| !group.contains(number));
            appended += index.make(shared, group, judge::Mode::Rescan)?;
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
        let (to, from) = sync_channel(room.max(1));
        lock(&self.shared.subscribers).push(Subscriber { to, missed: 0 });
        from
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
        lock(&self.shared.wake).closing = true;
        self.shared.woken.notify_all();
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

impl Shared {
    pub(crate) fn rules(&self) -> Arc<Rules> {
        read(&self.rules).clone()
    }

    pub(crate) fn register(&self) -> std::sync::RwLockReadGuard<'_, Register> {
        read(&self.register)
    }

    /// Puts a request into the queue and waits for its answer.
    fn ask<T>(&self, op: impl FnOnce(writer::Reply<T>) -> Op) -> Result<T, Error> {
        let (reply, answer) = sync_channel(1);
        self.queue.push(op(reply), 0)?;
        answer.recv().unwrap_or(Err(Error::Closed))
    }

    /// Appends entries of the log's own account, and waits until all are durable.
    pub(crate) fn append_own(&self, entries: Vec<(Kind, Vec<u8>)>) -> Result<(), Error> {
        let mut answers = Vec::with_capacity(entries.len());
        for (kind, payload) in entries {
            let (reply, answer) = sync_channel(1);
            let size = payload.len();
            self.queue.push(Op::Own(kind, payload, reply), size)?;
            answers.push(answer);
        }
        for answer in answers {
            answer.recv().unwrap_or(Err(Error::Closed))?;
        }
        Ok(())
    }

    /// Brings the index up to date: all sources, or those that have been quiet for so long.
    fn pass(&self, index: &mut Index, quiet: Option<Duration>) -> Result<(), Error> {
        loop {
            index.ingest(&self.log, &*self.store, &mut |notice| self.tell(notice))?;
            let Some((group, mode)) = index.stale(quiet) else {
                break;
            };
            index.make(self, group, mode)?;
            if quiet.is_some() && lock(&self.wake).closing {
                break;
            }
        }
        if index.unlinked {
            self.store.apply(&index.groups.relink())?;
            index.unlinked = false;
        }
        Ok(())
    }

    /// What the index thread does.
    fn keep_up(&self) {
        loop {
            let mut wake = lock(&self.wake);
            if !wake.appended && !wake.closing {
                // Looks again by itself, because a source becomes quiet without anything happening.
                let wait = self.options.quiet.max(Duration::from_millis(10));
                (wake, _) = self
                    .woken
                    .wait_timeout(wake, wait)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            if wake.closing {
                return;
            }
            wake.appended = false;
            drop(wake);
            let result = self.pass(&mut lock(&self.index), Some(self.options.quiet));
            *lock(&self.trouble) = result.err().map(|error| error.to_string());
        }
    }

    pub(crate) fn tell(&self, notice: Notice) {
        lock(&self.subscribers).retain_mut(|subscriber| {
            if subscriber.missed > 0 {
                match subscriber.to.try_send(Notice::Missed(subscriber.missed)) {
                    Ok(()) => subscriber.missed = 0,
                    Err(TrySendError::Full(_)) => {}
                    Err(TrySendError::Disconnected(_)) => return false,
                }
            }
            match subscriber.to.try_send(notice.clone()) {
                Ok(()) => true,
                Err(TrySendError::Full(_)) => {
                    subscriber.missed += 1;
                    true
                }
                Err(TrySendError::Disconnected(_)) => false,
            }
        });
    }
}

impl Surroundings for Shared {
    fn log(&self) -> &Log {
        &self.log
    }

    fn queue(&self) -> &Queue<Op> {
        &self.queue
    }

    fn rehash(&self, source: u64) -> Result<Option<Sha256>, Error> {
        let _whole = read(&self.rebuilding);
        judge::rehash(&self.log, &*self.store, source)
    }

    fn take_refused(&self, source: u64) -> u64 {
        lock(&self.refused).remove(&source).unwrap_or_default()
    }

    fn appended(&self) {
        lock(&self.wake).appended = true;
        self.woken.notify_all();
    }
}

fn thread(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Error> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)
        .map_err(Error::io("start a thread for", name))
}

/// What a lock guards is whole even if its holder panicked: every change is made at the end of what
/// can fail, or made again by the next pass over the index.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
