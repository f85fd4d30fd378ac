//! What a check finds.

use serde::Serialize;

/// The outcome of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// `proctor.verify/1`.
    pub schema: &'static str,
    /// Whether everything that the bundle holds is proven, and nothing that it claims to hold is
    /// missing.
    pub proven: bool,
    /// What the maker calls the bundle; nothing proves it.
    pub title: String,
    /// Name of the log.
    pub origin: String,
    /// Entries of the log at the bundle's checkpoint.
    pub size: u64,
    /// Entries in the bundle.
    pub entries: u64,
    /// Entries whose payload is wholly open.
    pub open: u64,
    /// When the first and the last of them were appended, in nanoseconds since 1970, UTC, by the
    /// recorder's clock.
    pub recorded: Option<(u64, u64)>,
    /// What does not hold.
    pub faults: Vec<Found>,
    /// What is hidden.
    pub withheld: Vec<Withheld>,
    /// What there is of each source.
    pub sources: Vec<SourceState>,
    /// What the log says that its sessions were made from.
    pub attributions: Vec<Attribution>,
    /// Keys that signed the log, in order, as it says itself.
    pub signers: Vec<String>,
    /// Who outside the log vouches for it.
    pub anchors: Vec<Vouch>,
    /// Names in signature lines of keys that the reader did not name; they are not checked.
    pub unnamed: Vec<String>,
}

/// Kinds of faults, in the order in which they are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The file is not as it was written.
    ChangedFile,
    /// Headers and nodes do not lead to the checkpoint's root.
    NotInLog,
    /// A payload or a reason of an entry that the bundle does not hold.
    Stray,
    /// A payload is not the one that its header commits to.
    WrongPayload,
    /// Something is hidden and not said to be, or said to be hidden and open.
    Unaccounted,
    /// An earlier checkpoint is not of this log.
    AnotherPast,
    /// The first entry does not say who signs.
    UnknownSigner,
    /// A key took over without the consent of the one before, or its own.
    BrokenHandOver,
    /// A checkpoint is not signed by the log.
    BadSignature,
    /// A source that is claimed to be whole is not.
    MissingEntries,
    /// An attribution cannot be read.
    MalformedAttribution,
    /// An attribution counts entries that the bundle does not hold.
    MissingFromSession,
    /// An attribution was made from other entries.
    WrongChain,
    /// The log is not that of the name that was asked for.
    OtherOrigin,
    /// No key that the reader knows signed the log.
    ForeignKey,
    /// The log is another one than the remembered one.
    Forked,
    /// The log is shorter than the remembered one.
    CutBack,
    /// The bundle does not say how the remembered log relates to it.
    NotRelated,
    /// None of the witnesses that the reader named cosigned.
    NotWitnessed,
}

/// A fault, and where it shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// What it is.
    pub fault: Fault,
    /// Entry, source or size that it is about.
    pub at: u64,
}

/// What is hidden of one entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Withheld {
    /// Its place in the log.
    pub entry: u64,
    /// Its source.
    pub source: u64,
    /// Hidden bytes; nothing if the length of the payload is hidden too.
    pub bytes: Option<u64>,
    /// Length of the payload in bytes.
    pub of: Option<u64>,
    /// Which bytes, as first and one past the last.
    pub ranges: Vec<(u64, u64)>,
    /// What the maker says about it; nothing proves it.
    pub reason: String,
}

/// What the bundle holds of a source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SourceState {
    /// Its number; 0 is the log's own account.
    pub source: u64,
    /// How many of its entries are in the bundle.
    pub entries: u64,
    /// Number of the first of them.
    pub first: u64,
    /// Number of the last of them.
    pub last: u64,
    /// Whether the bundle claims to hold all from 1 to the last.
    pub claimed: bool,
    /// Numbers that were lost when it was recorded, which the log itself says.
    pub gaps: Vec<(u64, u64)>,
    /// Numbers between the first, or 1 if it is claimed, and the last that the bundle does not hold.
    pub missing: Vec<(u64, u64)>,
}

/// What became of an attribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Held {
    /// Every entry that it counts is in the bundle.
    Whole,
    /// Some are not, or others are.
    Broken,
    /// It is withheld, so nothing is known.
    Closed,
}

/// An attribution in the bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attribution {
    /// Its place in the log.
    pub entry: u64,
    /// The session; empty if it is not known.
    pub session: String,
    /// Which statement about the session it is.
    pub version: u64,
    /// What became of it.
    pub held: Held,
}

/// Somebody who vouches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "anchor", rename_all = "kebab-case")]
pub enum Vouch {
    /// The log is signed by a key that the reader knows it by.
    Key {
        /// The key.
        key: String,
    },
    /// The log begins with the one that the reader remembers.
    Remembered {
        /// Entries of the log that are covered.
        size: u64,
        /// Entries of the bundle that are covered.
        covers: u64,
    },
    /// A witness that the reader named cosigned.
    Witness {
        /// The witness's key.
        key: String,
        /// Entries of the log that are covered.
        size: u64,
        /// Entries of the bundle that are covered.
        covers: u64,
        /// When, in seconds since 1970, as the witness says.
        time: u64,
    },
}
