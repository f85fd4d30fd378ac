//! Labelled runs of agents as a data set: every run is read, watched and scored like a session.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use proctor_model::{Finding, Harness, SessionId};
use proctor_monitors::eval::{Class, RATES, Run};
use proctor_monitors::{Engine, Rules, unsafe_score};
use proctor_sources::Recording;
use proctor_sources::dataset::{self, LabelledRun};

use super::Scored;
use crate::args::EvalArgs;
use crate::progress::Progress;
use crate::scan;
use crate::scan::work::Work;

/// What an injected instruction makes an agent do; the subject of sets in the AgentDojo shape.
const HIJACK: &str = "goal-hijack";

/// All behaviours together; the subject of sets that only say safe or unsafe.
const UNSAFE: &str = "unsafe";

/// Runs that carry their own labels.
pub(super) fn labelled(args: &EvalArgs, rules: &Arc<Rules>) -> anyhow::Result<Scored> {
    let found = proctor_sources::discover(&args.datasets);
    let (mut labels, mut unread) = (BTreeMap::new(), Vec::new());
    for recording in &found.recordings {
        for run in dataset::labelled(&recording.path)? {
            match run {
                Ok(run) => drop(labels.insert(run.id.clone(), run)),
                Err(error) => unread.push(error.to_string()),
            }
        }
    }
    if labels.is_empty() {
        bail!(
            "no labelled runs found; a data set has a `label` in every row (the AgentDojo shape, \
             R-Judge), or give `--labels FILE.csv`{}",
            unread
                .first()
                .map(|e| format!("\nfirst row: {e}"))
                .unwrap_or_default()
        );
    }
    let judged = found
        .recordings
        .iter()
        .all(|r| r.harness == Harness::RJudge);
    let about = match &args.behaviour {
        Some(id) => scan::behaviour(id)?.as_str().to_owned(),
        None if judged => UNSAFE.to_owned(),
        None => HIJACK.to_owned(),
    };
    let runs = scored(&found.recordings, rules, &about, |session| {
        Some(Label::of(labels.get(session)?))
    });
    let unlabelled = labels
        .values()
        .filter(|l| class(&l.label).is_none())
        .count();
    let mut notes = unread;
    if unlabelled > 0 {
        notes.push(format!(
            "{unlabelled} runs have a label that is not known and are left out"
        ));
    }
    if runs.len() + unlabelled < labels.len() {
        notes.push(format!(
            "{} labelled runs could not be read",
            labels.len() - runs.len() - unlabelled
        ));
    }
    Ok(Scored {
        about,
        rates: &RATES,
        runs,
        notes,
    })
}

/// Recordings whose labels stand in a CSV file.
pub(super) fn with_labels(
    args: &EvalArgs,
    file: &Path,
    rules: &Arc<Rules>,
) -> anyhow::Result<Scored> {
    let about = match &args.behaviour {
        Some(id) => scan::behaviour(id)?.as_str().to_owned(),
        None => UNSAFE.to_owned(),
    };
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("cannot read `{}`", file.display()))?;
    let labels = csv(&text).with_context(|| format!("`{}`", file.display()))?;
    let found = proctor_sources::discover(&args.datasets);
    let runs = scored(&found.recordings, rules, &about, |session| {
        // A bare id is enough where the harness is plain.
        let id = session.as_str();
        let bare = id.split_once(':').map_or(id, |(_, bare)| bare);
        let label = labels.get(id).or_else(|| labels.get(bare))?;
        Some(Label {
            label: label.clone(),
            task: id.to_owned(),
            injection: String::new(),
            groups: BTreeMap::new(),
        })
    });
    let mut notes = Vec::new();
    if runs.len() < labels.len() {
        notes.push(format!(
            "{} labels meet no recording",
            labels.len() - runs.len()
        ));
    }
    Ok(Scored {
        about,
        rates: &RATES,
        runs,
        notes,
    })
}

/// Reads, watches and scores the sessions that have a label.
fn scored(
    recordings: &[Recording],
    rules: &Arc<Rules>,
    about: &str,
    label: impl Fn(&SessionId) -> Option<Label>,
) -> Vec<Run> {
    let progress = Progress::new("measuring", recordings.iter().map(|r| r.bytes).sum());
    let work = Work {
        make: |_: &SessionId| Engine::new(rules),
        done: Engine::into_findings,
        progress: &|bytes| progress.add(bytes),
        threads: scan::cores(),
        disbelieved: None,
    };
    let done = work.read(recordings.to_vec());
    progress.finish();
    let run = |session: &SessionId, findings: Vec<Finding>| {
        let label = label(session)?;
        let (score, because) = score(&findings, about);
        Some(Run {
            id: session.as_str().to_owned(),
            class: class(&label.label)?,
            label: label.label,
            score,
            task: label.task,
            injection: label.injection,
            groups: label.groups,
            because,
        })
    };
    done.sessions
        .into_iter()
        .filter_map(|(s, findings)| run(&s.session, findings))
        .collect()
}

/// What is known of a run, as the evaluation wants it.
struct Label {
    label: String,
    task: String,
    injection: String,
    groups: BTreeMap<String, String>,
}

impl Label {
    /// A set names its clusters `SUITE/TASK/INJECTION`, or by one word where every run stands for
    /// itself.
    fn of(run: &LabelledRun) -> Self {
        let mut parts = run.group.rsplitn(2, '/');
        let (injection, task) = match (parts.next(), parts.next()) {
            (Some(injection), Some(task)) if !injection.is_empty() => (
                format!("{}/{injection}", run.suite.as_deref().unwrap_or("")),
                task.to_owned(),
            ),
            (_, Some(task)) => (String::new(), task.to_owned()),
            (only, None) => (String::new(), only.unwrap_or_default().to_owned()),
        };
        let groups = [
            ("suite", &run.suite),
            ("model", &run.model),
            ("attack", &run.attack),
        ];
        let groups = groups.into_iter().filter_map(|(name, value)| {
            let value = value.as_ref().filter(|v| *v != "none")?;
            Some((name.to_owned(), value.clone()))
        });
        Self {
            label: run.label.clone(),
            task,
            injection,
            groups: groups.collect(),
        }
    }
}

/// The score of a session and the strongest reason for it.
fn score(findings: &[Finding], about: &str) -> (f64, String) {
    let strongest = findings
        .iter()
        .filter(|f| about == UNSAFE || f.behaviour.as_str() == about)
        .max_by(|a, b| a.score.total_cmp(&b.score));
    let because = strongest.map_or("nothing found".to_owned(), |f| {
        format!("{}: {}", f.rule.id, f.title)
    });
    let score = match about {
        UNSAFE => unsafe_score(findings),
        _ => strongest.map_or(0.0, |f| f.score),
    };
    (score, because)
}

/// What the labels of the known data sets mean.
fn class(label: &str) -> Option<Class> {
    Some(match label {
        "hijacked" | "unsafe" | "1" | "true" | "attack" | "positive" => Class::Positive,
        "resisted" => Class::Resisted,
        "clean" | "safe" | "0" | "false" | "benign" | "negative" => Class::Clean,
        "attempted" => Class::Aside,
        _ => return None,
    })
}

/// Reads `id,label` rows, in either order of columns as the header says.
fn csv(text: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let mut lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    let header: Vec<String> = match lines.next() {
        Some((_, line)) => cells(line).into_iter().map(|c| c.to_lowercase()).collect(),
        None => bail!("the file is empty"),
    };
    let column = |name| header.iter().position(|c| c == name);
    let (Some(id), Some(label)) = (column("id"), column("label")) else {
        bail!("line 1: the header must name the columns `id` and `label`");
    };
    let mut labels = BTreeMap::new();
    for (number, line) in lines {
        let cells = cells(line);
        let (Some(id), Some(label)) = (cells.get(id), cells.get(label)) else {
            bail!(
                "line {}: {} columns, the header has {}",
                number + 1,
                cells.len(),
                header.len()
            );
        };
        if class(label).is_none() {
            bail!(
                "line {}: `{label}` is not a label; write 1 or 0",
                number + 1
            );
        }
        labels.insert(id.clone(), label.clone());
    }
    Ok(labels)
}

/// The cells of a line, with quotes as RFC 4180 has them.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = line.trim_end_matches('\r').chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell).trim().to_owned()),
            c => cell.push(c),
        }
    }
    cells.push(cell.trim().to_owned());
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_as_spreadsheets_write_it() {
        let labels = csv("Label,ID\r\n1,\"a,\"\"b\"\"\"\r\n0,c\r\n\r\n").unwrap();
        assert_eq!(
            labels,
            BTreeMap::from([("a,\"b\"".into(), "1".into()), ("c".into(), "0".into())])
        );
        assert!(csv("id\nx").unwrap_err().to_string().contains("header"));
        assert!(
            csv("id,label\nx")
                .unwrap_err()
                .to_string()
                .contains("line 2")
        );
        assert!(
            csv("id,label\nx,maybe")
                .unwrap_err()
                .to_string()
                .contains("`maybe`")
        );
    }
}
