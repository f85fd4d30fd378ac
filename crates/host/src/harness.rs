//! Which processes are agents' harnesses, by what they run and by the marks they leave in the
//! environment of what they start.

use std::path::Path;

use crate::procfs;

/// Programs that run an agent.
const PROGRAMS: &[&str] = &[
    "aider",
    "amp",
    "claude",
    "codex",
    "copilot",
    "crush",
    "cursor-agent",
    "gemini",
    "goose",
    "opencode",
    "openhands",
    "qwen",
    "swe-agent",
    "sweagent",
];

/// Parts of a script's path by which an interpreter runs one of them.
const SCRIPTS: &[&str] = &[
    "@anthropic-ai/claude-code",
    "@google/gemini-cli",
    "@openai/codex",
    "@sourcegraph/amp",
    "claude-code/cli.js",
];

/// Variables that harnesses set for the commands of an agent, and Proctor for what it launches.
const MARKS: &[&str] = &[
    "AMP_THREAD_ID",
    "CLAUDECODE",
    "CLAUDE_CODE_ENTRYPOINT",
    "CODEX_SANDBOX",
    "CODEX_SANDBOX_NETWORK_DISABLED",
    "CODEX_THREAD_ID",
    "CURSOR_AGENT",
    "GEMINI_CLI",
    "OPENCODE",
    "PROCTOR_SESSION",
];

/// The name of the harness that this process is, if it is one.
pub(crate) fn harness(pid: u32) -> Option<String> {
    let arguments = procfs::arguments(pid);
    let first = arguments.first().map(Path::new);
    let program = procfs::program(pid);
    // A script that runs by its first line has the interpreter as program and itself as argument.
    let script = arguments.get(1).map(Path::new);
    let names = [first, program.as_deref(), script];
    for name in names.into_iter().flatten() {
        let stem = name
            .file_name()
            .and_then(|n| n.to_str())
            .unwrap_or_default();
        let stem = stem.strip_suffix(" (deleted)").unwrap_or(stem);
        if PROGRAMS.contains(&stem) {
            return Some(stem.to_owned());
        }
    }
    let words = arguments.iter().take(4);
    SCRIPTS
        .iter()
        .find(|script| words.clone().any(|word| word.contains(**script)))
        .map(|script| (*script).to_owned())
}

/// The mark of a harness in the environment that a process was started with.
pub(crate) fn mark(pid: u32) -> Option<&'static str> {
    let environment = procfs::environment(pid)?;
    let set = |mark: &&&str| {
        environment.iter().any(|entry| {
            entry
                .split_once('=')
                .is_some_and(|(name, _)| name == **mark)
        })
    };
    MARKS.iter().find(set).copied()
}
