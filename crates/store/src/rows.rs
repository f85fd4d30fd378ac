//! What goes into the index and comes out of it.
//!
//! Where a row has a `body`, that is JSON of the crate that wrote it; the index keeps it as it is
//! and looks only at the fields beside it.

use jiff::Timestamp;
use proctor_model::Severity;

/// A change of the index.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The log was taken in up to this entry; the number of the next one.
    Indexed(u64),
    /// A source is new, or not what it was.
    Source(SourceRow),
    /// An entry of a source.
    Entry(Entry),
    /// A session is new, or not what it was: its row, its sources and its texts are replaced.
    Session(Box<SessionRow>, Vec<Text>),
    /// Only these of a session changed: its parent, and the sessions it refers to that no source
    /// has.
    Links(String, Option<String>, Vec<String>),
    /// No source has this session any more.
    NoSession(String),
    /// A session was attributed. From the findings before it, those that it names stand.
    Attribution(Attribution),
    /// A finding, which stands until an attribution says otherwise. It takes the place of an
    /// earlier one with the same id; one of the same entry stands if that did.
    Finding(FindingRow),
    /// Observation failed.
    Gap(Gap),
    /// The register changed.
    Register(RegisterRow),
}

/// A source of the log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SourceRow {
    /// Its number in the log.
    pub number: u64,
    /// What it is, as JSON.
    pub body: String,
    /// The session that its first records name.
    pub session: Option<String>,
    /// Its entries, gaps included: its next one has this number plus one.
    pub entries: u64,
    /// Its length in bytes, lost ones included.
    pub bytes: u64,
    /// Hash over the headers of its entries, in order.
    pub chain: [u8; 32],
    /// SHA-256 of its bytes as of its end, in hexadecimal, where all of them are known.
    pub sha256: Option<String>,
    /// Whether it ended, and nothing came after that.
    pub ended: bool,
    /// Gaps among its entries.
    pub gaps: u64,
    /// Entries of it that its sessions were made from.
    pub judged: u64,
    /// Wall time of its last entry in nanoseconds since 1970, by the recorder's clock.
    pub last_ns: u64,
}

/// Where an entry of a source stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The source.
    pub source: u64,
    /// Number of the entry within the source, from 1.
    pub number: u64,
    /// Place in the log.
    pub sequence: u64,
    /// What it is, as in its header.
    pub kind: u16,
    /// First of the source's bytes that it holds.
    pub start: u64,
    /// How many it holds.
    pub length: u64,
}

/// A session.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SessionRow {
    /// Its id.
    pub id: String,
    /// Time of its earliest event.
    pub start: Option<Timestamp>,
    /// Time of its latest event.
    pub end: Option<Timestamp>,
    /// Its summary, as JSON.
    pub body: String,
    /// What is needed to tell which other sessions it refers to, as JSON.
    pub links: String,
    /// The session that started it.
    pub parent: Option<String>,
    /// Sessions that it refers to and no source has.
    pub missing: Vec<String>,
    /// Numbers of the sources that its events came from, in order.
    pub sources: Vec<u64>,
    /// The deployment that its latest attribution names; only read, never written.
    pub deployment: Option<String>,
    /// Version of its latest attribution, 0 if it has none; only read, never written.
    pub version: u64,
}

/// Which sessions are wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SessionFilter {
    /// Only those of this deployment; `Some(None)`: only those of none.
    pub deployment: Option<Option<String>>,
    /// Only those that had not ended before this time.
    pub since: Option<Timestamp>,
    /// Only those with events of this source.
    pub source: Option<u64>,
    /// Only those that come after this one in the order of the answer.
    pub after: Option<String>,
    /// At most so many; `None`: all.
    pub limit: Option<usize>,
}

/// A statement of the log about whose a session is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attribution {
    /// Its place in the log.
    pub sequence: u64,
    /// The session.
    pub session: String,
    /// Which statement about this session it is, from 1.
    pub version: u64,
    /// The deployment, if it is one that is registered.
    pub deployment: Option<String>,
    /// Ids of the findings that stood then.
    pub findings: Vec<String>,
    /// The statement, as JSON.
    pub body: String,
}

/// A finding of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct FindingRow {
    /// Its id: the same session, rule, version and evidence have the same.
    pub id: String,
    /// Place of its latest entry in the log.
    pub sequence: u64,
    /// The session.
    pub session: String,
    /// The behaviour's id.
    pub behaviour: String,
    /// How bad.
    pub severity: Severity,
    /// How sure, in [0, 1].
    pub score: f64,
    /// When, by the source's clock.
    pub time: Option<Timestamp>,
    /// Whether it stands; only read, never written.
    pub stands: bool,
    /// The finding, as JSON.
    pub body: String,
}

/// Which findings are wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FindingFilter {
    /// Only those of this session.
    pub session: Option<String>,
    /// Only those of this behaviour.
    pub behaviour: Option<String>,
    /// Only those at least as bad.
    pub severity: Option<Severity>,
    /// Only those scored at least so high.
    pub score: Option<f64>,
    /// Those that no longer stand as well.
    pub fallen: bool,
    /// Only those after this place in the log.
    pub after: Option<u64>,
    /// At most so many; `None`: all.
    pub limit: Option<usize>,
}

/// A place where observation failed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gap {
    /// Place in the log of the entry that says so.
    pub sequence: u64,
    /// The source, if it is one that failed.
    pub source: Option<u64>,
    /// The gap, as JSON.
    pub body: String,
}

/// A change of the register.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RegisterRow {
    /// Place in the log.
    pub sequence: u64,
    /// The deployment.
    pub deployment: String,
    /// The change, as JSON.
    pub body: String,
}

/// What was said or done in one step, for the search.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text {
    /// The step's position in its session.
    pub step: u64,
    /// What the step is: `request`, `reply`, `reasoning`, or the tool's name.
    pub kind: String,
    /// When, by the source's clock.
    pub time: Option<Timestamp>,
    /// The text, credentials masked.
    pub text: String,
}

/// A step that a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The session.
    pub session: String,
    /// The step's position in it.
    pub step: u64,
    /// As in [`Text`].
    pub kind: String,
    /// When, by the source's clock.
    pub time: Option<Timestamp>,
    /// Some words around the first place that matches.
    pub excerpt: String,
}
