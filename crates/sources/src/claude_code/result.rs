//! What Claude Code tells about a tool result beside the text that the model saw.

use proctor_dialects::json::Value;
use proctor_model::ToolResult;

/// The fields of `toolUseResult` that are read. The others differ from tool to tool, and mostly
/// repeat the text that the model saw.
pub(super) const FIELDS: &[&str] = &[
    "agentId",
    "agent_id",
    "backgroundTaskId",
    "exitCode",
    "interrupted",
    "returnCodeInterpretation",
    "shellId",
    "task",
];

/// Fills in how the call ended, from the record's `toolUseResult` and `toolDenialKind` and from
/// the harness's fixed phrases.
///
/// The phrases count only where the harness marked the result as an error: what a tool printed on
/// success is never read as a refusal.
pub(super) fn complete(result: &mut ToolResult, extra: Option<&Value<'_>>, denial: Option<&str>) {
    let error = result.is_error == Some(true);
    match denial {
        Some("interrupted" | "cancelled") => result.interrupted = true,
        Some(_) => result.refused = true,
        None => {}
    }
    if error {
        let text = said(&result.text);
        result.refused |= is_refusal(text);
        result.interrupted |= text.starts_with("[Request interrupted by user");
        if result.exit_code.is_none() {
            result.exit_code = exit_code(text);
        }
    }
    match extra {
        Some(extra) => from_account(result, extra, error),
        // Where the harness gave no account of its own, the text that it wrote names the agent.
        None => result.agent = agent_in_text(&result.text),
    }
}

/// Reads the harness's own account of the result.
fn from_account(result: &mut ToolResult, extra: &Value<'_>, error: bool) {
    if extra.get("interrupted").and_then(Value::as_bool) == Some(true) {
        result.interrupted = true;
    }
    let agent = extra.str("agentId").or_else(|| extra.str("agent_id"));
    result.agent = agent.map(str::to_owned);
    let code = extra
        .get("exitCode")
        .or_else(|| extra.get("task").and_then(|task| task.get("exitCode")))
        .and_then(Value::as_i64)
        .and_then(|code| i32::try_from(code).ok());
    result.exit_code = result.exit_code.or(code);
    // A command that ran to its end in the foreground without being marked as failed left with 0,
    // unless the harness explains another status away (`grep` that found nothing).
    let ran = extra.get("stdout").is_some() && extra.get("interrupted").is_some();
    let apart = ["backgroundTaskId", "returnCodeInterpretation", "shellId"]
        .iter()
        .any(|key| extra.get(key).is_some_and(|v| !v.is_null()));
    if ran && !apart && !error && !result.interrupted && result.exit_code.is_none() {
        result.exit_code = Some(0);
    }
}

/// The words of an error without what the harness wraps it in.
fn said(text: &str) -> &str {
    let text = text.trim_start();
    let text = text.strip_prefix("<tool_use_error>").unwrap_or(text);
    text.strip_prefix("Error: ").unwrap_or(text)
}

/// The status in `Exit code 2` at the start of a failed command's output.
fn exit_code(text: &str) -> Option<i32> {
    let rest = text.strip_prefix("Exit code ")?;
    let end = rest
        .find(|c: char| c != '-' && !c.is_ascii_digit())
        .unwrap_or(rest.len());
    rest.get(..end)?.parse().ok()
}

/// Whether an error says that a person, a rule or a hook refused the call.
fn is_refusal(text: &str) -> bool {
    const STARTS: [&str; 9] = [
        "The user doesn't want to proceed with this tool use",
        "The user doesn't want to take this action right now",
        "The agent proposed a plan that was rejected by the user",
        "User rejected tool use",
        "Claude requested permissions to ",
        "Execution stopped by PreToolUse hook",
        "Hook PreToolUse",
        "PreToolUse hook",
        "File is in a directory that is denied by your permission settings",
    ];
    if STARTS.iter().any(|start| text.starts_with(start)) {
        return true;
    }
    let line = text.lines().next().unwrap_or("");
    let starts = |start: &str| line.starts_with(start);
    (starts("Permission ") && line.contains(" denied"))
        || (starts("Agent type ") && line.contains(" denied by permission rule"))
        || (starts("PreToolUse:") && line.contains(" hook "))
        || (starts("This ") && line.contains(" requires approval"))
        || line.contains(" was blocked. For security, Claude Code ")
}

/// The agent named in a result, such as `agentId: a1b2c3 (for resuming …)`.
fn agent_in_text(text: &str) -> Option<String> {
    let (_, rest) = text.rsplit_once("\nagentId: ")?;
    let (_, note) = rest.split_once(' ')?;
    if !note.starts_with("(for resuming") && !note.starts_with("(internal ID") {
        return None;
    }
    let end = rest
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')
        .unwrap_or(rest.len());
    let agent = rest.get(..end)?;
    (!agent.is_empty()).then(|| agent.to_owned())
}
