//! The sentences at the top: what was done, what was found, what was read.

use std::collections::BTreeSet;

use proctor_model::Severity;

use super::findings::Findings;
use super::sessions::modes;
use crate::scan::Scan;
use crate::units::{self, counted};

/// What agents did, in one sentence.
pub(super) fn headline(scan: &Scan) -> String {
    let sessions = scan.summaries.len() as u64;
    if sessions == 0 {
        return match scan.window == crate::Window::default() {
            true => "No session of an agent was found.",
            false => "No session is what was asked for.",
        }
        .to_owned();
    }
    let seconds = scan.summaries.iter().map(|s| s.active_seconds).sum();
    let undated = scan.summaries.iter().any(|s| s.start.is_none());
    let mut out = format!(
        "{}gents worked {}{} in {}",
        period(scan).map_or_else(|| "A".to_owned(), |period| format!("{period}, a")),
        if undated { "at least " } else { "" },
        units::duration(seconds),
        counted(sessions, "session", "sessions")
    );
    let cwds = scan.summaries.iter().filter_map(|s| s.note.cwd.as_deref());
    let projects = cwds.collect::<BTreeSet<_>>().len() as u64;
    if projects > 0 {
        out += &format!(" on {}", counted(projects, "project", "projects"));
    }
    let unasked = scan.summaries.iter().map(|s| modes(s).0).sum();
    let known = scan.summaries.iter().map(|s| modes(s).1).sum();
    let calls = scan.summaries.iter().map(|s| s.calls).sum();
    let calls_named = counted(calls, "tool call", "tool calls");
    if known == 0 {
        out += &format!(", with {calls_named}. The recordings do not say who was asked.");
    } else {
        let share = units::percent(unasked, known);
        out += &match known == calls {
            true => format!(", and made {share} of {calls_named} without asking anyone."),
            false => format!(
                ", with {calls_named}; of the {} whose mode is recorded, {share} asked nobody.",
                units::count(known)
            ),
        };
    }
    out
}

/// `From 1 to 20 November 2026`; nothing where no session carries a time.
fn period(scan: &Scan) -> Option<String> {
    let first = scan.summaries.iter().filter_map(|s| s.start).min()?;
    let ends = scan.summaries.iter().filter_map(|s| s.end.or(s.start));
    let first = units::day(first, &scan.time_zone);
    let last = units::day(ends.max()?, &scan.time_zone);
    let to = units::long_day(last);
    Some(if first == last {
        format!("On {to}")
    } else if (first.year(), first.month()) == (last.year(), last.month()) {
        format!("From {} to {to}", first.day())
    } else if first.year() == last.year() {
        format!("From {} to {to}", first.strftime("%-d %B"))
    } else {
        format!("From {} to {to}", units::long_day(first))
    })
}

/// What was found, in one or two sentences.
pub(super) fn verdict(scan: &Scan, findings: &Findings) -> String {
    let set = match scan.budget {
        Some(budget) => {
            let how = if budget.raised {
                "set"
            } else {
                "left as it is"
            };
            format!(", {how} by an alert budget of {} a day", budget.per_day)
        }
        None => String::new(),
    };
    let under = format!("under the threshold of {:.2}{set}", scan.threshold);
    let weaker = match findings.below {
        0 if scan.budget.is_some() => format!(" No weaker signal is {under}."),
        0 => String::new(),
        1 => format!(" One weaker signal is {under}."),
        n => format!(" {} weaker signals are {under}.", units::count(n)),
    };
    if scan.summaries.is_empty() {
        return "There was nothing to look at.".to_owned();
    }
    let Some(first) = findings.shown.first() else {
        return match scan.checked.len() as u64 {
            0 => format!("Nothing to report.{weaker}"),
            n => format!(
                "Nothing to report: {} looked for, none found.{weaker}",
                counted(n, "behaviour", "behaviours")
            ),
        };
    };
    let by_severity = Severity::ALL.into_iter().zip(findings.severities).rev();
    let words: Vec<String> = by_severity
        .filter(|(_, n)| *n > 0)
        .map(|(severity, n)| format!("{} {severity}", units::count(n)))
        .collect();
    let sessions: BTreeSet<&str> = findings.shown.iter().map(|f| f.session.as_str()).collect();
    format!(
        "{} in {}: {}. Look first at {}.{weaker}",
        counted(findings.shown.len() as u64, "finding", "findings"),
        counted(sessions.len() as u64, "session", "sessions"),
        words.join(", "),
        first.handle,
    )
}

/// What was read, in one line.
pub(super) fn scope(scan: &Scan) -> String {
    let harnesses = scan.summaries.iter().filter_map(|s| s.note.harness);
    let names: BTreeSet<&str> = harnesses.map(|h| h.name()).collect();
    let mut parts = vec![
        counted(scan.read.recordings, "recording", "recordings"),
        units::bytes(scan.read.bytes),
    ];
    parts.extend(names.into_iter().map(str::to_owned));
    if let Some(since) = scan.window.since {
        parts.push(format!("since {}", units::minute(since, &scan.time_zone)));
    }
    if let Some(until) = scan.window.until {
        parts.push(format!("until {}", units::minute(until, &scan.time_zone)));
    }
    if let Some(project) = &scan.window.project {
        let lens = crate::clean::Lens::default();
        parts.push(format!("projects with “{}”", lens.line(project, 60)));
    }
    if !scan.window.behaviours.is_empty() {
        let names = scan.window.behaviours.iter().map(super::findings::name);
        parts.push(format!("only {}", names.collect::<Vec<_>>().join(", ")));
    }
    parts.join(" · ")
}
