//! The events that the reader knows, and their fields.

use proctor_dialects::Oddities;
use proctor_dialects::json::Object;

/// Fields that every event can have.
const ALL: [&str; 10] = [
    "event",
    "uuid",
    "span_id",
    "parent_id",
    "timestamp",
    "working_start",
    "metadata",
    "pending",
    "completed",
    "working_time",
];

/// Fields of an event of this kind; `None` where the kind is not known.
///
/// Those that are passed over unread do not come here.
fn of_kind(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "model" => &[
            "model",
            "role",
            "input",
            "input_refs",
            "tool_choice",
            "output",
            "retries",
            "error",
            "cache",
        ],
        "tool" => &[
            "type",
            "id",
            "function",
            "arguments",
            "result",
            "truncated",
            "error",
            "agent",
            "agent_span_id",
            "failed",
            "message_id",
        ],
        "sandbox" => &[
            "action", "cmd", "options", "file", "input", "result", "output",
        ],
        "approval" => &["message", "approver", "decision", "modified", "explanation"],
        "span_begin" | "span_end" | "step" => &["id", "type", "name", "action"],
        "subtask" => &["name", "type", "input", "result"],
        "compaction" => &["type", "role", "tokens_before", "tokens_after", "source"],
        "interrupt" => &[
            "source",
            "interrupted",
            "interrupted_tool_call_id",
            "interrupted_model_event_id",
        ],
        "score" => &[
            "score",
            "target",
            "intermediate",
            "scorer",
            "scorer_args",
            "model_usage",
            "role_usage",
        ],
        "score_edit" => &["score_name", "edit"],
        "sample_limit" => &["type", "message", "limit"],
        "error" => &["error"],
        "info" => &["source", "data"],
        "input" => &["input", "message", "fields", "outcome", "content"],
        "logger" => &["message"],
        "anchor" => &["anchor_id", "source"],
        "branch" => &["from_anchor", "from_span", "from_message"],
        "sample_init" | "state" | "store" => &[],
        // Carries whatever its maker put into it.
        "checkpoint" => &[],
        _ => return None,
    })
}

/// Whether events of this kind are known.
pub(super) fn is_known(kind: &str) -> bool {
    of_kind(kind).is_some()
}

/// Writes down the fields of an event that are not known.
pub(super) fn note_unknown(kind: &str, event: &Object<'_>, odd: &mut Oddities) {
    let Some(known) = of_kind(kind).filter(|_| kind != "checkpoint") else {
        return;
    };
    for key in event.keys() {
        if !ALL.contains(&key) && !known.contains(&key) {
            odd.unknown_field(kind, key);
        }
    }
}
