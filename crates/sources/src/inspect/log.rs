//! The head of a log: which evaluation it is.

use proctor_dialects::json::Value;
use proctor_model::{Harness, PermissionMode, SessionId, SessionNote};

use crate::session_id;

/// What a log says of itself.
pub(super) struct Log {
    /// The session that the log as a whole stands for; samples are named below it.
    pub(super) session: SessionId,
    pub(super) model: Option<String>,
    version: Option<String>,
    task: Option<String>,
    permission_mode: Option<PermissionMode>,
}

impl Log {
    /// Reads the head of a log: an object with an `eval`. `file` names the log where that does
    /// not.
    pub(super) fn new(head: Option<&Value<'_>>, file: &str) -> Self {
        let eval = head.and_then(|head| head.get("eval"));
        let text = |key| {
            let text = eval?.str(key)?;
            (!text.is_empty()).then(|| text.to_owned())
        };
        // Older logs name the run, which can hold several tasks.
        let id = text("eval_id").or_else(|| match (text("run_id"), text("task_id")) {
            (Some(run), Some(task)) => Some(format!("{run}.{task}")),
            (run, task) => run.or(task),
        });
        let version = eval.and_then(|eval| eval.get("packages")?.str("inspect_ai"));
        Self {
            session: session_id(Harness::Inspect, id.as_deref().unwrap_or(file)),
            model: text("model"),
            version: version.map(str::to_owned),
            task: text("task"),
            permission_mode: eval.and_then(permission_mode),
        }
    }

    /// The note that all sessions of the log begin with.
    pub(super) fn note(&self) -> SessionNote {
        SessionNote {
            harness: Some(Harness::Inspect),
            version: self.version.clone(),
            model: self.model.clone(),
            title: self.task.clone(),
            permission_mode: self.permission_mode.clone(),
            unattended: Some(true),
            ..SessionNote::default()
        }
    }
}

/// Whether a person is asked: where the log names its approvers, and one of them is a person.
fn permission_mode(eval: &Value<'_>) -> Option<PermissionMode> {
    let approval = eval.get("config")?.get("approval")?;
    let approvers = approval.get("approvers")?.as_array()?;
    let asked = approvers.iter().any(|approver| {
        approver
            .str("name")
            .is_some_and(|name| name.contains("human"))
    });
    Some(if asked {
        PermissionMode::Ask
    } else {
        PermissionMode::Bypass
    })
}
