//! Erasing: out of the log, out of what Proctor itself said of it, out of the index.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use proctor_ledger::{Kind, Log, Target};
use proctor_store::{Change, Entry, FindingFilter, SessionFilter};

use crate::entry::{FINDING, SOURCE, STRETCH};
use crate::ingest::{self, Index};
use crate::{Error, Shared, replay};

/// What is to be erased.
///
/// A packed recording (an archive) cannot lose a part and stay one: if a text stands in it, or bytes
/// of it are named, all of it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Erase {
    /// A text, wherever it stands: plain, or as it is written inside of JSON.
    Text(String),
    /// These bytes of a source.
    Bytes(u64, Range<u64>),
}

/// What was erased.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// The entry of the log that records the erasure.
    pub sequence: u64,
    /// Entries that lost bytes.
    pub entries: u64,
    /// Sources among them.
    pub sources: Vec<u64>,
    /// Findings whose words went, because what they show did.
    pub findings: u64,
    /// Packed recordings that went as a whole.
    pub packed: Vec<u64>,
}

impl Index {
    /// Erases, and makes the index as if it had never been there.
    pub(crate) fn erase(
        &mut self,
        shared: &Shared,
        what: &Erase,
        reason: &str,
    ) -> Result<Erased, Error> {
        let mut targets = match what {
            Erase::Text(text) => find(&shared.log, text)?,
            Erase::Bytes(source, range) => places(shared, *source, range)?,
        };
        let packed = self.packed(shared, what)?;
        for source in &packed {
            targets.extend(places(shared, *source, &(0..u64::MAX))?);
        }
        if targets.is_empty() {
            return Err(Error::Nothing("these bytes are not in the log"));
        }
        let mut sources = BTreeSet::new();
        for sequence in targets.keys() {
            let header = shared.log.header(*sequence)?;
            if header.kind == STRETCH || header.kind == SOURCE {
                sources.insert(header.source);
            }
        }
        let findings = self.words(shared, &sources, &targets)?;
        let mut retold: BTreeSet<u64> = findings.keys().copied().collect();
        let count = findings.len() as u64;
        for (sequence, ranges) in findings {
            targets.entry(sequence).or_default().extend(ranges);
        }
        let targets: Vec<Target> = targets
            .into_iter()
            .map(|(entry, ranges)| Target { entry, ranges })
            .collect();
        let header = shared.log.erase(&targets, reason)?;
        retold.extend(targets.iter().map(|target| target.entry));
        self.retell(shared, &retold)?;
        self.ingest(&shared.log, &*shared.store, &mut |notice| {
            shared.tell(notice)
        })?;
        for number in &sources {
            if let Some(source) = self.sources.get_mut(number) {
                source.row.judged = 0;
            }
        }
        Ok(Erased {
            sequence: header.sequence,
            entries: targets.len() as u64,
            sources: sources.into_iter().collect(),
            findings: count,
            packed,
        })
    }

    /// Has the sessions of all sources made anew that have entries before this one.
    pub(crate) fn forget_before(&mut self, shared: &Shared, before: u64) -> Result<(), Error> {
        for (number, source) in &mut self.sources {
            let entries = shared.store.entries(*number, 0)?;
            if entries.first().is_some_and(|entry| entry.sequence < before) {
                source.row.judged = 0;
            }
        }
        Ok(())
    }

    /// Packed recordings that hold the text, or are named.
    fn packed(&self, shared: &Shared, what: &Erase) -> Result<Vec<u64>, Error> {
        let mut packed = Vec::new();
        for (number, source) in &self.sources {
            let named = match what {
                Erase::Text(_) => false,
                Erase::Bytes(named, _) if named == number => true,
                Erase::Bytes(..) => continue,
            };
            let entries = shared.store.entries(*number, 0)?;
            let Some(info) = &source.info else { continue };
            if !is_packed(&shared.log, &entries)? {
                continue;
            }
            let holds = match what {
                Erase::Text(text) => {
                    let needles = spellings(text)?;
                    let copy = replay::copy(&shared.log, &shared.dir, info, &entries)?;
                    let mut holds = false;
                    (shared.replay)(info, &copy.path, &mut |event| {
                        let event = serde_json::to_string(&event).unwrap_or_default();
                        holds |= needles.iter().any(|needle| event.contains(needle));
                    });
                    holds
                }
                Erase::Bytes(..) => named,
            };
            if holds {
                packed.push(*number);
            }
        }
        Ok(packed)
    }

    /// The words of findings that rest on what is to be erased: a quote of it may be masked or cut,
    /// so that nobody would find it by its text.
    fn words(
        &self,
        shared: &Shared,
        sources: &BTreeSet<u64>,
        targets: &BTreeMap<u64, Vec<Range<u64>>>,
    ) -> Result<BTreeMap<u64, Vec<Range<u64>>>, Error> {
        let mut words = BTreeMap::new();
        for source in sources {
            let sessions = shared.store.sessions(&SessionFilter {
                source: Some(*source),
                ..SessionFilter::default()
            })?;
            for session in sessions {
                let findings = shared.store.findings(&FindingFilter {
                    session: Some(session.id),
                    fallen: true,
                    ..FindingFilter::default()
                })?;
                for sequence in findings.into_iter().map(|row| row.sequence) {
                    if rests_on(&shared.log, sequence, targets)? {
                        words.insert(sequence, told(&shared.log, sequence)?);
                    }
                }
            }
        }
        words.retain(|_, ranges: &mut Vec<_>| !ranges.is_empty());
        Ok(words)
    }

    /// Takes what Proctor said into the index again, as it is now.
    fn retell(&mut self, shared: &Shared, sequences: &BTreeSet<u64>) -> Result<(), Error> {
        let mut changes = Vec::new();
        for sequence in sequences {
            let header = shared.log.header(*sequence)?;
            match header.kind {
                FINDING => {
                    let row = ingest::finding(&shared.log, *sequence)?;
                    changes.extend(row.map(Change::Finding));
                }
                SOURCE => {
                    if let Some(source) = self.sources.get_mut(&header.source) {
                        source.row.body = ingest::text(&shared.log, *sequence)?;
                        source.info = serde_json::from_str(&source.row.body).ok();
                        changes.push(Change::Source(source.row.clone()));
                    }
                }
                _ => {}
            }
        }
        Ok(shared.store.apply(&changes)?)
    }
}

/// Whether a source is compressed: an archive of the zip kind (APPNOTE 4.3.7), or a frame of
/// Zstandard (RFC 8878, 3.1.1).
fn is_packed(log: &Log, entries: &[Entry]) -> Result<bool, Error> {
    let first = entries.iter().find(|entry| entry.length > 0);
    let Some(first) = first.filter(|first| Kind(first.kind) == STRETCH) else {
        return Ok(false);
    };
    let head = match log.raw(first.sequence) {
        Ok(raw) => raw.unwrap_or_default(),
        Err(proctor_ledger::Error::Dropped(_)) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    Ok(head.starts_with(b"PK\x03\x04") || head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]))
}

/// Where a text stands in the log, in any of the ways in which JSON may write it.
fn find(log: &Log, text: &str) -> Result<BTreeMap<u64, Vec<Range<u64>>>, Error> {
    if text.is_empty() {
        return Err(Error::Nothing("the text is empty"));
    }
    let mut found: BTreeMap<u64, Vec<Range<u64>>> = BTreeMap::new();
    for needle in spellings(text)? {
        for target in log.find(needle.as_bytes())? {
            if !log.header(target.entry)?.kind.is_reserved() {
                found.entry(target.entry).or_default().extend(target.ranges);
            }
        }
    }
    Ok(found)
}

/// A text as it is, as JSON escapes it, and as JSON in ASCII does, each once more for JSON that is
/// itself a text in JSON.
fn spellings(text: &str) -> Result<BTreeSet<String>, Error> {
    let mut all = BTreeSet::from([text.to_owned()]);
    for _ in 0..2 {
        for text in all.clone() {
            let quoted = serde_json::to_string(&text)?;
            let inside = quoted
                .strip_prefix('"')
                .and_then(|rest| rest.strip_suffix('"'));
            let inside = inside.unwrap_or(&text);
            all.insert(inside.to_owned());
            all.insert(inside.replace('/', "\\/"));
            all.insert(ascii(inside));
        }
    }
    Ok(all)
}

fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

/// The entries of a source that hold these bytes.
fn places(
    shared: &Shared,
    source: u64,
    range: &Range<u64>,
) -> Result<BTreeMap<u64, Vec<Range<u64>>>, Error> {
    let mut found = BTreeMap::new();
    for entry in shared.store.entries(source, 0)? {
        let start = range.start.max(entry.start);
        let end = range.end.min(entry.start + entry.length);
        if Kind(entry.kind) == STRETCH && start < end {
            let inside = start - entry.start..end - entry.start;
            found.insert(entry.sequence, vec![inside]);
        }
    }
    Ok(found)
}

/// Whether a finding shows an entry that loses bytes.
fn rests_on(
    log: &Log,
    sequence: u64,
    targets: &BTreeMap<u64, Vec<Range<u64>>>,
) -> Result<bool, Error> {
    let text = ingest::text(log, sequence)?;
    let Ok(found) = serde_json::from_str::<crate::entry::Found>(&text) else {
        return Ok(false);
    };
    // What says no place may rest on anything.
    Ok(found.evidence.is_empty()
        || found.evidence.iter().any(|shown| match shown.entries {
            Some((first, last)) => targets.range(first..=last).next().is_some(),
            None => true,
        }))
}

/// Where in a finding's entry its words stand.
fn told(log: &Log, sequence: u64) -> Result<Vec<Range<u64>>, Error> {
    const WORDS: [&[u8]; 3] = [
        b"/finding/title",
        b"/finding/explanation",
        b"/finding/quote",
    ];
    let payload = log.payload(sequence)?;
    Ok(payload
        .spans()
        .into_iter()
        .filter(|span| WORDS.contains(&span.path.as_slice()))
        .map(|span| span.range())
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_looked_for_as_json_may_write_it() {
        let all = spellings("a\"é/\n").unwrap();
        for spelling in ["a\"é/\n", r#"a\"é/\n"#, r#"a\"é\/\n"#, r#"a\"\u00e9/\n"#] {
            assert!(all.contains(spelling), "{spelling}");
        }
        assert!(all.contains(r#"a\\\"é/\\n"#), "JSON in JSON");
        assert_eq!(spellings("plain").unwrap().len(), 1);
    }
}
