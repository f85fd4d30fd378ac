//! The binary: its words, its exit status.

use std::path::Path;
use std::process::{Command, Output};

use proctor_ledger::Key;

use crate::support::{SECRET, recorded, remember};

fn run(args: &[&str], path: &Path) -> (Output, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_proctor-verify"));
    let output = command.args(args).arg(path).output().unwrap();
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    (output, text)
}

#[test]
fn says_what_is_proven_withheld_missing_and_anchored() {
    let dir = tempfile::tempdir().unwrap();
    let made = recorded(&dir.path().join("log"));
    let file = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let text = made.bundle().to_text().unwrap();
    let path = file("bundle", text.as_bytes());

    let (output, said) = run(&[], &path);
    assert_eq!(output.status.code(), Some(0), "{said}");
    for expected in [
        "verdict    all proven",
        "self-signed, unwitnessed",
        "withheld   17 bytes of 1 entries",
        "17 of 46 bytes, at 22-39; its maker says \"a password\"",
        "source     source 7: 6 entries, numbers 1 to 6, claimed whole up to there",
        "\"s-1\", statement 1 (entry 14): every entry that it counts is here",
        "unchecked  a signature of \"witness.example\"",
    ] {
        assert!(said.contains(expected), "{expected} in\n{said}");
    }
    assert!(!said.contains(SECRET));

    let checkpoint = file("checkpoint", remember(&made.log).to_string().as_bytes());
    let witnesses = file(
        "witnesses",
        format!("{}\n", made.witness.public()).as_bytes(),
    );
    let key = made.log.key().to_string();
    let (checkpoint, witnesses) = (checkpoint.to_str().unwrap(), witnesses.to_str().unwrap());
    let args = [
        "--checkpoint",
        checkpoint,
        "--witness",
        witnesses,
        "--key",
        &key,
    ];
    let (output, said) = run(&args, &path);
    assert_eq!(output.status.code(), Some(0), "{said}");
    for expected in [
        "a key that you know",
        "that you remember, of 16 entries: 9 of the 9 here",
        "on 2027-01-15T08:00:00Z, at 15 entries: 9 of the 9 here",
    ] {
        assert!(said.contains(expected), "{expected} in\n{said}");
    }

    let foreign = Key::generate("example.com/log")
        .unwrap()
        .public()
        .to_string();
    let (output, said) = run(&["--key", &foreign, "--json"], &path);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let report: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(report["faults"][0]["fault"], "foreign-key");
    assert_eq!(report["proven"], false);

    let changed = file(
        "changed",
        text.replace("a password", "a passport").as_bytes(),
    );
    let (output, said) = run(&[], &changed);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said.contains("FAULT      the file was changed since it was written"),
        "{said}"
    );
}

#[test]
fn what_cannot_be_read_is_no_verdict() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bundle");
    for (args, expected) in [
        (&[] as &[&str], "cannot read"),
        (&["--else"], "unknown option"),
        (&["--key", "no-key"], "cannot read `no-key`"),
        (&["other"], "more than one bundle"),
    ] {
        let (output, said) = run(args, &path);
        assert_eq!((output.status.code(), said.as_str()), (Some(2), ""));
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(expected), "{error}");
    }
    std::fs::write(&path, "{}\n").unwrap();
    let (output, _) = run(&[], &path);
    assert_eq!(output.status.code(), Some(2));
}
