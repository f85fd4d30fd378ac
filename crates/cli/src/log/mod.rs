//! `proctor log`: the record as people use it.

mod bundle;
mod deployment;
mod verify;

use std::io::{IsTerminal, Read, Write};
use std::path::Path;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use crate::Exit;
use crate::args::{LogArgs, LogCommand};
use crate::recorder::{Control, Place, control, control_running};

pub(crate) use bundle::bundle;
pub(crate) use deployment::deployment;
pub(crate) use verify::verify;

/// The most entries that are told at once.
const PAGE: u64 = 1_000;

/// `proctor log`.
pub(crate) fn run(args: &LogArgs) -> anyhow::Result<Exit> {
    let place = Place::of(args.state.as_deref())?;
    let json = args.json;
    match &args.command {
        LogCommand::Status => status(&ask(&place, &Control::Status)?, json),
        LogCommand::Tail { lines } => {
            let request = Control::Entries {
                from: None,
                most: *lines,
            };
            entries(&ask(&place, &request)?, json)
        }
        LogCommand::Show { entry } => {
            let request = Control::Entry { sequence: *entry };
            show(&ask(&place, &request)?, json)
        }
        LogCommand::Search { words, most } => {
            let request = Control::Search {
                query: words.join(" "),
                most: *most,
            };
            let hits = ask(&place, &request)?;
            search(&hits, json)
        }
        LogCommand::Sessions { session } => {
            let request = Control::Sessions {
                session: session.clone(),
            };
            sessions(&ask(&place, &request)?, json)
        }
        LogCommand::Prove { entry, out } => prove(&place, *entry, out.as_deref()),
        LogCommand::Export { out } => export(&place, out.as_deref()),
        LogCommand::Erase {
            text_file,
            source,
            bytes,
            reason,
        } => {
            let request = Control::Erase {
                text: text_file.as_deref().map(secret).transpose()?,
                source: *source,
                bytes: bytes.as_deref().map(range).transpose()?,
                reason: reason.clone(),
            };
            erased(&ask(&place, &request)?, json)
        }
        LogCommand::Gc { before, reason } => {
            let before = first_since(&place, before)?;
            let request = Control::Drop {
                before,
                reason: reason.clone(),
            };
            let done = ask(&place, &request)?;
            say(&done, json, |done| match at(done, "/sequence").as_u64() {
                Some(at) => {
                    format!("payloads before entry {before} are dropped; entry {at} says so")
                }
                None => "nothing that old is left to drop".to_owned(),
            })
        }
        LogCommand::Reindex => status(&ask(&place, &Control::Reindex)?, json),
        LogCommand::Rescan { rules } => {
            let rules = rules.iter().map(std::path::absolute);
            let request = Control::Rescan {
                rules: rules.collect::<Result<_, _>>()?,
            };
            let done = ask(&place, &request)?;
            say(&done, json, |done| {
                format!("{} findings that were not there before", at(done, "/found"))
            })
        }
        LogCommand::Stop => match control_running(&place, &Control::Stop)? {
            Some(_) => say(&json!({ "stopped": true }), json, |_| {
                "the recorder ends when everything is written".to_owned()
            }),
            None => bail!("no recorder runs for `{}`", place.state().display()),
        },
    }
}

fn ask(place: &Place, request: &Control) -> anyhow::Result<Value> {
    if !place.log().is_dir() {
        bail!(
            "nothing is recorded in `{}` yet; `proctor scan --record` or `proctor watch` begins",
            place.state().display()
        );
    }
    control(place, request)
}

fn say(value: &Value, json: bool, words: impl FnOnce(&Value) -> String) -> anyhow::Result<Exit> {
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{value}")?;
    } else {
        writeln!(out, "{}", clean(&words(value)))?;
    }
    Ok(Exit::Fine)
}

/// A value inside of another, by its JSON pointer; null where there is none.
fn at<'v>(value: &'v Value, pointer: &str) -> &'v Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

/// Text from recordings, fit for a terminal: control characters are made visible.
fn clean(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let hidden = c.is_control() && c != '\n' && c != '\t';
            let shown = if hidden {
                c.escape_default().to_string()
            } else {
                c.to_string()
            };
            shown.chars().collect::<Vec<_>>()
        })
        .collect()
}

fn status(status: &Value, json: bool) -> anyhow::Result<Exit> {
    say(status, json, |s| {
        let mut lag = String::new();
        if let (Some(entries), Some(indexed)) =
            (at(s, "/entries").as_u64(), at(s, "/indexed").as_u64())
            && entries > indexed
        {
            lag += &format!(", {} of them not indexed yet", entries - indexed);
        }
        if let Some(stale) = at(s, "/stale_sources").as_u64().filter(|n| *n > 0) {
            lag += &format!(", {stale} sources not judged yet");
        }
        let mut text = format!(
            "log       {}\nkey       {}\nentries   {}{lag}\nroot      {}\nsources   {} ({} bytes)\n\
             sessions  {}\nfindings  {}\ngaps      {}\nwitness   {}\n",
            word(at(s, "/origin")),
            word(at(s, "/key")),
            at(s, "/entries"),
            word(at(s, "/root")),
            at(s, "/sources"),
            at(s, "/bytes"),
            at(s, "/sessions"),
            at(s, "/findings"),
            at(s, "/gaps"),
            match at(s, "/cosigned").is_string() {
                true => "cosigned",
                false => "none: self-signed, unwitnessed; who holds the key can rewrite all of it",
            },
        );
        for (name, key) in [("trouble", "trouble"), ("blind", "blind")] {
            if let Some(words) = at(s, &format!("/{key}")).as_str() {
                text += &format!("{name:<10}{words}\n");
            }
        }
        text.trim_end().to_owned()
    })
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or("–")
}

fn entries(entries: &Value, json: bool) -> anyhow::Result<Exit> {
    let mut out = std::io::stdout().lock();
    for entry in entries.as_array().into_iter().flatten() {
        if json {
            writeln!(out, "{entry}")?;
        } else {
            writeln!(
                out,
                "{:>8}  {:<27}  {:<4}  {:<11}  source {:<5} #{:<7} {}",
                at(entry, "/sequence"),
                word(at(entry, "/time")),
                word(at(entry, "/vantage")),
                word(at(entry, "/kind")),
                at(entry, "/source"),
                at(entry, "/number"),
                word(at(entry, "/payload")).get(..16).unwrap_or_default(),
            )?;
        }
    }
    Ok(Exit::Fine)
}

fn show(entry: &Value, json: bool) -> anyhow::Result<Exit> {
    let entry = masked(entry.clone());
    say(&entry, json, |e| {
        format!(
            "entry {}: {} of source {}, number {}, recorded {}\n{} bytes in {} spans, {} erased\n\n{}",
            at(e, "/entry/sequence"),
            word(at(e, "/entry/kind")),
            at(e, "/entry/source"),
            at(e, "/entry/number"),
            word(at(e, "/entry/time")),
            at(e, "/bytes"),
            at(e, "/spans"),
            at(e, "/erased").as_array().map_or(0, Vec::len),
            word(at(e, "/text")).trim_end()
        )
    })
}

fn search(hits: &Value, json: bool) -> anyhow::Result<Exit> {
    let hits: Vec<&Value> = hits.as_array().into_iter().flatten().collect();
    let mut out = std::io::stdout().lock();
    for hit in &hits {
        if json {
            writeln!(out, "{hit}")?;
        } else {
            let words = clean(word(at(hit, "/words"))).replace('\n', " ");
            writeln!(
                out,
                "{} step {} ({}): {words}",
                clean(word(at(hit, "/session"))),
                at(hit, "/step"),
                clean(word(at(hit, "/kind")))
            )?;
        }
    }
    if hits.is_empty() && !json {
        writeln!(out, "nothing that is recorded has these words")?;
    }
    Ok(Exit::Fine)
}

fn sessions(sessions: &Value, json: bool) -> anyhow::Result<Exit> {
    let mut out = std::io::stdout().lock();
    for session in sessions.as_array().into_iter().flatten() {
        if json {
            writeln!(out, "{session}")?;
            continue;
        }
        let findings = at(session, "/findings").as_array().map_or(0, Vec::len);
        writeln!(
            out,
            "{:<20}  {:<24}  {findings:>3} findings  {}",
            word(at(session, "/start")).get(..16).unwrap_or("–"),
            match at(session, "/deployment").as_str() {
                Some(deployment) => clean(deployment),
                None => "unregistered".to_owned(),
            },
            clean(word(at(session, "/session"))),
        )?;
    }
    Ok(Exit::Fine)
}

/// An entry whose text shows no credential.
fn masked(mut entry: Value) -> Value {
    if let Some(text) = entry.pointer_mut("/text") {
        *text = proctor_reconcile::secrets::mask(word(text)).into();
    }
    entry
}

fn prove(place: &Place, entry: u64, out: Option<&Path>) -> anyhow::Result<Exit> {
    let proof = ask(place, &Control::Prove { sequence: entry })?;
    let text = serde_json::to_string_pretty(&proof)? + "\n";
    write(out, text.as_bytes())
}

/// Every entry with what is left of its payload, a JSON line each.
fn export(place: &Place, out: Option<&Path>) -> anyhow::Result<Exit> {
    let mut to: Box<dyn Write> = match out {
        Some(path) => Box::new(std::io::BufWriter::new(
            std::fs::File::create_new(path)
                .with_context(|| format!("cannot write `{}`", path.display()))?,
        )),
        None => Box::new(std::io::stdout().lock()),
    };
    let mut from = 0;
    loop {
        let request = Control::Entries {
            from: Some(from),
            most: PAGE,
        };
        let page = ask(place, &request)?;
        let page: Vec<&Value> = page.as_array().into_iter().flatten().collect();
        if page.is_empty() {
            break;
        }
        for entry in &page {
            let sequence = at(entry, "/sequence").as_u64().unwrap_or_default();
            let whole = masked(ask(place, &Control::Entry { sequence })?);
            writeln!(to, "{whole}")?;
        }
        from += page.len() as u64;
    }
    to.flush()?;
    Ok(Exit::Fine)
}

fn write(out: Option<&Path>, bytes: &[u8]) -> anyhow::Result<Exit> {
    match out {
        Some(path) => std::fs::write(path, bytes)
            .with_context(|| format!("cannot write `{}`", path.display()))?,
        None => std::io::stdout().lock().write_all(bytes)?,
    }
    Ok(Exit::Fine)
}

fn erased(done: &Value, json: bool) -> anyhow::Result<Exit> {
    say(done, json, |done| {
        format!(
            "{} entries of {} sources lost these bytes, {} findings their words; entry {} says so.\n\
             Copies are not reached: backups, snapshots and the file that it was recorded from.",
            at(done, "/entries"),
            at(done, "/sources").as_array().map_or(0, Vec::len),
            at(done, "/findings"),
            at(done, "/sequence"),
        )
    })
}

/// A text that is to go, from a file or from standard input: never from the command line, which
/// others can read.
fn secret(file: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    if file == Path::new("-") {
        if std::io::stdin().is_terminal() {
            eprintln!("the text to erase, then Ctrl-D:");
        }
        std::io::stdin().read_to_string(&mut text)?;
    } else {
        text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read `{}`", file.display()))?;
    }
    let text = text.trim_end_matches(['\n', '\r']).to_owned();
    if text.len() < 4 {
        bail!("less than four bytes stand everywhere; they are not erased");
    }
    Ok(text)
}

fn range(text: &str) -> anyhow::Result<(u64, u64)> {
    let bounds = text.split_once("..");
    let bounds = bounds.and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    match bounds {
        Some((from, to)) if from < to => Ok((from, to)),
        _ => bail!("`{text}` is no range of bytes, such as 120..168"),
    }
}

/// The first entry that was recorded at this time or later.
fn first_since(place: &Place, when: &str) -> anyhow::Result<u64> {
    let now = jiff::Timestamp::now();
    let since = crate::scan::moment(when, now).with_context(|| "--before".to_owned())?;
    let mut from = 0;
    loop {
        let request = Control::Entries {
            from: Some(from),
            most: PAGE,
        };
        let page = ask(place, &request)?;
        let page: Vec<&Value> = page.as_array().into_iter().flatten().collect();
        for entry in &page {
            let time: Option<jiff::Timestamp> = word(at(entry, "/time")).parse().ok();
            if time.is_some_and(|time| time >= since) {
                return Ok(at(entry, "/sequence").as_u64().unwrap_or_default());
            }
        }
        if page.is_empty() {
            return Ok(from);
        }
        from += page.len() as u64;
    }
}
