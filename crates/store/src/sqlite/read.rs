//! Questions to the index.

use jiff::Timestamp;
use proctor_model::Severity;
use rusqlite::types::{ToSql, Type};
use rusqlite::{Connection, Error, OptionalExtension, Row, params};

use super::write::{micros, signed};
use crate::{
    Attribution, Entry, FindingFilter, FindingRow, Gap, Hit, RegisterRow, SessionFilter,
    SessionRow, SourceRow,
};

pub(super) fn indexed(db: &Connection) -> Result<u64, Error> {
    db.query_row("SELECT indexed FROM progress", [], |row| number(row, 0))
}

pub(super) fn sources(db: &Connection) -> Result<Vec<SourceRow>, Error> {
    all(
        db,
        "SELECT number, body, session, entries, bytes, chain, sha256, ended, gaps, judged, last_ns
         FROM sources ORDER BY number",
        &[],
        |row| {
            Ok(SourceRow {
                number: number(row, 0)?,
                body: row.get(1)?,
                session: row.get(2)?,
                entries: number(row, 3)?,
                bytes: number(row, 4)?,
                chain: row.get(5)?,
                sha256: row.get(6)?,
                ended: row.get(7)?,
                gaps: number(row, 8)?,
                judged: number(row, 9)?,
                last_ns: number(row, 10)?,
            })
        },
    )
}

pub(super) fn entries(db: &Connection, source: u64, from: u64) -> Result<Vec<Entry>, Error> {
    all(
        db,
        "SELECT source, number, sequence, kind, start, length FROM entries
         WHERE source = ?1 AND number >= ?2 ORDER BY number",
        &[&signed(source)?, &signed(from)?],
        |row| {
            Ok(Entry {
                source: number(row, 0)?,
                number: number(row, 1)?,
                sequence: number(row, 2)?,
                kind: row.get(3)?,
                start: number(row, 4)?,
                length: number(row, 5)?,
            })
        },
    )
}

const SESSION: &str = "SELECT s.id, s.started, s.ended, s.body, s.links, s.parent, s.missing,
     a.deployment, coalesce(a.version, 0),
     (SELECT json_group_array(source) FROM
        (SELECT source FROM session_sources WHERE session = s.id ORDER BY source))
     FROM sessions s LEFT JOIN attributions a ON a.session = s.id";

fn session_row(row: &Row<'_>) -> Result<SessionRow, Error> {
    Ok(SessionRow {
        id: row.get(0)?,
        start: time(row, 1)?,
        end: time(row, 2)?,
        body: row.get(3)?,
        links: row.get(4)?,
        parent: row.get(5)?,
        missing: json(row, 6)?.iter().filter_map(text).collect(),
        deployment: row.get(7)?,
        version: number(row, 8)?,
        sources: json(row, 9)?.iter().filter_map(|n| n.as_u64()).collect(),
    })
}

pub(super) fn sessions(db: &Connection, filter: &SessionFilter) -> Result<Vec<SessionRow>, Error> {
    let SessionFilter {
        deployment,
        since,
        source,
        after,
        limit,
    } = filter;
    let any = deployment.is_none();
    let deployment = deployment.as_ref().and_then(Option::as_ref);
    let source = source.map(signed).transpose()?;
    all(
        db,
        &format!(
            "{SESSION} WHERE (?1 OR a.deployment IS ?2)
             AND (?3 IS NULL OR s.ended >= ?3)
             AND (?4 IS NULL OR s.id IN (SELECT session FROM session_sources WHERE source = ?4))
             AND (?5 IS NULL OR (coalesce(s.ended, -1), s.id) <
                  (SELECT coalesce(ended, -1), id FROM sessions WHERE id = ?5))
             ORDER BY coalesce(s.ended, -1) DESC, s.id DESC LIMIT ?6"
        ),
        &[
            &any,
            &deployment,
            &since.map(micros),
            &source,
            after,
            &most(*limit),
        ],
        session_row,
    )
}

pub(super) fn session(db: &Connection, id: &str) -> Result<Option<SessionRow>, Error> {
    db.query_row(&format!("{SESSION} WHERE s.id = ?1"), [id], session_row)
        .optional()
}

pub(super) fn attribution(db: &Connection, session: &str) -> Result<Option<Attribution>, Error> {
    db.query_row(
        "SELECT session, sequence, version, deployment, findings, body FROM attributions
         WHERE session = ?1",
        [session],
        |row| {
            Ok(Attribution {
                session: row.get(0)?,
                sequence: number(row, 1)?,
                version: number(row, 2)?,
                deployment: row.get(3)?,
                findings: json(row, 4)?.iter().filter_map(text).collect(),
                body: row.get(5)?,
            })
        },
    )
    .optional()
}

pub(super) fn findings(db: &Connection, filter: &FindingFilter) -> Result<Vec<FindingRow>, Error> {
    let FindingFilter {
        session,
        behaviour,
        severity,
        score,
        fallen,
        after,
        limit,
    } = filter;
    let after = after.map(signed).transpose()?;
    all(
        db,
        "SELECT id, sequence, session, behaviour, severity, score, at, stands, body FROM findings
         WHERE (?1 IS NULL OR session = ?1) AND (?2 IS NULL OR behaviour = ?2)
         AND (?3 IS NULL OR severity >= ?3) AND (?4 IS NULL OR score >= ?4)
         AND (stands OR ?5) AND (?6 IS NULL OR sequence > ?6) ORDER BY sequence LIMIT ?7",
        &[
            session,
            behaviour,
            &severity.map(|s| s as i64),
            score,
            fallen,
            &after,
            &most(*limit),
        ],
        |row| {
            let severity: u16 = row.get(4)?;
            Ok(FindingRow {
                id: row.get(0)?,
                sequence: number(row, 1)?,
                session: row.get(2)?,
                behaviour: row.get(3)?,
                severity: Severity::ALL
                    .get(usize::from(severity))
                    .copied()
                    .ok_or_else(|| bad(4, Type::Integer))?,
                score: row.get(5)?,
                time: time(row, 6)?,
                stands: row.get(7)?,
                body: row.get(8)?,
            })
        },
    )
}

pub(super) fn gaps(db: &Connection, source: Option<u64>) -> Result<Vec<Gap>, Error> {
    all(
        db,
        "SELECT sequence, source, body FROM gaps WHERE ?1 IS NULL OR source = ?1
         ORDER BY sequence",
        &[&source.map(signed).transpose()?],
        |row| {
            let source: Option<i64> = row.get(1)?;
            Ok(Gap {
                sequence: number(row, 0)?,
                source: source.and_then(|n| u64::try_from(n).ok()),
                body: row.get(2)?,
            })
        },
    )
}

pub(super) fn register(
    db: &Connection,
    deployment: Option<&str>,
) -> Result<Vec<RegisterRow>, Error> {
    all(
        db,
        "SELECT sequence, deployment, body FROM register WHERE ?1 IS NULL OR deployment = ?1
         ORDER BY sequence",
        &[&deployment],
        |row| {
            Ok(RegisterRow {
                sequence: number(row, 0)?,
                deployment: row.get(1)?,
                body: row.get(2)?,
            })
        },
    )
}

pub(super) fn search(db: &Connection, query: &str, limit: usize) -> Result<Vec<Hit>, Error> {
    let mut statement = db.prepare(
        "SELECT t.session, t.step, t.kind, t.at, snippet(words, 0, '', '', '…', 24)
         FROM words JOIN texts t ON t.id = words.rowid WHERE words MATCH ?1
         ORDER BY words.rank, t.session, t.step LIMIT ?2",
    )?;
    statement
        .query_map(params![query, most(Some(limit))], |row| {
            Ok(Hit {
                session: row.get(0)?,
                step: number(row, 1)?,
                kind: row.get(2)?,
                time: time(row, 3)?,
                excerpt: row.get(4)?,
            })
        })?
        .collect()
}

fn all<T>(
    db: &Connection,
    sql: &str,
    values: &[&dyn ToSql],
    make: impl FnMut(&Row<'_>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    db.prepare(sql)?.query_map(values, make)?.collect()
}

fn most(limit: Option<usize>) -> i64 {
    // SQLite takes a negative limit for none.
    limit.and_then(|n| i64::try_from(n).ok()).unwrap_or(-1)
}

fn number(row: &Row<'_>, column: usize) -> Result<u64, Error> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| Error::IntegralValueOutOfRange(column, value))
}

fn time(row: &Row<'_>, column: usize) -> Result<Option<Timestamp>, Error> {
    let micros: Option<i64> = row.get(column)?;
    micros
        .map(|micros| Timestamp::from_microsecond(micros).map_err(|_| bad(column, Type::Integer)))
        .transpose()
}

fn json(row: &Row<'_>, column: usize) -> Result<Vec<serde_json::Value>, Error> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|_| bad(column, Type::Text))
}

fn text(value: &serde_json::Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn bad(column: usize, kind: Type) -> Error {
    Error::FromSqlConversionFailure(column, kind, "not what was written".into())
}
