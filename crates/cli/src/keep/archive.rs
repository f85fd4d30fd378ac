//! The archive: compressed copies and their index.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, bail};
use jiff::Timestamp;
use proctor_model::Harness;
use proctor_sources::Recording;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::hex;

/// Compression level: nearly as fast as copying, and a fifth to a tenth of the size.
const LEVEL: i32 = 3;

/// One copy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Where the recording was.
    pub(super) path: PathBuf,
    /// What wrote it.
    pub(super) harness: Harness,
    /// Its size in bytes when it was kept.
    pub(super) bytes: u64,
    /// SHA-256 of its content, in hexadecimal.
    pub(super) sha256: String,
    /// When it was last changed, by the file system.
    pub(super) modified: Option<Timestamp>,
    /// When it was kept.
    pub(super) kept_at: Timestamp,
    /// The copy, relative to the archive.
    pub(super) copy: PathBuf,
}

/// What keeping a recording came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// It was not in the archive.
    New,
    /// It grew; the copy was replaced.
    Grown,
    /// Nothing changed.
    Same,
    /// What was kept before is not its beginning any more; both copies stay.
    Changed,
}

/// What restoring came to.
#[derive(Debug, Default)]
pub(super) struct Restored {
    /// Recordings that were written.
    pub(super) written: usize,
    /// Recordings whose place was taken.
    pub(super) there: usize,
    /// Why others could not be.
    pub(super) failed: Vec<String>,
}

/// An archive that is open for keeping. Only one process at a time may hold it.
pub(super) struct Archive {
    dir: PathBuf,
    /// All copies that exist, oldest first for each path.
    by_path: BTreeMap<PathBuf, Vec<Entry>>,
    _lock: File,
}

impl Archive {
    /// Opens or creates an archive.
    pub(super) fn open(dir: &Path) -> anyhow::Result<Self> {
        let what = || format!("cannot use the archive `{}`", dir.display());
        fs::create_dir_all(dir).with_context(what)?;
        private(dir).with_context(what)?;
        let lock = File::create(dir.join("lock")).with_context(what)?;
        if lock.try_lock().is_err() {
            bail!(
                "the archive `{}` is in use by another `proctor keep`",
                dir.display()
            );
        }
        Ok(Self {
            dir: dir.to_owned(),
            by_path: index(dir)?,
            _lock: lock,
        })
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// All copies, by path and then by age.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.by_path.values().flatten()
    }

    /// Number of copies and the bytes they take.
    pub(super) fn size(&self) -> (usize, u64) {
        let sizes = self
            .entries()
            .filter_map(|e| fs::metadata(self.dir.join(&e.copy)).ok());
        sizes.fold((0, 0), |(n, bytes), m| (n + 1, bytes + m.len()))
    }

    /// Keeps a recording, if the archive does not have it as it is.
    pub(super) fn keep(&mut self, recording: &Recording) -> anyhow::Result<Kept> {
        let path = std::path::absolute(&recording.path)?;
        let name = path.display().to_string();
        let what = || format!("cannot keep `{name}`");
        let last = self.by_path.get(&path).and_then(|e| e.last()).cloned();
        if let Some(last) = &last
            && last.bytes == recording.bytes
            && last.modified == recording.modified
            && self.is_sound(last)
        {
            return Ok(Kept::Same);
        }
        let version = self.by_path.get(&path).map_or(0, Vec::len);
        let copy = self.copy_name(recording.harness, &path, version);
        let target = self.dir.join(&copy);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).with_context(what)?;
        }
        let partial = target.with_extension("partial");
        let source = File::open(&path).with_context(what)?;
        // One pass: hash the whole, and the part that the last copy had.
        let had = last.as_ref().map_or(0, |l| l.bytes);
        let (whole, beginning, bytes) = compress(source, &partial, had).with_context(what)?;
        let sound = |last: &Entry| last.sha256 == whole && self.is_sound(last);
        if last.as_ref().is_some_and(sound) {
            fs::remove_file(&partial).with_context(what)?;
            return Ok(Kept::Same);
        }
        fs::rename(&partial, &target).with_context(what)?;
        let entry = Entry {
            path: path.clone(),
            harness: recording.harness,
            bytes,
            sha256: whole,
            modified: recording.modified,
            kept_at: Timestamp::now(),
            copy,
        };
        self.log(&entry).with_context(what)?;
        let entries = self.by_path.entry(path).or_default();
        let kept = match last {
            None => Kept::New,
            Some(last) if beginning.as_deref() == Some(last.sha256.as_str()) => {
                if last.copy != entry.copy {
                    fs::remove_file(self.dir.join(&last.copy)).with_context(what)?;
                }
                entries.pop();
                Kept::Grown
            }
            Some(_) => Kept::Changed,
        };
        entries.push(entry);
        Ok(kept)
    }

    /// Writes every recording below `into`, by its old path; an older copy beside the newest one
    /// has `.before-N` behind its name. What is there already stays as it is.
    pub(super) fn restore(&self, into: &Path) -> Restored {
        let mut restored = Restored::default();
        for entries in self.by_path.values() {
            for (version, entry) in entries.iter().enumerate() {
                let mut target = into.join(below(&entry.path));
                if version + 1 < entries.len() {
                    target
                        .as_mut_os_string()
                        .push(format!(".before-{}", version + 1));
                }
                if target.exists() {
                    restored.there += 1;
                    continue;
                }
                match self.restore_one(entry, &target) {
                    Ok(()) => restored.written += 1,
                    Err(error) => restored.failed.push(format!("{error:#}")),
                }
            }
        }
        restored
    }

    fn restore_one(&self, entry: &Entry, target: &Path) -> anyhow::Result<()> {
        let kept = self.dir.join(&entry.copy);
        let bad = || format!("cannot read the copy `{}`", kept.display());
        let what = || format!("cannot write `{}`", target.display());
        let dir = target.parent().unwrap_or(target);
        fs::create_dir_all(dir).with_context(what)?;
        let mut source = zstd::Decoder::new(File::open(&kept).with_context(bad)?)?;
        // Under its own name only when all of it is there and right.
        let mut file = tempfile::NamedTempFile::new_in(dir).with_context(what)?;
        let mut hash = Sha256::new();
        let copied = copy(&mut source, |part| {
            hash.update(part);
            file.write_all(part)
        });
        copied.with_context(bad)?;
        if hex(&hash.finalize()) != entry.sha256 {
            bail!(
                "the copy `{}` of `{}` is damaged: its content is not what was kept",
                kept.display(),
                entry.path.display()
            );
        }
        file.persist_noclobber(target).with_context(what)?;
        Ok(())
    }

    /// Whether the newest copy of a recording is there and holds what was kept.
    fn is_sound(&self, entry: &Entry) -> bool {
        let mut hash = Sha256::new();
        File::open(self.dir.join(&entry.copy))
            .and_then(zstd::Decoder::new)
            .and_then(|mut source| {
                copy(&mut source, |part| {
                    hash.update(part);
                    Ok(())
                })
            })
            .is_ok()
            && hex(&hash.finalize()) == entry.sha256
    }

    fn log(&self, entry: &Entry) -> io::Result<()> {
        let mut index = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.dir.join("index.jsonl"))?;
        let mut line = serde_json::to_string(entry)?;
        line.push('\n');
        index.write_all(line.as_bytes())?;
        index.sync_data()
    }

    /// `HARNESS/HASH-OF-PATH/NAME.zst`, and `NAME.1.zst` for a version that could not replace the
    /// one before.
    fn copy_name(&self, harness: Harness, path: &Path, version: usize) -> PathBuf {
        let hash = hex(&Sha256::digest(path.as_os_str().as_encoded_bytes()));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let taken = |n: usize| {
            let suffix = if n == 0 {
                String::new()
            } else {
                format!(".{n}")
            };
            PathBuf::from(harness.name().to_lowercase().replace(' ', "-"))
                .join(hash.get(..16).unwrap_or(&hash))
                .join(format!("{name}{suffix}.zst"))
        };
        (version..)
            .map(taken)
            .find(|p| !self.dir.join(p).exists())
            .unwrap_or_default()
    }
}

/// The newest copies of recordings that are gone from where they were. An archive that does not
/// exist holds none.
pub(super) fn survivors(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let newest = index(dir)?
        .into_iter()
        .filter_map(|(path, entries)| Some((path, entries.into_iter().next_back()?)));
    Ok(newest
        .filter(|(path, _)| !path.exists())
        .map(|(_, entry)| dir.join(entry.copy))
        .collect())
}

/// All copies that exist, oldest first for each path.
fn index(dir: &Path) -> anyhow::Result<BTreeMap<PathBuf, Vec<Entry>>> {
    let mut by_path: BTreeMap<PathBuf, Vec<Entry>> = BTreeMap::new();
    let index = dir.join("index.jsonl");
    let text = match fs::read_to_string(&index) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(by_path),
        Err(e) => return Err(e).with_context(|| format!("cannot read `{}`", index.display())),
    };
    let lines = text.lines().count();
    for (number, line) in text.lines().enumerate() {
        let entry: Entry = match serde_json::from_str(line) {
            Ok(entry) => entry,
            // A crash can leave half a last line; the copy is then made again.
            Err(_) if number + 1 == lines => continue,
            Err(e) => bail!("line {} of `{}`: {e}", number + 1, index.display()),
        };
        by_path.entry(entry.path.clone()).or_default().push(entry);
    }
    // The index only grows: a copy that a later one replaced is no longer there, and a name that
    // was used again belongs to its last entry.
    for entries in by_path.values_mut() {
        let mut named = BTreeSet::new();
        entries.reverse();
        entries.retain(|e| named.insert(e.copy.clone()) && dir.join(&e.copy).exists());
        entries.reverse();
    }
    by_path.retain(|_, entries| !entries.is_empty());
    Ok(by_path)
}

/// Compresses `source` into a new file that is on disk when this returns. Gives the hash of the
/// whole, the hash of its first `had` bytes (if it has so many), and its length.
fn compress(source: File, to: &Path, had: u64) -> io::Result<(String, Option<String>, u64)> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut encoder = zstd::Encoder::new(BufWriter::new(options.open(to)?), LEVEL)?;
    let mut whole = Sha256::new();
    let (mut beginning, mut bytes) = (None, 0u64);
    copy(&mut BufReader::new(source), |part| {
        let left = usize::try_from(had.saturating_sub(bytes)).unwrap_or(usize::MAX);
        if beginning.is_none() && left <= part.len() {
            let mut so_far = whole.clone();
            so_far.update(part.get(..left).unwrap_or(part));
            beginning = Some(hex(&so_far.finalize()));
        }
        whole.update(part);
        bytes += part.len() as u64;
        encoder.write_all(part)
    })?;
    let file = encoder
        .finish()?
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok((hex(&whole.finalize()), beginning, bytes))
}

fn copy(from: &mut impl Read, mut to: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(n) => to(buffer.get(..n).unwrap_or_default())?,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

/// The path without its root, so that nothing is written outside the directory it is joined to.
fn below(path: &Path) -> PathBuf {
    path.components()
        .filter(|c| matches!(c, Component::Normal(_)))
        .collect()
}

/// Recordings hold what people said and secrets they showed: nobody else may read the archive.
fn private(dir: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700))?;
    }
    let _ = dir;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording(path: &Path) -> Recording {
        let meta = fs::metadata(path).unwrap();
        Recording {
            path: path.to_owned(),
            harness: Harness::ClaudeCode,
            bytes: meta.len(),
            session: None,
            started: None,
            modified: meta
                .modified()
                .ok()
                .and_then(|t| Timestamp::try_from(t).ok()),
        }
    }

    fn restored(archive: &Archive, dir: &Path) -> BTreeMap<String, String> {
        assert_eq!(archive.restore(dir).failed, Vec::<String>::new());
        walkdir::WalkDir::new(dir)
            .into_iter()
            .map(Result::unwrap)
            .filter(|e| e.file_type().is_file())
            .map(|e| {
                let name = e.file_name().to_string_lossy().into_owned();
                (name, fs::read_to_string(e.path()).unwrap())
            })
            .collect()
    }

    #[test]
    fn what_grew_is_replaced_and_what_was_rewritten_is_kept_twice() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("s.jsonl");
        let mut archive = Archive::open(&dir.path().join("archive")).unwrap();
        fs::write(&file, "one\n").unwrap();
        assert_eq!(archive.keep(&recording(&file)).unwrap(), Kept::New);
        assert_eq!(archive.keep(&recording(&file)).unwrap(), Kept::Same);
        fs::write(&file, "one\ntwo\n").unwrap();
        assert_eq!(archive.keep(&recording(&file)).unwrap(), Kept::Grown);
        assert_eq!(archive.entries().count(), 1);
        for grown in ["one\ntwo\n3\n", "one\ntwo\n3\n4\n", "one\ntwo\n3\n4\n5\n"] {
            fs::write(&file, grown).unwrap();
            assert_eq!(archive.keep(&recording(&file)).unwrap(), Kept::Grown);
        }
        fs::write(&file, "one\nTWO\nthree\n").unwrap();
        assert_eq!(archive.keep(&recording(&file)).unwrap(), Kept::Changed);
        fs::write(&file, "one\n").unwrap();
        assert_eq!(archive.keep(&recording(&file)).unwrap(), Kept::Changed);
        let expected = [
            ("s.jsonl", "one\n"),
            ("s.jsonl.before-1", "one\ntwo\n3\n4\n5\n"),
            ("s.jsonl.before-2", "one\nTWO\nthree\n"),
        ];
        let expected: BTreeMap<String, String> =
            expected.map(|(n, t)| (n.to_owned(), t.to_owned())).into();
        assert_eq!(restored(&archive, &dir.path().join("a")), expected);
        drop(archive);
        let again = Archive::open(&dir.path().join("archive")).unwrap();
        assert_eq!(
            restored(&again, &dir.path().join("b")),
            expected,
            "the index tells the same"
        );
    }

    #[test]
    fn a_damaged_copy_is_named_and_not_restored_as_good() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("s.jsonl");
        fs::write(&file, "one\n".repeat(1000)).unwrap();
        let mut archive = Archive::open(&dir.path().join("archive")).unwrap();
        archive.keep(&recording(&file)).unwrap();
        let copy = dir
            .path()
            .join("archive")
            .join(&archive.entries().next().unwrap().copy);
        let forged = zstd::encode_all(&b"two\n"[..], 3).unwrap();
        fs::write(copy, forged).unwrap();
        let restored = archive.restore(&dir.path().join("r"));
        assert_eq!(restored.written, 0);
        assert!(restored.failed[0].contains("is damaged"), "{restored:?}");
        assert_eq!(
            walkdir::WalkDir::new(dir.path().join("r"))
                .into_iter()
                .filter(|e| e.as_ref().unwrap().file_type().is_file())
                .count(),
            0
        );
        // As long as the original is there, the copy is made again.
        archive.keep(&recording(&file)).unwrap();
        assert_eq!(archive.restore(&dir.path().join("r")).written, 1);
    }

    #[test]
    fn the_archive_is_held_by_one_process() {
        let dir = tempfile::tempdir().unwrap();
        let _held = Archive::open(dir.path()).unwrap();
        let error = Archive::open(dir.path()).err().unwrap().to_string();
        assert!(error.contains("in use"), "{error}");
    }
}
