//! From recordings to answers, by way of the log.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use proctor_ledger::{Disk, Files};
use proctor_model::{Finding, GapCause, Harness, Vantage};
use proctor_monitors::Engine;
use proctor_reconcile::{Reconciler, secrets};
use proctor_sources::Recording;
use proctor_store::{FindingFilter, SessionFilter, SqliteStore};
use proptest::prelude::*;
use sha2::Sha256;

use super::*;

mod answers;
mod erasing;
mod failing;

/// A state folder and what is in it.
struct State {
    folder: tempfile::TempDir,
    segment_bytes: u64,
}

impl State {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            segment_bytes: 64 << 20,
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn open(&self) -> Pipeline {
        self.open_with(Arc::new(Disk), Options::default())
    }

    fn open_with(&self, files: Arc<dyn Files>, options: Options) -> Pipeline {
        let log = proctor_ledger::Options {
            segment_bytes: self.segment_bytes,
            ..proctor_ledger::Options::default()
        };
        let (log, _) = Log::open_on(files, &self.path().join("log"), log).unwrap();
        let store = SqliteStore::open(self.path().join("index.db")).unwrap();
        Pipeline::open(
            self.path(),
            log,
            Box::new(store),
            Box::new(replay),
            Rules::builtin(),
            options,
        )
        .unwrap()
    }

    /// A copy of the folder as it is now: what a machine finds that lost its power.
    fn copy(&self) -> Self {
        fn copy(from: &Path, to: &Path) {
            for entry in std::fs::read_dir(from).unwrap() {
                let entry = entry.unwrap();
                let to = to.join(entry.file_name());
                if entry.file_type().unwrap().is_dir() {
                    std::fs::create_dir(&to).unwrap();
                    copy(&entry.path(), &to);
                } else {
                    std::fs::copy(entry.path(), &to).unwrap();
                }
            }
        }
        let other = Self::new();
        copy(self.path(), other.path());
        other
    }

    /// Files that hold these bytes.
    fn holders(&self, needle: &str) -> Vec<PathBuf> {
        fn look(folder: &Path, needle: &[u8], found: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    look(&path, needle, found);
                } else {
                    let bytes = std::fs::read(&path).unwrap();
                    if bytes.windows(needle.len()).any(|window| window == needle) {
                        found.push(path);
                    }
                }
            }
        }
        let mut found = Vec::new();
        look(self.path(), needle.as_bytes(), &mut found);
        found
    }
}

fn recording(info: &SourceInfo, copy: &Path) -> Recording {
    Recording {
        path: info.path.clone(),
        harness: info.harness,
        bytes: std::fs::metadata(copy).unwrap().len(),
        session: info.session.clone(),
        started: info.started,
        modified: None,
    }
}

fn replay(info: &SourceInfo, copy: &Path, sink: &mut dyn FnMut(Event)) {
    let mut sink = |event: Event, _: &[u8]| sink(event);
    proctor_sources::read_copy(&recording(info, copy), copy, &mut sink);
}

fn info(recording: &Recording) -> SourceInfo {
    SourceInfo {
        path: recording.path.clone(),
        harness: recording.harness,
        format: match recording.harness {
            Harness::ClaudeCode | Harness::Codex => Format::Lines,
            _ => Format::Document,
        },
        vantage: Vantage::Said,
        generation: "1".into(),
        reason: None,
        host: Some("build-7".into()),
        user: Some("ines".into()),
        session: recording.session.clone(),
        started: recording.started,
        beat_seconds: None,
        beside: BTreeMap::new(),
    }
}

fn demo() -> Vec<Recording> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/recordings");
    let found = proctor_sources::discover(&[root.canonicalize().unwrap()]);
    assert!(found.recordings.len() > 10, "{found:?}");
    found.recordings
}

fn record(pipeline: &Pipeline, recording: &Recording) -> u64 {
    let bytes = std::fs::read(&recording.path).unwrap();
    let announced = pipeline.announce(info(recording)).unwrap();
    let length = bytes.len() as u64;
    pipeline.append(announced.source, 0, bytes).unwrap();
    pipeline.end(announced.source, length).unwrap();
    announced.source
}

/// What the index and a direct scan can be compared by: sessions with what stands about them, and
/// findings, as JSON with masked texts.
#[derive(Debug, PartialEq)]
struct Answers {
    sessions: BTreeMap<String, serde_json::Value>,
    findings: Vec<serde_json::Value>,
}

fn sorted(findings: impl IntoIterator<Item = String>) -> Vec<serde_json::Value> {
    let mut texts: Vec<String> = findings.into_iter().collect();
    texts.sort();
    texts
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect()
}

fn answers(pipeline: &Pipeline) -> Answers {
    let rows = pipeline
        .store()
        .sessions(&SessionFilter::default())
        .unwrap();
    let findings = pipeline
        .store()
        .findings(&FindingFilter::default())
        .unwrap();
    Answers {
        sessions: rows
            .iter()
            .map(|row| {
                let summary = summary(row).unwrap();
                (row.id.clone(), serde_json::to_value(summary).unwrap())
            })
            .collect(),
        findings: sorted(findings.into_iter().map(|row| row.body)),
    }
}

/// What a scan of these files says, without any log. All of them are read by one reconciler in the
/// order of their start, which gives what reading them in groups gives.
fn scan(recordings: &[Recording]) -> Answers {
    let rules = Rules::builtin();
    let mut recordings = recordings.to_vec();
    recordings.sort_by(|a, b| (a.started, &a.path).cmp(&(b.started, &b.path)));
    let mut reconciler = Reconciler::new(|_: &SessionId| Engine::new(&rules));
    for recording in &recordings {
        let mut sink = |event: Event, raw: &[u8]| reconciler.event(event, raw);
        proctor_sources::read(recording, &mut |_| {}, &mut sink);
    }
    let mut findings = Vec::new();
    let mut sessions = BTreeMap::new();
    for (mut summary, engine) in reconciler.finish() {
        findings.extend(engine.into_findings().into_iter().map(masked));
        crate::watch::mask_summary(&mut summary);
        let value = serde_json::to_value(&summary).unwrap();
        sessions.insert(summary.session.to_string(), value);
    }
    Answers {
        sessions,
        findings: sorted(findings),
    }
}

fn masked(mut finding: Finding) -> String {
    for text in [
        &mut finding.title,
        &mut finding.explanation,
        &mut finding.quote,
    ] {
        *text = secrets::mask(text).into_owned();
    }
    serde_json::to_string(&finding).unwrap()
}

/// A session of Claude Code in a few lines: a request, and commands with their results.
fn session(id: &str, commands: &[&str]) -> Vec<u8> {
    let line = |n: usize, kind: &str, message: serde_json::Value| {
        let parent = n.checked_sub(1).map(|n| format!("{id}-{n}"));
        let line = serde_json::json!({
            "type": kind, "uuid": format!("{id}-{n}"), "parentUuid": parent, "sessionId": id,
            "timestamp": format!("2026-11-20T10:{:02}:{:02}Z", n / 60, n % 60),
            "cwd": "/home/ines/handbook", "version": "2.1.0", "message": message,
        });
        format!("{line}\n")
    };
    let request = serde_json::json!({"role": "user", "content": "Tidy up, please."});
    let mut out = line(0, "user", request);
    for (i, command) in commands.iter().enumerate() {
        let call = serde_json::json!({"role": "assistant", "model": "m", "content": [
            {"type": "tool_use", "id": format!("t{i}"), "name": "Bash",
             "input": {"command": command}},
        ]});
        let result = serde_json::json!({"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": format!("t{i}"), "content": "done"},
        ]});
        out += &line(2 * i + 1, "assistant", call);
        out += &line(2 * i + 2, "user", result);
    }
    out.into_bytes()
}

fn live(id: &str) -> SourceInfo {
    SourceInfo {
        path: format!("/home/ines/.claude/projects/x/{id}.jsonl").into(),
        harness: Harness::ClaudeCode,
        format: Format::Lines,
        vantage: Vantage::Said,
        generation: "8:1".into(),
        reason: None,
        host: None,
        user: None,
        session: Some(SessionId::new(format!("claude-code:{id}"))),
        started: None,
        beat_seconds: None,
        beside: BTreeMap::new(),
    }
}
