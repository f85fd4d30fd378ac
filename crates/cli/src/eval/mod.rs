//! `proctor eval`: labelled recordings in, detection figures out.

mod commands;
mod print;
mod runs;

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use anyhow::{Context, bail};
use proctor_monitors::eval::{AtRate, Run, Thresholds, at_threshold, evaluate};
use serde_json::json;

use crate::args::EvalArgs;
use crate::{Exit, rules};

/// What a data set is about, and its runs with their scores.
pub(crate) struct Scored {
    /// The behaviour, or the name of the score.
    pub(crate) about: String,
    /// The rates of false positives at which recall is reported.
    pub(crate) rates: &'static [f64],
    /// Every labelled run.
    pub(crate) runs: Vec<Run>,
    /// Things to say beside the figures.
    pub(crate) notes: Vec<String>,
}

/// Runs the command.
pub(crate) fn run(args: &EvalArgs) -> anyhow::Result<Exit> {
    let rules = rules::load(&args.rules)?;
    let mut scored = match &args.labels {
        Some(labels) => runs::with_labels(args, labels, &rules)?,
        None if commands::is_dataset(&args.datasets)? => commands::score(&args.datasets, &rules)?,
        None => runs::labelled(args, &rules)?,
    };
    only(&mut scored.runs, &args.only)?;
    if scored.runs.is_empty() {
        bail!("no labelled runs are left to measure");
    }
    let figures = evaluate(&scored.runs, scored.rates);
    let applied = args
        .thresholds
        .as_ref()
        .map(|file| apply(file, &scored))
        .transpose()?;
    if let Some(file) = &args.save_thresholds {
        let mut saved = Thresholds {
            dataset: names(&args.datasets),
            ..Thresholds::default()
        };
        saved.add(&scored.about, &figures.at_rates);
        saved.save(file)?;
    }
    if let Some(file) = &args.scores {
        write_scores(file, &scored.runs)?;
    }
    let mut out = std::io::stdout().lock();
    if args.json {
        let value = json!({
            "schema": "proctor.eval/1", "dataset": names(&args.datasets), "about": scored.about,
            "figures": figures, "applied": applied, "notes": scored.notes,
        });
        writeln!(out, "{value}")?;
    } else {
        let text = print::text(
            &names(&args.datasets),
            &scored,
            &figures,
            applied.as_deref(),
        );
        write!(out, "{text}")?;
    }
    Ok(Exit::Fine)
}

/// Keeps the runs of the groups asked for.
fn only(runs: &mut Vec<Run>, only: &[String]) -> anyhow::Result<()> {
    for wanted in only {
        let Some((group, value)) = wanted.split_once('=') else {
            bail!("`--only {wanted}`: write GROUP=VALUE, such as suite=banking");
        };
        let known: BTreeMap<&str, ()> = runs
            .iter()
            .flat_map(|r| r.groups.keys())
            .map(|g| (g.as_str(), ()))
            .collect();
        if !known.contains_key(group) {
            let known: Vec<_> = known.into_keys().collect();
            bail!(
                "`--only {wanted}`: no such group; there are: {}",
                known.join(", ")
            );
        }
        // Clean runs have no attack, and are what every attack is measured against.
        runs.retain(|r| match r.groups.get(group) {
            Some(has) => has == value,
            None => r.class.negative(),
        });
    }
    Ok(())
}

/// Measures at thresholds that were saved from another data set.
fn apply(file: &std::path::Path, scored: &Scored) -> anyhow::Result<Vec<AtRate>> {
    let saved = Thresholds::load(file)?;
    let Some(thresholds) = saved.threshold.get(&scored.about) else {
        bail!(
            "`{}` holds no threshold for `{}`",
            file.display(),
            scored.about
        );
    };
    let at = |t: &proctor_monitors::eval::SavedThreshold| {
        at_threshold(&scored.runs, t.at, t.rate, "the saved set's")
    };
    Ok(thresholds.iter().map(at).collect())
}

fn write_scores(file: &std::path::Path, runs: &[Run]) -> anyhow::Result<()> {
    let what = || format!("cannot write `{}`", file.display());
    let mut out = BufWriter::new(std::fs::File::create(file).with_context(what)?);
    for run in runs {
        writeln!(out, "{}", serde_json::to_string(run)?).with_context(what)?;
    }
    out.flush().with_context(what)
}

fn names(datasets: &[PathBuf]) -> String {
    let names: Vec<_> = datasets
        .iter()
        .map(|d| d.file_name().unwrap_or(d.as_os_str()).to_string_lossy())
        .collect();
    names.join(" + ")
}
