//! Chat messages in the shapes of the providers: one conversation a document, or one a line.
//!
//! A *run* is an object that holds a conversation: `messages`, or the request and the response of
//! an API. It is a session of its own, named by its `id`. A bare message, alone in its line or in
//! a list, continues the one session of its file.

mod head;
mod lines;

use std::fs::File;
use std::io::{self, BufReader, Seek};
use std::path::Path;

use proctor_dialects::json::{Object, Value};
use proctor_dialects::openai_chat::ChatMessage;
use proctor_dialects::{Oddities, openai_chat, openai_responses};
use proctor_model::{
    EventKind, GapCause, Harness, Message, Origin, Role, SessionId, SessionNote, Tokens,
};

use self::head::{Head, Kind};
use self::lines::holds_lines;
use crate::document::{Paths, Piece};
use crate::element::{self, CallIds};
use crate::emit::{Emitter, Record};
use crate::line::Lines;
use crate::text::Text;
use crate::{Recording, session_id};

/// Reads a file of chat messages.
pub(crate) fn read(recording: &Recording, content: &Path, out: &mut Emitter<'_>) {
    let file = file_session(&recording.path);
    out.set_session(&file);
    let mut reader = Reader {
        path: &recording.path,
        content,
        bytes: recording.bytes,
        file,
        calls: CallIds::default(),
        runs: 0,
    };
    if let Err(error) = reader.read(out) {
        element::unreadable(recording.bytes, &error, out);
    }
}

/// The session of messages that stand in a file without a run around them. Named by the whole
/// path: files of the same name are different sessions.
pub(crate) fn file_session(path: &Path) -> SessionId {
    session_id(Harness::Chat, &path.to_string_lossy())
}

/// The session of a run: named by its id, or else by its number in the file, counted from 1.
pub(crate) fn run_session(id: Option<&str>, path: &Path, number: u64) -> SessionId {
    match id {
        Some(id) => session_id(Harness::Chat, id),
        None => SessionId::new(format!("{}#{number}", file_session(path))),
    }
}

struct Reader<'a> {
    path: &'a Path,
    content: &'a Path,
    bytes: u64,
    file: SessionId,
    /// Ids of the calls in the file's own session.
    calls: CallIds,
    /// Runs met so far.
    runs: u64,
}

impl Reader<'_> {
    fn read(&mut self, out: &mut Emitter<'_>) -> io::Result<()> {
        let mut file = File::open(self.content)?;
        if !holds_lines(BufReader::with_capacity(128 << 10, &file))? {
            return self.document(out);
        }
        file.rewind()?;
        let mut lines = Lines::new(file, 0, self.bytes);
        let mut at = 0;
        while let Some(line) = lines.next()? {
            out.advance(line.next - at);
            at = line.next;
            if line.too_long {
                element::too_long(line.offset, line.len, out);
            } else if !line.bytes.trim_ascii().is_empty() {
                self.value(Text::Held(line.offset, line.bytes), out)?;
            }
            out.set_session(&self.file);
        }
        Ok(())
    }

    /// A file that is one JSON value.
    fn document(&mut self, out: &mut Emitter<'_>) -> io::Result<()> {
        let text = Text::File(self.content, 0, self.bytes);
        self.value(text, out)?;
        out.advance(self.bytes);
        Ok(())
    }

    /// One value: a run, a message, or a list of either.
    fn value(&mut self, text: Text<'_>, out: &mut Emitter<'_>) -> io::Result<()> {
        let head = Head::of(text)?;
        match head.kind {
            Kind::Run => self.run(text, &head, out)?,
            Kind::List => self.list(text, out)?,
            Kind::Message | Kind::Other => self.alone(text, out)?,
        }
        Ok(())
    }

    fn list(&mut self, text: Text<'_>, out: &mut Emitter<'_>) -> io::Result<()> {
        let mut splitter = text.split(Paths::new(&["$[*]"]))?;
        while let Some(piece) = splitter.next() {
            match piece {
                Piece::Element { offset, raw, .. } => {
                    let text = Text::Held(offset, raw);
                    let head = Head::of(text)?;
                    if head.kind == Kind::Run {
                        self.run(text, &head, out)?;
                        out.set_session(&self.file);
                    } else {
                        item(raw, offset, &mut self.calls, out);
                    }
                }
                Piece::Long { offset, len, .. } => element::too_long(offset, len, out),
                Piece::Broken { offset, why } => {
                    element::broken(offset, text.left(offset), why, out);
                }
            }
        }
        Ok(())
    }

    /// A value that stands for itself: a message of the file's session.
    fn alone(&mut self, text: Text<'_>, out: &mut Emitter<'_>) -> io::Result<()> {
        let mut splitter = text.split(Paths::new(&["$"]))?;
        while let Some(piece) = splitter.next() {
            match piece {
                Piece::Element { offset, raw, .. } => item(raw, offset, &mut self.calls, out),
                Piece::Long { offset, len, .. } => element::too_long(offset, len, out),
                Piece::Broken { offset, why } => {
                    element::broken(offset, text.left(offset), why, out);
                }
            }
        }
        Ok(())
    }

    fn run(&mut self, text: Text<'_>, head: &Head, out: &mut Emitter<'_>) -> io::Result<()> {
        self.runs += 1;
        // A file that is one run is its session, with or without an id.
        let session = match (text, &head.id) {
            (Text::File(..), None) => self.file.clone(),
            (_, id) => run_session(id.as_ref().map(|(_, id)| id.as_str()), self.path, self.runs),
        };
        out.set_session(&session);
        let mut record = text.record();
        record.time = head.time;
        let note = SessionNote {
            harness: Some(Harness::Chat),
            model: head.model.clone(),
            title: head.title.clone(),
            ..SessionNote::default()
        };
        out.event(&mut record, EventKind::Session(note));
        if head.bad_messages {
            let detail = "`messages` is no list".to_owned();
            out.gap(&mut record, GapCause::BadField, detail);
        }
        for name in &head.unknown {
            out.unknown_field("run", name);
        }
        let mut calls = CallIds::default();
        let mut splitter = text.split(run_paths())?;
        while let Some(piece) = splitter.next() {
            match piece {
                Piece::Element {
                    path, offset, raw, ..
                } if path < MESSAGES.len() => item(raw, offset, &mut calls, out),
                Piece::Element {
                    path, offset, raw, ..
                } => aside(path - MESSAGES.len(), raw, offset, out),
                Piece::Long { offset, len, .. } => element::too_long(offset, len, out),
                Piece::Broken { offset, why } => {
                    element::broken(offset, text.left(offset), why, out);
                }
            }
        }
        Ok(())
    }
}

/// Members that name a run, the best first.
pub(crate) const RUN_IDS: [&str; 5] = [
    "id",
    "session_id",
    "conversation_id",
    "thread_id",
    "custom_id",
];

/// Where a run keeps its messages.
const MESSAGES: [&str; 10] = [
    "$.messages[*]",
    "$.input[*]",
    "$.choices[*].message",
    "$.output[*]",
    "$.request.messages[*]",
    "$.request.input[*]",
    "$.response.choices[*].message",
    "$.response.output[*]",
    "$.body.messages[*]",
    "$.response.body.choices[*].message",
];

/// What else a run holds: a prompt beside its messages, and the tokens it used.
const ASIDE: [&str; 7] = [
    "$.system",
    "$.instructions",
    "$.request.system",
    "$.request.instructions",
    "$.input",
    "$.usage",
    "$.response.usage",
];

fn run_paths() -> Paths {
    Paths::new(&MESSAGES).with(&ASIDE, crate::document::ELEMENT_LIMIT)
}

/// One of [`ASIDE`].
fn aside(which: usize, raw: &[u8], offset: u64, out: &mut Emitter<'_>) {
    let mut record = Record::new(offset, raw);
    let Some(value) = element::parse(raw, &mut record, out) else {
        return;
    };
    if which >= 5 {
        if let Value::Object(usage) = value {
            out.event(&mut record, EventKind::Usage(tokens(&usage)));
        }
        return;
    }
    let mut odd = Oddities::default();
    let text = openai_chat::text_of(openai_chat::content(value, &mut odd));
    if !text.is_empty() {
        out.count_record();
        let role = if which == 4 { Role::User } else { Role::System };
        let origin = Origin::Person;
        out.event(
            &mut record,
            EventKind::Message(Message { role, origin, text }),
        );
    }
    element::oddities(odd, &mut record, out);
}

/// One message or item of a conversation.
fn item(raw: &[u8], offset: u64, calls: &mut CallIds, out: &mut Emitter<'_>) {
    out.count_record();
    let mut record = Record::new(offset, raw);
    let Some(value) = element::parse(raw, &mut record, out) else {
        return;
    };
    let Value::Object(object) = value else {
        let detail = format!("{} where a message must stand", value.type_name());
        return out.lost(&mut record, GapCause::BadField, detail);
    };
    record.time = ["timestamp", "created_at"]
        .into_iter()
        .find_map(|key| element::time(object.get(key)?));
    let mut odd = Oddities::default();
    let message = if object.get("role").is_some() {
        openai_chat::message(object, &mut odd)
    } else if object.get("type").is_some() {
        openai_responses::item(object, &mut odd).map(|item| ChatMessage {
            role: item.role,
            parts: item.parts,
        })
    } else {
        return out.unknown(&mut record, "item");
    };
    if let Some(message) = message {
        element::message(message, Origin::Person, calls, &mut record, out);
    }
    element::oddities(odd, &mut record, out);
}

/// Tokens of one request, by the names of either API.
fn tokens(usage: &Object<'_>) -> Tokens {
    let number = |keys: [&str; 2]| {
        (keys.iter())
            .find_map(|key| usage.get(key)?.as_u64())
            .unwrap_or_default()
    };
    // OpenAI counts cached tokens among the input, Anthropic beside it.
    let within = ["prompt_tokens_details", "input_tokens_details"]
        .into_iter()
        .find_map(|key| usage.get(key)?.get("cached_tokens")?.as_u64())
        .unwrap_or_default();
    let beside = number(["cache_read_input_tokens", "cache_read_tokens"]);
    Tokens {
        request: None,
        input: number(["prompt_tokens", "input_tokens"]).saturating_sub(within),
        output: number(["completion_tokens", "output_tokens"]),
        cache_read: within + beside,
        cache_write: number(["cache_creation_input_tokens", "cache_write_tokens"]),
    }
}

#[cfg(test)]
mod tests;
