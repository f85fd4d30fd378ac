//! What a scan hands to the report: the one input of every rendering.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proctor_model::{BehaviourId, Finding, Harness};
use proctor_reconcile::Summary;
use serde::{Serialize, Serializer};

/// Everything a scan found out, in no particular order: renderings sort for themselves.
///
/// [`json`](crate::json) writes it; serialised by itself it leaves out the summaries and the
/// findings, which that function writes one by one.
#[derive(Clone, Debug, Serialize)]
pub struct Scan {
    /// Version of Proctor.
    pub version: String,
    /// When the scan ran.
    pub generated_at: Timestamp,
    /// In which time zone days and hours are counted.
    #[serde(serialize_with = "zone_name")]
    pub time_zone: TimeZone,
    /// The reader's home directory, shown as `~`.
    pub home: Option<String>,
    /// What was asked for.
    pub window: Window,
    /// The files and directories that were searched.
    pub roots: Vec<PathBuf>,
    /// What was read.
    pub read: ReadTotals,
    /// How long the harnesses keep recordings.
    pub retention: Vec<Retention>,
    /// Start of the oldest session that still has a recording, inside the window or not.
    pub oldest: Option<Timestamp>,
    /// Recordings that something refers to and that are gone, beyond those in the summaries.
    pub missing: Vec<String>,
    /// Behaviours that were looked for: asked for, and some loaded rule or check can find them.
    pub checked: Vec<BehaviourId>,
    /// Checks that could not be made.
    pub not_assessable: Vec<NotAssessable>,
    /// The command as it was typed, for hints that can be copied.
    #[serde(skip)]
    pub command: String,
    /// Score from which a finding is shown.
    pub threshold: f64,
    /// The alert budget, if there is one.
    pub budget: Option<Budget>,
    /// What each session did.
    #[serde(skip)]
    pub summaries: Vec<Summary>,
    /// What was found, of any score.
    #[serde(skip)]
    pub findings: Vec<Finding>,
}

/// Which sessions and findings were asked for; `None` stands for all.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Window {
    /// Sessions that ended before are left out.
    pub since: Option<Timestamp>,
    /// Sessions that began after are left out.
    pub until: Option<Timestamp>,
    /// Sessions whose working directory does not contain this are left out, whatever its case.
    pub project: Option<String>,
    /// Sessions of other harnesses are left out; empty for all.
    pub harnesses: Vec<Harness>,
    /// Findings of other behaviours are left out; empty for all.
    pub behaviours: Vec<BehaviourId>,
}

/// What was read, summed over all recordings.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ReadTotals {
    /// Recordings that were read.
    pub recordings: u64,
    /// How many of them were read from the archive, because their harness has deleted them.
    pub archived: u64,
    /// Bytes in them, archives unpacked.
    pub bytes: u64,
    /// Bytes that could not be understood.
    pub unreadable_bytes: u64,
    /// Records in them.
    pub records: u64,
    /// Events made of them.
    pub events: u64,
    /// Records of a type that the reader does not know, by type.
    pub unknown_records: BTreeMap<String, u64>,
    /// Fields that the reader does not know, by name.
    pub unknown_fields: BTreeMap<String, u64>,
    /// Files and directories that could not be opened, with the reason.
    pub unopened: Vec<(PathBuf, String)>,
    /// Files that are no recordings of a known kind.
    pub ignored: u64,
    /// Bytes in them.
    pub ignored_bytes: u64,
    /// Duration of the scan in milliseconds.
    pub milliseconds: u64,
}

/// How long a harness keeps its recordings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Retention {
    /// The harness.
    pub harness: Harness,
    /// The name of the setting, such as `cleanupPeriodDays`; empty where the harness has none.
    pub setting: String,
    /// Days after which the harness deletes a recording; `None` where it never does.
    pub days: Option<u64>,
    /// Whether this is the harness's default, because nobody set it.
    pub default: bool,
}

/// A check that could not be made.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NotAssessable {
    /// The behaviour or the check, by its id.
    pub check: String,
    /// Why, in plain words.
    pub why: String,
    /// In how many sessions.
    pub sessions: u64,
}

/// How many findings a day a reader is ready to look at.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Budget {
    /// Findings a day.
    pub per_day: f64,
    /// Days that the threshold was fitted on.
    pub days: f64,
    /// Whether it raised the threshold; one that allows for more leaves it as it was.
    pub raised: bool,
}

fn zone_name<S: Serializer>(zone: &TimeZone, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(zone_label(zone))
}

/// The zone's name; `UTC` for one without.
pub(crate) fn zone_label(zone: &TimeZone) -> &str {
    match zone.iana_name() {
        Some("UTC" | "Etc/UTC") => "UTC",
        Some(name) => name,
        None if *zone == TimeZone::UTC => "UTC",
        None => "local time",
    }
}
