//! Payloads of the ledger's own entries.

use serde::{Deserialize, Serialize};

/// First entry of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Genesis {
    pub(crate) origin: String,
    pub(crate) key: String,
    pub(crate) tokenizer: u8,
}

/// Observations that were lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lost {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) reason: String,
}

/// Spans of one entry that were erased, by number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Erased {
    pub(crate) entry: u64,
    /// First and one past the last, of each run.
    pub(crate) spans: Vec<(u64, u64)>,
}

/// An erasure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Erasure {
    pub(crate) erased: Vec<Erased>,
    pub(crate) reason: String,
}

/// Payloads that were dropped: of all entries from `first` up to `end` but the ledger's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Retention {
    pub(crate) first: u64,
    pub(crate) end: u64,
    pub(crate) reason: String,
}

/// A change of keys. The new key signs [`HandOver::text`] to show that somebody holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandOver {
    pub(crate) old: String,
    pub(crate) new: String,
    /// Signature line of the new key.
    pub(crate) signature: String,
}

impl HandOver {
    pub(crate) fn text(origin: &str, old: &str, new: &str) -> String {
        format!("proctor hand-over\n{origin}\n{old}\n{new}\n")
    }
}
