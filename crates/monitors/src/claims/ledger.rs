//! What happened in a session, as far as claims can be held against it.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use memchr::memmem;
use proctor_model::{Act, Action, Boundary, Origin, Outcome, Place, Step, StepKind};
use proctor_reconcile::{Effect, Run, RunKind, RunOutcome, View, Whereabouts, whereabouts};
use proctor_shell::{Command, Layer};

use super::figures::Seen;
use super::paths::basename;

/// Files whose writes are remembered.
const FILES: usize = 1024;
/// Edits of code that are remembered, the latest.
const EDITS: usize = 64;
/// Runs that are remembered, the latest.
const RUNS: usize = 64;
/// Words of commands that are remembered, as hashes.
const WORDS: usize = 8 * 1024;
/// Stand-ins in written code that are remembered.
const STUBS: usize = 32;

/// Something that happened: at which step, and where its result is recorded.
#[derive(Clone, Debug)]
pub(crate) struct Deed {
    pub(crate) step: u64,
    pub(crate) place: Place,
    /// The path, command or line.
    pub(crate) what: String,
}

/// Writes to one file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Touch {
    pub(crate) written: Option<Deed>,
    pub(crate) deleted: Option<Deed>,
    /// The latest attempt that failed or was refused.
    pub(crate) failed: Option<Deed>,
}

/// A deed of shipping work, and whether the latest attempt worked.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) deed: Deed,
    pub(crate) worked: bool,
}

/// What happened so far.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) acts: u64,
    files: BTreeMap<String, Touch>,
    files_lost: bool,
    edits: VecDeque<Deed>,
    runs: VecDeque<(Run, Place)>,
    words: HashSet<u64>,
    words_lost: bool,
    pub(crate) commit: Option<Attempt>,
    pub(crate) push: Option<Attempt>,
    pub(crate) deploy: Option<Attempt>,
    /// The latest step whose effects the record does not tell: scripts, other agents, other tools.
    pub(crate) blind: Option<u64>,
    /// The latest step that may have run tests or builds unseen.
    pub(crate) maybe_run: Option<u64>,
    /// The latest act by a tool that may have changed something, and whether it worked.
    pub(crate) effect: Option<Attempt>,
    /// The latest step that looked at something.
    pub(crate) looked: Option<Deed>,
    /// Part of the session is not in the record.
    pub(crate) partial: bool,
    /// Numbers in outputs and in what people wrote.
    pub(crate) seen: Seen,
    /// Numbers in what the agent itself wrote into files and commands.
    pub(crate) own: Seen,
    pub(crate) stubs: VecDeque<Deed>,
    /// Tasks of the agent's own plan that are open.
    pub(crate) open_tasks: Option<(usize, Deed)>,
    /// Words of the latest request that matter to claims.
    pub(crate) asked: Asked,
}

/// What the latest request says of what claims are about.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked {
    /// It asks for a run of tests, or for work on code.
    pub(crate) work: bool,
    /// It says itself that something passes.
    pub(crate) says_passing: bool,
}

impl Ledger {
    /// Takes the next step.
    pub(crate) fn step(&mut self, view: &View<'_>) {
        match &view.step.kind {
            StepKind::Request {
                system,
                origin,
                text,
            } => {
                self.seen.add(text);
                if !system && *origin != Origin::Harness {
                    self.asked = asked(text);
                }
            }
            StepKind::Act(act) => self.act(view, act),
            StepKind::Gap(_) => {
                self.partial = true;
                self.seen.lost_some();
            }
            StepKind::Boundary(Boundary::Resumed | Boundary::Compacted) if self.acts == 0 => {
                self.partial = true;
                self.seen.lost_some();
            }
            _ => {}
        }
    }

    fn act(&mut self, view: &View<'_>, act: &Act) {
        let step = view.step;
        self.acts += 1;
        if act.outcome == Outcome::Refused {
            self.failed_writes(view, act);
            return;
        }
        match &act.result {
            Some(result) => {
                if worth_searching(act) {
                    self.seen.add(&result.text);
                }
                if memmem::find(result.text.as_bytes(), b"[image").is_some() {
                    self.seen.lost_some();
                }
            }
            None => self.seen.lost_some(),
        }
        if changes_something(act) {
            let worked = act.outcome != Outcome::Failed;
            // What worked once stands, whatever failed after it.
            if worked || self.effect.as_ref().is_none_or(|e| !e.worked) {
                let deed = deed(step, &act.call.name);
                self.effect = Some(Attempt { deed, worked });
            }
        }
        self.effects(view, act);
        for run in view.facts.runs().take_while(|r| r.step >= step.index) {
            let place = step.evidence.last().unwrap_or(&run.place).clone();
            bounded(&mut self.runs, RUNS, (run.clone(), place));
        }
        match &act.action {
            Action::Command {
                command, language, ..
            } => {
                self.command(view, act, command);
                if language.is_some() {
                    self.unseen(step.index, true);
                }
            }
            Action::Read { .. } | Action::Search { .. } | Action::Fetch { .. } => {
                self.looked = Some(deed(step, ""));
            }
            Action::Write { content, .. } => {
                self.own.add(content);
                self.stub(step, content);
            }
            Action::Edit { hunks, .. } => {
                for (old, new) in hunks {
                    self.stubs.retain(|s| !old.contains(&s.what));
                    self.own.add(new);
                    self.stub(step, new);
                }
            }
            Action::Spawn { .. } => self.unseen(step.index, true),
            Action::Plan => self.plan(step, act),
            Action::Other => {
                self.looked = Some(deed(step, ""));
                let name = act.call.name.to_ascii_lowercase();
                self.remember(&name);
                self.unseen(step.index, true);
                if ["commit", "push"].iter().any(|w| name.contains(w)) {
                    let attempt = Attempt {
                        deed: deed(step, &act.call.name),
                        worked: act.outcome != Outcome::Failed,
                    };
                    self.commit = Some(attempt.clone());
                    self.push = Some(attempt);
                }
                if ["deploy", "publish", "release", "pull_request", "merge"]
                    .iter()
                    .any(|w| name.contains(w))
                {
                    let attempt = Attempt {
                        deed: deed(step, &act.call.name),
                        worked: act.outcome != Outcome::Failed,
                    };
                    self.push.get_or_insert_with(|| attempt.clone());
                    self.deploy = Some(attempt);
                }
            }
            Action::Remove { .. } | Action::Tell { .. } | Action::Submit { .. } => {}
        }
    }

    /// Notes an act whose effects the record does not tell.
    fn unseen(&mut self, step: u64, may_run: bool) {
        self.blind = Some(step);
        if may_run {
            self.maybe_run = Some(step);
        }
    }

    fn failed_writes(&mut self, view: &View<'_>, act: &Act) {
        if let Action::Write { .. } | Action::Edit { .. } | Action::Remove { .. } = act.action {
            for effect in view.effects {
                if let Effect::Writes(path) | Effect::Deletes(path) = effect
                    && let Some(touch) = self.touch(path)
                {
                    touch.failed = Some(deed(view.step, path));
                }
            }
        }
    }

    fn effects(&mut self, view: &View<'_>, act: &Act) {
        let is_command = matches!(act.action, Action::Command { .. });
        let failed = act.outcome == Outcome::Failed;
        if failed && !is_command {
            self.failed_writes(view, act);
            return;
        }
        for effect in view.effects {
            match effect {
                Effect::Writes(path) => {
                    if let Some(touch) = self.touch(path) {
                        touch.written = Some(deed(view.step, path));
                    }
                    if is_code(path, view.facts.project()) {
                        bounded(&mut self.edits, EDITS, deed(view.step, path));
                    }
                }
                Effect::Deletes(path) => {
                    if let Some(touch) = self.touch(path) {
                        touch.deleted = Some(deed(view.step, path));
                    }
                }
                Effect::Commits(command) => {
                    self.commit = Some(Attempt {
                        deed: deed(view.step, command),
                        worked: !failed,
                    });
                }
                Effect::Pushes(command) => {
                    self.push = Some(Attempt {
                        deed: deed(view.step, command),
                        worked: !failed,
                    });
                }
                Effect::Spawns(_) => self.unseen(view.step.index, true),
                _ => {}
            }
        }
    }

    fn touch(&mut self, path: &str) -> Option<&mut Touch> {
        let key = path.to_ascii_lowercase();
        if self.files.len() >= FILES && !self.files.contains_key(&key) {
            self.files_lost = true;
            return None;
        }
        Some(self.files.entry(key).or_default())
    }

    fn command(&mut self, view: &View<'_>, act: &Act, text: &str) {
        let step = view.step;
        self.looked = Some(deed(step, &crate::finding::clip(text, 120)));
        self.own.add(text);
        for word in
            text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '(' | ')'))
        {
            self.remember(basename(word));
        }
        for command in view.commands {
            for word in &command.argv {
                self.remember(basename(word));
            }
            if let Some(text) = &command.stdin {
                self.stub(step, text);
            }
            match sight(command) {
                Sight::Plain => {}
                Sight::Writes => self.unseen(step.index, false),
                Sight::Blind => self.unseen(step.index, true),
            }
            if deploys(command) {
                self.deploy = Some(Attempt {
                    deed: deed(step, text),
                    worked: act.outcome != Outcome::Failed,
                });
            }
        }
        if view.commands.is_empty() && !text.trim().is_empty() {
            self.unseen(step.index, true);
        }
    }

    fn remember(&mut self, word: &str) {
        if word.is_empty() || word.len() > 100 {
            return;
        }
        if self.words.len() >= WORDS {
            self.words_lost = true;
            return;
        }
        self.words.insert(hash(word));
    }

    fn stub(&mut self, step: &Step, text: &str) {
        static MARKS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
            // The leftmost match, so that they are searched for at the speed of memory.
            let mut builder = AhoCorasick::builder();
            builder.match_kind(MatchKind::LeftmostFirst);
            let marks = builder.build([
                "TODO",
                "FIXME",
                "unimplemented!(",
                "todo!(",
                "NotImplementedError",
                "not implemented",
                "placeholder implementation",
                "Not implemented",
            ]);
            marks.ok()
        });
        let Some(marks) = MARKS.as_ref().filter(|marks| marks.is_match(text)) else {
            return;
        };
        for line in text.lines().filter(|l| marks.is_match(*l)).take(4) {
            bounded(
                &mut self.stubs,
                STUBS,
                deed(step, crate::finding::head(line.trim(), 160)),
            );
        }
    }

    fn plan(&mut self, step: &Step, act: &Act) {
        let Some(tasks) = ["todos", "plan", "items", "tasks"]
            .iter()
            .find_map(|key| act.call.input.get(key))
            .and_then(|list| list.as_array())
        else {
            return;
        };
        let open: Vec<&str> = tasks
            .iter()
            .filter(|task| {
                let state = task
                    .get("status")
                    .and_then(|s| s.as_str())
                    .unwrap_or("completed");
                !matches!(state, "completed" | "done" | "cancelled")
            })
            .filter_map(|t| {
                ["content", "step", "title"]
                    .iter()
                    .find_map(|k| t.get(k)?.as_str())
            })
            .collect();
        self.open_tasks = open
            .first()
            .map(|first| (open.len(), deed(step, crate::finding::head(first, 160))));
    }
}

/// Questions about what happened before a step.
impl Ledger {
    /// The latest edit of code before this step.
    pub(crate) fn last_edit(&self, before: u64) -> Option<&Deed> {
        self.edits.iter().rev().find(|e| e.step < before)
    }

    /// Edits of code between two steps, both left out; not those of files that are gone since.
    pub(crate) fn edits_between(&self, after: u64, before: u64) -> impl Iterator<Item = &Deed> {
        let deleted_at = |path: &str| {
            let touch = self.files.get(&path.to_ascii_lowercase())?;
            Some(touch.deleted.as_ref()?.step)
        };
        self.edits
            .iter()
            .filter(move |e| e.step > after && e.step < before)
            .filter(move |e| deleted_at(&e.what).is_none_or(|gone| gone < e.step))
    }

    /// The runs of this kind before a step, latest first, with the place of their results.
    pub(crate) fn runs(&self, kind: RunKind, before: u64) -> impl Iterator<Item = (&Run, &Place)> {
        self.runs
            .iter()
            .rev()
            .filter(move |(run, _)| run.kind == kind && run.step < before)
            .map(|(run, place)| (run, place))
    }

    /// What was done to the file that a claim names.
    pub(crate) fn file(&self, path: &str) -> Touch {
        let wanted = path.trim_start_matches("./").to_ascii_lowercase();
        let mut found = Touch::default();
        for (known, touch) in &self.files {
            let same = known == &wanted
                || known
                    .strip_suffix(wanted.as_str())
                    .is_some_and(|rest| rest.ends_with('/'))
                || wanted
                    .strip_suffix(known.as_str())
                    .is_some_and(|rest| rest.ends_with('/'));
            if same {
                latest(&mut found.written, touch.written.as_ref());
                latest(&mut found.deleted, touch.deleted.as_ref());
                latest(&mut found.failed, touch.failed.as_ref());
            }
        }
        found
    }

    /// Whether a file of this name, in whatever directory, may have been written.
    pub(crate) fn name_met(&self, path: &str) -> bool {
        let name = basename(path).to_ascii_lowercase();
        self.files_lost
            || self.words.contains(&hash(basename(path)))
            || self.files.keys().any(|known| basename(known) == name)
    }

    /// Whether a command with these words may have been run.
    pub(crate) fn command_met(&self, command: &str) -> bool {
        self.words_lost
            || significant(command).all(|word| self.words.contains(&hash(basename(word))))
    }

    /// Whether anything was run that may have measured something.
    pub(crate) fn runs_any(&self) -> bool {
        self.maybe_run.is_some() || !self.runs.is_empty()
    }

    /// Whether a run of this kind before the step passed and no edit of code came after it.
    pub(crate) fn fresh_pass(&self, kind: RunKind, before: u64) -> Option<(&Run, &Place)> {
        let edit = self.last_edit(before).map_or(0, |e| e.step);
        self.runs(kind, before)
            .take_while(|(run, _)| run.step >= edit)
            .find(|(run, _)| run.outcome == RunOutcome::Passed)
    }
}

/// The words of a command that make it what it is: program and first word that is no flag.
fn significant(command: &str) -> impl Iterator<Item = &str> {
    let mut words = command.split_whitespace().filter(|w| {
        !w.starts_with('-')
            && !w.contains('=')
            && !matches!(
                *w,
                "npx"
                    | "sudo"
                    | "python"
                    | "python3"
                    | "uv"
                    | "poetry"
                    | "run"
                    | "yarn"
                    | "pnpm"
                    | "npm"
                    | "bun"
                    | "bundle"
                    | "exec"
            )
    });
    let first = words.next();
    first.into_iter().chain(
        words
            .next()
            .filter(|w| w.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')),
    )
}

fn latest(to: &mut Option<Deed>, from: Option<&Deed>) {
    if let Some(from) = from
        && to.as_ref().is_none_or(|to| to.step < from.step)
    {
        *to = Some(from.clone());
    }
}

pub(crate) fn deed(step: &Step, what: &str) -> Deed {
    let place = step.evidence.last().or(step.evidence.first());
    Deed {
        step: step.index,
        place: place.cloned().unwrap_or_else(nowhere),
        what: crate::finding::head(what, 300).to_owned(),
    }
}

/// A step without evidence is a contradiction in terms; this stands in for its place.
fn nowhere() -> Place {
    Place {
        source: std::sync::Arc::new(proctor_model::Source::file("")),
        offset: 0,
        len: 0,
        part: 0,
    }
}

fn bounded<T>(queue: &mut VecDeque<T>, bound: usize, item: T) {
    if queue.len() >= bound {
        queue.pop_front();
    }
    queue.push_back(item);
}

fn hash(word: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    word.hash(&mut hasher);
    hasher.finish()
}

/// Whether numbers in this act's output may be cited as results: not those of source code.
fn worth_searching(act: &Act) -> bool {
    match &act.action {
        Action::Read { path } => !is_code(path, None),
        Action::Write { .. } | Action::Edit { .. } | Action::Plan | Action::Remove { .. } => false,
        _ => true,
    }
}

/// Whether the act may have changed something in the world, as far as its name tells. The name
/// decides and not the kind of action: a tool that posts to a page and one that reads it both
/// speak to the network.
fn changes_something(act: &Act) -> bool {
    const LOOKS: &[&str] = &[
        "get", "read", "list", "search", "fetch", "find", "query", "view", "check", "lookup",
        "look", "show", "describe", "count", "browse", "web", "open", "retrieve",
    ];
    const CHANGES: &[&str] = &[
        "post", "put", "send", "upload", "submit", "create", "write", "publish", "update",
        "delete", "add", "remove", "set", "book", "pay", "reply", "schedule", "invite",
    ];
    let words = name_words(&act.call.name);
    let says = |list: &[&str]| words.iter().any(|w| list.contains(&w.as_str()));
    match &act.action {
        Action::Read { .. } | Action::Search { .. } | Action::Fetch { .. } => says(CHANGES),
        Action::Plan | Action::Submit { .. } => false,
        Action::Other => says(CHANGES) || !says(LOOKS),
        _ => true,
    }
}

/// The words of a tool's name in lower case: `post_webpage`, `sendMail`, `HTTP-get`.
fn name_words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_lower = false;
    for c in crate::finding::head(name, 200).chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && before_lower) {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_alphanumeric(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
        before_lower = c.is_lowercase();
    }
    words.retain(|w| !w.is_empty());
    words
}

/// Whether a change of this file makes older runs stale. Scratch files do not, unless the project
/// itself lies where scratch files do.
pub(crate) fn is_code(path: &str, project: Option<&str>) -> bool {
    const CODE: &[&str] = &[
        "rs", "py", "js", "jsx", "ts", "tsx", "mjs", "cjs", "go", "java", "kt", "rb", "php", "c",
        "h", "cc", "cpp", "hpp", "cs", "swift", "scala", "sh", "sql", "vue", "svelte", "ex", "exs",
        "erl", "hs", "ml", "dart", "lua", "pl", "r", "jl", "zig", "nim", "clj", "groovy", "pyx",
    ];
    let name = basename(path);
    let extension = name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase());
    extension.is_some_and(|e| CODE.contains(&e.as_str()))
        && whereabouts(path, project) != Whereabouts::Temporary
}

/// How much the record tells of what a command does.
enum Sight {
    /// All of it: it looks, or its effects are known.
    Plain,
    /// It may write files that it does not name, but runs no tests.
    Writes,
    /// It may do anything: a script, a program of the project, another machine.
    Blind,
}

fn sight(command: &Command) -> Sight {
    if command
        .via
        .iter()
        .any(|l| matches!(l, Layer::Remote(_) | Layer::Code(_)))
    {
        return Sight::Blind;
    }
    let has = |words: &[&str]| command.argv.iter().any(|w| words.contains(&w.as_str()));
    let sub = command
        .argv
        .iter()
        .skip(1)
        .find(|w| !w.starts_with('-'))
        .map_or("", String::as_str);
    match command.program() {
        "ls" | "cat" | "grep" | "egrep" | "fgrep" | "rg" | "head" | "tail" | "wc" | "echo"
        | "printf" | "pwd" | "cd" | "which" | "type" | "env" | "printenv" | "sed" | "awk"
        | "sort" | "uniq" | "diff" | "cmp" | "stat" | "file" | "tree" | "date" | "true"
        | "false" | "test" | "[" | "ps" | "mkdir" | "rm" | "cp" | "mv" | "touch" | "chmod"
        | "sleep" | "export" | "set" | "jq" | "cut" | "tr" | "xargs" | "du" | "df" | "whoami"
        | "id" | "uname" | "tee" | "less" | "more" | "nl" | "basename" | "dirname" | "realpath"
        | "readlink" | "kill" | "fd" | "bat" | "ln" | "unset" | "exit" | ":" | "hexdump"
        | "xxd" | "md5sum" | "sha256sum" | "column" | "comm" | "rev" | "lsof" | "hostname"
        | "command" | "ack" | "ag" | "" => Sight::Plain,
        "find" if has(&["-exec", "-execdir", "-ok"]) => Sight::Writes,
        "find" => Sight::Plain,
        "git" => match sub {
            "status" | "diff" | "log" | "show" | "branch" | "blame" | "rev-parse" | "remote"
            | "ls-files" | "grep" | "config" | "add" | "commit" | "push" | "fetch" | "describe"
            | "tag" | "shortlog" | "reflog" | "cat-file" | "rm" => Sight::Plain,
            _ => Sight::Writes,
        },
        "pytest" | "jest" | "vitest" | "mocha" | "rspec" | "tsc" | "eslint" | "mypy" | "ruff"
        | "flake8" | "pylint" | "pyright" => {
            if has(&["--fix", "--write", "format", "-u", "--init"]) {
                Sight::Writes
            } else {
                Sight::Plain
            }
        }
        "cargo" => match sub {
            "test" | "build" | "check" | "clippy" | "nextest" | "tree" | "metadata" | "doc" => {
                Sight::Plain
            }
            "fmt" | "add" | "remove" | "new" | "init" | "fix" | "update" | "install" => {
                Sight::Writes
            }
            _ => Sight::Blind,
        },
        "go" => match sub {
            "test" | "build" | "vet" | "version" | "list" | "env" => Sight::Plain,
            "get" | "mod" | "fmt" | "install" | "generate" => Sight::Writes,
            _ => Sight::Blind,
        },
        "npm" | "yarn" | "pnpm" | "bun" => match sub {
            "test" | "t" | "ls" | "list" | "view" | "outdated" | "audit" => Sight::Plain,
            "install" | "i" | "ci" | "add" | "remove" | "init" | "create" => Sight::Writes,
            _ => Sight::Blind,
        },
        "pip" | "pip3" | "apt" | "apt-get" | "brew" | "poetry" | "black" | "isort" | "prettier"
        | "rustfmt" | "gofmt" | "curl" | "wget" | "tar" | "unzip" | "patch" => Sight::Writes,
        _ => Sight::Blind,
    }
}

/// Whether the command may bring software to where it is used.
fn deploys(command: &Command) -> bool {
    let program = command.program();
    matches!(
        program,
        "kubectl"
            | "helm"
            | "terraform"
            | "pulumi"
            | "vercel"
            | "netlify"
            | "fly"
            | "flyctl"
            | "heroku"
            | "serverless"
            | "sls"
            | "aws"
            | "gcloud"
            | "az"
            | "ansible-playbook"
            | "scp"
            | "rsync"
            | "ssh"
            | "cdk"
            | "sam"
            | "wrangler"
            | "firebase"
            | "railway"
            | "twine"
            | "gh"
            | "systemctl"
            | "nomad"
            | "skaffold"
            | "argocd"
            | "eb"
            | "surge"
            | "render"
            | "make"
            | "docker"
            | "docker-compose"
            | "podman"
            | "ansible"
            | "cap"
            | "kamal"
            | "dokku"
    ) || command.argv.iter().any(|w| {
        w.contains("deploy") || w.contains("publish") || w.contains("release") || w == "push"
    })
}

fn asked(text: &str) -> Asked {
    let low = crate::finding::head(text, 8 * 1024).to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| low.contains(w));
    Asked {
        work: has(&[
            "test",
            "fix",
            "implement",
            "add ",
            "build",
            "change",
            "refactor",
            "write",
            "make ",
            "run",
            "bug",
            "creat",
            "updat",
            "deploy",
            "verif",
            "check",
        ]),
        says_passing: has(&[
            "tests pass",
            "test pass",
            "all pass",
            "passed",
            "are green",
            "ci is",
        ]),
    }
}
