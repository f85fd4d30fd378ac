//! How every reader gives its events to a sink: numbered, placed and counted.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use proctor_dialects::{Oddities, place_name};
use proctor_model::{Event, EventKind, Gap, GapCause, Place, SessionId, Source, Vantage};

use crate::{ReadReport, Sink};

/// One record of a recording while it is read: where it stands, and what its events share.
#[derive(Clone, Debug)]
pub(crate) struct Record<'r> {
    offset: u64,
    len: u64,
    raw: &'r [u8],
    part: u32,
    /// The time that the record gives, for the events that follow.
    pub(crate) time: Option<Timestamp>,
}

impl<'r> Record<'r> {
    /// A record whose raw bytes begin at `offset` of the source.
    pub(crate) fn new(offset: u64, raw: &'r [u8]) -> Self {
        Self {
            len: raw.len() as u64,
            ..Self::unread(offset, 0, raw)
        }
    }

    /// A stretch of `len` bytes that was not read as a whole; `raw` is what there is of it.
    pub(crate) fn unread(offset: u64, len: u64, raw: &'r [u8]) -> Self {
        Self {
            offset,
            len,
            raw,
            part: 0,
            time: None,
        }
    }

    /// A stretch of `len` bytes that a gap is about and that is no record. Its events are numbered
    /// apart from those of a record that happens to be the same stretch.
    pub(crate) fn about(offset: u64, len: u64) -> Self {
        Self::unread(offset, len, b"").numbered_from(1 << 31)
    }

    /// The number that the record's next event gets.
    pub(crate) fn next_part(&self) -> u32 {
        self.part
    }

    /// Keeps the next number for an event that is given out later, from a record of its own.
    pub(crate) fn reserve_part(&mut self) -> u32 {
        let part = self.part;
        self.part = self.part.saturating_add(1);
        part
    }

    /// The same record, whose next event gets this number.
    pub(crate) fn numbered_from(mut self, part: u32) -> Self {
        self.part = part;
        self
    }
}

/// Gives events to a sink: numbers them, gives them their place and session, and counts.
pub(crate) struct Emitter<'s> {
    sink: &'s mut dyn Sink,
    progress: &'s mut dyn FnMut(u64),
    source: Arc<Source>,
    session: SessionId,
    seq: u64,
    report: ReadReport,
    /// Where documents broke off, as far as was told.
    breaks: HashSet<(Arc<Source>, u64)>,
}

/// The most breaks that are remembered.
const MOST_BREAKS: usize = 1 << 12;

impl<'s> Emitter<'s> {
    /// An emitter of events that come from `source` and belong to `session` until
    /// [`Emitter::set_source`] and [`Emitter::set_session`] say otherwise.
    pub(crate) fn new(
        source: Source,
        session: SessionId,
        progress: &'s mut dyn FnMut(u64),
        sink: &'s mut dyn Sink,
    ) -> Self {
        Self {
            sink,
            progress,
            source: Arc::new(source),
            session,
            seq: 0,
            report: ReadReport::default(),
            breaks: HashSet::new(),
        }
    }

    /// The same, going on where an earlier emitter of the same source stopped.
    pub(crate) fn resume(mut self, next_seq: u64) -> Self {
        self.seq = next_seq;
        self
    }

    /// The number that the next event gets.
    pub(crate) fn next_seq(&self) -> u64 {
        self.seq
    }

    /// Where the following events come from, for the members of an archive.
    pub(crate) fn set_source(&mut self, source: Source) {
        self.source = Arc::new(source);
    }

    /// Where the following events come from as it is now, to be given back to
    /// [`Emitter::restore_source`].
    pub(crate) fn source(&self) -> Arc<Source> {
        Arc::clone(&self.source)
    }

    /// Goes back to an earlier source.
    pub(crate) fn restore_source(&mut self, source: Arc<Source>) {
        self.source = source;
    }

    /// Whose the following events are.
    pub(crate) fn set_session(&mut self, session: &SessionId) {
        if self.session != *session {
            self.session = session.clone();
        }
    }

    /// Whose events these are now.
    pub(crate) fn session(&self) -> &SessionId {
        &self.session
    }

    /// Says that `bytes` more bytes of the file were read.
    pub(crate) fn advance(&mut self, bytes: u64) {
        self.report.bytes += bytes;
        (self.progress)(bytes);
    }

    /// Counts one record: a line, or an element of a document that stands for one.
    pub(crate) fn count_record(&mut self) {
        self.report.records += 1;
    }

    /// Gives one event of this record to the sink.
    pub(crate) fn event(&mut self, record: &mut Record<'_>, kind: EventKind) {
        let event = Event {
            at: Place {
                source: Arc::clone(&self.source),
                offset: record.offset,
                len: record.len,
                part: record.part,
            },
            seq: self.seq,
            vantage: Vantage::Said,
            time: record.time,
            session: self.session.clone(),
            kind,
        };
        record.part = record.part.saturating_add(1);
        self.seq += 1;
        self.report.events += 1;
        self.sink.event(event, record.raw);
    }

    /// Gives a gap within this record to the sink: part of it was not understood.
    pub(crate) fn gap(&mut self, record: &mut Record<'_>, cause: GapCause, detail: String) {
        self.report.gaps += 1;
        self.event(record, EventKind::Gap(Gap { cause, detail }));
    }

    /// Gives a gap to the sink that stands for this whole record: nothing of it was understood.
    pub(crate) fn lost(&mut self, record: &mut Record<'_>, cause: GapCause, detail: String) {
        self.report.unreadable_bytes += record.len;
        self.gap(record, cause, detail);
    }

    /// Whether the current source was not yet told to break off at `offset`: a reader that goes over
    /// a document twice meets every break twice.
    pub(crate) fn first_break(&mut self, offset: u64) -> bool {
        self.breaks.len() >= MOST_BREAKS || self.breaks.insert((self.source.clone(), offset))
    }

    /// Gives an event for a record that the reader knows to carry nothing to judge.
    pub(crate) fn known(&mut self, record: &mut Record<'_>, name: &str) {
        let name = place_name(name);
        self.event(record, EventKind::Other { name, known: true });
    }

    /// Gives an event for a record whose type the reader does not know, and counts it.
    pub(crate) fn unknown(&mut self, record: &mut Record<'_>, name: &str) {
        let name = place_name(name);
        count(&mut self.report.unknown_records, &name);
        self.event(record, EventKind::Other { name, known: false });
    }

    /// Counts a field that the reader does not know, such as `user.colour`.
    pub(crate) fn unknown_field(&mut self, of: &str, name: &str) {
        count(
            &mut self.report.unknown_fields,
            &format!("{of}.{}", place_name(name)),
        );
    }

    /// Counts and tells what a dialect found odd in this record, and empties it.
    pub(crate) fn oddities(&mut self, record: &mut Record<'_>, odd: &mut Oddities) {
        for name in odd.unknown_fields.drain(..) {
            count(&mut self.report.unknown_fields, &name);
        }
        for detail in odd.bad_fields.drain(..) {
            self.gap(record, GapCause::BadField, detail);
        }
    }

    /// What was read.
    pub(crate) fn finish(self) -> ReadReport {
        self.report
    }
}

/// Distinct names that are counted apart; a recording made of nothing but new names must not fill
/// the memory.
const MOST_NAMES: usize = 1_000;

/// Where names beyond [`MOST_NAMES`] are counted.
const OTHERS: &str = "(others)";

fn count(names: &mut BTreeMap<String, u64>, name: &str) {
    if let Some(n) = names.get_mut(name) {
        *n += 1;
        return;
    }
    let name = if names.len() < MOST_NAMES {
        name
    } else {
        OTHERS
    };
    *names.entry(name.to_owned()).or_default() += 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_a_record_are_numbered_and_placed() {
        let mut seen = Vec::new();
        let mut sink = |event: Event, raw: &[u8]| seen.push((event, raw.to_vec()));
        let mut read = 0;
        let mut progress = |bytes| read += bytes;
        let mut out = Emitter::new(
            Source::file("a.jsonl"),
            SessionId::new("x:1"),
            &mut progress,
            &mut sink,
        );
        out.count_record();
        let mut record = Record::new(7, b"{}");
        out.known(&mut record, "summary");
        out.unknown(&mut record, "novel\n");
        out.set_session(&SessionId::new("x:2"));
        out.lost(&mut record, GapCause::Unparsable, "broken".into());
        out.advance(9);
        let report = out.finish();

        assert_eq!(read, 9);
        assert_eq!((report.records, report.events, report.gaps), (1, 3, 1));
        assert_eq!(report.unreadable_bytes, 2);
        assert_eq!(report.unknown_records["novel\u{fffd}"], 1);
        let places: Vec<_> = seen.iter().map(|(e, _)| e.at.to_string()).collect();
        assert_eq!(places, ["a.jsonl@7+2", "a.jsonl@7+2#1", "a.jsonl@7+2#2"]);
        assert_eq!(seen[2].0.seq, 2);
        assert_eq!(seen[2].0.session.as_str(), "x:2");
        assert!(seen.iter().all(|(_, raw)| raw == b"{}"));
    }

    #[test]
    fn names_are_bounded() {
        let mut names = BTreeMap::new();
        for i in 0..5_000 {
            count(&mut names, &format!("n{i}"));
        }
        assert_eq!(names.len(), MOST_NAMES + 1);
        assert_eq!(names[OTHERS], 4_000);
    }
}
