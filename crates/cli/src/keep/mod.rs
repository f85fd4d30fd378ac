//! `proctor keep`: recordings outlive their harness's retention.
//!
//! The archive holds compressed copies and an index of one JSON line a copy. A recording that only
//! grew replaces its earlier copy. One that was rewritten or became shorter does not: both copies
//! stay, and the command says so, because a transcript that changes its past is worth a look.

mod archive;
mod timer;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::json;

use crate::Exit;
use crate::args::KeepArgs;
use crate::progress::Progress;
use archive::{Archive, Kept};

/// Runs the command.
pub(crate) fn run(args: &KeepArgs) -> anyhow::Result<Exit> {
    let dir = match &args.to {
        Some(dir) => dir.clone(),
        None => default_dir()?,
    };
    if let Some(often) = args.every {
        println!("{}", timer::install(often, &args.paths, &dir)?);
        return Ok(Exit::Fine);
    }
    if (args.list || args.restore.is_some()) && !dir.is_dir() {
        bail!("there is no archive at `{}`", dir.display());
    }
    let mut archive = Archive::open(&dir)?;
    if args.list {
        return list(&archive, args.json);
    }
    match &args.restore {
        Some(into) => restore(&archive, into, args.json),
        None => keep(args, &mut archive),
    }
}

/// `$XDG_STATE_HOME/proctor/archive`, or `~/.local/state/proctor/archive`.
pub(crate) fn default_dir() -> anyhow::Result<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME")
        .map(PathBuf::from)
        .filter(|p| p.is_absolute());
    let state = match state {
        Some(state) => state,
        None => std::env::home_dir()
            .context("this user has no home directory; name the archive: `--to DIR`")?
            .join(".local/state"),
    };
    Ok(state.join("proctor/archive"))
}

/// The newest copies of recordings that the default archive holds and that are gone from where they
/// were.
pub(crate) fn survivors() -> anyhow::Result<Vec<PathBuf>> {
    archive::survivors(&default_dir()?)
}

fn keep(args: &KeepArgs, archive: &mut Archive) -> anyhow::Result<Exit> {
    let roots = match args.paths.is_empty() {
        false => args.paths.clone(),
        true => {
            let home = std::env::home_dir()
                .context("this user has no home directory; name the recordings")?;
            proctor_sources::home_recordings(&home)
        }
    };
    let found = proctor_sources::discover(&roots);
    let progress = Progress::new("keeping", found.recordings.iter().map(|r| r.bytes).sum());
    let (mut new, mut grown, mut same, mut changed) = (0u64, 0u64, 0u64, Vec::new());
    let mut failed = Vec::new();
    for recording in &found.recordings {
        match archive.keep(recording) {
            Ok(Kept::New) => new += 1,
            Ok(Kept::Grown) => grown += 1,
            Ok(Kept::Same) => same += 1,
            Ok(Kept::Changed) => changed.push(recording.path.clone()),
            Err(error) => failed.push(format!("{error:#}")),
        }
        progress.add(recording.bytes);
    }
    progress.finish();
    let (kept, bytes) = archive.size();
    let mut out = std::io::stdout().lock();
    if args.json {
        let value = json!({
            "schema": "proctor.keep/1", "archive": archive.dir(), "new": new, "grown": grown,
            "same": same, "changed": changed, "failed": failed, "copies": kept, "bytes": bytes,
        });
        writeln!(out, "{value}")?;
    } else {
        writeln!(
            out,
            "{} recordings: {new} new, {grown} grown, {same} as before, {} changed in their past",
            found.recordings.len(),
            changed.len(),
        )?;
        writeln!(
            out,
            "archive: {} ({kept} copies, {bytes} bytes)",
            archive.dir().display()
        )?;
        for path in &changed {
            writeln!(
                out,
                "changed: {}: what was kept before is no longer its beginning; both are kept",
                path.display()
            )?;
        }
    }
    for (path, gap) in &found.gaps {
        eprintln!("proctor: `{}`: {}", path.display(), gap.detail);
    }
    for error in &failed {
        eprintln!("proctor: {error}");
    }
    Ok(if failed.is_empty() {
        Exit::Fine
    } else {
        Exit::Failed
    })
}

fn restore(archive: &Archive, into: &Path, json: bool) -> anyhow::Result<Exit> {
    let restored = archive.restore(into);
    let mut out = std::io::stdout().lock();
    if json {
        let value = json!({
            "schema": "proctor.restore/1", "into": into, "restored": restored.written,
            "there_already": restored.there, "failed": restored.failed,
        });
        writeln!(out, "{value}")?;
    } else {
        writeln!(
            out,
            "{} recordings restored below {}, by the paths they had; {} were there already and are \
             untouched",
            restored.written,
            into.display(),
            restored.there
        )?;
    }
    for failure in &restored.failed {
        eprintln!("proctor: {failure}");
    }
    Ok(if restored.failed.is_empty() {
        Exit::Fine
    } else {
        Exit::Failed
    })
}

fn list(archive: &Archive, json: bool) -> anyhow::Result<Exit> {
    let mut out = std::io::stdout().lock();
    for entry in archive.entries() {
        if json {
            writeln!(out, "{}", serde_json::to_string(entry)?)?;
        } else {
            writeln!(
                out,
                "{}  {:>12}  {}",
                entry.kept_at,
                entry.bytes,
                entry.path.display()
            )?;
        }
    }
    Ok(Exit::Fine)
}
