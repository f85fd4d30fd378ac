//! Finds the recordings below some paths, and where harnesses keep theirs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use proctor_dialects::json;
use proctor_model::{Gap, GapCause};

use crate::detect::{self, Kind};
use crate::packed;
use crate::{Discovery, Recording};

/// Finds the recordings below these paths, which may be files or directories.
///
/// Files are told by their content. Symbolic links are followed, but not into the trees of the
/// kernel and not back up; a file or directory that is reached by several names counts once, by
/// the name that sorts first. What cannot be read is a gap. The answer does not depend on the
/// order of the paths.
pub fn discover(paths: &[PathBuf]) -> Discovery {
    let mut found = Discovery::default();
    let files = walk(paths, &mut found.gaps);
    for (path, meta) in files {
        match look(&path, &meta) {
            Ok(Ok(recording)) => found.recordings.push(recording),
            Ok(Err(kind)) => {
                found.ignored += 1;
                found.ignored_bytes += meta.len();
                if kind == Kind::Utf16 && looks_like_a_recording(&path) {
                    let detail = "text in UTF-16, which no harness writes".to_owned();
                    found.gaps.push((path, gap(GapCause::InvalidText, detail)));
                }
            }
            Err(error) => found
                .gaps
                .push((path, gap(GapCause::Unreadable, error.to_string()))),
        }
    }
    found.gaps.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// Tells by its content whether a file is a recording, and of which harness.
///
/// # Errors
///
/// Fails where the file cannot be read.
pub fn detect(path: &Path) -> io::Result<Option<Recording>> {
    let meta = fs::metadata(path)?;
    if !meta.is_file() {
        return Ok(None);
    }
    Ok(look(path, &meta)?.ok())
}

fn look(path: &Path, meta: &Metadata) -> io::Result<Result<Recording, Kind>> {
    if meta.len() == 0 {
        return Ok(Err(Kind::Other));
    }
    let mut file = File::open(path)?;
    let kind = match packed::peek(&mut file, detect::LONGEST_HEAD)? {
        Some(mut head) => detect::detect(packed::name(path), &mut head)?,
        None => detect::detect(path, &mut file)?,
    };
    Ok(match kind {
        Kind::Recording(detected) => Ok(Recording {
            path: path.to_owned(),
            harness: detected.harness,
            bytes: meta.len(),
            session: detected.session,
            started: detected.started,
            modified: meta
                .modified()
                .ok()
                .and_then(|t| Timestamp::try_from(t).ok()),
        }),
        other => Err(other),
    })
}

/// All regular files below these paths, each once, sorted.
pub(crate) fn walk(
    paths: &[PathBuf],
    gaps: &mut Vec<(PathBuf, Gap)>,
) -> BTreeMap<PathBuf, Metadata> {
    let mut files = BTreeMap::new();
    let mut seen = BTreeSet::new();
    // Always the first path of those left, so that of two ways to a file the same one is taken
    // whatever was given first.
    let mut left: BTreeSet<PathBuf> = paths.iter().cloned().collect();
    while let Some(path) = left.pop_first() {
        let meta = match enter(&path) {
            Ok(Some(meta)) => meta,
            Ok(None) => continue,
            Err(error) => {
                gaps.push((path, gap(cause(&error), error.to_string())));
                continue;
            }
        };
        if !seen.insert(identity(&path, &meta)) {
            continue;
        }
        if meta.is_file() {
            files.insert(path, meta);
        } else if meta.is_dir() {
            match list(&path) {
                Ok(entries) => left.extend(entries),
                Err(error) => gaps.push((path, gap(cause(&error), error.to_string()))),
            }
        }
    }
    files
}

/// What stands at a path, links followed; `None` where the walk does not go there.
fn enter(path: &Path) -> io::Result<Option<Metadata>> {
    let meta = fs::symlink_metadata(path)?;
    if !meta.is_symlink() {
        return Ok((!is_kernel_tree(path)).then_some(meta));
    }
    let target = fs::canonicalize(path)?;
    if is_kernel_tree(&target) {
        return Ok(None);
    }
    let above = path.parent().unwrap_or(path);
    let above = match above.as_os_str().is_empty() {
        true => fs::canonicalize(".")?,
        false => fs::canonicalize(above)?,
    };
    if above.starts_with(&target) {
        return Err(io::Error::other("a symbolic link back up: a loop"));
    }
    fs::metadata(path).map(Some)
}

fn list(directory: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(directory)?
        .map(|entry| Ok(entry?.path()))
        .collect()
}

/// Files that are not kept anywhere: reading them may never end.
fn is_kernel_tree(path: &Path) -> bool {
    ["/proc", "/sys", "/dev"]
        .iter()
        .any(|tree| path.starts_with(tree))
}

/// What makes two paths the same file.
#[cfg(unix)]
pub(crate) fn identity(_: &Path, meta: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (meta.dev(), meta.ino())
}

/// What makes two paths the same file.
#[cfg(not(unix))]
pub(crate) fn identity(path: &Path, _: &Metadata) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn cause(error: &io::Error) -> GapCause {
    match error.kind() {
        io::ErrorKind::NotFound => GapCause::Missing,
        _ => GapCause::Unreadable,
    }
}

fn gap(cause: GapCause, detail: String) -> Gap {
    Gap { cause, detail }
}

fn looks_like_a_recording(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str());
    matches!(extension, Some("jsonl" | "json" | "traj"))
}

/// The places below a home directory where known harnesses keep their recordings, as far as they
/// exist.
///
/// `CLAUDE_CONFIG_DIR` and `CODEX_HOME` are heeded.
pub fn home_recordings(home: &Path) -> Vec<PathBuf> {
    recordings_of(home, |name| std::env::var_os(name).map(PathBuf::from))
}

fn recordings_of(home: &Path, env: impl Fn(&str) -> Option<PathBuf>) -> Vec<PathBuf> {
    let mut places = Vec::new();
    for config in claude_homes(home, &env) {
        places.push(config.join("projects"));
    }
    let codex = env("CODEX_HOME").unwrap_or_else(|| home.join(".codex"));
    places.push(codex.join("sessions"));
    places.push(codex.join("archived_sessions"));
    places.retain(|place| place.is_dir());
    places.sort();
    places.dedup();
    places
}

fn claude_homes(home: &Path, env: &impl Fn(&str) -> Option<PathBuf>) -> Vec<PathBuf> {
    let mut homes = vec![home.join(".claude"), home.join(".config/claude")];
    homes.extend(env("CLAUDE_CONFIG_DIR"));
    homes
}

/// How long a harness keeps its recordings.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Retention {
    /// Days after which Claude Code deletes a session that nobody touched.
    pub days: u64,
    /// The settings file that says so, or that would.
    pub place: PathBuf,
    /// Whether no settings file says so and the harness's default holds.
    pub default: bool,
}

/// Claude Code's default of `cleanupPeriodDays`.
const DEFAULT_RETENTION_DAYS: u64 = 30;

/// The longest settings file that is read, in bytes.
const MAX_SETTINGS: u64 = 4 << 20;

/// How long Claude Code keeps the sessions below this home directory.
pub fn retention(home: &Path) -> Retention {
    let managed = [
        "/etc/claude-code/managed-settings.json",
        "/Library/Application Support/ClaudeCode/managed-settings.json",
    ];
    let managed: Vec<_> = managed.iter().map(PathBuf::from).collect();
    retention_of(home, &managed, |name| {
        std::env::var_os(name).map(PathBuf::from)
    })
}

fn retention_of(
    home: &Path,
    managed: &[PathBuf],
    env: impl Fn(&str) -> Option<PathBuf>,
) -> Retention {
    let user = env("CLAUDE_CONFIG_DIR").unwrap_or_else(|| home.join(".claude"));
    let user = user.join("settings.json");
    // What the machine's owner prescribes goes before what the user chose.
    let places = managed.iter().chain([&user]);
    for place in places {
        if let Some(days) = cleanup_days(place) {
            return Retention {
                days,
                place: place.clone(),
                default: false,
            };
        }
    }
    Retention {
        days: DEFAULT_RETENTION_DAYS,
        place: user,
        default: true,
    }
}

fn cleanup_days(settings: &Path) -> Option<u64> {
    use std::io::Read as _;
    let mut text = String::new();
    let file = File::open(settings).ok()?;
    file.take(MAX_SETTINGS).read_to_string(&mut text).ok()?;
    let (value, _) = json::parse(&text).ok()?;
    value.get("cleanupPeriodDays")?.as_u64()
}

#[cfg(test)]
mod tests;
