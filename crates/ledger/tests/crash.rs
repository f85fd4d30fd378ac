//! Power loss, kill and full disks: what was acknowledged is there, the rest is named.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may fail loudly"
)]

mod support;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proctor_ledger::{
    Anchors, Depth, Disk, Entry, Error, File, Files, Kind, Lock, Log, Mode, Options, Payload,
    verify,
};
use proctor_model::Vantage;
use support::Memory;

fn options() -> Options {
    Options {
        origin: Some("example.com/log".to_owned()),
        publish_every: None,
        segment_bytes: 1500,
        ..Options::default()
    }
}

fn entry(number: usize) -> Entry {
    Entry {
        vantage: Vantage::Did,
        kind: Kind(16),
        source: 1,
        source_sequence: None,
        payload: Payload::new(format!("{{\"entry\":{number}}}")).unwrap(),
    }
}

type Hook = Box<dyn Fn(usize, &Memory) + Send + Sync>;

/// Calls a hook after every call that changes something: the moments at which power can fail.
struct Moments {
    files: Memory,
    moment: AtomicUsize,
    hook: Hook,
}

struct Watched {
    file: Arc<dyn File>,
    owner: Arc<Moments>,
}

#[derive(Clone)]
struct Layer(Arc<Moments>);

impl Moments {
    fn now(&self) {
        let moment = self.moment.fetch_add(1, Ordering::SeqCst);
        (self.hook)(moment, &self.files);
    }
}

impl Files for Layer {
    fn open(&self, path: &Path, mode: Mode) -> std::io::Result<Arc<dyn File>> {
        let file = self.0.files.open(path, mode)?;
        Ok(Arc::new(Watched {
            file,
            owner: self.0.clone(),
        }))
    }
    fn list(&self, dir: &Path) -> std::io::Result<Vec<String>> {
        self.0.files.list(dir)
    }
    fn create_dir(&self, dir: &Path) -> std::io::Result<()> {
        self.0.files.create_dir(dir)
    }
    fn is_dir(&self, path: &Path) -> bool {
        self.0.files.is_dir(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> std::io::Result<()> {
        self.0.files.rename(from, to)?;
        self.0.now();
        Ok(())
    }
    fn remove(&self, path: &Path) -> std::io::Result<()> {
        self.0.files.remove(path)?;
        self.0.now();
        Ok(())
    }
    fn sync_dir(&self, dir: &Path) -> std::io::Result<()> {
        self.0.files.sync_dir(dir)
    }
    fn lock(&self, path: &Path) -> std::io::Result<Option<Lock>> {
        self.0.files.lock(path)
    }
}

impl File for Watched {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }
    fn write_at(&self, bytes: &[u8], offset: u64) -> std::io::Result<()> {
        self.file.write_at(bytes, offset)?;
        self.owner.now();
        Ok(())
    }
    fn len(&self) -> std::io::Result<u64> {
        self.file.len()
    }
    fn set_len(&self, length: u64) -> std::io::Result<()> {
        self.file.set_len(length)
    }
    fn sync(&self) -> std::io::Result<()> {
        self.file.sync()
    }
}

/// Opens what a crash left, and holds it against what was acknowledged.
fn survives(disk: Memory, acknowledged: usize, dir: &Path) {
    let files = Arc::new(disk);
    let (log, _) = Log::open_on(files.clone(), dir, options())
        .unwrap_or_else(|error| panic!("after {acknowledged} acknowledged: {error}"));
    let mut found = 0;
    for sequence in 0..log.len() {
        if log.header(sequence).unwrap().kind != Kind(16) {
            continue;
        }
        let text = match log.payload(sequence) {
            Ok(payload) => payload.raw(),
            Err(error) => panic!("entry {sequence}: {error}"),
        };
        if let Some(text) = text {
            assert_eq!(text, format!("{{\"entry\":{found}}}").into_bytes());
        }
        found += 1;
    }
    assert!(found >= acknowledged, "{found} of {acknowledged} are there");
    log.append(entry(found)).unwrap();
    log.publish().unwrap();
    drop(log);
    let verdict = verify(files.as_ref(), dir, &Anchors::default(), Depth::Everything).unwrap();
    assert_eq!(verdict.faults, [], "after {acknowledged} acknowledged");
    assert!(verdict.is_complete());
}

/// At every moment, with any subset of what was not synced, and with the last write torn at every
/// byte: the log opens, verifies and has all that was acknowledged.
#[test]
fn power_fails_at_every_moment() {
    let dir = Path::new("/log");
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let checked = Arc::new(AtomicUsize::new(0));
    let (seen, count) = (acknowledged.clone(), checked.clone());
    let layer = Layer(Arc::new(Moments {
        files: Memory::default(),
        moment: AtomicUsize::new(0),
        hook: Box::new(move |moment, files| {
            let known = seen.load(Ordering::SeqCst);
            let mut state = moment as u64 * 2_654_435_761 + 1;
            for round in 0..4 {
                let any = || {
                    state = state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(99);
                    round == 0 || (round > 1 && state >> 40 & 1 == 1)
                };
                survives(files.crash(any, None), known, dir);
                count.fetch_add(1, Ordering::SeqCst);
            }
            // Every byte of the last write, of a few commits.
            if known % 5 == 2 {
                for torn in 0..files.unsynced_write() {
                    survives(files.crash(|| true, Some(torn)), known, dir);
                    count.fetch_add(1, Ordering::SeqCst);
                }
            }
        }),
    }));
    let log = Log::open_on(Arc::new(layer), dir, options()).unwrap().0;
    for number in 0..9 {
        log.append(entry(number)).unwrap();
        acknowledged.store(number + 1, Ordering::SeqCst);
        if number % 4 == 3 {
            log.publish().unwrap();
        }
    }
    let targets = log.find(b"entry\":2").unwrap();
    log.erase(&targets, "to see what a crash leaves").unwrap();
    log.hand_over().unwrap();
    log.append(entry(9)).unwrap();
    assert!(checked.load(Ordering::SeqCst) > 500);
}

#[test]
fn a_full_disk_harms_nothing_and_appending_continues() {
    let (files, dir) = (Memory::default(), Path::new("/log"));
    let log = Log::open_on(Arc::new(files.clone()), dir, options())
        .unwrap()
        .0;
    let mut good = 0;
    for round in 0..60 {
        files.set_room(Some(round * 7));
        match log.append(entry(good)) {
            Ok(_) => good += 1,
            Err(error) => assert!(matches!(error, Error::DiskFull), "{error}"),
        }
        files.set_room(None);
        if round % 3 == 0 {
            log.append(entry(good)).unwrap();
            good += 1;
        }
    }
    drop(log);
    survives(files.crash(|| false, None), good, dir);
}

#[test]
fn damage_before_the_tail_is_an_error_and_not_a_cut() {
    let dir = tempfile::tempdir().unwrap();
    let wide = Options {
        segment_bytes: 1 << 20,
        ..options()
    };
    let log = Log::open(dir.path(), wide.clone()).unwrap().0;
    for number in 0..5 {
        log.append(entry(number)).unwrap();
    }
    drop(log);
    let path = dir.path().join("journal/00000000000000000000.seg");
    let good = std::fs::read(&path).unwrap();
    let mut bad = good.clone();
    bad[good.len() / 2] ^= 1;
    std::fs::write(&path, &bad).unwrap();
    assert!(matches!(
        Log::open(dir.path(), wide.clone()),
        Err(Error::Damaged { .. })
    ));
    assert_eq!(std::fs::read(&path).unwrap(), bad, "nothing was cut");
    std::fs::write(&path, &good[..good.len() - 3]).unwrap();
    let (log, opened) = Log::open(dir.path(), wide).unwrap();
    let tail = opened.lost_tail.unwrap();
    assert_eq!(tail.entries, Some(1));
    assert!(tail.bytes > 100);
    assert_eq!(log.len(), 5);
}

/// `kill -9` at random moments under load; the child says what was acknowledged.
#[test]
fn killed_at_random_moments() {
    if let Ok(dir) = std::env::var("PROCTOR_LEDGER_CHILD") {
        child(Path::new(&dir));
    }
    let rounds = std::env::var("PROCTOR_SOAK")
        .ok()
        .and_then(|n| n.parse().ok());
    let dir = tempfile::tempdir().unwrap();
    let mut state = 7_u64;
    let mut acknowledged = 0;
    for round in 0..rounds.unwrap_or(50) {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "killed_at_random_moments", "--nocapture"])
            .env("PROCTOR_LEDGER_CHILD", dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let enough = 1 + (state >> 60) as usize;
        let mut lines = output.lines();
        let mut heard = 0;
        let mut last = |line: &str| {
            if let Some(number) = line.strip_prefix("durable ") {
                acknowledged = acknowledged.max(number.parse::<u64>().unwrap());
                heard += 1;
            }
            heard
        };
        for line in lines.by_ref() {
            if last(&line.unwrap()) >= enough {
                break;
            }
        }
        process.kill().unwrap();
        process.wait().unwrap();
        // What it said before it died counts too.
        for line in lines.map_while(Result::ok) {
            last(&line);
        }
        assert!(heard > 0, "round {round}: the child appended nothing");
        let (log, _) = Log::open(dir.path(), options()).unwrap();
        assert!(log.len() > acknowledged, "round {round}");
    }
    let verdict = verify(&Disk, dir.path(), &Anchors::default(), Depth::Everything).unwrap();
    assert_eq!(verdict.faults, []);
    assert!(verdict.is_complete());
}

fn child(dir: &Path) -> ! {
    let busy = Options {
        publish_every: Some(std::time::Duration::from_millis(3)),
        segment_bytes: 20_000,
        ..options()
    };
    let log = Arc::new(Log::open(dir, busy).unwrap().0);
    for source in 1..=4 {
        let log = log.clone();
        std::thread::spawn(move || {
            loop {
                let header = log.append(Entry { source, ..entry(0) }).unwrap();
                println!("durable {}", header.sequence);
            }
        });
    }
    loop {
        std::thread::park();
    }
}
