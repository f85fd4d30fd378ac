//! One element of a document while it is read: its value, its time, its tool calls.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use proctor_dialects::json::{self, Object, Value};
use proctor_dialects::openai_chat::ChatMessage;
use proctor_dialects::{Oddities, Part};
use proctor_model::{EventKind, GapCause, Message, Origin, Role};

use crate::document::{Break, Paths, Piece, Splitter};
use crate::emit::{Emitter, Record};

/// Parses an element. What has to be mended or replaced on the way is told as a gap, and so is an
/// element that is no JSON at all.
pub(crate) fn parse<'a>(
    raw: &'a [u8],
    record: &mut Record<'_>,
    out: &mut Emitter<'_>,
) -> Option<Value<'a>> {
    let parsed = match std::str::from_utf8(raw) {
        Ok(text) => json::parse(text),
        Err(error) => {
            let detail = format!("byte {} is not UTF-8", error.valid_up_to());
            out.gap(record, GapCause::InvalidText, detail);
            json::parse(&String::from_utf8_lossy(raw)).map(|(v, mended)| (v.into_owned(), mended))
        }
    };
    match parsed {
        Ok((value, mut mended)) => {
            // Python writes numbers that JSON has no word for; nothing is lost by reading null.
            mended.numbers = 0;
            if !mended.is_empty() {
                out.gap(record, GapCause::InvalidText, format!("mended: {mended}"));
            }
            Some(value)
        }
        Err(error) => {
            out.lost(record, GapCause::Unparsable, error.message);
            None
        }
    }
}

/// Parses the members of an element that is an object, but for those at `skip`, which may be long
/// and are passed over unread.
pub(crate) fn members<'a>(
    raw: &'a [u8],
    skip: &[&'static str],
    record: &mut Record<'_>,
    out: &mut Emitter<'_>,
) -> Option<Object<'a>> {
    let mut splitter = Splitter::new(
        raw,
        0,
        Paths::new(&[]).places(skip).with(&["$.*"], raw.len()),
    );
    let mut members = Vec::new();
    while let Some(piece) = splitter.next() {
        match piece {
            Piece::Element {
                key,
                offset,
                raw: value,
                ..
            } => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                let value = raw.get(start..start.saturating_add(value.len()));
                let value = parse(value.unwrap_or_default(), record, out)?;
                members.push((Cow::Owned(key.to_owned()), value));
            }
            Piece::Long { .. } => {}
            Piece::Broken { .. } => {
                members.clear();
                break;
            }
        }
    }
    if !members.is_empty() {
        return Some(members.into_iter().collect());
    }
    // It is empty, broken or no object: reading it as a whole tells.
    match parse(raw, record, out)? {
        Value::Object(object) => Some(object),
        other => {
            let detail = format!("{} where an object must stand", other.type_name());
            out.lost(record, GapCause::BadField, detail);
            None
        }
    }
}

/// Parses an element without a word about what is odd, for a look ahead.
pub(crate) fn peek(raw: &[u8]) -> Option<Value<'static>> {
    let text = String::from_utf8_lossy(raw);
    json::parse(&text).ok().map(|(value, _)| value.into_owned())
}

/// Tells that a document breaks off at `offset`, `left` bytes before its end.
pub(crate) fn broken(offset: u64, left: u64, why: Break, out: &mut Emitter<'_>) {
    if !out.first_break(offset) {
        return;
    }
    let mut record = Record::about(offset, left);
    let (cause, detail) = match why {
        Break::Syntax(what) => (GapCause::Unparsable, format!("{what}, at byte {offset}")),
        Break::Truncated => (
            GapCause::Truncated,
            format!("the document ends inside a value, at byte {offset}"),
        ),
        Break::Read(error) => {
            let cause = match error.kind() {
                // So do archives say that they are damaged.
                io::ErrorKind::InvalidData => GapCause::BadArchive,
                _ => GapCause::Unreadable,
            };
            (cause, format!("at byte {offset}: {error}"))
        }
    };
    out.lost(&mut record, cause, detail);
}

/// Tells that reading a file of so many bytes had to stop.
pub(crate) fn unreadable(bytes: u64, error: &io::Error, out: &mut Emitter<'_>) {
    let mut record = Record::about(0, bytes);
    out.lost(&mut record, GapCause::Unreadable, error.to_string());
}

/// Tells that an element was passed over because it is longer than the reader takes.
pub(crate) fn too_long(offset: u64, len: u64, out: &mut Emitter<'_>) {
    out.count_record();
    let mut record = Record::unread(offset, len, b"");
    let detail = format!("an element of {len} bytes");
    out.lost(&mut record, GapCause::TooLong, detail);
}

/// A time as recordings write it: ISO 8601 with or without an offset (UTC then), or seconds or
/// milliseconds since 1970.
pub(crate) fn time(value: &Value<'_>) -> Option<Timestamp> {
    if let Some(text) = value.as_str() {
        return text.parse().ok().or_else(|| {
            let civil: DateTime = text.parse().ok()?;
            Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
        });
    }
    let number = value.as_f64().filter(|n| *n > 0.0)?;
    // Later than the year 5138 in seconds means milliseconds.
    let millis = if number < 1e11 { number * 1e3 } else { number };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float too large saturates, and is then refused"
    )]
    Timestamp::from_millisecond(millis as i64).ok()
}

/// Gives ids to calls and results of formats that have none, or leave them empty.
#[derive(Default)]
pub(crate) struct CallIds {
    made: u64,
    /// Calls that wait for a result, oldest first.
    open: VecDeque<String>,
    /// Bytes of their ids.
    bytes: usize,
}

impl CallIds {
    /// The most bytes of ids that wait at the same time; a turn with more is no honest turn.
    const MOST_BYTES: usize = 64 << 10;

    /// The id of a call.
    pub(crate) fn call(&mut self, given: String) -> String {
        let id = if given.is_empty() {
            self.made += 1;
            format!("call-{}", self.made)
        } else {
            given
        };
        self.bytes += id.len();
        self.open.push_back(id.clone());
        while self.bytes > Self::MOST_BYTES {
            let Some(oldest) = self.open.pop_front() else {
                break;
            };
            self.bytes -= oldest.len();
        }
        id
    }

    /// The id of the call that a result answers: the one it names, or else the oldest that waits.
    pub(crate) fn result(&mut self, given: String) -> String {
        let at = match given.is_empty() {
            true => Some(0),
            false => self.open.iter().position(|id| *id == given),
        };
        let waited = at.and_then(|at| self.open.remove(at)).unwrap_or(given);
        self.bytes = self.bytes.saturating_sub(waited.len());
        waited
    }

    /// Whether some call waits for a result.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.open.is_empty()
    }

    /// The agent has gone on: what was not answered will not be.
    pub(crate) fn next_turn(&mut self) {
        self.open.clear();
        self.bytes = 0;
    }
}

/// Gives out the events of one chat message.
pub(crate) fn message(
    message: ChatMessage,
    origin: Origin,
    calls: &mut CallIds,
    record: &mut Record<'_>,
    out: &mut Emitter<'_>,
) {
    let role = message.role.unwrap_or(Role::User);
    if role == Role::Assistant {
        calls.next_turn();
    }
    for part in joined(message.parts) {
        match part {
            Part::Text(text) => {
                let message = Message { role, origin, text };
                out.event(record, EventKind::Message(message));
            }
            Part::Reasoning(reasoning) => out.event(record, EventKind::Reasoning(reasoning)),
            Part::Call(mut call) => {
                call.id = calls.call(call.id);
                out.event(record, EventKind::ToolCall(call));
            }
            Part::Result(mut result) => {
                result.call_id = calls.result(result.call_id);
                out.event(record, EventKind::ToolResult(result));
            }
            Part::Other { name, known: true } => out.known(record, &name),
            Part::Other { name, known: false } => out.unknown(record, &name),
        }
    }
}

/// Parts with texts that follow each other made one.
fn joined(parts: Vec<Part>) -> Vec<Part> {
    let mut out: Vec<Part> = Vec::with_capacity(parts.len());
    for part in parts {
        match (out.last_mut(), part) {
            (Some(Part::Text(before)), Part::Text(text)) => {
                before.push('\n');
                before.push_str(&text);
            }
            (_, part) => out.push(part),
        }
    }
    out
}

/// Tells what a dialect found odd, once the record's events are out.
pub(crate) fn oddities(mut odd: Oddities, record: &mut Record<'_>, out: &mut Emitter<'_>) {
    out.oddities(record, &mut odd);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_all_their_forms() {
        let expected: Timestamp = "2025-10-06T10:15:43.5Z".parse().unwrap();
        for text in [
            "\"2025-10-06T10:15:43.5+00:00\"",
            "\"2025-10-06T12:15:43.5+02:00\"",
            "\"2025-10-06T10:15:43.5\"",
            "1759745743.5",
            "1759745743500",
        ] {
            assert_eq!(
                time(&json::parse(text).unwrap().0),
                Some(expected),
                "{text}"
            );
        }
        for text in ["\"soon\"", "null", "-1", "1e300", "0"] {
            assert_eq!(time(&json::parse(text).unwrap().0), None, "{text}");
        }
    }

    #[test]
    fn results_without_an_id_answer_the_oldest_call_that_waits() {
        let mut ids = CallIds::default();
        let (a, b) = (ids.call(String::new()), ids.call(String::new()));
        assert_ne!(a, b);
        assert_eq!(ids.result(String::new()), a);
        assert_eq!(ids.call("given".into()), "given");
        assert_eq!(ids.result("given".into()), "given");
        assert_eq!(ids.result(String::new()), b);
        assert_eq!(ids.result(String::new()), "");
    }
}
