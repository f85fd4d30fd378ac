//! Tries the Sigma rules on every simple command of a command line, in the order in which data
//! flows, and on acts of tools that touch files or the network.

use std::borrow::Cow;
use std::collections::HashMap;

use proctor_shell::{Command, Layer};

use super::effects::{Effects, effects};
use super::flow::Flow;
use super::paths::normal;
use super::sent::{sends_credential, without_user};
use crate::Rules;
use crate::ruleset::Rule;
use crate::sigma::{Category, Event, Field, Marks, SigmaHit};

/// Simple commands of one command line that are looked at: as many as the shell's analysis gives.
const MOST_COMMANDS: usize = 10_000;

/// Bytes of a command line that rules on the text as written look at.
const MOST_TEXT: usize = 64 << 10;

/// Values of variables that are kept to be found again in words.
const MOST_VALUES: usize = 32;

/// Bytes of a pipeline's text that are kept for its commands.
const MOST_PIPELINE: usize = 4096;

/// The mark of data that holds credentials.
const SECRET: &str = "secret";

/// A rule that matched, and the words that made it.
#[derive(Clone)]
pub struct Hit<'r> {
    /// The rule.
    pub rule: &'r Rule,
    /// The command or path that matched, as the rule saw it: decoded and with known variables
    /// filled in.
    pub quote: String,
    /// Position of the simple command in the command line.
    pub command: usize,
}

/// What is known about a command line beside its text.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Setting<'a> {
    /// The directory it runs in.
    pub(crate) dir: Option<&'a str>,
    /// Whether the whole of it goes on in the background.
    pub(crate) background: bool,
}

/// What one simple command did, as sequences see it.
pub(crate) struct Moment<'r> {
    /// The command's words.
    pub(crate) text: String,
    /// The rules that matched it, those that only mark data included.
    pub(crate) hits: Vec<SigmaHit<'r>>,
    /// Marks of the data that it read, ran or was given.
    pub(crate) marks: Marks,
}

/// What came of a command line.
#[derive(Default)]
pub(crate) struct Examined<'r> {
    pub(crate) hits: Vec<Hit<'r>>,
    pub(crate) moments: Vec<Moment<'r>>,
}

/// Tries all rules on a command line.
pub(crate) fn examine<'r>(
    rules: &'r Rules,
    text: &str,
    commands: &[Command],
    setting: Setting<'_>,
    flow: &mut Flow,
) -> Examined<'r> {
    let mut run = Run {
        rules,
        flow,
        dir: setting.dir.map(str::to_owned),
        background: setting.background,
        pipelines: Vec::new(),
        inner: HashMap::new(),
        values: Vec::new(),
        found: Examined::default(),
    };
    run.text(text);
    let commands = commands.get(..MOST_COMMANDS).unwrap_or(commands);
    run.name_pipelines(commands);
    for index in data_order(commands) {
        if let Some(command) = commands.get(index) {
            let into = command
                .carrier
                .filter(|_| is_substitution(commands, command));
            run.command(index, command, into);
        }
    }
    run.found
}

/// A file or host that a tool other than the shell touched.
pub(crate) enum Touch<'a> {
    Read(&'a str),
    Write(&'a str, Cow<'a, str>),
    Edit {
        path: &'a str,
        added: Cow<'a, str>,
        removed: String,
    },
    Delete(&'a str),
    Contact(&'a str),
    /// A text that is sent to somebody.
    Send {
        to: &'a str,
        text: &'a str,
    },
}

/// Tries the rules on what a tool other than the shell touched.
pub(crate) fn examine_touch<'r>(
    rules: &'r Rules,
    touch: &Touch<'_>,
    dir: Option<&str>,
    flow: &mut Flow,
) -> Examined<'r> {
    let mut event = Event::default();
    let (category, name) = match touch {
        Touch::Read(path) => (Category::FileRead, normal(path, dir)),
        Touch::Write(path, content) => {
            event.text("Content", content.as_ref());
            (Category::FileWrite, normal(path, dir))
        }
        Touch::Edit {
            path,
            added,
            removed,
        } => {
            event
                .text("Content", added.as_ref())
                .text("Removed", removed.as_str());
            (Category::FileWrite, normal(path, dir))
        }
        Touch::Delete(path) => (Category::FileDelete, normal(path, dir)),
        Touch::Contact(target) | Touch::Send { to: target, .. } => {
            let (host, port) =
                super::words::host_of(target).unwrap_or_else(|| ((*target).to_owned(), None));
            network_fields(&mut event, &host, port);
            (Category::Network, (*target).to_owned())
        }
    };
    event.field("Tool", Field::Flag(true));
    if category != Category::Network {
        event.text("TargetFilename", name.as_str());
    }
    let marks = match touch {
        Touch::Read(_) => flow.of_path(&name),
        Touch::Contact(target) if flow.shown.holds(without_user(target)) => {
            rules.sigma.mark(SECRET)
        }
        Touch::Send { text, .. } if flow.shown.holds(text) => rules.sigma.mark(SECRET),
        _ => 0,
    };
    event.list("InputMark", rules.sigma.mark_names(marks));
    let hits = rules.sigma.matching(category, &event);
    let marks = hits.iter().fold(marks, |all, hit| all | hit.marks);
    if matches!(touch, Touch::Write(..)) {
        flow.renew(&name);
        flow.mark(&name, marks);
    }
    Examined {
        hits: hits
            .iter()
            .map(|hit| Hit {
                rule: hit.rule,
                quote: name.clone(),
                command: 0,
            })
            .collect(),
        moments: vec![Moment {
            text: name,
            hits,
            marks,
        }],
    }
}

/// The order in which data flows: a command substitution runs before the command that carries it.
fn data_order(commands: &[Command]) -> Vec<usize> {
    let mut inner: Vec<Vec<usize>> = vec![Vec::new(); commands.len()];
    let mut any = false;
    for (index, command) in commands.iter().enumerate() {
        if is_substitution(commands, command)
            && let Some(carried) = command.carrier.and_then(|c| inner.get_mut(c))
        {
            carried.push(index);
            any = true;
        }
    }
    if !any {
        return (0..commands.len()).collect();
    }
    let mut order = Vec::with_capacity(commands.len());
    let mut placed = vec![false; commands.len()];
    for index in 0..commands.len() {
        // What an entry carries is placed before it; a stack in place of recursion, because the
        // depth is the text's to choose.
        let mut stack = vec![(index, false)];
        while let Some((at, opened)) = stack.pop() {
            let Some(done) = placed.get_mut(at).filter(|done| !**done) else {
                continue;
            };
            if opened {
                *done = true;
                order.push(at);
            } else {
                stack.push((at, true));
                let carried = inner.get(at).map_or(&[][..], Vec::as_slice);
                stack.extend(carried.iter().rev().map(|i| (*i, false)));
            }
        }
    }
    order
}

/// Whether a command's output goes into the command that carries it: it is a substitution of it.
fn is_substitution(commands: &[Command], command: &Command) -> bool {
    let above = command
        .carrier
        .and_then(|c| commands.get(c))
        .map_or(0, |carrier| carrier.via.len());
    matches!(command.via.get(above), Some(Layer::Substitution))
}

/// One command line under examination.
struct Run<'r, 'f> {
    rules: &'r Rules,
    flow: &'f mut Flow,
    dir: Option<String>,
    background: bool,
    /// For each pipeline its text and the marks that flow through it.
    pipelines: Vec<(String, Marks)>,
    /// Marks of the substitutions that a command carries, by its index.
    inner: HashMap<usize, Marks>,
    /// Values of variables that a run would tell, as they were written, with their marks: where
    /// such a variable is used, its value stands in the words.
    values: Vec<(String, Marks)>,
    found: Examined<'r>,
}

impl<'r> Run<'r, '_> {
    fn text(&mut self, text: &str) {
        let head = text
            .char_indices()
            .take_while(|(i, c)| i + c.len_utf8() <= MOST_TEXT)
            .last()
            .and_then(|(i, c)| text.get(..i + c.len_utf8()))
            .unwrap_or_default();
        let mut event = Event::default();
        event.text("Text", head);
        for hit in self.rules.sigma.matching(Category::Text, &event) {
            self.found.hits.push(Hit {
                rule: hit.rule,
                quote: text.trim().to_owned(),
                command: 0,
            });
        }
    }

    /// Writes down the text of each pipeline. Of a wrapper and what it runs, which share a stage,
    /// the wrapper stands for both.
    fn name_pipelines(&mut self, commands: &[Command]) {
        let mut last = None;
        for command in commands {
            let number = command.pipeline as usize;
            let stage = (command.pipeline, command.stage);
            if number > MOST_COMMANDS || last == Some(stage) {
                continue;
            }
            last = Some(stage);
            if self.pipelines.len() <= number {
                self.pipelines.resize_with(number + 1, Default::default);
            }
            if let Some((text, _)) = self.pipelines.get_mut(number)
                && text.len() < MOST_PIPELINE
            {
                if !text.is_empty() {
                    text.push_str(" | ");
                }
                text.push_str(&command.argv.join(" "));
            }
        }
    }

    /// Looks at one command; `into` is the command that its output goes into as a substitution.
    fn command(&mut self, index: usize, command: &Command, into: Option<usize>) {
        let mut effects = effects(command);
        self.normalise(&mut effects);
        let pipeline = command.pipeline as usize;
        let upstream = self.pipelines.get(pipeline).map_or(0, |(_, marks)| *marks);
        let given = self.given(index, command, &effects) | upstream;
        let ran = effects.runs.iter().fold(0, |all, p| {
            all | self.flow.of_path(p) | self.flow.of_variables(p)
        });
        let line = command.argv.join(" ");

        let mut hits = self.process(index, command, &line, &effects, given, ran);
        hits.extend(self.files(index, command, &line, &effects, given));
        // A command that reads a marked file may send it itself: `nc HOST PORT < id_rsa`.
        let held = hits.iter().fold(given, |all, hit| all | hit.marks);
        hits.extend(self.network(index, command, &line, &effects, held));

        let seen = hits.iter().fold(given, |all, hit| all | hit.marks);
        let marks = match prints_environment(command) {
            true => seen | self.rules.sigma.mark(SECRET),
            false => seen,
        };
        if let Some((_, flowing)) = self.pipelines.get_mut(pipeline) {
            *flowing |= marks;
        }
        if let Some(carrier) = into {
            *self.inner.entry(carrier).or_default() |= marks;
        }
        for (path, _) in &effects.writes {
            self.flow.renew(path);
            self.flow.mark(path, marks);
        }
        for path in &effects.changes {
            self.flow.mark(path, marks);
        }
        for (name, value) in &command.assignments {
            let name = format!("${name}");
            let marks = marks | self.flow.of_variables(value);
            if marks != 0 && value.contains(['$', '`']) && self.values.len() < MOST_VALUES {
                self.values.push((value.clone(), marks));
            }
            self.flow.renew(&name);
            self.flow.mark(&name, marks);
        }
        self.change_dir(command);
        if !line.is_empty() || !hits.is_empty() {
            self.found.moments.push(Moment {
                text: line,
                hits,
                marks: seen | ran,
            });
        }
    }

    fn normalise(&self, effects: &mut Effects) {
        let dir = self.dir.as_deref();
        let lists = [
            &mut effects.reads,
            &mut effects.changes,
            &mut effects.deletes,
            &mut effects.runs,
        ];
        for path in lists.into_iter().flatten() {
            *path = normal(path, dir);
        }
        for (path, _) in &mut effects.writes {
            *path = normal(path, dir);
        }
    }

    /// Marks of the data that a command is given: by files, variables and substitutions.
    fn given(&self, index: usize, command: &Command, effects: &Effects) -> Marks {
        let mut marks = self.inner.get(&index).copied().unwrap_or(0);
        for path in &effects.reads {
            marks |= self.flow.of_path(path);
        }
        let values = command.assignments.iter().map(|(_, value)| value);
        for word in command.argv.iter().chain(values) {
            marks |= self.flow.of_variables(word);
            if word.contains(['$', '`']) {
                marks |= self
                    .values
                    .iter()
                    .filter(|(text, _)| word.contains(text.as_str()))
                    .fold(0, |all, (_, marks)| all | marks);
            }
        }
        if let Some(stdin) = &command.stdin {
            marks |= self.flow.of_variables(stdin);
        }
        if !effects.hosts.is_empty() && sends_credential(command, &self.flow.shown) {
            marks |= self.rules.sigma.mark(SECRET);
        }
        marks
    }

    fn process(
        &mut self,
        index: usize,
        command: &Command,
        line: &str,
        effects: &Effects,
        given: Marks,
        ran: Marks,
    ) -> Vec<SigmaHit<'r>> {
        let dir = self.dir.clone().unwrap_or_default();
        let mut event = Event::default();
        self.common(&mut event, command, line);
        let (parent, parent_line) = parent(command);
        event
            .text("ParentImage", parent)
            .text("ParentCommandLine", parent_line)
            .text("CurrentDirectory", dir.as_str())
            .list("Arg", command.argv.iter().skip(1).map(String::as_str))
            .list(
                "Assignment",
                command.assignments.iter().map(|(n, v)| format!("{n}={v}")),
            )
            .list(
                "Redirect",
                command
                    .redirects
                    .iter()
                    .map(|r| format!("{} {}", r.op, r.target)),
            )
            .text("Stdin", command.stdin.as_deref().unwrap_or_default())
            .list("InputMark", self.rules.sigma.mark_names(given))
            .list("ProgramMark", self.rules.sigma.mark_names(ran))
            .list("Script", effects.runs.iter().map(String::as_str));
        if self.background || command.background {
            event.field("Background", Field::Flag(true));
        }
        let pipeline = self
            .pipelines
            .get(command.pipeline as usize)
            .map(|(text, _)| text.clone());
        event.text("Pipeline", pipeline.unwrap_or_default());
        self.evaluate(Category::Process, &event, index, line)
    }

    fn files(
        &mut self,
        index: usize,
        command: &Command,
        line: &str,
        effects: &Effects,
        given: Marks,
    ) -> Vec<SigmaHit<'r>> {
        let mut hits = Vec::new();
        let plain = |paths: &[String], category| -> Vec<_> {
            paths.iter().map(|p| (category, p.clone(), None)).collect()
        };
        let mut touched = plain(&effects.reads, Category::FileRead);
        touched.extend(plain(&effects.changes, Category::FileChange));
        touched.extend(plain(&effects.deletes, Category::FileDelete));
        touched.extend(
            effects
                .writes
                .iter()
                .map(|(path, content)| (Category::FileWrite, path.clone(), content.clone())),
        );
        for (category, path, content) in touched {
            let mut event = Event::default();
            self.common(&mut event, command, line);
            event
                .text("TargetFilename", path.as_str())
                .text("Content", content.unwrap_or_default())
                .list("InputMark", self.rules.sigma.mark_names(given))
                .list(
                    "TargetMark",
                    self.rules.sigma.mark_names(self.flow.of_path(&path)),
                )
                .list(
                    "Redirect",
                    command
                        .redirects
                        .iter()
                        .filter(|r| normal(&r.target, self.dir.as_deref()) == path)
                        .map(|r| r.op.as_str()),
                );
            let quote = if line.contains(path.trim_start_matches("./")) {
                line.to_owned()
            } else {
                format!("{line} {path}")
            };
            hits.extend(self.evaluate(category, &event, index, quote.trim()));
        }
        hits
    }

    fn network(
        &mut self,
        index: usize,
        command: &Command,
        line: &str,
        effects: &Effects,
        given: Marks,
    ) -> Vec<SigmaHit<'r>> {
        let mut hits = Vec::new();
        for (host, port) in &effects.hosts {
            let mut event = Event::default();
            self.common(&mut event, command, line);
            network_fields(&mut event, host, *port);
            event.list("InputMark", self.rules.sigma.mark_names(given));
            hits.extend(self.evaluate(Category::Network, &event, index, line));
        }
        hits
    }

    /// Fields that all events of a command share.
    fn common<'e>(&self, event: &mut Event<'e>, command: &'e Command, line: &'e str) {
        event
            .text("Image", image(command))
            .text("CommandLine", line)
            .list("Via", command.via.iter().map(layer_name));
        if command.via.iter().any(|l| matches!(l, Layer::Privilege(_))) {
            event.text("User", "root");
        }
        if command.via.iter().any(Layer::hides) {
            event.field("Decoded", Field::Flag(true));
        }
    }

    fn evaluate(
        &mut self,
        category: Category,
        event: &Event<'_>,
        index: usize,
        quote: &str,
    ) -> Vec<SigmaHit<'r>> {
        let hits = self.rules.sigma.matching(category, event);
        for hit in &hits {
            self.found.hits.push(Hit {
                rule: hit.rule,
                quote: quote.to_owned(),
                command: index,
            });
        }
        hits
    }

    fn change_dir(&mut self, command: &Command) {
        if matches!(command.program(), "cd" | "pushd")
            && let Some(target) = command.argv.get(1)
            && target != "-"
            && !target.starts_with("$(")
        {
            let dir = normal(target, self.dir.as_deref());
            // Of a relative directory in an unknown one nothing is known but its name.
            self.dir = Some(dir.trim_end_matches('/').to_owned()).filter(|d| !d.is_empty());
        }
    }
}

fn network_fields(event: &mut Event<'_>, host: &str, port: Option<u16>) {
    event.field("Initiated", Field::Flag(true));
    if host.parse::<std::net::IpAddr>().is_ok() {
        event.text("DestinationIp", host.to_owned());
    }
    event.text("DestinationHostname", host.to_owned());
    if let Some(port) = port {
        event.field("DestinationPort", Field::Number(port.into()));
    }
}

/// Whether a command prints all variables, among which there often are credentials.
fn prints_environment(command: &Command) -> bool {
    match command.program() {
        "env" | "printenv" => command.argv.len() == 1,
        "export" | "declare" => matches!(command.argv.as_slice(), [_, option] if option == "-p"),
        _ => false,
    }
}

/// The program's path: as written, or where such programs usually are.
fn image(command: &Command) -> Cow<'_, str> {
    match command.argv.first() {
        Some(first) if first.contains('/') => Cow::Borrowed(first),
        Some(first) if !first.is_empty() => Cow::Owned(format!("/usr/bin/{first}")),
        _ => Cow::Borrowed(""),
    }
}

/// The program that starts a command, and its command line as far as it is known.
fn parent(command: &Command) -> (String, String) {
    match command.via.last() {
        Some(Layer::Wrapper(name) | Layer::Privilege(name)) => {
            (format!("/usr/bin/{name}"), name.clone())
        }
        Some(Layer::Code(language)) => (format!("/usr/bin/{language}"), format!("{language} -c")),
        Some(Layer::ShellC) => ("/bin/bash".to_owned(), "bash -c".to_owned()),
        _ => ("/bin/bash".to_owned(), "bash".to_owned()),
    }
}

/// A layer as the field `Via` names it: `shell-c`, `sudo`, `ssh HOST`, `base64`.
fn layer_name(layer: &Layer) -> String {
    match layer {
        Layer::Substitution => "substitution".to_owned(),
        Layer::ShellC => "shell-c".to_owned(),
        Layer::Eval => "eval".to_owned(),
        Layer::Stdin => "stdin".to_owned(),
        Layer::Wrapper(name) | Layer::Privilege(name) => name.clone(),
        Layer::Remote(name) => format!("remote {name}"),
        Layer::Code(name) => format!("code {name}"),
        Layer::Decoded(name) => format!("decoded {name}"),
        Layer::Later(name) => format!("later {name}"),
        Layer::Function(name) => format!("function {name}"),
        Layer::Script(name) => format!("script {name}"),
    }
}
