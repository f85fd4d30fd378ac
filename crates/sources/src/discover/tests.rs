use std::fs;

use proctor_model::{Harness, SessionId};

use super::*;

const LINE: &str = r#"{"type":"user","uuid":"u1","parentUuid":null,"sessionId":"s1","timestamp":"2026-01-02T03:04:05Z","message":{"role":"user","content":"hi"}}"#;

fn paths(found: &Discovery) -> Vec<PathBuf> {
    found.recordings.iter().map(|r| r.path.clone()).collect()
}

#[test]
fn recordings_are_found_and_the_rest_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    fs::create_dir_all(root.join("b/deep")).unwrap();
    fs::write(root.join("b/deep/one.anything"), LINE).unwrap();
    fs::write(root.join("a.jsonl"), format!("{LINE}\n")).unwrap();
    fs::write(root.join("notes.txt"), "hello").unwrap();
    fs::write(root.join("empty.jsonl"), "").unwrap();
    let found = discover(&[root.to_owned()]);
    assert_eq!(
        paths(&found),
        [root.join("a.jsonl"), root.join("b/deep/one.anything")]
    );
    assert_eq!((found.ignored, found.ignored_bytes), (2, 5));
    assert_eq!(found.gaps, []);
    let one = &found.recordings[0];
    assert_eq!(one.harness, Harness::ClaudeCode);
    assert_eq!(one.session, Some(SessionId::new("claude-code:s1")));
    assert_eq!(one.started, Some("2026-01-02T03:04:05Z".parse().unwrap()));
    assert_eq!(one.bytes, LINE.len() as u64 + 1);
    assert!(one.modified.is_some());
}

#[test]
fn the_order_of_the_paths_does_not_matter() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    fs::create_dir_all(root.join("x")).unwrap();
    for name in ["x/1.jsonl", "x/2.jsonl", "y.jsonl"] {
        fs::write(root.join(name), LINE).unwrap();
    }
    let mut given = vec![
        root.join("x/2.jsonl"),
        root.to_owned(),
        root.join("x"),
        root.join("./y.jsonl"),
    ];
    let forward = discover(&given);
    given.reverse();
    assert_eq!(forward, discover(&given));
    assert_eq!(forward.recordings.len(), 3);
}

#[test]
fn what_is_not_there_is_a_gap() {
    let found = discover(&[PathBuf::from("/nowhere/at/all")]);
    assert_eq!(found.gaps.len(), 1);
    assert_eq!(found.gaps[0].1.cause, GapCause::Missing);
}

#[test]
fn text_in_utf16_is_a_gap() {
    let dir = tempfile::tempdir().unwrap();
    let bytes: Vec<u8> = [0xfeff_u16]
        .into_iter()
        .chain(LINE.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    fs::write(dir.path().join("a.jsonl"), bytes).unwrap();
    let found = discover(&[dir.path().to_owned()]);
    assert_eq!(found.gaps[0].1.cause, GapCause::InvalidText);
    assert_eq!(found.ignored, 1);
}

#[cfg(unix)]
#[test]
fn links_are_followed_once_and_never_back_up() {
    use std::os::unix::fs::symlink;

    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    let outside = dir.path().join("outside");
    fs::create_dir_all(root.join("sub")).unwrap();
    fs::create_dir_all(&outside).unwrap();
    fs::write(root.join("sub/a.jsonl"), LINE).unwrap();
    fs::hard_link(root.join("sub/a.jsonl"), root.join("sub/b.jsonl")).unwrap();
    fs::write(outside.join("c.jsonl"), LINE).unwrap();
    symlink(&outside, root.join("zlink")).unwrap();
    symlink(&outside, root.join("zlink2")).unwrap();
    symlink(root.join("sub/a.jsonl"), root.join("zz.jsonl")).unwrap();
    symlink(&root, root.join("sub/loop")).unwrap();
    symlink("/proc", root.join("proc")).unwrap();
    symlink(root.join("self"), root.join("self")).unwrap();
    let found = discover(std::slice::from_ref(&root));
    assert_eq!(
        paths(&found),
        [root.join("sub/a.jsonl"), root.join("zlink/c.jsonl")]
    );
    let gaps: Vec<_> = found.gaps.iter().map(|(path, _)| path.clone()).collect();
    assert_eq!(gaps, [root.join("self"), root.join("sub/loop")]);
    assert_eq!(found.ignored, 0);
}

#[cfg(unix)]
#[test]
fn two_directories_that_link_to_each_other_end() {
    use std::os::unix::fs::symlink;

    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    for (from, to) in [("a", "b"), ("b", "a")] {
        fs::create_dir_all(root.join(from)).unwrap();
        for i in 0..20 {
            symlink(root.join(to), root.join(from).join(format!("l{i}"))).unwrap();
        }
    }
    fs::write(root.join("b/x.jsonl"), LINE).unwrap();
    let found = discover(&[root.to_owned()]);
    assert_eq!(found.recordings.len(), 1);
}

#[cfg(unix)]
#[test]
fn pipes_are_not_opened() {
    let dir = tempfile::tempdir().unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(dir.path().join("pipe"))
        .status();
    if !made.is_ok_and(|status| status.success()) {
        return;
    }
    assert_eq!(discover(&[dir.path().to_owned()]), Discovery::default());
}

#[test]
fn homes_of_known_harnesses_are_listed() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    for place in [
        ".claude/projects",
        ".codex/sessions",
        "other/sessions",
        "cc/projects",
    ] {
        fs::create_dir_all(home.join(place)).unwrap();
    }
    assert_eq!(
        recordings_of(home, |_| None),
        [home.join(".claude/projects"), home.join(".codex/sessions")]
    );
    let env = |name: &str| match name {
        "CODEX_HOME" => Some(home.join("other")),
        "CLAUDE_CONFIG_DIR" => Some(home.join("cc")),
        _ => None,
    };
    assert_eq!(
        recordings_of(home, env),
        [
            home.join(".claude/projects"),
            home.join("cc/projects"),
            home.join("other/sessions")
        ]
    );
}

#[test]
fn retention_is_the_managed_one_the_users_or_the_default() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    let user = home.join(".claude/settings.json");
    let managed = home.join("managed.json");
    fs::create_dir_all(home.join(".claude")).unwrap();
    let retention = || retention_of(home, std::slice::from_ref(&managed), |_| None);
    let expect = |days, place: &PathBuf, default| Retention {
        days,
        place: place.clone(),
        default,
    };
    assert_eq!(retention(), expect(30, &user, true));
    fs::write(&user, r#"{"cleanupPeriodDays": 7}"#).unwrap();
    assert_eq!(retention(), expect(7, &user, false));
    fs::write(&managed, r#"{"cleanupPeriodDays": 365}"#).unwrap();
    assert_eq!(retention(), expect(365, &managed, false));
    fs::write(&managed, "not json").unwrap();
    assert_eq!(retention(), expect(7, &user, false));
}
