//! What the threads of a pipeline share, and what the index thread does.

use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{
    Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use proctor_ledger::{Kind, Log};
use proctor_monitors::Rules;
use proctor_store::Store;
use sha2::Sha256;

use crate::ingest::Index;
use crate::judge::Mode;
use crate::queue::Queue;
use crate::register::Register;
use crate::writer::{Op, Reply, Surroundings};
use crate::{Error, Notice, Options, Replay, Status, replay};

/// What could not be read is tried again after so many times the time of quiet.
const PATIENCE: u32 = 16;

pub(crate) struct Shared {
    pub(crate) log: Log,
    pub(crate) store: Box<dyn Store>,
    pub(crate) replay: Box<Replay>,
    /// The folder of the state, for copies.
    pub(crate) dir: PathBuf,
    pub(crate) queue: Queue<Op>,
    pub(crate) rules: RwLock<Arc<Rules>>,
    pub(crate) register: RwLock<Register>,
    /// Held while the register is changed, so that changes are judged one after the other.
    pub(crate) registering: Mutex<()>,
    pub(crate) index: Mutex<Index>,
    options: Options,
    /// Held alone while the index is emptied and taken in again.
    rebuilding: RwLock<()>,
    refused: Mutex<HashMap<u64, u64>>,
    subscribers: Mutex<Vec<Subscriber>>,
    wake: Mutex<Wake>,
    woken: Condvar,
    trouble: Mutex<Option<String>>,
    /// Sources that a reader or a monitor failed on, and when to try again.
    unreadable: Mutex<HashMap<u64, Instant>>,
    indexed: AtomicU64,
    stale: AtomicU64,
}

/// What a pipeline is opened with.
pub(crate) struct Parts {
    pub(crate) log: Log,
    pub(crate) store: Box<dyn Store>,
    pub(crate) replay: Box<Replay>,
    pub(crate) dir: PathBuf,
    pub(crate) options: Options,
    pub(crate) rules: Arc<Rules>,
    pub(crate) register: Register,
    pub(crate) index: Index,
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

impl Shared {
    pub(crate) fn new(parts: Parts) -> Self {
        let shared = Self {
            log: parts.log,
            store: parts.store,
            replay: parts.replay,
            dir: parts.dir,
            queue: Queue::new(parts.options.queue_bytes),
            options: parts.options,
            rules: RwLock::new(parts.rules),
            register: RwLock::new(parts.register),
            registering: Mutex::default(),
            index: Mutex::new(parts.index),
            rebuilding: RwLock::default(),
            refused: Mutex::default(),
            subscribers: Mutex::default(),
            wake: Mutex::new(Wake {
                appended: true,
                closing: false,
            }),
            woken: Condvar::new(),
            trouble: Mutex::default(),
            unreadable: Mutex::default(),
            indexed: AtomicU64::default(),
            stale: AtomicU64::default(),
        };
        shared.count(&lock(&shared.index));
        shared
    }

    pub(crate) fn status(&self) -> Status {
        Status {
            indexed: self.indexed.load(Ordering::Acquire),
            stale: self.stale.load(Ordering::Acquire),
            entries: self.log.len(),
            waiting: self.queue.bytes() as u64,
            trouble: lock(&self.trouble).clone(),
        }
    }

    /// Tells the threads to stop.
    pub(crate) fn close(&self) {
        lock(&self.wake).closing = true;
        self.woken.notify_all();
    }

    pub(crate) fn rules(&self) -> Arc<Rules> {
        read(&self.rules).clone()
    }

    pub(crate) fn register(&self) -> RwLockReadGuard<'_, Register> {
        read(&self.register)
    }

    /// Counts that the queue was full for a source.
    pub(crate) fn refuse(&self, source: u64) {
        *lock(&self.refused).entry(source).or_default() += 1;
    }

    /// Puts a request into the queue and waits for its answer.
    pub(crate) fn ask<T>(&self, op: impl FnOnce(Reply<T>) -> Op) -> Result<T, Error> {
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

    /// Empties the index and takes in what the log has.
    pub(crate) fn rebuild(&self, index: &mut Index) -> Result<(), Error> {
        let _alone = write(&self.rebuilding);
        self.store.clear()?;
        *index = Index::load(&*self.store)?;
        index.ingest(&self.log, &*self.store, &mut |_| {})
    }

    /// Brings the index up to date: all sources, or those that have been quiet for so long.
    ///
    /// What cannot be read does not keep the rest from being read; it is told at the end.
    pub(crate) fn pass(&self, index: &mut Index, quiet: Option<Duration>) -> Result<(), Error> {
        lock(&self.unreadable).clear();
        let mut unreadable = Vec::new();
        loop {
            match self.step(index, quiet) {
                Ok(true) => {}
                Ok(false) if unreadable.is_empty() => return Ok(()),
                Ok(false) => return Err(Error::Unreadable(unreadable)),
                // Once is enough, however long the rest takes.
                Err(Error::Unreadable(sources))
                    if sources.iter().any(|source| unreadable.contains(source)) =>
                {
                    return Err(Error::Unreadable(unreadable));
                }
                Err(Error::Unreadable(sources)) => unreadable.extend(sources),
                Err(error) => return Err(error),
            }
        }
    }

    /// Makes the sessions of one group of sources, if one is ready. Answers whether there may be
    /// more to do.
    fn step(&self, index: &mut Index, quiet: Option<Duration>) -> Result<bool, Error> {
        let result = self.try_step(index, quiet);
        self.count(index);
        result
    }

    fn try_step(&self, index: &mut Index, quiet: Option<Duration>) -> Result<bool, Error> {
        index.ingest(&self.log, &*self.store, &mut |notice| self.tell(notice))?;
        let bad = {
            let mut bad = lock(&self.unreadable);
            bad.retain(|_, until| *until > Instant::now());
            bad.keys().copied().collect()
        };
        if let Some((group, mode)) = index.stale(quiet, &bad) {
            return self.make(index, group, mode).map(|_| true);
        }
        if index.unlinked {
            self.store.apply(&index.groups.relink())?;
            index.unlinked = false;
        }
        Ok(false)
    }

    /// Reads a group of sources and puts what comes of it into log and index. Answers how many
    /// findings were appended.
    pub(crate) fn make(
        &self,
        index: &mut Index,
        group: BTreeSet<u64>,
        mode: Mode,
    ) -> Result<u64, Error> {
        let sources: Vec<u64> = group.iter().copied().collect();
        // What an agent wrote must not end a thread. What a panic leaves of the index in memory is
        // not trusted: it is loaded again.
        match catch_unwind(AssertUnwindSafe(|| index.make(self, group, mode))) {
            Ok(made) => made,
            Err(_) => {
                *index = Index::load(&*self.store)?;
                let until = Instant::now() + self.options.quiet * PATIENCE;
                let bad = sources.iter().map(|source| (*source, until));
                lock(&self.unreadable).extend(bad);
                Err(Error::Unreadable(sources))
            }
        }
    }

    fn count(&self, index: &Index) {
        let stale = index.sources.values().filter(|s| s.is_stale()).count();
        self.stale.store(stale as u64, Ordering::Release);
        self.indexed.store(index.next, Ordering::Release);
    }

    /// What the index thread does until the pipeline is closed.
    pub(crate) fn keep_up(&self) {
        while self.wait() {
            match self.catch_up() {
                // Trouble with what cannot be read lasts until it can.
                Ok(()) if !lock(&self.unreadable).is_empty() => {}
                result => *lock(&self.trouble) = result.err().map(|error| error.to_string()),
            }
        }
    }

    /// Waits until there may be something to do; answers whether to go on.
    fn wait(&self) -> bool {
        let mut wake = lock(&self.wake);
        if !wake.appended && !wake.closing {
            // Looks again by itself, because a source becomes quiet without anything happening.
            let wait = self.options.quiet.max(Duration::from_millis(10));
            (wake, _) = self
                .woken
                .wait_timeout(wake, wait)
                .unwrap_or_else(PoisonError::into_inner);
        }
        wake.appended = false;
        !wake.closing
    }

    fn catch_up(&self) -> Result<(), Error> {
        // Others may have the index between two groups.
        while self.step(&mut lock(&self.index), Some(self.options.quiet))? {
            if lock(&self.wake).closing {
                break;
            }
        }
        Ok(())
    }

    pub(crate) fn subscribe(&self, room: usize) -> Receiver<Notice> {
        let (to, from) = sync_channel(room.max(1));
        lock(&self.subscribers).push(Subscriber { to, missed: 0 });
        from
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
        replay::hash(&self.log, &self.store.entries(source, 0)?)
    }

    fn take_refused(&self, source: u64) -> u64 {
        lock(&self.refused).remove(&source).unwrap_or_default()
    }

    fn appended(&self) {
        lock(&self.wake).appended = true;
        self.woken.notify_all();
    }
}

pub(crate) fn thread(
    name: &str,
    run: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, Error> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)
        .map_err(Error::io("start the thread", name))
}

/// What a lock guards is whole even if its holder panicked: every change is made at the end of what
/// can fail, or made again by the next pass over the index.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
