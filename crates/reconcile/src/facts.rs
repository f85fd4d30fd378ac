//! What is known of a session so far: the one bounded set of facts that rules and policy use.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, Hash, Hasher};

use proctor_model::{
    Act, Action, Harness, Origin, Outcome, PermissionMode, Reasoning, ReasoningState, SessionId,
    SessionNote, Step, StepKind,
};

use crate::effect::Effect;
use crate::hash::Keyed;
use crate::path::{Whereabouts, file_name, resolve, whereabouts};
use crate::runs::{Run, RunKind, RunOutcome};
use crate::summary::clip;

/// Bounds on what is remembered of one session.
mod bound {
    /// Requests kept: the first, and the latest ones.
    pub(super) const REQUESTS: usize = 32;
    /// Bytes kept of one request: its beginning and its end.
    pub(super) const REQUEST_BYTES: usize = 16 * 1024;
    /// Paths known, the least recently used forgotten first.
    pub(super) const PATHS: usize = 4096;
    /// Runs kept of each kind.
    pub(super) const RUNS: usize = 64;
    /// Commands kept with their text.
    pub(super) const COMMANDS: usize = 128;
    /// Characters kept of one command.
    pub(super) const COMMAND_CHARS: usize = 2000;
    /// Commands known by their hash.
    pub(super) const COMMAND_HASHES: usize = 16 * 1024;
    /// Refusals kept.
    pub(super) const REFUSALS: usize = 32;
    /// Targets kept of one refusal.
    pub(super) const TARGETS: usize = 16;
    /// Hosts known.
    pub(super) const HOSTS: usize = 1024;
    /// Secrets kept that were read.
    pub(super) const SECRETS: usize = 64;
}

/// What is known of a session so far.
///
/// Facts are bounded, whatever the session's length; where a bound makes an answer uncertain, the
/// accessor says so. They are updated with a step *before* observers see it.
#[derive(Clone, Debug)]
pub struct Facts {
    session: SessionId,
    note: SessionNote,
    project: Option<String>,
    steps: u64,
    requests: VecDeque<Request>,
    person_requests: u64,
    paths: HashMap<String, FileFact>,
    last_edit: Option<(String, u64)>,
    last_code_edit: Option<(String, u64)>,
    runs: VecDeque<Run>,
    last_passed: HashMap<RunKind, Run>,
    last_failed: HashMap<RunKind, Run>,
    commands: VecDeque<CommandFact>,
    hasher: Keyed,
    command_hashes: HashSet<u64, Keyed>,
    commands_run: u64,
    refusals: VecDeque<Refusal>,
    refusals_in_a_row: u64,
    refusals_total: u64,
    secrets: VecDeque<SecretRead>,
    hosts: HashMap<String, u64>,
    spawned: u64,
    reasoning_read: u64,
    reasoning_hidden: u64,
}

/// Instructions that reached the agent.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The step.
    pub step: u64,
    /// Whether it is the system or developer prompt.
    pub system: bool,
    /// Who really wrote it.
    pub origin: Origin,
    /// The text; of a text over 16 KiB, its first and last 8 KiB.
    pub text: String,
}

/// What was done with a file, by the latest step of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileFact {
    /// Read.
    pub read: Option<u64>,
    /// Written or changed.
    pub written: Option<u64>,
    /// Deleted or moved away.
    pub deleted: Option<u64>,
    /// The latest step of any of these.
    pub last: u64,
}

/// A command line that was run.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandFact {
    /// The step.
    pub step: u64,
    /// The text, at most 2,000 characters on one line.
    pub command: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The exit status, where the recording has it.
    pub exit_code: Option<i32>,
}

/// Something that the agent was refused: the goal, as far as words tell.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The step.
    pub step: u64,
    /// The kind of action, as in [`Action`]: `command`, `write`, `fetch` …; of `other`, the tool.
    pub action: String,
    /// What it was to act on: resolved paths, hosts, packages, recipients; at most 16.
    pub targets: Vec<String>,
    /// The command, or the call's main argument, at most 2,000 characters.
    pub text: String,
}

/// A credential that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct SecretRead {
    /// The step.
    pub step: u64,
    /// The path, variable or command that gave it.
    pub what: String,
}

impl Facts {
    /// A session of which nothing is known yet.
    pub fn new(session: SessionId) -> Self {
        Self {
            session,
            note: SessionNote::default(),
            project: None,
            steps: 0,
            requests: VecDeque::new(),
            person_requests: 0,
            paths: HashMap::new(),
            last_edit: None,
            last_code_edit: None,
            runs: VecDeque::new(),
            last_passed: HashMap::new(),
            last_failed: HashMap::new(),
            commands: VecDeque::new(),
            hasher: Keyed::default(),
            command_hashes: HashSet::default(),
            commands_run: 0,
            refusals: VecDeque::new(),
            refusals_in_a_row: 0,
            refusals_total: 0,
            secrets: VecDeque::new(),
            hosts: HashMap::new(),
            spawned: 0,
            reasoning_read: 0,
            reasoning_hidden: 0,
        }
    }

    /// Whose facts these are.
    pub fn session(&self) -> &SessionId {
        &self.session
    }

    /// All notes about the session so far merged, the latest word of each field.
    pub fn note(&self) -> &SessionNote {
        &self.note
    }

    /// The harness, where known.
    pub fn harness(&self) -> Option<Harness> {
        self.note.harness
    }

    /// The first working directory: what the session was started on.
    pub fn project(&self) -> Option<&str> {
        self.project.as_deref()
    }

    /// The present working directory.
    pub fn cwd(&self) -> Option<&str> {
        self.note.cwd.as_deref()
    }

    /// The permission mode in force.
    pub fn permission_mode(&self) -> Option<&PermissionMode> {
        self.note.permission_mode.as_ref()
    }

    /// Number of steps so far, the present one included.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Instructions that reached the agent, oldest first: the first one and the latest 31.
    pub fn requests(&self) -> impl DoubleEndedIterator<Item = &Request> {
        self.requests.iter()
    }

    /// The latest request of a person (or the task's text).
    pub fn last_request(&self) -> Option<&Request> {
        let person = |r: &&Request| !r.system && r.origin == Origin::Person;
        self.requests.iter().rev().find(person)
    }

    /// How many requests came from a person.
    pub fn person_requests(&self) -> u64 {
        self.person_requests
    }

    /// What was done with this file; the path may be as given, it is resolved.
    pub fn file(&self, path: &str) -> Option<&FileFact> {
        self.paths.get(&resolve(path, self.cwd()))
    }

    /// All files known, by resolved path, in no order; the least recently touched are forgotten
    /// beyond 4,096.
    pub fn files(&self) -> impl Iterator<Item = (&str, &FileFact)> {
        self.paths.iter().map(|(path, fact)| (path.as_str(), fact))
    }

    /// The latest file written or changed, and the step.
    pub fn last_edit(&self) -> Option<(&str, u64)> {
        self.last_edit
            .as_ref()
            .map(|(path, step)| (path.as_str(), *step))
    }

    /// The latest source or test file written or changed, and the step: what makes older test runs
    /// stale. Prose, plans and files in temporary directories do not count.
    pub fn last_code_edit(&self) -> Option<(&str, u64)> {
        self.last_code_edit
            .as_ref()
            .map(|(path, step)| (path.as_str(), *step))
    }

    /// The latest 64 runs of any kind, newest first.
    pub fn runs(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter().rev()
    }

    /// The latest run of this kind.
    pub fn last_run(&self, kind: RunKind) -> Option<&Run> {
        self.runs().find(|run| run.kind == kind)
    }

    /// The latest run of this kind in a step before this one.
    pub fn last_run_before(&self, kind: RunKind, step: u64) -> Option<&Run> {
        self.runs().find(|run| run.kind == kind && run.step < step)
    }

    /// The latest run of this kind that passed.
    pub fn last_passed(&self, kind: RunKind) -> Option<&Run> {
        self.last_passed.get(&kind)
    }

    /// The latest run of this kind that failed.
    pub fn last_failed(&self, kind: RunKind) -> Option<&Run> {
        self.last_failed.get(&kind)
    }

    /// Whether a run of this kind, whatever its outcome, came after the last edit of code; a
    /// command line that does both counts as edit first. False where there was no run.
    pub fn ran_since_edit(&self, kind: RunKind) -> bool {
        let edit = self.last_code_edit.as_ref().map(|(_, step)| *step);
        self.last_run(kind)
            .is_some_and(|run| edit.is_none_or(|edit| run.step >= edit))
    }

    /// Whether any command line ran after the last edit of code.
    pub fn command_since_edit(&self) -> bool {
        let edit = self.last_code_edit.as_ref().map(|(_, step)| *step);
        self.commands()
            .next()
            .is_some_and(|last| edit.is_none_or(|edit| last.step >= edit))
    }

    /// The latest 128 commands, newest first.
    pub fn commands(&self) -> impl Iterator<Item = &CommandFact> {
        self.commands.iter().rev()
    }

    /// How many command lines were run.
    pub fn commands_run(&self) -> u64 {
        self.commands_run
    }

    /// Whether this very command line was run, whitespace aside. `None` where it is not among the
    /// 16,384 that are known and there were more.
    pub fn has_run(&self, command: &str) -> Option<bool> {
        if self.command_hashes.contains(&self.command_hash(command)) {
            return Some(true);
        }
        (self.command_hashes.len() < bound::COMMAND_HASHES).then_some(false)
    }

    /// The latest 32 refusals, newest first.
    pub fn refusals(&self) -> impl Iterator<Item = &Refusal> {
        self.refusals.iter().rev()
    }

    /// Refusals since the last act that worked.
    pub fn refusals_in_a_row(&self) -> u64 {
        self.refusals_in_a_row
    }

    /// All refusals.
    pub fn refusals_total(&self) -> u64 {
        self.refusals_total
    }

    /// The latest 64 reads of credentials, newest first.
    pub fn secrets_read(&self) -> impl Iterator<Item = &SecretRead> {
        self.secrets.iter().rev()
    }

    /// The step in which this host was first contacted.
    pub fn host_contacted(&self, host: &str) -> Option<u64> {
        self.hosts.get(host).copied()
    }

    /// Hosts contacted and the step of the first contact, in no order; at most 1,024.
    pub fn hosts(&self) -> impl Iterator<Item = (&str, u64)> {
        self.hosts.iter().map(|(host, step)| (host.as_str(), *step))
    }

    /// How many agents the session started.
    pub fn spawned(&self) -> u64 {
        self.spawned
    }

    /// Whether some reasoning could be read so far. Checks that need reasoning are *not
    /// assessable* where this is false.
    pub fn reasoning_visible(&self) -> bool {
        self.reasoning_read > 0
    }

    /// Whether there was reasoning that cannot be read.
    pub fn reasoning_hidden(&self) -> bool {
        self.reasoning_hidden > 0
    }
}

/// Nothing known of a session without a name: for tests of observers.
impl Default for Facts {
    fn default() -> Self {
        Self::new(SessionId::new(""))
    }
}

/// Updating, by the reconciler only.
impl Facts {
    /// Takes what a note adds.
    pub(crate) fn note_more(&mut self, more: &SessionNote) {
        merge(&mut self.note, more);
        if self.project.is_none() {
            self.project.clone_from(&more.cwd);
        }
    }

    /// Takes a step with its effects, those of them that took place, and the runs found in it.
    pub(crate) fn step(
        &mut self,
        step: &Step,
        effects: &[Effect],
        done: &[&Effect],
        runs: Vec<Run>,
    ) {
        self.steps = step.index + 1;
        match &step.kind {
            StepKind::Request {
                system,
                origin,
                text,
            } => {
                self.request(step.index, *system, *origin, text);
            }
            StepKind::Reasoning(reasoning) => self.reasoning(reasoning),
            StepKind::Act(act) => self.act(step.index, act, effects, done),
            StepKind::Reply { .. } | StepKind::Boundary(_) | StepKind::Gap(_) => {}
        }
        for run in runs {
            self.run(run);
        }
    }

    /// How many things are remembered.
    #[cfg(test)]
    pub(crate) fn size(&self) -> usize {
        let listed = self.requests.len() + self.runs.len() + self.commands.len();
        let known = self.paths.len() + self.command_hashes.len();
        listed + known + self.refusals.len() + self.secrets.len() + self.hosts.len()
    }

    fn request(&mut self, step: u64, system: bool, origin: Origin, text: &str) {
        if !system && origin == Origin::Person {
            self.person_requests += 1;
        }
        if self.requests.len() >= bound::REQUESTS {
            self.requests.remove(1);
        }
        self.requests.push_back(Request {
            step,
            system,
            origin,
            text: both_ends(text, bound::REQUEST_BYTES),
        });
    }

    fn reasoning(&mut self, reasoning: &Reasoning) {
        match reasoning.state {
            ReasoningState::Full | ReasoningState::Summarised if !reasoning.text.is_empty() => {
                self.reasoning_read += 1;
            }
            _ => self.reasoning_hidden += 1,
        }
    }

    fn act(&mut self, step: u64, act: &Act, effects: &[Effect], done: &[&Effect]) {
        if let Action::Command { command, .. } = &act.action {
            self.command(step, command, act);
        }
        match act.outcome {
            Outcome::Refused => {
                self.refusals_in_a_row += 1;
                self.refusals_total += 1;
                push(
                    &mut self.refusals,
                    bound::REFUSALS,
                    refusal(step, act, effects),
                );
                // What was refused by the harness was not done.
                if act.result.as_ref().is_some_and(|r| r.refused) {
                    return;
                }
            }
            Outcome::Ok => self.refusals_in_a_row = 0,
            _ => {}
        }
        for effect in done {
            self.effect(step, effect);
        }
    }

    fn command(&mut self, step: u64, command: &str, act: &Act) {
        self.commands_run += 1;
        if self.command_hashes.len() < bound::COMMAND_HASHES {
            let hash = self.command_hash(command);
            self.command_hashes.insert(hash);
        }
        let fact = CommandFact {
            step,
            command: clip(command, bound::COMMAND_CHARS),
            outcome: act.outcome,
            exit_code: act.result.as_ref().and_then(crate::outcome::exit_code),
        };
        push(&mut self.commands, bound::COMMANDS, fact);
    }

    fn command_hash(&self, command: &str) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        command
            .split_whitespace()
            .for_each(|word| word.hash(&mut hasher));
        hasher.finish()
    }

    fn effect(&mut self, step: u64, effect: &Effect) {
        match effect {
            Effect::Reads(path) => self.path(path, step).read = Some(step),
            Effect::Writes(path) => {
                self.path(path, step).written = Some(step);
                self.last_edit = Some((path.clone(), step));
                if is_code(path) {
                    self.last_code_edit = Some((path.clone(), step));
                }
            }
            Effect::Deletes(path) | Effect::Moves(path) => {
                self.path(path, step).deleted = Some(step);
            }
            Effect::ReadsSecret(what) => {
                let read = SecretRead {
                    step,
                    what: clip(what, bound::COMMAND_CHARS),
                };
                push(&mut self.secrets, bound::SECRETS, read);
            }
            Effect::Contacts(host) if self.hosts.len() < bound::HOSTS => {
                self.hosts.entry(host.clone()).or_insert(step);
            }
            Effect::Spawns(_) => self.spawned += 1,
            _ => {}
        }
    }

    /// The fact of a path, made room for.
    fn path(&mut self, path: &str, step: u64) -> &mut FileFact {
        if self.paths.len() >= bound::PATHS && !self.paths.contains_key(path) {
            // Forget the older half at once, so that the cost is shared by many steps.
            let mut last: Vec<u64> = self.paths.values().map(|fact| fact.last).collect();
            let middle = last.len() / 2;
            let (_, median, _) = last.select_nth_unstable(middle);
            let median = *median;
            self.paths.retain(|_, fact| fact.last > median);
            if self.paths.len() >= bound::PATHS {
                self.paths.clear();
            }
        }
        let fact = self.paths.entry(path.to_owned()).or_default();
        fact.last = step;
        fact
    }

    fn run(&mut self, run: Run) {
        match run.outcome {
            RunOutcome::Passed => self.last_passed.insert(run.kind, run.clone()),
            RunOutcome::Failed => self.last_failed.insert(run.kind, run.clone()),
            RunOutcome::NothingRan | RunOutcome::Unknown => None,
        };
        push(&mut self.runs, bound::RUNS, run);
    }
}

/// Takes the fields that `more` knows.
pub(crate) fn merge(note: &mut SessionNote, more: &SessionNote) {
    fn take<T: Clone>(to: &mut Option<T>, from: &Option<T>) {
        if from.is_some() {
            to.clone_from(from);
        }
    }
    take(&mut note.harness, &more.harness);
    take(&mut note.version, &more.version);
    take(&mut note.model, &more.model);
    take(&mut note.cwd, &more.cwd);
    take(&mut note.branch, &more.branch);
    take(&mut note.title, &more.title);
    take(&mut note.parent, &more.parent);
    take(&mut note.parent_call, &more.parent_call);
    take(&mut note.permission_mode, &more.permission_mode);
    take(&mut note.unattended, &more.unattended);
    take(&mut note.score, &more.score);
    take(&mut note.copied_from, &more.copied_from);
}

fn refusal(step: u64, act: &Act, effects: &[Effect]) -> Refusal {
    let (action, text) = match &act.action {
        Action::Command { command, .. } => ("command", command.as_str()),
        Action::Read { path } => ("read", path.as_str()),
        Action::Write { path, .. } => ("write", path.as_str()),
        Action::Edit { path, .. } => ("edit", path.as_str()),
        Action::Remove { path } => ("remove", path.as_str()),
        Action::Search { query } => ("search", query.as_str()),
        Action::Fetch { target } => ("fetch", target.as_str()),
        Action::Spawn { prompt, .. } => ("spawn", prompt.as_str()),
        Action::Tell { to, .. } => ("tell", to.as_str()),
        Action::Plan => ("plan", ""),
        Action::Submit { text } => ("submit", text.as_str()),
        Action::Other => (act.call.name.as_str(), ""),
    };
    Refusal {
        step,
        action: clip(action, 200),
        targets: effects
            .iter()
            .take(bound::TARGETS)
            .map(|e| clip(e.target(), 500))
            .collect(),
        text: clip(text, bound::COMMAND_CHARS),
    }
}

/// Whether a change of this file makes test runs stale: source, tests, build files and data that
/// they read, but no prose, no output, nothing outside the work.
fn is_code(path: &str) -> bool {
    if !matches!(
        whereabouts(path, None),
        Whereabouts::Project | Whereabouts::Outside
    ) {
        return false;
    }
    let name = file_name(path).to_ascii_lowercase();
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => {
            let no_code = [
                "md", "txt", "rst", "adoc", "log", "out", "err", "csv", "tsv", "png", "jpg", "svg",
                "pdf", "html", "patch", "diff", "tmp", "bak", "orig", "pid", "lock", "gz", "zip",
            ];
            !no_code.contains(&extension)
        }
        // Without an extension most files are what some command left behind.
        _ => {
            let build = [
                "makefile",
                "dockerfile",
                "rakefile",
                "gemfile",
                "justfile",
                "procfile",
            ];
            build.contains(&name.as_str())
                || ["/bin/", "/scripts/"].iter().any(|d| path.contains(d))
        }
    }
}

fn push<T>(queue: &mut VecDeque<T>, bound: usize, item: T) {
    if queue.len() >= bound {
        queue.pop_front();
    }
    queue.push_back(item);
}

/// The text, or where it is longer than `bytes`, its two ends.
fn both_ends(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let half = bytes / 2;
    let head = text
        .get(..text.floor_char_boundary(half))
        .unwrap_or_default();
    let tail = text
        .get(text.ceil_char_boundary(text.len() - half)..)
        .unwrap_or_default();
    format!("{head}\n[…]\n{tail}")
}

#[cfg(test)]
mod tests;
