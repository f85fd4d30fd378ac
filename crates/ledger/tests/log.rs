//! The log as its callers use it: append, read, prove, erase, drop, hand over, verify.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may fail loudly"
)]

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use proctor_ledger::{
    Anchor, Anchors, Depth, Disk, Entry, Error, Key, Kind, Log, Options, Payload, Proof, Target,
    Trouble, Verdict, verify,
};
use proctor_model::Vantage;

const KIND: Kind = Kind(20);

fn quiet() -> Options {
    Options {
        origin: Some("example.com/log".to_owned()),
        publish_every: None,
        ..Options::default()
    }
}

fn open(dir: &Path) -> Log {
    Log::open(dir, quiet()).unwrap().0
}

fn entry(source: u64, raw: &str) -> Entry {
    Entry {
        vantage: Vantage::Said,
        kind: KIND,
        source,
        source_sequence: None,
        payload: Payload::new(raw).unwrap(),
    }
}

fn check(dir: &Path, anchors: &Anchors) -> Verdict {
    verify(&Disk, dir, anchors, Depth::Everything).unwrap()
}

#[test]
fn what_is_appended_is_there_and_proven() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let mut headers = Vec::new();
    for number in 0..600 {
        let raw = format!("{{\"n\":{number},\"text\":\"hello\"}}");
        headers.push((log.append(entry(number % 3 + 1, &raw)).unwrap(), raw));
    }
    let (checkpoint, note) = log.checkpoint().unwrap();
    assert_eq!(checkpoint.size, 601);
    assert!(log.key().verify(&note).is_some());
    for (header, raw) in &headers {
        assert_eq!(log.header(header.sequence).unwrap(), *header);
        let payload = log.payload(header.sequence).unwrap();
        assert!(payload.proves(&header.payload));
        assert_eq!(payload.raw().unwrap(), raw.as_bytes());
        let proof = log.prove_inclusion(header.sequence, 601).unwrap();
        assert!(proof.includes(header, &checkpoint));
        assert!(Proof::decode(&proof.encode()).unwrap() == proof);
    }
    log.publish().unwrap();
    let verdict = check(dir.path(), &Anchors::default());
    assert_eq!(verdict.faults, []);
    assert!(verdict.is_complete() && !verdict.is_anchored());
    assert_eq!(verdict.checkpoint, checkpoint);
    drop(log);
    let (log, opened) = Log::open(dir.path(), quiet()).unwrap();
    assert_eq!(opened, Default::default());
    assert_eq!(log.len(), 601);
    let header = log.append(entry(1, "more")).unwrap();
    assert_eq!((header.sequence, header.source_sequence), (601, 201));
    let (later, _) = log.checkpoint().unwrap();
    let proof = log.prove_consistency(601, 602).unwrap();
    assert!(proof.extends(&checkpoint, &later));
    for (header, _) in &headers {
        let proof = log.prove_inclusion(header.sequence, 602).unwrap();
        assert!(proof.includes(header, &later));
    }
}

#[test]
fn many_threads_and_small_segments() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        segment_bytes: 4096,
        ..quiet()
    };
    let log = Arc::new(Log::open(dir.path(), options.clone()).unwrap().0);
    let threads: Vec<_> = (1..=8)
        .map(|source| {
            let log = log.clone();
            std::thread::spawn(move || {
                for number in 0..100 {
                    let raw = format!("[\"{}\",{number}]", "shared text ".repeat(20));
                    let header = log.append(entry(source, &raw)).unwrap();
                    assert_eq!(header.source_sequence, number + 1);
                    let found = log.raw(header.sequence).unwrap().unwrap();
                    assert_eq!(found, raw.as_bytes());
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    log.publish().unwrap();
    let verdict = check(dir.path(), &Anchors::default());
    assert_eq!(verdict.faults, []);
    assert_eq!((verdict.checkpoint.size, verdict.sources), (801, 9));
    assert_eq!((verdict.holes.len(), verdict.gaps.len()), (0, 0));
    let segments = std::fs::read_dir(dir.path().join("journal"))
        .unwrap()
        .count();
    assert!(segments > 4);
    drop(log);
    let log = Log::open(dir.path(), options).unwrap().0;
    assert_eq!(log.last_of(8), 100);
    for sequence in 1..801 {
        assert!(
            log.raw(sequence)
                .unwrap()
                .unwrap()
                .starts_with(b"[\"shared")
        );
    }
}

#[test]
fn a_second_process_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    assert!(matches!(
        Log::open(dir.path(), quiet()),
        Err(Error::InUse(_))
    ));
    drop(log);
    open(dir.path());
}

#[test]
fn the_key_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    log.hand_over().unwrap();
    let mode = |name: &str| {
        let meta = std::fs::metadata(dir.path().join(name)).unwrap();
        meta.permissions().mode() & 0o777
    };
    assert_eq!(mode("key"), 0o600);
    assert_eq!(mode("journal/00000000000000000000.seg"), 0o600);
}

#[test]
fn numbers_left_out_become_a_signed_gap() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let numbered = |number| Entry {
        source_sequence: Some(number),
        ..entry(7, "x")
    };
    log.append(numbered(1)).unwrap();
    let header = log.append(numbered(5)).unwrap();
    assert_eq!(header.sequence, 3, "the gap stands before it");
    assert!(matches!(
        log.append(numbered(5)),
        Err(Error::OutOfOrder { next: 6, .. })
    ));
    let gap = log.header(2).unwrap();
    assert_eq!(
        (gap.kind, gap.source, gap.source_sequence),
        (Kind::GAP, 7, 4)
    );
    log.publish().unwrap();
    let verdict = check(dir.path(), &Anchors::default());
    assert!(verdict.is_complete());
    let gap = &verdict.gaps[0];
    assert_eq!((gap.source, gap.first, gap.last), (7, 2, 4));
    let refused = Entry {
        kind: Kind::ERASURE,
        ..entry(1, "x")
    };
    assert!(matches!(log.append(refused), Err(Error::ReservedKind(4))));
}

/// A conversation that is sent again with every request is stored once: twice the turns take twice
/// the room.
#[test]
fn a_growing_conversation_grows_linearly() {
    let size = |turns: usize| {
        let dir = tempfile::tempdir().unwrap();
        let log = open(dir.path());
        let mut messages = Vec::new();
        let mut last = String::new();
        let mut state = 1_u64;
        for turn in 0..turns {
            // Text that does not compress, as new content.
            let text: String = (0..16)
                .map(|_| {
                    state = state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1);
                    format!("{state:016x}")
                })
                .collect();
            messages.push(format!(
                "{{\"role\":\"user\",\"content\":\"{turn} {text}\"}}"
            ));
            last = format!("{{\"model\":\"m\",\"messages\":[{}]}}", messages.join(","));
            log.append(entry(1, &last)).unwrap();
        }
        let length = log.len();
        assert_eq!(log.raw(length - 1).unwrap().unwrap(), last.as_bytes());
        let middle = log.raw(length / 2).unwrap().unwrap();
        assert!(last.as_bytes().starts_with(&middle[..middle.len() - 2]));
        let file = dir.path().join("journal/00000000000000000000.seg");
        std::fs::metadata(file).unwrap().len() as f64
    };
    let (half, whole) = (size(100), size(200));
    assert!(whole / half < 2.2, "{half} bytes, then {whole}");
    assert!(whole < 200.0 * 1000.0, "{whole} bytes for 200 turns of 300");
}

/// After an erasure nothing of the bytes is stored anywhere, every proof still holds, and the rest
/// can be read; also where the bytes were repeated by later entries.
#[test]
fn erased_bytes_are_gone_everywhere() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let secret =
        "{\"role\":\"user\",\"content\":\"my password is swordfish, do not tell anyone at all\"}";
    let other =
        "{\"role\":\"assistant\",\"content\":\"I will certainly not tell anybody about that\"}";
    let first = log.append(entry(1, &format!("[{secret}]"))).unwrap();
    let second = log
        .append(entry(1, &format!("[{secret},{other}]")))
        .unwrap();
    log.append(entry(1, "unrelated")).unwrap();
    let targets = log.find(b"swordfish").unwrap();
    assert_eq!(targets.iter().map(|t| t.entry).collect::<Vec<_>>(), [1, 2]);
    let record = log.erase(&targets, "asked by its owner").unwrap();
    assert_eq!(record.kind, Kind::ERASURE);
    assert!(log.find(b"swordfish").unwrap().is_empty());
    for header in [first, second] {
        let left = log.payload(header.sequence).unwrap();
        assert!(left.proves(&header.payload));
        assert_eq!(left.hidden().len(), 1);
        assert!(left.spans().iter().any(|span| span.bytes == b"\"user\""));
    }
    assert_eq!(log.raw(3).unwrap().unwrap(), b"unrelated");
    // Decompressed and laid out by the log's own readers above; here the files as they are.
    log.publish().unwrap();
    for path in files_below(dir.path()) {
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(9).any(|w| w == b"swordfish"), "{path:?}");
    }
    let verdict = check(dir.path(), &Anchors::default());
    assert_eq!(verdict.faults, []);
    assert_eq!(verdict.erased, 2);
    assert!(matches!(
        log.erase(
            &[Target {
                entry: 0,
                ranges: vec![Range { start: 0, end: 1 }]
            }],
            ""
        ),
        Err(Error::Reserved(0))
    ));
    drop(log);
    let log = open(dir.path());
    assert_eq!(log.payload(2).unwrap().hidden().len(), 1);
}

fn files_below(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            out.extend(files_below(&path));
        } else {
            out.push(path);
        }
    }
    out
}

#[test]
fn dropped_payloads_leave_headers_and_proofs() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        segment_bytes: 2000,
        ..quiet()
    };
    let log = Log::open(dir.path(), options).unwrap().0;
    for number in 0..60 {
        log.append(entry(1, &format!("entry {number}"))).unwrap();
        if number == 7 {
            let said = Entry {
                vantage: Vantage::Own,
                ..entry(0, "said by the keeper")
            };
            log.append(said).unwrap();
        }
    }
    let own = 9;
    let header = log
        .drop_payloads(30, "older than the policy")
        .unwrap()
        .unwrap();
    assert_eq!(header.kind, Kind::RETENTION);
    assert!(matches!(log.payload(5), Err(Error::Dropped(5))));
    assert_eq!(log.payload_len(5).unwrap(), "entry 4".len() as u64);
    assert!(log.payload(0).is_ok(), "the ledger's own stay");
    assert_eq!(log.raw(own).unwrap().unwrap(), b"said by the keeper");
    assert_eq!(log.payload_len(own).unwrap(), 18);
    assert!(log.payload(59).is_ok());
    log.publish().unwrap();
    let verdict = check(dir.path(), &Anchors::default());
    assert_eq!(verdict.faults, []);
    assert!(verdict.dropped > 5);
    let (checkpoint, _) = log.checkpoint().unwrap();
    let proof = log.prove_inclusion(5, checkpoint.size).unwrap();
    assert!(proof.includes(&log.header(5).unwrap(), &checkpoint));
    assert!(log.drop_payloads(1, "").unwrap().is_none());
}

#[test]
fn a_key_hands_over_and_the_old_one_still_anchors() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let old = log.key();
    log.append(entry(1, "before")).unwrap();
    log.hand_over().unwrap();
    let new = log.key();
    assert_ne!(old, new);
    log.append(entry(1, "after")).unwrap();
    drop(log);
    let log = open(dir.path());
    assert_eq!(log.key(), new);
    log.hand_over().unwrap();
    drop(log);
    let log = open(dir.path());
    log.publish().unwrap();
    for key in [old, new, log.key()] {
        let anchors = Anchors {
            keys: vec![key.clone()],
            ..Anchors::default()
        };
        let verdict = check(dir.path(), &anchors);
        assert_eq!(verdict.faults, []);
        assert_eq!(verdict.anchors, [Anchor::OwnKey(key)]);
        assert_eq!(verdict.keys.len(), 3);
    }
}

#[test]
fn a_witness_anchors_and_a_stranger_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let witness = Key::generate("witness.example").unwrap().into_witness();
    let (checkpoint, mut note) = log.checkpoint().unwrap();
    assert!(log.add_cosignature(&note, witness.public()).is_err());
    note.add(witness.cosign(note.text(), 1_800_000_000));
    log.add_cosignature(&note, witness.public()).unwrap();
    log.append(entry(1, "x")).unwrap();
    log.publish().unwrap();
    let anchors = Anchors {
        witnesses: vec![witness.public().clone()],
        ..Anchors::default()
    };
    let verdict = check(dir.path(), &anchors);
    assert_eq!(verdict.faults, []);
    assert_eq!(
        verdict.anchors,
        [Anchor::Witness {
            key: witness.public().clone(),
            size: checkpoint.size,
            time: 1_800_000_000
        }]
    );
    let stranger = Anchors {
        keys: vec![Key::generate("example.com/log").unwrap().public().clone()],
        ..Anchors::default()
    };
    let verdict = check(dir.path(), &stranger);
    assert_eq!(verdict.faults[0].trouble, Trouble::ForeignKey);
}
