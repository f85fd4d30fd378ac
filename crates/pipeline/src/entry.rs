//! What the entries of the log hold: the bytes of sources, and what Proctor itself says.
//!
//! A source's entries are numbered from 1 without holes. The first is its description, the last its
//! end; between them stand its bytes. What Proctor says about several sources belongs to the log's
//! own account, source 0.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use proctor_ledger::Kind;
use proctor_model::{Harness, SessionId, Vantage};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A source begins: [`SourceInfo`] as JSON.
pub const SOURCE: Kind = Kind(16);
/// The next bytes of a source, as they were observed.
pub const STRETCH: Kind = Kind(17);
/// A source has ended, as far as anybody knows. If it goes on all the same, another end follows.
pub const END: Kind = Kind(18);
/// Whose a session is, which entries it was made from, and which findings stand.
pub const ATTRIBUTION: Kind = Kind(19);
/// A behaviour was seen in a session.
pub const FINDING: Kind = Kind(20);
/// The register of deployments changed.
pub const REGISTER: Kind = Kind(21);
/// Observation or recording failed: what was lost, and why.
pub const FAILURE: Kind = Kind(22);

/// What a source is: a stream of bytes from one place, in one generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceInfo {
    /// The file, as it was opened, or a name that is as good.
    pub path: PathBuf,
    /// What wrote it.
    pub harness: Harness,
    /// How its bytes are cut into entries.
    pub format: Format,
    /// From where it observes.
    pub vantage: Vantage,
    /// Tells it from other streams at the same place, such as the file's device and inode.
    pub generation: String,
    /// Why it is not the stream that stood at this place before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The account that the agent ran as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The session that its first records belong to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// The first time that its records give.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Timestamp>,
    /// Seconds between the signs of life that it promises; silence of three times as long is a gap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beat_seconds: Option<u32>,
    /// Small files beside it that are needed to read it, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub beside: BTreeMap<String, String>,
}

/// How the bytes of a source are cut into entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// A record a line: an entry a line, so that a line can be redacted by its fields.
    Lines,
    /// Anything else: an entry for what is given at once, at most 8 MiB.
    Document,
}

/// Payload of [`END`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct End {
    /// Entries of the source before this one.
    pub(crate) entries: u64,
    /// Length of the source.
    pub(crate) bytes: u64,
    /// SHA-256 of all its bytes in hexadecimal; absent where some of them were lost or erased.
    pub(crate) sha256: Option<String>,
}

/// Payload of a sign of life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Beat {
    /// Length of the source as its observer knows it.
    pub(crate) bytes: u64,
}

/// Payload of a gap in a source's numbers, in the form of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lost {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) reason: String,
}

/// Payload of [`FAILURE`]: a place or a time in which observation or recording failed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// In a few plain words: `lost`, `silent`, `not recorded`.
    pub cause: String,
    /// What is known beyond that.
    pub detail: String,
    /// The source, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<u64>,
    /// The source's own number of the gap that stands for the lost bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// First byte that was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<u64>,
    /// How many bytes were lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// When it began, by the recorder's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// Payload of [`ATTRIBUTION`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attributed {
    /// The session.
    pub session: SessionId,
    /// The session that started it.
    pub parent: Option<SessionId>,
    /// The deployment that covers it; none if it is unregistered.
    pub deployment: Option<String>,
    /// Revision of that deployment's manifest.
    pub revision: Option<u64>,
    /// Why this deployment, or why none.
    pub reason: String,
    /// Which statement about this session it is, from 1; the last one counts.
    pub version: u64,
    /// Names the rules that judged, as a hash over their ids and versions.
    pub rules: String,
    /// Ids of the findings that stand.
    pub findings: Vec<String>,
    /// What it was made from.
    pub sources: Vec<Counted>,
}

/// The entries of one source that a session was made from: all that it had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// The source.
    pub source: u64,
    /// Number of its first entry.
    pub first: u64,
    /// Number of its last entry.
    pub last: u64,
    /// How many there are.
    pub entries: u64,
    /// Hash over the headers of these entries, in hexadecimal; see [`chain`].
    pub chain: String,
}

/// The next link of the chain over a source's headers: SHA-256 of the last link and the hash that
/// the header has as a leaf of the log's tree. The first link follows 32 zero bytes.
pub fn chain(last: &[u8; 32], leaf: &[u8; 32]) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    Sha256::new()
        .chain_update(last)
        .chain_update(leaf)
        .finalize()
        .into()
}

/// Payload of [`FINDING`]. The finding stands there as it was written, byte by byte.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Found {
    pub(crate) id: String,
    pub(crate) evidence: Vec<Shown>,
    pub(crate) finding: Box<RawValue>,
}

/// Where in the log a piece of evidence stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The source.
    pub source: u64,
    /// First byte of it.
    pub offset: u64,
    /// Length in bytes.
    pub len: u64,
    /// The entries of the log that hold these bytes: first and last.
    pub entries: Option<(u64, u64)>,
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
