//! Claude Code session files: one JSON object a line, each with a `type`.
//!
//! A session is a file `SESSION.jsonl`. Its sub-agents stand in files of their own
//! (`agent-AGENT.jsonl` beside it, or in `SESSION/subagents/`), or, in old versions, between the
//! records of the session as *sidechains*. Both become sessions of their own with a parent:
//! `claude-code:SESSION/AGENT`. The format is the harness's own and changes with every release, so
//! a record of unknown type and a field of unknown name are counted, never an error.
//!
//! The output of a headless run (`--output-format stream-json`) has records of the same shape and
//! is read the same way.

mod assistant;
mod attachment;
mod copy;
mod locate;
mod names;
mod note;
mod result;
mod system;
mod user;

#[cfg(test)]
mod tests;

use std::path::Path;

use jiff::Timestamp;
use proctor_dialects::Oddities;
use proctor_dialects::json::{Object, Skim, Value};
use proctor_model::{Boundary, EventKind, GapCause, Message, Origin, Role, SessionId, SessionNote};

use crate::emit::{Emitter, Record};
use crate::records::Records;

use copy::Copy;
use locate::Locator;
use note::Notes;

pub(crate) use locate::head_session;
pub(crate) use names::is_known_record as is_bookkeeping;

/// Understands the records of one session file, in their order.
pub(crate) struct ClaudeCode {
    locate: Locator,
    notes: Notes,
    odd: Oddities,
    copy: Copy,
}

impl ClaudeCode {
    /// A reader of the file at `path`; `file` is the session of records that name none.
    pub(crate) fn new(path: &Path, file: &SessionId) -> Self {
        Self {
            locate: Locator::new(path, file),
            notes: Notes::default(),
            odd: Oddities::default(),
            copy: Copy::default(),
        }
    }
}

/// The conversation once more, as it was sent to the model or drawn on the screen, and the whole
/// text of files that were edited.
static SKIM: Skim = Skim {
    skip: &[
        "base",
        "keep",
        "modelUsage",
        "params",
        "rendered",
        "shape",
        "snapshot",
        "tail",
    ],
    only: ("toolUseResult", result::FIELDS),
};

impl Records for ClaudeCode {
    fn skim(&self) -> &'static Skim {
        &SKIM
    }

    /// What stands beside the file is the description of a sub-agent.
    fn begin(&mut self, path: &Path, place: &Path, out: &mut Emitter<'_>) {
        self.locate.read_meta(path, place, out);
    }

    fn record(&mut self, value: Value<'_>, record: &mut Record<'_>, out: &mut Emitter<'_>) {
        let mut entry = match value {
            Value::Object(entry) => entry,
            other => {
                let detail = format!("{} where a record should be", other.type_name());
                return out.lost(record, GapCause::Unparsable, detail);
            }
        };
        let first = record.next_part();
        let kind = entry.take("type").and_then(Value::into_string);
        let kind = kind.as_deref().unwrap_or("(no type)");
        record.time = time(&entry, record, out);
        let place = self.locate.place(&entry);
        out.set_session(&place.session);
        self.notes.update(kind, &entry, &place, record, out);
        self.copy.update(kind, &entry, record, out);
        note_unknown_fields(kind, &entry, out);

        match kind {
            "user" => self.user(entry, &place, record, out),
            "assistant" => self.assistant(entry, &place, record, out),
            "system" => self.system(&mut entry, record, out),
            "attachment" => self.attachment(entry, record, out),
            "summary" => title(&entry, "summary", record, out),
            "custom-title" => title(&entry, "customTitle", record, out),
            "ai-title" => title(&entry, "aiTitle", record, out),
            "last-prompt" if entry.get("rewound").and_then(Value::as_bool) == Some(true) => {
                // The person took the conversation back to an earlier point.
                out.event(record, EventKind::Boundary(Boundary::Cleared));
            }
            _ if names::is_known_record(kind) => out.known(record, kind),
            _ => out.unknown(record, kind),
        }
        out.oddities(record, &mut self.odd);
        if record.next_part() == first {
            // Every record leaves a trace.
            out.known(record, kind);
        }
    }
}

/// The time of a record.
fn time(entry: &Object<'_>, record: &mut Record<'_>, out: &mut Emitter<'_>) -> Option<Timestamp> {
    let value = entry.get("timestamp")?;
    let parsed = match value {
        Value::Null => return None,
        Value::Str(text) => text.parse().ok(),
        Value::Unsigned(millis) => i64::try_from(*millis)
            .ok()
            .and_then(|ms| Timestamp::from_millisecond(ms).ok()),
        _ => None,
    };
    if parsed.is_none() {
        out.gap(record, GapCause::BadField, "`timestamp` is no time".into());
    }
    parsed
}

fn title(entry: &Object<'_>, field: &str, record: &mut Record<'_>, out: &mut Emitter<'_>) {
    let Some(title) = entry.get(field).and_then(Value::as_str) else {
        return;
    };
    let note = SessionNote {
        title: Some(title.to_owned()),
        ..SessionNote::default()
    };
    out.event(record, EventKind::Session(note));
}

/// Text that the harness put before the agent.
fn harness_text(text: String, record: &mut Record<'_>, out: &mut Emitter<'_>) {
    message(Role::User, Origin::Harness, text, record, out);
}

fn message(
    role: Role,
    origin: Origin,
    text: String,
    record: &mut Record<'_>,
    out: &mut Emitter<'_>,
) {
    out.event(record, EventKind::Message(Message { role, origin, text }));
}

fn note_unknown_fields(kind: &str, entry: &Object<'_>, out: &mut Emitter<'_>) {
    if !names::has_known_fields(kind) {
        return;
    }
    for name in entry.keys() {
        if !names::is_known_field(name) {
            out.unknown_field(kind, name);
        }
    }
}
