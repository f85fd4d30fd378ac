//! Findings: numbered, ordered and grouped.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};

use proctor_model::{BehaviourId, Catalogue, Deception, Finding, Leg, Overreach, Severity};
use serde::Serialize;

use super::LONG;
use super::sessions::Sessions;
use crate::clean::Lens;
use crate::scan::Scan;
use crate::units;

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub struct Findings {
    /// The findings that are shown, worst first.
    pub shown: Vec<FindingRow>,
    /// Findings whose score is under the threshold: counted, not shown.
    pub below: u64,
    /// Shown findings by severity, mildest first.
    pub severities: [u64; 5],
    /// The shown findings by behaviour, worst first.
    pub behaviours: Vec<BehaviourRow>,
    /// Names of behaviours that were looked for and not found.
    pub clear: Vec<String>,
}

/// One finding.
#[derive(Clone, Debug, Serialize)]
pub struct FindingRow {
    /// `F1` is the worst.
    pub handle: String,
    /// The behaviour's id.
    pub behaviour: String,
    /// How bad.
    pub severity: Severity,
    /// How sure, in [0, 1].
    pub score: f64,
    /// What happened.
    pub title: String,
    /// Why it is a finding.
    pub explanation: String,
    /// The decisive words.
    pub quote: String,
    /// The session's handle.
    pub session: String,
    /// The step in it.
    pub step: u64,
    /// When.
    pub time: String,
    /// Where, as `FILE @OFFSET`, the decisive place first.
    pub places: Vec<String>,
    /// How far beyond what was asked.
    pub overreach: Overreach,
    /// How well hidden.
    pub deception: Deception,
    /// The rule and its version.
    pub rule: String,
}

/// A behaviour that was found.
#[derive(Clone, Debug, Serialize)]
pub struct BehaviourRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: String,
    /// What it tells about an agent's ability to go rogue.
    pub leg: Option<Leg>,
    /// Findings of it.
    pub count: u64,
    /// Sessions with one.
    pub sessions: u64,
    /// Findings of it by severity, mildest first.
    pub severities: [u64; 5],
    /// The worst severity.
    pub worst: Severity,
    /// The handle of its first finding.
    pub first: String,
    /// That finding's title.
    pub title: String,
}

impl Findings {
    pub(super) fn of(scan: &Scan, lens: &Lens, sessions: &Sessions<'_>) -> Self {
        let shown = shown(scan);
        let rows: Vec<FindingRow> = shown
            .iter()
            .enumerate()
            .map(|(i, finding)| row(i, finding, scan, lens, sessions))
            .collect();
        let seen: HashSet<&BehaviourId> = shown.iter().map(|f| &f.behaviour).collect();
        // Where there is no session, nothing was looked at.
        let looked = !scan.summaries.is_empty();
        let checked = scan.checked.iter().filter(|_| looked);
        let clear = checked.filter(|id| !seen.contains(id));
        Self {
            below: (scan.findings.len() - shown.len()) as u64,
            severities: severities(&shown),
            behaviours: behaviours(&shown, &rows),
            clear: clear.map(name).collect(),
            shown: rows,
        }
    }
}

/// The findings at or over the threshold, in the order of their numbers.
pub(crate) fn shown(scan: &Scan) -> Vec<&Finding> {
    let findings = scan.findings.iter();
    let mut shown: Vec<&Finding> = findings.filter(|f| f.score >= scan.threshold).collect();
    shown.sort_by(|a, b| order(a, b));
    shown
}

/// The number of each shown finding, by its address: findings need not differ in content.
pub(crate) fn numbers(scan: &Scan) -> HashMap<*const Finding, usize> {
    let shown = shown(scan).into_iter().enumerate();
    shown.map(|(i, f)| (std::ptr::from_ref(f), i + 1)).collect()
}

/// Worst first, then surest; the rest only makes the order total.
pub(crate) fn order(a: &Finding, b: &Finding) -> Ordering {
    b.severity
        .cmp(&a.severity)
        .then_with(|| b.score.total_cmp(&a.score))
        .then_with(|| a.behaviour.cmp(&b.behaviour))
        .then_with(|| a.session.cmp(&b.session))
        .then_with(|| a.step.cmp(&b.step))
        .then_with(|| a.rule.id.cmp(&b.rule.id))
        .then_with(|| a.evidence.cmp(&b.evidence))
        .then_with(|| a.title.cmp(&b.title))
}

fn row(i: usize, f: &Finding, scan: &Scan, lens: &Lens, sessions: &Sessions<'_>) -> FindingRow {
    FindingRow {
        handle: format!("F{}", i + 1),
        behaviour: id(&f.behaviour),
        severity: f.severity,
        score: f.score,
        title: lens.line(&f.title, LONG),
        explanation: lens.line(&f.explanation, 2000),
        quote: lens.block(&f.quote, 800).text,
        session: sessions.handle(&f.session).to_owned(),
        step: f.step,
        time: f
            .time
            .map(|t| units::minute(t, &scan.time_zone))
            .unwrap_or_default(),
        places: f.evidence.iter().take(12).map(|p| lens.place(p)).collect(),
        overreach: f.overreach,
        deception: f.deception,
        rule: format!("{} v{}", lens.line(&f.rule.id, 80), f.rule.version),
    }
}

/// Findings by severity, mildest first.
pub(super) fn severities(findings: &[&Finding]) -> [u64; 5] {
    Severity::ALL.map(|severity| {
        let of_it = findings.iter().filter(|f| f.severity == severity);
        of_it.count() as u64
    })
}

/// Groups findings that are in order, so that the groups come in the order of their worst.
fn behaviours(findings: &[&Finding], rows: &[FindingRow]) -> Vec<BehaviourRow> {
    let mut groups: BTreeMap<&BehaviourId, (usize, Vec<&Finding>)> = BTreeMap::new();
    for (i, finding) in findings.iter().copied().enumerate() {
        let group = groups.entry(&finding.behaviour);
        group.or_insert((i, Vec::new())).1.push(finding);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, (first, _))| *first);
    groups
        .into_iter()
        .filter_map(|(id, (first, group))| {
            let first = rows.get(first)?;
            let entry = Catalogue::builtin().get(id);
            let sessions: HashSet<_> = group.iter().map(|f| &f.session).collect();
            Some(BehaviourRow {
                id: self::id(id),
                name: name(id),
                description: entry.map(|b| b.description.clone()).unwrap_or_default(),
                leg: entry.map(|b| b.leg),
                count: group.len() as u64,
                sessions: sessions.len() as u64,
                severities: severities(&group),
                worst: first.severity,
                first: first.handle.clone(),
                title: first.title.clone(),
            })
        })
        .collect()
}

/// A behaviour's id, fit to print: rules may come from elsewhere.
fn id(id: &BehaviourId) -> String {
    Lens::default().line(id.as_str(), 60)
}

/// A behaviour's name; its id where the catalogue does not know it.
pub(crate) fn name(behaviour: &BehaviourId) -> String {
    match Catalogue::builtin().get(behaviour) {
        Some(behaviour) => behaviour.name.clone(),
        None => id(behaviour),
    }
}

/// The overreach level in words.
pub(crate) fn overreach(level: Overreach) -> &'static str {
    match level {
        Overreach::None => "within what was asked",
        Overreach::IntendedScope => "beyond the intended scope",
        Overreach::RoutineSecurity => "past routine security",
        Overreach::ActiveOpposition => "against active opposition",
    }
}

/// The deception level in words.
pub(crate) fn deception(level: Deception) -> &'static str {
    match level {
        Deception::None => "not hidden",
        Deception::UserReview => "caught by user review",
        Deception::RoutineMonitoring => "caught by routine monitoring",
        Deception::ActiveInvestigation => "caught only by active investigation",
    }
}

/// The leg in one word.
pub(crate) fn leg(leg: Leg) -> &'static str {
    match leg {
        Leg::Means => "means",
        Leg::Motive => "motive",
        Leg::Opportunity => "opportunity",
    }
}
