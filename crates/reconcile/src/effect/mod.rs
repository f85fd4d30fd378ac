//! What an act does to the world, as far as its words tell.
//!
//! A file tool and a shell command that does the same have the same effects, so that rules, facts
//! and summaries need not care which one the agent chose.

use proctor_model::{Act, Action};
use proctor_shell::Command;
use serde::{Deserialize, Serialize};

mod args;
mod command;
mod files;
mod jobs;
mod network;
mod packages;
mod secrets;
mod took_place;

use crate::path::resolve;
use crate::secrets::is_secret_path;
use crate::summary::clip;

pub use took_place::took_place;

/// One thing that an act does. Paths are resolved (see [`resolve`]).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "effect", content = "target", rename_all = "kebab-case")]
pub enum Effect {
    /// Reads this file.
    Reads(String),
    /// Writes or changes this file.
    Writes(String),
    /// Changes this file's mode or owner, or makes this directory.
    Alters(String),
    /// Deletes or empties this file or tree.
    Deletes(String),
    /// Moves this file or tree away.
    Moves(String),
    /// Reads or prints credentials: the path, variable or address they are in.
    ReadsSecret(String),
    /// Contacts this host (name or address, without port and user).
    Contacts(String),
    /// Installs this package, as `MANAGER:NAME`; the name is empty where a manifest lists them.
    Installs(String),
    /// Makes a commit: the command.
    Commits(String),
    /// Pushes, or opens or merges a pull request: the command.
    Pushes(String),
    /// Leaves this running or scheduled: the command.
    LeavesJob(String),
    /// Starts another agent: its kind or program.
    Spawns(String),
    /// Sends text to people: to whom, or the tool.
    Tells(String),
    /// Uses the rights of another user: the program that gives them.
    UsesPrivilege(String),
}

impl Effect {
    /// What it is done to.
    pub fn target(&self) -> &str {
        match self {
            Self::Reads(t)
            | Self::Writes(t)
            | Self::Alters(t)
            | Self::Deletes(t)
            | Self::Moves(t)
            | Self::ReadsSecret(t)
            | Self::Contacts(t)
            | Self::Installs(t)
            | Self::Commits(t)
            | Self::Pushes(t)
            | Self::LeavesJob(t)
            | Self::Spawns(t)
            | Self::Tells(t)
            | Self::UsesPrivilege(t) => t,
        }
    }
}

/// The most effects that are told of one act; what goes beyond is left out.
pub(crate) const BOUND: usize = 256;

/// What the act would do if it went through; whether it did is for [`took_place`] to say.
/// `commands` are those of a command action, `cwd` is where it runs.
pub fn effects(act: &Act, commands: &[Command], cwd: Option<&str>) -> Vec<Effect> {
    let mut found = Found {
        effects: Vec::new(),
        cwd: cwd.map(str::to_owned),
    };
    match &act.action {
        Action::Command {
            command,
            background,
            ..
        } => {
            if let Some(dir) = act.call.input.get("workdir").and_then(|d| d.as_str()) {
                found.cwd = Some(resolve(dir, cwd));
            }
            command::effects(command, commands, &mut found);
            let told = found
                .effects
                .iter()
                .any(|e| matches!(e, Effect::LeavesJob(_)));
            if *background && !told {
                found.add(Effect::LeavesJob(clip(command, TARGET_CHARS)));
            }
        }
        Action::Read { path } => found.reads(path),
        Action::Write { path, .. } | Action::Edit { path, .. } => found.writes(path),
        Action::Remove { path } => found.deletes(path),
        Action::Fetch { target } => found.contacts(target),
        Action::Spawn { agent, .. } => found.add(Effect::Spawns(clip(agent, TARGET_CHARS))),
        Action::Tell { to, .. } => found.add(Effect::Tells(clip(to, TARGET_CHARS))),
        Action::Search { .. } | Action::Plan | Action::Submit { .. } | Action::Other => {}
    }
    found.effects
}

/// Characters kept of a target.
const TARGET_CHARS: usize = 500;

/// The effects found so far, and where relative paths now lead.
#[derive(Default)]
struct Found {
    effects: Vec<Effect>,
    cwd: Option<String>,
}

impl Found {
    fn add(&mut self, effect: Effect) {
        if self.effects.len() < BOUND && !self.effects.contains(&effect) {
            self.effects.push(effect);
        }
    }

    fn has_job(&self) -> bool {
        self.effects
            .iter()
            .any(|effect| matches!(effect, Effect::LeavesJob(_)))
    }

    /// Adds an effect on a path, if it is one.
    fn on_path(&mut self, path: &str, effect: fn(String) -> Effect) {
        if is_path(path) {
            self.add(effect(resolve(path, self.cwd.as_deref())));
        }
    }

    /// A file whose content reaches the agent, or goes elsewhere.
    fn reads(&mut self, path: &str) {
        if is_path(path) {
            let path = resolve(path, self.cwd.as_deref());
            if is_secret_path(&path) {
                self.add(Effect::ReadsSecret(path.clone()));
            }
            self.add(Effect::Reads(path));
        }
    }

    fn writes(&mut self, path: &str) {
        self.on_path(path, Effect::Writes);
    }

    fn deletes(&mut self, path: &str) {
        self.on_path(path, Effect::Deletes);
    }

    fn contacts(&mut self, address: &str) {
        if let Some(host) = host(address) {
            if network::is_metadata(&host) {
                self.add(Effect::ReadsSecret(format!("cloud metadata at {host}")));
            }
            self.add(Effect::Contacts(host));
        }
    }
}

/// Whether a word can be the path of a file of this machine.
fn is_path(word: &str) -> bool {
    let stands_for_others = ["-", "{}"].contains(&word);
    !word.is_empty() && word.len() <= 4096 && !stands_for_others && !word.contains("://")
}

/// The host of an address: `https://user@host:port/path`, `user@host:path`, `host:port`, `host`.
/// This machine itself is no host to contact.
fn host(address: &str) -> Option<String> {
    let address = address.trim();
    let rest = match address.split_once("://") {
        Some((_, rest)) => rest,
        None => address,
    };
    let rest = rest.split(['/', '?', '#']).next()?;
    let rest = rest.rsplit('@').next()?;
    let name = if let Some(inner) = rest.strip_prefix('[') {
        inner.split(']').next()?
    } else {
        rest.split(':').next()?
    };
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let plausible = !name.is_empty()
        && name.len() <= 253
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || ".-_:".contains(c))
        && name.chars().any(char::is_alphanumeric)
        && (name.contains(['.', ':']) || address.contains("://") || address.contains('@'));
    let here =
        name == "localhost" || name.starts_with("127.") || name == "::1" || name == "0.0.0.0";
    (plausible && !here).then_some(name)
}

#[cfg(test)]
mod tests;
