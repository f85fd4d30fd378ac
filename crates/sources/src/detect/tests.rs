use std::io::Cursor;

use super::*;

fn harness(text: impl AsRef<[u8]>) -> Option<Harness> {
    let path = Path::new("x");
    match detect(path, &mut Cursor::new(text.as_ref())).unwrap() {
        Kind::Recording(found) => Some(found.harness),
        _ => None,
    }
}

#[test]
fn harnesses_are_told_by_their_records() {
    let cases = [
        (
            Harness::ClaudeCode,
            r#"{"type":"user","uuid":"1","sessionId":"s","message":{"role":"user","content":"x"}}"#,
        ),
        (
            Harness::ClaudeCode,
            r#"{"type":"summary","summary":"t","leafUuid":"u"}"#,
        ),
        (
            Harness::ClaudeCode,
            r#"{"type":"file-history-snapshot","messageId":"m","snapshot":{}}"#,
        ),
        (
            Harness::ClaudeCode,
            r#"{"type":"queue-operation","operation":"enqueue","sessionId":"s"}"#,
        ),
        (
            Harness::ClaudeCode,
            r#"{"type":"system","subtype":"init","session_id":"s","tools":[]}"#,
        ),
        (
            Harness::Codex,
            r#"{"timestamp":"2026-01-01T00:00:00Z","type":"session_meta","payload":{"id":"x"}}"#,
        ),
        (
            Harness::Codex,
            r#"{"id":"x","timestamp":"2025-05-01T00:00:00Z","instructions":null}"#,
        ),
        (
            Harness::Inspect,
            r#"{"version":2,"status":"success","eval":{"run_id":"r","task":"t"}}"#,
        ),
        (
            Harness::SweAgent,
            r#"{"environment":"e","trajectory":[{"action":"ls"}],"history":[]}"#,
        ),
        (
            Harness::Chat,
            r#"{"id":1,"messages":[{"role":"user","content":"x"}]}"#,
        ),
        (Harness::Chat, r#"[{"role":"user","content":"x"}]"#),
        (
            Harness::Chat,
            r#"{"role":"assistant","content":null,"tool_calls":[]}"#,
        ),
        (Harness::Chat, r#"{"object":"response","output":[]}"#),
        (
            Harness::Chat,
            r#"{"id":"c","choices":[{"message":{"role":"assistant","content":"x"}}]}"#,
        ),
        (
            Harness::RJudge,
            r#"{"id":1,"contents":[[{"role":"user","content":"x"}]],"label":0}"#,
        ),
        (
            Harness::RJudge,
            r#"[{"id":1,"contents":[[{"role":"user","content":"x"}]],"label":0}]"#,
        ),
    ];
    for (expected, text) in cases {
        assert_eq!(harness(text), Some(expected), "{text}");
    }
}

#[test]
fn what_is_no_recording_is_left() {
    for text in [
        "",
        "hello",
        "{}",
        "[]",
        "42",
        r#"{"command":"ls -la","page":"ls"}"#,
        r#"{"technique":"T1003","command":"cat /etc/passwd","discovery":false}"#,
        r#"{"display":"fix it","project":"/p","timestamp":1,"sessionId":"s"}"#,
        r#"{"name":"x","version":"1.0.0","dependencies":{}}"#,
        r#"{"type":"FeatureCollection","features":[]}"#,
        "\x7fELF\x02\x01\x01\0",
        "PK\x03\x04 another archive",
    ] {
        assert_eq!(harness(text), None, "{text}");
    }
}

#[test]
fn the_first_lines_may_be_broken_or_foreign() {
    let record =
        r#"{"type":"user","uuid":"1","sessionId":"s","message":{"role":"user","content":"x"}}"#;
    for head in [
        "\u{1}\u{7f}\n",
        "{broken\n",
        "\0\0\0\0\n",
        "\n\n",
        "{\"silly\":1}\n42\n[1]\n",
        "\u{feff}",
        "{\"type\":\"novel\"}\n",
    ] {
        assert_eq!(
            harness(format!("{head}{record}\n{record}\n")),
            Some(Harness::ClaudeCode),
            "{head:?}"
        );
    }
    let foreign = r#"{"messages":[{"role":"user","content":"I am a chat"}]}"#;
    assert_eq!(
        harness(format!("{foreign}\n{record}\n{record}\n")),
        Some(Harness::ClaudeCode),
        "one line does not make a session file something else"
    );
}

#[test]
fn a_document_is_told_though_its_first_value_is_long() {
    let filler = "x".repeat(3 << 20);
    assert_eq!(
        harness(format!(
            r#"{{"filler":"{filler}","messages":[{{"role":"user","content":"x"}}]}}"#
        )),
        Some(Harness::Chat)
    );
    assert_eq!(
        harness(format!(
            "{{\n  \"version\": 2,\n  \"eval\": {{\n    \"task\": \"t\",\n \"f\": \"{filler}\""
        )),
        Some(Harness::Inspect)
    );
}

#[test]
fn an_inspect_archive_is_told_from_others() {
    let archive = |member: &str| format!("PK\x03\x04\0\0{member}\0 and the rest");
    assert_eq!(harness(archive("header.json")), Some(Harness::Inspect));
    assert_eq!(
        harness(archive("_journal/start.json")),
        Some(Harness::Inspect)
    );
    assert_eq!(harness(archive("word/document.xml")), None);
}

#[test]
fn the_session_and_start_are_read_from_the_head() {
    let text = "{\"type\":\"summary\",\"summary\":\"t\",\"leafUuid\":\"u\"}\n\
        {\"type\":\"user\",\"uuid\":\"1\",\"sessionId\":\"s\",\"isSidechain\":true,\"message\":{\"role\":\"user\",\"content\":\"x\"},\
         \"timestamp\":\"2026-01-01T00:00:00Z\"}\n";
    let kind = detect(Path::new("p/agent-a1.jsonl"), &mut Cursor::new(text)).unwrap();
    assert_eq!(
        kind,
        Kind::Recording(Detected {
            harness: Harness::ClaudeCode,
            session: Some(SessionId::new("claude-code:s/a1")),
            started: Some("2026-01-01T00:00:00Z".parse().unwrap()),
        })
    );
}

#[test]
fn a_long_first_line_does_not_hide_the_session() {
    let long = "x".repeat(200 << 10);
    let text = format!(
        "{{\"type\":\"user\",\"message\":{{\"role\":\"user\",\"content\":\"{long}\"}},\"uuid\":\"1\",\"sessionId\":\"s\"}}\n"
    );
    let kind = detect(Path::new("s.jsonl"), &mut Cursor::new(text)).unwrap();
    let Kind::Recording(found) = kind else {
        panic!("no recording");
    };
    assert_eq!(found.session, Some(SessionId::new("claude-code:s")));
}

#[test]
fn text_in_utf16_is_told_from_other_files() {
    let kind = detect(Path::new("x"), &mut Cursor::new(b"\xff\xfe{\0}\0")).unwrap();
    assert_eq!(kind, Kind::Utf16);
}
