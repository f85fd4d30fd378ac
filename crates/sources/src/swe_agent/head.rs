//! What a trajectory file says outside of its lists.

use std::io;

use proctor_dialects::json::Value;
use proctor_model::{EventKind, Harness, SessionId, SessionNote, Tokens};

use crate::document::{ELEMENT_LIMIT, Paths, Piece};
use crate::element;
use crate::emit::{Emitter, Record};
use crate::text::Text;

/// What a file says outside of its lists.
#[derive(Default)]
pub(super) struct Head {
    pub(super) steps: u64,
    /// Places of the attempts.
    pub(super) attempts: Vec<(u64, u64)>,
    /// Place and text of `info`.
    info: Option<(u64, Vec<u8>)>,
    /// The settings of the run, as JSON.
    settings: Option<Value<'static>>,
    unknown: Vec<String>,
}

impl Head {
    const MOST_ATTEMPTS: usize = 1_000;
    const MOST_NAMES: usize = 100;

    /// Looks for all but the lists.
    pub(super) fn of(text: Text<'_>) -> io::Result<Self> {
        let paths = Paths::new(&[])
            .places(&["$.trajectory[*]", "$.attempts[*]", "$.history[*]"])
            .with(&["$.*"], ELEMENT_LIMIT);
        let mut splitter = text.split(paths)?;
        let mut head = Self::default();
        while let Some(piece) = splitter.next() {
            match piece {
                Piece::Long { path: 0, .. } => head.steps += 1,
                Piece::Long {
                    path: 1,
                    offset,
                    len,
                    ..
                } => {
                    if head.attempts.len() < Self::MOST_ATTEMPTS {
                        head.attempts.push((offset, len));
                    }
                }
                Piece::Long { .. } => {}
                Piece::Element {
                    key: "info",
                    offset,
                    raw,
                    ..
                } => head.info = Some((offset, raw.to_vec())),
                Piece::Element {
                    key: "replay_config",
                    raw,
                    ..
                } => head.settings = settings(raw),
                Piece::Element {
                    key: "trajectory" | "history" | "environment" | "attempts",
                    ..
                } => {}
                Piece::Element { key, .. } => {
                    if head.unknown.len() < Self::MOST_NAMES {
                        head.unknown.push(key.to_owned());
                    }
                }
                // Reading the lists will tell.
                Piece::Broken { .. } => break,
            }
        }
        Ok(head)
    }

    /// Gives out what is known of the session before its first step.
    pub(super) fn note(&self, text: Text<'_>, parent: Option<&SessionId>, out: &mut Emitter<'_>) {
        let setting = |keys: &[&str]| {
            let found = keys
                .iter()
                .try_fold(self.settings.as_ref()?, |v, key| v.get(key));
            found?.as_str().map(str::to_owned)
        };
        let info = self.info.as_ref().and_then(|(_, raw)| element::peek(raw));
        let of_info = |key| Some(info.as_ref()?.str(key)?.to_owned());
        let note = SessionNote {
            harness: Some(Harness::SweAgent),
            version: of_info("swe_agent_version"),
            model: setting(&["agent", "model", "name"])
                .or_else(|| setting(&["agent", "model", "model_name"])),
            title: setting(&["problem_statement", "id"]),
            parent: parent.cloned(),
            unattended: Some(true),
            score: of_info("exit_status"),
            ..SessionNote::default()
        };
        out.event(&mut text.record(), EventKind::Session(note));
        for name in &self.unknown {
            out.unknown_field("trajectory", name);
        }
    }

    /// Gives out what is known once the run is over: the tokens it used.
    pub(super) fn end(&self, out: &mut Emitter<'_>) {
        let Some((offset, raw)) = &self.info else {
            return;
        };
        out.count_record();
        let mut record = Record::new(*offset, raw);
        let Some(info) = element::parse(raw, &mut record, out) else {
            return;
        };
        let count = |key| info.get("model_stats")?.get(key)?.as_u64();
        match (count("tokens_sent"), count("tokens_received")) {
            (None, None) => out.known(&mut record, "info"),
            (sent, received) => {
                let tokens = Tokens {
                    input: sent.unwrap_or_default(),
                    output: received.unwrap_or_default(),
                    ..Tokens::default()
                };
                out.event(&mut record, EventKind::Usage(tokens));
            }
        }
    }
}

/// The settings of a run, which stand as JSON inside a string.
fn settings(raw: &[u8]) -> Option<Value<'static>> {
    match element::peek(raw)? {
        Value::Str(text) => element::peek(text.as_bytes()),
        settings => Some(settings),
    }
}
