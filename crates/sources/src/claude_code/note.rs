//! What the records say about their session, told once and whenever it changes.

use std::collections::HashMap;

use proctor_dialects::json::{Object, Value};
use proctor_model::{EventKind, Harness, PermissionMode, SessionId, SessionNote};

use super::locate::Place;
use crate::emit::{Emitter, Record};

/// Sessions of one file that are kept apart; honest files have one, or a few.
const MOST_SESSIONS: usize = 256;

/// What was told already, by session.
#[derive(Default)]
pub(super) struct Notes(HashMap<SessionId, Told>);

#[derive(Default)]
struct Told {
    begun: bool,
    parent: bool,
    version: Option<String>,
    model: Option<String>,
    cwd: Option<String>,
    branch: Option<String>,
    entrypoint: Option<String>,
    mode: Option<String>,
}

impl Notes {
    /// Gives out what this record says that earlier ones did not.
    pub(super) fn update(
        &mut self,
        kind: &str,
        entry: &Object<'_>,
        place: &Place,
        record: &mut Record<'_>,
        out: &mut Emitter<'_>,
    ) {
        if !self.0.contains_key(&place.session) {
            if self.0.len() >= MOST_SESSIONS {
                self.0.clear();
            }
            self.0.insert(place.session.clone(), Told::default());
        }
        let Some(told) = self.0.get_mut(&place.session) else {
            return;
        };
        let mut note = SessionNote::default();
        let mut changed = false;
        if !told.begun {
            told.begun = true;
            changed = true;
            note.harness = Some(Harness::ClaudeCode);
        }
        if !told.parent && place.is_agent() {
            told.parent = true;
            changed = true;
            note.parent.clone_from(&place.parent);
            note.parent_call.clone_from(&place.parent_call);
        }
        let text = |key| entry.get(key).and_then(Value::as_str);
        let cwd = match kind {
            "relocated" => text("relocatedCwd"),
            _ => text("cwd"),
        };
        changed |= tell(text("version"), &mut told.version, &mut note.version);
        changed |= tell(cwd, &mut told.cwd, &mut note.cwd);
        changed |= tell(text("gitBranch"), &mut told.branch, &mut note.branch);
        changed |= tell(model(kind, entry), &mut told.model, &mut note.model);

        let mut entrypoint = None;
        if tell(text("entrypoint"), &mut told.entrypoint, &mut entrypoint) {
            note.unattended = entrypoint.as_deref().and_then(unattended);
            changed |= note.unattended.is_some();
        }
        let mut mode = None;
        if tell(text("permissionMode"), &mut told.mode, &mut mode) {
            note.permission_mode = mode.as_deref().map(permission_mode);
            changed = true;
        }
        if changed {
            out.event(record, EventKind::Session(note));
        }
    }
}

/// Tells a value that differs from the one told last.
fn tell(now: Option<&str>, told: &mut Option<String>, note: &mut Option<String>) -> bool {
    let Some(now) = now.filter(|now| !now.is_empty()) else {
        return false;
    };
    if told.as_deref() == Some(now) {
        return false;
    }
    *told = Some(now.to_owned());
    *note = Some(now.to_owned());
    true
}

/// The model that wrote a message, or that a headless run announces. `<synthetic>` stands where the
/// harness itself wrote in the agent's place.
fn model<'e>(kind: &str, entry: &'e Object<'_>) -> Option<&'e str> {
    let model = match kind {
        "assistant" => entry.get("message")?.str("model"),
        "system" => entry.get("model").and_then(Value::as_str),
        _ => None,
    };
    model.filter(|m| !m.starts_with('<'))
}

/// Whether a run by this entry point had no person at it, where its name tells.
fn unattended(entrypoint: &str) -> Option<bool> {
    match entrypoint {
        "sdk-cli"
        | "sdk-py"
        | "sdk-ts"
        | "sdk"
        | "print"
        | "mcp"
        | "bench"
        | "claude-code-github-action" => Some(true),
        "cli" | "terminal" | "claude-vscode" | "claude-desktop" | "claude-desktop-3p"
        | "ssh-remote" | "jetbrains" => Some(false),
        _ => None,
    }
}

fn permission_mode(name: &str) -> PermissionMode {
    match name {
        "default" => PermissionMode::Ask,
        "acceptEdits" => PermissionMode::AcceptEdits,
        "plan" => PermissionMode::Plan,
        "bypassPermissions" => PermissionMode::Bypass,
        other => PermissionMode::Other(other.to_owned()),
    }
}
