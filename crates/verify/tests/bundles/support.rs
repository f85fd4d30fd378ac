//! A log with two sources, a session and a witness.

use std::path::Path;

use proctor_ledger::{
    Anchors, Bundle, BundleRequest, Entry, Header, Key, Kind, Log, Note, Opening, Options, Payload,
    Spans,
};
use proctor_model::Vantage;
use proctor_verify::{Report, check};
use sha2::{Digest, Sha256};

pub(crate) const ORIGIN: &str = "example.com/log";
pub(crate) const SECRET: &str = "hunter2-hunter2";
/// The source that the session was made from.
pub(crate) const MINE: u64 = 7;
/// A source of somebody else.
pub(crate) const OTHER: u64 = 8;
const ATTRIBUTION: Kind = Kind(19);

pub(crate) fn open(dir: &Path) -> Log {
    let options = Options {
        origin: Some(ORIGIN.to_owned()),
        publish_every: None,
        ..Options::default()
    };
    Log::open(dir, options).unwrap().0
}

pub(crate) fn append(log: &Log, source: u64, kind: Kind, raw: &str) -> Header {
    let entry = Entry {
        vantage: Vantage::Said,
        kind,
        source,
        source_sequence: None,
        payload: Payload::new(raw).unwrap(),
    };
    log.append(entry).unwrap()
}

/// Appends an attribution of a session to entries of sources.
pub(crate) fn attribute(log: &Log, session: &str, headers: &[Header]) -> Header {
    let mut chain = [0; 32];
    for header in headers {
        let link = Sha256::new().chain_update(chain);
        chain = link.chain_update(header.leaf()).finalize().into();
    }
    let hex: String = chain.iter().map(|byte| format!("{byte:02x}")).collect();
    let (first, last) = (headers[0], headers[headers.len() - 1]);
    let (from, to) = (first.source_sequence, last.source_sequence);
    let said = serde_json::json!({
        "session": session, "parent": null, "version": 1, "sources": [{
            "source": first.source, "first": from, "last": to, "entries": to - from + 1, "chain": hex,
        }],
    });
    append(log, 0, ATTRIBUTION, &said.to_string())
}

/// A log in which a session of six entries is recorded, with another source between them.
pub(crate) struct Recorded {
    pub(crate) log: Log,
    pub(crate) mine: Vec<Header>,
    pub(crate) attribution: Header,
    pub(crate) witness: Key,
    /// The key that signed before the hand-over.
    pub(crate) retired: Key,
}

pub(crate) fn recorded(dir: &Path) -> Recorded {
    let log = open(dir);
    let retired = Key::parse(&std::fs::read_to_string(dir.join("key")).unwrap()).unwrap();
    let mut mine = Vec::new();
    for number in 0..6 {
        append(&log, OTHER, Kind(17), "{\"not\":\"yours\"}");
        let raw = match number {
            3 => format!("{{\"user\":\"ann\",\"token\":\"{SECRET}\",\"n\":3}}"),
            _ => format!("{{\"user\":\"ann\",\"text\":\"step {number}\"}}"),
        };
        mine.push(append(&log, MINE, Kind(17), &raw));
        if number == 2 {
            log.hand_over().unwrap();
        }
    }
    let attribution = attribute(&log, "s-1", &mine);
    let witness = Key::generate("witness.example").unwrap().into_witness();
    let (_, mut note) = log.checkpoint().unwrap();
    note.add(witness.cosign(note.text(), 1_800_000_000));
    log.add_cosignature(&note, witness.public()).unwrap();
    append(&log, OTHER, Kind(17), "{\"later\":true}");
    Recorded {
        log,
        mine,
        attribution,
        witness,
        retired,
    }
}

impl Recorded {
    /// The whole session, with the secret withheld.
    pub(crate) fn request(&self) -> BundleRequest {
        BundleRequest {
            title: "session s-1".to_owned(),
            sources: vec![MINE],
            entries: vec![self.attribution.sequence],
            opening: Opening {
                show: vec![Spans::All],
                hide: vec![Spans::Holding(SECRET.as_bytes().to_vec())],
                reason: "a password".to_owned(),
            },
            ..BundleRequest::default()
        }
    }

    pub(crate) fn bundle(&self) -> Bundle {
        self.log.bundle(&self.request()).unwrap()
    }
}

/// What the verifier says of a file; nothing if it cannot be read.
pub(crate) fn judge(raw: &[u8], origin: Option<&str>, anchors: &Anchors) -> Option<Report> {
    Some(check(&Bundle::parse(raw).ok()?, origin, anchors))
}

/// A copy of a log, key and all: what somebody has who holds them.
pub(crate) fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&to).unwrap();
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

pub(crate) fn remember(log: &Log) -> Note {
    log.checkpoint().unwrap().1
}
