//! Evidence bundles as a file: `proctor.bundle/1`, specified in `docs/bundle.md`.
//!
//! Reading a bundle finds its form, not its truth: `proctor-verify` holds it against itself and
//! against what its reader knows. [`Log::bundle`](crate::Log::bundle) makes one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::checkpoint::Checkpoint;
use crate::header::Header;
use crate::merkle::{Hash, sha256};
use crate::note::Note;
use crate::payload::Disclosure;

const FORMAT: &str = "proctor.bundle/1";

/// A bundle whose form is good. Lists are in ascending order, as in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// What its maker calls it. Nothing proves this.
    pub title: String,
    /// What the log says of itself: everything in the bundle is held against it.
    pub checkpoint: Signed,
    /// Earlier checkpoints of the same log, by size.
    pub earlier: Vec<Earlier>,
    /// Sources of which the bundle claims to hold every entry up to a number: source, last number.
    pub sources: Vec<(u64, u64)>,
    /// Headers, by their place in the log.
    pub headers: Vec<Header>,
    /// Roots of the subtrees between the headers, from left to right.
    pub nodes: Vec<Hash>,
    /// Payloads, open or in part, by their entry's place in the log.
    pub payloads: Vec<(u64, Disclosure)>,
    /// Why payloads are not or not wholly open, by their entry's place in the log. The maker's
    /// words; nothing proves them.
    pub withheld: Vec<(u64, String)>,
    /// Whether the file is as it was written. Anybody can seal a file anew: this finds accidents.
    pub sealed: bool,
}

/// A checkpoint and the note that holds it, its signatures not checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// What is signed.
    pub checkpoint: Checkpoint,
    /// By whom.
    pub note: Note,
}

/// An earlier checkpoint, and why the log of the later one begins with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// The checkpoint.
    pub signed: Signed,
    /// RFC 6962 consistency proof to the bundle's checkpoint.
    pub proof: Vec<Hash>,
}

/// Why bytes are not a bundle.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a bundle that this version reads: {what} in line {line}")]
pub struct Unreadable {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub what: &'static str,
}

/// One line of the file. Keys stand in the order of the fields, after `type`.
#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
enum Line {
    Manifest { format: String, title: String },
    Checkpoint { note: String },
    Earlier { note: String, proof: Vec<String> },
    Source { source: u64, last: u64 },
    Header { entry: u64, header: String },
    Node { hash: String },
    Payload { entry: u64, disclosure: String },
    Withheld { entry: u64, reason: String },
    End { hash: String },
}

impl Bundle {
    /// Longest bundle, in bytes.
    pub const MAX_BYTES: usize = 256 << 20;
    /// Most lines of a bundle.
    pub const MAX_LINES: u64 = 1 << 20;
    /// Longest title or reason, in bytes.
    pub const MAX_WORDS: usize = 1024;

    /// Reads a bundle.
    ///
    /// # Errors
    /// If the bytes are not in the format, or beyond its bounds.
    pub fn parse(bytes: &[u8]) -> Result<Self, Unreadable> {
        let fail = |line, what| Unreadable { line, what };
        if bytes.len() > Self::MAX_BYTES {
            return Err(fail(0, "too many bytes"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| fail(0, "bytes that are not UTF-8"))?;
        let (text, last) = text
            .strip_suffix('\n')
            .and_then(|text| text.rsplit_once('\n'))
            .ok_or(fail(0, "too few lines"))?;
        let mut draft = Draft::default();
        let mut number = 0;
        for line in text.split('\n') {
            number += 1;
            if number >= Self::MAX_LINES {
                return Err(fail(number, "one line too many"));
            }
            let line = Line::read(line).ok_or(fail(number, "another form of line"))?;
            draft.take(line).map_err(|what| fail(number, what))?;
        }
        number += 1;
        let Some(Line::End { hash }) = Line::read(last) else {
            return Err(fail(number, "something else than the end"));
        };
        let hash = hash_of(&hash).ok_or(fail(number, "a malformed hash"))?;
        let mut bundle = draft.done().ok_or(fail(number, "an end too early"))?;
        bundle.sealed = hash == sha256(&[text.as_bytes(), b"\n"]);
        Ok(bundle)
    }

    /// The bundle as a file.
    ///
    /// # Errors
    /// If it would be beyond the bounds, or title or reasons hold control characters.
    pub fn to_text(&self) -> Result<String, Unreadable> {
        let mut out = String::new();
        let mut count = 0;
        let mut put = |line: Line, out: &mut String| {
            count += 1;
            // Strings and numbers always have a text in JSON.
            out.push_str(&serde_json::to_string(&line).unwrap_or_default());
            out.push('\n');
        };
        let said = self.withheld.iter().map(|(_, reason)| reason);
        for text in said.chain([&self.title]) {
            words(text.clone()).map_err(|what| Unreadable { line: 0, what })?;
        }
        let format = FORMAT.to_owned();
        let title = self.title.clone();
        put(Line::Manifest { format, title }, &mut out);
        let note = self.checkpoint.note.to_string();
        put(Line::Checkpoint { note }, &mut out);
        for earlier in &self.earlier {
            let note = earlier.signed.note.to_string();
            let proof = earlier.proof.iter().map(|h| STANDARD.encode(h)).collect();
            put(Line::Earlier { note, proof }, &mut out);
        }
        for &(source, last) in &self.sources {
            put(Line::Source { source, last }, &mut out);
        }
        for header in &self.headers {
            let entry = header.sequence;
            let header = STANDARD.encode(header.encode());
            put(Line::Header { entry, header }, &mut out);
        }
        for node in &self.nodes {
            let hash = STANDARD.encode(node);
            put(Line::Node { hash }, &mut out);
        }
        for (entry, disclosure) in &self.payloads {
            let disclosure = STANDARD.encode(disclosure.encode());
            let entry = *entry;
            put(Line::Payload { entry, disclosure }, &mut out);
        }
        for (entry, reason) in &self.withheld {
            let (entry, reason) = (*entry, reason.clone());
            put(Line::Withheld { entry, reason }, &mut out);
        }
        let hash = STANDARD.encode(sha256(&[out.as_bytes()]));
        put(Line::End { hash }, &mut out);
        if count > Self::MAX_LINES || out.len() > Self::MAX_BYTES {
            let (line, what) = (count, "too many lines or bytes");
            return Err(Unreadable { line, what });
        }
        Ok(out)
    }
}

impl Line {
    /// A line has one form only: what it says, written again, is the line.
    fn read(text: &str) -> Option<Self> {
        let line: Line = serde_json::from_str(text).ok()?;
        (serde_json::to_string(&line).ok()?.as_str() == text).then_some(line)
    }

    /// Lines of one type stand together, in this order.
    fn rank(&self) -> u8 {
        match self {
            Line::Manifest { .. } => 1,
            Line::Checkpoint { .. } => 2,
            Line::Earlier { .. } => 3,
            Line::Source { .. } => 4,
            Line::Header { .. } => 5,
            Line::Node { .. } => 6,
            Line::Payload { .. } => 7,
            Line::Withheld { .. } => 8,
            Line::End { .. } => 9,
        }
    }
}

/// A bundle that is being read.
#[derive(Default)]
struct Draft {
    rank: u8,
    /// What the last line of this type was about: its entry, source or size.
    about: Option<u64>,
    title: String,
    checkpoint: Option<Signed>,
    earlier: Vec<Earlier>,
    sources: Vec<(u64, u64)>,
    headers: Vec<Header>,
    nodes: Vec<Hash>,
    payloads: Vec<(u64, Disclosure)>,
    withheld: Vec<(u64, String)>,
}

impl Draft {
    fn take(&mut self, line: Line) -> Result<(), &'static str> {
        let rank = line.rank();
        let first = rank != self.rank;
        let missing = (self.rank == 0 && rank != 1) || (self.rank == 1 && rank != 2);
        let again = !first && rank <= 2;
        if rank < self.rank || missing || again {
            return Err("a line that does not stand here");
        }
        if first {
            self.rank = rank;
            self.about = None;
        }
        match line {
            Line::Manifest { format, title } => {
                if format != FORMAT {
                    return Err("another format");
                }
                self.title = words(title)?;
            }
            Line::Checkpoint { note } => self.checkpoint = Some(Signed::parse(&note)?),
            Line::Earlier { note, proof } => {
                let signed = Signed::parse(&note)?;
                self.next(signed.checkpoint.size)?;
                let proof = proof.iter().map(|hash| hash_of(hash));
                let proof = proof.collect::<Option<_>>().ok_or("a malformed hash")?;
                self.earlier.push(Earlier { signed, proof });
            }
            Line::Source { source, last } => {
                self.next(source)?;
                self.sources.push((source, last));
            }
            Line::Header { entry, header } => {
                self.next(entry)?;
                let bytes = STANDARD.decode(header).ok();
                let header = bytes.and_then(|bytes| Header::decode(&bytes));
                let header = header.filter(|header| header.sequence == entry);
                self.headers.push(header.ok_or("a malformed header")?);
            }
            Line::Node { hash } => self.nodes.push(hash_of(&hash).ok_or("a malformed hash")?),
            Line::Payload { entry, disclosure } => {
                self.next(entry)?;
                let bytes = STANDARD.decode(disclosure).ok();
                let disclosure = bytes.and_then(|bytes| Disclosure::decode(&bytes));
                let disclosure = disclosure.ok_or("a malformed disclosure")?;
                self.payloads.push((entry, disclosure));
            }
            Line::Withheld { entry, reason } => {
                self.next(entry)?;
                self.withheld.push((entry, words(reason)?));
            }
            Line::End { .. } => return Err("an end before the last line"),
        }
        Ok(())
    }

    fn next(&mut self, about: u64) -> Result<(), &'static str> {
        if self.about.is_some_and(|before| before >= about) {
            return Err("something out of order");
        }
        self.about = Some(about);
        Ok(())
    }

    fn done(self) -> Option<Bundle> {
        Some(Bundle {
            title: self.title,
            checkpoint: self.checkpoint?,
            earlier: self.earlier,
            sources: self.sources,
            headers: self.headers,
            nodes: self.nodes,
            payloads: self.payloads,
            withheld: self.withheld,
            sealed: false,
        })
    }
}

impl Signed {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let note = Note::parse(text.as_bytes()).map_err(|_| "a malformed note")?;
        let checkpoint = Checkpoint::parse(note.text()).map_err(|_| "a malformed checkpoint")?;
        // Extensions of a checkpoint mean nothing here, so there are none.
        if checkpoint.text() != note.text() || note.to_string() != text {
            return Err("a note in another form");
        }
        Ok(Self { checkpoint, note })
    }
}

fn hash_of(text: &str) -> Option<Hash> {
    STANDARD.decode(text).ok()?.as_slice().try_into().ok()
}

/// Words that may be shown: bounded, without control characters.
fn words(text: String) -> Result<String, &'static str> {
    if text.len() > Bundle::MAX_WORDS || text.chars().any(char::is_control) {
        return Err("words that are too long or hold control characters");
    }
    Ok(text)
}
