//! Disks that fail, queues that are full, sources that fall silent: told, and counted.

use std::io;

use proctor_ledger::{File, Lock, Mode};

use super::*;

/// A disk that can be full.
#[derive(Default)]
struct Full {
    is_full: Arc<AtomicBool>,
}

struct FullFile(Arc<dyn File>, Arc<AtomicBool>);

impl Files for Full {
    fn open(&self, path: &Path, mode: Mode) -> io::Result<Arc<dyn File>> {
        let file = Disk.open(path, mode)?;
        Ok(Arc::new(FullFile(file, self.is_full.clone())))
    }
    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        Disk.list(dir)
    }
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        Disk.create_dir(dir)
    }
    fn is_dir(&self, path: &Path) -> bool {
        Disk.is_dir(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Disk.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        Disk.remove(path)
    }
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        Disk.sync_dir(dir)
    }
    fn lock(&self, path: &Path) -> io::Result<Option<Lock>> {
        Disk.lock(path)
    }
}

impl File for FullFile {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.read_exact_at(buffer, offset)
    }
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        if self.1.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.write_at(bytes, offset)
    }
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }
    fn set_len(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }
    fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }
}

fn failures(pipeline: &Pipeline) -> Vec<Failure> {
    let gaps = pipeline.store().gaps(None).unwrap();
    gaps.iter()
        .filter_map(|gap| serde_json::from_str::<Failure>(&gap.body).ok())
        .filter(|failure| !failure.cause.is_empty())
        .collect()
}

#[test]
fn a_full_disk_is_told_and_what_it_swallowed_is_a_gap() {
    let state = State::new();
    let files = Full::default();
    let is_full = files.is_full.clone();
    let pipeline = state.open_with(Arc::new(files), Options::default());
    let bytes = session("s1", &["ls", "pwd", "id"]);
    let source = pipeline.announce(live("s1")).unwrap().source;
    let third = bytes.len() / 3;
    pipeline.append(source, 0, bytes[..third].to_vec()).unwrap();

    is_full.store(true, Ordering::SeqCst);
    let error = pipeline
        .append(source, third as u64, bytes[third..2 * third].to_vec())
        .unwrap_err();
    assert!(matches!(error, Error::Log(proctor_ledger::Error::DiskFull)));
    assert!(error.to_string().contains("disk"), "{error}");
    assert!(pipeline.announce(live("s2")).is_err());
    is_full.store(false, Ordering::SeqCst);

    // Whoever gives the bytes again loses nothing.
    let again = pipeline.append(source, third as u64, bytes[third..2 * third].to_vec());
    assert_eq!(again.unwrap().bytes, 2 * third as u64);
    // Whoever goes on without them leaves a gap of their length.
    is_full.store(true, Ordering::SeqCst);
    let middle = 2 * third + 20;
    let lost = bytes[2 * third..middle].to_vec();
    assert!(pipeline.append(source, 2 * third as u64, lost).is_err());
    is_full.store(false, Ordering::SeqCst);
    let rest = bytes[middle..].to_vec();
    pipeline.append(source, middle as u64, rest).unwrap();
    let end = pipeline.end(source, bytes.len() as u64).unwrap();
    assert_eq!(end.bytes, bytes.len() as u64);
    pipeline.flush().unwrap();

    let failures = failures(&pipeline);
    let outages = failures.iter().filter(|f| f.cause == "not recorded");
    assert_eq!(outages.count(), 2, "{failures:?}");
    let lost = failures.iter().find(|f| f.cause == "lost").unwrap();
    assert_eq!(
        (lost.source, lost.start),
        (Some(source), Some(2 * third as u64))
    );
    assert_eq!(lost.bytes, Some(20));
    let row = pipeline.store().sources().unwrap().remove(0);
    assert_eq!((row.bytes, row.gaps), (bytes.len() as u64, 1));
    assert_eq!((row.ended, row.sha256), (true, None));
    let coverage = pipeline.coverage(source).unwrap().unwrap();
    assert_eq!(
        (coverage.lost, coverage.gone, coverage.as_ended),
        (20, 0, None)
    );
    assert!(!coverage.is_complete());
    let (summary, _) = pipeline.session("claude-code:s1").unwrap().unwrap();
    let unread: u64 = summary.gaps.values().map(|tally| tally.count).sum();
    assert!(
        unread > 0,
        "the broken line is a gap of the session as well"
    );
    assert!(summary.gaps.contains_key(&GapCause::Unparsable));
    // A source that could not be announced can be.
    assert!(pipeline.announce(live("s2")).unwrap().new);
    let before = answers(&pipeline);
    pipeline.reindex().unwrap();
    assert_eq!(answers(&pipeline), before);
}

#[test]
fn a_full_queue_refuses_who_cannot_wait_and_counts_it() {
    let state = State::new();
    let options = Options {
        queue_bytes: 4000,
        ..Options::default()
    };
    let pipeline = state.open_with(Arc::new(Disk), options);
    let source = pipeline.announce(live("s1")).unwrap().source;
    let line = format!("{}\n", "{}".repeat(800)).into_bytes();
    let (mut at, mut refused) = (0, 0);
    // Faster than any disk.
    while refused < 3 {
        match pipeline.offer(source, at, line.clone()) {
            Ok(()) => {}
            Err(Error::Full) => refused += 1,
            Err(other) => panic!("{other}"),
        }
        at += line.len() as u64;
        assert!(at < 1 << 30, "the queue was never full");
    }
    pipeline.end(source, at).unwrap();
    pipeline.flush().unwrap();
    let row = pipeline.store().sources().unwrap().remove(0);
    assert_eq!(row.bytes, at);
    assert!(row.gaps > 0);
    let failures = failures(&pipeline);
    let lost: u64 = failures.iter().filter_map(|f| f.bytes).sum();
    assert_eq!(lost, 3 * line.len() as u64, "{failures:?}");
    assert!(
        failures[0].detail.contains("the queue was full"),
        "{failures:?}"
    );
    // Who can wait loses nothing, however small the queue is.
    let pending: Vec<_> = (0..200)
        .map(|i| {
            let at = at + i * line.len() as u64;
            pipeline.submit(source, at, line.clone()).unwrap()
        })
        .collect();
    for pending in pending {
        pending.wait().unwrap();
    }
    pipeline.flush().unwrap();
    let after = pipeline.store().sources().unwrap().remove(0);
    assert_eq!(after.gaps, row.gaps);
    assert_eq!(after.bytes, at + 200 * line.len() as u64);
}

#[test]
fn a_source_that_promised_to_speak_and_does_not_is_a_gap() {
    let state = State::new();
    let pipeline = state.open();
    let info = SourceInfo {
        beat_seconds: Some(0),
        ..live("s1")
    };
    let notices = pipeline.subscribe(100);
    let source = pipeline.announce(info).unwrap().source;
    let gap = loop {
        if let Notice::Gap(gap) = notices.recv_timeout(Duration::from_secs(60)).unwrap() {
            break gap;
        }
    };
    assert_eq!(gap.source, Some(source));
    assert!(gap.body.contains("silent"), "{}", gap.body);
    pipeline.beat(source, 10).unwrap();
    pipeline.flush().unwrap();
    let lost = failures(&pipeline).into_iter().find_map(|f| f.bytes);
    assert_eq!(
        lost,
        Some(10),
        "the sign of life tells of bytes that never came"
    );
}

#[test]
fn nobody_appends_to_a_source_that_nobody_announced() {
    let state = State::new();
    let pipeline = state.open();
    let error = pipeline.append(7, 0, b"x".to_vec()).unwrap_err();
    assert!(matches!(error, Error::NoSource(7)));
    // Who cannot wait for the answer is not forgotten.
    pipeline.offer(7, 0, b"x".to_vec()).unwrap();
    pipeline.note(FAILURE, &Failure::default()).unwrap();
    pipeline.flush().unwrap();
    let failures = failures(&pipeline);
    assert_eq!(failures[0].source, Some(7), "{failures:?}");
    assert!(failures[0].detail.contains("no source 7"));
}

#[test]
fn the_index_may_lag_and_catches_up() {
    let state = State::new();
    let options = Options {
        quiet: Duration::from_secs(3600),
        ..Options::default()
    };
    let pipeline = state.open_with(Arc::new(Disk), options);
    let bytes = session("s1", &["ls"]);
    let source = pipeline.announce(live("s1")).unwrap().source;
    pipeline.append(source, 0, bytes).unwrap();
    pipeline.flush().unwrap();
    assert_eq!(pipeline.status().stale, 0);
    pipeline
        .append(
            source,
            pipeline.store().sources().unwrap()[0].bytes,
            b"\n".to_vec(),
        )
        .unwrap();
    // Taken in at once or soon, but not made into a session before it is quiet.
    while pipeline.status().indexed < pipeline.status().entries {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(pipeline.status().stale, 1);
    pipeline.flush().unwrap();
    assert_eq!(pipeline.status().stale, 0);
}

#[test]
fn a_foreign_index_is_made_anew() {
    let (one, other) = (State::new(), State::new());
    let pipeline = one.open();
    record(&pipeline, &demo()[0]);
    pipeline.flush().unwrap();
    drop(pipeline);
    std::fs::copy(one.path().join("index.db"), other.path().join("index.db")).unwrap();
    let pipeline = other.open();
    assert_eq!(pipeline.store().sources().unwrap(), []);
    // One that is as long as the log is no better.
    let own = demo();
    for recording in &own[1..4] {
        record(&pipeline, recording);
    }
    pipeline.flush().unwrap();
    drop(pipeline);
    let expected = scan(&own[1..4]);
    std::fs::copy(one.path().join("index.db"), other.path().join("index.db")).unwrap();
    let pipeline = other.open();
    pipeline.flush().unwrap();
    assert_eq!(answers(&pipeline), expected);
}

#[test]
fn a_reader_that_fails_does_not_end_the_index() {
    let state = State::new();
    let log = proctor_ledger::Options::default();
    let (log, _) = Log::open(&state.path().join("log"), log).unwrap();
    let store = SqliteStore::open(state.path().join("index.db")).unwrap();
    let fails = Arc::new(AtomicBool::new(true));
    let fails_now = fails.clone();
    let reader = move |info: &SourceInfo, copy: &Path, sink: &mut dyn FnMut(Event)| {
        let is_bad = info.path.ends_with("s1.jsonl");
        assert!(
            !(is_bad && fails_now.load(Ordering::SeqCst)),
            "as the test asks"
        );
        replay(info, copy, sink);
    };
    let pipeline = Pipeline::open(
        state.path(),
        log,
        Box::new(store),
        Box::new(reader),
        Rules::builtin(),
        Options {
            quiet: Duration::from_millis(10),
            ..Options::default()
        },
    )
    .unwrap();
    let run = |id: &str| {
        let bytes = session(id, &["ls"]);
        let source = pipeline.announce(live(id)).unwrap().source;
        let length = bytes.len() as u64;
        pipeline.append(source, 0, bytes).unwrap();
        pipeline.end(source, length).unwrap();
        source
    };
    let source = run("s1");
    run("s2");
    let failed = pipeline.flush();
    assert!(
        matches!(&failed, Err(Error::Unreadable(bad)) if *bad == [source]),
        "{failed:?}"
    );
    assert!(
        pipeline.session("claude-code:s2").unwrap().is_some(),
        "the others are read"
    );
    while pipeline.status().trouble.is_none() {
        std::thread::sleep(Duration::from_millis(5));
    }
    fails.store(false, Ordering::SeqCst);
    while pipeline.status().trouble.is_some() || pipeline.status().stale > 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(pipeline.session("claude-code:s1").unwrap().is_some());
    assert!(pipeline.coverage(source).unwrap().unwrap().is_complete());
}

#[test]
fn many_writers_at_once() {
    let state = State::new();
    let pipeline = state.open();
    std::thread::scope(|scope| {
        for n in 0..8 {
            let pipeline = &pipeline;
            scope.spawn(move || {
                let id = format!("s{n}");
                let bytes = session(&id, &["ls", "pwd", "id", "git status"]);
                let source = pipeline.announce(live(&id)).unwrap().source;
                let mut at = 0;
                for piece in bytes.chunks(100 + n) {
                    let ack = pipeline.append(source, at, piece.to_vec()).unwrap();
                    at += piece.len() as u64;
                    assert_eq!(ack.bytes, at);
                }
                pipeline.end(source, at).unwrap();
            });
        }
    });
    pipeline.flush().unwrap();
    let rows = pipeline
        .store()
        .sessions(&SessionFilter::default())
        .unwrap();
    assert_eq!(rows.len(), 8);
    for row in rows {
        assert_eq!(summary(&row).unwrap().calls, 4);
        let coverage = pipeline.coverage(row.sources[0]).unwrap().unwrap();
        assert!(coverage.is_complete());
        assert_eq!(coverage.as_ended, Some(true));
    }
    assert_eq!(pipeline.store().gaps(None).unwrap(), []);
}
