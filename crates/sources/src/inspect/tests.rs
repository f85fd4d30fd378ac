use std::collections::BTreeSet;
use std::io::Write;

use proctor_model::{Event, EventKind, Harness, SessionId};
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::ReadReport;
use crate::testing::{outline, read_text};

/// An archive with a head and these members.
fn archive(members: &[(&str, Value)]) -> Vec<u8> {
    let head = json!({"version": 2, "status": "success", "eval": {"eval_id": "E", "task": "t",
        "model": "m", "packages": {"inspect_ai": "0.3"}}});
    let mut all = vec![("header.json", head)];
    all.extend(members.iter().cloned());
    pack(&all)
}

fn pack(members: &[(&str, Value)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, contents) in members {
        writer
            .start_file(*name, SimpleFileOptions::default())
            .unwrap();
        writer.write_all(contents.to_string().as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn read(bytes: impl AsRef<[u8]>) -> (Vec<Event>, ReadReport) {
    read_text(Harness::Inspect, "log.eval", bytes)
}

/// The log of one sample, in an archive.
fn of_sample(sample: Value) -> (Vec<Event>, ReadReport) {
    read(archive(&[("samples/1_epoch_1.json", sample)]))
}

/// What was said and done, without notes and without what is only counted.
fn story(events: &[Event]) -> Vec<String> {
    (outline(events).into_iter())
        .filter(|line| !line.starts_with("known") && !line.starts_with("note"))
        .collect()
}

fn user(id: &str, text: &str) -> Value {
    json!({"id": id, "role": "user", "content": text, "source": "input"})
}

fn says(id: &str, text: &str) -> Value {
    json!({"id": id, "role": "assistant", "content": text, "source": "generate"})
}

fn calls(id: &str, call: &str, function: &str, arguments: &Value) -> Value {
    json!({"id": id, "role": "assistant", "content": "", "tool_calls": [
        {"id": call, "function": function, "arguments": arguments, "type": "function"}]})
}

fn answers(id: &str, call: &str, text: &str) -> Value {
    json!({"id": id, "role": "tool", "content": text, "tool_call_id": call, "function": "f"})
}

fn model(input: &[Value], output: &Value) -> Value {
    json!({"event": "model", "model": "m", "input": input, "timestamp": "2026-01-01T00:00:00Z",
        "completed": "2026-01-01T00:00:05Z", "uuid": output["id"], "tools": [{"x": 1}],
        "output": {"model": "m", "choices": [{"message": output}],
            "usage": {"input_tokens": 3, "output_tokens": 1}}})
}

fn tool(call: &str, function: &str, arguments: &Value, result: &str) -> Value {
    json!({"event": "tool", "id": call, "function": function, "arguments": arguments,
        "result": result, "events": [], "timestamp": "2026-01-01T00:00:06Z"})
}

fn in_span(mut event: Value, span: &str) -> Value {
    event["span_id"] = json!(span);
    event
}

fn span(id: &str, parent: Option<&str>, kind: &str, name: &str) -> Value {
    json!({"event": "span_begin", "id": id, "parent_id": parent, "type": kind, "name": name})
}

#[test]
fn every_message_is_told_once_when_it_happens() {
    let ask = user("1", "go");
    let act = calls("2", "c1", "bash", &json!({"cmd": "ls -l"}));
    let result = answers("3", "c1", "a b");
    let end = says("4", "done");
    let ran = |cmd: &str, code: i64| {
        json!({"event": "sandbox", "action": "exec", "cmd": cmd,
        "result": code})
    };
    let sample = json!({"id": 1, "epoch": 2, "messages": [ask, act, result, end],
    "scores": {"s1": {"value": "C"}, "s2": {"value": 0.5}}, "started_at": "2026-01-01T00:00:00Z",
    "model_usage": {"m": {"input_tokens": 99, "output_tokens": 9}},
    "events": [
        {"event": "sample_init", "sample": {}, "state": {}},
        model(std::slice::from_ref(&ask), &act),
        tool("c1", "bash", &json!({"cmd": "ls -l"}), "a b"),
        ran("test -d x", 1),
        ran("bash --login -c 'ls -l'", 2),
        model(&[ask.clone(), act.clone(), result.clone()], &end),
    ]});
    let (events, report) = of_sample(sample);
    assert_eq!(
        story(&events),
        [
            "== inspect:E/1_2",
            "User/Person: go",
            r#"call c1 bash {"cmd":"ls -l"}"#,
            "usage 2 3/1 cache 0/0",
            r#"result c1: "a b" exit=2"#,
            "Assistant/Person: done",
            "usage 4 3/1 cache 0/0",
        ]
    );
    assert_eq!(
        (report.gaps, report.unknown_fields.len()),
        (0, 0),
        "{report:?}"
    );
    let EventKind::Session(note) = &events[0].kind else {
        panic!("no note");
    };
    assert_eq!(note.score.as_deref(), Some("s1=C, s2=0.5"));
    let said = events.last().unwrap();
    assert_eq!(said.time.unwrap().to_string(), "2026-01-01T00:00:05Z");
    assert_eq!(
        said.at.source.member.as_deref(),
        Some("samples/1_epoch_1.json")
    );
}

#[test]
fn without_ids_messages_are_known_by_what_they_say() {
    let plain = |role: &str, text: &str| json!({"role": role, "content": text});
    let long = "a long text that stands as an attachment in the events";
    let messages = [
        plain("user", long),
        plain("assistant", "ok"),
        plain("user", "again"),
        plain("assistant", "ok"),
    ];
    let first = plain("user", "attachment://h1");
    let sample = json!({"id": "x", "epoch": 1, "messages": messages,
    "attachments": {"h1": long},
    "events": [
        {"event": "step", "action": "begin", "type": "solver", "name": "generate"},
        model(std::slice::from_ref(&first), &messages[1]),
        model(&[first.clone(), messages[1].clone(), messages[2].clone()], &messages[3]),
        {"event": "step", "action": "end", "type": "solver", "name": "generate"},
        {"event": "step", "action": "begin", "type": "scorer", "name": "judge"},
        model(&[plain("user", "judge it")], &plain("assistant", "GRADE: C")),
        {"event": "step", "action": "end", "type": "scorer", "name": "judge"},
    ]});
    let (events, _) = of_sample(sample);
    assert_eq!(
        story(&events),
        [
            "== inspect:E/x_1",
            &format!("User/Person: {long}"),
            "Assistant/Person: ok",
            "usage - 3/1 cache 0/0",
            "User/Harness: again",
            "Assistant/Person: ok",
            "usage - 3/1 cache 0/0",
        ]
    );
}

#[test]
fn what_was_dropped_from_the_conversation_is_told_from_the_events() {
    let pool = [
        user("1", "go"),
        says("2", "step one"),
        user("3", "more"),
        json!({"id": "4", "role": "user", "content": "summary", "metadata": {"summary": true}}),
    ];
    let end = says("5", "done");
    let mut first = model(&[], &pool[1]);
    first["input_refs"] = json!([[0, 1]]);
    let mut second = model(&[], &end);
    second["input_refs"] = json!([[0, 1], [2, 4]]);
    for (at, pools) in [
        ("message_pool", json!(pool)),
        ("events_data", json!({"messages": pool, "calls": [1]})),
    ] {
        let mut sample = json!({"id": 1, "epoch": 1, "messages": [pool[3], end],
            "events": [first, {"event": "compaction", "type": "summary"}, second]});
        sample[at] = pools;
        let (events, report) = of_sample(sample);
        assert_eq!(
            story(&events),
            [
                "== inspect:E/1_1",
                "User/Person: go",
                "Assistant/Person: step one",
                "usage 2 3/1 cache 0/0",
                "boundary Compacted",
                "User/Person: more",
                "User/Harness: summary",
                "Assistant/Person: done",
                "usage 5 3/1 cache 0/0",
            ]
        );
        assert_eq!(report.gaps, 0);
    }
}

#[test]
fn a_sub_agent_is_a_session_with_its_parent_and_call() {
    let ask = user("1", "go");
    let act = calls("2", "c1", "helper", &json!({"input": "look"}));
    let sub_ask = user("11", "look");
    let sub_act = calls("12", "c2", "bash", &json!({"cmd": "id"}));
    let sample = json!({"id": 1, "epoch": 1,
    "messages": [ask, act, answers("3", "c1", "found"), says("4", "done")],
    "events": [
        span("a", None, "agent", "main"),
        in_span(model(std::slice::from_ref(&ask), &act), "a"),
        span("t", Some("a"), "tool", "helper"),
        in_span(tool("c1", "helper", &json!({"input": "look"}), "found"), "a"),
        span("b", Some("t"), "agent", "helper"),
        in_span(model(std::slice::from_ref(&sub_ask), &sub_act), "b"),
        span("u", Some("b"), "tool", "bash"),
        in_span(tool("c2", "bash", &json!({"cmd": "id"}), "root"), "b"),
        in_span(model(&[sub_ask.clone(), sub_act.clone(), answers("13", "c2", "root")],
            &says("14", "found")), "b"),
    ]});
    let (events, _) = of_sample(sample);
    let story = story(&events);
    let sub = story
        .iter()
        .position(|line| line == "== inspect:E/1_1/helper-1")
        .unwrap();
    assert_eq!(
        story[sub + 1..sub + 3],
        ["User/Agent: look", r#"call c2 bash {"cmd":"id"}"#]
    );
    let told = |line: &str| story.iter().filter(|told| *told == line).count();
    assert_eq!(told(r#"result c2: "root""#), 1, "{story:#?}");
    assert_eq!(told(r#"result c1: "found""#), 1);
    assert_eq!(told("Assistant/Person: found"), 1);
    assert_eq!(told("Assistant/Person: done"), 1);
    let note = (events.iter())
        .find_map(|event| match &event.kind {
            EventKind::Session(note) if note.parent.is_some() => Some(note),
            _ => None,
        })
        .unwrap();
    assert_eq!(note.parent, Some(SessionId::new("inspect:E/1_1")));
    assert_eq!(note.parent_call.as_deref(), Some("c1"));
}

#[test]
fn older_logs_hold_the_events_of_a_tool_inside_its_own() {
    let mut helper = tool("c1", "helper", &json!({}), "found");
    helper["events"] = json!([model(
        &[json!({"role": "user", "content": "look"})],
        &json!({"role": "assistant", "content": "found it"})
    )]);
    let mut plain = tool("c2", "bash", &json!({"cmd": "false"}), "");
    plain["events"] = json!([{"event": "sandbox", "action": "exec", "cmd": "bash -c false",
        "result": 1}]);
    plain["error"] = json!({"type": "unknown", "message": "it failed"});
    let sample = json!({"id": 1, "epoch": 1, "messages": [], "events": [helper, plain]});
    let (events, _) = of_sample(sample);
    assert_eq!(
        story(&events),
        [
            "== inspect:E/1_1",
            "call c1 helper {}",
            "== inspect:E/1_1/helper-1",
            "User/Agent: look",
            "Assistant/Person: found it",
            "usage - 3/1 cache 0/0",
            "== inspect:E/1_1",
            r#"result c1: "found""#,
            r#"call c2 bash {"cmd":"false"}"#,
            r#"result c2: "it failed" error"#,
        ]
    );
}

#[test]
fn refusals_and_attempts_that_failed_are_told() {
    let ask = user("1", "go");
    let act = calls("2", "c1", "bash", &json!({"cmd": "rm -rf /"}));
    let lost = calls("0", "c0", "bash", &json!({"cmd": "crash"}));
    let sample = json!({"id": 1, "epoch": 1,
    "messages": [ask, act, answers("3", "c1", "no")],
    "error_retries": [{"message": "m", "events": [model(&[], &lost)]}],
    "error": {"message": "x", "traceback": "y"},
    "events": [
        model(std::slice::from_ref(&ask), &act),
        {"event": "approval", "decision": "reject", "approver": "human", "message": "",
            "call": {"id": "c1"}},
        {"event": "approval", "decision": "approve", "call": {"id": "c9"}, "hue": 1},
        tool("c1", "bash", &json!({"cmd": "rm -rf /"}), "no"),
        {"event": "interrupt", "source": "user_cancel", "interrupted": "generate"},
        {"event": "novel"},
    ]});
    let (events, report) = of_sample(sample);
    let story = story(&events);
    assert!(
        story.contains(&r#"result c1: "no" refused"#.to_owned()),
        "{story:#?}"
    );
    assert!(story.contains(&"boundary Interrupted".to_owned()));
    assert_eq!(story[0], "== inspect:E/1_1");
    assert!(story.contains(&"== inspect:E/1_1/retried-1".to_owned()));
    assert!(story.contains(&r#"call c0 bash {"cmd":"crash"}"#.to_owned()));
    assert_eq!(report.unknown_records["novel"], 1);
    // What is passed over unread is not looked at for fields.
    assert_eq!(report.unknown_fields["approval.hue"], 1);
}

#[test]
fn without_events_the_conversation_and_the_totals_are_told() {
    let sample = json!({"id": "a/b", "epoch": 3, "messages": [user("1", "go"), says("2", "ok")],
        "model_usage": {"m": {"input_tokens": 5, "output_tokens": 2, "input_tokens_cache_read": 1}}});
    let (events, _) = read(archive(&[("samples/a/b_epoch_3.json", sample)]));
    assert_eq!(
        story(&events),
        [
            "== inspect:E/a/b_3",
            "User/Person: go",
            "Assistant/Person: ok",
            "usage m 5/2 cache 1/0"
        ]
    );
    let (events, _) = of_sample(json!({"id": 1, "epoch": 1, "input": "go", "messages": []}));
    assert_eq!(story(&events), ["== inspect:E/1_1", "User/Person: go"]);
}

#[test]
fn messages_that_do_not_fit_are_read_again() {
    let long = "x".repeat(10_000);
    let messages: Vec<Value> = (0..12)
        .map(|i| {
            let id = i.to_string();
            if i % 2 == 0 {
                user(&id, &format!("{i} {long}"))
            } else {
                says(&id, &format!("{i} {long}"))
            }
        })
        .collect();
    let numbers = |events: &[Event]| -> Vec<String> {
        (events.iter())
            .filter_map(|event| match &event.kind {
                EventKind::Message(m) => m.text.split(' ').next().map(str::to_owned),
                _ => None,
            })
            .collect()
    };
    let all: Vec<String> = (0..12).map(|i| i.to_string()).collect();
    // Without events, and with events that show the first and the last.
    let alone = json!({"id": 1, "epoch": 1, "messages": messages});
    assert_eq!(numbers(&of_sample(alone).0), all);
    let shown = json!({"id": 1, "epoch": 1, "messages": messages,
        "events": [model(&messages[..1], &messages[1]), model(&messages[..11], &messages[11])]});
    let mut told = numbers(&of_sample(shown).0);
    told.sort_by_key(|n| n.parse::<u32>().unwrap());
    assert_eq!(told, all);
    // The pool does not fit either.
    let mut last = model(&[], &messages[11]);
    last["input_refs"] = json!([[0, 11]]);
    let pooled = json!({"id": 1, "epoch": 1, "messages": [], "message_pool": messages[..11],
        "events": [last]});
    let mut told = numbers(&of_sample(pooled).0);
    told.sort_by_key(|n| n.parse::<u32>().unwrap());
    assert_eq!(told, all);
}

#[test]
fn a_sample_in_parts_is_read_as_one() {
    let messages = [
        user("1", "attachment://1"),
        says("2", "one"),
        says("3", "two"),
    ];
    let mut event = model(&[], &messages[1]);
    event["input_refs"] = json!([[0, 1]]);
    let (events, report) = read(archive(&[
        (
            "samples/7_epoch_1/sample.json",
            json!({"id": 7, "epoch": 1, "message_refs": [[0, 3]]}),
        ),
        ("samples/7_epoch_1/messages/0.json", json!(messages[..2])),
        ("samples/7_epoch_1/messages/2.json", json!(messages[2..])),
        ("samples/7_epoch_1/events/0.json", json!([event])),
        ("samples/7_epoch_1/events/stats.json", json!({"chunks": []})),
        (
            "samples/7_epoch_1/attachments/0.json",
            json!(["zero", "first"]),
        ),
    ]));
    assert_eq!(
        story(&events),
        [
            "== inspect:E/7_1",
            "User/Person: first",
            "Assistant/Person: one",
            "usage 2 3/1 cache 0/0",
            "Assistant/Person: two",
        ]
    );
    assert_eq!(
        (report.gaps, report.unknown_records.len()),
        (0, 0),
        "{report:?}"
    );
    let last = events
        .iter()
        .rfind(|e| matches!(e.kind, EventKind::Message(_)))
        .unwrap();
    assert_eq!(
        last.at.source.member.as_deref(),
        Some("samples/7_epoch_1/messages/2.json")
    );
}

#[test]
fn a_log_that_was_never_finished_is_read() {
    let start = json!({"version": 2, "eval": {"run_id": "R", "task_id": "T", "model": "m"}});
    let bytes = pack(&[
        ("_journal/start.json", start),
        (
            "samples/1_epoch_1.json",
            json!({"id": 1, "epoch": 1, "messages": [user("1", "go")]}),
        ),
        (
            "_journal/summaries/1.json",
            json!([{"id": 1, "epoch": 1}, {"id": "x", "epoch": 1}]),
        ),
    ]);
    let (events, report) = read(&bytes);
    let lines = story(&events);
    assert_eq!(lines[..2], ["== inspect:R.T/1_1", "User/Person: go"]);
    assert_eq!(report.gaps, 2, "{lines:#?}");
    assert!(
        lines[2].contains("did not end") && lines[3].contains("`x_epoch_1`"),
        "{lines:#?}"
    );
    // Cut off in the middle of the directory, the same is there.
    let cut = &bytes[..bytes.len() - 60];
    let (events, _) = read(cut);
    assert!(story(&events).contains(&"User/Person: go".to_owned()));
}

#[test]
fn a_plain_log_is_read_as_an_archive_is() {
    let sample = |id: u32| {
        json!({"id": id, "epoch": 1, "messages": [user("1", "go"), says("2", "ok")],
        "transcript": {"events": [model(&[json!({"id": "1", "role": "user", "content": "tc://h"})],
            &says("2", "ok"))], "content": {"h": "go"}}})
    };
    let log = json!({"version": 2, "status": "success",
        "eval": {"eval_id": "E", "task": "t", "model": "m"},
        "samples": [sample(1), sample(2)], "hue": 1});
    for text in [log.to_string(), serde_json::to_string_pretty(&log).unwrap()] {
        let (events, report) = read(&text);
        let one = |id: u32| {
            [
                format!("== inspect:E/{id}_1"),
                "User/Person: go".to_owned(),
                "Assistant/Person: ok".to_owned(),
                "usage 2 3/1 cache 0/0".to_owned(),
            ]
        };
        assert_eq!(story(&events), [one(1), one(2)].concat());
        assert_eq!(report.gaps, 0);
        assert_eq!(report.unknown_fields["log.hue"], 1);
    }
    // Cut inside the second sample: what is there of it is read.
    let text = log.to_string();
    let cut = text.rfind("\"transcript\"").unwrap();
    let (events, report) = read(&text.as_bytes()[..cut]);
    let lines = story(&events);
    assert!(lines.contains(&"== inspect:E/2_1".to_owned()), "{lines:#?}");
    assert_eq!(
        lines
            .iter()
            .filter(|line| *line == "Assistant/Person: ok")
            .count(),
        2
    );
    assert_eq!(report.gaps, 1, "{lines:#?}");
}

#[test]
fn numbers_that_are_none_are_no_flaw() {
    let sample = r#"{"id":1,"epoch":1,"messages":[{"role":"user","content":"go"}],
        "scores":{"s":{"value":NaN}},"events":[{"event":"score","score":{"value":-Infinity}}]}"#;
    let text = format!(r#"{{"eval":{{"eval_id":"E"}},"samples":[{sample}]}}"#);
    let (events, report) = read(text);
    assert_eq!(report.gaps, 0, "{:?}", outline(&events));
    assert_eq!(story(&events), ["== inspect:E/1_1", "User/Person: go"]);
}

#[test]
fn a_member_that_cannot_be_unpacked_is_one_gap() {
    let good = json!({"id": 2, "epoch": 1, "messages": [user("1", "go")]});
    let bad = json!({"id": 1, "epoch": 1, "messages": [user("1", "lost")]});
    let mut bytes = archive(&[
        ("samples/1_epoch_1.json", bad),
        ("samples/2_epoch_1.json", good),
    ]);
    // The first bytes of what is packed behind the member's name.
    let name = b"samples/1_epoch_1.json";
    let at = memchr::memmem::find(&bytes, name).unwrap() + name.len();
    bytes[at..at + 8].fill(0xff);
    let (events, report) = read(&bytes);
    let lines = story(&events);
    assert!(lines.contains(&"User/Person: go".to_owned()), "{lines:#?}");
    assert!(
        lines.iter().any(|line| line.starts_with("gap BadArchive")),
        "{lines:#?}"
    );
    assert_eq!(report.gaps, 1, "{lines:#?}");
}

#[test]
fn what_is_broken_is_a_gap_and_the_rest_is_read() {
    let good = json!({"id": 2, "epoch": 1, "messages": [user("1", "go"), 7, {"role": "wizard"}],
        "events": [{"event": 5}, "x", {"event": "model", "output": 3, "input": [4]}]});
    let bytes = archive(&[("samples/2_epoch_1.json", good), ("notes.txt", json!(1))]);
    let (events, report) = read(&bytes);
    let lines = story(&events);
    assert!(lines.contains(&"User/Person: go".to_owned()));
    assert_eq!(report.unknown_records["notes.txt"], 1);
    assert!(report.gaps >= 3, "{lines:#?}");
}

#[test]
fn a_break_is_told_once_though_the_document_is_gone_over_twice() {
    let found = include_bytes!("../../../../fuzz/corpus/inspect_json/told-twice-where-it-breaks");
    let (events, _) = read(found);
    let gaps: Vec<_> = (events.iter())
        .filter(|e| matches!(e.kind, EventKind::Gap(_)))
        .map(|e| (e.at.offset, e.at.part))
        .collect();
    let places: BTreeSet<_> = gaps.iter().collect();
    assert!(!gaps.is_empty());
    assert_eq!(gaps.len(), places.len(), "{gaps:?}");
}
