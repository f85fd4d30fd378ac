use proctor_model::{Event, Harness};
use serde_json::{Value, json};

use crate::ReadReport;
use crate::testing::{outline, read_text};

fn line(kind: &str, payload: Value) -> Value {
    json!({"timestamp": "2026-10-01T10:00:00.000Z", "ordinal": 1, "type": kind, "payload": payload})
}

fn item(payload: Value) -> Value {
    line("response_item", payload)
}

fn event(payload: Value) -> Value {
    line("event_msg", payload)
}

fn meta(more: Value) -> Value {
    let mut payload = json!({"id": "T", "timestamp": "2026-10-01T10:00:00.000Z", "cwd": "/p",
        "originator": "codex_cli_rs", "cli_version": "0.169.0", "source": "cli", "git": {"branch": "main"}});
    for (key, value) in more.as_object().unwrap() {
        payload[key] = value.clone();
    }
    line("session_meta", payload)
}

fn read(entries: &[Value]) -> (Vec<Event>, ReadReport) {
    let text: String = entries.iter().map(|e| format!("{e}\n")).collect();
    read_text(Harness::Codex, "rollout.jsonl", text)
}

/// The outline of these records behind a head.
fn lines(entries: &[Value]) -> Vec<String> {
    let mut all = vec![meta(json!({}))];
    all.extend_from_slice(entries);
    outline(&read(&all).0).split_off(2)
}

fn user(text: &str) -> Value {
    item(
        json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}),
    )
}

fn output(text: &str) -> Vec<String> {
    lines(&[item(
        json!({"type": "function_call_output", "call_id": "c", "output": text}),
    )])
}

#[test]
fn a_turn_becomes_its_events() {
    let (events, report) = read(&[
        meta(json!({"source": "exec"})),
        line(
            "turn_context",
            json!({"cwd": "/p", "approval_policy": "never",
            "sandbox_policy": {"type": "workspace-write"}, "model": "gpt-x", "summary": "auto"}),
        ),
        item(
            json!({"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "<permissions instructions>x"}]}),
        ),
        user("<environment_context>\n  <cwd>/p</cwd>"),
        user("List the files"),
        event(json!({"type": "user_message", "message": "List the files"})),
        event(json!({"type": "agent_reasoning", "text": "**Listing**"})),
        item(
            json!({"type": "reasoning", "summary": [{"type": "summary_text", "text": "**Listing**"}], "encrypted_content": "x"}),
        ),
        item(
            json!({"type": "function_call", "name": "exec_command", "arguments": "{\"cmd\":\"ls\"}", "call_id": "c"}),
        ),
        event(json!({"type": "exec_command_end", "call_id": "c", "exit_code": 0})),
        item(
            json!({"type": "function_call_output", "call_id": "c", "output":
            "Chunk ID: b4a1cb\nWall time: 0.0000 seconds\nProcess exited with code 0\nOriginal token count: 1\nOutput:\na\n"}),
        ),
        event(json!({"type": "agent_message", "message": "One file."})),
        item(
            json!({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "One file."}]}),
        ),
        event(json!({"type": "task_complete", "last_agent_message": "One file."})),
    ]);
    assert_eq!(
        outline(&events),
        [
            "== codex:T",
            "note harness=codex version=0.169.0 cwd=/p branch=main unattended=true",
            "note model=gpt-x permission_mode=bypass",
            "System/Person: <permissions instructions>x",
            "User/Harness: <environment_context>\n  <cwd>/p</cwd>",
            "User/Person: List the files",
            "known event user_message",
            "known event agent_reasoning",
            "reasoning Summarised: **Listing**",
            r#"call c exec_command {"cmd":"ls"}"#,
            "known event exec_command_end",
            r#"result c: "Chunk ID: b4a1cb\nWall time: 0.0000 seconds\nProcess exited with code 0\nOriginal token count: 1\nOutput:\na\n" exit=0"#,
            "known event agent_message",
            "Assistant/Person: One file.",
            "known event task_complete",
        ]
    );
    assert_eq!(report.records, 14);
    assert!(
        report.unknown_records.is_empty() && report.unknown_fields.is_empty(),
        "{report:?}"
    );
}

#[test]
fn the_origin_of_words_is_recorded_or_read_from_their_markup() {
    let told = |kind: &str| {
        lines(&[item(
            json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": "x"}],
            "internal_chat_message_metadata_passthrough": {"content_item_metadata": [{"provenance": {"type": kind}}]}}),
        )])
    };
    assert_eq!(told("user"), ["User/Person: x"]);
    assert_eq!(told("harness"), ["User/Harness: x"]);
    for text in [
        "<user_instructions>\nx",
        "# AGENTS.md instructions for /p\n",
        "<turn_aborted>\n",
    ] {
        assert_eq!(lines(&[user(text)]), [format!("User/Harness: {text}")]);
    }
    let agents = "<subagent_notification>x";
    assert_eq!(lines(&[user(agents)]), [format!("User/Agent: {agents}")]);
}

#[test]
fn the_status_is_read_from_what_codex_wrote_around_the_output() {
    assert_eq!(
        output(r#"{"output":"no\n","metadata":{"exit_code":2,"duration_seconds":0.1}}"#),
        [r#"result c: "no\n" error exit=2"#]
    );
    let text = "Exit code: 1\nWall time: 0.1 seconds\nOutput:\nExit code: 0\n";
    assert_eq!(output(text), [format!("result c: {text:?} error exit=1")]);
    let text = "Wall time: 1 seconds\nProcess running with session ID 7\nOutput:\nExit code: 3\n";
    assert_eq!(output(text), [format!("result c: {text:?}")]);
    let text = "some output\nExit code: 1\n";
    assert_eq!(output(text), [format!("result c: {text:?}")]);
}

#[test]
fn refusals_and_interruptions_are_told() {
    for (text, words) in [
        ("exec command rejected by user", "error refused"),
        ("patch rejected by user", "error refused"),
        ("`rm -rf /` rejected: blocked by policy", "error refused"),
        (
            "exec_command failed for `x`: CreateProcess { message: \"Rejected(\\\"rejected by user\\\")\" }",
            "error refused",
        ),
        ("aborted by user after 1.2s", "interrupted"),
        ("unsupported call: f", "error"),
    ] {
        assert_eq!(output(text), [format!("result c: {text:?} {words}")]);
    }
    let text = "Exit code: 0\nWall time: 0 seconds\nOutput:\nexec command rejected by user";
    assert_eq!(output(text), [format!("result c: {text:?} exit=0")]);
}

#[test]
fn usage_is_told_once_for_each_request() {
    let sum = |total: u64| {
        event(json!({"type": "token_count", "info": {
            "total_token_usage": {"total_tokens": total},
            "last_token_usage": {"input_tokens": 100, "cached_input_tokens": 10, "output_tokens": 20}}}))
    };
    assert_eq!(
        lines(&[
            sum(120),
            sum(120),
            event(json!({"type": "token_count", "info": null}))
        ]),
        [
            "usage sum-120 90/20 cache 10/0",
            "known event token_count",
            "usage sum-120 90/20 cache 10/0",
            "known event token_count",
            "known event token_count",
        ]
    );
    let exact = line(
        "token_usage_record",
        json!({"response_id": "r1", "usage": {"input_tokens": 100, "cached_input_tokens": 10,
            "cache_write_input_tokens": 3, "output_tokens": 20}}),
    );
    assert_eq!(
        lines(&[exact, sum(120)]),
        ["usage r1 90/20 cache 10/3", "known event token_count"]
    );
}

#[test]
fn breaks_of_the_context_are_boundaries() {
    assert_eq!(
        lines(&[
            line(
                "compacted",
                json!({"message": "So far: x", "replacement_history": []})
            ),
            event(json!({"type": "context_compacted"})),
            event(json!({"type": "turn_aborted", "reason": "interrupted"})),
            event(json!({"type": "thread_rolled_back", "num_turns": 1})),
        ]),
        [
            "boundary Compacted",
            "User/Harness: So far: x",
            "known event context_compacted",
            "boundary Interrupted",
            "boundary Cleared",
        ]
    );
}

#[test]
fn a_fork_keeps_its_own_name_and_a_sub_agent_names_its_parent() {
    let copied = [
        meta(json!({"forked_from_id": "P"})),
        meta(json!({"id": "P", "cwd": "/elsewhere"})),
        user("hi"),
        event(json!({"type": "thread_settings_applied", "thread_id": "T"})),
        user("more"),
    ];
    assert_eq!(
        outline(&read(&copied).0),
        [
            "== codex:T",
            "note harness=codex version=0.169.0 cwd=/p branch=main unattended=false",
            "note copied_from=codex:P",
            "known session_meta of another thread",
            "User/Person: hi",
            "boundary Resumed",
            "known event thread_settings_applied",
            "User/Person: more",
        ]
    );
    // Where records are not numbered, nothing would tell the end of the copy.
    let old = copied.map(|mut entry| {
        entry.as_object_mut().unwrap().remove("ordinal");
        entry
    });
    let lines = outline(&read(&old).0);
    assert!(
        !lines.iter().any(|line| line.contains("copied_from")),
        "{lines:?}"
    );
    let (events, _) = read(&[
        meta(json!({"source": {"subagent": {"thread_spawn":
        {"parent_thread_id": "P", "depth": 1, "agent_nickname": "Ada", "agent_role": "explorer"}}}})),
        user("Find it"),
    ]);
    assert_eq!(
        outline(&events)[1..],
        [
            "note harness=codex version=0.169.0 cwd=/p branch=main title=Ada parent=codex:P",
            "User/Agent: Find it",
        ]
    );
}

#[test]
fn the_output_of_a_call_that_starts_an_agent_names_it() {
    let call = |name: &str, id: &str| {
        item(json!({"type": "function_call", "name": name, "arguments": "{}", "call_id": id}))
    };
    let out = |id: &str| {
        item(
            json!({"type": "function_call_output", "call_id": id, "output": "{\"agent_id\":\"A\"}"}),
        )
    };
    let lines = lines(&[
        call("spawn_agent", "c1"),
        call("other", "c2"),
        out("c1"),
        out("c2"),
    ]);
    assert_eq!(
        lines[2..],
        [
            r#"result c1: "{\"agent_id\":\"A\"}" agent=A"#,
            r#"result c2: "{\"agent_id\":\"A\"}""#
        ]
    );
}

#[test]
fn the_modes_of_approval_and_sandbox_are_one_mode() {
    let mode = |approval: Value, sandbox: &str| {
        let turn = line(
            "turn_context",
            json!({"approval_policy": approval, "sandbox_policy": {"type": sandbox}}),
        );
        lines(&[turn]).remove(0)
    };
    assert_eq!(
        mode(json!("never"), "danger-full-access"),
        "note permission_mode=bypass"
    );
    assert_eq!(
        mode(json!("on-request"), "danger-full-access"),
        "note permission_mode=bypass"
    );
    assert_eq!(
        mode(json!("on-request"), "workspace-write"),
        "note permission_mode=ask"
    );
    assert_eq!(
        mode(json!("untrusted"), "danger-full-access"),
        "note permission_mode=ask"
    );
    assert_eq!(
        mode(json!({"granular": {}}), "workspace-write"),
        "note permission_mode=ask"
    );
    assert_eq!(
        mode(json!("never"), "read-only"),
        r#"note permission_mode={"other":"never, read-only"}"#
    );
}

#[test]
fn the_first_releases_wrote_bare_items() {
    let (events, report) = read(&[
        json!({"id": "T", "timestamp": "2025-06-01T10:00:00Z", "instructions": null}),
        json!({"record_type": "state"}),
        json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}),
        json!({"type": "function_call", "name": "shell", "arguments": "{\"command\":[\"ls\"]}", "call_id": "c"}),
        json!({"type": "function_call_output", "call_id": "c",
            "output": "{\"output\":\"a\",\"metadata\":{\"exit_code\":0}}"}),
    ]);
    assert_eq!(
        outline(&events),
        [
            "== codex:T",
            "note harness=codex",
            "known state",
            "User/Person: hi",
            r#"call c shell {"command":["ls"]}"#,
            r#"result c: "a" exit=0"#,
        ]
    );
    assert_eq!(report.gaps, 0);
}

#[test]
fn odd_records_are_told_and_the_rest_is_read() {
    let text = [
        meta(json!({})).to_string(),
        r#"{"timestamp":"soon","type":"event_msg","payload":{"type":"brand_new"}}"#.into(),
        r#"{"type":"response_item","payload":"text","hue":1}"#.into(),
        r#"{"type":"response_item","payload":{"type":"message","role":"user","content":7}}"#.into(),
        r#"{"type":"novel","payload":{}}"#.into(),
        r#"{"nothing":1}"#.into(),
        "7".into(),
        "{\"type\":".into(),
    ]
    .join("\n");
    let (events, report) = read_text(Harness::Codex, "rollout.jsonl", text);
    assert_eq!(
        outline(&events)[2..],
        [
            "gap BadField: `timestamp` is no time",
            "UNKNOWN event brand_new",
            "gap BadField: `payload` is text, not an object",
            "gap BadField: `content` is a number, not text or a list of parts",
            "UNKNOWN novel",
            "UNKNOWN (no type)",
            "gap Unparsable: a number where a record should be",
            "gap Truncated: EOF while parsing a value at line 1 column 8",
        ]
    );
    assert_eq!(report.records, 8);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(256))]

    #[test]
    fn anything_is_read_or_told(bytes in crate::testing::nearly(
        &["type", "payload", "timestamp", "id", "role", "content", "text", "call_id", "name", "arguments",
            "output", "summary", "encrypted_content", "info", "usage", "source", "action", "record_type"],
        &["response_item", "event_msg", "session_meta", "turn_context", "compacted", "message", "user",
            "reasoning", "function_call", "function_call_output", "local_shell_call", "web_search_call",
            "mcp_call", "token_count", "{\"output\":\"x\",\"metadata\":{\"exit_code\":1}}", "Exit code: 1\nOutput:\n"],
    )) {
        crate::testing::keeps_its_promises(Harness::Codex, &bytes);
    }
}
