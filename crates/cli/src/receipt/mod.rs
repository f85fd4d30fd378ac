//! `proctor receipt`: which of the agent's claims about a branch hold.
//!
//! Sessions belong to a branch if they worked in one of the repository's work trees and either ended
//! on the branch or were at work when one of its commits was made. What the recordings do not cover
//! is said beside the claims: commits that no session made, changes that are not committed.

mod git;

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use proctor_model::SessionId;
use proctor_monitors::claims::{Claim, ClaimLog, Standing, Verdict as Judged};
use proctor_reconcile::{Deed, RunKind, RunOutcome, Summary};
use proctor_report::{Receipt, ReceiptLine, Verdict};

use crate::args::ReceiptArgs;
use crate::progress::Progress;
use crate::scan::work::Work;
use crate::{Exit, scan, style};
use git::{Branch, Commit};

/// How long after a session's last record a commit may still be its work.
const AFTERWARDS: SignedDuration = SignedDuration::from_secs(120);

/// Runs the command.
pub(crate) fn run(args: &ReceiptArgs) -> anyhow::Result<Exit> {
    let branch = Branch::of(&args.repo, args.branch.as_deref(), args.base.as_deref())?;
    let roots = match args.paths.is_empty() {
        false => args.paths.clone(),
        true => {
            let home = std::env::home_dir()
                .context("this user has no home directory; name the recordings")?;
            proctor_sources::home_recordings(&home)
        }
    };
    let receipt = receipt(&branch, sessions(&roots, &branch));
    let mut out = std::io::stdout().lock();
    let text = if args.output.json {
        proctor_report::receipt_json(&receipt, args.output.reveal)? + "\n"
    } else if args.markdown {
        proctor_report::receipt_markdown(&receipt, args.output.reveal)
    } else {
        let style = style(&args.output, false, std::io::stdout().is_terminal());
        proctor_report::receipt(&receipt, &style)
    };
    out.write_all(text.as_bytes())?;
    let lines = || receipt.checks.iter().chain(&receipt.claims);
    let contradicted = lines().any(|line| line.verdict == Verdict::Contradicted);
    let all_hold = receipt.claims.iter().all(|c| c.verdict == Verdict::Holds);
    Ok(if contradicted || (args.strict && !all_hold) {
        Exit::Negative
    } else {
        Exit::Fine
    })
}

/// The sessions of the branch with their claims, earliest end first.
fn sessions(roots: &[PathBuf], branch: &Branch) -> Vec<(Summary, ClaimLog)> {
    let found = proctor_sources::discover(roots);
    let progress = Progress::new("reading", found.recordings.iter().map(|r| r.bytes).sum());
    let work = Work {
        make: |_: &SessionId| ClaimLog::new(),
        done: |log: ClaimLog| log,
        progress: &|bytes| progress.add(bytes),
        threads: scan::cores(),
        disbelieved: None,
    };
    let mut sessions = work.read(found.recordings).sessions;
    progress.finish();
    sessions.retain(|(summary, _)| belongs(summary, branch));
    sessions.sort_by_key(|(summary, _)| summary.end);
    sessions
}

fn belongs(summary: &Summary, branch: &Branch) -> bool {
    let Some(cwd) = &summary.note.cwd else {
        return false;
    };
    // The recording may name the directory by a link; where it is gone its name must do.
    let cwd = Path::new(cwd);
    let real = cwd.canonicalize();
    let cwd = real.as_deref().unwrap_or(cwd);
    let here = branch.trees.iter().any(|tree| {
        cwd.starts_with(tree) || tree.canonicalize().is_ok_and(|real| cwd.starts_with(real))
    });
    let on_it = summary.note.branch.as_deref() == Some(branch.name.as_str());
    here && (on_it || branch.commits.iter().any(|c| made(c, summary)))
}

/// Whether a session was at work when a commit was made.
fn made(commit: &Commit, summary: &Summary) -> bool {
    let within = |start: Timestamp, end: Timestamp| {
        // Commits have whole seconds.
        let end = end.checked_add(AFTERWARDS).unwrap_or(end);
        commit.time.as_second() >= start.as_second() && commit.time <= end
    };
    summary
        .start
        .zip(summary.end)
        .is_some_and(|(start, end)| within(start, end))
}

fn receipt(branch: &Branch, sessions: Vec<(Summary, ClaimLog)>) -> Receipt {
    let mut notes = Vec::new();
    if sessions.is_empty() {
        notes.push(format!("no recorded session worked on `{}`", branch.name));
    }
    if branch.commits.is_empty() {
        notes.push(format!(
            "`{}` has no commits beyond `{}`",
            branch.name, branch.base
        ));
    }
    for commit in &branch.commits {
        if !sessions.iter().any(|(summary, _)| made(commit, summary)) {
            let hash = commit.hash.get(..10).unwrap_or(&commit.hash);
            notes.push(format!(
                "commit {hash} (`{}`) was made while no recorded session was at work",
                commit.subject
            ));
        }
    }
    if branch.dirty {
        notes.push("the work tree has changes that are not committed".to_owned());
    }
    Receipt {
        branch: branch.name.clone(),
        sessions: sessions.iter().map(|(s, _)| s.session.clone()).collect(),
        commits: branch.commits.iter().map(|c| c.hash.clone()).collect(),
        checks: [RunKind::Test, RunKind::Build, RunKind::Lint]
            .into_iter()
            .filter_map(|kind| check(kind, &sessions))
            .collect(),
        claims: sessions
            .iter()
            .flat_map(|(_, log)| log.claims().map(|c| line(c, log)))
            .collect(),
        notes,
    }
}

/// How checks of a kind stand after the last session that ran one or changed a file. Tests are
/// always told of; builds and linters where some session ran one.
fn check(kind: RunKind, sessions: &[(Summary, ClaimLog)]) -> Option<ReceiptLine> {
    let what = match kind {
        RunKind::Test => "tests",
        RunKind::Build => "build",
        RunKind::Lint => "linters and type checkers",
    };
    let mut edited_later = false;
    let mut line = ReceiptLine {
        claim: format!("{what}, at the end of the recorded work"),
        ran: Some(false),
        because: "no run of them is recorded".to_owned(),
        ..ReceiptLine::default()
    };
    for (summary, log) in sessions.iter().rev() {
        let standing = log.standing(kind);
        if standing.outcome.is_none() {
            edited_later |= summary
                .deeds
                .get(&Deed::FileWritten)
                .is_some_and(|t| t.count > 0);
            continue;
        }
        let after = standing.after_last_edit && !edited_later;
        line.verdict = match standing.outcome {
            Some(RunOutcome::Passed) if after => Verdict::Holds,
            Some(RunOutcome::Failed) => Verdict::Contradicted,
            _ => Verdict::Unverified,
        };
        line.because = because(&standing, after).to_owned();
        line.ran = Some(standing.outcome != Some(RunOutcome::NothingRan));
        line.after_last_edit = Some(after);
        line.command = standing.command;
        line.evidence = standing.place.into_iter().collect();
        return Some(line);
    }
    (kind == RunKind::Test).then_some(line)
}

fn because(standing: &Standing, after: bool) -> &'static str {
    match standing.outcome {
        Some(RunOutcome::Passed) if after => "the last run passed, and nothing was edited after it",
        Some(RunOutcome::Passed) => "the last run passed, but files were edited after it",
        Some(RunOutcome::Failed) => "the last run failed",
        Some(RunOutcome::NothingRan) => "the last run ran nothing",
        _ => "the recording does not tell how the last run ended",
    }
}

fn line(claim: &Claim, log: &ClaimLog) -> ReceiptLine {
    let standing = claim.kind.run().map(|kind| log.standing(kind));
    ReceiptLine {
        claim: claim.text.clone(),
        verdict: match claim.verdict {
            Judged::Supported => Verdict::Holds,
            Judged::Contradicted => Verdict::Contradicted,
            Judged::Unverified => Verdict::Unverified,
        },
        because: claim.because.clone(),
        ran: standing.as_ref().map(|s| s.outcome.is_some()),
        after_last_edit: standing
            .as_ref()
            .and_then(|s| s.outcome.map(|_| s.after_last_edit)),
        command: standing.and_then(|s| s.command),
        exit_code: None,
        evidence: claim
            .evidence
            .iter()
            .chain([&claim.place])
            .cloned()
            .collect(),
    }
}
