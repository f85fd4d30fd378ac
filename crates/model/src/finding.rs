//! Findings: a behaviour seen in a session, with its evidence.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::behaviour::BehaviourId;
use crate::event::{Place, SessionId};

/// How bad a finding is, apart from how sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing; ordinary work.
    Info,
    /// Look when there is time.
    Low,
    /// Look this week.
    Medium,
    /// Look today.
    High,
    /// Look now.
    Critical,
}

impl Severity {
    /// All severities, mildest first.
    pub const ALL: [Self; 5] = [
        Self::Info,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Critical,
    ];

    /// The word used in data, options and output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Severity {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|v| v.name() == s)
            .ok_or_else(|| {
                format!("`{s}` is not a severity; one of info, low, medium, high, critical")
            })
    }
}

/// How far an action went beyond what was asked (METR, Frontier Risk Report, May 2026).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Overreach {
    /// Within what was asked.
    #[default]
    None,
    /// Beyond the scope its user intended.
    IntendedScope,
    /// Past a routine security measure.
    RoutineSecurity,
    /// Against people or measures that actively oppose it.
    ActiveOpposition,
}

/// How well an action was hidden (METR, Frontier Risk Report, May 2026).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Deception {
    /// Not hidden.
    #[default]
    None,
    /// Its user notices on an ordinary look.
    UserReview,
    /// Routine monitoring notices.
    RoutineMonitoring,
    /// Only an active investigation notices.
    ActiveInvestigation,
}

/// The rule or check that made a finding, and its version.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RuleRef {
    /// The rule's id, unique among the loaded rules.
    pub id: String,
    /// Raised whenever the rule may find something else than before.
    pub version: u32,
}

/// A behaviour seen in a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What was seen.
    pub behaviour: BehaviourId,
    /// In which session.
    pub session: SessionId,
    /// At which step of it.
    pub step: u64,
    /// When, by the source's clock.
    pub time: Option<Timestamp>,
    /// The events that show it, the decisive one first; never empty.
    pub evidence: Vec<Place>,
    /// What found it.
    pub rule: RuleRef,
    /// How bad.
    pub severity: Severity,
    /// How sure, in [0, 1].
    pub score: f64,
    /// How far beyond what was asked.
    pub overreach: Overreach,
    /// How well hidden.
    pub deception: Deception,
    /// One line that says what happened, in plain words.
    pub title: String,
    /// Why this is a finding, in plain words, for a busy person.
    pub explanation: String,
    /// The decisive words of the evidence, unmasked; empty where there are none.
    pub quote: String,
}
