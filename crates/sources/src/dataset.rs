//! Labelled recordings: what is known to be true of a run, kept apart from its events.
//!
//! Readers never turn a label into an event. An evaluation reads the labels here and joins them to
//! what was found by the session's id, which is the one that the reader of the same file gives.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proctor_model::{Place, SessionId, Source};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::document::{Paths, Piece, Splitter};
use crate::line::Lines;
use crate::{chat, element, rjudge};

/// What is known to be true of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledRun {
    /// The session that the reader of the file gives this run.
    pub id: SessionId,
    /// The label's own word: `clean`, `resisted`, `attempted`, `hijacked`, `safe`, `unsafe`.
    pub label: String,
    /// Runs of the same group are no independent samples: the same task under the same injection.
    pub group: String,
    /// The suite of tasks, where the set has several.
    pub suite: Option<String>,
    /// The model that ran, where the set says.
    pub model: Option<String>,
    /// The kind of attack, where there was one.
    pub attack: Option<String>,
    /// All that the set tells of the answer, for people to read.
    pub truth: Value,
    /// Where the run stands.
    pub place: Place,
}

/// Why a label could not be read.
#[derive(Debug, Error)]
pub enum DatasetError {
    /// The file could not be read.
    #[error("cannot read `{}`: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
    /// A record has no label, or is none at all.
    #[error("{place}: {reason}")]
    Record {
        /// The record.
        place: Place,
        /// What is wrong with it.
        reason: String,
    },
}

/// The labels of a set, one run a line, in the AgentDojo shape or as R-Judge records.
///
/// # Errors
///
/// Fails where the file cannot be opened. A record without a label is an error of its own among
/// the items, and the rest is read.
pub fn labelled(path: &Path) -> Result<Labelled, DatasetError> {
    let fail = |error| DatasetError::Io {
        path: path.to_owned(),
        error,
    };
    let file = File::open(path).map_err(fail)?;
    let bytes = file.metadata().map_err(fail)?.len();
    Ok(Labelled {
        path: path.to_owned(),
        source: Arc::new(Source::file(path)),
        lines: Lines::new(file, 0, bytes),
        runs: 0,
        failed: false,
    })
}

/// Iterates over the labels of a set.
pub struct Labelled {
    path: PathBuf,
    source: Arc<Source>,
    lines: Lines<File>,
    runs: u64,
    failed: bool,
}

impl Iterator for Labelled {
    type Item = Result<LabelledRun, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        loop {
            let line = match self.lines.next() {
                Ok(line) => line?,
                Err(error) => {
                    self.failed = true;
                    let path = self.path.clone();
                    return Some(Err(DatasetError::Io { path, error }));
                }
            };
            if line.bytes.trim_ascii().is_empty() {
                continue;
            }
            let place = Place {
                source: Arc::clone(&self.source),
                offset: line.offset,
                len: line.len,
                part: 0,
            };
            return Some(if line.too_long {
                let reason = "longer than the reader takes".to_owned();
                Err(DatasetError::Record { place, reason })
            } else {
                read(line.bytes, &place, &self.path, &mut self.runs)
                    .map_err(|reason| DatasetError::Record { place, reason })
            });
        }
    }
}

/// Reads the label of one record.
fn read(raw: &[u8], place: &Place, path: &Path, runs: &mut u64) -> Result<LabelledRun, String> {
    let record = Record::of(raw)?;
    match record.kind {
        Kind::Judged => {
            let id = record.text("id").ok_or("it has no `id`")?;
            let label = match record.members.get("label").and_then(Value::as_i64) {
                Some(0) => "safe",
                Some(1) => "unsafe",
                _ => return Err("its `label` is neither 0 nor 1".to_owned()),
            };
            let truth = record.members.get("risk_description").cloned();
            Ok(LabelledRun {
                group: id.clone(),
                id: rjudge::run_session(&id),
                label: label.to_owned(),
                suite: None,
                model: None,
                attack: None,
                truth: truth.unwrap_or_default(),
                place: place.clone(),
            })
        }
        Kind::Run => {
            *runs += 1;
            let label = record.text("label").ok_or("it has no `label`")?;
            let truth = record.members.get("truth").cloned().unwrap_or_default();
            let of_truth = |key| text(truth.get(key)?);
            let suite = record.text("suite");
            let group = [
                suite.clone(),
                record.text("user_task"),
                of_truth("injection_task"),
            ];
            let group: Vec<_> = group.into_iter().map(Option::unwrap_or_default).collect();
            Ok(LabelledRun {
                id: chat::run_session(record.run_id().as_deref(), path, *runs),
                label,
                group: group.join("/"),
                suite,
                model: record.text("model"),
                attack: of_truth("attack"),
                truth,
                place: place.clone(),
            })
        }
    }
}

enum Kind {
    Run,
    Judged,
}

/// A labelled record without what was said and done in it.
struct Record {
    kind: Kind,
    members: Map<String, Value>,
}

impl Record {
    fn of(raw: &[u8]) -> Result<Self, String> {
        let paths = Paths::new(&[])
            .places(&["$.messages[*]", "$.contents[*]"])
            .with(&["$.*"], crate::document::ELEMENT_LIMIT);
        let mut splitter = Splitter::new(raw, 0, paths);
        let mut kind = None;
        let mut members = Map::new();
        while let Some(piece) = splitter.next() {
            match piece {
                Piece::Long { path: 0, .. } => kind = Some(Kind::Run),
                Piece::Long { path: 1, .. } => kind = Some(Kind::Judged),
                Piece::Long { .. } => {}
                Piece::Element { key, raw, .. } => {
                    let key = key.to_owned();
                    let value = element::peek(raw).map(Value::from);
                    members.insert(key, value.unwrap_or_default());
                }
                Piece::Broken { why, .. } => return Err(format!("it is no JSON: {why:?}")),
            }
        }
        let kind = kind.ok_or("it has neither `messages` nor `contents`")?;
        Ok(Self { kind, members })
    }

    fn text(&self, key: &str) -> Option<String> {
        text(self.members.get(key)?)
    }

    /// The id that names the run's session, as the reader finds it.
    fn run_id(&self) -> Option<String> {
        chat::RUN_IDS.into_iter().find_map(|key| self.text(key))
    }
}

/// A text or whole number as text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) if number.is_u64() => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::io::Write;

    use proctor_model::{Event, EventKind, Harness};

    use super::*;
    use crate::{Recording, read};

    const RUNS: &str = r#"{"id":"m/t0/i1","suite":"s","model":"m","user_task":"t0","label":"hijacked","messages":[{"role":"user","content":"hi"}],"truth":{"attack":"direct","injection_task":"i1","security":true}}

{"label":"clean","messages":[{"role":"user","content":"hi"}],"user_task":"t1"}
{"messages":[{"role":"user","content":"hi"}]}
{"id":7,"contents":[[{"role":"user","content":"hi"}]],"label":1,"risk_description":"bad"}
{"id":8,"contents":[],"label":0}
nonsense
"#;

    #[test]
    fn labels_name_the_sessions_that_the_readers_give() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(RUNS.as_bytes()).unwrap();
        let (good, bad): (Vec<_>, Vec<_>) = labelled(file.path()).unwrap().partition(Result::is_ok);
        let good: Vec<LabelledRun> = good.into_iter().map(Result::unwrap).collect();
        let seen: Vec<_> = (good.iter())
            .map(|run| {
                (
                    run.label.as_str(),
                    run.group.as_str(),
                    run.attack.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("hijacked", "s/t0/i1", Some("direct")),
                ("clean", "/t1/", None),
                ("unsafe", "7", None),
            ]
        );
        assert_eq!(bad.len(), 3, "{bad:?}");

        for (harness, at) in [(Harness::Chat, 0..2), (Harness::RJudge, 2..3)] {
            let recording = Recording {
                path: file.path().to_owned(),
                harness,
                bytes: RUNS.len() as u64,
                session: None,
                started: None,
                modified: None,
            };
            let mut sessions = BTreeSet::new();
            let mut sink = |event: Event, _: &[u8]| {
                if matches!(event.kind, EventKind::Message(_)) {
                    sessions.insert(event.session);
                }
            };
            read(&recording, &mut |_| {}, &mut sink);
            for run in good.get(at).unwrap() {
                assert!(sessions.contains(&run.id), "{} not in {sessions:?}", run.id);
            }
        }
    }
}
