//! Findings in groups, and how they lie on the scales.

use std::collections::{BTreeMap, HashMap, HashSet};

use proctor_model::{Deception, Leg, Overreach, Severity};
use serde::Serialize;

use super::{SeverityCount, severities};
use crate::digest::{BehaviourRow, Digest, FindingRow, SessionRow, deception, leg, overreach};
use crate::svg;

/// Findings of one behaviour that are shown.
pub(super) const PER_BEHAVIOUR: usize = 40;

/// Findings that are shown in all.
pub(super) const FINDINGS: usize = 400;

#[derive(Serialize)]
pub(super) struct MatrixRow {
    overreach: &'static str,
    cells: Vec<MatrixCell>,
}

#[derive(Serialize)]
pub(super) struct MatrixCell {
    count: u64,
    level: u8,
}

#[derive(Serialize)]
pub(super) struct LegCount {
    name: &'static str,
    says: &'static str,
    count: u64,
}

#[derive(Serialize)]
pub(super) struct Group<'a> {
    pub(super) row: &'a BehaviourRow,
    leg: &'static str,
    severities: Vec<SeverityCount>,
    kinds: Vec<Kind<'a>>,
    left_out: u64,
}

/// Findings that say the same of the same session.
#[derive(Serialize)]
pub(super) struct Kind<'a> {
    first: Card<'a>,
    more: Vec<Card<'a>>,
}

#[derive(Serialize)]
pub(super) struct Card<'a> {
    row: &'a FindingRow,
    overreach: &'static str,
    deception: &'static str,
    /// The anchor of its decisive step; empty where the page does not show it.
    anchor: String,
    session: Option<&'a SessionRow>,
    open: bool,
}

impl<'a> Group<'a> {
    /// Handles of the findings that it shows.
    pub(super) fn handles(&self) -> impl Iterator<Item = (&'a str, bool)> {
        let cards = self
            .kinds
            .iter()
            .flat_map(|kind| std::iter::once(&kind.first).chain(&kind.more));
        cards.map(|card| (card.row.handle.as_str(), true))
    }
}

/// Shown findings by how far they went and how well they were hidden.
pub(super) fn matrix(findings: &[FindingRow]) -> Vec<MatrixRow> {
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

pub(super) fn legs(behaviours: &[BehaviourRow]) -> Vec<LegCount> {
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

pub(super) fn groups<'a>(
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
        let shown = of_it.len().min(most);
        let cards = of_it.iter().take(shown).enumerate();
        let cards = cards.map(|(i, row)| card(row, i == 0, sessions, anchors));
        room -= shown;
        let hidden = (of_it.len() - shown) as u64;
        left_out += hidden;
        groups.push(Group {
            row,
            leg: row.leg.map_or("", leg),
            severities: severities(row.severities),
            kinds: kinds(cards),
            left_out: hidden,
        });
    }
    (groups, left_out)
}

/// Gathers cards of the same title and session behind the first of them.
fn kinds<'a>(cards: impl Iterator<Item = Card<'a>>) -> Vec<Kind<'a>> {
    let mut kinds: Vec<Kind<'_>> = Vec::new();
    let mut known: HashMap<(&str, &str), usize> = HashMap::new();
    for card in cards {
        let key = (card.row.session.as_str(), card.row.title.as_str());
        let at = *known.entry(key).or_insert(kinds.len());
        match kinds.get_mut(at) {
            Some(kind) => kind.more.push(card),
            None => kinds.push(Kind {
                first: card,
                more: Vec::new(),
            }),
        }
    }
    kinds
}

pub(super) fn card<'a>(
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
