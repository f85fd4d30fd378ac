use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use proctor_model::Event;
use proptest::prelude::*;

use super::*;
use crate::testing::{outline, read_path};

fn line(text: &str) -> String {
    format!(
        "{{\"type\":\"user\",\"uuid\":\"{text}\",\"sessionId\":\"S\",\"message\":{{\"role\":\"user\",\"content\":\"{text}\"}}}}\n"
    )
}

fn append(path: &Path, bytes: impl AsRef<[u8]>) {
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap();
    file.write_all(bytes.as_ref()).unwrap();
}

/// What a poll gives out, without the note that begins a session.
fn poll(follower: &mut Follower) -> Vec<String> {
    let mut events: Vec<Event> = Vec::new();
    follower.poll(&mut |event: Event, _: &[u8]| events.push(event));
    let mut lines = outline(&events);
    lines.retain(|line| !line.starts_with("==") && !line.starts_with("note"));
    lines
}

fn said(texts: &[&str]) -> Vec<String> {
    texts
        .iter()
        .map(|text| format!("User/Person: {text}"))
        .collect()
}

#[test]
fn records_come_when_their_line_has_ended() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("S.jsonl");
    let mut follower = Follower::open(&path);
    assert!(
        poll(&mut follower).is_empty(),
        "a file that is not there yet"
    );
    append(&path, line("one"));
    assert_eq!(poll(&mut follower), said(&["one"]));
    assert!(poll(&mut follower).is_empty());
    let two = line("two");
    let (begin, end) = two.split_at(20);
    append(&path, begin);
    assert!(poll(&mut follower).is_empty());
    append(&path, end);
    append(&path, line("three"));
    assert_eq!(poll(&mut follower), said(&["two", "three"]));
    append(&path, line("four").trim_end());
    assert!(poll(&mut follower).is_empty());
    let mut last = Vec::new();
    follower.finish(&mut |event: Event, _: &[u8]| last.push(event));
    assert_eq!(outline(&last)[1..], said(&["four"]));
    assert_eq!(last[0].seq, 4, "one note and three messages came before");
}

#[test]
fn new_files_of_a_directory_are_picked_up() {
    let dir = tempfile::tempdir().unwrap();
    let mut follower = Follower::open(dir.path());
    assert!(poll(&mut follower).is_empty());
    append(&dir.path().join("notes.txt"), "no recording");
    append(&dir.path().join("a.jsonl"), line("a"));
    append(&dir.path().join("late.jsonl"), "");
    assert_eq!(poll(&mut follower), said(&["a"]));
    append(&dir.path().join("late.jsonl"), line("late"));
    append(&dir.path().join("a.jsonl"), line("b"));
    assert_eq!(poll(&mut follower), said(&["b", "late"]));
}

#[test]
fn a_file_that_shrinks_is_told_and_followed_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("S.jsonl");
    append(&path, line("one") + &line("two") + &line("three"));
    let mut follower = Follower::open(&path);
    poll(&mut follower);
    let keep = line("one").len() as u64;
    OpenOptions::new()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(keep)
        .unwrap();
    let gap = poll(&mut follower);
    assert_eq!(gap.len(), 1);
    assert!(gap[0].starts_with("gap Shrunk: "), "{gap:?}");
    append(&path, line("four"));
    assert_eq!(poll(&mut follower), said(&["four"]));
}

#[test]
fn a_file_that_shrinks_and_grows_between_polls_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("S.jsonl");
    append(&path, line("one") + &line("two"));
    let mut follower = Follower::open(&path);
    poll(&mut follower);
    let keep = line("one").len() as u64;
    OpenOptions::new()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(keep)
        .unwrap();
    append(&path, line("six") + &line("seven"));
    let lines = poll(&mut follower);
    assert!(lines[0].starts_with("gap Rewritten: "), "{lines:?}");
    assert_eq!(lines[1..], said(&["six", "seven"]));
}

#[test]
fn a_file_that_is_replaced_is_told_and_only_what_is_new_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("S.jsonl");
    append(&path, line("one") + &line("two") + &line("three"));
    let mut follower = Follower::open(&path);
    poll(&mut follower);
    // As an editor does it, and with a line taken out.
    let other = dir.path().join("other");
    append(&other, line("one") + &line("three") + &line("four"));
    fs::rename(&other, &path).unwrap();
    let lines = poll(&mut follower);
    assert!(lines[0].starts_with("gap Replaced: "), "{lines:?}");
    assert_eq!(lines[1..], said(&["four"]));
}

#[test]
fn a_change_long_ago_is_found_in_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("S.jsonl");
    let filler = "x".repeat(1 << 20);
    append(&path, line("one"));
    for i in 0..10 {
        append(&path, line(&format!("{filler}{i}")));
    }
    let mut follower = Follower::open(&path);
    poll(&mut follower);
    let mut file = OpenOptions::new().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(6 << 20)).unwrap();
    file.write_all(b"y").unwrap();
    drop(file);
    let mut polls = 0;
    let lines = loop {
        append(&path, line(&format!("more {polls}")));
        let lines = poll(&mut follower);
        polls += 1;
        if lines.iter().any(|line| line.starts_with("gap")) {
            break lines;
        }
        assert!(polls < 10);
    };
    assert!(polls <= 3, "{polls}");
    let (from, _) = lines[0]
        .strip_prefix("gap Rewritten: the bytes from ")
        .and_then(|rest| rest.split_once(' '))
        .unwrap();
    assert!(from.parse::<usize>().unwrap() <= 6 << 20);
    assert_eq!(lines.len(), 3, "the changed line and the new one");
    append(&path, line("after"));
    assert_eq!(poll(&mut follower), said(&["after"]));
}

#[test]
fn a_file_that_goes_away_is_told_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("S.jsonl");
    append(&path, line("one"));
    let mut follower = Follower::open(&path);
    poll(&mut follower);
    fs::remove_file(&path).unwrap();
    let lines = poll(&mut follower);
    assert!(lines[0].starts_with("gap Missing: "), "{lines:?}");
    assert!(poll(&mut follower).is_empty());
    append(&path, line("one") + &line("two"));
    let lines = poll(&mut follower);
    assert_eq!(lines.last(), said(&["two"]).last());
}

/// Lines as they may stand in a session file, whole and broken.
fn session() -> impl Strategy<Value = Vec<u8>> {
    let one = prop_oneof![
        4 => "[a-z]{1,8}".prop_map(|text| line(&text).into_bytes()),
        1 => Just(b"\n".to_vec()),
        1 => Just(b"{broken\n".to_vec()),
        1 => Just(b"{\"type\":\"mode\",\"sessionId\":\"S\"}\r\n".to_vec()),
        1 => Just(b"\0\0\n".to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..20),
    ];
    let head = Just(line("head").into_bytes());
    (head, proptest::collection::vec(one, 0..12)).prop_map(|(head, lines)| {
        head.into_iter()
            .chain(lines.into_iter().flatten())
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn following_a_file_gives_the_events_of_the_whole(bytes in session(), cuts in proptest::collection::vec(any::<prop::sample::Index>(), 1..4)) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("S.jsonl");
        fs::write(&path, &bytes).unwrap();
        let (whole, report) = read_path(Harness::ClaudeCode, path.clone());

        fs::write(&path, b"").unwrap();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.sort_unstable();
        let mut followed: Vec<Event> = Vec::new();
        let mut follower = Follower::open(&path);
        let mut sum = ReadReport::default();
        let mut from = 0;
        for cut in cuts {
            append(&path, &bytes[from..cut]);
            from = cut;
            sum.add(follower.poll(&mut |event: Event, _: &[u8]| followed.push(event)));
        }
        append(&path, &bytes[from..]);
        sum.add(follower.finish(&mut |event: Event, _: &[u8]| followed.push(event)));
        prop_assert_eq!(followed, whole);
        prop_assert_eq!(sum, report);
    }
}
