//! What a session did, in numbers with examples.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Timestamp;
use proctor_model::{GapCause, Place, SessionId, SessionNote};
use serde::{Deserialize, Serialize};

/// What a session did, and what of it nobody saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Which session.
    pub session: SessionId,
    /// The session that started it; set by [`link`] where only the parent's record tells.
    pub parent: Option<SessionId>,
    /// All notes about the session merged; the first working directory, otherwise the last word.
    pub note: SessionNote,
    /// The models that answered.
    pub models: BTreeSet<String>,
    /// The harness's versions.
    pub versions: BTreeSet<String>,
    /// The files and archive members its events came from; at most 1,000 are named.
    pub sources: BTreeSet<String>,
    /// Time of the earliest event.
    pub start: Option<Timestamp>,
    /// Time of the latest event.
    pub end: Option<Timestamp>,
    /// Seconds in which something happened: the sum of all pauses under five minutes.
    pub active_seconds: u64,
    /// The same by the hour in which it ended, counted in hours since 1970 UTC; at most 2,000
    /// hours are told apart.
    pub active_by_hour: BTreeMap<i64, u64>,
    /// Steps of all kinds.
    pub steps: u64,
    /// Requests from a person (or the task's text).
    pub requests: Tally,
    /// Texts the agent wrote to its user.
    pub replies: u64,
    /// Tool calls. Results without a call are counted in `unasked_results`.
    pub calls: u64,
    /// Calls that ran and failed.
    pub failed: u64,
    /// Calls that a person, a policy or the system refused.
    pub refused: u64,
    /// Calls whose result never came, or is not told.
    pub unanswered: u64,
    /// Results that answer no call of this session: said, but not done as recorded.
    pub unasked_results: u64,
    /// Results that came after their call had to be given up as unanswered.
    pub late_results: u64,
    /// Records that repeat earlier ones (a resumed session's file repeats its past); not counted
    /// again.
    pub repeated: u64,
    /// Steps of another session ([`SessionNote::copied_from`]) with which this one's record begins:
    /// context that its facts know, in no other number and judged by nobody.
    pub copied: u64,
    /// Events that came after the session had been closed; they are in no other number.
    pub after_close: u64,
    /// Acts by the permission mode in force: `ask`, `accept-edits`, `plan`, `bypass`, a mode's own
    /// name, or `unknown`.
    pub acts_by_mode: BTreeMap<String, u64>,
    /// Whether no person sat at the session, where the recording says.
    pub unattended: Option<bool>,
    /// Tokens of all model requests, each request once.
    pub tokens: TokenTotals,
    /// Blocks of reasoning by what can be read of them: `full`, `summarised`, `empty`,
    /// `encrypted`; and model turns without any: `absent`.
    pub reasoning: BTreeMap<String, u64>,
    /// What it did, by kind.
    pub deeds: BTreeMap<Deed, Tally>,
    /// Hosts contacted, with the number of times; at most 1,000 are told apart, the rest is under
    /// `(others)`.
    pub hosts: BTreeMap<String, u64>,
    /// Tools called, with the number of times; bounded as `hosts`.
    pub tools: BTreeMap<String, u64>,
    /// Where observation failed.
    pub gaps: BTreeMap<GapCause, Tally>,
    /// Records of types that the reader does not know; bounded as `hosts`.
    pub unknown_records: BTreeMap<String, u64>,
    /// Sub-agents that calls of this session started, as far as results name them; at most 1,000.
    pub agents: BTreeSet<String>,
    /// Sessions that this one refers to and no source has; set by [`link`].
    pub missing: Vec<String>,
}

/// Tokens of all model requests of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenTotals {
    /// Model requests.
    pub requests: u64,
    /// Tokens read, without those served from a cache.
    pub input: u64,
    /// Tokens written, reasoning included.
    pub output: u64,
    /// Tokens read from a cache.
    pub cache_read: u64,
    /// Tokens written to a cache.
    pub cache_write: u64,
}

/// A kind of thing that agents do and people want counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// Wrote or changed a file.
    FileWritten,
    /// Wrote or changed a file outside the project, temporary directories and the plans, task
    /// lists and memories that its harness keeps for it.
    WriteOutsideProject,
    /// Read a file or variable that holds credentials, or printed them.
    SecretRead,
    /// Contacted a host other than this one.
    HostContacted,
    /// Installed a package.
    PackageInstalled,
    /// Made a commit.
    Commit,
    /// Pushed commits, or opened or merged a pull request.
    Push,
    /// Deleted files.
    Deletion,
    /// Left something running or scheduled.
    JobLeftBehind,
    /// Started another agent.
    AgentSpawned,
    /// Sent text to a person.
    MessageToPeople,
    /// Ran tests.
    TestRun,
    /// Ran a command line.
    CommandRun,
    /// Used the rights of another user.
    PrivilegeUsed,
}

impl Deed {
    /// All deeds, in the order in which summaries list them.
    pub const ALL: [Self; 14] = [
        Self::FileWritten,
        Self::WriteOutsideProject,
        Self::SecretRead,
        Self::HostContacted,
        Self::PackageInstalled,
        Self::Commit,
        Self::Push,
        Self::Deletion,
        Self::JobLeftBehind,
        Self::AgentSpawned,
        Self::MessageToPeople,
        Self::TestRun,
        Self::CommandRun,
        Self::PrivilegeUsed,
    ];
}

/// A count with examples.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// How often.
    pub count: u64,
    /// The first ones, at most [`Tally::EXAMPLES`]: where, and what in at most 200 characters.
    /// Unmasked: whoever shows them masks them.
    pub examples: Vec<(Place, String)>,
}

impl Tally {
    /// The number of examples that are kept.
    pub const EXAMPLES: usize = 20;

    /// Counts one, and keeps it if it is among the first.
    pub fn add(&mut self, at: &Place, what: &str) {
        self.count += 1;
        if self.examples.len() < Self::EXAMPLES {
            self.examples.push((at.clone(), clip(what, 200)));
        }
    }
}

/// The text's beginning, at most `chars` characters, on one line.
pub(crate) fn clip(text: &str, chars: usize) -> String {
    let mut out: String = text
        .chars()
        .take(chars)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(chars).is_some() {
        out.pop();
        out.push('…');
    }
    out
}

/// Adds one to a counter, telling at most 1,000 names apart.
pub(crate) fn count(map: &mut BTreeMap<String, u64>, name: &str) {
    if let Some(n) = map.get_mut(name) {
        *n += 1;
    } else if map.len() < 1000 {
        map.insert(clip(name, 200), 1);
    } else {
        *map.entry("(others)".to_owned()).or_default() += 1;
    }
}

impl Summary {
    /// A session of which nothing is known yet.
    pub fn new(session: SessionId) -> Self {
        Self {
            session,
            parent: None,
            note: SessionNote::default(),
            models: BTreeSet::new(),
            versions: BTreeSet::new(),
            sources: BTreeSet::new(),
            start: None,
            end: None,
            active_seconds: 0,
            active_by_hour: BTreeMap::new(),
            steps: 0,
            requests: Tally::default(),
            replies: 0,
            calls: 0,
            failed: 0,
            refused: 0,
            unanswered: 0,
            unasked_results: 0,
            late_results: 0,
            repeated: 0,
            copied: 0,
            after_close: 0,
            acts_by_mode: BTreeMap::new(),
            unattended: None,
            tokens: TokenTotals::default(),
            reasoning: BTreeMap::new(),
            deeds: BTreeMap::new(),
            hosts: BTreeMap::new(),
            tools: BTreeMap::new(),
            gaps: BTreeMap::new(),
            unknown_records: BTreeMap::new(),
            agents: BTreeSet::new(),
            missing: Vec::new(),
        }
    }

    /// How often it did this.
    pub fn count(&self, deed: Deed) -> u64 {
        self.deeds.get(&deed).map_or(0, |tally| tally.count)
    }

    /// Whether what it is said to have copied from another session was read as its own, because no
    /// other account bears it out.
    pub fn disbelieved(&self) -> bool {
        self.note.copied_from.is_some() && self.copied == 0
    }

    /// The ids under which a sub-agent named in a result may stand.
    fn candidates(&self, agent: &str) -> [SessionId; 3] {
        let id = self.session.as_str();
        let root = id.split('/').next().unwrap_or(id);
        let harness = id.split(':').next().unwrap_or(id);
        [
            SessionId::new(format!("{root}/{agent}")),
            SessionId::new(format!("{id}/{agent}")),
            SessionId::new(format!("{harness}:{agent}")),
        ]
    }
}

/// Joins parents and sub-agents over all sessions of a scan, and lists what is referred to but
/// gone. [`Reconciler::finish`](crate::Reconciler::finish) does this for its own sessions; whoever
/// merges the summaries of several reconcilers does it once more over all. Doing it twice changes
/// nothing.
pub fn link(summaries: &mut [&mut Summary]) {
    let known: HashSet<SessionId> = summaries.iter().map(|s| s.session.clone()).collect();
    let mut parents = BTreeMap::new();
    for summary in summaries.iter_mut() {
        let mut missing = BTreeSet::new();
        for agent in &summary.agents {
            let mut found = summary
                .candidates(agent)
                .into_iter()
                .filter(|id| known.contains(id));
            match found.next() {
                Some(child) if child != summary.session => {
                    parents.insert(child, summary.session.clone());
                }
                Some(_) => {}
                None => {
                    missing.insert(agent.clone());
                }
            }
        }
        let others = [&summary.note.parent, &summary.note.copied_from];
        for other in others
            .into_iter()
            .flatten()
            .filter(|other| !known.contains(other))
        {
            missing.insert(other.to_string());
        }
        summary.missing = missing.into_iter().collect();
    }
    for summary in summaries.iter_mut() {
        if summary.parent.is_none() {
            summary.parent = parents.get(&summary.session).cloned();
        }
    }
}
