//! `proctor verify`: whether a record is unchanged, complete, and who vouches for it.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use proctor_ledger::{Anchor, Anchors, Depth, Disk, Note, PublicKey, Verdict};
use serde_json::{Value, json};

use crate::Exit;
use crate::args::VerifyArgs;
use crate::recorder::Place;

/// Runs the command, which needs no recorder and no key.
pub(crate) fn verify(args: &VerifyArgs) -> anyhow::Result<Exit> {
    let dir = match &args.log {
        Some(dir) => dir.clone(),
        None => Place::of(args.state.as_deref())?.log(),
    };
    if !dir.is_dir() {
        bail!("there is no log at `{}`", dir.display());
    }
    let notes: Vec<Note> = args.checkpoint.iter().map(note).collect::<Result<_, _>>()?;
    let anchors = Anchors {
        keys: keys(&args.key)?,
        remembered: notes,
        witnesses: keys(&args.witness)?,
    };
    let depth = match args.headers {
        true => Depth::Headers,
        false => Depth::Everything,
    };
    let verdict = proctor_ledger::verify(&Disk, &dir, &anchors, depth)?;
    let mut out = std::io::stdout().lock();
    match args.json {
        true => writeln!(out, "{}", told(&verdict))?,
        false => write!(out, "{}", words(&verdict))?,
    }
    let fine = verdict.is_unchanged() && verdict.is_complete();
    Ok(if fine { Exit::Fine } else { Exit::Negative })
}

fn note(path: impl AsRef<Path>) -> anyhow::Result<Note> {
    let path = path.as_ref();
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read `{}`", path.display()))?;
    Note::parse(text.as_bytes()).with_context(|| format!("`{}` is no signed note", path.display()))
}

/// Public keys from files, one a line.
fn keys(paths: &[PathBuf]) -> anyhow::Result<Vec<PublicKey>> {
    let mut keys = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read `{}`", path.display()))?;
        for line in text.lines().map(str::trim).filter(|l| !l.is_empty()) {
            let key = line.parse::<PublicKey>();
            keys.push(key.with_context(|| format!("`{}` holds no public key", path.display()))?);
        }
    }
    Ok(keys)
}

fn anchor(anchor: &Anchor) -> String {
    match anchor {
        Anchor::OwnKey(key) => format!("a key that you named: {key}"),
        Anchor::Remembered { size } => format!("a checkpoint that you kept, of {size} entries"),
        Anchor::Witness { key, size, time } => {
            let time = jiff::Timestamp::from_second(i64::try_from(*time).unwrap_or_default());
            let time = time.map_or_else(|_| "an impossible time".to_owned(), |t| t.to_string());
            format!(
                "the witness {}, up to {size} entries, at {time}",
                key.name()
            )
        }
    }
}

fn words(verdict: &Verdict) -> String {
    let mut text = format!(
        "log        {} with {} entries of {} sources\n",
        verdict.checkpoint.origin, verdict.checkpoint.size, verdict.sources
    );
    text += match verdict.is_unchanged() {
        true => "unchanged  yes: every entry leads to the signed roots\n",
        false => "unchanged  NO\n",
    };
    for fault in verdict.faults.iter().take(20) {
        let file = if fault.file.is_empty() {
            "the log"
        } else {
            &fault.file
        };
        text += &format!("           {file}, at {}: {}\n", fault.at, fault.trouble);
    }
    if verdict.faults.len() > 20 {
        text += &format!("           and {} more\n", verdict.faults.len() - 20);
    }
    text += &match (verdict.holes.len(), verdict.gaps.len()) {
        (0, 0) => "complete   yes: no source lacks a number\n".to_owned(),
        (0, gaps) => format!("complete   but for {gaps} signed gaps\n"),
        (holes, gaps) => {
            format!("complete   NO: {holes} holes that nobody signed, {gaps} signed gaps\n")
        }
    };
    for hole in verdict.holes.iter().take(20) {
        text += &format!(
            "           source {}: numbers {} to {} are missing before entry {}\n",
            hole.source, hole.first, hole.last, hole.before
        );
    }
    if verdict.erased + verdict.dropped > 0 {
        text += &format!(
            "withheld   parts of {} entries erased and {} payloads dropped, all recorded\n",
            verdict.erased, verdict.dropped
        );
    }
    match verdict.anchors.as_slice() {
        [] => {
            text += "anchored   by nobody: self-signed, unwitnessed. Who holds the key could have \
                     written all of it anew; name a checkpoint that you kept (--checkpoint), the \
                     log's key (--key) or a witness (--witness)\n";
        }
        anchors => {
            for one in anchors {
                text += &format!("anchored   by {}\n", anchor(one));
            }
        }
    }
    text
}

fn told(verdict: &Verdict) -> Value {
    json!({
        "schema": "proctor.verify/1",
        "origin": verdict.checkpoint.origin,
        "entries": verdict.checkpoint.size,
        "sources": verdict.sources,
        "unchanged": verdict.is_unchanged(),
        "complete": verdict.is_complete(),
        "anchored": verdict.is_anchored(),
        "faults": verdict.faults.iter().map(|f| json!({
            "file": f.file, "at": f.at, "trouble": f.trouble.to_string(),
        })).collect::<Vec<_>>(),
        "holes": verdict.holes.iter().map(|h| json!({
            "source": h.source, "first": h.first, "last": h.last, "before": h.before,
        })).collect::<Vec<_>>(),
        "gaps": verdict.gaps.len(),
        "erased": verdict.erased,
        "dropped": verdict.dropped,
        "anchors": verdict.anchors.iter().map(anchor).collect::<Vec<_>>(),
    })
}
