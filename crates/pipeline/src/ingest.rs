//! From the log to the index's book-keeping: which source has which entries, what Proctor itself
//! said. Sessions come later; this only reads what is there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use proctor_ledger::{Header, Kind, Log, OWN_SOURCE};
use proctor_model::Finding;
use proctor_store::{Attribution, Change, Entry, FindingRow, Gap, RegisterRow, SourceRow, Store};

use crate::entry::{
    ATTRIBUTION, Attributed, END, End, FAILURE, FINDING, Failure, Found, REGISTER, SOURCE, STRETCH,
    SourceInfo, chain,
};
use crate::group::Groups;
use crate::register::Registered;
use crate::{Error, Notice, replay};

/// Entries that are taken in at once.
const BATCH: u64 = 2_000;

/// The index as far as it must be at hand.
pub(crate) struct Index {
    /// The next entry of the log.
    pub(crate) next: u64,
    pub(crate) sources: BTreeMap<u64, Source>,
    pub(crate) groups: Groups,
    /// Whether sessions were made since it was last worked out how they refer to each other.
    pub(crate) unlinked: bool,
}

/// A source of the log.
pub(crate) struct Source {
    pub(crate) row: SourceRow,
    pub(crate) info: Option<SourceInfo>,
    /// Its last entry that an attribution counts.
    pub(crate) covered: u64,
    /// When its last entry was taken in.
    pub(crate) heard: Instant,
    /// Bytes that were taken in since its sessions were last made.
    pub(crate) unread: u64,
}

impl Source {
    /// Whether its sessions must be made anew.
    pub(crate) fn is_stale(&self) -> bool {
        self.row.judged != self.row.entries
    }

    fn new(row: SourceRow) -> Self {
        Self {
            info: serde_json::from_str(&row.body).ok(),
            row,
            covered: 0,
            heard: Instant::now(),
            unread: 0,
        }
    }
}

impl Index {
    /// The index as it was left.
    pub(crate) fn load(store: &dyn Store) -> Result<Self, Error> {
        let mut sources: BTreeMap<u64, Source> = store
            .sources()?
            .into_iter()
            .map(|row| (row.number, Source::new(row)))
            .collect();
        let mut groups = Groups::default();
        for source in sources.values() {
            groups.declare(source.row.number, source.row.session.as_deref());
        }
        for row in store.sessions(&Default::default())? {
            groups.restore(&row);
            if row.version > 0
                && let Some(said) = store.attribution(&row.id)?
                && let Ok(said) = serde_json::from_str::<Attributed>(&said.body)
            {
                cover(&mut sources, &said);
            }
        }
        Ok(Self {
            next: store.indexed()?,
            sources,
            groups,
            // A crash may have come in between.
            unlinked: true,
        })
    }

    /// Whether this is the index of this log: the last entry that it knows of any source is there.
    pub(crate) fn is_of(&self, log: &Log, store: &dyn Store) -> Result<bool, Error> {
        if self.next > log.len() {
            return Ok(false);
        }
        let latest = self
            .sources
            .values()
            .map(|source| &source.row)
            .max_by_key(|row| row.last_ns);
        let Some(row) = latest else {
            return Ok(true);
        };
        let entries = store.entries(row.number, row.entries)?;
        let Some(entry) = entries.first().filter(|entry| entry.sequence < log.len()) else {
            return Ok(false);
        };
        let header = log.header(entry.sequence)?;
        Ok((header.source, header.wall_ns) == (row.number, row.last_ns))
    }

    /// Takes in all that the log has, and says what was new.
    pub(crate) fn ingest(
        &mut self,
        log: &Log,
        store: &dyn Store,
        tell: &mut dyn FnMut(Notice),
    ) -> Result<(), Error> {
        while self.next < log.len() {
            let end = log.len().min(self.next + BATCH);
            let mut batch = Batch::default();
            for sequence in self.next..end {
                let header = log.header(sequence)?;
                self.take(&header, log, &mut batch)?;
            }
            let Batch {
                mut changes,
                touched,
                notices,
            } = batch;
            for number in touched {
                if let Some(source) = self.sources.get(&number) {
                    changes.push(Change::Source(source.row.clone()));
                }
            }
            changes.push(Change::Indexed(end));
            store.apply(&changes)?;
            self.next = end;
            notices.into_iter().for_each(&mut *tell);
        }
        Ok(())
    }

    fn take(&mut self, header: &Header, log: &Log, batch: &mut Batch) -> Result<(), Error> {
        let sequence = header.sequence;
        match header.kind {
            kind if header.source != OWN_SOURCE => self.of_source(kind, header, log, batch)?,
            ATTRIBUTION => {
                if let Some((said, row)) = attribution(log, sequence)? {
                    cover(&mut self.sources, &said);
                    batch.changes.push(Change::Attribution(row));
                    batch.notices.push(Notice::Session(said.session));
                }
            }
            FINDING => {
                if let Some(row) = finding(log, sequence)? {
                    batch.notices.push(Notice::Finding(row.clone()));
                    batch.changes.push(Change::Finding(row));
                }
            }
            REGISTER => {
                let body = text(log, sequence)?;
                if let Ok(change) = serde_json::from_str::<Registered>(&body) {
                    let row = RegisterRow {
                        sequence,
                        deployment: change.deployment,
                        body,
                    };
                    batch.notices.push(Notice::Register(row.clone()));
                    batch.changes.push(Change::Register(row));
                }
            }
            FAILURE => {
                let body = text(log, sequence)?;
                let failure: Failure = serde_json::from_str(&body).unwrap_or_default();
                self.lost(&failure, sequence, batch);
                batch.gap(sequence, failure.source, body);
            }
            Kind::ERASURE | Kind::RETENTION => {
                let body = text(log, sequence)?;
                batch.gap(sequence, None, body);
            }
            _ => {}
        }
        Ok(())
    }

    fn of_source(
        &mut self,
        kind: Kind,
        header: &Header,
        log: &Log,
        batch: &mut Batch,
    ) -> Result<(), Error> {
        let (number, sequence) = (header.source, header.sequence);
        if kind == SOURCE {
            let body = text(log, sequence)?;
            let mut source = Source::new(SourceRow {
                number,
                body,
                ..SourceRow::default()
            });
            let session = source.info.as_ref().and_then(|info| info.session.as_ref());
            source.row.session = session.map(ToString::to_string);
            self.groups.declare(number, source.row.session.as_deref());
            self.sources.insert(number, source);
        }
        let Some(source) = self.sources.get_mut(&number) else {
            return Ok(());
        };
        let row = &mut source.row;
        let length = match kind {
            STRETCH => log.payload_len(sequence)?,
            _ => 0,
        };
        batch.changes.push(Change::Entry(Entry {
            source: number,
            number: header.source_sequence,
            sequence,
            kind: kind.0,
            start: row.bytes,
            length,
        }));
        row.entries = header.source_sequence;
        row.bytes += length;
        row.chain = chain(&row.chain, &header.leaf());
        row.last_ns = header.wall_ns;
        row.ended = kind == END || (row.ended && kind == Kind::HEARTBEAT);
        row.gaps += u64::from(kind == Kind::GAP);
        source.heard = Instant::now();
        source.unread += length;
        if kind == END {
            let end: Option<End> = serde_json::from_str(&text(log, sequence)?).ok();
            source.row.sha256 = end.and_then(|end| end.sha256);
        }
        if kind == Kind::GAP {
            batch.gap(sequence, Some(number), text(log, sequence)?);
        }
        batch.touched.insert(number);
        Ok(())
    }

    /// Keeps the room of bytes that never came.
    fn lost(&mut self, failure: &Failure, sequence: u64, batch: &mut Batch) {
        let (Some(number), Some(gap), Some(bytes)) =
            (failure.source, failure.number, failure.bytes)
        else {
            return;
        };
        let Some(source) = self.sources.get_mut(&number) else {
            return;
        };
        batch.changes.push(Change::Entry(Entry {
            source: number,
            number: gap,
            sequence,
            kind: Kind::GAP.0,
            start: source.row.bytes,
            length: bytes,
        }));
        source.row.bytes += bytes;
        batch.touched.insert(number);
    }
}

fn cover(sources: &mut BTreeMap<u64, Source>, said: &Attributed) {
    for counted in &said.sources {
        if let Some(source) = sources.get_mut(&counted.source) {
            source.covered = source.covered.max(counted.last);
        }
    }
}

#[derive(Default)]
struct Batch {
    changes: Vec<Change>,
    touched: BTreeSet<u64>,
    notices: Vec<Notice>,
}

impl Batch {
    fn gap(&mut self, sequence: u64, source: Option<u64>, body: String) {
        let gap = Gap {
            sequence,
            source,
            body,
        };
        self.notices.push(Notice::Gap(gap.clone()));
        self.changes.push(Change::Gap(gap));
    }
}

/// A finding as the log has it.
pub(crate) fn finding(log: &Log, sequence: u64) -> Result<Option<FindingRow>, Error> {
    let Ok(found) = serde_json::from_str::<Found>(&text(log, sequence)?) else {
        return Ok(None);
    };
    let Ok(finding) = serde_json::from_str::<Finding>(found.finding.get()) else {
        return Ok(None);
    };
    Ok(Some(FindingRow {
        id: found.id,
        sequence,
        session: finding.session.to_string(),
        behaviour: finding.behaviour.to_string(),
        severity: finding.severity,
        score: finding.score,
        time: finding.time,
        stands: true,
        body: found.finding.get().to_owned(),
    }))
}

fn attribution(log: &Log, sequence: u64) -> Result<Option<(Attributed, Attribution)>, Error> {
    let body = text(log, sequence)?;
    let Ok(said) = serde_json::from_str::<Attributed>(&body) else {
        return Ok(None);
    };
    let row = Attribution {
        sequence,
        session: said.session.to_string(),
        version: said.version,
        deployment: said.deployment.clone(),
        findings: said.findings.clone(),
        body,
    };
    Ok(Some((said, row)))
}

/// The payload of an entry as text, with filler where it was erased; empty where it was dropped.
pub(crate) fn text(log: &Log, sequence: u64) -> Result<String, Error> {
    let bytes = match log.raw(sequence) {
        Ok(Some(raw)) => raw,
        Ok(None) => replay::fill(&log.payload(sequence)?),
        Err(proctor_ledger::Error::Dropped(_)) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
