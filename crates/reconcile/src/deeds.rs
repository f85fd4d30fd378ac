//! Counting what a session did.

use proctor_model::{Act, Action, Origin, Outcome, PermissionMode, Step, StepKind, ToolCall};

use crate::effect::Effect;
use crate::path::{Whereabouts, is_note, resolve, whereabouts};
use crate::runs::{Run, RunKind};
use crate::summary::{Deed, Summary, count};

impl Summary {
    /// Counts a call, whatever it means.
    pub(crate) fn count_call(
        &mut self,
        call: &ToolCall,
        outcome: Outcome,
        mode: Option<&PermissionMode>,
    ) {
        self.calls += 1;
        count(&mut self.tools, &call.name);
        match outcome {
            Outcome::Failed => self.failed += 1,
            Outcome::Refused => self.refused += 1,
            Outcome::Interrupted | Outcome::Unknown => self.unanswered += 1,
            Outcome::Ok => {}
        }
        let mode = match mode {
            Some(PermissionMode::Ask) => "ask",
            Some(PermissionMode::AcceptEdits) => "accept-edits",
            Some(PermissionMode::Plan) => "plan",
            Some(PermissionMode::Bypass) => "bypass",
            Some(PermissionMode::Other(name)) => name,
            None => "unknown",
        };
        count(&mut self.acts_by_mode, mode);
    }

    /// Counts a step: `done` are the effects that took place.
    pub(crate) fn count_step(
        &mut self,
        step: &Step,
        done: &[&Effect],
        runs: &[Run],
        project: Option<&str>,
    ) {
        self.steps += 1;
        match &step.kind {
            StepKind::Request {
                system: false,
                origin: Origin::Person,
                text,
                ..
            } => match step.evidence.first() {
                Some(at) => self.requests.add(at, text),
                None => self.requests.count += 1,
            },
            StepKind::Reply { .. } => self.replies += 1,
            StepKind::Act(act) => self.count_act(step, act, done, runs, project),
            _ => {}
        }
    }

    fn count_act(
        &mut self,
        step: &Step,
        act: &Act,
        done: &[&Effect],
        runs: &[Run],
        project: Option<&str>,
    ) {
        let Some(at) = step.evidence.first() else {
            return;
        };
        let deeds = &mut self.deeds;
        let mut add = |deed, what: &str| deeds.entry(deed).or_default().add(at, what);
        if let Action::Command { command, .. } = &act.action
            && act.outcome != Outcome::Refused
        {
            add(Deed::CommandRun, command);
        }
        // A run that went on in the background was counted where it began.
        for run in runs
            .iter()
            .filter(|run| run.kind == RunKind::Test && run.place == *at)
        {
            add(Deed::TestRun, &run.command);
        }
        let outside = |path: &str| match whereabouts(path, project) {
            Whereabouts::Outside => true,
            Whereabouts::Harness => !is_note(&resolve(path, project)),
            _ => false,
        };
        for effect in done {
            let target = effect.target();
            let deed = match effect {
                Effect::Reads(_) | Effect::Moves(_) => continue,
                Effect::Alters(path) if !outside(path) => continue,
                Effect::Alters(_) => Deed::WriteOutsideProject,
                Effect::Writes(path) => {
                    if outside(path) {
                        add(Deed::WriteOutsideProject, path);
                    }
                    Deed::FileWritten
                }
                Effect::Deletes(_) => Deed::Deletion,
                Effect::ReadsSecret(_) => Deed::SecretRead,
                Effect::Contacts(host) => {
                    count(&mut self.hosts, host);
                    Deed::HostContacted
                }
                Effect::Installs(_) => Deed::PackageInstalled,
                Effect::Commits(_) => Deed::Commit,
                Effect::Pushes(_) => Deed::Push,
                Effect::LeavesJob(_) => Deed::JobLeftBehind,
                Effect::Spawns(_) => Deed::AgentSpawned,
                Effect::Tells(_) => Deed::MessageToPeople,
                Effect::UsesPrivilege(_) => Deed::PrivilegeUsed,
            };
            add(deed, target);
        }
    }
}
