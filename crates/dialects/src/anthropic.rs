//! Content blocks of the Anthropic Messages API, as the API and the harnesses on it write them.

use proctor_model::{Reasoning, ReasoningState, ToolCall, ToolResult};

use crate::json::{Object, Value};
use crate::part::{Oddities, Part};

/// The parts of a message's `content`: plain text, a list of blocks, or one block.
///
/// Blocks that cannot be used are written down in `odd`; the others are still returned, in their
/// order.
pub fn content(content: Value<'_>, odd: &mut Oddities) -> Vec<Part> {
    match content {
        Value::Str(text) => vec![Part::Text(text.into_owned())],
        Value::Object(block) => Vec::from_iter(self::block(block, odd)),
        Value::Array(blocks) => blocks
            .into_iter()
            .filter_map(|value| match value {
                Value::Object(block) => self::block(block, odd),
                // Some writers put bare text between the blocks.
                Value::Str(text) => Some(Part::Text(text.into_owned())),
                other => {
                    odd.bad_field("content[]", &other, "a block");
                    None
                }
            })
            .collect(),
        other => {
            odd.bad_field("content", &other, "text or a list of blocks");
            Vec::new()
        }
    }
}

/// One content block; `None` where it cannot be used, which `odd` then says.
pub fn block(mut block: Object<'_>, odd: &mut Oddities) -> Option<Part> {
    let Some(kind) = block.take("type").and_then(Value::into_string) else {
        odd.bad_field("type", block.get("type").unwrap_or(&Value::Null), "text");
        return None;
    };
    note_unknown_fields(&kind, &block, odd);
    Some(match kind.as_str() {
        "text" => Part::Text(text_field(&mut block, "text", odd)?),
        "thinking" => Part::Reasoning(thinking(&mut block, odd)),
        "redacted_thinking" => Part::Reasoning(Reasoning {
            state: ReasoningState::Encrypted,
            text: String::new(),
        }),
        "tool_use" | "server_tool_use" => Part::Call(call(&mut block, odd)),
        "mcp_tool_use" => Part::Call(mcp_call(&mut block, odd)),
        _ if is_result(&kind) => Part::Result(result(&mut block, odd)),
        "image" | "document" | "search_result" | "tool_reference" => {
            let mut text = String::new();
            write_item(&kind, block, &mut text, odd);
            Part::Text(text)
        }
        "container_upload" | "compaction" => Part::Other {
            name: kind,
            known: true,
        },
        _ => Part::Other {
            name: kind,
            known: false,
        },
    })
}

/// Whether a block of this type is the result of a tool call: `tool_result` and the results of
/// the tools that run on the provider's side, such as `web_search_tool_result`.
fn is_result(kind: &str) -> bool {
    kind.ends_with("tool_result")
}

fn thinking(block: &mut Object<'_>, odd: &mut Oddities) -> Reasoning {
    let text = match block.take("thinking") {
        Some(Value::Str(text)) => text.into_owned(),
        None | Some(Value::Null) => String::new(),
        Some(other) => {
            odd.bad_field("thinking.thinking", &other, "text");
            String::new()
        }
    };
    let state = if text.trim().is_empty() {
        ReasoningState::Empty
    } else {
        ReasoningState::Full
    };
    Reasoning { state, text }
}

fn call(block: &mut Object<'_>, odd: &mut Oddities) -> ToolCall {
    let input = block.take("input").unwrap_or_default();
    if !matches!(input, Value::Object(_) | Value::Str(_)) {
        odd.bad_field("tool_use.input", &input, "an object");
    }
    ToolCall {
        id: text_field(block, "id", odd).unwrap_or_default(),
        name: text_field(block, "name", odd).unwrap_or_default(),
        input: input.into(),
    }
}

/// A call of a tool of an MCP server, named as Claude Code names them.
fn mcp_call(block: &mut Object<'_>, odd: &mut Oddities) -> ToolCall {
    let mut call = call(block, odd);
    if let Some(server) = block.get("server_name").and_then(Value::as_str) {
        call.name = format!("mcp__{server}__{}", call.name);
    }
    call
}

fn result(block: &mut Object<'_>, odd: &mut Oddities) -> ToolResult {
    let call_id = text_field(block, "tool_use_id", odd).unwrap_or_default();
    let content = block.take("content").unwrap_or_default();
    let is_error = match block.get("is_error") {
        None | Some(Value::Null) => None,
        Some(Value::Bool(b)) => Some(*b),
        Some(other) => {
            odd.bad_field("tool_result.is_error", other, "a boolean");
            None
        }
    };
    // What a tool on the provider's side returned says by its type whether it failed.
    let failed = content
        .str("type")
        .is_some_and(|t| t.ends_with("_error"))
        .then_some(true);
    let exit_code = content
        .get("return_code")
        .and_then(Value::as_i64)
        .and_then(|code| i32::try_from(code).ok());
    let mut text = String::new();
    write_content(content, &mut text, odd);
    ToolResult {
        call_id,
        text,
        is_error: is_error.or(failed),
        exit_code,
        ..ToolResult::default()
    }
}

/// Writes the content of a tool result as the model saw it, one block a line.
fn write_content(content: Value<'_>, out: &mut String, odd: &mut Oddities) {
    match content {
        Value::Null => {}
        Value::Str(text) if out.is_empty() => *out = text.into_owned(),
        Value::Str(text) => push_line(out, &text),
        Value::Array(items) => {
            for item in items {
                write_content(item, out, odd);
            }
        }
        Value::Object(mut item) => {
            let kind = item
                .take("type")
                .and_then(Value::into_string)
                .unwrap_or_default();
            write_item(&kind, item, out, odd);
        }
        other => {
            // A bare number or boolean: seen from tools that return plain JSON.
            push_line(out, &serde_json::Value::from(other).to_string());
        }
    }
}

/// Writes one block of a tool result. What is not text is named in brackets.
fn write_item(kind: &str, mut item: Object<'_>, out: &mut String, odd: &mut Oddities) {
    match kind {
        "text" => {
            if let Some(text) = item.take("text") {
                write_content(text, out, odd);
            }
        }
        "image" => push_line(out, &format!("[image{}]", source_kind(&item))),
        "document" => {
            let title = item
                .get("title")
                .and_then(Value::as_str)
                .map(|t| format!(" {t}"))
                .unwrap_or_default();
            push_line(out, &format!("[document{title}{}]", source_kind(&item)));
            let Some(Value::Object(mut source)) = item.take("source") else {
                return;
            };
            let data = match source.get("type").and_then(Value::as_str) {
                Some("text") => source.take("data"),
                Some("content") => source.take("content"),
                _ => None,
            };
            write_content(data.unwrap_or_default(), out, odd);
        }
        "search_result" | "web_search_result" | "web_fetch_result" => {
            for key in ["title", "url", "source"] {
                if let Some(text) = item.get(key).and_then(Value::as_str) {
                    push_line(out, text);
                }
            }
            write_content(item.take("content").unwrap_or_default(), out, odd);
        }
        "tool_reference" => {
            let name = item.get("tool_name").and_then(Value::as_str);
            push_line(out, &format!("[tool {}]", name.unwrap_or_default()));
        }
        _ if kind.ends_with("_error") => {
            for key in ["error_code", "error_message"] {
                if let Some(text) = item.get(key).and_then(Value::as_str) {
                    push_line(out, text);
                }
            }
        }
        _ => write_fields(item, out, odd),
    }
}

/// Writes the text of a result block whose shape the dialect does not know in particular: the
/// outputs of code execution, file views, and what tools of other makers return.
fn write_fields(mut item: Object<'_>, out: &mut String, odd: &mut Oddities) {
    for key in [
        "stdout",
        "stderr",
        "text",
        "content",
        "resource",
        "lines",
        "tool_references",
    ] {
        match item.take(key) {
            Some(value @ (Value::Str(_) | Value::Array(_) | Value::Object(_))) => {
                write_content(value, out, odd);
            }
            _ => continue,
        }
    }
}

fn source_kind(item: &Object<'_>) -> String {
    let source = item.get("source");
    let kind = source
        .and_then(|s| s.str("media_type").or_else(|| s.str("url")))
        .or_else(|| source.and_then(|s| s.str("type")));
    kind.map(|k| format!(" {k}")).unwrap_or_default()
}

fn push_line(out: &mut String, line: &str) {
    if line.is_empty() {
        return;
    }
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    out.push_str(line);
}

fn text_field(block: &mut Object<'_>, key: &str, odd: &mut Oddities) -> Option<String> {
    match block.take(key).unwrap_or_default() {
        Value::Str(text) => Some(text.into_owned()),
        other => {
            odd.bad_field(key, &other, "text");
            None
        }
    }
}

fn note_unknown_fields(kind: &str, block: &Object<'_>, odd: &mut Oddities) {
    let known: &[&str] = match kind {
        "text" => &["text", "citations"],
        "thinking" => &["thinking", "signature"],
        "redacted_thinking" => &["data"],
        "tool_use" | "server_tool_use" => &["id", "name", "input", "caller"],
        "mcp_tool_use" => &["id", "name", "input", "server_name"],
        "image" => &["source"],
        "document" => &["source", "title", "context", "citations"],
        "search_result" => &["source", "title", "content", "citations"],
        "tool_reference" => &["tool_name"],
        _ if is_result(kind) => &["tool_use_id", "content", "is_error", "caller"],
        // The whole block is reported as of unknown type.
        _ => return,
    };
    for key in block.keys() {
        if !matches!(key, "type" | "cache_control") && !known.contains(&key) {
            odd.unknown_field(kind, key);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::json::parse;

    fn parts(text: &str) -> (Vec<Part>, Oddities) {
        let mut odd = Oddities::default();
        let (value, _) = parse(text).unwrap();
        (content(value, &mut odd), odd)
    }

    fn one(text: &str) -> Part {
        let (mut parts, odd) = parts(text);
        assert!(odd.is_empty(), "{odd:?}");
        assert_eq!(parts.len(), 1, "{parts:?}");
        parts.remove(0)
    }

    fn result_text(content: &str) -> String {
        let block = format!(r#"{{"type":"tool_result","tool_use_id":"t","content":{content}}}"#);
        match one(&block) {
            Part::Result(result) => result.text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn plain_text_and_text_blocks_are_text() {
        assert_eq!(one(r#""hi""#), Part::Text("hi".into()));
        assert_eq!(
            one(r#"[{"type":"text","text":"hi","citations":null}]"#),
            Part::Text("hi".into())
        );
    }

    #[test]
    fn reasoning_is_full_empty_or_encrypted() {
        for (block, state, text) in [
            (
                r#"{"type":"thinking","thinking":"hm","signature":"s"}"#,
                ReasoningState::Full,
                "hm",
            ),
            (
                r#"{"type":"thinking","thinking":"","signature":"s"}"#,
                ReasoningState::Empty,
                "",
            ),
            (
                r#"{"type":"thinking","signature":"s"}"#,
                ReasoningState::Empty,
                "",
            ),
            (
                r#"{"type":"redacted_thinking","data":"x"}"#,
                ReasoningState::Encrypted,
                "",
            ),
        ] {
            let text = text.to_owned();
            assert_eq!(one(block), Part::Reasoning(Reasoning { state, text }));
        }
    }

    #[test]
    fn calls_keep_their_input() {
        let call = |name: &str| {
            Part::Call(ToolCall {
                id: "t".into(),
                name: name.into(),
                input: json!({"command": "ls"}),
            })
        };
        let input = r#""input":{"command":"ls"}"#;
        assert_eq!(
            one(&format!(
                r#"{{"type":"tool_use","id":"t","name":"Bash",{input}}}"#
            )),
            call("Bash")
        );
        assert_eq!(
            one(&format!(
                r#"{{"type":"mcp_tool_use","id":"t","name":"run","server_name":"box",{input}}}"#
            )),
            call("mcp__box__run")
        );
    }

    #[test]
    fn a_result_comes_in_many_shapes() {
        assert_eq!(result_text(r#""out""#), "out");
        assert_eq!(result_text("null"), "");
        assert_eq!(result_text("42"), "42");
        assert_eq!(
            result_text(r#"[{"type":"text","text":"a"},{"type":"text","text":"b"},"c"]"#),
            "a\nb\nc"
        );
        assert_eq!(
            result_text(
                r#"[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA"}}]"#
            ),
            "[image image/png]"
        );
        assert_eq!(
            result_text(
                r#"[{"type":"document","title":"T","source":{"type":"text","media_type":"text/plain","data":"body"}}]"#
            ),
            "[document T text/plain]\nbody"
        );
        assert_eq!(
            result_text(r#"[{"type":"tool_reference","tool_name":"Read"}]"#),
            "[tool Read]"
        );
        assert_eq!(
            result_text(r#"[{"type":"resource","resource":{"uri":"u","text":"inner"}}]"#),
            "inner"
        );
    }

    #[test]
    fn results_of_provider_side_tools_are_results() {
        let Part::Result(search) = one(r#"{"type":"web_search_tool_result","tool_use_id":"t",
            "content":[{"type":"web_search_result","url":"https://a.example","title":"A"}]}"#)
        else {
            panic!("no result");
        };
        assert_eq!(search.text, "A\nhttps://a.example");
        let Part::Result(failed) = one(r#"{"type":"web_fetch_tool_result","tool_use_id":"t",
            "content":{"type":"web_fetch_tool_result_error","error_code":"unavailable"}}"#)
        else {
            panic!("no result");
        };
        assert_eq!(
            (failed.text.as_str(), failed.is_error),
            ("unavailable", Some(true))
        );
        let Part::Result(run) = one(
            r#"{"type":"bash_code_execution_tool_result","tool_use_id":"t",
            "content":{"type":"bash_code_execution_result","stdout":"o\n","stderr":"e","return_code":2}}"#,
        ) else {
            panic!("no result");
        };
        assert_eq!((run.text.as_str(), run.exit_code), ("o\ne", Some(2)));
    }

    #[test]
    fn what_is_odd_is_noted_and_the_rest_is_read() {
        let (parts, odd) = parts(
            r#"[7,{"text":"no type"},{"type":"text","text":5},{"type":"text","text":"ok","hue":1},
                {"type":"tool_use","id":"t","name":"N","input":[1]},{"type":"novel","x":1}]"#,
        );
        assert_eq!(
            parts,
            [
                Part::Text("ok".into()),
                Part::Call(ToolCall {
                    id: "t".into(),
                    name: "N".into(),
                    input: json!([1])
                }),
                Part::Other {
                    name: "novel".into(),
                    known: false
                }
            ]
        );
        assert_eq!(odd.unknown_fields, ["text.hue"]);
        assert_eq!(odd.bad_fields.len(), 4, "{odd:?}");
    }
}
