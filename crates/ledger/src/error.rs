//! What can go wrong, and whose fault it is.

use std::io;
use std::path::PathBuf;

/// A note, a key or a checkpoint that is not what it should be.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NoteError {
    /// The bytes are not in the format.
    #[error("not a signed note: {0} is malformed")]
    Malformed(&'static str),
    /// A key that is not in the format, or whose id does not match it.
    #[error("not a key in the form `name+id+base64`")]
    Key,
    /// No good signature of the key that was asked for.
    #[error("not signed by the expected key")]
    Unsigned,
}

/// Why the log could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file system refused.
    #[error("cannot {doing} `{path}`: {source}", path = path.display())]
    Io {
        /// What was tried, as a verb.
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The disk is full. Nothing that was acknowledged is harmed; appending works again when there
    /// is space.
    #[error("the disk that holds the log is full: nothing was appended")]
    DiskFull,
    /// Another process has the log open.
    #[error("the log in `{}` is in use by another process", .0.display())]
    InUse(PathBuf),
    /// The stored log is damaged at a place that a crash cannot explain.
    #[error("the log is damaged: {what} in `{file}` at byte {offset}", file = file.display())]
    Damaged {
        /// What is wrong.
        what: &'static str,
        /// In which file.
        file: PathBuf,
        /// Where in the file, in bytes from its beginning.
        offset: u64,
    },
    /// The log is shorter than its own signed checkpoint says.
    #[error("the log was rolled back: it has {found} entries, its checkpoint says {stated}")]
    RolledBack {
        /// Entries found.
        found: u64,
        /// Entries that the checkpoint of the same folder states.
        stated: u64,
    },
    /// The key file does not belong to the log.
    #[error("the key `{found}` does not sign this log; `{expected}` does")]
    WrongKey {
        /// The key in the key file.
        found: String,
        /// The key that the log names.
        expected: String,
    },
    /// The source numbered this event before: it is there already, or came out of order.
    #[error("source {source_number} is past its number {given}: its next is {next}")]
    OutOfOrder {
        /// The source.
        source_number: u64,
        /// Number of the refused event.
        given: u64,
        /// The least number that would be taken.
        next: u64,
    },
    /// The payload is longer than [`Payload::MAX_BYTES`](crate::Payload::MAX_BYTES).
    #[error("a payload of {0} bytes is too long")]
    TooLong(u64),
    /// There is no such entry.
    #[error("there is no entry {0}")]
    NoEntry(u64),
    /// The payload is gone: the retention policy dropped it.
    #[error("the payload of entry {0} was dropped")]
    Dropped(u64),
    /// The kind is the ledger's own, or the entry may not be erased.
    #[error("entry {0} belongs to the ledger and stays")]
    Reserved(u64),
    /// Callers may not write entries of this kind.
    #[error("kind {0} belongs to the ledger")]
    ReservedKind(u16),
    /// A proof or a disclosure was asked for that the log cannot give.
    #[error("{0}")]
    Impossible(&'static str),
    /// A note, a key or a checkpoint is not what it should be.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    NoRandomness,
    /// An earlier failure left the log in a state that only opening it again can mend.
    #[error("the log must be opened again: {0}")]
    Closed(String),
}

impl Error {
    /// Wraps what the system said, and names a full disk.
    pub(crate) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Error {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::DiskFull,
            _ => Error::Io {
                doing,
                path: path.into(),
                source,
            },
        }
    }

    pub(crate) fn damaged(what: &'static str, file: impl Into<PathBuf>, offset: u64) -> Error {
        Error::Damaged {
            what,
            file: file.into(),
            offset,
        }
    }
}
