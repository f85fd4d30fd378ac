//! The one thread that appends to the log.
//!
//! Everything that is to be recorded goes through one queue to this thread, which numbers the
//! entries of each source, appends what waits as one batch, and answers when it is durable. It knows
//! of every source how far it is recorded, so that bytes that come twice are recorded once, and bytes
//! that are missing become a gap.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use proctor_ledger::{Entry, Header, Kind, Log, OWN_SOURCE, Payload};
use proctor_model::Vantage;
use sha2::{Digest, Sha256};

use crate::entry::{
    Beat, END, End, FAILURE, Failure, Format, Lost, SOURCE, STRETCH, SourceInfo, hex,
};
use crate::queue::Queue;
use crate::{Ack, Announced, Error};

/// Most bytes that are taken out of the queue for one batch.
const BATCH_BYTES: usize = 8 << 20;
/// Lines are put together until an entry has so many bytes: a log of empty lines need not have an
/// entry for each.
const LEAST_ENTRY: usize = 256;
/// Longest entry.
const MOST_ENTRY: usize = 8 << 20;
/// How often silent sources are looked for, when nothing else is to be done.
const TICK: Duration = Duration::from_millis(500);
/// A source that promised a sign of life is silent after so many of its intervals.
const SILENT_AFTER: u32 = 3;

/// Where the answer goes. Whoever asked may have gone away; then nobody needs it.
pub(crate) type Reply<T> = SyncSender<Result<T, Error>>;

pub(crate) enum Op {
    Announce(Box<SourceInfo>, Reply<Announced>),
    /// Bytes from this place on.
    Append(u64, u64, Vec<u8>, Option<Reply<Ack>>),
    /// The source ends; this is its length.
    End(u64, u64, Reply<Ack>),
    /// A sign of life; the source's length as its observer knows it.
    Beat(u64, u64, Reply<Ack>),
    /// An entry of the log's own account.
    Own(Kind, Vec<u8>, Reply<Header>),
}

/// What is known of a source before it is taken up again.
pub(crate) struct Known {
    pub(crate) number: u64,
    pub(crate) info: SourceInfo,
    pub(crate) entries: u64,
    pub(crate) bytes: u64,
    pub(crate) sha256: Option<String>,
    pub(crate) ended: bool,
    pub(crate) last_ns: u64,
}

/// What the writer needs of the rest of the pipeline.
pub(crate) trait Surroundings: Send + Sync {
    fn log(&self) -> &Log;
    fn queue(&self) -> &Queue<Op>;
    /// SHA-256 over all bytes of a source as they are recorded, if none of them is missing.
    fn rehash(&self, source: u64) -> Result<Option<Sha256>, Error>;
    /// How often the queue was full for this source since this was last asked.
    fn take_refused(&self, source: u64) -> u64;
    /// Something may have become durable.
    fn appended(&self);
}

/// A source as far as it is recorded.
#[derive(Clone)]
struct Source {
    format: Format,
    vantage: Vantage,
    beat: Option<Duration>,
    entries: u64,
    bytes: u64,
    hash: Hash,
    sha256: Option<String>,
    ended: bool,
    heard: Instant,
    heard_at: Timestamp,
    silent: bool,
}

/// The running hash of a source.
#[derive(Clone)]
enum Hash {
    /// Over all that is recorded.
    Known(Box<Sha256>),
    /// Worked out when it is needed.
    Unread,
    /// Bytes are missing.
    Never,
}

/// A time in which the log could not be written.
struct Outage {
    since: Timestamp,
    requests: u64,
    error: String,
}

pub(crate) struct Writer {
    shared: Arc<dyn Surroundings>,
    sources: BTreeMap<u64, Source>,
    numbers: HashMap<(PathBuf, String), u64>,
    next: u64,
    outage: Option<Outage>,
}

/// Requests that are appended together.
#[derive(Default)]
struct Batch {
    entries: Vec<Entry>,
    /// For each request how many entries it has, and where the answer goes.
    requests: Vec<(usize, Option<u64>, Answer)>,
    /// The sources that it touches as they were before; nothing for new ones.
    before: BTreeMap<u64, Option<Source>>,
}

enum Answer {
    Announced(Announced, Reply<Announced>),
    Ack(Ack, Option<Reply<Ack>>),
    Own(Reply<Header>),
    Nobody,
}

impl Writer {
    pub(crate) fn new(shared: Arc<dyn Surroundings>, known: Vec<Known>) -> Self {
        let mut writer = Self {
            shared,
            sources: BTreeMap::new(),
            numbers: HashMap::new(),
            next: 1,
            outage: None,
        };
        for known in known {
            writer.next = writer.next.max(known.number + 1);
            writer.numbers.insert(key(&known.info), known.number);
            let source = Source {
                entries: known.entries,
                bytes: known.bytes,
                hash: Hash::Unread,
                sha256: known.sha256,
                ended: known.ended,
                heard_at: timestamp(known.last_ns),
                ..Source::new(&known.info)
            };
            writer.sources.insert(known.number, source);
        }
        writer
    }

    /// Works until the queue is closed and empty.
    pub(crate) fn run(mut self) {
        let shared = self.shared.clone();
        while let Some(ops) = shared.queue().take(BATCH_BYTES, TICK) {
            self.work(ops);
        }
        // What could not be said before may be said now, for the last time.
        self.work(Vec::new());
    }

    fn work(&mut self, ops: Vec<Op>) {
        let mut batch = Batch::default();
        if let Some(outage) = &self.outage {
            batch.own(&outage.failure());
        }
        for op in ops {
            self.plan(op, &mut batch);
        }
        self.listen(&mut batch);
        if !batch.requests.is_empty() {
            self.append(batch);
        }
    }

    /// Appends a batch and answers. What a failed request changed is taken back.
    fn append(&mut self, batch: Batch) {
        let Batch {
            entries,
            requests,
            before,
        } = batch;
        let mut results = self.shared.log().append_all(entries).into_iter();
        let mut done = Vec::with_capacity(requests.len());
        let mut failed = BTreeSet::new();
        let mut outage = None;
        let mut lost = 0;
        for (count, source, answer) in requests {
            let mut last = Ok(None);
            for result in results.by_ref().take(count) {
                last = match (last, result) {
                    (Ok(_), Ok(header)) => Ok(Some(header)),
                    (Ok(_), Err(error)) => Err(error),
                    (Err(error), _) => Err(error),
                };
            }
            if let Err(error) = &last {
                lost += u64::from(!matches!(answer, Answer::Nobody));
                outage.get_or_insert_with(|| error.to_string());
                failed.extend(source);
            }
            done.push((source, answer, last));
        }
        for number in &failed {
            match before.get(number).cloned().flatten() {
                Some(mut source) => {
                    source.entries = self.shared.log().last_of(*number);
                    self.sources.insert(*number, source);
                }
                None => {
                    self.sources.remove(number);
                    self.numbers.retain(|_, known| known != number);
                }
            }
        }
        match outage {
            Some(error) => {
                let outage = self.outage.get_or_insert_with(|| Outage {
                    since: Timestamp::now(),
                    requests: 0,
                    error,
                });
                outage.requests += lost;
            }
            None => self.outage = None,
        }
        self.shared.appended();
        for (source, answer, result) in done {
            // A request without entries of its own stands or falls with its source.
            let result = match (result, source) {
                (Ok(None), Some(source)) if failed.contains(&source) => Err(Error::NotKept),
                (result, _) => result.map_err(Error::from),
            };
            answer.give(result);
        }
    }

    fn plan(&mut self, op: Op, batch: &mut Batch) {
        match op {
            Op::Announce(info, reply) => match self.announce(*info, batch) {
                Ok((announced, count)) => {
                    let number = announced.source;
                    let answer = Answer::Announced(announced, reply);
                    batch.requests.push((count, Some(number), answer));
                }
                Err(error) => drop(reply.send(Err(error))),
            },
            Op::Append(number, at, bytes, reply) => {
                let planned = self.with_source(number, batch, |source, batch, shared| {
                    source.catch_up(number, at, batch, shared)?;
                    source.add(number, at, &bytes, batch, shared)
                });
                self.ack(number, planned, reply, batch);
            }
            Op::End(number, at, reply) => {
                let planned = self.with_source(number, batch, |source, batch, shared| {
                    source.catch_up(number, at, batch, shared)?;
                    source.end(number, batch, shared)
                });
                self.ack(number, planned, Some(reply), batch);
            }
            Op::Beat(number, at, reply) => {
                let planned = self.with_source(number, batch, |source, batch, shared| {
                    source.catch_up(number, at, batch, shared)?;
                    let beat = serde_json::to_vec(&Beat { bytes: at })?;
                    source.push(number, Vantage::Own, Kind::HEARTBEAT, beat, batch)
                });
                self.ack(number, planned, Some(reply), batch);
            }
            Op::Own(kind, payload, reply) => match Payload::new(payload) {
                Ok(payload) => {
                    batch.entries.push(own(kind, payload));
                    batch.requests.push((1, None, Answer::Own(reply)));
                }
                Err(error) => drop(reply.send(Err(error.into()))),
            },
        }
    }

    /// Plans something for a source; answers how many entries it takes.
    fn with_source(
        &mut self,
        number: u64,
        batch: &mut Batch,
        plan: impl FnOnce(&mut Source, &mut Batch, &dyn Surroundings) -> Result<(), Error>,
    ) -> Result<usize, Error> {
        let source = self
            .sources
            .get_mut(&number)
            .ok_or(Error::NoSource(number))?;
        batch
            .before
            .entry(number)
            .or_insert_with(|| Some(source.clone()));
        let (as_it_was, entries) = (source.clone(), batch.entries.len());
        match plan(source, batch, &*self.shared) {
            Ok(()) => {
                source.hear();
                Ok(batch.entries.len() - entries)
            }
            Err(error) => {
                *source = as_it_was;
                batch.entries.truncate(entries);
                Err(error)
            }
        }
    }

    fn ack(
        &self,
        number: u64,
        planned: Result<usize, Error>,
        reply: Option<Reply<Ack>>,
        batch: &mut Batch,
    ) {
        match (planned, reply) {
            (Ok(count), reply) => {
                let source = self.sources.get(&number);
                let ack = Ack {
                    source: number,
                    number: source.map_or(0, |source| source.entries),
                    bytes: source.map_or(0, |source| source.bytes),
                    sequence: None,
                };
                let answer = Answer::Ack(ack, reply);
                batch.requests.push((count, Some(number), answer));
            }
            (Err(error), Some(reply)) => drop(reply.send(Err(error))),
            // Nobody waits for an answer, so the log has it.
            (Err(error), None) => batch.own(&Failure {
                cause: "not recorded".to_owned(),
                detail: error.to_string(),
                source: Some(number),
                ..Failure::default()
            }),
        }
    }

    fn announce(
        &mut self,
        info: SourceInfo,
        batch: &mut Batch,
    ) -> Result<(Announced, usize), Error> {
        if let Some(number) = self.numbers.get(&key(&info)).copied()
            && let Some(source) = self.sources.get_mut(&number)
        {
            let announced = Announced {
                source: number,
                bytes: source.bytes,
                sha256: source.digest(number, &*self.shared)?,
                ended: source.ended,
                new: false,
            };
            return Ok((announced, 0));
        }
        let payload = serde_json::to_vec(&info)?;
        let number = self.next;
        let mut source = Source::new(&info);
        source.push(number, Vantage::Own, SOURCE, payload, batch)?;
        self.next += 1;
        self.sources.insert(number, source);
        self.numbers.insert(key(&info), number);
        batch.before.insert(number, None);
        let announced = Announced {
            source: number,
            bytes: 0,
            sha256: None,
            ended: false,
            new: true,
        };
        Ok((announced, 1))
    }

    /// Says which sources have fallen silent.
    fn listen(&mut self, batch: &mut Batch) {
        for (number, source) in &mut self.sources {
            let Some(beat) = source.beat.filter(|_| !source.ended && !source.silent) else {
                continue;
            };
            if source.heard.elapsed() > beat * SILENT_AFTER {
                source.silent = true;
                batch.own(&Failure {
                    cause: "silent".to_owned(),
                    detail: format!("no sign of life for {} s", (beat * SILENT_AFTER).as_secs()),
                    source: Some(*number),
                    since: Some(source.heard_at),
                    ..Failure::default()
                });
            }
        }
    }
}

impl Batch {
    /// Adds a failure to the log's own account. Nobody waits for it.
    fn own(&mut self, failure: &Failure) {
        let payload = serde_json::to_vec(failure).ok();
        if let Some(payload) = payload.and_then(|bytes| Payload::new(bytes).ok()) {
            self.entries.push(own(FAILURE, payload));
            self.requests.push((1, None, Answer::Nobody));
        }
    }
}

impl Answer {
    fn give(self, result: Result<Option<Header>, Error>) {
        match self {
            Self::Announced(announced, reply) => drop(reply.send(result.map(|_| announced))),
            Self::Ack(ack, Some(reply)) => drop(reply.send(result.map(|header| Ack {
                sequence: header.map(|header| header.sequence),
                ..ack
            }))),
            Self::Own(reply) => {
                drop(reply.send(result.and_then(|header| header.ok_or(Error::NotKept))));
            }
            Self::Ack(_, None) | Self::Nobody => {}
        }
    }
}

impl Source {
    fn new(info: &SourceInfo) -> Self {
        Self {
            format: info.format,
            vantage: info.vantage,
            beat: info.beat_seconds.map(|s| Duration::from_secs(s.into())),
            entries: 0,
            bytes: 0,
            hash: Hash::Known(Box::default()),
            sha256: None,
            ended: false,
            heard: Instant::now(),
            heard_at: Timestamp::now(),
            silent: false,
        }
    }

    fn hear(&mut self) {
        self.heard = Instant::now();
        self.heard_at = Timestamp::now();
        self.silent = false;
    }

    fn push(
        &mut self,
        number: u64,
        vantage: Vantage,
        kind: Kind,
        payload: Vec<u8>,
        batch: &mut Batch,
    ) -> Result<(), Error> {
        let payload = Payload::new(payload)?;
        self.entries += 1;
        batch.entries.push(Entry {
            vantage,
            kind,
            source: number,
            source_sequence: Some(self.entries),
            payload,
        });
        Ok(())
    }

    /// Makes a gap of the bytes up to `at` that never came.
    fn catch_up(
        &mut self,
        number: u64,
        at: u64,
        batch: &mut Batch,
        shared: &dyn Surroundings,
    ) -> Result<(), Error> {
        if at <= self.bytes {
            return Ok(());
        }
        let lost = at - self.bytes;
        let refused = shared.take_refused(number);
        let detail = match refused {
            0 => "these bytes never came".to_owned(),
            n => format!("the queue was full {n} times"),
        };
        let gap = Lost {
            first: self.entries + 1,
            last: self.entries + 1,
            reason: format!("{lost} bytes from {} on: {detail}", self.bytes),
        };
        self.push(
            number,
            Vantage::Own,
            Kind::GAP,
            serde_json::to_vec(&gap)?,
            batch,
        )?;
        let failure = Failure {
            cause: "lost".to_owned(),
            detail,
            source: Some(number),
            number: Some(self.entries),
            start: Some(self.bytes),
            bytes: Some(lost),
            since: None,
        };
        let payload = Payload::new(serde_json::to_vec(&failure)?)?;
        batch.entries.push(own(FAILURE, payload));
        self.bytes = at;
        self.hash = Hash::Never;
        self.ended = false;
        Ok(())
    }

    /// Adds what is new of these bytes.
    fn add(
        &mut self,
        number: u64,
        at: u64,
        bytes: &[u8],
        batch: &mut Batch,
        shared: &dyn Surroundings,
    ) -> Result<(), Error> {
        let skip = usize::try_from(self.bytes.saturating_sub(at)).unwrap_or(usize::MAX);
        let Some(new) = bytes.get(skip..).filter(|new| !new.is_empty()) else {
            return Ok(());
        };
        self.read_hash(number, shared)?;
        if let Hash::Known(hash) = &mut self.hash {
            hash.update(new);
        }
        for piece in pieces(new, self.format) {
            self.push(number, self.vantage, STRETCH, piece.to_vec(), batch)?;
        }
        self.bytes += new.len() as u64;
        self.ended = false;
        Ok(())
    }

    fn end(
        &mut self,
        number: u64,
        batch: &mut Batch,
        shared: &dyn Surroundings,
    ) -> Result<(), Error> {
        if self.ended {
            return Ok(());
        }
        self.sha256 = self.digest(number, shared)?;
        let end = End {
            entries: self.entries,
            bytes: self.bytes,
            sha256: self.sha256.clone(),
        };
        self.push(number, Vantage::Own, END, serde_json::to_vec(&end)?, batch)?;
        self.ended = true;
        Ok(())
    }

    /// SHA-256 of all that is recorded, if nothing is missing.
    fn digest(&mut self, number: u64, shared: &dyn Surroundings) -> Result<Option<String>, Error> {
        if self.ended {
            return Ok(self.sha256.clone());
        }
        self.read_hash(number, shared)?;
        Ok(match &self.hash {
            Hash::Known(hash) => Some(hex(&hash.clone().finalize())),
            Hash::Unread | Hash::Never => None,
        })
    }

    fn read_hash(&mut self, number: u64, shared: &dyn Surroundings) -> Result<(), Error> {
        if let Hash::Unread = self.hash {
            self.hash = match shared.rehash(number)? {
                Some(hash) => Hash::Known(Box::new(hash)),
                None => Hash::Never,
            };
        }
        Ok(())
    }
}

impl Outage {
    fn failure(&self) -> Failure {
        Failure {
            cause: "not recorded".to_owned(),
            detail: format!("{} requests failed: {}", self.requests, self.error),
            since: Some(self.since),
            ..Failure::default()
        }
    }
}

/// Cuts bytes into what goes into one entry.
fn pieces(bytes: &[u8], format: Format) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let most = rest.len().min(MOST_ENTRY);
        let end = match format {
            Format::Document => most,
            Format::Lines => line_end(rest.get(..most).unwrap_or(rest)),
        };
        let (piece, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        rest = after;
        Some(piece)
    })
}

/// The first end of a line after which there are enough bytes for an entry, or the end of all.
fn line_end(bytes: &[u8]) -> usize {
    // A long line stands alone, so that it can be redacted by its fields.
    let first = bytes.iter().position(|byte| *byte == b'\n');
    match first.map(|at| at + 1) {
        None => bytes.len(),
        Some(first) if first >= LEAST_ENTRY => first,
        Some(first) => {
            let few = bytes.get(..LEAST_ENTRY).unwrap_or(bytes);
            let last = few.iter().rposition(|byte| *byte == b'\n');
            last.map_or(first, |at| at + 1)
        }
    }
}

fn own(kind: Kind, payload: Payload) -> Entry {
    Entry {
        vantage: Vantage::Own,
        kind,
        source: OWN_SOURCE,
        source_sequence: None,
        payload,
    }
}

fn key(info: &SourceInfo) -> (PathBuf, String) {
    (info.path.clone(), info.generation.clone())
}

/// The recorder's time of an entry.
pub(crate) fn timestamp(nanoseconds: u64) -> Timestamp {
    Timestamp::from_nanosecond(nanoseconds.into()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_long_line_is_an_entry_and_short_ones_share_one() {
        let long = format!("{}\n", "x".repeat(400));
        let text = format!("a\nb\n{long}c\n{long}d");
        let cut: Vec<_> = pieces(text.as_bytes(), Format::Lines).collect();
        let expected = ["a\nb\n", &long, "c\n", &long, "d"];
        assert_eq!(cut, expected.map(str::as_bytes));
        assert_eq!(pieces(text.as_bytes(), Format::Document).count(), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn pieces_are_the_bytes(text in "([a-z]{0,300}\n){0,20}[a-z]{0,9}") {
            let cut: Vec<_> = pieces(text.as_bytes(), Format::Lines).collect();
            prop_assert!(cut.iter().all(|piece| !piece.is_empty()));
            let together: Vec<u8> = cut.concat();
            prop_assert_eq!(together, text.into_bytes());
        }
    }
}
