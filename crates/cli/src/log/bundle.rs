//! `proctor bundle create`: evidence that a stranger verifies offline.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, bail};
use serde_json::json;

use super::{at, say, secret};
use crate::Exit;
use crate::args::BundleArgs;
use crate::recorder::{Bundle, Control, Place, control_body};

/// Runs the command.
pub(crate) fn bundle(args: &BundleArgs) -> anyhow::Result<Exit> {
    let place = Place::of(args.state.as_deref())?;
    if !place.log().is_dir() {
        bail!("nothing is recorded in `{}` yet", place.state().display());
    }
    if args.out.exists() {
        bail!("`{}` exists; it is not overwritten", args.out.display());
    }
    let texts = args.withhold_text.iter().map(|file| secret(file));
    let notes = args.earlier.iter().map(|file: &PathBuf| {
        std::fs::read_to_string(file).with_context(|| format!("cannot read `{}`", file.display()))
    });
    let request = Bundle {
        title: args.title.clone(),
        sessions: args.session.clone(),
        window: args.window.as_deref().map(window).transpose()?,
        findings: args.finding.clone(),
        disclose: args.disclose.clone(),
        withhold: args.withhold.clone(),
        withhold_texts: texts.collect::<Result<_, _>>()?,
        reason: args.reason.clone(),
        earlier: notes.collect::<Result<_, _>>()?,
    };
    let (told, body) = control_body(&place, &Control::Bundle(Box::new(request)))?;
    std::fs::File::create_new(&args.out)
        .and_then(|mut file| file.write_all(&body))
        .with_context(|| format!("cannot write `{}`", args.out.display()))?;
    let told = json!({
        "schema": "proctor.bundle-created/1", "file": args.out, "bytes": body.len(),
        "sessions": at(&told, "/sessions"), "sources": at(&told, "/sources"),
        "entries": at(&told, "/entries"), "withheld": at(&told, "/withheld"),
    });
    say(&told, args.json, |t| {
        format!(
            "{}: {} entries of {} sessions, {} of them withheld in part or whole, {} bytes\n\
             check it with `proctor-verify {}`",
            args.out.display(),
            at(t, "/entries"),
            at(t, "/sessions").as_array().map_or(0, Vec::len),
            at(t, "/withheld"),
            at(t, "/bytes"),
            args.out.display(),
        )
    })
}

fn window(text: &str) -> anyhow::Result<(jiff::Timestamp, jiff::Timestamp)> {
    let now = jiff::Timestamp::now();
    let (from, to) = text
        .split_once("..")
        .with_context(|| format!("`{text}` is no window, such as 2026-11-01..2026-11-08"))?;
    let to = match to {
        "" => now,
        to => crate::scan::moment(to, now)?,
    };
    let from = crate::scan::moment(from, now)?;
    if from >= to {
        bail!("the window `{text}` ends before it begins");
    }
    Ok((from, to))
}
