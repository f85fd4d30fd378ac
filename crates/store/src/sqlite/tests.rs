use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;

use super::*;
use crate::Text;

fn row(id: &str) -> SessionRow {
    SessionRow {
        id: id.into(),
        body: "{}".into(),
        ..SessionRow::default()
    }
}

fn with_text(id: &str, text: &str) -> Change {
    let text = Text {
        kind: "reply".into(),
        text: text.into(),
        ..Text::default()
    };
    Change::Session(Box::new(row(id)), vec![text])
}

fn holds(folder: &Path, needle: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        bytes.windows(needle.len()).any(|window| window == needle)
    })
}

#[test]
fn passes_the_suite() {
    let folder = tempfile::tempdir().unwrap();
    let count = std::cell::Cell::new(0);
    crate::suite::run(&|| {
        count.set(count.get() + 1);
        let file = folder.path().join(format!("{}.db", count.get()));
        Box::new(SqliteStore::open(file).unwrap())
    });
    assert!(count.get() > 5);
}

#[test]
fn what_was_written_is_there_when_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("index.db");
    let store = SqliteStore::open(&file).unwrap();
    store.apply(&[with_text("a", "word")]).unwrap();
    drop(store);
    let store = SqliteStore::open(&file).unwrap();
    assert_eq!(store.search("word", 1).unwrap().len(), 1);
}

/// The bytes are looked for in the tables, the search tables and the journal, before and after, so
/// that the test would see them if they were there.
#[test]
fn purged_words_are_in_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("index.db")).unwrap();
    let others: Vec<_> = (0..200)
        .map(|i| {
            with_text(
                &format!("s{i}"),
                &format!("quite ordinary words number {i} ").repeat(40),
            )
        })
        .collect();
    store.apply(&others).unwrap();
    let long = "xylophonequark ".repeat(3000);
    store.apply(&[with_text("secret", &long)]).unwrap();
    store.apply(&[with_text("secret", "harmless")]).unwrap();
    // A reader that stays open must not keep the journal alive.
    assert_eq!(store.search("xylophonequark", 9).unwrap(), []);
    assert!(
        holds(folder.path(), b"xylophonequark"),
        "the journal has it still"
    );
    store.purge().unwrap();
    for needle in ["xylophonequark", "ylophonequar", "phonequark"] {
        assert!(!holds(folder.path(), needle.as_bytes()), "{needle}");
    }
    assert_eq!(store.search("harmless", 9).unwrap().len(), 1);
    assert_eq!(store.search("ordinary", 500).unwrap().len(), 200);
}

#[test]
fn readers_and_a_writer_do_not_disturb_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("index.db")).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    // Both are changed in one batch: no reader may see one without the other.
                    let rows = store.sessions(&SessionFilter::default()).unwrap();
                    assert!(rows.iter().all(|r| r.sources == [1, 2]));
                }
            });
        }
        for i in 0..100 {
            let mut row = row(&format!("s{}", i % 7));
            row.sources = vec![1, 2];
            store
                .apply(&[Change::Session(Box::new(row), Vec::new())])
                .unwrap();
            if i % 25 == 0 {
                store.purge().unwrap();
            }
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn an_index_of_a_later_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("index.db");
    drop(SqliteStore::open(&file).unwrap());
    let db = Connection::open(&file).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    let error = SqliteStore::open(&file).err().unwrap().to_string();
    assert!(error.contains("version 99"), "{error}");
    assert!(error.contains("proctor reindex"), "{error}");
}

#[test]
fn a_file_that_is_no_index_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("index.db");
    std::fs::write(&file, "this is no database, but it is long enough").unwrap();
    assert!(SqliteStore::open(&file).is_err());
}

#[cfg(unix)]
#[test]
fn only_its_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("index.db")).unwrap();
    store.apply(&[with_text("a", "b")]).unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?}", entry.path());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_query_is_an_error(query in "\\PC{0,40}") {
        thread_local! {
            static STORE: (tempfile::TempDir, SqliteStore) = {
                let folder = tempfile::tempdir().unwrap();
                let store = SqliteStore::open(folder.path().join("index.db")).unwrap();
                (folder, store)
            };
        }
        STORE.with(|(_, store)| store.search(&query, 5)).unwrap();
    }
}
