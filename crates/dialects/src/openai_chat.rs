//! Messages of chat APIs: OpenAI's Chat Completions and the shapes that grew out of it.
//!
//! Many programs write `role` and `content` and differ in the rest: whether a call names its
//! function in an object or as text, whether arguments are JSON inside a string, where reasoning
//! stands. One reader takes them all, since a message says by its own fields which it is.

use proctor_model::{Reasoning, ReasoningState, Role, ToolCall, ToolResult};

use crate::anthropic;
use crate::json::{self, Object, Value};
use crate::part::{Oddities, Part};

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct ChatMessage {
    /// Who wrote it; `None` for the result of a tool.
    pub role: Option<Role>,
    /// What it holds, in the order in which it was written: reasoning, text, calls.
    pub parts: Vec<Part>,
}

/// Reads a message: an object with a `role`.
///
/// The ids of calls and results are as the message gives them, empty where it gives none. `None`
/// where the object is no message, which `odd` then says.
pub fn message(mut message: Object<'_>, odd: &mut Oddities) -> Option<ChatMessage> {
    let role = match message.get("role") {
        Some(Value::Str(role)) => role.clone().into_owned(),
        other => {
            odd.bad_field("role", other.unwrap_or(&Value::Null), "text");
            return None;
        }
    };
    note_unknown_fields(&message, odd);
    let role = match role.as_str() {
        "system" | "developer" => Some(Role::System),
        "user" | "human" => Some(Role::User),
        "assistant" | "ai" | "model" => Some(Role::Assistant),
        "tool" | "function" | "ipython" => None,
        _ => {
            odd.bad_fields.push(format!(
                "`role` is `{}`, which is no known role",
                crate::part::place_name(&role)
            ));
            return None;
        }
    };
    let parts = match role {
        None => vec![Part::Result(result(message, odd))],
        Some(Role::Assistant) => assistant(message, odd),
        Some(_) => content(message.take("content").unwrap_or_default(), odd),
    };
    Some(ChatMessage { role, parts })
}

/// The parts of a message's `content`: text, a list of parts, or one part.
///
/// Takes the part types of the chat APIs, and those of Anthropic's API for what they lack.
pub fn content(content: Value<'_>, odd: &mut Oddities) -> Vec<Part> {
    match content {
        Value::Null => Vec::new(),
        Value::Str(text) if text.is_empty() => Vec::new(),
        Value::Str(text) => vec![Part::Text(text.into_owned())],
        Value::Object(part) => content_part(part, odd),
        Value::Array(parts) => (parts.into_iter())
            .flat_map(|part| match part {
                Value::Object(part) => content_part(part, odd),
                Value::Str(text) => vec![Part::Text(text.into_owned())],
                other => {
                    odd.bad_field("content[]", &other, "a part");
                    Vec::new()
                }
            })
            .collect(),
        other => {
            odd.bad_field("content", &other, "text or a list of parts");
            Vec::new()
        }
    }
}

/// Splits an assistant's text at reasoning that is shown inside `<think>` or `<thinking>` tags.
///
/// A tag counts at the start of a line only. Text that ends a block it never began is reasoning
/// from its start: some chat templates begin the block themselves. A block that never ends goes on
/// to the end of the text.
pub fn split_thinking(text: String) -> Vec<Part> {
    if !text.contains("<think") && !text.contains("</think") {
        return vec![Part::Text(text)];
    }
    let mut parts = Vec::new();
    // What is not yet handed on, and where in it the current line begins.
    let (mut rest, mut line) = (text.as_str(), 0);
    while let Some((before, from_line)) = rest.split_at_checked(line) {
        let tagged = from_line.trim_start_matches([' ', '\t', '\r']);
        if let Some((inner, after)) = block(tagged) {
            push_text(&mut parts, before);
            push_reasoning(&mut parts, inner);
            (rest, line) = (after, 0);
        } else if parts.is_empty()
            && let Some(after) = TAGS
                .iter()
                .find_map(|(_, close)| tagged.strip_prefix(close))
        {
            push_reasoning(&mut parts, before);
            (rest, line) = (after, 0);
        } else {
            match from_line.find('\n') {
                Some(end) => line += end + 1,
                None => break,
            }
        }
    }
    push_text(&mut parts, rest);
    parts
}

const TAGS: [(&str, &str); 2] = [("<thinking>", "</thinking>"), ("<think>", "</think>")];

/// The reasoning block that begins the text, and what stands behind it.
fn block(text: &str) -> Option<(&str, &str)> {
    let (inner, close) =
        (TAGS.iter()).find_map(|(open, close)| Some((text.strip_prefix(open)?, *close)))?;
    Some(inner.split_once(close).unwrap_or((inner, "")))
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    let text = text.trim();
    if !text.is_empty() {
        parts.push(Part::Text(text.to_owned()));
    }
}

fn push_reasoning(parts: &mut Vec<Part>, text: &str) {
    let text = text.trim();
    let state = if text.is_empty() {
        ReasoningState::Empty
    } else {
        ReasoningState::Full
    };
    parts.push(Part::Reasoning(Reasoning {
        state,
        text: text.to_owned(),
    }));
}

fn assistant(mut message: Object<'_>, odd: &mut Oddities) -> Vec<Part> {
    let mut parts = Vec::new();
    for field in [
        "reasoning_details",
        "reasoning_content",
        "reasoning",
        "thinking",
    ] {
        match message.take(field).unwrap_or_default() {
            Value::Null => continue,
            Value::Str(text) if text.is_empty() => continue,
            Value::Str(text) => push_reasoning(&mut parts, &text),
            Value::Array(details) => parts.extend(details.into_iter().filter_map(detail)),
            other => odd.bad_field(field, &other, "text or a list"),
        }
        // Routers repeat the same reasoning under several names.
        if !parts.is_empty() {
            break;
        }
    }
    for part in content(message.take("content").unwrap_or_default(), odd) {
        match part {
            Part::Text(text) => parts.extend(split_thinking(text)),
            other => parts.push(other),
        }
    }
    if let Some(Value::Str(text)) = message.take("refusal") {
        push_text(&mut parts, &text);
    }
    match message.take("tool_calls").unwrap_or_default() {
        Value::Null => {}
        Value::Array(calls) => {
            for call in calls {
                match call {
                    Value::Object(call) => parts.push(Part::Call(self::call(call, odd))),
                    other => odd.bad_field("tool_calls[]", &other, "an object"),
                }
            }
        }
        other => odd.bad_field("tool_calls", &other, "a list"),
    }
    if let Some(Value::Object(call)) = message.take("function_call") {
        parts.push(Part::Call(self::call(call, odd)));
    }
    parts
}

/// One entry of `reasoning_details`, as model routers write them.
fn detail(detail: Value<'_>) -> Option<Part> {
    let Value::Object(mut detail) = detail else {
        return None;
    };
    let state = match detail.get("type").and_then(Value::as_str)? {
        "reasoning.text" => ReasoningState::Full,
        "reasoning.summary" => ReasoningState::Summarised,
        _ => ReasoningState::Encrypted,
    };
    let text = (detail.take("text"))
        .or_else(|| detail.take("summary"))
        .and_then(Value::into_string)
        .unwrap_or_default();
    Some(Part::Reasoning(Reasoning { state, text }))
}

/// Reads a call: an entry of `tool_calls`, or the older `function_call`.
pub fn call(mut call: Object<'_>, odd: &mut Oddities) -> ToolCall {
    let id = (call.take("id"))
        .or_else(|| call.take("call_id"))
        .and_then(Value::into_string)
        .unwrap_or_default();
    let mut inner = match call.take("function").or_else(|| call.take("custom")) {
        Some(Value::Object(function)) => function,
        Some(Value::Str(name)) => {
            return ToolCall {
                id,
                name: name.into_owned(),
                input: arguments(&mut call),
            };
        }
        _ => call,
    };
    let name = match inner.take("name").unwrap_or_default() {
        Value::Str(name) => name.into_owned(),
        other => {
            odd.bad_field("tool_calls[].name", &other, "text");
            String::new()
        }
    };
    ToolCall {
        id,
        name,
        input: arguments(&mut inner),
    }
}

/// The arguments of a call; what stands inside a string is parsed where it is JSON.
fn arguments(call: &mut Object<'_>) -> serde_json::Value {
    let arguments = ["arguments", "args", "input", "parameters"]
        .into_iter()
        .find_map(|key| call.take(key).filter(|value| !value.is_null()));
    match arguments {
        None => serde_json::Value::Object(serde_json::Map::new()),
        Some(Value::Str(text)) => parse_arguments(&text),
        Some(value) => value.into(),
    }
}

/// Arguments from the text that a model wrote: an object where the text is one, or else the text.
pub fn parse_arguments(text: &str) -> serde_json::Value {
    if text.trim().is_empty() {
        return serde_json::Value::Object(serde_json::Map::new());
    }
    match json::parse(text) {
        Ok((value @ Value::Object(_), _)) => value.into(),
        _ => serde_json::Value::String(text.to_owned()),
    }
}

fn result(mut message: Object<'_>, odd: &mut Oddities) -> ToolResult {
    let call_id = ["tool_call_id", "tool_use_id", "call_id"]
        .into_iter()
        .find_map(|key| message.take(key).and_then(Value::into_string))
        .or_else(|| match message.take("tool_call_ids") {
            Some(Value::Array(ids)) => ids.into_iter().next().and_then(Value::into_string),
            _ => None,
        })
        .or_else(|| message.get("tool_call")?.str("id").map(str::to_owned))
        .unwrap_or_default();
    let mut result = ToolResult {
        call_id,
        text: text_of(content(message.take("content").unwrap_or_default(), odd)),
        ..ToolResult::default()
    };
    match message.take("error") {
        None => {}
        Some(Value::Null) => result.is_error = Some(false),
        Some(Value::Str(text)) => add_error(&mut result, "", &text),
        Some(Value::Object(error)) => {
            let kind = error
                .get("type")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let text = error.get("message").and_then(Value::as_str);
            add_error(&mut result, kind, text.unwrap_or_default());
        }
        Some(other) => odd.bad_field("error", &other, "text or an object"),
    }
    result
}

/// Marks a result as failed with an error of this kind and text.
pub fn add_error(result: &mut ToolResult, kind: &str, text: &str) {
    result.is_error = Some(true);
    result.refused |= kind == "approval";
    result.interrupted |= matches!(kind, "timeout" | "cancelled");
    if !result.text.contains(text) {
        if !result.text.is_empty() && !result.text.ends_with('\n') {
            result.text.push('\n');
        }
        result.text.push_str(text);
    }
}

/// The text of a tool's output, one part a line.
pub fn text_of(parts: Vec<Part>) -> String {
    let mut out = String::new();
    for part in parts {
        let text = match part {
            Part::Text(text) => text,
            Part::Result(result) => result.text,
            Part::Reasoning(reasoning) => reasoning.text,
            Part::Other { name, .. } => format!("[{name}]"),
            Part::Call(_) => continue,
        };
        if out.is_empty() {
            out = text;
        } else {
            if !out.ends_with('\n') {
                out.push('\n');
            }
            out.push_str(&text);
        }
    }
    out
}

fn content_part(mut part: Object<'_>, odd: &mut Oddities) -> Vec<Part> {
    let kind = match part.get("type") {
        Some(Value::Str(kind)) => kind.clone().into_owned(),
        _ if part.get("text").is_some() => "text".to_owned(),
        other => {
            odd.bad_field("content[].type", other.unwrap_or(&Value::Null), "text");
            return Vec::new();
        }
    };
    let attachment = |name: &str| vec![Part::Text(format!("[{name}]"))];
    match kind.as_str() {
        "text" | "input_text" | "output_text" | "summary_text" => {
            // AgentDojo's newer versions write the text under `content`.
            match part.take("text").or_else(|| part.take("content")) {
                Some(Value::Str(text)) => vec![Part::Text(text.into_owned())],
                None | Some(Value::Null) => Vec::new(),
                Some(other) => {
                    odd.bad_field("text.text", &other, "text");
                    Vec::new()
                }
            }
        }
        "refusal" => {
            Vec::from_iter((part.take("refusal").and_then(Value::into_string)).map(Part::Text))
        }
        "reasoning" => vec![Part::Reasoning(reasoning(&mut part))],
        // Inspect's shape of a tool that ran on the provider's side: call and result in one. An
        // Anthropic call has an `input`.
        "tool_use" if part.get("arguments").is_some() => served_tool(part),
        "image_url" | "input_image" | "image" if part.get("source").is_none() => {
            attachment("image")
        }
        "input_audio" | "audio" => attachment("audio"),
        "video" | "video_url" => attachment("video"),
        "file" | "input_file" | "document" if part.get("source").is_none() => {
            let name = ["filename", "file_id"].into_iter().find_map(|key| {
                part.get("file")
                    .unwrap_or(&Value::Null)
                    .str(key)
                    .or(part.get(key)?.as_str())
            });
            attachment(&name.map_or("file".to_owned(), |name| format!("file {name}")))
        }
        "data" => attachment("data"),
        _ => Vec::from_iter(anthropic::block(part, odd)),
    }
}

/// A reasoning part as Inspect writes it.
fn reasoning(part: &mut Object<'_>) -> Reasoning {
    let mut take = |key| {
        part.take(key)
            .and_then(Value::into_string)
            .unwrap_or_default()
    };
    let (text, summary) = (take("reasoning"), take("summary"));
    let redacted = part.get("redacted").and_then(Value::as_bool) == Some(true);
    let (state, text) = match (redacted, text.trim().is_empty(), summary.is_empty()) {
        (false, false, _) => (ReasoningState::Full, text),
        (_, _, false) => (ReasoningState::Summarised, summary),
        (true, ..) => (ReasoningState::Encrypted, String::new()),
        (false, true, true) => (ReasoningState::Empty, String::new()),
    };
    Reasoning { state, text }
}

fn served_tool(mut part: Object<'_>) -> Vec<Part> {
    let mut take = |key: &str| {
        part.take(key)
            .and_then(Value::into_string)
            .filter(|text| !text.is_empty())
    };
    let id = take("id").unwrap_or_default();
    let call = ToolCall {
        id: id.clone(),
        name: take("name")
            .or_else(|| take("tool_type"))
            .unwrap_or_default(),
        input: parse_arguments(&take("arguments").unwrap_or_default()),
    };
    let mut result = ToolResult {
        call_id: id,
        text: take("result").unwrap_or_default(),
        ..ToolResult::default()
    };
    if let Some(error) = take("error") {
        add_error(&mut result, "", &error);
    }
    vec![Part::Call(call), Part::Result(result)]
}

fn note_unknown_fields(message: &Object<'_>, odd: &mut Oddities) {
    const KNOWN: [&str; 33] = [
        // OpenAI and those who follow it.
        "role",
        "content",
        "name",
        "tool_calls",
        "tool_call_id",
        "function_call",
        "refusal",
        "audio",
        "annotations",
        "id",
        "reasoning",
        "reasoning_content",
        "reasoning_details",
        "thinking",
        "weight",
        "type",
        "created_at",
        "timestamp",
        "cache_control",
        // AgentDojo and Inspect.
        "tool_call",
        "error",
        "source",
        "model",
        "metadata",
        "function",
        "perf",
        "parsed",
        // SWE-agent.
        "agent",
        "message_type",
        "thought",
        "action",
        "tool_call_ids",
        "is_demo",
    ];
    for key in message.keys().filter(|key| !KNOWN.contains(key)) {
        odd.unknown_field("message", key);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(value: &serde_json::Value) -> (Option<ChatMessage>, Oddities) {
        let text = value.to_string();
        let mut odd = Oddities::default();
        let Ok((Value::Object(object), _)) = json::parse(&text) else {
            panic!("no object");
        };
        (message(object, &mut odd), odd)
    }

    fn parts(value: serde_json::Value) -> Vec<Part> {
        let (message, odd) = read(&value);
        assert!(odd.is_empty(), "{odd:?}");
        message.expect("a message").parts
    }

    fn text(text: &str) -> Part {
        Part::Text(text.into())
    }

    fn full(text: &str) -> Part {
        Part::Reasoning(Reasoning {
            state: ReasoningState::Full,
            text: text.into(),
        })
    }

    #[test]
    fn calls_of_all_shapes_are_the_same_call() {
        let expected = Part::Call(ToolCall {
            id: "c1".into(),
            name: "run".into(),
            input: json!({"cmd": "ls"}),
        });
        for call in [
            json!({"id": "c1", "type": "function",
                "function": {"name": "run", "arguments": "{\"cmd\":\"ls\"}"}}),
            json!({"id": "c1", "function": {"name": "run", "arguments": {"cmd": "ls"}}}),
            json!({"id": "c1", "function": "run", "args": {"cmd": "ls"}}),
            json!({"id": "c1", "function": "run", "arguments": {"cmd": "ls"}, "view": null}),
            json!({"id": "c1", "name": "run", "args": {"cmd": "ls"}, "type": "tool_call"}),
        ] {
            let message = json!({"role": "assistant", "content": null, "tool_calls": [call]});
            assert_eq!(parts(message), std::slice::from_ref(&expected));
        }
    }

    #[test]
    fn arguments_that_are_no_object_stay_text() {
        let call = |arguments: &str| {
            let function = json!({"name": "f", "arguments": arguments});
            let message = json!({"role": "assistant", "tool_calls": [{"function": function}]});
            match parts(message).remove(0) {
                Part::Call(call) => call.input,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(call("{\"a\":"), json!("{\"a\":"));
        assert_eq!(call("[1]"), json!("[1]"));
        assert_eq!(call(""), json!({}));
    }

    #[test]
    fn results_carry_their_error() {
        let result = |message: serde_json::Value| match parts(message).remove(0) {
            Part::Result(result) => result,
            other => panic!("{other:?}"),
        };
        let plain = result(json!({"role": "tool", "tool_call_id": "c", "content": "out"}));
        assert_eq!((plain.text.as_str(), plain.is_error), ("out", None));
        let fine = result(json!({"role": "tool", "tool_call_id": "c", "error": null,
            "content": [{"type": "text", "content": "a"}, {"type": "text", "text": "b"}]}));
        assert_eq!((fine.text.as_str(), fine.is_error), ("a\nb", Some(false)));
        let failed = result(
            json!({"role": "tool", "tool_call": {"id": "c", "function": "f"},
            "content": "", "error": "ValueError: no"}),
        );
        assert_eq!(
            (failed.call_id.as_str(), failed.is_error),
            ("c", Some(true))
        );
        assert_eq!(failed.text, "ValueError: no");
        let refused = result(
            json!({"role": "tool", "tool_call_id": "c", "content": "denied",
            "error": {"type": "approval", "message": "denied"}}),
        );
        assert!(refused.refused && refused.text == "denied");
    }

    #[test]
    fn reasoning_is_found_where_it_stands() {
        for message in [
            json!({"role": "assistant", "content": "<think>\nhm\n</think>\n\nyes"}),
            json!({"role": "assistant", "content": "hm\n</think>\nyes"}),
            json!({"role": "assistant", "content": "yes", "reasoning_content": "hm"}),
            json!({"role": "assistant", "content": "yes", "reasoning": "hm",
                "reasoning_details": [{"type": "reasoning.text", "text": "hm"}]}),
            json!({"role": "assistant", "content": [
                {"type": "reasoning", "reasoning": "hm", "signature": "s"},
                {"type": "text", "text": "yes"}]}),
            json!({"role": "assistant", "content": [
                {"type": "thinking", "thinking": "hm", "signature": "s"},
                {"type": "text", "text": "yes"}]}),
        ] {
            assert_eq!(parts(message), [full("hm"), text("yes")]);
        }
    }

    #[test]
    fn thinking_is_split_only_where_a_tag_begins_a_line() {
        let split = |s: &str| split_thinking(s.into());
        assert_eq!(
            split("a\n<thinking>b</thinking>c\n  <think>d"),
            [text("a"), full("b"), text("c"), full("d")]
        );
        let inline = "use the `<think>` tag and `</think>`";
        assert_eq!(split(inline), [text(inline)]);
    }

    #[test]
    fn a_user_is_never_taken_to_reason() {
        let said = "<thinking>mine</thinking>";
        assert_eq!(
            parts(json!({"role": "user", "content": said})),
            [text(said)]
        );
    }

    #[test]
    fn reasoning_that_cannot_be_read_is_told_apart() {
        let state =
            |part: serde_json::Value| match parts(json!({"role": "assistant", "content": [part]}))
                .remove(0)
            {
                Part::Reasoning(reasoning) => (reasoning.state, reasoning.text),
                other => panic!("{other:?}"),
            };
        let redacted = json!({"type": "reasoning", "reasoning": "gAAA", "redacted": true});
        assert_eq!(state(redacted), (ReasoningState::Encrypted, String::new()));
        let summary = json!({"type": "reasoning", "reasoning": "gAAA", "redacted": true,
            "summary": "in short"});
        assert_eq!(
            state(summary),
            (ReasoningState::Summarised, "in short".into())
        );
        let empty = json!({"type": "reasoning", "reasoning": "", "signature": "s"});
        assert_eq!(state(empty), (ReasoningState::Empty, String::new()));
    }

    #[test]
    fn a_tool_served_by_the_provider_is_call_and_result() {
        let message = json!({"role": "assistant", "content": [{"type": "tool_use",
            "tool_type": "web_search", "id": "s1", "name": "web_search",
            "arguments": "{\"query\":\"q\"}", "result": "found", "error": null}]});
        let found = parts(message);
        assert!(matches!(&found[0], Part::Call(c) if c.name == "web_search" && c.id == "s1"));
        assert!(matches!(&found[1], Part::Result(r) if r.text == "found" && r.call_id == "s1"));
    }

    #[test]
    fn what_is_odd_is_noted_and_the_rest_is_read() {
        let (message, odd) = read(&json!({"role": "assistant", "hue": 1, "tool_calls": [7],
            "content": [3, {"type": "text", "text": "ok"}, {"type": "novel"}]}));
        let parts = message.expect("a message").parts;
        assert_eq!(parts[0], text("ok"));
        assert!(matches!(&parts[1], Part::Other { name, known: false } if name == "novel"));
        assert_eq!(odd.unknown_fields, ["message.hue"]);
        assert_eq!(odd.bad_fields.len(), 2);
        assert_eq!(read(&json!({"role": "wizard"})).0, None);
        assert_eq!(read(&json!({"content": "x"})).0, None);
    }

    proptest! {
        #[test]
        fn splitting_keeps_every_word(text in "(<think>|</think>|<thinking>|</thinking>|[ab\n ]|é){0,12}") {
            let tags = ["<thinking>", "</thinking>", "<think>", "</think>"];
            let mut joined = String::new();
            for part in split_thinking(text.clone()) {
                match part {
                    Part::Text(t) | Part::Reasoning(Reasoning { text: t, .. }) => joined.push_str(&t),
                    other => panic!("{other:?}"),
                }
            }
            let words = |s: &str| {
                tags.iter()
                    .fold(s.to_owned(), |s, tag| s.replace(tag, ""))
                    .replace([' ', '\n'], "")
            };
            prop_assert_eq!(words(&joined), words(&text));
        }
    }
}
