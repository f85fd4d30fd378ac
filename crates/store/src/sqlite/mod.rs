//! The index in SQLite: one file in WAL mode, one writer, readers beside it.

mod query;
mod read;
mod schema;
mod write;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use rusqlite::{Connection, OpenFlags};

use crate::{
    Attribution, Change, Entry, FindingFilter, FindingRow, Gap, Hit, RegisterRow, SessionFilter,
    SessionRow, SourceRow, Store, StoreError,
};

/// Readers that are kept open for the next ones who ask.
const IDLE_READERS: usize = 4;

/// An index in SQLite.
pub struct SqliteStore {
    path: PathBuf,
    writer: Mutex<Connection>,
    idle: Mutex<Vec<Connection>>,
    /// Held by every reader while it reads, and alone by a purge, which no reader may hold up.
    reading: RwLock<()>,
}

impl SqliteStore {
    /// Opens the index in this file, or makes it; its folder must exist. Nobody but the file's owner
    /// may read it.
    ///
    /// # Errors
    /// If the file cannot be opened, is no index, or was written by a later version.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let path = path.into();
        make_private(&path)?;
        let mut writer = connect(&path)?;
        schema::migrate(&mut writer)?;
        Ok(Self {
            path,
            writer: Mutex::new(writer),
            idle: Mutex::new(Vec::new()),
            reading: RwLock::new(()),
        })
    }

    fn writer(&self) -> MutexGuard<'_, Connection> {
        // A writer that panicked left a transaction, which its drop took back.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs something on a connection that sees one state of the index.
    fn read<T>(
        &self,
        doing: &'static str,
        run: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, StoreError> {
        let _reading: RwLockReadGuard<'_, ()> =
            self.reading.read().unwrap_or_else(PoisonError::into_inner);
        let kept = self.idle().pop();
        let connection = match kept {
            Some(connection) => connection,
            None => connect(&self.path)?,
        };
        let result = connection
            .unchecked_transaction()
            .and_then(|transaction| run(&transaction));
        let mut idle = self.idle();
        if idle.len() < IDLE_READERS {
            idle.push(connection);
        }
        result.map_err(error(doing))
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for SqliteStore {
    fn apply(&self, changes: &[Change]) -> Result<(), StoreError> {
        write::apply(&mut self.writer(), changes).map_err(error("be written"))
    }

    fn clear(&self) -> Result<(), StoreError> {
        write::clear(&mut self.writer()).map_err(error("be emptied"))
    }

    fn purge(&self) -> Result<(), StoreError> {
        let _alone = self.reading.write().unwrap_or_else(PoisonError::into_inner);
        self.idle().clear();
        write::purge(&self.writer()).map_err(error("be purged"))
    }

    fn indexed(&self) -> Result<u64, StoreError> {
        self.read("be read", read::indexed)
    }

    fn sources(&self) -> Result<Vec<SourceRow>, StoreError> {
        self.read("list sources", read::sources)
    }

    fn entries(&self, source: u64, from: u64) -> Result<Vec<Entry>, StoreError> {
        self.read("list entries", |db| read::entries(db, source, from))
    }

    fn sessions(&self, filter: &SessionFilter) -> Result<Vec<SessionRow>, StoreError> {
        self.read("list sessions", |db| read::sessions(db, filter))
    }

    fn session(&self, id: &str) -> Result<Option<SessionRow>, StoreError> {
        self.read("look up a session", |db| read::session(db, id))
    }

    fn attribution(&self, session: &str) -> Result<Option<Attribution>, StoreError> {
        self.read("look up an attribution", |db| {
            read::attribution(db, session)
        })
    }

    fn findings(&self, filter: &FindingFilter) -> Result<Vec<FindingRow>, StoreError> {
        self.read("list findings", |db| read::findings(db, filter))
    }

    fn gaps(&self, source: Option<u64>) -> Result<Vec<Gap>, StoreError> {
        self.read("list gaps", |db| read::gaps(db, source))
    }

    fn register(&self, deployment: Option<&str>) -> Result<Vec<RegisterRow>, StoreError> {
        self.read("read the register", |db| read::register(db, deployment))
    }

    fn search(&self, query: &str, limit: usize) -> Result<Vec<Hit>, StoreError> {
        match query::fts(query) {
            Some(query) => self.read("search", |db| read::search(db, &query, limit)),
            None => Ok(Vec::new()),
        }
    }
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || {
        let db = Connection::open_with_flags(path, flags)?;
        db.busy_timeout(std::time::Duration::from_secs(10))?;
        // Deleted rows are overwritten, and nothing is written outside of the index's own files.
        // An index that a power cut harms is made anew, so it need not wait for the disk.
        db.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON;
             PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON;",
        )?;
        Ok(db)
    };
    open().map_err(error("be opened"))
}

/// Makes the file so that SQLite's own files beside it get the same rights.
fn make_private(path: &Path) -> Result<(), StoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|e| StoreError::Database {
        doing: "be opened",
        why: format!("`{}`: {e}", path.display()),
    })?;
    Ok(())
}

fn error(doing: &'static str) -> impl FnOnce(rusqlite::Error) -> StoreError {
    move |error| match error {
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..) => StoreError::Damaged("row"),
        other => StoreError::Database {
            doing,
            why: other.to_string(),
        },
    }
}

#[cfg(test)]
mod tests;
