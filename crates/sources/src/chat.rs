//! Chat messages in the shapes of the providers: one conversation a document, or one a line.
//!
//! A *run* is an object that holds a conversation: `messages`, or the request and the response of
//! an API. It is a session of its own, named by its `id`. A bare message, alone in its line or in
//! a list, continues the one session of its file.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::Path;

use jiff::Timestamp;
use memchr::memchr;
use proctor_dialects::json::{Object, Value};
use proctor_dialects::{Oddities, openai_chat};
use proctor_model::{
    EventKind, GapCause, Harness, Message, Origin, Role, SessionId, SessionNote, Tokens,
};

use crate::document::{Paths, Piece, Splitter};
use crate::element::{self, CallIds};
use crate::emit::{Emitter, Record};
use crate::line::Lines;
use crate::{Recording, session_id};

/// Reads a file of chat messages.
pub(crate) fn read(recording: &Recording, out: &mut Emitter<'_>) {
    let file = file_session(&recording.path);
    out.set_session(&file);
    let mut reader = Reader {
        path: &recording.path,
        bytes: recording.bytes,
        file,
        calls: CallIds::default(),
        runs: 0,
    };
    if let Err(error) = reader.read(out) {
        let mut record = Record::unread(0, recording.bytes, b"");
        out.lost(&mut record, GapCause::Unreadable, error.to_string());
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
    bytes: u64,
    file: SessionId,
    /// Ids of the calls in the file's own session.
    calls: CallIds,
    /// Runs met so far.
    runs: u64,
}

/// The bytes of a run, wherever they are.
#[derive(Clone, Copy)]
enum Text<'a> {
    /// In memory, first byte at this offset of the file.
    Held(u64, &'a [u8]),
    /// The whole file, of this many bytes.
    File(&'a Path, u64),
}

impl Reader<'_> {
    fn read(&mut self, out: &mut Emitter<'_>) -> io::Result<()> {
        let mut file = File::open(self.path)?;
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
        let text = Text::File(self.path, self.bytes);
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
        let mut splitter = Splitter::new(text.open()?, text.offset(), Paths::new(&["$[*]"]));
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
        let mut splitter = Splitter::new(text.open()?, text.offset(), Paths::new(&["$"]));
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
        for name in &head.unknown {
            out.unknown_field("run", name);
        }
        let mut calls = CallIds::default();
        let mut splitter = Splitter::new(text.open()?, text.offset(), run_paths());
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

impl<'a> Text<'a> {
    fn open(self) -> io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            Self::Held(_, bytes) => Box::new(bytes),
            Self::File(path, bytes) => Box::new(File::open(path)?.take(bytes)),
        })
    }

    fn offset(self) -> u64 {
        match self {
            Self::Held(offset, _) => offset,
            Self::File(..) => 0,
        }
    }

    fn record(self) -> Record<'a> {
        match self {
            Self::Held(offset, bytes) => Record::new(offset, bytes),
            Self::File(_, bytes) => Record::unread(0, bytes, b""),
        }
    }

    /// Bytes from this offset of the file on.
    fn left(self, offset: u64) -> u64 {
        let end = match self {
            Self::Held(start, bytes) => start + bytes.len() as u64,
            Self::File(_, bytes) => bytes,
        };
        end.saturating_sub(offset)
    }
}

/// Members that name a run, the best first.
pub(crate) const RUN_IDS: [&str; 4] = ["id", "session_id", "conversation_id", "thread_id"];

/// Where a run keeps its messages.
const MESSAGES: [&str; 8] = [
    "$.messages[*]",
    "$.input[*]",
    "$.choices[*].message",
    "$.output[*]",
    "$.request.messages[*]",
    "$.request.input[*]",
    "$.response.choices[*].message",
    "$.response.output[*]",
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
    if object.get("role").is_none() {
        let kind = object.get("type").and_then(Value::as_str).unwrap_or("item");
        return out.unknown(&mut record, kind);
    }
    let mut odd = Oddities::default();
    if let Some(message) = openai_chat::message(object, &mut odd) {
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

/// What a value is, and what it says about itself outside of its messages.
#[derive(Debug, Default)]
struct Head {
    kind: Kind,
    /// The id, and its rank among [`RUN_IDS`].
    id: Option<(usize, String)>,
    model: Option<String>,
    title: Option<String>,
    time: Option<Timestamp>,
    /// Names of members that the reader does not know.
    unknown: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Kind {
    Run,
    List,
    Message,
    #[default]
    Other,
}

impl Head {
    /// Longest member of a head that is looked at, in bytes.
    const LONGEST: usize = 4 << 10;

    /// Most unknown names that are kept.
    const MOST_NAMES: usize = 100;

    fn of(text: Text<'_>) -> io::Result<Self> {
        const PATHS: usize = MESSAGES.len();
        let paths = Paths::new(&[])
            .places(&MESSAGES)
            .with(&["$.*"], Self::LONGEST)
            .places(&["$[*]"]);
        let mut splitter = Splitter::new(text.open()?, text.offset(), paths);
        let mut head = Self::default();
        while let Some(piece) = splitter.next() {
            match piece {
                Piece::Element { path, key, raw, .. } if path >= PATHS => head.member(key, raw),
                Piece::Long {
                    path: PATHS, key, ..
                } => head.member(key, b""),
                Piece::Long { path, .. } if path > PATHS => {
                    head.kind = Kind::List;
                    break;
                }
                Piece::Element { .. } | Piece::Long { .. } => head.kind = Kind::Run,
                // Reading it for good will tell.
                Piece::Broken { .. } => break,
            }
        }
        Ok(head)
    }

    /// Takes an id, unless a better one is known.
    fn id(&mut self, key: &str, raw: &[u8]) {
        let rank = RUN_IDS.iter().position(|id| *id == key).unwrap_or_default();
        if let Some(id) = name(raw).filter(|_| self.id.as_ref().is_none_or(|(r, _)| rank < *r)) {
            self.id = Some((rank, id));
        }
    }

    fn member(&mut self, key: &str, raw: &[u8]) {
        match key {
            "messages" => self.kind = Kind::Run,
            "role" | "type" if self.kind == Kind::Other => self.kind = Kind::Message,
            _ if RUN_IDS.contains(&key) => self.id(key, raw),
            "model" => self.model = name(raw),
            "title" => self.title = name(raw),
            "created" | "created_at" | "timestamp" if self.time.is_none() => {
                self.time = element::peek(raw).and_then(|value| element::time(&value));
            }
            _ if KNOWN.contains(&key) => {}
            _ if self.unknown.len() < Self::MOST_NAMES => self.unknown.push(key.to_owned()),
            _ => {}
        }
    }
}

/// Members of a run that hold nothing an agent said or did: settings, labels and measurements. A
/// label must never become an event, or a detector could read the answer.
const KNOWN: [&str; 42] = [
    "system",
    "instructions",
    "input",
    "usage",
    "object",
    "role",
    "type",
    "created",
    "created_at",
    "timestamp",
    "tools",
    "tool_choice",
    "functions",
    "function_call",
    "parallel_tool_calls",
    "response_format",
    "temperature",
    "top_p",
    "max_tokens",
    "max_output_tokens",
    "max_completion_tokens",
    "stop",
    "stop_sequences",
    "stream",
    "metadata",
    "stop_reason",
    "service_tier",
    "system_fingerprint",
    "reasoning",
    "thinking",
    "label",
    "truth",
    "suite",
    "user_task",
    "suite_name",
    "pipeline_name",
    "user_task_id",
    "injection_task_id",
    "attack_type",
    "injections",
    "security",
    "utility",
];

/// A short text or number as text.
fn name(raw: &[u8]) -> Option<String> {
    match element::peek(raw)? {
        Value::Str(text) if !text.is_empty() => Some(text.into_owned()),
        Value::Unsigned(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Whether a file holds one JSON value a line, rather than one document.
///
/// It does where its first line is a value of its own and more follows. Where the first line is
/// damaged, a second one that begins an object tells: in a document that was laid out in lines, a
/// member name stands there.
fn holds_lines(mut file: impl BufRead) -> io::Result<bool> {
    let Some(first) = skip_blanks(&mut file)? else {
        return Ok(false);
    };
    let whole = {
        let line = FirstLine {
            file: &mut file,
            ended: false,
        };
        let mut splitter = Splitter::new(line, 0, Paths::new(&[]));
        let whole = splitter.next().is_none();
        // A line that breaks early is passed to its end.
        io::copy(&mut splitter.into_reader(), &mut io::sink())?;
        whole
    };
    let next = skip_blanks(&mut file)?;
    Ok(next.is_some_and(|next| whole || (first, next) == (b'{', b'{')))
}

/// The next byte that is no blank, which stays unread.
fn skip_blanks(file: &mut impl BufRead) -> io::Result<Option<u8>> {
    loop {
        let buffer = file.fill_buf()?;
        if buffer.is_empty() {
            return Ok(None);
        }
        let blanks = buffer.iter().take_while(|b| b.is_ascii_whitespace());
        let blanks = blanks.count();
        let next = buffer.get(blanks).copied();
        file.consume(blanks);
        if next.is_some() {
            return Ok(next);
        }
    }
}

/// A reader that ends with the first line.
struct FirstLine<'f, R> {
    file: &'f mut R,
    ended: bool,
}

impl<R: BufRead> Read for FirstLine<'_, R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.ended {
            return Ok(0);
        }
        let buffer = self.file.fill_buf()?;
        let end = memchr(b'\n', buffer);
        let len = end.unwrap_or(buffer.len()).min(room.len());
        if let (Some(room), Some(line)) = (room.get_mut(..len), buffer.get(..len)) {
            room.copy_from_slice(line);
        }
        self.ended = end == Some(len);
        self.file.consume(len + usize::from(self.ended));
        Ok(len)
    }
}
