use std::io::Write;

use proctor_model::{Event, EventKind, Harness};
use serde_json::json;

use crate::Recording;

fn events(document: &str) -> (Vec<Event>, crate::ReadReport) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(document.as_bytes()).unwrap();
    let recording = Recording {
        path: file.path().to_owned(),
        harness: Harness::SweAgent,
        bytes: document.len() as u64,
        session: None,
        started: None,
        modified: None,
    };
    let mut events = Vec::new();
    let mut sink = |event: Event, raw: &[u8]| {
        if !raw.is_empty() {
            let start = event.at.offset as usize;
            assert_eq!(&document.as_bytes()[start..start + raw.len()], raw);
        }
        events.push(event);
    };
    let report = crate::read(&recording, &mut |_| {}, &mut sink);
    (events, report)
}

/// What happened, in short.
fn story(events: &[Event]) -> Vec<String> {
    (events.iter())
        .filter_map(|event| match &event.kind {
            EventKind::Message(m) => Some(format!("{:?}: {}", m.role, m.text)),
            EventKind::Reasoning(r) => Some(format!("thinks: {}", r.text)),
            EventKind::ToolCall(c) => Some(format!("{} {} {}", c.id, c.name, c.input)),
            EventKind::ToolResult(r) => Some(format!("{} -> {}", r.call_id, r.text)),
            EventKind::Usage(t) => Some(format!("{} in, {} out", t.input, t.output)),
            EventKind::Gap(gap) => Some(format!("gap: {:?}", gap.cause)),
            _ => None,
        })
        .collect()
}

#[test]
fn a_run_is_told_once_though_the_file_holds_it_twice() {
    let run = json!({
        "environment": "main",
        "trajectory": [
            {"action": "vim a.py", "observation": "not supported", "thought": "I look",
                "response": "I look", "state": {"working_dir": "/repo", "open_file": "n/a"},
                "execution_time": 0.1, "query": [{"role": "user", "content": "again"}]},
            {"action": "edit 'a' 'b'", "observation": "edited", "thought": "", "response": "I edit",
                "state": {"working_dir": "/repo", "open_file": "/repo/a.py"}},
            {"action": "submit", "observation": "diff", "thought": "All done.", "response": "",
                "state": "{\"working_dir\": \"/tmp\"}"},
            {"action": "", "observation": "no command found", "thought": "", "response": "hm"},
        ],
        "history": [
            {"role": "system", "content": "be good", "agent": "main"},
            {"role": "user", "content": "a demo", "is_demo": true},
            {"role": "assistant", "content": "demo", "action": "rm -rf /", "is_demo": true},
            {"role": "user", "content": [{"type": "text", "text": "fix it"}]},
            {"role": "assistant", "content": "I edit", "thought": "I edit",
                "action": "edit 'a' 'b'", "message_type": "action",
                "thinking_blocks": [{"type": "thinking", "thinking": "deep", "signature": "s"}],
                "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "edit",
                    "arguments": "{\"search\": \"a\", \"replace\": \"b\"}"}}]},
            {"role": "tool", "content": "edited", "tool_call_ids": ["c1"], "hue": 1},
        ],
        "info": {"exit_status": "submitted", "swe_agent_version": "1.1.0",
            "model_stats": {"tokens_sent": 10, "tokens_received": 3}},
        "replay_config": "{\"agent\": {\"model\": {\"name\": \"m-1\"}}}",
    });
    let (events, report) = events(&run.to_string());
    assert_eq!(
        story(&events),
        [
            "System: be good",
            "User: fix it",
            "thinks: I look",
            r#"call-1 bash {"command":"vim a.py"}"#,
            "call-1 -> not supported",
            "thinks: deep",
            "thinks: I edit",
            r#"c1 edit {"search":"a","replace":"b","path":"/repo/a.py"}"#,
            "c1 -> edited",
            "Assistant: All done.",
            "call-2 submit {}",
            "call-2 -> diff",
            "Assistant: hm",
            "User: no command found",
            "10 in, 3 out",
        ]
    );
    let notes: Vec<_> = (events.iter())
        .filter_map(|event| match &event.kind {
            EventKind::Session(note) => Some(note),
            _ => None,
        })
        .collect();
    assert_eq!(notes[0].model.as_deref(), Some("m-1"));
    assert_eq!(notes[0].score.as_deref(), Some("submitted"));
    assert_eq!(notes[1].cwd.as_deref(), Some("/repo"));
    assert_eq!(report.gaps, 0);
    assert_eq!(report.records, 11);
    assert_eq!(report.unknown_fields["history.hue"], 1);
}

#[test]
fn without_a_trajectory_the_history_is_the_run() {
    let run = json!({"trajectory": null, "history": [
        {"role": "system", "content": "be good"},
        {"role": "user", "content": "fix it"},
        {"role": "assistant", "content": "I look\n```\nls\n```", "thought": "I look", "action": "ls\n"},
        {"role": "user", "content": "a.py"},
        {"role": "assistant", "content": "", "tool_calls": [
            {"id": "c1", "function": {"name": "submit", "arguments": "{}"}}]},
        {"role": "tool", "content": "done", "tool_call_ids": ["c1"]},
    ]});
    assert_eq!(
        story(&events(&run.to_string()).0),
        [
            "System: be good",
            "User: fix it",
            "thinks: I look",
            r#"call-1 bash {"command":"ls"}"#,
            "call-1 -> a.py",
            "c1 submit {}",
            "c1 -> done",
        ]
    );
}

#[test]
fn attempts_are_sessions_and_the_copy_of_the_best_is_not_told_again() {
    let attempt = |action: &str| {
        json!({"trajectory": [{"action": action, "observation": "ok", "thought": "",
            "response": ""}], "history": [], "info": {}})
    };
    let mut run = attempt("make");
    run["attempts"] = json!([attempt("make"), attempt("ls")]);
    let (events, report) = events(&run.to_string());
    let calls: Vec<_> = (events.iter())
        .filter(|event| matches!(event.kind, EventKind::ToolCall(_)))
        .collect();
    assert_eq!(calls.len(), 2);
    assert!(calls[0].session.as_str().ends_with("/attempt-1"));
    assert!(calls[1].session.as_str().ends_with("/attempt-2"));
    assert_eq!(report.gaps, 0);
}

#[test]
fn a_broken_file_gives_what_stands_before_the_break() {
    let text =
        r#"{"trajectory": [{"action": "ls", "observation": "a", "response": "r"}, {"action": "#;
    let (events, report) = events(text);
    assert_eq!(
        story(&events),
        [
            "thinks: r",
            r#"call-1 bash {"command":"ls"}"#,
            "call-1 -> a",
            "gap: Truncated"
        ]
    );
    assert_eq!(report.gaps, 1);
}

#[test]
fn an_empty_file_is_a_gap() {
    let (events, report) = events("");
    assert_eq!(story(&events), ["gap: Truncated"]);
    assert_eq!(report.gaps, 1);
    assert_ne!(events[0].at, events[1].at, "a place names one event");
}

#[test]
fn what_is_no_step_is_a_gap() {
    let (events, report) = events(r#"{"trajectory": [7, {"action": nul}], "history": ["x"]}"#);
    assert_eq!(report.gaps, 3, "{:?}", story(&events));
}
