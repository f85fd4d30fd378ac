//! What can go wrong on the way in, and whose fault it is.

use std::io;
use std::path::PathBuf;

/// Why the pipeline could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The log refused; nothing of this was recorded.
    #[error("not recorded: {0}")]
    Log(#[from] proctor_ledger::Error),
    /// The index refused. What was recorded is safe.
    #[error(transparent)]
    Index(#[from] proctor_store::StoreError),
    /// The file system refused, outside of the log.
    #[error("cannot {doing} `{path}`: {source}", path = path.display())]
    Io {
        /// What was tried, as a verb.
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Nobody announced a source of this number.
    #[error("no source {0} was announced")]
    NoSource(u64),
    /// It rests on something that could not be recorded; the reason was told with that.
    #[error("not recorded: what came before it could not be recorded")]
    NotKept,
    /// The queue is full; the bytes become a gap unless they are given again.
    #[error("the queue is full")]
    Full,
    /// The pipeline is closing, or a thread of it died.
    #[error("the recorder is closing")]
    Closed,
    /// The register does not allow it.
    #[error("{0}")]
    Register(String),
    /// The manifest is not in order.
    #[error("{0}")]
    Manifest(#[from] proctor_model::ManifestError),
    /// Something cannot be written as JSON, such as a path that is no UTF-8.
    #[error("cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A reader or a monitor failed on these sources: a fault of the program. They are recorded.
    #[error(
        "the sessions of the sources {0:?} cannot be made: a reader or a monitor failed on them"
    )]
    Unreadable(Vec<u64>),
    /// Nothing was found to erase.
    #[error("nothing to erase: {0}")]
    Nothing(&'static str),
}

impl Error {
    pub(crate) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            doing,
            path: path.into(),
            source,
        }
    }
}
