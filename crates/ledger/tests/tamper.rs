//! Everything that somebody could do to a log on disk: each is caught and named, with the anchor
//! that it needs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may fail loudly"
)]

use std::fs;
use std::path::{Path, PathBuf};

use proctor_ledger::{
    Anchor, Anchors, Depth, Disk, Entry, Error, Header, Key, Kind, Log, Note, Options, Payload,
    Trouble, Verdict, verify,
};
use proctor_model::Vantage;
use tempfile::TempDir;

const SEGMENT: &str = "journal/00000000000000000000.seg";
/// Bytes of a frame's beginning and of its end.
const HEAD: usize = 24;
const FOOT: usize = 100;

fn options() -> Options {
    Options {
        origin: Some("example.com/log".to_owned()),
        publish_every: None,
        ..Options::default()
    }
}

fn entry(raw: &str) -> Entry {
    Entry {
        vantage: Vantage::Said,
        kind: Kind(16),
        source: 1,
        source_sequence: None,
        payload: Payload::new(raw).unwrap(),
    }
}

/// A log of six entries in six commits, and what strangers know of it.
struct Victim {
    dir: TempDir,
    own: Anchors,
    remembered: Anchors,
    witnessed: Anchors,
}

impl Victim {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::open(dir.path(), options()).unwrap().0;
        for raw in ["{\"pin\":1234}", "second", "third", "fourth", "fifth"] {
            log.append(entry(raw)).unwrap();
        }
        log.publish().unwrap();
        let note = log.checkpoint().unwrap().1;
        let witness = Key::generate("witness.example").unwrap().into_witness();
        let mut cosigned = note.clone();
        cosigned.add(witness.cosign(note.text(), 1_800_000_000));
        let own = Anchors {
            keys: vec![log.key()],
            ..Anchors::default()
        };
        Self {
            dir,
            own,
            remembered: Anchors {
                remembered: vec![note],
                ..Anchors::default()
            },
            // A cosigned checkpoint as the witness, or somebody who asked it, hands it out.
            witnessed: Anchors {
                remembered: vec![cosigned],
                witnesses: vec![witness.public().clone()],
                ..Anchors::default()
            },
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn check(&self, anchors: &Anchors) -> Verdict {
        verify(&Disk, self.dir.path(), anchors, Depth::Everything).unwrap()
    }

    fn troubles(&self, anchors: &Anchors) -> Vec<Trouble> {
        let mut all: Vec<_> = self
            .check(anchors)
            .faults
            .iter()
            .map(|f| f.trouble)
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The frames of the journal, each with its bytes.
    fn frames(&self) -> Vec<Vec<u8>> {
        let bytes = fs::read(self.path(SEGMENT)).unwrap();
        let mut at = 28;
        let mut out = Vec::new();
        while at < bytes.len() {
            let length = u32::from_be_bytes(bytes[at + 4..at + 8].try_into().unwrap()) as usize;
            out.push(bytes[at..at + length].to_vec());
            at += length;
        }
        out
    }

    fn put_frames(&self, frames: &[Vec<u8>]) {
        let head = fs::read(self.path(SEGMENT)).unwrap()[..28].to_vec();
        fs::write(self.path(SEGMENT), [head, frames.concat()].concat()).unwrap();
    }
}

/// Makes a changed frame of one entry whole again, as who knows the format would.
fn seal(frame: &mut [u8]) {
    let length = frame.len() as u32;
    frame[4..8].copy_from_slice(&length.to_be_bytes());
    let head = crc32c::crc32c(&frame[..20]).to_be_bytes();
    frame[20..24].copy_from_slice(&head);
    let end = frame.len() - 4;
    let all = crc32c::crc32c(&frame[..end]).to_be_bytes();
    frame[end..].copy_from_slice(&all);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).unwrap() {
        let path = item.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for item in fs::read_dir(dir).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() {
            out.extend(files(&path));
        } else {
            out.push(path);
        }
    }
    out
}

#[test]
fn untouched() {
    let victim = Victim::new();
    for (anchors, count) in [
        (&Anchors::default(), 0),
        (&victim.own, 1),
        (&victim.remembered, 1),
        (&victim.witnessed, 2),
    ] {
        let verdict = victim.check(anchors);
        assert_eq!(verdict.faults, []);
        assert_eq!(verdict.anchors.len(), count);
    }
    let witnessed = victim.check(&victim.witnessed);
    assert!(matches!(
        witnessed.anchors[1],
        Anchor::Witness { size: 6, .. }
    ));
}

/// Every byte of every file, flipped: the verifier names it, or for the key the log refuses to
/// open. No anchor needed.
#[test]
fn any_flipped_byte_of_any_file() {
    let victim = Victim::new();
    let mut count = 0;
    for path in files(victim.dir.path()) {
        let good = fs::read(&path).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x01;
            fs::write(&path, &bad).unwrap();
            count += 1;
            if path.ends_with("key") {
                assert!(
                    Log::open(victim.dir.path(), options()).is_err(),
                    "byte {at} of the key"
                );
            } else {
                let verdict = victim.check(&Anchors::default());
                assert!(!verdict.is_unchanged(), "byte {at} of {path:?}");
            }
        }
        fs::write(&path, &good).unwrap();
    }
    assert!(count > 2000);
}

#[test]
fn truncated_at_any_byte() {
    let victim = Victim::new();
    let good = fs::read(victim.path(SEGMENT)).unwrap();
    for length in 0..good.len() {
        fs::write(victim.path(SEGMENT), &good[..length]).unwrap();
        let troubles = victim.troubles(&Anchors::default());
        assert!(
            troubles.contains(&Trouble::RolledBack) || troubles.contains(&Trouble::MalformedFrame),
            "{length}: {troubles:?}"
        );
    }
}

#[test]
fn entries_deleted_reordered_or_duplicated() {
    let victim = Victim::new();
    let good = victim.frames();
    let mut deleted = good.clone();
    deleted.remove(2);
    let mut reordered = good.clone();
    reordered.swap(2, 3);
    let mut duplicated = good.clone();
    duplicated.insert(3, good[2].clone());
    for frames in [deleted, reordered, duplicated] {
        victim.put_frames(&frames);
        let troubles = victim.troubles(&Anchors::default());
        assert!(troubles.contains(&Trouble::MalformedHeader), "{troubles:?}");
        assert!(troubles.contains(&Trouble::WrongRoot), "{troubles:?}");
        assert!(matches!(
            Log::open(victim.dir.path(), options()),
            Err(Error::Damaged { .. })
        ));
    }
}

#[test]
fn a_header_changed_and_sealed_again() {
    let victim = Victim::new();
    let mut frames = victim.frames();
    // The wall time of entry 2.
    frames[2][HEAD + 15] ^= 1;
    seal(&mut frames[2]);
    victim.put_frames(&frames);
    assert!(
        victim
            .troubles(&Anchors::default())
            .contains(&Trouble::WrongRoot)
    );
}

#[test]
fn payloads_swapped() {
    let victim = Victim::new();
    let mut frames = victim.frames();
    let records = HEAD + Header::LEN;
    let take = |frame: &[u8]| frame[records..frame.len() - FOOT].to_vec();
    let (a, b) = (take(&frames[2]), take(&frames[3]));
    for (frame, record) in [(2, b), (3, a)] {
        let end = frames[frame].len() - FOOT;
        frames[frame].splice(records..end, record);
        seal(&mut frames[frame]);
    }
    victim.put_frames(&frames);
    assert_eq!(
        victim.troubles(&Anchors::default()),
        [Trouble::WrongPayload]
    );
}

#[test]
fn a_record_that_is_none() {
    let victim = Victim::new();
    let mut frames = victim.frames();
    let start = HEAD + Header::LEN;
    let end = frames[1].len() - FOOT;
    frames[1].splice(start..end, [0, 0, 0, 1, 9]);
    seal(&mut frames[1]);
    victim.put_frames(&frames);
    assert_eq!(
        victim.troubles(&Anchors::default()),
        [Trouble::WrongPayload]
    );
}

#[test]
fn a_payload_dropped_without_a_record() {
    let victim = Victim::new();
    let mut frames = victim.frames();
    let start = HEAD + Header::LEN;
    let end = frames[1].len() - FOOT;
    frames[1].splice(start..end, [0, 0, 0, 2, 0, 5]);
    seal(&mut frames[1]);
    victim.put_frames(&frames);
    assert_eq!(
        victim.troubles(&Anchors::default()),
        [Trouble::UnrecordedDrop]
    );
}

/// The keeper erases a span the way the log does, and leaves the record out.
#[test]
fn erased_without_a_record() {
    let victim = Victim::new();
    let other = tempfile::tempdir().unwrap();
    copy(victim.dir.path(), other.path());
    let log = Log::open(other.path(), options()).unwrap().0;
    log.erase(&log.find(b"1234").unwrap(), "quietly").unwrap();
    drop(log);
    let erased = fs::read(other.path().join(SEGMENT)).unwrap();
    // The rewritten segment has one more frame: the record of the erasure, which is left out.
    let mut at = 28;
    for _ in 0..6 {
        at += u32::from_be_bytes(erased[at + 4..at + 8].try_into().unwrap()) as usize;
    }
    fs::write(victim.path(SEGMENT), &erased[..at]).unwrap();
    assert_eq!(
        victim.troubles(&Anchors::default()),
        [Trouble::UnrecordedErasure]
    );
}

/// Needs the log's key as an anchor: the whole log made again by who does not have it.
#[test]
fn chained_again_with_a_new_key() {
    let victim = Victim::new();
    fs::remove_dir_all(victim.dir.path()).unwrap();
    let log = Log::open(victim.dir.path(), options()).unwrap().0;
    for raw in [
        "{\"pin\":1234}",
        "second",
        "nothing happened",
        "fourth",
        "fifth",
    ] {
        log.append(entry(raw)).unwrap();
    }
    log.publish().unwrap();
    let alone = victim.check(&Anchors::default());
    assert!(alone.is_complete() && !alone.is_anchored());
    assert_eq!(victim.troubles(&victim.own), [Trouble::ForeignKey]);
    assert_eq!(victim.troubles(&victim.remembered), [Trouble::Forked]);
    assert_eq!(victim.troubles(&victim.witnessed), [Trouble::Forked]);
}

/// Needs a remembered checkpoint or a witness: cut back to an earlier commit, derived files too.
#[test]
fn rolled_back() {
    let victim = Victim::new();
    let frames = victim.frames();
    victim.put_frames(&frames[..4]);
    assert!(
        victim
            .troubles(&Anchors::default())
            .contains(&Trouble::RolledBack)
    );
    assert!(matches!(
        Log::open(victim.dir.path(), options()),
        Err(Error::RolledBack {
            found: 4,
            stated: 6
        })
    ));
    fs::remove_file(victim.path("checkpoint")).unwrap();
    fs::remove_dir_all(victim.path("tile")).unwrap();
    Log::open(victim.dir.path(), options())
        .unwrap()
        .0
        .publish()
        .unwrap();
    let verdict = victim.check(&victim.own);
    assert!(
        verdict.is_unchanged() && verdict.is_anchored(),
        "its own key does not tell"
    );
    assert_eq!(victim.troubles(&victim.remembered), [Trouble::RolledBack]);
    assert_eq!(victim.troubles(&victim.witnessed), [Trouble::RolledBack]);
}

/// Needs a remembered checkpoint or a witness: two histories, signed by who has the key.
#[test]
fn forked_for_two_readers() {
    let victim = Victim::new();
    let frames = victim.frames();
    victim.put_frames(&frames[..4]);
    fs::remove_file(victim.path("checkpoint")).unwrap();
    fs::remove_dir_all(victim.path("tile")).unwrap();
    let log = Log::open(victim.dir.path(), options()).unwrap().0;
    for raw in ["another", "story", "altogether"] {
        log.append(entry(raw)).unwrap();
    }
    log.publish().unwrap();
    let verdict = victim.check(&victim.own);
    assert!(
        verdict.is_unchanged() && verdict.is_anchored(),
        "its own key does not tell"
    );
    assert_eq!(victim.troubles(&victim.remembered), [Trouble::Forked]);
    assert_eq!(victim.troubles(&victim.witnessed), [Trouble::Forked]);
}

/// A checkpoint of another log, or one that nobody signed, is no anchor of this one.
#[test]
fn foreign_checkpoints() {
    let (victim, other) = (Victim::new(), Victim::new());
    let foreign = fs::read(other.path("checkpoint")).unwrap();
    fs::write(victim.path("checkpoint"), &foreign).unwrap();
    let troubles = victim.troubles(&Anchors::default());
    assert_eq!(troubles, [Trouble::WrongCheckpoint, Trouble::Forked]);
    assert!(Note::parse(&foreign).is_ok());
}

#[test]
fn a_file_that_does_not_belong() {
    let victim = Victim::new();
    fs::write(victim.path("tile/0/001"), b"x").unwrap();
    assert_eq!(
        victim.troubles(&Anchors::default()),
        [Trouble::UnexpectedFile]
    );
}
