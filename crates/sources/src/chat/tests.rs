use proctor_model::{Event, Harness};
use serde_json::json;

use crate::ReadReport;
use crate::testing::{outline, read_text};

fn read(text: impl AsRef<[u8]>) -> (Vec<Event>, ReadReport) {
    read_text(Harness::Chat, "talk.json", text)
}

/// The outline without the session lines, which hold the path of a temporary file.
fn story(events: &[Event]) -> Vec<String> {
    (outline(events).into_iter())
        .filter(|line| !line.starts_with("==") && !line.starts_with("note"))
        .collect()
}

/// The sessions in the order in which they are met, without the path of the temporary file.
fn sessions(events: &[Event]) -> Vec<String> {
    let mut names: Vec<_> = (events.iter())
        .map(|event| {
            let name = event.session.as_str();
            name.rsplit_once("talk.json")
                .map_or(name, |(_, rest)| rest)
                .to_owned()
        })
        .collect();
    names.dedup();
    names
}

#[test]
fn a_document_is_one_run_with_its_prompt_and_usage() {
    let run = json!({"model": "m", "system": "be good", "messages": [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "text", "text": "let me see"},
            {"type": "tool_use", "id": "t1", "name": "run", "input": {"cmd": "ls"}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "t1", "content": "a", "is_error": false}]}],
        "usage": {"input_tokens": 5, "output_tokens": 2, "cache_read_input_tokens": 3}});
    for text in [run.to_string(), serde_json::to_string_pretty(&run).unwrap()] {
        let (events, report) = read(&text);
        assert_eq!(
            story(&events),
            [
                "System/Person: be good",
                "User/Person: hi",
                "reasoning Full: hm",
                "Assistant/Person: let me see",
                r#"call t1 run {"cmd":"ls"}"#,
                r#"result t1: "a""#,
                "usage - 5/2 cache 3/0",
            ]
        );
        assert_eq!(sessions(&events), [""], "the file is the session");
        assert_eq!((report.gaps, report.unknown_fields.len()), (0, 0));
        assert_eq!(report.bytes, text.len() as u64);
    }
}

#[test]
fn request_and_response_of_an_api_are_one_run() {
    let run = json!({"custom_id": "r1",
        "request": {"messages": [{"role": "user", "content": "hi"}]},
        "response": {"choices": [{"message": {"role": "assistant", "content": "yes"}}],
            "usage": {"prompt_tokens": 9, "completion_tokens": 1,
                "prompt_tokens_details": {"cached_tokens": 4}}}});
    let (events, _) = read(run.to_string());
    assert_eq!(sessions(&events), ["chat:r1"]);
    assert_eq!(
        story(&events),
        [
            "User/Person: hi",
            "Assistant/Person: yes",
            "usage - 5/1 cache 4/0"
        ]
    );
}

#[test]
fn items_of_the_responses_api_are_a_conversation() {
    let run = json!({"id": "resp_1", "object": "response", "model": "m",
        "instructions": "be good", "input": "hi", "output": [
        {"type": "reasoning", "id": "rs", "summary": [{"type": "summary_text", "text": "hm"}]},
        {"type": "function_call", "call_id": "c1", "name": "run", "arguments": "{\"a\":1}"},
        {"type": "function_call", "call_id": "c2", "name": "run", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "one"},
        {"type": "message", "role": "assistant", "content": [
            {"type": "output_text", "text": "yes", "annotations": []}]}]});
    let (events, report) = read(run.to_string());
    assert_eq!(
        story(&events),
        [
            "System/Person: be good",
            "User/Person: hi",
            "reasoning Summarised: hm",
            r#"call c1 run {"a":1}"#,
            "call c2 run {}",
            r#"result c1: "one""#,
            "Assistant/Person: yes",
        ]
    );
    assert_eq!(
        (report.gaps, report.unknown_fields.len()),
        (0, 0),
        "{report:?}"
    );
}

#[test]
fn every_line_is_a_run_and_bare_messages_share_the_session_of_the_file() {
    let text = concat!(
        r#"{"messages":[{"role":"user","content":"a"}],"id":"one"}"#,
        "\n",
        r#"{"role":"user","content":"b"}"#,
        "\n\n",
        r#"{"messages":[{"role":"user","content":"c"}],"session_id":7}"#,
        "\r\n",
        r#"{"role":"assistant","content":"d"}"#,
        "\n",
        r#"{"messages":[{"role":"user","content":"e"}]}"#,
    );
    let (events, report) = read(text);
    assert_eq!(sessions(&events), ["chat:one", "", "chat:7", "", "#3"]);
    assert_eq!(
        story(&events),
        [
            "User/Person: a",
            "User/Person: b",
            "User/Person: c",
            "Assistant/Person: d",
            "User/Person: e"
        ]
    );
    assert_eq!((report.records, report.gaps), (5, 0));
    let second = &events[2];
    assert_eq!((second.at.offset, second.at.len), (56, 29));
}

#[test]
fn a_list_holds_runs_or_messages() {
    let runs = json!([{"messages": [{"role": "user", "content": "a"}]},
        {"messages": [{"role": "user", "content": "b"}], "id": "x"}]);
    let (events, _) = read(serde_json::to_string_pretty(&runs).unwrap());
    assert_eq!(sessions(&events), ["#1", "chat:x"]);
    let messages =
        "[\n{\"role\":\"user\",\"content\":\"a\"},\n{\"role\":\"assistant\",\"content\":\"b\"}\n]";
    let (events, _) = read(messages);
    assert_eq!(sessions(&events), [""]);
    assert_eq!(story(&events), ["User/Person: a", "Assistant/Person: b"]);
}

#[test]
fn a_broken_line_is_a_gap_and_the_others_are_read() {
    let text = concat!(
        r#"{"messages":[{"role":"user","content":"a"},{"role":"#,
        "\n",
        r#"{"messages":[{"role":"user","content":"b"},{"role":"wizard"},3]}"#,
        "\n",
        "garbage\n",
        r#"{"messages":"none"}"#,
        "\n",
        r#"{"messages":[{"role":"user","content":"c"}]}"#,
        "\n",
    );
    let (events, report) = read(text);
    let story = story(&events);
    let gaps = story.iter().filter(|line| line.starts_with("gap")).count();
    assert_eq!(gaps, 5, "{story:?}");
    assert_eq!(report.gaps, 5);
    for said in ["a", "b", "c"] {
        assert!(story.contains(&format!("User/Person: {said}")), "{story:?}");
    }
}

#[test]
fn bytes_that_are_no_text_are_replaced_and_told() {
    let (events, report) = read(b"{\"messages\":[{\"role\":\"user\",\"content\":\"a\xff\"}]}");
    let story = story(&events);
    assert_eq!(story.len(), 2);
    assert!(story[0].starts_with("gap InvalidText"), "{story:?}");
    assert_eq!(story[1], "User/Person: a\u{fffd}");
    assert_eq!(report.unreadable_bytes, 0);
}

#[test]
fn labels_are_no_events_and_fields_that_are_not_known_are_counted() {
    let run = json!({"messages": [], "label": "hijacked", "truth": {"attack": "x"}, "hue": 1});
    let (events, report) = read(run.to_string());
    let all = serde_json::to_string(&events).unwrap();
    assert!(!all.contains("hijacked") && !all.contains("attack"));
    assert_eq!(report.unknown_fields.len(), 1);
    assert_eq!(report.unknown_fields["run.hue"], 1);
}
