//! The tables, and how they came to be: migrations only go forward.

use rusqlite::Connection;

use super::error;
use crate::StoreError;

/// What each version adds to the one before; never changed once released.
const MIGRATIONS: &[&str] = &[include_str!("schema_1.sql")];

/// Brings the tables to the latest version.
pub(super) fn migrate(db: &mut Connection) -> Result<(), StoreError> {
    let known = MIGRATIONS.len() as u32;
    let found: u32 = db
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(error("be opened"))?;
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    for (migration, version) in MIGRATIONS.iter().zip(1_u32..) {
        if version > found {
            step(db, migration, version).map_err(error("be brought up to date"))?;
        }
    }
    Ok(())
}

fn step(db: &mut Connection, migration: &str, version: u32) -> Result<(), rusqlite::Error> {
    let transaction = db.transaction()?;
    transaction.execute_batch(migration)?;
    transaction.pragma_update(None, "user_version", version)?;
    transaction.commit()
}
