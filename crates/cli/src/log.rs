//! `proctor log`, `proctor verify`, `proctor deployment`: the record as people use it.

use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use proctor_ledger::{Anchor, Anchors, Depth, Disk, Note, PublicKey, Verdict};
use serde_json::{Value, json};

use crate::Exit;
use crate::args::{DeploymentCommand, LogArgs, LogCommand, VerifyArgs};
use crate::recorder::{Control, Place, control, control_running};

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
            say(&done, json, |done| match done["sequence"].as_u64() {
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
                format!("{} findings that were not there before", done["found"])
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
        let lag = match (s["entries"].as_u64(), s["indexed"].as_u64()) {
            (Some(entries), Some(indexed)) if entries > indexed => {
                format!(", the index is {} entries behind", entries - indexed)
            }
            _ => String::new(),
        };
        let mut text = format!(
            "log       {}\nkey       {}\nentries   {}{lag}\nroot      {}\nsources   {} ({} bytes)\n\
             sessions  {}\nfindings  {}\ngaps      {}\nwitness   {}\n",
            word(&s["origin"]),
            word(&s["key"]),
            s["entries"],
            word(&s["root"]),
            s["sources"],
            s["bytes"],
            s["sessions"],
            s["findings"],
            s["gaps"],
            match s["cosigned"].is_string() {
                true => "cosigned",
                false => "none: self-signed, unwitnessed; who holds the key can rewrite all of it",
            },
        );
        for (name, key) in [("trouble", "trouble"), ("blind", "blind")] {
            if let Some(words) = s[key].as_str() {
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
                entry["sequence"],
                word(&entry["time"]),
                word(&entry["vantage"]),
                word(&entry["kind"]),
                entry["source"],
                entry["number"],
                word(&entry["payload"]).get(..16).unwrap_or_default(),
            )?;
        }
    }
    Ok(Exit::Fine)
}

fn show(entry: &Value, json: bool) -> anyhow::Result<Exit> {
    let masked = proctor_reconcile::secrets::mask(word(&entry["text"])).into_owned();
    let mut entry = entry.clone();
    entry["text"] = masked.into();
    say(&entry, json, |e| {
        format!(
            "entry {}: {} of source {}, number {}, recorded {}\n{} bytes in {} spans, {} erased\n\n{}",
            e["entry"]["sequence"],
            word(&e["entry"]["kind"]),
            e["entry"]["source"],
            e["entry"]["number"],
            word(&e["entry"]["time"]),
            e["bytes"],
            e["spans"],
            e["erased"].as_array().map_or(0, Vec::len),
            word(&e["text"]).trim_end()
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
            let words = clean(word(&hit["words"])).replace('\n', " ");
            writeln!(
                out,
                "{} step {} ({}): {words}",
                clean(word(&hit["session"])),
                hit["step"],
                clean(word(&hit["kind"]))
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
        let findings = session["findings"].as_array().map_or(0, Vec::len);
        writeln!(
            out,
            "{:<20}  {:<24}  {findings:>3} findings  {}",
            word(&session["start"]).get(..16).unwrap_or("–"),
            match session["deployment"].as_str() {
                Some(deployment) => clean(deployment),
                None => "unregistered".to_owned(),
            },
            clean(word(&session["session"])),
        )?;
    }
    Ok(Exit::Fine)
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
            let sequence = entry["sequence"].as_u64().unwrap_or_default();
            let whole = ask(place, &Control::Entry { sequence })?;
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
            done["entries"],
            done["sources"].as_array().map_or(0, Vec::len),
            done["findings"],
            done["sequence"],
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
            let time: Option<jiff::Timestamp> = word(&entry["time"]).parse().ok();
            if time.is_some_and(|time| time >= since) {
                return Ok(entry["sequence"].as_u64().unwrap_or_default());
            }
        }
        if page.is_empty() {
            return Ok(from);
        }
        from += page.len() as u64;
    }
}

/// `proctor verify`: needs no recorder and no key.
pub(crate) fn verify(args: &VerifyArgs) -> anyhow::Result<Exit> {
    let dir = match &args.log {
        Some(dir) => dir.clone(),
        None => Place::of(args.state.as_deref())?.log(),
    };
    if !dir.is_dir() {
        bail!("there is no log at `{}`", dir.display());
    }
    let notes: Vec<Note> =
        (args.checkpoint.iter().map(|path| note(path))).collect::<Result<_, _>>()?;
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

fn note(path: &PathBuf) -> anyhow::Result<Note> {
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

/// `proctor deployment`.
pub(crate) fn deployment(
    command: &DeploymentCommand,
    state: Option<&Path>,
    json: bool,
) -> anyhow::Result<Exit> {
    let place = Place::of(state)?;
    match command {
        DeploymentCommand::Add { manifest } => {
            let text = std::fs::read_to_string(manifest)
                .with_context(|| format!("cannot read `{}`", manifest.display()))?;
            // Said here, where the file has a name.
            if let Err(error) = proctor_model::Manifest::parse(&text) {
                bail!("{}:{error}", manifest.display());
            }
            let done = control(&place, &Control::Propose { manifest: text })?;
            say(&done, json, |d| {
                let id = word(&d["deployment"]);
                let revision = &d["revision"];
                format!(
                    "revision {revision} of `{id}` is put forward; it covers nothing before \
                     `proctor deployment approve {id} --revision {revision}`"
                )
            })
        }
        DeploymentCommand::List => {
            let all = control(&place, &Control::Deployments { id: None })?;
            list(&all, json)
        }
        DeploymentCommand::Show { id } => {
            let one = one(&place, id)?;
            say(&one, json, |d| {
                let mut text = format!("{}: {}\n", word(&d["id"]), standing(d));
                for entry in d["history"].as_array().into_iter().flatten() {
                    text += &format!(
                        "{}  {} by {}{}\n",
                        word(&entry["at"]),
                        word(&entry["change"]),
                        word(&entry["by"]),
                        match entry["revision"].as_u64() {
                            Some(revision) => format!(", revision {revision}"),
                            None => String::new(),
                        }
                    );
                }
                let newest = d["history"].as_array().into_iter().flatten().rev();
                let newest = newest.filter_map(|e| e["text"].as_str()).next();
                text + "\n" + newest.unwrap_or_default().trim_end()
            })
        }
        DeploymentCommand::Diff { id } => {
            let one = one(&place, id)?;
            if !(one["approved"].is_object() && one["proposed"].is_object()) {
                bail!("`{id}` has no approved manifest with another one put forward");
            }
            let mut out = std::io::stdout().lock();
            for change in one["changes"].as_array().into_iter().flatten() {
                if json {
                    writeln!(out, "{change}")?;
                    continue;
                }
                let line = format!(
                    "{}\n  - {}\n  + {}",
                    word(&change["field"]),
                    change["before"],
                    change["after"]
                );
                writeln!(out, "{}", clean(&line))?;
            }
            Ok(Exit::Fine)
        }
        DeploymentCommand::Approve { id, revision } => {
            let request = Control::Approve {
                id: id.clone(),
                revision: *revision,
            };
            say(&control(&place, &request)?, json, |d| {
                format!(
                    "revision {} of `{}` holds from now on",
                    d["revision"],
                    word(&d["deployment"])
                )
            })
        }
        DeploymentCommand::Retire { id, reason } => {
            let request = Control::Retire {
                id: id.clone(),
                reason: reason.clone(),
            };
            say(&control(&place, &request)?, json, |d| {
                format!("`{}` covers nothing any more", word(&d["deployment"]))
            })
        }
    }
}

fn one(place: &Place, id: &str) -> anyhow::Result<Value> {
    let request = Control::Deployments {
        id: Some(id.to_owned()),
    };
    let found = control(place, &request)?;
    let first = found.as_array().and_then(|all| all.first()).cloned();
    first.with_context(|| format!("no deployment `{id}`; `proctor deployment list` names them"))
}

fn standing(deployment: &Value) -> &'static str {
    match (
        deployment["retired"].as_bool(),
        deployment["covers_today"].as_bool(),
        deployment["approved"].is_object(),
    ) {
        (Some(true), _, _) => "retired",
        (_, Some(true), _) => "in force",
        (_, _, true) => "expired",
        _ => "not approved",
    }
}

fn list(all: &Value, json: bool) -> anyhow::Result<Exit> {
    let mut out = std::io::stdout().lock();
    for deployment in all.as_array().into_iter().flatten() {
        if json {
            writeln!(out, "{deployment}")?;
            continue;
        }
        let held = ["approved", "proposed"].map(|which| &deployment[which]["manifest"]);
        let manifest = held.iter().find(|m| m.is_object());
        let field = |name: &str| manifest.map_or("–", |m| word(&m[name]));
        writeln!(
            out,
            "{:<24} {:<13} until {:<12} {}",
            clean(word(&deployment["id"])),
            standing(deployment),
            field("expires"),
            clean(field("owner")),
        )?;
    }
    Ok(Exit::Fine)
}
