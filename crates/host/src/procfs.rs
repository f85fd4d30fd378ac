//! What `/proc` says of a process.

use std::fs;
use std::path::PathBuf;

/// A process for as long as it lives: ids are used again, start times are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    /// When it began, in clock ticks since boot.
    pub(crate) start: u64,
}

/// The longest environment or command line that is read, in bytes.
const MOST: usize = 4 << 20;

/// A living process and its parent's id.
pub(crate) fn stat(pid: u32) -> Option<(Process, u32)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name is in brackets and may hold brackets and spaces itself.
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let parent = fields.nth(1)?.parse().ok()?;
    let start = fields.nth(17)?.parse().ok()?;
    Some((Process { pid, start }, parent))
}

/// All living processes.
pub(crate) fn all() -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect()
}

/// The words of its command line; none where they cannot be read.
pub(crate) fn arguments(pid: u32) -> Vec<String> {
    words(&format!("/proc/{pid}/cmdline"))
}

/// The entries of the environment it was started with; `None` where that cannot be read.
pub(crate) fn environment(pid: u32) -> Option<Vec<String>> {
    fs::metadata(format!("/proc/{pid}/environ")).ok()?;
    Some(words(&format!("/proc/{pid}/environ")))
}

/// The program that it runs.
pub(crate) fn program(pid: u32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/exe")).ok()
}

/// Which process namespace it is in, as the kernel names it.
pub(crate) fn namespace(pid: u32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/ns/pid")).ok()
}

fn words(path: &str) -> Vec<String> {
    let mut bytes = fs::read(path).unwrap_or_default();
    bytes.truncate(MOST);
    bytes
        .split(|b| *b == 0)
        .filter(|word| !word.is_empty())
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_there() {
        let me = std::process::id();
        let (process, parent) = stat(me).unwrap();
        assert_eq!(process.pid, me);
        assert!(process.start > 0);
        assert_eq!(parent, std::os::unix::process::parent_id());
        assert!(all().contains(&me));
        assert!(!arguments(me).is_empty());
        assert!(namespace(me).is_some());
    }

    #[test]
    fn a_name_with_brackets_does_not_confuse() {
        let dir = std::env::temp_dir().join(format!("a) 1 (b {}", std::process::id()));
        fs::copy("/bin/sleep", &dir).unwrap();
        let mut child = std::process::Command::new(&dir).arg("5").spawn().unwrap();
        let found = stat(child.id());
        child.kill().unwrap();
        child.wait().unwrap();
        fs::remove_file(&dir).unwrap();
        assert_eq!(found.unwrap().1, std::process::id());
    }
}
