//! Logs of Inspect evaluations: zip archives (`.eval`) and plain JSON, of all versions.
//!
//! A log holds the samples of one evaluation, each the run of an agent over one item; every sample
//! (and epoch of it) is a session, named `inspect:LOG/SAMPLE_EPOCH`. In an archive a sample is a
//! member, or in the newest logs a folder of members. While an evaluation runs, its log has a
//! journal but no head; it is read all the same.

mod attachments;
mod fields;
mod head;
mod held;
mod log;
mod message;
mod sample;
mod spans;
mod teller;
mod transcript;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use proctor_dialects::json::Value;
use proctor_model::{GapCause, Source};

use self::log::Log;
use self::sample::Parts;
use crate::Recording;
use crate::archive::{Archive, Member};
use crate::document::{Break, Paths, Piece};
use crate::element;
use crate::emit::{Emitter, Record};
use crate::text::Text;

/// Reads a log.
pub(crate) fn read(recording: &Recording, content: &Path, out: &mut Emitter<'_>) {
    let read = match is_archive(content) {
        Ok(true) => archive(recording, content, out),
        Ok(false) => document(recording, content, out),
        Err(error) => Err(error),
    };
    out.set_source(Source::file(&recording.path));
    if let Err(error) = read {
        element::unreadable(recording.bytes, &error, out);
    }
}

fn is_archive(path: &Path) -> io::Result<bool> {
    let mut head = [0; 4];
    let read = File::open(path)?.read(&mut head)?;
    Ok(head.get(..read).is_some_and(|head| head.starts_with(b"PK")))
}

fn file_name(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Most samples of one log that are told to be missing.
const MOST_MISSING: usize = 1_000;

/// Most samples of one log that are kept in mind.
const MOST_SAMPLES: usize = 1 << 20;

/// Reads a log that is one JSON document.
fn document(recording: &Recording, content: &Path, out: &mut Emitter<'_>) -> io::Result<()> {
    let text = Text::File(content, 0, recording.bytes);
    let paths = Paths::new(&["$.eval"])
        .places(&["$.samples[*]"])
        .places(&["$.*"]);
    let mut eval = None;
    let mut samples = Vec::new();
    let mut broken = None;
    let mut splitter = text.split(paths)?;
    while let Some(piece) = splitter.next() {
        match piece {
            Piece::Element { raw, .. } => eval = element::peek(raw),
            Piece::Long {
                path: 1,
                offset,
                len,
                ..
            } => {
                if samples.len() < MOST_SAMPLES {
                    samples.push((offset, len));
                }
            }
            Piece::Long { key, .. } => {
                const KNOWN: [&str; 12] = [
                    "version",
                    "status",
                    "plan",
                    "results",
                    "stats",
                    "error",
                    "samples",
                    "reductions",
                    "logging",
                    "invalidated",
                    "log_updates",
                    "config_updates",
                ];
                if !KNOWN.contains(&key) && !["eval", "location", "etag"].contains(&key) {
                    out.unknown_field("log", key);
                }
            }
            Piece::Broken { offset, why } => broken = Some((offset, why)),
        }
    }
    let head = eval.map(|eval| Value::Object([("eval".into(), eval)].into_iter().collect()));
    let log = Log::new(head.as_ref(), &file_name(&recording.path));
    out.set_session(&log.session);
    let mut told = 0;
    let source = Source::file(&recording.path);
    let mut read = |offset, len, out: &mut Emitter<'_>| {
        let parts = Parts {
            whole: (source.clone(), Text::File(content, offset, len)),
            messages: Vec::new(),
            events: Vec::new(),
            attachments: Vec::new(),
        };
        let read = sample::read(&parts, None, &log, out);
        let end = (offset + len).min(recording.bytes);
        out.advance(end.saturating_sub(told));
        told = told.max(end);
        read
    };
    let mut end = 0;
    for (offset, len) in samples {
        read(offset, len, out)?;
        end = offset + len;
    }
    if let Some((offset, why)) = broken {
        // The document may break off inside a sample: what is there of it is read.
        match unfinished(text, end)? {
            Some(start) => read(start, recording.bytes.saturating_sub(start), out)?,
            None => element::broken(offset, text.left(offset), why, out),
        }
    }
    out.advance(recording.bytes.saturating_sub(told));
    Ok(())
}

/// Where a sample begins that a broken document does not end, behind the last whole one.
fn unfinished(text: Text<'_>, behind: u64) -> io::Result<Option<u64>> {
    // The members of such a sample are found as those of any other.
    let paths = Paths::new(&[]).places(&["$.samples[*].*"]);
    let mut splitter = text.split(paths)?;
    let mut first = None;
    while let Some(piece) = splitter.next() {
        if let Piece::Long { offset, .. } = piece
            && offset > behind
            && first.is_none()
        {
            first = Some(offset);
        }
    }
    let Some(first) = first else {
        return Ok(None);
    };
    // The sample's own bracket stands before its first member.
    let mut before = vec![0; 64 << 10];
    let from = first.saturating_sub(before.len() as u64).max(behind);
    let mut reader = text.open()?;
    io::copy(&mut reader.by_ref().take(from), &mut io::sink())?;
    let len = usize::try_from(first - from).unwrap_or_default();
    let before = before.get_mut(..len).unwrap_or_default();
    reader.read_exact(before)?;
    Ok(memchr::memrchr(b'{', before).map(|at| from + at as u64))
}

/// Reads a log that is an archive.
fn archive(recording: &Recording, content: &Path, out: &mut Emitter<'_>) -> io::Result<()> {
    let archive = Archive::open(content, recording.bytes)?;
    let mut members = Members::of(&archive);
    let head = ["header.json", "_journal/start.json"]
        .into_iter()
        .find_map(|name| head(&archive, members.others.get(name)?));
    let log = Log::new(head.as_ref(), &file_name(&recording.path));
    out.set_session(&log.session);
    let mut told = 0;
    let mut advance = |bytes: u64, out: &mut Emitter<'_>| {
        let bytes = bytes.min(recording.bytes - told);
        told += bytes;
        out.advance(bytes);
    };
    for (name, sample) in std::mem::take(&mut members.samples) {
        let bytes = sample.bytes();
        one_sample(&recording.path, &archive, &name, &sample, &log, out)?;
        advance(bytes, out);
    }
    // What concerns the whole log is told with its last sample: a log is no session.
    out.set_source(Source::file(&recording.path));
    // A forged archive can name one place many times: what is told of it is numbered throughout.
    let mut number = 1 << 31;
    let mut about = |offset, len| {
        number += 1;
        Record::about(offset, len).numbered_from(number)
    };
    for flaw in archive.flaws() {
        let (offset, len) = within(flaw.offset, flaw.len, recording);
        let mut record = about(offset, len);
        out.lost(&mut record, GapCause::BadArchive, flaw.detail.clone());
    }
    if !members.others.contains_key("header.json") {
        let mut record = about(0, recording.bytes);
        let detail = "the log has no head: its evaluation did not end".to_owned();
        out.gap(&mut record, GapCause::Missing, detail);
    }
    for (name, member) in &members.others {
        out.count_record();
        if !is_bookkeeping(name) {
            let (offset, len) = within(member.header, member.compressed, recording);
            let mut record = about(offset, len);
            out.unknown(&mut record, name);
        }
        advance(member.compressed, out);
    }
    missing(&archive, &members, recording, out)?;
    advance(u64::MAX, out);
    Ok(())
}

/// A place that an archive names of itself, cut to the file: a forged one may lie anywhere.
fn within(offset: u64, len: u64, recording: &Recording) -> (u64, u64) {
    let offset = offset.min(recording.bytes);
    (offset, len.min(recording.bytes - offset))
}

/// Whether a member holds nothing an agent said or did.
fn is_bookkeeping(name: &str) -> bool {
    const NAMES: [&str; 4] = [
        "header.json",
        "summaries.json",
        "reductions.json",
        "results.json",
    ];
    name.starts_with("_journal/") || NAMES.contains(&name)
}

/// The head of a log, where this member can be read.
fn head(archive: &Archive, member: &Member) -> Option<Value<'static>> {
    let text = Text::Member(archive, member);
    let mut splitter = text.split(Paths::new(&["$.eval"])).ok()?;
    while let Some(piece) = splitter.next() {
        if let Piece::Element { raw, .. } = piece {
            let eval = element::peek(raw)?;
            return Some(Value::Object([("eval".into(), eval)].into_iter().collect()));
        }
    }
    None
}

/// The members of an archive, sorted by what they are.
#[derive(Default)]
struct Members<'a> {
    samples: BTreeMap<String, SampleMembers<'a>>,
    others: BTreeMap<String, &'a Member>,
    /// Names of the samples, which outlive reading them.
    names: BTreeSet<String>,
}

/// The members of one sample.
#[derive(Default)]
struct SampleMembers<'a> {
    whole: Option<&'a Member>,
    /// Members of a list, by the number of their first item.
    messages: BTreeMap<u64, &'a Member>,
    events: BTreeMap<u64, &'a Member>,
    attachments: BTreeMap<u64, &'a Member>,
    /// Members that hold nothing an agent said or did.
    aside: Vec<&'a Member>,
}

impl<'a> Members<'a> {
    fn of(archive: &'a Archive) -> Self {
        let mut members = Self::default();
        for member in archive.members() {
            if !members.of_sample(member) {
                members.others.insert(member.name.clone(), member);
            }
        }
        // A folder without a sample in it is something else.
        let samples = std::mem::take(&mut members.samples);
        for (name, sample) in samples {
            if sample.whole.is_some() {
                members.names.insert(name.clone());
                members.samples.insert(name, sample);
            } else {
                let parts = sample.parts();
                members.others.extend(parts.map(|m| (m.name.clone(), m)));
            }
        }
        members
    }

    /// Sorts in a member of a sample: `samples/ID_epoch_N.json`, or what stands in the folder
    /// `samples/ID_epoch_N/`.
    fn of_sample(&mut self, member: &'a Member) -> bool {
        let Some(path) = member.name.strip_prefix("samples/") else {
            return false;
        };
        // The id can hold slashes; the epoch ends the name.
        let Some((id, rest)) = path.rsplit_once("_epoch_") else {
            return false;
        };
        let (epoch, inner) = match rest.split_once('/') {
            Some((epoch, inner)) => (epoch, inner),
            None => match rest.strip_suffix(".json") {
                Some(epoch) => (epoch, ""),
                None => return false,
            },
        };
        if epoch.parse::<u64>().is_err() {
            return false;
        }
        let sample = self
            .samples
            .entry(format!("{id}_epoch_{epoch}"))
            .or_default();
        let number = |name: &str| name.strip_suffix(".json")?.parse::<u64>().ok();
        match inner.split_once('/') {
            None if inner.is_empty() || inner == "sample.json" => sample.whole = Some(member),
            Some(("messages", name)) if number(name).is_some() => {
                sample
                    .messages
                    .insert(number(name).unwrap_or_default(), member);
            }
            Some(("events", name)) if number(name).is_some() => {
                sample
                    .events
                    .insert(number(name).unwrap_or_default(), member);
            }
            Some(("attachments", name)) if number(name).is_some() => {
                sample
                    .attachments
                    .insert(number(name).unwrap_or_default(), member);
            }
            _ => sample.aside.push(member),
        }
        true
    }
}

impl<'a> SampleMembers<'a> {
    fn parts(&self) -> impl Iterator<Item = &'a Member> {
        (self.whole.into_iter())
            .chain(self.messages.values().copied())
            .chain(self.events.values().copied())
            .chain(self.attachments.values().copied())
            .chain(self.aside.iter().copied())
    }

    fn bytes(&self) -> u64 {
        self.parts()
            .fold(0, |sum, m| sum.saturating_add(m.compressed))
    }
}

fn one_sample(
    path: &Path,
    archive: &Archive,
    name: &str,
    sample: &SampleMembers<'_>,
    log: &Log,
    out: &mut Emitter<'_>,
) -> io::Result<()> {
    let part = |member: &'_ Member| Source {
        path: path.to_owned(),
        member: Some(member.name.clone()),
    };
    let Some(whole) = sample.whole else {
        return Ok(());
    };
    let held = hold(archive, whole);
    let text = match &held {
        Some(bytes) => Text::Held(0, bytes),
        None => Text::Member(archive, whole),
    };
    let parts = Parts {
        whole: (part(whole), text),
        messages: list(&sample.messages, archive, part),
        events: list(&sample.events, archive, part),
        attachments: (sample.attachments.iter())
            .map(|(first, member)| (*first, part(member), Text::Member(archive, member)))
            .collect(),
    };
    let named = name.rsplit_once("_epoch_");
    let named = named.and_then(|(id, epoch)| Some((id, epoch.parse().ok()?)));
    if let Err(error) = sample::read(&parts, named, log, out) {
        out.set_source(part(whole));
        element::broken(0, whole.size, Break::Read(error), out);
    }
    for member in &sample.aside {
        out.set_source(part(member));
        out.count_record();
        out.known(&mut Record::unread(0, member.size, b""), "sample part");
    }
    Ok(())
}

/// A member that is short and sound, unpacked: it is read more than once.
fn hold(archive: &Archive, member: &Member) -> Option<Vec<u8>> {
    const SHORT: u64 = 16 << 20;
    if member.size > SHORT {
        return None;
    }
    let mut bytes = Vec::new();
    let mut contents = archive.contents(member).ok()?.take(SHORT + 1);
    contents.read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= SHORT).then_some(bytes)
}

fn list<'a>(
    members: &BTreeMap<u64, &'a Member>,
    archive: &'a Archive,
    source: impl Fn(&Member) -> Source,
) -> Vec<(Source, Text<'a>)> {
    (members.values())
        .map(|member| (source(member), Text::Member(archive, member)))
        .collect()
}

/// Tells samples that are summarised in the log but are not in it.
fn missing(
    archive: &Archive,
    members: &Members<'_>,
    recording: &Recording,
    out: &mut Emitter<'_>,
) -> io::Result<()> {
    let is_summary =
        |name: &str| name == "summaries.json" || name.starts_with("_journal/summaries/");
    let mut told = BTreeSet::new();
    for (name, member) in members.others.iter().filter(|(name, _)| is_summary(name)) {
        let source = Source {
            path: recording.path.clone(),
            member: Some(name.clone()),
        };
        let text = Text::Member(archive, member);
        out.set_source(source);
        let mut splitter = match text.split(Paths::new(&["$[*]"])) {
            Ok(splitter) => splitter,
            Err(error) => {
                element::broken(0, member.size, Break::Read(error), out);
                continue;
            }
        };
        while let Some(piece) = splitter.next() {
            let (offset, raw) = match piece {
                Piece::Element { offset, raw, .. } => (offset, raw),
                Piece::Long { .. } => continue,
                Piece::Broken { offset, why } => {
                    element::broken(offset, text.left(offset), why, out);
                    continue;
                }
            };
            let Some(sample) = element::peek(raw).and_then(|summary| summary_name(&summary)) else {
                continue;
            };
            if !members.names.contains(&sample)
                && sample.len() < 1_000
                && told.len() < MOST_MISSING
                && told.insert(sample.clone())
            {
                let detail = format!("sample `{sample}` is summarised but not there");
                let mut record = Record::new(offset, raw);
                out.gap(&mut record, GapCause::Missing, detail);
            }
        }
    }
    Ok(())
}

/// The name that the member of a summarised sample would have.
fn summary_name(summary: &Value<'_>) -> Option<String> {
    let epoch = summary.get("epoch")?.as_u64()?;
    let id = match summary.get("id")? {
        Value::Str(text) => text.clone().into_owned(),
        number @ (Value::Unsigned(_) | Value::Signed(_)) => {
            serde_json::Value::from(number.clone()).to_string()
        }
        _ => return None,
    };
    Some(format!("{id}_epoch_{epoch}"))
}

#[cfg(test)]
mod tests;
