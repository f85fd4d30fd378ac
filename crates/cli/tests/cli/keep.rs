//! `proctor keep`.

use std::fs;

use super::{command, recordings, run};

#[test]
fn what_was_kept_comes_back_to_the_byte_after_its_harness_deleted_it() {
    let home = tempfile::tempdir().unwrap();
    let projects = home.path().join(".claude/projects/p");
    fs::create_dir_all(&projects).unwrap();
    let story = walkdir::WalkDir::new(recordings())
        .into_iter()
        .filter_map(Result::ok)
        .find(|e| e.path().to_string_lossy().contains("claude-code") && e.file_type().is_file())
        .unwrap();
    let file = projects.join("s.jsonl");
    fs::copy(story.path(), &file).unwrap();
    let before = fs::read(&file).unwrap();

    let kept = run(command(home.path()).arg("keep"));
    assert_eq!(kept.status, 0, "{}", kept.err);
    assert!(kept.out.contains("1 new"), "{}", kept.out);
    let scan = || {
        let scanned = run(command(home.path()).args(["scan", "--json"]));
        assert_eq!(scanned.status, 0, "{}", scanned.err);
        let report: serde_json::Value = serde_json::from_str(&scanned.out).unwrap();
        let summary = |key: &str| report["read"][key].as_u64().unwrap();
        (
            summary("recordings"),
            summary("archived"),
            summary("events"),
        )
    };
    let (recordings, archived, events) = scan();
    assert_eq!(
        (recordings, archived),
        (1, 0),
        "what is there is not read twice"
    );
    fs::remove_file(&file).unwrap();
    assert_eq!(
        scan(),
        (1, 1, events),
        "what is gone is read from the archive"
    );

    let back = home.path().join("back");
    let restored = run(command(home.path()).args(["keep", "--restore"]).arg(&back));
    assert_eq!(restored.status, 0, "{}", restored.err);
    let found = walkdir::WalkDir::new(&back)
        .into_iter()
        .filter_map(Result::ok)
        .find(|e| e.file_type().is_file())
        .unwrap();
    assert_eq!(fs::read(found.path()).unwrap(), before);

    let again = run(command(home.path()).args(["keep", "--restore"]).arg(&back));
    assert_eq!(again.status, 0, "{}", again.err);
    assert!(again.out.contains("0 recordings restored"), "{}", again.out);
    assert!(again.out.contains("1 were there already"), "{}", again.out);
    assert_eq!(fs::read(found.path()).unwrap(), before, "untouched");

    let none = run(command(home.path()).args(["keep", "--list", "--to", "/nonexistent/archive"]));
    assert_eq!(none.status, 2);
    assert!(none.err.contains("no archive"), "{}", none.err);
    assert!(!std::path::Path::new("/nonexistent").exists());
}

#[test]
fn a_transcript_that_changed_its_past_is_named() {
    let home = tempfile::tempdir().unwrap();
    let projects = home.path().join(".claude/projects/p");
    fs::create_dir_all(&projects).unwrap();
    let line = |text: &str| {
        format!(
            r#"{{"type":"user","sessionId":"s","uuid":"{text}","timestamp":"2026-11-01T10:00:00.000Z","cwd":"/p","message":{{"role":"user","content":"{text}"}}}}"#
        ) + "\n"
    };
    let file = projects.join("s.jsonl");
    fs::write(&file, line("one") + &line("two")).unwrap();
    run(command(home.path()).arg("keep"));
    fs::write(&file, line("one") + &line("another") + &line("three")).unwrap();
    let kept = run(command(home.path()).arg("keep"));
    assert!(kept.out.contains("1 changed in their past"), "{}", kept.out);
    assert!(kept.out.contains("s.jsonl"), "{}", kept.out);
}
