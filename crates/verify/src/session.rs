//! Whether all is there: the numbers of a source, and what attributions count.

use std::fmt::Write;

use proctor_ledger::{Header, Kind, OWN_SOURCE};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::check::Checked;
use crate::report::{Attribution, Fault, Held};

/// The log's own statement about what a session was made from.
const ATTRIBUTION: Kind = Kind(19);

pub(crate) fn is_gap(header: &Header) -> bool {
    header.kind == Kind::GAP
}

/// Numbers between the last one and this header's that are not there; a gap stands for its own too.
pub(crate) fn jump(last: u64, header: &Header) -> Option<(u64, u64)> {
    let number = header.source_sequence;
    let to = if is_gap(header) {
        number
    } else {
        number.checked_sub(1)?
    };
    let from = last.checked_add(1)?;
    (from <= to).then_some((from, to))
}

/// Whether the numbers run from `first` to `last` and nothing is missing but what gaps stand for.
pub(crate) fn follow(headers: &[&Header], first: u64, last: u64) -> bool {
    let mut next = Some(first);
    for header in headers {
        let number = header.source_sequence;
        let right = match next {
            Some(next) if is_gap(header) => number >= next,
            Some(next) => number == next,
            None => false,
        };
        if !right {
            return false;
        }
        next = number.checked_add(1);
    }
    headers.last().is_some_and(|h| h.source_sequence == last)
}

pub(crate) fn check(checked: &mut Checked<'_>) -> Vec<Attribution> {
    let own = checked.by_source.get(&OWN_SOURCE).cloned();
    let said = own.unwrap_or_default();
    let mut out = Vec::new();
    for header in said.into_iter().filter(|h| h.kind == ATTRIBUTION) {
        let entry = header.sequence;
        let mut attribution = Attribution {
            entry,
            session: String::new(),
            version: 0,
            held: Held::Closed,
        };
        if let Some(raw) = checked.open.get(&entry) {
            let faults = match read(raw) {
                Some((session, version, counted)) => {
                    attribution.session = session;
                    attribution.version = version;
                    counted.iter().filter_map(|c| c.fault(checked)).collect()
                }
                None => vec![Fault::MalformedAttribution],
            };
            attribution.held = match faults.is_empty() {
                true => Held::Whole,
                false => Held::Broken,
            };
            for fault in faults {
                checked.fault(fault, entry);
            }
        }
        out.push(attribution);
    }
    out
}

/// What an attribution says of one source.
struct Counted {
    source: u64,
    first: u64,
    last: u64,
    chain: String,
}

impl Counted {
    fn fault(&self, checked: &Checked<'_>) -> Option<Fault> {
        let all = checked.by_source.get(&self.source);
        let counted = all.into_iter().flatten().copied();
        let numbers = self.first..=self.last;
        let headers: Vec<&Header> = counted
            .filter(|header| numbers.contains(&header.source_sequence))
            .collect();
        if !follow(&headers, self.first, self.last) {
            return Some(Fault::MissingFromSession);
        }
        let chain = headers.iter().fold([0; 32], |chain, header| {
            let link = Sha256::new().chain_update(chain);
            link.chain_update(header.leaf()).finalize().into()
        });
        (hex(&chain) != self.chain).then_some(Fault::WrongChain)
    }
}

fn read(raw: &[u8]) -> Option<(String, u64, Vec<Counted>)> {
    let said: Value = serde_json::from_slice(raw).ok()?;
    let session = said.get("session")?.as_str()?.to_owned();
    let version = said.get("version")?.as_u64()?;
    let sources = said.get("sources")?.as_array()?;
    let counted = sources.iter().map(|one| {
        let number = |key: &str| one.get(key).and_then(Value::as_u64);
        let (first, last) = (number("first")?, number("last")?);
        let right = first >= 1 && number("entries")? == last.checked_sub(first)?.checked_add(1)?;
        right.then_some(Counted {
            source: number("source")?,
            first,
            last,
            chain: one.get("chain")?.as_str()?.to_owned(),
        })
    });
    Some((session, version, counted.collect::<Option<_>>()?))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string never fails.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
