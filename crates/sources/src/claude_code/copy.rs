//! Where a session's file begins with a copy of another session's records.
//!
//! A session that is taken up again under a new id (`--fork-session`, `/branch`) gets the whole
//! history of its origin, with the old times and the new id. Counting those records as acts would
//! count them twice.

use jiff::Timestamp;
use proctor_dialects::json::{Object, Value};
use proctor_model::{Boundary, EventKind, Harness, SessionId, SessionNote};

use crate::emit::{Emitter, Record};
use crate::session_id;

/// Follows the copy through the records of a file.
#[derive(Default)]
pub(super) struct Copy {
    /// When the file was begun, where bookkeeping with a time stands before the conversation.
    begun: Option<Timestamp>,
    /// The conversation has begun.
    met_conversation: bool,
    now: Option<Source>,
}

/// Where the records that are being read were copied from.
struct Source {
    session: SessionId,
    /// Every copied record names its origin (`forkedFrom`), not only those of the agent.
    all_marked: bool,
}

impl Copy {
    /// Whether the records that are being read are copies.
    pub(super) fn is_on(&self) -> bool {
        self.now.is_some()
    }

    /// Tells where the copy begins and ends.
    pub(super) fn update(
        &mut self,
        kind: &str,
        entry: &Object<'_>,
        record: &mut Record<'_>,
        out: &mut Emitter<'_>,
    ) {
        if !matches!(kind, "user" | "assistant" | "system" | "attachment") {
            if !self.met_conversation {
                self.begun = self.begun.or(record.time);
            }
            return;
        }
        self.met_conversation = true;
        match origin(entry) {
            Some(source) => {
                if self
                    .now
                    .as_ref()
                    .is_none_or(|now| now.session != source.session)
                {
                    let note = SessionNote {
                        copied_from: Some(source.session.clone()),
                        ..SessionNote::default()
                    };
                    out.event(record, EventKind::Session(note));
                }
                self.now = Some(source);
            }
            None if self.ends_before(kind, record.time) => {
                self.now = None;
                out.event(record, EventKind::Boundary(Boundary::Resumed));
            }
            None => {}
        }
    }

    /// Whether a record without a mark is the first one behind a copy.
    fn ends_before(&self, kind: &str, time: Option<Timestamp>) -> bool {
        let Some(now) = &self.now else {
            return false;
        };
        // What the agent said is marked wherever it was copied. Of other records only the time
        // tells, where it is known when the file was begun.
        now.all_marked
            || kind == "assistant"
            || matches!((time, self.begun), (Some(time), Some(begun)) if time >= begun)
    }
}

/// The session that a record was copied from, where it says.
fn origin(entry: &Object<'_>) -> Option<Source> {
    let of = |id: &str| session_id(Harness::ClaudeCode, id);
    if let Some(id) = entry
        .get("forkedFrom")
        .and_then(|from| from.str("sessionId"))
    {
        return Some(Source {
            session: of(id),
            all_marked: true,
        });
    }
    let text = |key| entry.get(key).and_then(Value::as_str);
    let made_in = text("requestSessionId")?;
    (Some(made_in) != text("sessionId")).then(|| Source {
        session: of(made_in),
        all_marked: false,
    })
}
