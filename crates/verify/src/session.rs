//! Whether all is there: the numbers of a source, and what attributions count.

use std::collections::BTreeMap;
use std::fmt::Write;

use proctor_ledger::{Header, Kind, OWN_SOURCE};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::check::Checked;
use crate::report::{Attribution, Fault, Held};

/// The log's own statement about what a session was made from.
const ATTRIBUTION: Kind = Kind(19);

/// A hash over headers of a source, one after the other.
pub(crate) type Chain = [u8; 32];

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

/// Numbers of a source as far as they run from 1 and nothing is missing but what gaps stand for,
/// each with the chain over the headers so far.
pub(crate) fn run(headers: &[&Header]) -> BTreeMap<u64, Chain> {
    let (mut next, mut chain) = (1_u64, [0; 32]);
    let mut out = BTreeMap::new();
    for header in headers {
        let number = header.source_sequence;
        if number != next && !(is_gap(header) && number > next) {
            break;
        }
        let link = Sha256::new().chain_update(chain);
        chain = link.chain_update(header.leaf()).finalize().into();
        out.insert(number, chain);
        match number.checked_add(1) {
            Some(more) => next = more,
            None => break,
        }
    }
    out
}

pub(crate) fn check(checked: &mut Checked<'_>) -> Vec<Attribution> {
    let said = checked.bundle.headers.iter();
    let said = said.filter(|h| h.kind == ATTRIBUTION && h.source == OWN_SOURCE);
    let mut out = Vec::new();
    for header in said {
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

/// What an attribution says of one source: it counts the entries from number 1 to the last.
struct Counted {
    source: u64,
    last: u64,
    chain: String,
}

impl Counted {
    fn fault(&self, checked: &Checked<'_>) -> Option<Fault> {
        let run = checked.runs.get(&self.source);
        match run.and_then(|run| run.get(&self.last)) {
            None => Some(Fault::MissingFromSession),
            Some(chain) => (hex(chain) != self.chain).then_some(Fault::WrongChain),
        }
    }
}

fn read(raw: &[u8]) -> Option<(String, u64, Vec<Counted>)> {
    let said: Value = serde_json::from_slice(raw).ok()?;
    let session = said.get("session")?.as_str()?.to_owned();
    let version = said.get("version")?.as_u64()?;
    let sources = said.get("sources")?.as_array()?;
    let counted = sources.iter().map(|one| {
        let number = |key: &str| one.get(key).and_then(Value::as_u64);
        let last = number("last")?;
        let right = number("first")? == 1 && number("entries")? == last && last > 0;
        right.then_some(Counted {
            source: number("source")?,
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
