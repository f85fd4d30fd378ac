//! What an act does to the world, as far as its words tell.
//!
//! A file tool and a shell command that does the same have the same effects, so that rules, facts
//! and summaries need not care which one the agent chose.

use proctor_model::{Act, Action};
use proctor_shell::Command;
use serde::{Deserialize, Serialize};

mod command;

use crate::path::resolve;
use crate::secrets::is_secret_path;

/// One thing that an act does. Paths are resolved (see [`resolve`]).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "effect", content = "target", rename_all = "kebab-case")]
pub enum Effect {
    /// Reads this file.
    Reads(String),
    /// Writes or changes this file.
    Writes(String),
    /// Deletes this file or tree, or moves it away.
    Deletes(String),
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
            | Self::Deletes(t)
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
const BOUND: usize = 256;

/// What the act does. `commands` are those of a command action, `cwd` is where it runs.
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
            command::effects(commands, &mut found);
            if *background {
                found.add(Effect::LeavesJob(crate::summary::clip(command, 500)));
            }
        }
        Action::Read { path } => found.reads(path),
        Action::Write { path, .. } | Action::Edit { path, .. } => found.writes(path),
        Action::Remove { path } => found.deletes(path),
        Action::Fetch { target } => found.contacts(target),
        Action::Spawn { agent, .. } => found.add(Effect::Spawns(agent.clone())),
        Action::Tell { to, .. } => found.add(Effect::Tells(to.clone())),
        Action::Search { .. } | Action::Plan | Action::Submit { .. } | Action::Other => {}
    }
    found.effects
}

/// The effects found so far, and where relative paths now lead.
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

    fn resolve(&self, path: &str) -> String {
        resolve(path, self.cwd.as_deref())
    }

    fn reads(&mut self, path: &str) {
        if path.is_empty() || path.contains("://") {
            return;
        }
        let path = self.resolve(path);
        if is_secret_path(&path) {
            self.add(Effect::ReadsSecret(path.clone()));
        }
        self.add(Effect::Reads(path));
    }

    fn writes(&mut self, path: &str) {
        if !path.is_empty() {
            self.add(Effect::Writes(self.resolve(path)));
        }
    }

    fn deletes(&mut self, path: &str) {
        if !path.is_empty() {
            self.add(Effect::Deletes(self.resolve(path)));
        }
    }

    fn contacts(&mut self, address: &str) {
        if let Some(host) = host(address) {
            self.add(Effect::Contacts(host));
        }
    }
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
