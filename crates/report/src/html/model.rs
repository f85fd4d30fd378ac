//! What the page shows beside the digest: plots, groups, and which sessions have a timeline.

use std::collections::{BTreeMap, HashMap, HashSet};

use minijinja::Value;
use proctor_model::{Deception, Leg, Overreach, Severity};
use serde::Serialize;

use crate::clean::Lens;
use crate::digest::{
    Activity, BehaviourRow, Breakdown, Digest, FindingRow, SessionRow, deception, leg, overreach,
};
use crate::excerpt::SessionView;
use crate::scan::{Scan, zone_label};
use crate::svg::{self, Column};
use crate::units::{self, count, counted};

/// Findings of one behaviour that are shown.
const PER_BEHAVIOUR: usize = 40;
/// Findings that are shown in all.
const FINDINGS: usize = 400;
/// Sessions in the ranking.
const RANKED: usize = 200;
/// Rows of a breakdown.
const PARTS: usize = 12;
/// Bytes of timelines; sessions after that are only counted.
const TIMELINES: usize = 6_000_000;

#[derive(Serialize)]
pub(super) struct Page<'a> {
    version: &'a str,
    generated: String,
    zone: &'a str,
    days: String,
    roots: Vec<String>,
    worst: &'static str,
    severities: Vec<SeverityCount>,
    tiles: Vec<Tile>,
    timeline: Option<Timeline>,
    week: Option<Value>,
    breakdowns: Vec<Part<'a>>,
    matrix: Vec<MatrixRow>,
    legs: Vec<LegCount>,
    behaviours: Vec<Group<'a>>,
    most: u64,
    findings_left_out: u64,
    ranking: Vec<Ranked<'a>>,
    sessions_left_out: u64,
    sessions: Vec<Shown<'a>>,
    /// Handles of the sessions that the page lists, so that links to others are not made.
    listed: BTreeMap<&'a str, bool>,
    timelines_left_out: u64,
    threshold: String,
}

#[derive(Serialize)]
struct SeverityCount {
    name: &'static str,
    count: u64,
}

/// A number with the words that say what it counts.
#[derive(Serialize)]
struct Tile {
    handle: String,
    value: String,
    label: &'static str,
    detail: String,
    notable: bool,
}

#[derive(Serialize)]
struct Timeline {
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
struct DayRow {
    day: String,
    sessions: u64,
    calls: u64,
    unasked: u64,
    findings: u64,
}

#[derive(Serialize)]
struct Part<'a> {
    by: &'a str,
    rows: &'a [crate::digest::Share],
    most: u64,
    left_out: u64,
}

#[derive(Serialize)]
struct MatrixRow {
    overreach: &'static str,
    cells: Vec<MatrixCell>,
}

#[derive(Serialize)]
struct MatrixCell {
    count: u64,
    level: u8,
}

#[derive(Serialize)]
struct LegCount {
    name: &'static str,
    says: &'static str,
    count: u64,
}

#[derive(Serialize)]
struct Group<'a> {
    row: &'a BehaviourRow,
    leg: &'static str,
    severities: Vec<SeverityCount>,
    findings: Vec<Card<'a>>,
    left_out: u64,
}

#[derive(Serialize)]
struct Card<'a> {
    row: &'a FindingRow,
    overreach: &'static str,
    deception: &'static str,
    /// The anchor of its decisive step; empty where the page does not show it.
    anchor: String,
    session: Option<&'a SessionRow>,
    open: bool,
}

#[derive(Serialize)]
struct Ranked<'a> {
    row: &'a SessionRow,
    severities: Vec<SeverityCount>,
    shown: bool,
}

#[derive(Serialize)]
struct Shown<'a> {
    row: &'a SessionRow,
    view: &'a SessionView,
    findings: Vec<&'a FindingRow>,
    open: bool,
}

impl<'a> Page<'a> {
    pub(super) fn of(
        scan: &'a Scan,
        digest: &'a Digest,
        views: &'a [SessionView],
        lens: &Lens,
    ) -> Self {
        let by_handle: HashMap<&str, &SessionRow> = digest
            .sessions
            .iter()
            .map(|row| (row.handle.as_str(), row))
            .collect();
        let (sessions, timelines_left_out) = timelines(digest, views, &by_handle);
        let anchors: HashSet<&str> = sessions
            .iter()
            .flat_map(|shown| &shown.view.moments)
            .map(|moment| moment.id.as_str())
            .collect();
        let (behaviours, findings_left_out) = groups(digest, &by_handle, &anchors);
        let shown: HashSet<&str> = sessions.iter().map(|s| s.view.handle.as_str()).collect();
        let ranking = digest.sessions.iter().take(RANKED).map(|row| Ranked {
            row,
            severities: severities(row.severities),
            shown: shown.contains(row.handle.as_str()),
        });
        Self {
            version: &scan.version,
            generated: units::minute(scan.generated_at, &scan.time_zone),
            zone: zone_label(&scan.time_zone),
            days: days(&digest.activity),
            roots: scan.roots.iter().take(8).map(|r| lens.path(r)).collect(),
            worst: digest
                .findings
                .shown
                .first()
                .map_or("clear", |f| f.severity.name()),
            severities: severities(digest.findings.severities),
            tiles: tiles(digest),
            timeline: timeline(&digest.activity),
            week: week(&digest.activity),
            breakdowns: digest.by.iter().map(part).collect(),
            matrix: matrix(&digest.findings.shown),
            legs: legs(&digest.findings.behaviours),
            most: behaviours.iter().map(|g| g.row.count).max().unwrap_or(0),
            behaviours,
            findings_left_out,
            ranking: ranking.collect(),
            listed: digest
                .sessions
                .iter()
                .enumerate()
                .filter(|(i, row)| *i < RANKED || shown.contains(row.handle.as_str()))
                .map(|(_, row)| (row.handle.as_str(), true))
                .collect(),
            sessions_left_out: digest.sessions.len().saturating_sub(RANKED) as u64,
            sessions,
            timelines_left_out,
            threshold: format!("{:.2}", scan.threshold),
        }
    }
}

/// Worst first, those that are there.
fn severities(counts: [u64; 5]) -> Vec<SeverityCount> {
    let all = Severity::ALL.into_iter().zip(counts).rev();
    all.filter(|(_, count)| *count > 0)
        .map(|(severity, count)| SeverityCount {
            name: severity.name(),
            count,
        })
        .collect()
}

/// `24 October to 19 November 2026`, from the digest's own days.
fn days(activity: &Activity) -> String {
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
fn tiles(digest: &Digest) -> Vec<Tile> {
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

fn timeline(activity: &Activity) -> Option<Timeline> {
    let (first, last) = (activity.bins.first()?, activity.bins.last()?);
    let found = |bin: &crate::digest::Bin| bin.severities.iter().sum::<u64>();
    let title = |bin: &crate::digest::Bin| {
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
    let most = activity.bins.iter().map(crate::digest::Bin::calls).max()?;
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

fn week(activity: &Activity) -> Option<Value> {
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

fn part(breakdown: &Breakdown) -> Part<'_> {
    let rows = breakdown.rows.get(..PARTS).unwrap_or(&breakdown.rows);
    Part {
        by: breakdown.by,
        rows,
        most: rows.iter().map(|r| r.calls).max().unwrap_or(0),
        left_out: (breakdown.rows.len() - rows.len()) as u64,
    }
}

/// Shown findings by how far they went and how well they were hidden.
fn matrix(findings: &[FindingRow]) -> Vec<MatrixRow> {
    const FAR: [Overreach; 4] = [
        Overreach::ActiveOpposition,
        Overreach::RoutineSecurity,
        Overreach::IntendedScope,
        Overreach::None,
    ];
    const HIDDEN: [Deception; 4] = [
        Deception::None,
        Deception::UserReview,
        Deception::RoutineMonitoring,
        Deception::ActiveInvestigation,
    ];
    let at = |far, hidden| {
        let here = findings.iter();
        here.filter(|f| f.overreach == far && f.deception == hidden)
            .count() as u64
    };
    let most = FAR
        .iter()
        .flat_map(|far| HIDDEN.iter().map(move |hidden| at(*far, *hidden)))
        .max();
    let row = |far| MatrixRow {
        overreach: overreach(far),
        cells: HIDDEN
            .iter()
            .map(|hidden| {
                let count = at(far, *hidden);
                MatrixCell {
                    count,
                    level: svg::level(count, most.unwrap_or(0).max(10)),
                }
            })
            .collect(),
    };
    FAR.into_iter().map(row).collect()
}

fn legs(behaviours: &[BehaviourRow]) -> Vec<LegCount> {
    let mut counts: BTreeMap<Leg, u64> = BTreeMap::new();
    for row in behaviours {
        if let Some(leg) = row.leg {
            *counts.entry(leg).or_default() += row.count;
        }
    }
    [
        (Leg::Means, "gains what a rogue deployment needs"),
        (Leg::Motive, "shows a readiness to deceive or overreach"),
        (Leg::Opportunity, "weakens or escapes oversight"),
    ]
    .into_iter()
    .map(|(of, says)| LegCount {
        name: leg(of),
        says,
        count: counts.get(&of).copied().unwrap_or(0),
    })
    .collect()
}

fn groups<'a>(
    digest: &'a Digest,
    sessions: &HashMap<&str, &'a SessionRow>,
    anchors: &HashSet<&str>,
) -> (Vec<Group<'a>>, u64) {
    let mut by_behaviour: HashMap<&str, Vec<&FindingRow>> = HashMap::new();
    for row in &digest.findings.shown {
        by_behaviour
            .entry(row.behaviour.as_str())
            .or_default()
            .push(row);
    }
    let mut room = FINDINGS;
    let mut left_out = 0;
    let mut groups = Vec::new();
    for row in &digest.findings.behaviours {
        let of_it = by_behaviour.remove(row.id.as_str()).unwrap_or_default();
        let most = PER_BEHAVIOUR.min(room);
        let cards: Vec<Card<'_>> = of_it
            .iter()
            .take(most)
            .enumerate()
            .map(|(i, row)| card(row, i == 0, sessions, anchors))
            .collect();
        room -= cards.len();
        let hidden = (of_it.len() - cards.len()) as u64;
        left_out += hidden;
        groups.push(Group {
            row,
            leg: row.leg.map_or("", leg),
            severities: severities(row.severities),
            findings: cards,
            left_out: hidden,
        });
    }
    (groups, left_out)
}

fn card<'a>(
    row: &'a FindingRow,
    first: bool,
    sessions: &HashMap<&str, &'a SessionRow>,
    anchors: &HashSet<&str>,
) -> Card<'a> {
    let anchor = format!("{}-e{}", row.session.to_ascii_lowercase(), row.step);
    Card {
        row,
        overreach: overreach(row.overreach),
        deception: deception(row.deception),
        anchor: if anchors.contains(anchor.as_str()) {
            anchor
        } else {
            String::new()
        },
        session: sessions.get(row.session.as_str()).copied(),
        open: first && row.severity >= Severity::High,
    }
}

/// The timelines, worst first, as many as fit.
fn timelines<'a>(
    digest: &'a Digest,
    views: &'a [SessionView],
    sessions: &HashMap<&str, &'a SessionRow>,
) -> (Vec<Shown<'a>>, u64) {
    let by_handle: HashMap<&str, &SessionView> =
        views.iter().map(|v| (v.handle.as_str(), v)).collect();
    let mut out: Vec<Shown<'_>> = Vec::new();
    let mut room = TIMELINES;
    let mut left_out = 0;
    for session in &digest.sessions {
        let Some(view) = by_handle.get(session.handle.as_str()).copied() else {
            left_out += u64::from(session.worst.is_some());
            continue;
        };
        let Some(row) = sessions.get(view.handle.as_str()) else {
            continue;
        };
        let size = size(view);
        if size > room {
            left_out += 1;
            continue;
        }
        room -= size;
        let of_it = digest.findings.shown.iter();
        out.push(Shown {
            row,
            view,
            findings: of_it
                .filter(|f| f.session == view.handle)
                .take(40)
                .collect(),
            open: out.is_empty(),
        });
    }
    (out, left_out)
}

/// About how many bytes a timeline takes.
fn size(view: &SessionView) -> usize {
    let moments = view.moments.iter();
    moments
        .map(|moment| {
            let lines = moment.parts.iter().flat_map(|part| &part.lines);
            let text = |line: &crate::excerpt::TextLine| -> usize {
                line.pieces.iter().map(|piece| piece.text.len() + 20).sum()
            };
            900 + lines.map(|line| 40 + text(line)).sum::<usize>()
        })
        .sum()
}
