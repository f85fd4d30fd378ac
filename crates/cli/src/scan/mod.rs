//! `proctor scan`: what the agents on this machine did.
//!
//! Recordings are found, read on all cores into sessions and findings, and summed up. For the HTML
//! report the worst sessions are read a second time, because keeping every step of every session in
//! memory would not be bounded.

mod when;
pub(crate) mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::{BufWriter, IsTerminal, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, bail};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proctor_model::{BehaviourId, Catalogue, Finding, Harness, SessionId};
use proctor_monitors::{Engine, Rules, reasoning};
use proctor_reconcile::Summary;
use proctor_report::{
    Budget, Excerpt, NotAssessable, Plan, ReadTotals, Retention, Scan, SessionView, Window,
};
use proctor_sources::{Discovery, ReadReport, Recording};

use crate::args::ScanArgs;
use crate::progress::Progress;
#[cfg(target_os = "linux")]
use crate::record;
#[cfg(target_os = "linux")]
use crate::recorder::Place;
use crate::{Exit, style};
use work::{Done, Work};

/// Runs the command.
pub(crate) fn run(args: &ScanArgs) -> anyhow::Result<Exit> {
    let began = Instant::now();
    let now = Timestamp::now();
    let zone = TimeZone::system();
    let window = window(args, now, &zone)?;
    let per_day = args.alert_budget.as_deref().map(budget).transpose()?;
    if !(0.0..=1.0).contains(&args.threshold) {
        bail!("`--threshold {}` is not between 0 and 1", args.threshold);
    }
    let rules = crate::rules::load(&args.rules)?;
    let places = Places::find(&args.paths)?;

    let found = proctor_sources::discover(&places.searched());
    if found.recordings.is_empty() {
        return Ok(nothing(&places, &found));
    }
    unopened(&found);
    #[cfg(target_os = "linux")]
    if args.record {
        let place = Place::of(args.state.as_deref())?;
        let new = record::whole(&place, &found.recordings)?;
        eprintln!("{new} new bytes recorded in {}", place.state().display());
    }
    let threads = args.threads.map_or_else(cores, NonZeroUsize::get);
    let done = read(&found.recordings, &rules, threads, "reading");
    let mut scan = summarise(done, &found, &places, window, zone, now);
    if let Some(per_day) = per_day {
        fit(&mut scan, per_day);
    } else {
        scan.threshold = args.threshold;
    }
    scan.read.milliseconds = began.elapsed().as_millis() as u64;

    if let Some(file) = &args.report {
        let plan = Plan::of(&scan, args.output.reveal);
        let views = timelines(&plan, &scan, &found.recordings, threads);
        let page = proctor_report::html(&scan, &views, args.output.reveal)?;
        std::fs::write(file, page).with_context(|| format!("cannot write `{}`", file.display()))?;
    }
    print(args, &scan, &found.recordings, threads)?;
    if let Some(file) = &args.report {
        eprintln!("report: {}", file.display());
    }
    if scan.summaries.is_empty() {
        eprintln!("proctor: no session is what was asked for, so nothing was looked at");
        // A quiet hour is an answer; a name that nothing has is more likely a mistake.
        let named = args.project.is_some() || !args.harness.is_empty();
        return Ok(if named { Exit::Failed } else { Exit::Fine });
    }
    Ok(match args.fail_on {
        Some(least) if shown(&scan).any(|f| f.severity >= least) => Exit::Negative,
        _ => Exit::Fine,
    })
}

/// Where to look.
struct Places {
    roots: Vec<PathBuf>,
    home: Option<PathBuf>,
    /// Copies in the archive of recordings that are gone from the home.
    archived: Vec<PathBuf>,
    /// Whether nobody named a path, so that the home was searched.
    searched_home: bool,
}

impl Places {
    fn find(paths: &[PathBuf]) -> anyhow::Result<Self> {
        let home = std::env::home_dir();
        if !paths.is_empty() {
            for path in paths {
                std::fs::symlink_metadata(path)
                    .with_context(|| format!("cannot read `{}`", path.display()))?;
            }
            return Ok(Self {
                roots: paths.to_vec(),
                home,
                archived: Vec::new(),
                searched_home: false,
            });
        }
        let Some(home) = home else {
            bail!("this user has no home directory; name the recordings: `proctor scan PATH`");
        };
        Ok(Self {
            roots: proctor_sources::home_recordings(&home),
            home: Some(home),
            archived: crate::keep::survivors()?,
            searched_home: true,
        })
    }

    fn searched(&self) -> Vec<PathBuf> {
        self.roots.iter().chain(&self.archived).cloned().collect()
    }
}

/// Says what could not be opened: the first few, and how many.
fn unopened(found: &Discovery) {
    let most = 5;
    for (path, gap) in found.gaps.iter().take(most) {
        eprintln!("proctor: `{}`: {}", path.display(), gap.detail);
    }
    let more = found.gaps.len().saturating_sub(most);
    if more > 0 {
        eprintln!("proctor: {more} more could not be opened");
    }
}

fn nothing(places: &Places, found: &Discovery) -> Exit {
    unopened(found);
    if places.searched_home {
        eprintln!(
            "No recordings found in your home. Proctor looks in ~/.claude/projects,\n\
             ~/.config/claude/projects, ~/.codex/sessions and ~/.codex/archived_sessions, or where\n\
             CLAUDE_CONFIG_DIR and CODEX_HOME say. If yours are elsewhere: `proctor scan PATH`"
        );
    } else {
        eprintln!(
            "No recordings found: {} {} looked at, none of a known kind. Proctor reads Claude Code\n\
             sessions, Codex rollouts, Inspect logs, SWE-agent trajectories and chat messages.",
            found.ignored,
            if found.ignored == 1 { "file" } else { "files" },
        );
    }
    Exit::Failed
}

/// Why a check that reads reasoning could not be made.
const NO_REASONING: &str = "the recording shows no reasoning that can be read";

/// What the monitors say of one session.
struct Watched {
    findings: Vec<Finding>,
    /// Findings that were left out by rule, because the rule had reached its bound.
    left_out: BTreeMap<String, u64>,
}

fn read(
    recordings: &[Recording],
    rules: &Arc<Rules>,
    threads: usize,
    what: &'static str,
) -> Done<Watched> {
    let progress = Progress::new(what, recordings.iter().map(|r| r.bytes).sum());
    let work = Work {
        make: |_: &SessionId| Engine::new(rules),
        done: |engine: Engine| Watched {
            left_out: engine.left_out(),
            findings: engine.into_findings(),
        },
        progress: &|bytes| progress.add(bytes),
        threads,
        disbelieved: None,
    };
    let done = work.read(recordings.to_vec());
    progress.finish();
    done
}

fn summarise(
    done: Done<Watched>,
    found: &Discovery,
    places: &Places,
    window: Window,
    time_zone: TimeZone,
    now: Timestamp,
) -> Scan {
    let oldest = done.sessions.iter().filter_map(|(s, _)| s.start).min();
    let mut scan = Scan {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        generated_at: now,
        time_zone,
        home: places.home.as_ref().map(|h| h.display().to_string()),
        roots: places.roots.clone(),
        read: totals(done.report, found, places),
        retention: retention(places),
        oldest,
        missing: Vec::new(),
        checked: Catalogue::builtin()
            .behaviours
            .iter()
            .map(|b| b.id.clone())
            .filter(|id| window.behaviours.is_empty() || window.behaviours.contains(id))
            .collect(),
        not_assessable: Vec::new(),
        command: typed(std::env::args_os()),
        threshold: 0.5,
        budget: None,
        summaries: Vec::new(),
        findings: Vec::new(),
        window,
    };
    let mut not_assessable: BTreeMap<(String, String), u64> = BTreeMap::new();
    for (summary, watched) in done.sessions {
        if !is_in(&scan.window, &summary) {
            continue;
        }
        for check in reasoning::assessability(&summary)
            .into_iter()
            .filter(|c| !c.assessable)
        {
            *not_assessable
                .entry((check.check, NO_REASONING.to_owned()))
                .or_default() += 1;
        }
        for (rule, n) in watched.left_out {
            let why = "a rule found more in a session than is kept; the weakest were left out";
            not_assessable.insert((rule, why.to_owned()), n);
        }
        let wanted = |f: &Finding| {
            scan.window.behaviours.is_empty() || scan.window.behaviours.contains(&f.behaviour)
        };
        scan.findings
            .extend(watched.findings.into_iter().filter(wanted));
        scan.summaries.push(summary);
    }
    scan.not_assessable = not_assessable
        .into_iter()
        .map(|((check, why), sessions)| NotAssessable {
            check,
            why,
            sessions,
        })
        .collect();
    scan
}

/// Whether the session is among those asked for. One without a time is in no span.
fn is_in(window: &Window, summary: &Summary) -> bool {
    let note = &summary.note;
    let ended = summary.end.or(summary.start);
    let late = |since| ended.is_some_and(|end| end >= since);
    let early = |until| summary.start.is_some_and(|start| start < until);
    let named = |text: &String| {
        let cwd = note.cwd.as_deref().unwrap_or_default();
        cwd.to_lowercase().contains(&text.to_lowercase())
    };
    let harnesses = &window.harnesses;
    window.since.is_none_or(late)
        && window.until.is_none_or(early)
        && window.project.as_ref().is_none_or(named)
        && (harnesses.is_empty() || note.harness.is_some_and(|h| harnesses.contains(&h)))
}

/// The command as a shell takes it, without what a hint adds anew.
fn typed(args: impl Iterator<Item = OsString>) -> String {
    let mut out = vec!["proctor".to_owned()];
    let mut args = args.skip(1);
    while let Some(arg) = args.next() {
        let arg = arg.to_string_lossy();
        match arg.as_ref() {
            "--show" => drop(args.next()),
            "-v" | "--verbose" => {}
            shown if shown.starts_with("--show=") => {}
            plain
                if plain
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-_./=:@+,".contains(c)) =>
            {
                out.push(plain.to_owned());
            }
            other => out.push(format!("'{}'", other.replace('\'', "'\\''"))),
        }
    }
    out.join(" ")
}

fn totals(report: ReadReport, found: &Discovery, places: &Places) -> ReadTotals {
    let archived = |r: &&Recording| places.archived.contains(&r.path);
    ReadTotals {
        recordings: found.recordings.len() as u64,
        archived: found.recordings.iter().filter(archived).count() as u64,
        bytes: report.bytes,
        unreadable_bytes: report.unreadable_bytes,
        records: report.records,
        events: report.events,
        unknown_records: report.unknown_records,
        unknown_fields: report.unknown_fields,
        unopened: found
            .gaps
            .iter()
            .map(|(p, g)| (p.clone(), g.detail.clone()))
            .collect(),
        ignored: found.ignored,
        ignored_bytes: found.ignored_bytes,
        milliseconds: 0,
    }
}

fn retention(places: &Places) -> Vec<Retention> {
    let Some(home) = places.home.as_ref().filter(|_| places.searched_home) else {
        return Vec::new();
    };
    let kept = proctor_sources::retention(home);
    vec![Retention {
        harness: Harness::ClaudeCode,
        setting: "cleanupPeriodDays".to_owned(),
        days: Some(kept.days),
        default: kept.default,
    }]
}

fn window(args: &ScanArgs, now: Timestamp, zone: &TimeZone) -> anyhow::Result<Window> {
    let since = args
        .since
        .as_deref()
        .map(|text| when::since(text, now, zone).with_context(|| "--since".to_owned()))
        .transpose()?;
    let until = args
        .until
        .as_deref()
        .map(|text| when::until(text, now, zone).with_context(|| "--until".to_owned()))
        .transpose()?;
    let harnesses = args.harness.iter().map(|name| harness(name));
    let behaviours = args
        .behaviour
        .iter()
        .map(|id| behaviour(id))
        .collect::<Result<_, _>>()?;
    Ok(Window {
        since,
        until,
        project: args.project.clone(),
        harnesses: harnesses.collect::<Result<_, _>>()?,
        behaviours,
    })
}

/// Looks a harness up by its id or its name.
fn harness(name: &str) -> anyhow::Result<Harness> {
    let all = [
        ("claude-code", Harness::ClaudeCode),
        ("codex", Harness::Codex),
        ("inspect", Harness::Inspect),
        ("swe-agent", Harness::SweAgent),
        ("chat", Harness::Chat),
        ("r-judge", Harness::RJudge),
    ];
    let wanted = name.to_lowercase().replace(' ', "-");
    match all.iter().find(|(id, _)| *id == wanted) {
        Some((_, harness)) => Ok(*harness),
        None => bail!(
            "`{name}` is not a harness; there are: {}",
            all.map(|(id, _)| id).join(", ")
        ),
    }
}

#[cfg(target_os = "linux")]
/// A moment that is written as a date, a time, or a span back from now.
pub(crate) fn moment(text: &str, now: Timestamp) -> anyhow::Result<Timestamp> {
    when::since(text, now, &TimeZone::system())
}

/// Looks a behaviour up; an unknown one is an error with a suggestion.
pub(crate) fn behaviour(id: &str) -> anyhow::Result<BehaviourId> {
    let wanted = BehaviourId::new(id);
    let catalogue = Catalogue::builtin();
    if catalogue.get(&wanted).is_some() {
        return Ok(wanted);
    }
    let near = catalogue
        .behaviours
        .iter()
        .map(|b| (strsim::jaro_winkler(id, b.id.as_str()), &b.id))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(likeness, _)| *likeness > 0.75);
    match near {
        Some((_, near)) => bail!("`{id}` is not a behaviour; did you mean `{near}`?"),
        None => bail!("`{id}` is not a behaviour; `proctor explain` lists them"),
    }
}

fn budget(text: &str) -> anyhow::Result<f64> {
    let number = text.strip_suffix("/day").unwrap_or(text);
    match number.parse::<f64>() {
        Ok(n) if n.is_finite() && n > 0.0 => Ok(n),
        _ => bail!("`--alert-budget {text}`: write a number of findings a day, such as 5/day"),
    }
}

/// Raises the threshold to the lowest score that shows at most the budget.
fn fit(scan: &mut Scan, per_day: f64) {
    let (start, end) = (
        scan.summaries.iter().filter_map(|s| s.start).min(),
        scan.summaries.iter().filter_map(|s| s.end).max(),
    );
    let days = match (start, end) {
        (Some(start), Some(end)) => end.duration_since(start).max(SignedDuration::ZERO),
        _ => SignedDuration::ZERO,
    };
    let days = (days.as_secs_f64() / 86_400.0).max(1.0);
    let scores: Vec<f64> = scan.findings.iter().map(|f| f.score).collect();
    let allowed = (per_day * days).floor();
    let rate = if scores.is_empty() {
        1.0
    } else {
        (allowed / scores.len() as f64).min(1.0)
    };
    // A generous budget is no wish for weaker findings than anyone else is shown.
    let fitted = proctor_monitors::eval::threshold_at(&scores, rate);
    let raised = fitted > scan.threshold;
    scan.threshold = fitted.max(scan.threshold);
    scan.budget = Some(Budget {
        per_day,
        days,
        raised,
    });
}

/// Reads the sessions of the plan again and keeps what a reader of the report wants to see of them.
fn timelines(
    plan: &Plan,
    scan: &Scan,
    recordings: &[Recording],
    threads: usize,
) -> Vec<SessionView> {
    let wanted: BTreeSet<&SessionId> = plan.sessions().iter().collect();
    let sources: BTreeSet<&str> = scan
        .summaries
        .iter()
        .filter(|s| wanted.contains(&s.session))
        .flat_map(|s| s.sources.iter())
        .map(|source| {
            source
                .split_once('!')
                .map_or(source.as_str(), |(file, _)| file)
        })
        .collect();
    let again: Vec<Recording> = recordings
        .iter()
        .filter(|r| sources.contains(r.path.display().to_string().as_str()))
        .cloned()
        .collect();
    let disbelieved = scan.summaries.iter().filter(|s| s.disbelieved());
    let progress = Progress::new("drawing", again.iter().map(|r| r.bytes).sum());
    let work = Work {
        make: |session: &SessionId| plan.excerpt(session),
        done: Excerpt::finish,
        progress: &|bytes| progress.add(bytes),
        threads,
        disbelieved: Some(disbelieved.map(|s| s.session.clone()).collect()),
    };
    let done = work.read(again);
    progress.finish();
    done.sessions
        .into_iter()
        .filter_map(|(_, view)| view)
        .collect()
}

fn shown(scan: &Scan) -> impl Iterator<Item = &Finding> {
    scan.findings.iter().filter(|f| f.score >= scan.threshold)
}

fn print(
    args: &ScanArgs,
    scan: &Scan,
    recordings: &[Recording],
    threads: usize,
) -> anyhow::Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    if args.output.json {
        // As the error of writing that it may be: a pipe that was closed is no failure.
        proctor_report::write_json(scan, args.output.reveal, &mut out)
            .map_err(std::io::Error::from)?;
        writeln!(out)?;
        return Ok(out.flush()?);
    }
    let style = style(&args.output, args.verbose, std::io::stdout().is_terminal());
    let text = match args.show.is_empty() {
        true => proctor_report::terminal(scan, &style),
        false => {
            let plan = Plan::telling(scan, &args.show, args.output.reveal);
            let views = match plan.sessions().is_empty() {
                true => Vec::new(),
                false => timelines(&plan, scan, recordings, threads),
            };
            let mut text = String::new();
            for handle in &args.show {
                text.push_str(&proctor_report::show(scan, &views, handle, &style)?);
            }
            text
        }
    };
    writeln!(out, "{}", text.trim_end())?;
    Ok(out.flush()?)
}

pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
