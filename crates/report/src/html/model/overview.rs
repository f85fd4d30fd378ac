//! The overview: tiles, plots over time, who did it.

use minijinja::Value;
use serde::Serialize;

use crate::digest::{Activity, Bin, Breakdown, Digest, Share};
use crate::svg::{self, Column};
use crate::units::{self, count, counted};

/// Rows of a breakdown.
pub(super) const PARTS: usize = 12;

/// A number with the words that say what it counts.
#[derive(Serialize)]
pub(super) struct Tile {
    handle: String,
    value: String,
    label: &'static str,
    detail: String,
    notable: bool,
}

#[derive(Serialize)]
pub(super) struct Timeline {
    plot: Value,
    findings: Option<Value>,
    first: String,
    last: String,
    most: u64,
    each: String,
    unknown: bool,
    rows: Vec<DayRow>,
}

#[derive(Serialize)]
pub(super) struct DayRow {
    day: String,
    sessions: u64,
    calls: u64,
    unasked: u64,
    findings: u64,
}

#[derive(Serialize)]
pub(super) struct Part<'a> {
    by: &'a str,
    rows: &'a [Share],
    most: u64,
    left_out: u64,
}

/// `24 October to 19 November 2026`, from the digest's own days.
pub(super) fn days(activity: &Activity) -> String {
    let (Some(first), Some(last)) = (activity.bins.first(), activity.bins.last()) else {
        return String::new();
    };
    if first.day == last.day {
        first.day.clone()
    } else {
        format!("{} to {}", first.day, last.day)
    }
}

/// The lines of the digest that a reader wants at a glance.
pub(super) fn tiles(digest: &Digest) -> Vec<Tile> {
    const PICKED: [(&str, &str); 8] = [
        ("Sessions", "sessions"),
        ("Nobody asked (bypass)", "calls nobody was asked about"),
        ("Nobody present", "sessions with nobody present"),
        ("Files written", "files written"),
        ("Writes outside project", "writes outside the project"),
        ("Secrets read", "secrets read"),
        ("Hosts contacted", "contacts with hosts"),
        ("Pushes", "pushes"),
    ];
    let tile = |(label, says): (&str, &'static str)| {
        let line = digest.did.iter().find(|line| line.label == label)?;
        // A share says more than a number where there is a whole to compare with.
        let share = line.detail.split_once(" of ");
        let (value, detail) = match share.filter(|(share, _)| share.ends_with('%')) {
            Some((share, rest)) => (share.to_owned(), format!("{} of {rest}", line.value)),
            None => (line.value.clone(), line.detail.clone()),
        };
        Some(Tile {
            handle: line.handle.clone(),
            value,
            label: says,
            detail,
            notable: line.notable,
        })
    };
    PICKED.into_iter().filter_map(tile).collect()
}

pub(super) fn timeline(activity: &Activity) -> Option<Timeline> {
    // One bar tells nothing that the numbers above it do not.
    let [first, .., last] = activity.bins.as_slice() else {
        return None;
    };
    let found = |bin: &Bin| bin.severities.iter().sum::<u64>();
    let title = |bin: &Bin| {
        format!(
            "{}: {}, {}, {} without asking, {}",
            bin.day,
            counted(bin.sessions, "session", "sessions"),
            counted(bin.calls(), "tool call", "tool calls"),
            units::percent(bin.unasked, bin.asked + bin.unasked),
            counted(found(bin), "finding", "findings"),
        )
    };
    let calls: Vec<Column> = activity
        .bins
        .iter()
        .map(|bin| Column {
            title: title(bin),
            parts: vec![bin.unasked, bin.asked, bin.unknown],
        })
        .collect();
    let findings: Vec<Column> = activity
        .bins
        .iter()
        .map(|bin| Column {
            title: title(bin),
            parts: bin.severities.iter().rev().copied().collect(),
        })
        .collect();
    let most = activity.bins.iter().map(Bin::calls).max()?;
    let each = match activity.days_per_bin {
        1 => "a day".to_owned(),
        days => format!("in {days} days"),
    };
    let label = format!(
        "Tool calls {each}, {} to {}, at most {}",
        first.day,
        last.day,
        count(most)
    );
    let plot = svg::stack(&calls, &["unasked", "asked", "unknown"], 0, &label);
    let any = activity.bins.iter().any(|bin| found(bin) > 0);
    Some(Timeline {
        plot: Value::from_safe_string(plot),
        findings: any.then(|| {
            let classes = ["critical", "high", "medium", "low", "info"];
            let label = format!("Findings {each}, {} to {}", first.day, last.day);
            Value::from_safe_string(svg::stack(&findings, &classes, 4, &label))
        }),
        first: first.day.clone(),
        last: last.day.clone(),
        most,
        each,
        unknown: activity.bins.iter().any(|bin| bin.unknown > 0),
        rows: activity
            .bins
            .iter()
            .filter(|bin| bin.sessions > 0)
            .map(|bin| DayRow {
                day: bin.day.clone(),
                sessions: bin.sessions,
                calls: bin.calls(),
                unasked: bin.unasked,
                findings: found(bin),
            })
            .collect(),
    })
}

pub(super) fn week(activity: &Activity) -> Option<Value> {
    const DAYS: [&str; 7] = [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ];
    let most = activity.week.iter().flatten().copied().max()?;
    if most == 0 {
        return None;
    }
    let rows: Vec<Vec<(u8, String)>> = DAYS
        .iter()
        .zip(&activity.week)
        .map(|(day, hours)| {
            let cells = hours.iter().enumerate();
            cells
                .map(|(hour, seconds)| {
                    let title = format!("{day} {hour:02}:00, {} active", units::duration(*seconds));
                    (svg::level(*seconds, most), title)
                })
                .collect()
        })
        .collect();
    let label = "Active time by day of the week and hour of the day";
    Some(Value::from_safe_string(svg::heat(&rows, label)))
}

pub(super) fn part(breakdown: &Breakdown) -> Part<'_> {
    let rows = breakdown.rows.get(..PARTS).unwrap_or(&breakdown.rows);
    Part {
        by: breakdown.by,
        rows,
        most: rows.iter().map(|r| r.calls).max().unwrap_or(0),
        left_out: (breakdown.rows.len() - rows.len()) as u64,
    }
}
