//! One sample of a log: the run of an agent over one item of the data set.
//!
//! What a sample refers to stands behind what refers to it, so it is read twice: first the
//! messages, the pool and the attachments, then the events. Neither is held as a whole where it is
//! too large; messages that did not fit are read a third time.

use std::cell::Cell;
use std::io;

use proctor_dialects::Oddities;
use proctor_dialects::json::Value;
use proctor_model::{EventKind, GapCause, Message, Origin, Role, SessionId, SessionNote, Source};

use super::attachments::Attachments;
use super::head::Head;
use super::held::{Entry, Held, List};
use super::log::Log;
use super::message::{Copies, hash};
use super::spans::Doer;
use super::teller::Teller;
use super::transcript::{Transcript, stretches, tokens};
use crate::document::{Paths, Piece};
use crate::element;
use crate::emit::{Emitter, Record};
use crate::text::Text;

/// Where the parts of a sample stand.
pub(super) struct Parts<'a> {
    /// The sample itself.
    pub(super) whole: (Source, Text<'a>),
    /// Lists that stand in members of their own, in their order.
    pub(super) messages: Vec<(Source, Text<'a>)>,
    pub(super) events: Vec<(Source, Text<'a>)>,
    /// Each with the number of its first attachment.
    pub(super) attachments: Vec<(u64, Source, Text<'a>)>,
}

const FINAL: usize = 0;
const POOLS: [usize; 2] = [1, 2];
const ATTACHMENTS: [usize; 2] = [3, 4];
const COUNTED: [usize; 3] = [5, 6, 7];

/// The parts of a sample for the first reading.
fn first_paths() -> Paths {
    Paths::new(&[
        "$.messages[*]",
        "$.events_data.messages[*]",
        "$.message_pool[*]",
        "$.attachments.*",
        "$.transcript.content.*",
    ])
    .places(&[
        "$.events[*]",
        "$.transcript.events[*]",
        "$.error_retries[*].events[*]",
        "$.events_data.calls[*]",
        "$.call_pool[*]",
    ])
    .with(&["$.*"], crate::document::ELEMENT_LIMIT)
}

/// Reads a sample and gives out its events. The id and epoch are those in its name.
pub(super) fn read(
    parts: &Parts<'_>,
    named: Option<(&str, u64)>,
    log: &Log,
    out: &mut Emitter<'_>,
) -> io::Result<()> {
    let mut held = Held::default();
    let mut attachments = Attachments::default();
    let mut head = Head::default();
    out.set_source(parts.whole.0.clone());
    let broken = first_reading(parts.whole.1, &mut head, &mut held, &mut attachments, out)?;
    let session = session(log, &head, named);
    out.set_session(&session);
    for (first, source, text) in &parts.attachments {
        out.set_source(source.clone());
        let mut number = *first;
        each(*text, "$[*]", out, |_, raw, _| {
            if let Some(Value::Str(text)) = element::peek(raw) {
                attachments.add(&number.to_string(), &text);
            }
            number += 1;
        })?;
    }
    for (source, text) in &parts.messages {
        out.set_source(source.clone());
        hold_all(*text, "$[*]", List::Pool, &mut held, out)?;
    }
    let whole = (head.refs.as_ref()).is_none_or(|refs| held.refer(stretches(refs)));

    out.set_source(parts.whole.0.clone());
    let mut teller = Teller::new(session, log.model.clone());
    teller.attachments = attachments;
    let mut record = parts.whole.1.record();
    note(&head, log, &mut record, out);
    if !whole {
        let detail = "its conversation repeats the pool too often".to_owned();
        out.gap(&mut record, GapCause::TooLong, detail);
    }
    find_keys(&mut held, &teller);
    let mut transcript = Transcript::new(held, teller);
    if transcript.held.is_empty() && head.events == 0 && parts.events.is_empty() {
        given(&head, out);
    }
    if head.events > 0 {
        events(parts.whole.1, &mut transcript, out)?;
    }
    for (source, text) in &parts.events {
        out.set_source(source.clone());
        each(*text, "$[*]", out, |offset, raw, out| {
            transcript.event(offset, raw, None, out);
        })?;
    }
    transcript.end(out);
    out.set_source(parts.whole.0.clone());
    late(parts, &mut transcript, out)?;
    out.set_source(parts.whole.0.clone());
    end(&head, &transcript, out);
    let attachments = &transcript.teller.attachments;
    if attachments.left_out > 0 || attachments.is_spent() {
        let detail = format!(
            "attachments come to more than the reader holds: {} are left out",
            attachments.left_out
        );
        out.gap(&mut record, GapCause::TooLong, detail);
    }
    if let Some((offset, why)) = broken {
        element::broken(offset, parts.whole.1.left(offset), why, out);
    }
    Ok(())
}

/// The session of a sample: log, item and epoch.
fn session(log: &Log, head: &Head, named: Option<(&str, u64)>) -> SessionId {
    let id = head.id.as_deref().or(named.map(|(id, _)| id));
    let epoch = head.epoch.or(named.map(|(_, epoch)| epoch)).unwrap_or(1);
    let id = id.unwrap_or("?");
    // No data set has such an id; a hostile one must not fill every event with it.
    let id = match id.len() {
        0..=500 => id.to_owned(),
        _ => format!("{}…{:016x}", proctor_dialects::place_name(id), hash(&id)),
    };
    SessionId::new(format!("{}/{id}_{epoch}", log.session))
}

type Broken = Option<(u64, crate::document::Break)>;

fn first_reading(
    text: Text<'_>,
    head: &mut Head,
    held: &mut Held,
    attachments: &mut Attachments,
    out: &mut Emitter<'_>,
) -> io::Result<Broken> {
    let source = out.source();
    let mut splitter = text.split(first_paths())?;
    let mut broken = None;
    while let Some(piece) = splitter.next() {
        match piece {
            Piece::Element {
                path, offset, raw, ..
            } if path == FINAL || POOLS.contains(&path) => {
                let list = if path == FINAL {
                    List::Final
                } else {
                    List::Pool
                };
                out.count_record();
                held.hold(list, entry(&source, offset, raw));
            }
            Piece::Element { path, key, raw, .. } if ATTACHMENTS.contains(&path) => {
                if let Some(Value::Str(text)) = element::peek(raw) {
                    attachments.add(key, &text);
                }
            }
            Piece::Element {
                key, offset, raw, ..
            } => head.member(key, offset, raw),
            Piece::Long { path, .. } if COUNTED.contains(&path) => head.events += 1,
            Piece::Long { path, .. } if ATTACHMENTS.contains(&path) => attachments.left_out += 1,
            // Requests as the provider got them: the events tell the same.
            Piece::Long { path, .. } if path > FINAL && !POOLS.contains(&path) => {}
            Piece::Long { offset, len, .. } => element::too_long(offset, len, out),
            Piece::Broken { offset, why } => broken = Some((offset, why)),
        }
    }
    Ok(broken)
}

fn entry(source: &std::sync::Arc<Source>, offset: u64, raw: &[u8]) -> Entry {
    Entry {
        source: source.clone(),
        offset,
        raw: raw.into(),
        key: 0,
        answers: None,
        told: Cell::default(),
    }
}

/// Holds the messages of a list that stands by itself.
fn hold_all(
    text: Text<'_>,
    path: &'static str,
    list: List,
    held: &mut Held,
    out: &mut Emitter<'_>,
) -> io::Result<()> {
    let source = out.source();
    each(text, path, out, |offset, raw, out| {
        out.count_record();
        held.hold(list, entry(&source, offset, raw));
    })
}

/// Gives each element of a list to `take`; what cannot be read is a gap.
fn each(
    text: Text<'_>,
    path: &'static str,
    out: &mut Emitter<'_>,
    mut take: impl FnMut(u64, &[u8], &mut Emitter<'_>),
) -> io::Result<()> {
    let mut splitter = match text.split(Paths::new(&[path])) {
        Ok(splitter) => splitter,
        Err(error) => {
            element::broken(0, text.left(0), crate::document::Break::Read(error), out);
            return Ok(());
        }
    };
    while let Some(piece) = splitter.next() {
        match piece {
            Piece::Element { offset, raw, .. } => take(offset, raw, out),
            Piece::Long { offset, len, .. } => element::too_long(offset, len, out),
            Piece::Broken { offset, why } => {
                element::broken(offset, text.left(offset), why, out);
            }
        }
    }
    Ok(())
}

/// Finds the keys of the held messages, now that the attachments are known. Messages that are
/// none get the key of nothing; telling them says what is wrong.
fn find_keys(held: &mut Held, teller: &Teller) {
    for entry in held.entries_mut() {
        let mut odd = Oddities::default();
        let said = element::peek(&entry.raw).and_then(|value| teller.read(value, &mut odd));
        if let Some(said) = said {
            entry.key = said.key;
            entry.answers = said.answers;
        }
    }
    held.index();
}

/// Gives out the sample's note: what is known before it begins.
fn note(head: &Head, log: &Log, record: &mut Record<'_>, out: &mut Emitter<'_>) {
    record.time = head.started;
    let note = SessionNote {
        score: head.score.clone(),
        ..log.note()
    };
    out.event(record, EventKind::Session(note));
    for name in &head.unknown {
        out.unknown_field("sample", name);
    }
}

/// Gives out what an agent was given that never came to say anything.
fn given(head: &Head, out: &mut Emitter<'_>) {
    let Some((offset, raw)) = &head.input else {
        return;
    };
    if let Some(Value::Str(text)) = element::peek(raw) {
        let message = Message {
            role: Role::User,
            origin: Origin::Person,
            text: text.into_owned(),
        };
        let mut record = Record::new(*offset, raw);
        out.event(&mut record, EventKind::Message(message));
    }
}

/// Reads the events that stand in the sample itself: first those of attempts that failed.
fn events(text: Text<'_>, transcript: &mut Transcript, out: &mut Emitter<'_>) -> io::Result<()> {
    const RETRIES: usize = 0;
    let paths = Paths::new(&[
        "$.error_retries[*].events[*]",
        "$.events[*]",
        "$.transcript.events[*]",
    ]);
    let mut attempts = None;
    let mut splitter = text.split(paths)?;
    while let Some(piece) = splitter.next() {
        match piece {
            Piece::Element {
                path: RETRIES,
                offset,
                raw,
                ..
            } => {
                let doer = *attempts
                    .get_or_insert_with(|| transcript.spans.nested("retried", Doer::Main, None));
                transcript.event(offset, raw, Some(doer), out);
            }
            Piece::Element { offset, raw, .. } => transcript.event(offset, raw, None, out),
            Piece::Long { offset, len, .. } => element::too_long(offset, len, out),
            // The first reading has met it too, and tells it.
            Piece::Broken { .. } => {}
        }
    }
    Ok(())
}

/// Reads the messages that did not fit.
fn late(parts: &Parts<'_>, transcript: &mut Transcript, out: &mut Emitter<'_>) -> io::Result<()> {
    let mut lists = [List::Final, List::Pool].map(|list| {
        let held = &transcript.held;
        Late {
            held: held.cut(list).unwrap_or(u64::MAX),
            copies: held.copies(list),
            met: 0,
        }
    });
    if lists.iter().all(|list| list.held == u64::MAX) {
        return Ok(());
    }
    let [of_final, of_pool] = &mut lists;
    let paths = Paths::new(&[
        "$.messages[*]",
        "$.events_data.messages[*]",
        "$.message_pool[*]",
    ]);
    let mut splitter = parts.whole.1.split(paths)?;
    while let Some(piece) = splitter.next() {
        // What is no element was told by the first reading.
        if let Piece::Element {
            path, offset, raw, ..
        } = piece
        {
            let list = if path == FINAL {
                &mut *of_final
            } else {
                &mut *of_pool
            };
            list.message(offset, raw, transcript, out);
        }
    }
    for (source, text) in &parts.messages {
        out.set_source(source.clone());
        let mut splitter = text.split(Paths::new(&["$[*]"]))?;
        while let Some(piece) = splitter.next() {
            if let Piece::Element { offset, raw, .. } = piece {
                of_pool.message(offset, raw, transcript, out);
            }
        }
    }
    Ok(())
}

/// A list of which not all messages are held.
struct Late {
    /// How many are.
    held: u64,
    copies: Copies,
    /// How many were met.
    met: u64,
}

impl Late {
    fn message(
        &mut self,
        offset: u64,
        raw: &[u8],
        transcript: &mut Transcript,
        out: &mut Emitter<'_>,
    ) {
        if self.met >= self.held {
            transcript.late(offset, raw, &mut self.copies, out);
        }
        self.met += 1;
    }
}

/// Gives out what is known once the sample is over: the tokens, where no event told them, and what
/// ended it.
fn end(head: &Head, transcript: &Transcript, out: &mut Emitter<'_>) {
    for (name, offset, raw) in &head.ends {
        out.known(&mut Record::new(*offset, raw), name);
    }
    let Some((offset, raw)) = head.usage.as_ref().filter(|_| !transcript.told_tokens) else {
        return;
    };
    let Some(Value::Object(models)) = element::peek(raw) else {
        return;
    };
    let mut record = Record::new(*offset, raw);
    for (model, usage) in models {
        if let Value::Object(usage) = usage {
            let tokens = tokens(&usage, Some(&model));
            out.event(&mut record, EventKind::Usage(tokens));
        }
    }
}
