//! What the records say about their thread, told once and whenever it changes.

use proctor_dialects::json::{Object, Value};
use proctor_model::{EventKind, Harness, PermissionMode, SessionId, SessionNote};

use crate::emit::{Emitter, Record};
use crate::session_id;

/// What was told already.
#[derive(Default)]
pub(super) struct Notes {
    begun: bool,
    parent: Option<SessionId>,
    cwd: Option<String>,
    model: Option<String>,
    mode: Option<PermissionMode>,
}

impl Notes {
    /// Whether another thread's agent started this one.
    pub(super) fn has_parent(&self) -> bool {
        self.parent.is_some()
    }

    /// The head of a file. Later ones are copies of another thread's.
    pub(super) fn session_meta(
        &mut self,
        meta: &Object<'_>,
        record: &mut Record<'_>,
        out: &mut Emitter<'_>,
    ) {
        if self.begun {
            return out.known(record, "session_meta of another thread");
        }
        self.begun = true;
        let text = |key| meta.get(key).and_then(Value::as_str).map(str::to_owned);
        self.cwd = text("cwd");
        self.parent = parent(meta);
        let note = SessionNote {
            harness: Some(Harness::Codex),
            version: text("cli_version"),
            cwd: self.cwd.clone(),
            branch: meta
                .get("git")
                .and_then(|git| git.str("branch"))
                .map(str::to_owned),
            title: meta
                .get("source")
                .and_then(agent_name)
                .or_else(|| text("agent_nickname")),
            parent: self.parent.clone(),
            unattended: meta.get("source").and_then(unattended),
            ..SessionNote::default()
        };
        out.event(record, EventKind::Session(note));
    }

    /// The settings of a turn.
    pub(super) fn turn_context(
        &mut self,
        turn: &Object<'_>,
        record: &mut Record<'_>,
        out: &mut Emitter<'_>,
    ) {
        let mut note = SessionNote::default();
        let mut changed = false;
        if !self.begun {
            self.begun = true;
            changed = true;
            note.harness = Some(Harness::Codex);
        }
        let text = |key| turn.get(key).and_then(Value::as_str).map(str::to_owned);
        for (now, told, field) in [
            (text("cwd"), &mut self.cwd, &mut note.cwd),
            (text("model"), &mut self.model, &mut note.model),
        ] {
            if now.is_some() && *told != now {
                told.clone_from(&now);
                *field = now;
                changed = true;
            }
        }
        let mode = permission_mode(turn);
        if mode.is_some() && self.mode != mode {
            self.mode.clone_from(&mode);
            note.permission_mode = mode;
            changed = true;
        }
        if changed {
            out.event(record, EventKind::Session(note));
        } else {
            out.known(record, "turn_context");
        }
    }

    /// A name that was given to the thread.
    pub(super) fn title(
        &self,
        payload: &Object<'_>,
        record: &mut Record<'_>,
        out: &mut Emitter<'_>,
    ) {
        let title = payload.get("thread_name").or_else(|| payload.get("name"));
        let note = SessionNote {
            title: title.and_then(Value::as_str).map(str::to_owned),
            ..SessionNote::default()
        };
        out.event(record, EventKind::Session(note));
    }
}

/// How freely Codex let the agent act. With approval `never` nobody is asked; without a sandbox
/// nothing need be asked, unless every command must be.
fn permission_mode(turn: &Object<'_>) -> Option<PermissionMode> {
    let approval = match turn.get("approval_policy")? {
        Value::Str(policy) => policy.clone().into_owned(),
        // A policy with exceptions is an object named after it.
        Value::Object(policy) => policy.keys().next()?.to_owned(),
        _ => return None,
    };
    let sandbox = turn
        .get("sandbox_policy")
        .and_then(|policy| {
            policy
                .as_str()
                .or_else(|| policy.str("type"))
                .or_else(|| policy.str("mode"))
        })
        .unwrap_or_default();
    Some(match (approval.as_str(), sandbox) {
        ("never", "read-only") => PermissionMode::Other("never, read-only".to_owned()),
        ("never", _) | ("on-request" | "on-failure", "danger-full-access") => {
            PermissionMode::Bypass
        }
        ("on-request" | "on-failure" | "untrusted" | "unless-trusted" | "granular", _) => {
            PermissionMode::Ask
        }
        _ => PermissionMode::Other(approval),
    })
}

/// Whether a thread of this source had no person at it, where it tells.
fn unattended(source: &Value<'_>) -> Option<bool> {
    match source.as_str()? {
        "exec" | "mcp" => Some(true),
        "cli" | "vscode" | "ide" | "app" => Some(false),
        _ => None,
    }
}

/// The thread that started this one.
fn parent(meta: &Object<'_>) -> Option<SessionId> {
    let spawn = meta
        .get("source")
        .and_then(|source| source.get("subagent").or_else(|| source.get("sub_agent")))
        .and_then(|agent| agent.get("thread_spawn"));
    let id = spawn
        .and_then(|spawn| spawn.str("parent_thread_id"))
        .or_else(|| meta.get("parent_thread_id").and_then(Value::as_str))?;
    Some(session_id(Harness::Codex, id))
}

fn agent_name(source: &Value<'_>) -> Option<String> {
    let spawn = source.get("subagent")?.get("thread_spawn")?;
    let name = spawn
        .str("agent_nickname")
        .or_else(|| spawn.str("agent_role"))?;
    Some(name.to_owned())
}
