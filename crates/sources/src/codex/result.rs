//! How a call ended, read from the text that Codex gave the model.
//!
//! Codex wraps what a command printed: in JSON with metadata, or behind a few lines that it writes
//! itself. Only those are read, so that nothing a command prints can pass for its status.

use proctor_dialects::json::{self, Value};
use proctor_model::ToolResult;

/// Fills in how the call ended, and frees the output from a JSON wrapping.
pub(super) fn complete(result: &mut ToolResult) {
    if let Some((text, code)) = from_json(&result.text) {
        result.text = text;
        result.exit_code = code;
    } else if let Some(code) = from_head(&result.text) {
        result.exit_code = code;
    } else {
        from_words(result);
    }
    if let Some(code) = result.exit_code
        && result.is_error.is_none()
    {
        result.is_error = Some(code != 0);
    }
}

/// `{"output": "…", "metadata": {"exit_code": 0, …}}`
fn from_json(text: &str) -> Option<(String, Option<i32>)> {
    if !text.starts_with('{') || !text.contains("\"metadata\"") {
        return None;
    }
    let (value, _) = json::parse(text).ok()?;
    let Value::Object(mut object) = value else {
        return None;
    };
    let code = object
        .get("metadata")
        .and_then(|meta| meta.get("exit_code"))
        .and_then(Value::as_i64)
        .and_then(|code| i32::try_from(code).ok());
    let output = object.take("output")?.into_string()?;
    Some((output, code))
}

/// `Exit code: 0`, `Wall time: …`, `Output:`, or `Chunk ID: …`, `Wall time: …`,
/// `Process exited with code 0`, …, `Output:`.
fn from_head(text: &str) -> Option<Option<i32>> {
    const LINES: [&str; 7] = [
        "Exit code: ",
        "Process exited with code ",
        "Chunk ID: ",
        "Wall time: ",
        "Total output lines: ",
        "Original token count: ",
        "Process running with session ID ",
    ];
    let mut code = None;
    let mut wrapped = false;
    for line in text.lines() {
        let Some(head) = LINES.iter().find(|head| line.starts_with(**head)) else {
            break;
        };
        wrapped = true;
        if matches!(*head, "Exit code: " | "Process exited with code ") {
            code = line
                .get(head.len()..)
                .and_then(|code| code.trim().parse().ok());
        }
    }
    wrapped.then_some(code)
}

/// What Codex says in place of an output.
fn from_words(result: &mut ToolResult) {
    let text = result.text.trim();
    let refused = text.starts_with("exec command rejected by ")
        || text.starts_with("patch rejected by ")
        || text.starts_with("command rejected by ")
        || (text.starts_with("exec_command failed") && text.contains("Rejected("))
        || text.ends_with("rejected: blocked by policy")
        || text.ends_with("rejected by user approval settings");
    let failed = text.starts_with("exec_command failed")
        || text.starts_with("unsupported call")
        || text.starts_with("unsupported custom tool call")
        || text.starts_with("failed to parse function arguments")
        || text.starts_with("apply_patch verification failed")
        || text.starts_with("execution error");
    if text.starts_with("aborted") || text.starts_with("command aborted by user") {
        result.interrupted = true;
    }
    if refused {
        result.refused = true;
    }
    if refused || failed {
        result.is_error = Some(true);
    }
}

/// The thread that a call of `spawn_agent` started: `{"agent_id": "…"}`.
pub(super) fn agent(text: &str) -> Option<String> {
    let (value, _) = json::parse(text).ok()?;
    value.str("agent_id").map(str::to_owned)
}
