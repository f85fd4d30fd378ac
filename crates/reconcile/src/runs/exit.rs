//! Whether the recorded exit status is that of one command of the line.

use proctor_model::{Act, Harness, Outcome};
use proctor_shell::{Command, Layer};

/// What the record tells of one command's exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// This was its status.
    Own(i32),
    /// One of several commands failed, perhaps this one, perhaps one that kept it from running.
    Chain,
    /// It had one, and the line hides it.
    Hidden,
    /// The record has none.
    Unknown,
}

/// The exit status that the result tells, by number or by the harness's verdict.
pub(super) fn of_result(act: &Act, harness: Option<Harness>) -> Option<i32> {
    let result = act.result.as_ref()?;
    if let Some(code) = crate::outcome::exit_code(result) {
        return Some(code);
    }
    match result.is_error {
        Some(true) => Some(1),
        Some(false) => Some(0),
        // Claude Code marks failures only.
        None if harness == Some(Harness::ClaudeCode) => Some(i32::from(act.outcome != Outcome::Ok)),
        None => None,
    }
}

/// The status of the command at this index of the line's commands.
pub(super) fn status(
    line: &str,
    commands: &[Command],
    index: usize,
    act: &Act,
    harness: Option<Harness>,
) -> Exit {
    let Some(command) = commands.get(index) else {
        return Exit::Unknown;
    };
    let pipeline: Vec<_> = commands
        .iter()
        .filter(|c| c.pipeline == command.pipeline)
        .collect();
    let end = pipeline
        .iter()
        .map(|c| c.span.end)
        .max()
        .unwrap_or(command.span.end);
    let after = line.get(end..).unwrap_or_default();
    if let Some(code) = echoed(after, act) {
        return Exit::Own(code);
    }
    if command.background {
        return Exit::Unknown;
    }
    let strict = line.contains("set -e") || line.contains("errexit");
    let last_stage = pipeline.iter().all(|c| c.stage <= command.stage);
    if !last_stage && !line.contains("pipefail") {
        return Exit::Hidden;
    }
    let follows = follows(after);
    // A script of another language may look at the status or not.
    let in_code = command
        .via
        .iter()
        .any(|layer| matches!(layer, Layer::Code(_)));
    let hidden = match follows {
        _ if in_code => true,
        Follows::Nothing | Follows::And => false,
        Follows::Then => !strict,
        Follows::Or => true,
    };
    let status = of_result(act, harness);
    if hidden {
        return Exit::Hidden;
    }
    let before = line.get(..command.span.start).unwrap_or_default();
    let alone = follows == Follows::Nothing && !strict && !before.contains("&&");
    match status {
        Some(0) => Exit::Own(0),
        Some(code) if alone => Exit::Own(code),
        Some(_) => Exit::Chain,
        None => Exit::Unknown,
    }
}

/// What stands after a command, as far as its status is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Follows {
    /// Nothing that has a status of its own.
    Nothing,
    /// Only commands that run if it worked.
    And,
    /// Commands that run whatever its status.
    Then,
    /// Something that takes its failure away.
    Or,
}

fn follows(after: &str) -> Follows {
    let after = after.trim_start_matches([' ', '\t', ')', '}', '"', '\'']);
    if after.starts_with("||") {
        let keeps = ["exit", "return", "false"];
        let keeps = after
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| keeps.contains(&word));
        return if keeps { Follows::Nothing } else { Follows::Or };
    }
    let mut rest = after.trim_start_matches([';', '\n', ' ', '\t', ')', '}', '"', '\'']);
    while let Some(comment) = rest.strip_prefix('#') {
        rest = comment
            .split_once('\n')
            .map_or("", |(_, next)| next)
            .trim_start();
    }
    if rest.is_empty() {
        return Follows::Nothing;
    }
    match after.strip_prefix("&&") {
        Some(chain) if chain.contains("||") => Follows::Or,
        Some(chain) if chain.trim_end().contains([';', '\n']) => Follows::Then,
        Some(_) => Follows::And,
        None if after.starts_with(['2', '1', '>', '<']) => {
            // A redirection that the parser left outside the command.
            let next = after.find([' ', ';', '\n']).and_then(|at| after.get(at..));
            next.map_or(Follows::Nothing, follows)
        }
        None => Follows::Then,
    }
}

/// The status that the line itself prints afterwards: `…; echo "exit: $?"`.
fn echoed(after: &str, act: &Act) -> Option<i32> {
    let variable = ["$?", "${PIPESTATUS[0]}", "$PIPESTATUS", "${?}"]
        .into_iter()
        .filter_map(|variable| after.find(variable))
        .min()?;
    let before = after.get(..variable)?;
    let echo = before.rfind("echo").or_else(|| before.rfind("printf"))?;
    // Only the very next command sees this status.
    if before
        .get(..echo)?
        .trim_matches([' ', ';', '\n', '&', '|'])
        .contains([';', '\n', '&'])
    {
        return None;
    }
    let label = before
        .get(echo..)?
        .split_once(' ')
        .map_or("", |(_, label)| label);
    let label = label.trim_start().trim_start_matches(['"', '\'']);
    let label = label.rsplit("\\n").next().unwrap_or(label);
    let text = &act.result.as_ref()?.text;
    text.lines().rev().take(50).find_map(|line| {
        let rest = line.trim().strip_prefix(label.trim_end())?.trim();
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse().ok()
    })
}
