//! What tests of several files share.

use proctor_model::{Act, Action, Outcome, Place, Source, ToolCall, ToolResult};
use proctor_shell::Command;
use serde_json::json;
use std::sync::Arc;

/// A plain command line cut at `&&`, `||`, `;` and `|`, for tests that are not about parsing.
pub(crate) fn shell(line: &str) -> Vec<Command> {
    let mut commands = Vec::new();
    let (mut at, mut pipeline, mut stage) = (0, 0, 0);
    while at <= line.len() {
        let rest = line.get(at..).unwrap();
        let (len, operator) = [" && ", " || ", "; ", " | ", " & "]
            .iter()
            .filter_map(|op| Some((rest.find(op)?, *op)))
            .min()
            .unwrap_or((rest.len(), ""));
        let text = rest.get(..len).unwrap();
        let words = text
            .split_whitespace()
            .map(|w| w.trim_matches(['"', '\'']).to_owned());
        commands.push(Command {
            argv: words.collect(),
            pipeline,
            stage,
            background: operator == " & ",
            span: at..at + len,
            ..Command::default()
        });
        if operator.is_empty() {
            break;
        }
        (pipeline, stage) = if operator == " | " {
            (pipeline, stage + 1)
        } else {
            (pipeline + 1, 0)
        };
        at += len + operator.len();
    }
    commands
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
