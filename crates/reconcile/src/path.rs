//! Paths as agents write them: resolved by their words alone, nothing on this machine is asked.

use serde::{Deserialize, Serialize};

/// Where a path leads, seen from a session's project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whereabouts {
    /// Inside the project.
    Project,
    /// In a directory for temporary files.
    Temporary,
    /// Among the files of an agent's own harness: sessions, settings, memory.
    Harness,
    /// A device such as `/dev/null`.
    Device,
    /// Anywhere else.
    Outside,
    /// Nobody can tell from the words: a variable, a pattern, an unknown working directory.
    Unknown,
}

/// The path made absolute where the words allow it: `.` and `..` are taken out, `~` and `$HOME`
/// become the home that `cwd` shows (`/home/x`, `/Users/x`, `/root`), relative paths are joined to
/// `cwd`. Without a known home or working directory the path stays relative.
pub fn resolve(path: &str, cwd: Option<&str>) -> String {
    let path = path.trim();
    let path = path.strip_prefix("file://").unwrap_or(path);
    if let Some(rest) = after_home(path) {
        return match cwd.and_then(home) {
            Some(home) => normalise(&format!("{home}/{rest}")),
            None => normalise(&format!("~/{rest}")),
        };
    }
    match cwd {
        Some(cwd) if !path.starts_with('/') && !is_windows(path) && !path.starts_with('$') => {
            normalise(&format!("{cwd}/{path}"))
        }
        _ => normalise(path),
    }
}

/// Where the path leads, for a session that works in `project`.
pub fn whereabouts(path: &str, project: Option<&str>) -> Whereabouts {
    let path = resolve(path, project);
    if path.is_empty() || path.contains('$') || path.contains('`') {
        return Whereabouts::Unknown;
    }
    if project.is_some_and(|project| is_under(&path, &normalise(project))) {
        return Whereabouts::Project;
    }
    let temporary = [
        "/tmp",
        "/var/tmp",
        "/private/tmp",
        "/var/folders",
        "/dev/shm",
    ];
    if temporary.iter().any(|dir| is_under(&path, dir)) {
        return Whereabouts::Temporary;
    }
    if ["/dev", "/proc/self/fd"]
        .iter()
        .any(|dir| is_under(&path, dir))
    {
        return Whereabouts::Device;
    }
    if path
        .split('/')
        .any(|part| matches!(part, ".claude" | ".codex" | ".claude.json"))
    {
        return Whereabouts::Harness;
    }
    if path.starts_with('/') || path.starts_with('~') || is_windows(&path) {
        return Whereabouts::Outside;
    }
    if path == ".." || path.starts_with("../") {
        return Whereabouts::Outside;
    }
    match project {
        // A relative path of a session whose project is unknown is most likely inside it.
        None => Whereabouts::Project,
        Some(_) => Whereabouts::Unknown,
    }
}

/// Whether the path lies among the plans, task lists and memories that a harness keeps for its
/// agent: of [`Whereabouts::Harness`] the part that is the agent's own to write. Settings, hooks,
/// instructions and recordings are not.
pub(crate) fn is_note(path: &str) -> bool {
    let mut parts = path
        .split('/')
        .skip_while(|part| !matches!(*part, ".claude" | ".codex"))
        .skip(1);
    match parts.next() {
        Some("plans" | "todos" | "tasks" | "memories") => true,
        Some("projects") => parts.nth(1) == Some("memory"),
        _ => false,
    }
}

/// Whether the path is the directory or lies in it; both normalised.
pub(crate) fn is_under(path: &str, dir: &str) -> bool {
    path.strip_prefix(dir)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || dir.ends_with('/'))
}

/// The last part of the path.
pub(crate) fn file_name(path: &str) -> &str {
    let path = path.trim_end_matches(['/', '\\']);
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

fn after_home(path: &str) -> Option<&str> {
    for home in ["~", "$HOME", "${HOME}"] {
        if let Some(rest) = path.strip_prefix(home)
            && (rest.is_empty() || rest.starts_with('/'))
        {
            return Some(rest.trim_start_matches('/'));
        }
    }
    None
}

/// The home directory that a path lies in.
fn home(path: &str) -> Option<&str> {
    if is_under(path, "/root") {
        return path.get(..5);
    }
    for homes in ["/home/", "/Users/"] {
        if let Some(rest) = path.strip_prefix(homes) {
            let name = rest.split('/').next().filter(|name| !name.is_empty())?;
            return path.get(..homes.len() + name.len());
        }
    }
    None
}

fn is_windows(path: &str) -> bool {
    let mut chars = path.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.next() == Some(':')
        && matches!(chars.next(), Some('\\' | '/'))
}

/// Takes `.`, `..` and doubled slashes out; `..` at the start of a relative path stays.
fn normalise(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut normal = String::with_capacity(path.len());
    for part in path.split('/') {
        match part {
            "" | "." => continue,
            ".." => match normal.rsplit('/').next().unwrap_or_default() {
                "" | ".." | "~" if absolute => continue,
                "" | ".." | "~" => {}
                last => {
                    let before = normal.len() - last.len();
                    normal.truncate(before.saturating_sub(1));
                    continue;
                }
            },
            _ => {}
        }
        if absolute || !normal.is_empty() {
            normal.push('/');
        }
        normal.push_str(part);
    }
    if absolute && normal.is_empty() {
        normal.push('/');
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_notes_of_an_agent_from_what_rules_it() {
        for note in [
            "/home/u/.claude/plans/a.md",
            "/home/u/.claude/todos/1.json",
            "~/.claude/projects/-home-u-p/memory/MEMORY.md",
            "~/.codex/memories/a.md",
        ] {
            assert!(is_note(note), "{note}");
        }
        for ruling in [
            "~/.claude/settings.json",
            "~/.claude.json",
            "~/.claude/hooks/plans",
            "~/.claude/CLAUDE.md",
            "~/.claude/projects/-home-u-p/s.jsonl",
            "/home/u/.codex/config.toml",
        ] {
            assert!(!is_note(ruling), "{ruling}");
        }
    }

    #[test]
    fn resolves_by_words() {
        let cwd = Some("/home/u/proj");
        for (path, expected) in [
            ("a.txt", "/home/u/proj/a.txt"),
            ("./b/../a.txt", "/home/u/proj/a.txt"),
            ("../other/x", "/home/u/other/x"),
            ("~/.ssh/id_rsa", "/home/u/.ssh/id_rsa"),
            ("$HOME/.bashrc", "/home/u/.bashrc"),
            ("/etc//passwd", "/etc/passwd"),
            ("/../etc", "/etc"),
            ("/a/./b/../..", "/"),
            ("/~/../x", "/~/x"),
            ("~", "/home/u"),
            ("$DIR/x", "$DIR/x"),
            (r"C:\x", r"C:\x"),
        ] {
            assert_eq!(resolve(path, cwd), expected, "{path}");
        }
        assert_eq!(resolve("~/x", None), "~/x");
        assert_eq!(resolve("../../x", None), "../../x");
        assert_eq!(resolve("~/../x", None), "~/../x");
    }

    #[test]
    fn tells_places_apart() {
        let project = Some("/home/u/proj");
        for (path, expected) in [
            ("src/a.rs", Whereabouts::Project),
            ("/home/u/proj", Whereabouts::Project),
            ("/home/u/project2/x", Whereabouts::Outside),
            ("../x", Whereabouts::Outside),
            ("~/.bashrc", Whereabouts::Outside),
            ("/tmp/x", Whereabouts::Temporary),
            ("/dev/null", Whereabouts::Device),
            ("/dev/shm/x", Whereabouts::Temporary),
            ("~/.claude/settings.json", Whereabouts::Harness),
            ("$X/a", Whereabouts::Unknown),
        ] {
            assert_eq!(whereabouts(path, project), expected, "{path}");
        }
        assert_eq!(whereabouts("src/a.rs", None), Whereabouts::Project);
        assert_eq!(whereabouts("/etc/hosts", None), Whereabouts::Outside);
    }
}
