//! The index of what the log holds: sources, sessions, findings, the register, and a search over
//! what was said and done.
//!
//! The index is disposable: all of it follows from the log, and whoever doubts it empties it and
//! replays. So it may be fast rather than safe, and it holds nothing that the log does not.
//! [`Store`] is what a database must offer; [`SqliteStore`] is the one that comes with Proctor.
//! Every implementation passes the same suite of tests.
//!
//! Texts reach the index with their credentials masked; that is for those who write into it. What
//! is erased from the log is taken out of the index by [`Store::apply`] and, to the last byte of
//! its files, by [`Store::purge`].

mod rows;
mod sqlite;
#[cfg(test)]
mod suite;

pub use rows::{
    Attribution, Change, Entry, FindingFilter, FindingRow, Gap, Hit, RegisterRow, SessionFilter,
    SessionRow, SourceRow, Text,
};
pub use sqlite::SqliteStore;

/// Why the index could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database refused.
    #[error("the index cannot {doing}: {why}")]
    Database {
        /// What was tried, as a verb.
        doing: &'static str,
        /// What the database said.
        why: String,
    },
    /// The index was written by a later version of Proctor.
    #[error(
        "the index has version {found}, this program knows {known}; `proctor reindex` makes it anew"
    )]
    Newer {
        /// Version of the tables that were found.
        found: u32,
        /// The latest version that this program knows.
        known: u32,
    },
    /// A stored value is not what it should be.
    #[error("the index holds a bad {0}; `proctor reindex` makes it anew")]
    Damaged(&'static str),
}

/// An index. All methods may be called from several threads; writers wait for each other.
pub trait Store: Send + Sync {
    /// Makes all these changes, or none of them.
    ///
    /// # Errors
    /// If the database refuses; nothing is changed then.
    fn apply(&self, changes: &[Change]) -> Result<(), StoreError>;

    /// Forgets everything.
    ///
    /// # Errors
    /// If the database refuses.
    fn clear(&self) -> Result<(), StoreError>;

    /// Takes what was deleted or replaced out of the database's files, journals and search tables,
    /// so that no byte of it is left there. Takes as long as writing the whole index once.
    ///
    /// # Errors
    /// If the database refuses, for instance because another process reads it.
    fn purge(&self) -> Result<(), StoreError>;

    /// How many entries of the log are taken in; the number of the next one.
    ///
    /// # Errors
    /// If the database refuses, as all of the following.
    fn indexed(&self) -> Result<u64, StoreError>;

    /// All sources, by number.
    fn sources(&self) -> Result<Vec<SourceRow>, StoreError>;

    /// The entries of one source from this place in its own numbering on, in order.
    fn entries(&self, source: u64, from: u64) -> Result<Vec<Entry>, StoreError>;

    /// Sessions, the latest first.
    fn sessions(&self, filter: &SessionFilter) -> Result<Vec<SessionRow>, StoreError>;

    /// One session.
    fn session(&self, id: &str) -> Result<Option<SessionRow>, StoreError>;

    /// The latest attribution of a session, by the session's id.
    fn attribution(&self, session: &str) -> Result<Option<Attribution>, StoreError>;

    /// Findings in the order of their entries in the log.
    fn findings(&self, filter: &FindingFilter) -> Result<Vec<FindingRow>, StoreError>;

    /// The gaps of one source, or of all, in the order of the log.
    fn gaps(&self, source: Option<u64>) -> Result<Vec<Gap>, StoreError>;

    /// Every change of the register, in the order of the log; of one deployment, or of all.
    fn register(&self, deployment: Option<&str>) -> Result<Vec<RegisterRow>, StoreError>;

    /// Steps whose text has all words of the query, the best first. Words in double quotes must
    /// follow each other; a `*` at a word's end stands for any ending.
    fn search(&self, query: &str, limit: usize) -> Result<Vec<Hit>, StoreError>;
}
