//! What a scan adds up to, in words and numbers ready to be laid out.
//!
//! A [`Digest`] is a pure function of a [`Scan`]: the same scan gives the same digest whatever
//! order its sessions and findings come in. Every text in it has been through a [`Lens`], so that
//! terminal, JSON and page print it as it is and only escape for their own format.
//!
//! Everything that can be opened has a handle: `d3` is a line of what agents did, `F12` a finding,
//! `S4` a session, `h1`, `m2`, `p3` a harness, model or project, `u5` a line of what was not seen.

mod activity;
mod breakdown;
mod did;
mod findings;
mod headline;
mod sessions;
mod unseen;

pub use activity::{Activity, Bin};
pub use breakdown::{Breakdown, Share};
pub use findings::{BehaviourRow, FindingRow, Findings};
pub(crate) use findings::{deception, leg, name, numbers, overreach};
pub use sessions::SessionRow;
pub(crate) use sessions::{Entry, Sessions, same_handle};

use serde::Serialize;

use crate::clean::Lens;
use crate::scan::Scan;

/// Examples kept for a line.
const EXAMPLES: usize = 40;
/// Characters of an example, a title or a name.
const LONG: usize = 240;

/// What a scan adds up to.
#[derive(Clone, Debug, Serialize)]
pub struct Digest {
    /// What agents did, in one sentence.
    pub headline: String,
    /// What was found, in one or two sentences.
    pub verdict: String,
    /// What was read, in one line.
    pub scope: String,
    /// What agents did, a line each.
    pub did: Vec<Line>,
    /// The same by harness, model and project.
    pub by: Vec<Breakdown>,
    /// The same over time.
    pub activity: Activity,
    /// What was found.
    pub findings: Findings,
    /// All sessions, the worst first.
    pub sessions: Vec<SessionRow>,
    /// What was not seen, a line each.
    pub unseen: Vec<Line>,
}

/// One line of a digest.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Line {
    /// Opens the line's evidence.
    pub handle: String,
    /// What is counted.
    pub label: String,
    /// The number as people read it.
    pub value: String,
    /// The number itself.
    pub count: u64,
    /// The denominator, or what the number means.
    pub detail: String,
    /// Whether a careful reader wants to look even if nothing was found.
    pub notable: bool,
    /// The commonest things behind the number, with how often each was among the examples (for
    /// hosts: how often in all).
    pub top: Vec<(String, u64)>,
    /// Evidence.
    pub examples: Vec<Example>,
}

/// One piece of evidence behind a line.
#[derive(Clone, Debug, Serialize)]
pub struct Example {
    /// The session's handle; empty where there is none.
    pub session: String,
    /// What.
    pub text: String,
    /// Where, as `FILE @OFFSET` in bytes; empty where there is no place.
    pub place: String,
}

impl Digest {
    /// Adds a scan up.
    pub fn of(scan: &Scan, lens: &Lens) -> Self {
        let sessions = Sessions::of(scan);
        let findings = Findings::of(scan, lens, &sessions);
        Self {
            headline: headline::headline(scan),
            verdict: headline::verdict(scan, &findings),
            scope: headline::scope(scan),
            did: did::lines(lens, &sessions),
            by: breakdown::all(lens, &sessions),
            activity: Activity::of(scan, &sessions),
            findings,
            sessions: sessions.rows(scan, lens),
            unseen: unseen::lines(scan, lens, &sessions),
        }
    }
}
