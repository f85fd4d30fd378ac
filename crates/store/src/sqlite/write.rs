//! Changes of the index.

use jiff::Timestamp;
use rusqlite::{Connection, Error, Transaction, params};

use crate::{Attribution, Change, FindingRow, SessionRow, SourceRow, Text};

pub(super) fn apply(db: &mut Connection, changes: &[Change]) -> Result<(), Error> {
    let transaction = db.transaction()?;
    for change in changes {
        one(&transaction, change)?;
    }
    transaction.commit()
}

fn one(db: &Transaction<'_>, change: &Change) -> Result<(), Error> {
    match change {
        Change::Indexed(next) => {
            db.execute("UPDATE progress SET indexed = ?1", [signed(*next)?])?;
        }
        Change::Source(row) => source(db, row)?,
        Change::Entry(row) => {
            let numbers = [
                signed(row.source)?,
                signed(row.number)?,
                signed(row.sequence)?,
                i64::from(row.kind),
                signed(row.start)?,
                signed(row.length)?,
            ];
            db.execute(
                "INSERT OR REPLACE INTO entries VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                numbers,
            )?;
        }
        Change::Session(row, texts) => session(db, row, texts)?,
        Change::Links(id, parent, missing) => {
            db.execute(
                "UPDATE sessions SET parent = ?2, missing = ?3 WHERE id = ?1",
                params![id, parent, list(missing)],
            )?;
        }
        Change::NoSession(id) => {
            db.execute("DELETE FROM sessions WHERE id = ?1", [id])?;
        }
        Change::Attribution(row) => attribution(db, row)?,
        Change::Finding(row) => finding(db, row)?,
        Change::Gap(row) => {
            let source = row.source.map(signed).transpose()?;
            db.execute(
                "INSERT OR REPLACE INTO gaps VALUES (?1, ?2, ?3)",
                params![signed(row.sequence)?, source, row.body],
            )?;
        }
        Change::Register(row) => {
            db.execute(
                "INSERT OR REPLACE INTO register VALUES (?1, ?2, ?3)",
                params![signed(row.sequence)?, row.deployment, row.body],
            )?;
        }
    }
    Ok(())
}

fn source(db: &Transaction<'_>, row: &SourceRow) -> Result<(), Error> {
    db.execute(
        "INSERT OR REPLACE INTO sources VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            signed(row.number)?,
            row.body,
            row.session,
            signed(row.entries)?,
            signed(row.bytes)?,
            row.chain,
            row.sha256,
            row.ended,
            signed(row.gaps)?,
            signed(row.judged)?,
            signed(row.last_ns)?,
        ],
    )?;
    Ok(())
}

fn session(db: &Transaction<'_>, row: &SessionRow, texts: &[Text]) -> Result<(), Error> {
    db.execute("DELETE FROM sessions WHERE id = ?1", [&row.id])?;
    db.execute(
        "INSERT INTO sessions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            row.id,
            row.start.map(micros),
            row.end.map(micros),
            row.body,
            row.links,
            row.parent,
            list(&row.missing),
        ],
    )?;
    let mut insert = db.prepare("INSERT OR IGNORE INTO session_sources VALUES (?1, ?2)")?;
    for number in &row.sources {
        insert.execute(params![row.id, signed(*number)?])?;
    }
    let mut insert = db
        .prepare("INSERT INTO texts (session, step, kind, at, text) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for text in texts {
        insert.execute(params![
            row.id,
            signed(text.step)?,
            text.kind,
            text.time.map(micros),
            text.text,
        ])?;
    }
    Ok(())
}

fn attribution(db: &Transaction<'_>, row: &Attribution) -> Result<(), Error> {
    let findings = list(&row.findings);
    db.execute(
        "INSERT OR REPLACE INTO attributions VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            row.session,
            signed(row.sequence)?,
            signed(row.version)?,
            row.deployment,
            findings,
            row.body,
        ],
    )?;
    db.execute(
        "UPDATE findings SET stands = id IN (SELECT value FROM json_each(?2)) WHERE session = ?1",
        params![row.session, findings],
    )?;
    Ok(())
}

fn finding(db: &Transaction<'_>, row: &FindingRow) -> Result<(), Error> {
    db.execute(
        "INSERT INTO findings VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8)
         ON CONFLICT (id) DO UPDATE SET
            stands = CASE sequence WHEN excluded.sequence THEN stands ELSE 1 END,
            sequence = excluded.sequence, session = excluded.session,
            behaviour = excluded.behaviour, severity = excluded.severity,
            score = excluded.score, at = excluded.at, body = excluded.body",
        params![
            row.id,
            signed(row.sequence)?,
            row.session,
            row.behaviour,
            row.severity as i64,
            row.score,
            row.time.map(micros),
            row.body,
        ],
    )?;
    Ok(())
}

pub(super) fn clear(db: &mut Connection) -> Result<(), Error> {
    let transaction = db.transaction()?;
    // Texts and the sources of sessions go with their sessions.
    transaction.execute_batch(
        "DELETE FROM sources; DELETE FROM entries; DELETE FROM sessions; DELETE FROM attributions;
         DELETE FROM findings; DELETE FROM gaps; DELETE FROM register;
         UPDATE progress SET indexed = 0;",
    )?;
    transaction.commit()
}

/// Merges the search tables, writes the whole file anew, and empties the journal.
pub(super) fn purge(db: &Connection) -> Result<(), Error> {
    db.execute_batch("INSERT INTO words (words) VALUES ('optimize'); VACUUM;")?;
    let busy: bool = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if busy {
        return Err(Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY),
            Some("another process reads the index, so that its journal cannot be emptied".into()),
        ));
    }
    Ok(())
}

/// SQLite knows signed numbers only.
pub(super) fn signed(number: u64) -> Result<i64, Error> {
    i64::try_from(number).map_err(|e| Error::ToSqlConversionFailure(Box::new(e)))
}

pub(super) fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

fn list(texts: &[String]) -> String {
    serde_json::Value::from(texts).to_string()
}
