//! What tests of several files share.

use proctor_model::{Act, Action, Outcome, Place, Source, ToolCall, ToolResult};
use proctor_shell::Command;
use serde_json::json;
use std::sync::Arc;

/// The commands of a line.
pub(crate) fn shell(line: &str) -> Vec<Command> {
    proctor_shell::analyse(line).commands
}

pub(crate) fn place(offset: u64) -> Place {
    Place {
        source: Arc::new(Source::file("a.jsonl")),
        offset,
        len: 1,
        part: 0,
    }
}

/// A command that printed this and ended with that status.
pub(crate) fn ran(command: &str, text: &str, exit_code: Option<i32>) -> Act {
    let result = ToolResult {
        call_id: "1".to_owned(),
        text: text.to_owned(),
        exit_code,
        ..ToolResult::default()
    };
    Act {
        call: ToolCall {
            id: "1".to_owned(),
            name: "bash".to_owned(),
            input: json!({ "command": command }),
        },
        action: Action::Command {
            command: command.to_owned(),
            language: None,
            background: false,
        },
        outcome: match exit_code {
            Some(0) | None => Outcome::Ok,
            Some(_) => Outcome::Failed,
        },
        result: Some(result),
        differences: Vec::new(),
    }
}
