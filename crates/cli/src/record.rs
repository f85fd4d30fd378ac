//! Giving recordings to the recorder: whole ones (`scan --record`), and live ones as they grow
//! (`watch`).
//!
//! What is sent are the bytes of the files as they are. Which file a source is, is told by path,
//! device and inode; a file that no longer begins with what is recorded is another generation, and
//! the record says why.

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use proctor_model::{Harness, Vantage};
use proctor_pipeline::{Format, SourceInfo};
use proctor_sources::Recording;
use sha2::{Digest, Sha256};

use crate::args::WatchArgs;
use crate::progress::Progress;
use crate::recorder::{Feed, Place};
use crate::{Exit, hex};

/// How much is read and sent at a time, in bytes.
const CHUNK: usize = 1 << 20;

/// How often a watched file promises a sign of life, in seconds.
const BEAT: u32 = 60;

/// Records whole recordings. Gives the number of bytes that were new.
pub(crate) fn whole(place: &Place, recordings: &[Recording]) -> anyhow::Result<u64> {
    let mut feed = Feed::open(place)?;
    let progress = Progress::new("recording", recordings.iter().map(|r| r.bytes).sum());
    let mut new = 0;
    for recording in recordings {
        let mut file = Followed::begin(&mut feed, recording, None)?;
        new += file.send(&mut feed)?;
        feed.end(file.source, file.sent)?;
        progress.add(recording.bytes);
    }
    progress.finish();
    Ok(new)
}

/// `proctor watch`: records live session files until it is interrupted.
pub(crate) fn watch(args: &WatchArgs) -> anyhow::Result<Exit> {
    let place = Place::of(args.state.as_deref())?;
    let roots = match args.paths.is_empty() {
        false => args.paths.clone(),
        true => {
            let home = std::env::home_dir()
                .context("this user has no home directory; name the recordings")?;
            proctor_sources::home_recordings(&home)
        }
    };
    anyhow::ensure!(
        !roots.is_empty(),
        "no harness keeps recordings in your home; name what to watch: `proctor watch PATH`"
    );
    let mut feed = Feed::open(&place)?;
    let mut files: BTreeMap<PathBuf, Followed> = BTreeMap::new();
    eprintln!(
        "watching {} into {}",
        roots
            .iter()
            .map(|r| r.display().to_string())
            .collect::<Vec<_>>()
            .join(", "),
        place.state().display()
    );
    loop {
        let began = Instant::now();
        for recording in proctor_sources::discover(&roots).recordings {
            let path = recording.path.clone();
            let known = files.get(&path).is_some_and(|file| file.is(&recording));
            if !known {
                let file = Followed::begin(&mut feed, &recording, Some(BEAT))?;
                files.insert(path.clone(), file);
            }
            let Some(file) = files.get_mut(&path) else {
                continue;
            };
            match file.poll(&mut feed) {
                Ok(()) => {}
                // It is a source of another generation from here on.
                Err(Stir::Changed(why)) => {
                    eprintln!("proctor: `{}`: {why}", path.display());
                    files.remove(&path);
                }
                Err(Stir::Failed(error)) => return Err(error),
            }
        }
        let gone: Vec<PathBuf> = (files.keys().filter(|path| !path.exists()))
            .cloned()
            .collect();
        for path in gone {
            if let Some(file) = files.remove(&path) {
                eprintln!("proctor: `{}` is gone", path.display());
                feed.end(file.source, file.sent)?;
            }
        }
        if args.once {
            for file in files.into_values() {
                feed.end(file.source, file.sent)?;
            }
            return Ok(Exit::Fine);
        }
        std::thread::sleep(Duration::from_millis(500).saturating_sub(began.elapsed()));
    }
}

/// A file whose bytes go to the recorder.
struct Followed {
    path: PathBuf,
    identity: (u64, u64),
    source: u64,
    /// Bytes that are recorded.
    sent: u64,
    /// Hash of them.
    hash: Sha256,
    /// When it was last heard of.
    beaten: Instant,
    beats: bool,
}

/// Why a file is not followed on.
enum Stir {
    /// It is not what was recorded any more.
    Changed(&'static str),
    Failed(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Stir {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Followed {
    /// Announces a file, and goes on where the record of it ends.
    fn begin(feed: &mut Feed, recording: &Recording, beat: Option<u32>) -> anyhow::Result<Self> {
        let path = std::path::absolute(&recording.path)?;
        let meta = std::fs::metadata(&path)
            .with_context(|| format!("cannot read `{}`", path.display()))?;
        let mut info = describe(recording, &path, &meta, beat);
        let mut known = feed.announce(info.clone())?;
        let mut hash = Sha256::new();
        let generation = info.generation.clone();
        // What stands there must begin with what is recorded; otherwise it is another stream.
        for again in 1.. {
            let same = known.sha256.is_none() && known.bytes == 0
                || begins_with(&path, known.bytes, known.sha256.as_deref(), &mut hash)?;
            if same {
                break;
            }
            info.generation = format!("{generation} rewritten {again}");
            info.reason = Some("its beginning is not what was recorded of it".to_owned());
            hash = Sha256::new();
            known = feed.announce(info.clone())?;
        }
        Ok(Self {
            path,
            identity: (meta.dev(), meta.ino()),
            source: known.source,
            sent: known.bytes,
            hash,
            beaten: Instant::now(),
            beats: beat.is_some(),
        })
    }

    /// Whether this is still the file of the recording.
    fn is(&self, recording: &Recording) -> bool {
        std::fs::metadata(&recording.path).is_ok_and(|m| (m.dev(), m.ino()) == self.identity)
    }

    /// Sends what is new, up to the length that the file has now.
    fn send(&mut self, feed: &mut Feed) -> anyhow::Result<u64> {
        let what = || format!("cannot read `{}`", self.path.display());
        let mut file = File::open(&self.path).with_context(what)?;
        let end = file.metadata().with_context(what)?.len();
        file.seek(SeekFrom::Start(self.sent)).with_context(what)?;
        let mut buffer = vec![0; CHUNK];
        let mut new = 0;
        while self.sent < end {
            let most = usize::try_from(end - self.sent).map_or(CHUNK, |left| left.min(CHUNK));
            let read = file
                .read(buffer.get_mut(..most).unwrap_or_default())
                .with_context(|| format!("cannot read `{}`", self.path.display()))?;
            let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else {
                break;
            };
            feed.append(self.source, self.sent, part)?;
            self.hash.update(part);
            self.sent += part.len() as u64;
            new += part.len() as u64;
        }
        self.beaten = Instant::now();
        Ok(new)
    }

    /// Sends what is new; tells where the file is not what was recorded any more.
    fn poll(&mut self, feed: &mut Feed) -> Result<(), Stir> {
        let meta = std::fs::metadata(&self.path)?;
        if meta.len() < self.sent {
            feed.end(self.source, self.sent)?;
            return Err(Stir::Changed("became shorter than what is recorded of it"));
        }
        if meta.len() > self.sent {
            let mut hash = Sha256::new();
            let recorded = hex(&self.hash.clone().finalize());
            if !begins_with(&self.path, self.sent, Some(&recorded), &mut hash)? {
                feed.end(self.source, self.sent)?;
                return Err(Stir::Changed("was rewritten in what is recorded of it"));
            }
            self.send(feed)?;
        } else if self.beats && self.beaten.elapsed() >= Duration::from_secs(u64::from(BEAT) / 2) {
            feed.beat(self.source, self.sent)?;
            self.beaten = Instant::now();
        }
        Ok(())
    }
}

fn describe(recording: &Recording, path: &Path, meta: &Metadata, beat: Option<u32>) -> SourceInfo {
    let packed = path.extension().is_some_and(|end| end == "zst");
    SourceInfo {
        path: path.to_owned(),
        harness: recording.harness,
        format: match recording.harness {
            Harness::ClaudeCode | Harness::Codex if !packed => Format::Lines,
            _ => Format::Document,
        },
        vantage: Vantage::Said,
        generation: format!("{}:{}", meta.dev(), meta.ino()),
        reason: None,
        host: std::fs::read_to_string("/proc/sys/kernel/hostname")
            .ok()
            .map(|name| name.trim().to_owned()),
        user: Some(format!("uid {}", meta.uid())),
        session: recording.session.clone(),
        started: recording.started,
        beat_seconds: beat,
        beside: beside(path),
    }
}

/// The longest file beside a recording that is recorded with it, in bytes.
const BESIDE: u64 = 1 << 20;

/// The small file in which Claude Code says what an agent's file is about.
fn beside(path: &Path) -> BTreeMap<String, String> {
    let meta = path.with_extension("meta.json");
    let name = meta.file_name().and_then(|name| name.to_str());
    let mut text = String::new();
    let read = File::open(&meta).and_then(|file| file.take(BESIDE).read_to_string(&mut text));
    match (name, read) {
        (Some(name), Ok(_)) => BTreeMap::from([(name.to_owned(), text)]),
        _ => BTreeMap::new(),
    }
}

/// Whether the first bytes of a file are those that are recorded; `hash` takes them in.
fn begins_with(
    path: &Path,
    bytes: u64,
    sha256: Option<&str>,
    hash: &mut Sha256,
) -> anyhow::Result<bool> {
    let what = || format!("cannot read `{}`", path.display());
    let mut file = File::open(path).with_context(what)?.take(bytes);
    let mut buffer = vec![0; CHUNK];
    let mut read = 0;
    loop {
        match file.read(&mut buffer).with_context(what)? {
            0 => break,
            n => {
                hash.update(buffer.get(..n).unwrap_or_default());
                read += n as u64;
            }
        }
    }
    // Without a hash, because bytes were lost or erased, only the length can be compared.
    Ok(read == bytes && sha256.is_none_or(|sha256| hex(&hash.clone().finalize()) == sha256))
}
