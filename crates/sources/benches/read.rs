//! How fast Claude Code sessions are read, beside a bare parse of the same lines.
//!
//! `cargo bench -p proctor-sources`, or with the megabytes to generate behind `--`.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench may fail loudly"
)]

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use proctor_model::Event;
use serde_json::{Value, json};

const ROUNDS: usize = 7;

fn main() {
    let megabytes = std::env::args()
        .find_map(|arg| arg.parse().ok())
        .unwrap_or(64);
    let text = sessions(megabytes << 20);
    let dir = std::env::temp_dir().join(format!("proctor-bench-{}", std::process::id()));
    fs::create_dir_all(&dir).expect("a directory for the bench");
    let path = dir.join("session.jsonl");
    fs::write(&path, &text).expect("a file for the bench");
    let recording = proctor_sources::detect(&path)
        .expect("a readable file")
        .expect("a recording");

    let mut bare = Vec::new();
    let mut read = Vec::new();
    let mut events = 0_u64;
    for _ in 0..ROUNDS {
        bare.push(timed(|| {
            for line in text.lines() {
                std::hint::black_box(serde_json::from_str::<Value>(line).is_ok());
            }
        }));
        read.push(timed(|| {
            let mut sink = |event: Event, _: &[u8]| {
                std::hint::black_box(&event);
                events += 1;
            };
            proctor_sources::read(&recording, &mut |_| {}, &mut sink);
        }));
    }
    fs::remove_dir_all(&dir).expect("the bench's own directory");
    let (bare, read) = (median(bare), median(read));
    let speed = |time: Duration| text.len() as f64 / time.as_secs_f64() / 1e6;
    println!(
        "{} lines, {} bytes, {} events",
        text.lines().count(),
        text.len(),
        events / ROUNDS as u64
    );
    println!("bare serde_json::Value: {:>7.0} MB/s", speed(bare));
    println!("proctor_sources::read:  {:>7.0} MB/s", speed(read));
    println!(
        "ratio of the times:     {:>7.2}",
        read.as_secs_f64() / bare.as_secs_f64()
    );
}

fn timed(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Sessions with the mixture of records that Claude Code writes.
fn sessions(bytes: usize) -> String {
    let mut out = String::with_capacity(bytes + (1 << 20));
    let mut n = 0_u64;
    while out.len() < bytes {
        n += 1;
        turn(n, &mut out);
    }
    out
}

fn turn(n: u64, out: &mut String) {
    let code: String = (0..40).fold(String::new(), |mut code, i| {
        let _ = writeln!(
            code,
            "    let value_{i} = compute(\"{n}\", {i})?; // a line of code"
        );
        code
    });
    let listing: String = (0..60).fold(String::new(), |mut text, i| {
        let _ = writeln!(
            text,
            "-rw-r--r-- 1 user user {:>6} Oct  1 10:{i:02} src/file_{i}.rs",
            n * 7 + i
        );
        text
    });
    let envelope = |kind: &str, more: Value| {
        let mut entry = json!({
            "parentUuid": format!("{n:08x}-0000-4000-8000-000000000000"), "isSidechain": false,
            "userType": "external", "cwd": "/home/user/project", "sessionId": "11111111-2222-4333-8444-555555555555",
            "version": "2.1.300", "gitBranch": "main", "type": kind,
            "uuid": format!("{n:08x}-1111-4000-8000-000000000000"), "timestamp": "2026-10-01T10:00:00.000Z",
        });
        for (key, value) in more.as_object().expect("an object") {
            entry[key] = value.clone();
        }
        entry
    };
    let assistant = |block: Value| {
        envelope(
            "assistant",
            json!({"requestId": format!("req_{n}"), "message": {
            "id": format!("msg_{n}"), "type": "message", "role": "assistant", "model": "claude-x",
            "content": [block], "stop_reason": "tool_use", "stop_sequence": null,
            "usage": {"input_tokens": 5, "cache_creation_input_tokens": 400, "cache_read_input_tokens": 30000,
                "output_tokens": 200, "service_tier": "standard",
                "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 400}}}}),
        )
    };
    let result = |id: &str, text: &str, account: Value| {
        envelope(
            "user",
            json!({"message": {"role": "user", "content": [
            {"tool_use_id": id, "type": "tool_result", "content": text, "is_error": false}]},
            "toolUseResult": account}),
        )
    };
    let entries = [
        envelope(
            "user",
            json!({"message": {"role": "user", "content": format!("Please fix issue {n} and run the tests.")}}),
        ),
        assistant(
            json!({"type": "thinking", "thinking": code, "signature": "c2lnbmF0dXJl".repeat(40)}),
        ),
        assistant(
            json!({"type": "text", "text": "I'll look at the files first.\n\nThen I change them."}),
        ),
        assistant(
            json!({"type": "tool_use", "id": format!("t1_{n}"), "name": "Bash",
            "input": {"command": "ls -la src && git status", "description": "List files"}}),
        ),
        result(
            &format!("t1_{n}"),
            &listing,
            json!({"stdout": listing, "stderr": "", "interrupted": false, "isImage": false}),
        ),
        assistant(
            json!({"type": "tool_use", "id": format!("t2_{n}"), "name": "Edit",
            "input": {"file_path": "/home/user/project/src/a.rs", "old_string": code, "new_string": code.replace("value", "result")}}),
        ),
        result(
            &format!("t2_{n}"),
            "The file has been updated.",
            json!({"filePath": "/home/user/project/src/a.rs",
            "oldString": code, "newString": code, "originalFile": code.repeat(5), "structuredPatch": [
                {"oldStart": 1, "oldLines": 40, "newStart": 1, "newLines": 40,
                    "lines": code.lines().map(|line| format!("-{line}")).collect::<Vec<_>>()}]}),
        ),
        envelope(
            "attachment",
            json!({"attachment": {"type": "todo_reminder", "content": [], "itemCount": 0}}),
        ),
        envelope(
            "system",
            json!({"subtype": "turn_duration", "durationMs": 1200, "isMeta": false}),
        ),
        json!({"type": "file-history-snapshot", "messageId": "m", "isSnapshotUpdate": false, "snapshot": {
            "messageId": "m", "timestamp": "2026-10-01T10:00:00.000Z", "trackedFileBackups": {"src/a.rs": {"version": 2}}}}),
        assistant(json!({"type": "text", "text": "Done. All tests pass."})),
    ];
    for entry in entries {
        let _ = writeln!(out, "{entry}");
    }
}
