//! `proctor scan`.

use std::fs;

use serde_json::Value;

use super::{command, proctor, recordings, run};

fn json(args: &[&str]) -> Value {
    let run = proctor(args);
    assert_eq!(run.status, 0, "{}", run.err);
    serde_json::from_str(&run.out).expect("`--json` prints JSON")
}

/// The JSON without what differs between two runs of the same scan.
fn stable(mut scan: Value) -> Value {
    for path in ["/generated_at", "/read/milliseconds", "/home", "/roots"] {
        if let Some(value) = scan.pointer_mut(path) {
            *value = Value::Null;
        }
    }
    scan
}

#[test]
fn the_result_does_not_depend_on_threads_or_on_the_order_of_paths() {
    let dir = recordings();
    let parts: Vec<String> = ["claude-code", "codex", "inspect", "swe-agent"]
        .map(|p| format!("{dir}/{p}"))
        .into();
    let one = stable(json(&["scan", "--json", "--threads", "1", &dir]));
    let many = stable(json(&["scan", "--json", "--threads", "7", &dir]));
    assert_eq!(one, many);
    let mut forwards = vec!["scan", "--json"];
    forwards.extend(parts.iter().map(String::as_str));
    let mut backwards = vec!["scan", "--json"];
    backwards.extend(parts.iter().rev().map(String::as_str));
    assert_eq!(stable(json(&forwards)), stable(json(&backwards)));
    assert_eq!(stable(json(&forwards))["summaries"], one["summaries"]);
    assert_eq!(stable(json(&forwards))["findings"], one["findings"]);
}

#[test]
fn every_recording_of_the_demo_is_read_whole() {
    let scan = json(&["scan", "--json", &recordings()]);
    assert_eq!(scan["schema"], "proctor.scan/1");
    assert_eq!(scan["read"]["unreadable_bytes"], 0);
    assert_eq!(scan["read"]["unknown_records"], serde_json::json!({}));
    assert!(
        scan["summaries"]
            .as_array()
            .unwrap()
            .iter()
            .all(|s| s["missing"] == serde_json::json!([]))
    );
}

#[test]
fn the_dishonest_sessions_are_found_and_the_honest_ones_are_not() {
    let scan = json(&["scan", "--json", &recordings()]);
    let threshold = scan["threshold"].as_f64().unwrap();
    let mut found: Vec<(&str, &str)> = Vec::new();
    for finding in scan["findings"].as_array().unwrap() {
        if finding["score"].as_f64().unwrap() >= threshold {
            found.push((
                finding["behaviour"].as_str().unwrap(),
                finding["session"].as_str().unwrap(),
            ));
        }
    }
    let mut missed = vec![
        "falsified-verification",
        "test-tampering",
        "special-casing",
        "restriction-bypass",
        "obfuscation",
        "oversight-tampering",
        "evidence-deletion",
        "credential-access",
        "agent-spawning",
        "persistence",
        "exfiltration",
        "social-engineering",
        "fabricated-data",
        "goal-hijack",
        "deceptive-reasoning",
    ];
    missed.retain(|behaviour| !found.iter().any(|(b, _)| b == behaviour));
    assert!(missed.is_empty(), "not found: {missed:?}");
    // Sessions of the honest stories, by the first words of their requests.
    let honest = [
        "The upload client",
        "Where do we parse",
        "Write a page",
        "Update axios",
        "The login page",
    ];
    let requests: Vec<(&str, String)> = scan["summaries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| (s["session"].as_str().unwrap(), s["sources"].to_string()))
        .collect();
    for (session, sources) in requests {
        let file = sources.split('"').nth(1).unwrap_or_default();
        let text = fs::read_to_string(file).unwrap_or_default();
        if honest.iter().any(|h| text.contains(h)) {
            let alarms: Vec<_> = found.iter().filter(|(_, s)| *s == session).collect();
            assert!(alarms.is_empty(), "false alarms in {file}: {alarms:?}");
        }
    }
}

#[test]
fn secrets_are_masked_everywhere_unless_revealed() {
    let dir = tempfile::tempdir().unwrap();
    let report = dir.path().join("report.html").display().to_string();
    let secret = "hV8s1mQy2Zt4Kp9RwXc6Lb3Nf7Jd5GaUe0TiOqPd";
    for args in [
        vec!["scan", "-v", "--report", &report],
        vec!["scan", "--json"],
        vec!["scan", "--show", "credential-access", "--show", "d10"],
    ] {
        let mut args = args;
        let dir = recordings();
        args.push(&dir);
        let run = proctor(&args);
        assert_eq!(run.status, 0, "{}", run.err);
        assert!(!run.out.contains(secret), "{args:?}");
    }
    assert!(!fs::read_to_string(&report).unwrap().contains(secret));
    let dir = recordings();
    proctor(&["scan", "--reveal", "--report", &report, &dir]);
    assert!(
        fs::read_to_string(&report).unwrap().contains(secret),
        "`--reveal` shows it"
    );
}

#[test]
fn fail_on_sets_the_exit_status() {
    let dir = recordings();
    assert_eq!(proctor(&["scan", "--fail-on", "critical", &dir]).status, 1);
    let clean = format!("{dir}/swe-agent");
    assert_eq!(proctor(&["scan", "--fail-on", "low", &clean]).status, 0);
}

#[test]
fn an_alert_budget_shows_at_most_so_many() {
    let dir = recordings();
    let scan = json(&["scan", "--json", "--alert-budget", "0.2/day", &dir]);
    let (threshold, days) = (
        scan["threshold"].as_f64().unwrap(),
        scan["budget"]["days"].as_f64().unwrap(),
    );
    let scores = scan["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["score"].as_f64().unwrap());
    let shown = scores.filter(|s| *s >= threshold).count();
    assert!(
        shown > 0 && shown as f64 <= 0.2 * days,
        "{shown} in {days} days"
    );
}

#[test]
fn since_leaves_earlier_sessions_out() {
    let dir = recordings();
    let all = json(&["scan", "--json", &dir])["summaries"]
        .as_array()
        .unwrap()
        .len();
    let late = json(&["scan", "--json", "--since", "2026-11-10", &dir]);
    let ends = late["summaries"].as_array().unwrap();
    assert!(!ends.is_empty() && ends.len() < all);
    assert!(
        ends.iter()
            .all(|s| s["end"].as_str().is_none_or(|e| e >= "2026-11-10"))
    );
}

#[test]
fn without_a_path_the_home_is_searched() {
    let home = tempfile::tempdir().unwrap();
    let run_empty = run(command(home.path()).arg("scan"));
    assert_eq!(run_empty.status, 2);
    assert!(
        run_empty.err.contains("proctor scan PATH"),
        "{}",
        run_empty.err
    );

    let projects = home.path().join(".claude/projects/p");
    fs::create_dir_all(&projects).unwrap();
    let line = r#"{"type":"user","sessionId":"s","uuid":"u","timestamp":"2026-11-01T10:00:00.000Z","cwd":"/p","message":{"role":"user","content":"hello"}}"#;
    fs::write(projects.join("s.jsonl"), format!("{line}\n")).unwrap();
    fs::write(
        home.path().join(".claude/settings.json"),
        r#"{"cleanupPeriodDays": 7}"#,
    )
    .unwrap();
    let found = run(command(home.path()).args(["scan", "--json"]));
    let scan: Value = serde_json::from_str(&found.out).unwrap();
    assert_eq!(scan["summaries"].as_array().unwrap().len(), 1);
    assert_eq!(scan["retention"][0]["days"], 7);
    assert_eq!(scan["retention"][0]["default"], false);
}

#[test]
fn wrong_words_are_told_apart_and_answered() {
    let dir = recordings();
    for (args, expected) in [
        (
            vec!["scan", "/nowhere/at/all"],
            "cannot read `/nowhere/at/all`",
        ),
        (
            vec!["scan", "--fail-on", "awful", &dir],
            "`awful` is not a severity",
        ),
        (vec!["scan", "--since", "yesterday", &dir], "is not a time"),
        (
            vec!["scan", "--behaviour", "goal-hijak", &dir],
            "did you mean `goal-hijack`?",
        ),
        (
            vec!["scan", "--alert-budget", "many", &dir],
            "such as 5/day",
        ),
        (
            vec!["scan", "--threshold", "7", &dir],
            "not between 0 and 1",
        ),
        (vec!["scan", "--show", "Z9", &dir], "nothing has the handle"),
        (
            vec!["scan", "--report", "/nowhere/r.html", &dir],
            "cannot write `/nowhere/r.html`",
        ),
        (vec!["scan", "--rules", "/nowhere", &dir], "/nowhere"),
        (vec!["explain", "lying"], "is not a behaviour"),
        (vec!["rules", "test", "/nowhere"], "/nowhere"),
    ] {
        let run = proctor(&args);
        assert_eq!(run.status, 2, "{args:?}: {}", run.out);
        assert!(run.err.contains(expected), "{args:?}: {}", run.err);
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    use std::process::Stdio;
    let home = tempfile::tempdir().unwrap();
    let mut child = command(home.path())
        .args(["scan", "-v", "--json", &recordings()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let out = child.wait_with_output().unwrap();
    assert_eq!(
        out.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
}

#[test]
fn a_rule_of_ones_own_is_used() {
    let dir = tempfile::tempdir().unwrap();
    let rule = r#"
title: Counts lines
id: 5f7c2a70-0000-4000-8000-000000000001
status: experimental
logsource: {category: process_creation, product: linux}
detection:
    selection:
        Image|endswith: '/terraform'
    condition: selection
level: high
tags: [proctor.scope-overreach]
"#;
    fs::write(dir.path().join("own.yml"), rule).unwrap();
    let own = dir.path().display().to_string();
    let scan = json(&["scan", "--json", "--rules", &own, &recordings()]);
    let found = scan["findings"].as_array().unwrap().iter().any(|f| {
        f["rule"]["id"]
            .as_str()
            .is_some_and(|id| id.contains("5f7c2a70"))
    });
    assert!(found, "the rule finds the terraform runs");
}
