//! Items of the OpenAI Responses API, as the API and the harnesses on it write them.

use proctor_model::{Reasoning, ReasoningState, Role, ToolCall, ToolResult};

use crate::json::{self, Object, Value};
use crate::part::{Oddities, Part};

/// One item of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Who wrote it, for a message.
    pub role: Option<Role>,
    /// What it holds. The call of a tool that runs on the provider's side holds its result too.
    pub parts: Vec<Part>,
}

/// Reads an item: a message, reasoning, a call, or the output of one.
///
/// `None` where the object is no item, which `odd` then says. An object with a role and no type is
/// a message.
pub fn item(mut item: Object<'_>, odd: &mut Oddities) -> Option<Item> {
    let kind = match item.take("type") {
        Some(Value::Str(kind)) => kind.into_owned(),
        None if item.get("role").is_some() => "message".to_owned(),
        other => {
            odd.bad_field("type", &other.unwrap_or_default(), "text");
            return None;
        }
    };
    note_unknown_fields(&kind, &item, odd);
    let part = match kind.as_str() {
        "message" => return message(item, odd),
        "reasoning" => Part::Reasoning(reasoning(&mut item)),
        "function_call" => Part::Call(function_call(&mut item, odd)),
        "custom_tool_call" => Part::Call(ToolCall {
            input: item.take("input").unwrap_or_default().into(),
            id: call_id(&item, odd),
            name: qualified_name(&item),
        }),
        "local_shell_call" | "shell_call" | "apply_patch_call" | "computer_call" => {
            Part::Call(action_call(&kind, &mut item, odd))
        }
        "tool_search_call" => Part::Call(ToolCall {
            input: arguments(item.take("arguments")),
            id: call_id(&item, odd),
            name: "tool_search".to_owned(),
        }),
        "web_search_call"
        | "file_search_call"
        | "code_interpreter_call"
        | "image_generation_call"
        | "mcp_call" => {
            return Some(Item {
                role: None,
                parts: provider_call(&kind, item, odd),
            });
        }
        _ if is_output(&kind) => Part::Result(output(item, odd)),
        "compaction"
        | "compaction_summary"
        | "compaction_trigger"
        | "context_compaction"
        | "configuration_update"
        | "ghost_snapshot"
        | "item_reference"
        | "mcp_list_tools"
        | "mcp_approval_request"
        | "mcp_approval_response"
        | "additional_tools" => Part::Other {
            name: kind,
            known: true,
        },
        _ => Part::Other {
            name: kind,
            known: false,
        },
    };
    Some(Item {
        role: None,
        parts: vec![part],
    })
}

/// The arguments of a call: JSON inside a text. Text that is none stays what it is.
pub fn arguments(arguments: Option<Value<'_>>) -> serde_json::Value {
    match arguments {
        None | Some(Value::Null) => serde_json::Value::Null,
        Some(Value::Str(text)) => match json::parse(&text) {
            Ok((value @ (Value::Object(_) | Value::Array(_)), _)) => value.into(),
            _ => serde_json::Value::String(text.into_owned()),
        },
        Some(other) => other.into(),
    }
}

/// The text of a tool's output: plain, or a list of content parts, one a line.
pub fn output_text(output: Value<'_>) -> String {
    match output {
        Value::Null => String::new(),
        Value::Str(text) => text.into_owned(),
        Value::Array(items) => {
            let mut out = String::new();
            for item in items {
                let line = match item {
                    Value::Str(text) => text.into_owned(),
                    Value::Object(item) => content_text(item),
                    other => serde_json::Value::from(other).to_string(),
                };
                if !out.is_empty() && !out.ends_with('\n') && !line.is_empty() {
                    out.push('\n');
                }
                out.push_str(&line);
            }
            out
        }
        other => serde_json::Value::from(other).to_string(),
    }
}

fn is_output(kind: &str) -> bool {
    kind.ends_with("_call_output") || kind == "tool_search_output"
}

fn message(mut item: Object<'_>, odd: &mut Oddities) -> Option<Item> {
    let role = match item.get("role").and_then(Value::as_str) {
        Some("system" | "developer") => Role::System,
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        _ => {
            let role = item.get("role").unwrap_or(&Value::Null);
            odd.bad_field("role", role, "a known role");
            return None;
        }
    };
    let parts = match item.take("content").unwrap_or_default() {
        Value::Str(text) => vec![Part::Text(text.into_owned())],
        Value::Array(parts) => (parts.into_iter())
            .filter_map(|part| match part {
                Value::Object(part) => Some(Part::Text(content_text(part))),
                Value::Str(text) => Some(Part::Text(text.into_owned())),
                other => {
                    odd.bad_field("content[]", &other, "a part");
                    None
                }
            })
            .collect(),
        other => {
            odd.bad_field("content", &other, "text or a list of parts");
            Vec::new()
        }
    };
    Some(Item {
        role: Some(role),
        parts,
    })
}

/// The text of a content part; what is not text is named in brackets.
fn content_text(mut part: Object<'_>) -> String {
    for key in ["text", "refusal", "transcript"] {
        if let Some(Value::Str(text)) = part.take(key) {
            return text.into_owned();
        }
    }
    let kind = part.get("type").and_then(Value::as_str).unwrap_or("part");
    let kind = kind.strip_prefix("input_").unwrap_or(kind);
    let name = ["filename", "file_id", "image_url"]
        .iter()
        .find_map(|key| part.get(key).and_then(Value::as_str))
        // Images are mostly given whole, as data.
        .filter(|name| !name.starts_with("data:") && name.len() < 200);
    match name {
        Some(name) => format!("[{kind} {name}]"),
        None => format!("[{kind}]"),
    }
}

fn reasoning(item: &mut Object<'_>) -> Reasoning {
    let mut texts = |key| match item.take(key) {
        Some(value @ (Value::Array(_) | Value::Str(_))) => output_text(value),
        _ => String::new(),
    };
    let (full, summary) = (texts("content"), texts("summary"));
    let encrypted = item
        .get("encrypted_content")
        .is_some_and(|content| !content.is_null());
    let (state, text) = if !full.is_empty() {
        (ReasoningState::Full, full)
    } else if !summary.is_empty() {
        (ReasoningState::Summarised, summary)
    } else if encrypted {
        (ReasoningState::Encrypted, String::new())
    } else {
        (ReasoningState::Empty, String::new())
    };
    Reasoning { state, text }
}

fn function_call(item: &mut Object<'_>, odd: &mut Oddities) -> ToolCall {
    ToolCall {
        input: arguments(item.take("arguments")),
        id: call_id(item, odd),
        name: qualified_name(item),
    }
}

/// The name of a tool, with that of the MCP server that offers it. The namespaces of a harness's
/// own tools only sort them.
fn qualified_name(item: &Object<'_>) -> String {
    let text = |key| item.get(key).and_then(Value::as_str);
    let name = text("name").unwrap_or_default();
    let namespace = text("namespace").filter(|space| space.starts_with("mcp__"));
    match namespace.or_else(|| text("server_label")) {
        Some(space) if space.ends_with("__") => format!("{space}{name}"),
        Some(space) => format!("{space}__{name}"),
        None => name.to_owned(),
    }
}

/// A call whose arguments are an `action` (or an `operation`) instead of a text.
fn action_call(kind: &str, item: &mut Object<'_>, odd: &mut Oddities) -> ToolCall {
    let action = ["action", "operation", "actions"]
        .iter()
        .find_map(|key| item.take(key));
    ToolCall {
        id: call_id(item, odd),
        name: kind.trim_end_matches("_call").to_owned(),
        input: action.unwrap_or_default().into(),
    }
}

/// The call of a tool that runs on the provider's side, and its result where the item has it.
fn provider_call(kind: &str, mut item: Object<'_>, odd: &mut Oddities) -> Vec<Part> {
    let id = call_id(&item, odd);
    let name = match kind {
        "mcp_call" => qualified_name(&item),
        other => other.trim_end_matches("_call").to_owned(),
    };
    let input = match kind {
        "mcp_call" => arguments(item.take("arguments")),
        "web_search_call" => item.take("action").unwrap_or_default().into(),
        "file_search_call" => serde_json::json!({
            "queries": serde_json::Value::from(item.take("queries").unwrap_or_default()),
        }),
        "code_interpreter_call" => serde_json::json!({
            "code": serde_json::Value::from(item.take("code").unwrap_or_default()),
        }),
        _ => serde_json::json!({
            "prompt": serde_json::Value::from(item.take("revised_prompt").unwrap_or_default()),
        }),
    };
    let error = item.take("error").filter(|error| !error.is_null());
    let failed = error.is_some();
    let found = ["output", "outputs", "results"]
        .iter()
        .find_map(|key| item.take(key).filter(|value| !value.is_null()));
    let mut parts = vec![Part::Call(ToolCall {
        id: id.clone(),
        name,
        input,
    })];
    if let Some(value) = error.or(found) {
        parts.push(Part::Result(ToolResult {
            call_id: id,
            text: output_text(value),
            is_error: failed.then_some(true),
            ..ToolResult::default()
        }));
    }
    parts
}

/// The output of a call. Its text is what the model saw, wrapped or not.
fn output(mut item: Object<'_>, odd: &mut Oddities) -> ToolResult {
    let call_id = call_id(&item, odd);
    let mut is_error = None;
    let text = match item.take("output").or_else(|| item.take("tools")) {
        // Once an output that failed was an object.
        Some(Value::Object(mut wrapped)) => {
            let success = wrapped.get("success").and_then(Value::as_bool);
            is_error = success.map(|ok| !ok);
            match wrapped.take("content") {
                Some(content) => output_text(content),
                None => content_text(wrapped),
            }
        }
        Some(output) => output_text(output),
        None => {
            odd.bad_field("output", &Value::Null, "text");
            String::new()
        }
    };
    ToolResult {
        call_id,
        text,
        is_error,
        ..ToolResult::default()
    }
}

/// The id that a call and its output share.
fn call_id(item: &Object<'_>, odd: &mut Oddities) -> String {
    let id = ["call_id", "id"]
        .iter()
        .find_map(|key| item.get(key).and_then(Value::as_str));
    if id.is_none() {
        odd.bad_field(
            "call_id",
            item.get("call_id").unwrap_or(&Value::Null),
            "text",
        );
    }
    id.unwrap_or_default().to_owned()
}

fn note_unknown_fields(kind: &str, item: &Object<'_>, odd: &mut Oddities) {
    let known: &[&str] = match kind {
        "message" => &[
            "role",
            "content",
            "phase",
            "end_turn",
            "author",
            "recipient",
        ],
        "reasoning" => &["summary", "content", "encrypted_content"],
        "function_call" => &["name", "arguments", "namespace"],
        "custom_tool_call" => &["name", "input", "namespace"],
        "local_shell_call" | "shell_call" => &["action", "environment", "max_output_length"],
        "web_search_call" => &["action", "results"],
        "tool_search_call" => &["arguments", "execution"],
        _ if is_output(kind) => &[
            "output",
            "name",
            "tools",
            "execution",
            "max_output_length",
            "acknowledged_safety_checks",
        ],
        // Their fields are not listed.
        _ => return,
    };
    for key in item.keys() {
        if !matches!(
            key,
            "type"
                | "id"
                | "call_id"
                | "status"
                | "created_by"
                | "caller"
                | "metadata"
                | "internal_chat_message_metadata_passthrough"
        ) && !known.contains(&key)
        {
            odd.unknown_field(kind, key);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: serde_json::Value) -> (Option<Item>, Oddities) {
        let text = value.to_string();
        let (value, _) = json::parse(&text).unwrap();
        let Value::Object(object) = value else {
            panic!("no object");
        };
        let mut odd = Oddities::default();
        (item(object, &mut odd), odd)
    }

    fn parts(value: serde_json::Value) -> Vec<Part> {
        let (item, odd) = read(value);
        assert!(odd.is_empty(), "{odd:?}");
        item.unwrap().parts
    }

    fn call(id: &str, name: &str, input: serde_json::Value) -> Part {
        let (id, name) = (id.to_owned(), name.to_owned());
        Part::Call(ToolCall { id, name, input })
    }

    #[test]
    fn messages_have_a_role_and_texts() {
        let (item, odd) = read(json!({"type": "message", "role": "developer", "content": [
            {"type": "input_text", "text": "a"}, {"type": "input_image", "image_url": "data:image/png;base64,AA"},
            {"type": "output_text", "text": "b", "annotations": []}]}));
        let item = item.unwrap();
        assert!(odd.is_empty());
        assert_eq!(item.role, Some(Role::System));
        let texts = ["a", "[image]", "b"].map(|t| Part::Text(t.into()));
        assert_eq!(item.parts, texts);
        assert_eq!(
            parts(json!({"role": "user", "content": "x"})),
            [Part::Text("x".into())]
        );
    }

    #[test]
    fn reasoning_is_full_summarised_encrypted_or_empty() {
        let state = |value: serde_json::Value| match parts(value).remove(0) {
            Part::Reasoning(reasoning) => (reasoning.state, reasoning.text),
            other => panic!("{other:?}"),
        };
        let summary = json!([{"type": "summary_text", "text": "s"}]);
        assert_eq!(
            state(json!({"type": "reasoning", "summary": summary, "encrypted_content": "x"})),
            (ReasoningState::Summarised, "s".into())
        );
        assert_eq!(
            state(json!({"type": "reasoning", "summary": summary,
                "content": [{"type": "reasoning_text", "text": "full"}]})),
            (ReasoningState::Full, "full".into())
        );
        assert_eq!(
            state(json!({"type": "reasoning", "summary": [], "content": null, "encrypted_content": "x"})).0,
            ReasoningState::Encrypted
        );
        assert_eq!(
            state(json!({"type": "reasoning", "summary": []})).0,
            ReasoningState::Empty
        );
    }

    #[test]
    fn calls_and_outputs_are_paired_by_their_call_id() {
        assert_eq!(
            parts(
                json!({"type": "function_call", "id": "fc", "call_id": "c", "name": "exec_command",
                "arguments": "{\"cmd\":\"ls\"}"})
            ),
            [call("c", "exec_command", json!({"cmd": "ls"}))]
        );
        assert_eq!(
            parts(
                json!({"type": "function_call", "call_id": "c", "name": "f", "namespace": "mcp__box",
                "arguments": "not json"})
            ),
            [call("c", "mcp__box__f", json!("not json"))]
        );
        assert_eq!(
            parts(
                json!({"type": "function_call", "call_id": "c", "name": "spawn_agent",
                "namespace": "multi_agent_v1", "arguments": "{}"})
            ),
            [call("c", "spawn_agent", json!({}))]
        );
        assert_eq!(
            parts(
                json!({"type": "custom_tool_call", "call_id": "c", "name": "apply_patch",
                "input": "*** Begin Patch", "status": "completed"})
            ),
            [call("c", "apply_patch", json!("*** Begin Patch"))]
        );
        assert_eq!(
            parts(
                json!({"type": "local_shell_call", "call_id": "c", "status": "completed",
                "action": {"type": "exec", "command": ["ls"]}})
            ),
            [call(
                "c",
                "local_shell",
                json!({"type": "exec", "command": ["ls"]})
            )]
        );
        let outputs = [
            (json!("plain"), "plain", None),
            (
                json!([{"type": "input_text", "text": "a"}, {"type": "input_image", "image_url": "data:x"}]),
                "a\n[image]",
                None,
            ),
            (json!({"content": "no", "success": false}), "no", Some(true)),
        ];
        for (output, text, is_error) in outputs {
            let result = ToolResult {
                call_id: "c".into(),
                text: text.into(),
                is_error,
                ..ToolResult::default()
            };
            assert_eq!(
                parts(json!({"type": "function_call_output", "call_id": "c", "output": output})),
                [Part::Result(result)]
            );
        }
    }

    #[test]
    fn provider_side_calls_hold_their_result() {
        assert_eq!(
            parts(
                json!({"type": "web_search_call", "id": "w", "status": "completed",
                "action": {"type": "search", "query": "q"}})
            ),
            [call(
                "w",
                "web_search",
                json!({"type": "search", "query": "q"})
            )]
        );
        let [Part::Call(made), Part::Result(result)] = &parts(
            json!({"type": "mcp_call", "id": "m",
            "server_label": "box", "name": "run", "arguments": "{}", "output": null, "error": "down"}),
        )[..] else {
            panic!("no call and result");
        };
        assert_eq!(made.name, "box__run");
        assert_eq!(
            (result.text.as_str(), result.is_error),
            ("down", Some(true))
        );
    }

    #[test]
    fn what_is_odd_is_noted() {
        let (item, odd) = read(json!({"type": "novel_item"}));
        assert_eq!(
            item.unwrap().parts,
            [Part::Other {
                name: "novel_item".into(),
                known: false
            }]
        );
        assert!(odd.is_empty());
        let (item, odd) = read(json!({"type": "message", "role": "ghost", "content": []}));
        assert!(item.is_none() && odd.bad_fields.len() == 1);
        let (_, odd) =
            read(json!({"type": "function_call", "name": "f", "arguments": "{}", "hue": 1}));
        assert_eq!(odd.unknown_fields, ["function_call.hue"]);
        assert_eq!(odd.bad_fields.len(), 1);
        assert!(read(json!({"hue": 1})).0.is_none());
    }
}
