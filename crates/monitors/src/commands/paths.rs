//! Paths in one form, so that rules need not know how a command spelled them.

/// A path made absolute where the directory is known, without `.`, `..` and doubled slashes.
/// `$HOME` becomes `~`; a relative path in an unknown directory starts with `./`, so that every
/// path holds a slash before its name. The result is a key and a text to match on, nothing to open.
pub(crate) fn normal(path: &str, dir: Option<&str>) -> String {
    let path = path.trim_matches(['"', '\'']);
    let path = ["${HOME}", "$HOME"]
        .iter()
        .find_map(|home| path.strip_prefix(home))
        .filter(|rest| rest.is_empty() || rest.starts_with('/'))
        .map_or_else(|| path.to_owned(), |rest| format!("~{rest}"));
    if path.starts_with('$') {
        return path;
    }
    let rooted = path.starts_with(['/', '~']);
    let joined = match dir {
        Some(dir) if !rooted => format!("{dir}/{path}"),
        _ => path,
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in joined.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|p| *p != ".." && *p != "~") => {
                parts.pop();
            }
            // Above the root is the root.
            ".." if parts.is_empty() && joined.starts_with('/') => {}
            _ => parts.push(part),
        }
    }
    let flat = parts.join("/");
    // A directory named as one keeps its slash: `rm -rf ~/` and a file called `~` differ.
    let tail = if joined.ends_with('/') && !flat.is_empty() {
        "/"
    } else {
        ""
    };
    if joined.starts_with('/') {
        format!("/{flat}{tail}")
    } else if joined.starts_with('~') {
        format!("{flat}{tail}")
    } else {
        format!("./{flat}{tail}")
    }
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn spellings_of_one_path_agree() {
        for path in [
            "~/.bashrc",
            "$HOME/.bashrc",
            "${HOME}/.bashrc",
            "~/./x/../.bashrc",
            "'~//.bashrc'",
        ] {
            assert_eq!(normal(path, None), "~/.bashrc", "{path}");
        }
        assert_eq!(normal(".bashrc", Some("~")), "~/.bashrc");
        assert_eq!(normal("../shadow", Some("/etc/x")), "/etc/shadow");
        assert_eq!(normal("../../../..", Some("/etc")), "/");
        assert_eq!(normal("a.sh", None), "./a.sh");
        assert_eq!(normal("$HOMEWARD/x", None), "$HOMEWARD/x");
        assert_eq!(normal("/", None), "/");
        assert_eq!(normal("~/", None), "~/");
        assert_eq!(normal("", None), "./");
    }
}
