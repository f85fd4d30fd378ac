//! The words of a command: flags, operands, paths and hosts.

use std::sync::LazyLock;

use proctor_shell::Command;
use regex::Regex;

/// A command's program and arguments, with the questions one asks of them.
pub(crate) struct Words<'a> {
    /// The first word as written.
    pub(crate) command: &'a str,
    /// The first word without its directory.
    pub(crate) program: &'a str,
    /// All other words.
    pub(crate) args: &'a [String],
}

impl<'a> Words<'a> {
    /// The words of a command.
    pub(crate) fn of(command: &'a Command) -> Self {
        let (first, args) = command
            .argv
            .split_first()
            .map_or(("", &[][..]), |(first, args)| (first.as_str(), args));
        Self {
            command: first,
            program: command.program(),
            args,
        }
    }

    /// The arguments that are no flags, those after `--` included. Values of flags count too:
    /// which flags take values is not known here.
    pub(crate) fn operands(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let mut all = false;
        self.args.iter().map(String::as_str).filter(move |a| {
            if *a == "--" && !all {
                all = true;
                return false;
            }
            all || *a == "-" || !a.starts_with('-')
        })
    }

    /// The operands without the values of these flags, where they stand as words of their own.
    pub(crate) fn operands_beside(&self, flags: &[&str]) -> Vec<&'a str> {
        let mut value = false;
        let mut operands = Vec::new();
        for arg in self.args {
            if value {
                value = false;
            } else if flags.contains(&arg.as_str()) {
                value = true;
            } else if arg == "-" || !arg.starts_with('-') {
                operands.push(arg.as_str());
            }
        }
        operands
    }

    /// The position of the argument that a search takes as its pattern: text to look for, that
    /// names no file however much it looks like one.
    pub(crate) fn pattern(&self) -> Option<usize> {
        let (args, skipped) = match (self.program, self.args.first().map(String::as_str)) {
            ("git", Some("grep")) => (self.args.get(1..)?, 1),
            ("grep" | "egrep" | "fgrep" | "zgrep" | "rg" | "ag" | "ack", _) => (self.args, 0),
            _ => return None,
        };
        let mut last = "";
        for (i, arg) in args.iter().enumerate() {
            let before = std::mem::replace(&mut last, arg);
            match before {
                "-e" | "--regexp" => return Some(i + skipped),
                "--" => return Some(i + skipped),
                // Flags whose value is the next word; `-f` takes the pattern from a file.
                "-A" | "-B" | "-C" | "-m" | "--include" | "--exclude" | "--exclude-dir" | "-g"
                | "--glob" | "-t" | "--type" | "-T" => continue,
                "-f" | "--file" => return None,
                _ => {}
            }
            if arg.starts_with("--regexp=") {
                return Some(i + skipped);
            }
            // A cluster that ends in `e` is followed by the pattern as `-e` is.
            if arg.starts_with('-') && !arg.starts_with("--") && arg.ends_with('e') {
                last = "-e";
            } else if !arg.starts_with('-') {
                return Some(i + skipped);
            }
        }
        None
    }

    /// The operands before the first flag: the starting points of `find`.
    pub(crate) fn leading_operands(&self) -> impl Iterator<Item = String> + use<'a> {
        self.args
            .iter()
            .take_while(|a| !a.starts_with('-'))
            .cloned()
    }

    /// Whether this very word is among the arguments.
    pub(crate) fn has(&self, flag: &str) -> bool {
        self.args.iter().any(|a| a == flag)
    }

    /// Whether a cluster of short flags holds this letter.
    pub(crate) fn has_short(&self, letter: char) -> bool {
        self.args
            .iter()
            .any(|a| a.starts_with('-') && !a.starts_with("--") && a.contains(letter))
    }

    /// The value of a flag: the next word, or what follows `=`, or what is glued to a short flag.
    /// A short flag may also end a cluster, as in `-sSLo FILE`.
    pub(crate) fn value_of(&self, flag: &str) -> Option<&'a str> {
        let short = flag.len() == 2 && flag.starts_with('-');
        for (i, arg) in self.args.iter().enumerate() {
            if arg == flag {
                return self.args.get(i + 1).map(String::as_str);
            }
            if short {
                let letter = flag.chars().nth(1)?;
                if arg.starts_with('-') && !arg.starts_with("--") && arg.ends_with(letter) {
                    return self.args.get(i + 1).map(String::as_str);
                }
                if let Some(glued) = arg.strip_prefix(flag)
                    && !glued.is_empty()
                {
                    return Some(glued);
                }
            } else if let Some(value) = arg.strip_prefix(flag).and_then(|a| a.strip_prefix('=')) {
                return Some(value);
            }
        }
        None
    }
}

/// Whether a word may be a path: absolute, relative with a directory, in the home directory, or a
/// hidden file.
pub(crate) fn looks_like_path(word: &str) -> bool {
    let starts = ["/", "./", "../", "~", "$HOME", "${HOME}"];
    word.len() <= 1024
        && !word.contains("://")
        && !word.contains(['\n', '|', '`'])
        && (starts.iter().any(|s| word.starts_with(s))
            || word.contains('/')
            || (word.starts_with('.') && word.len() > 2)
            || has_extension(word))
}

fn has_extension(word: &str) -> bool {
    word.rsplit_once('.').is_some_and(|(stem, extension)| {
        !stem.is_empty()
            && (1..=8).contains(&extension.len())
            && extension.bytes().all(|b| b.is_ascii_alphanumeric())
            && extension.bytes().any(|b| b.is_ascii_alphabetic())
            && !word.contains(char::is_whitespace)
    })
}

/// The host and port of a word that is an address: `https://host:8080/x`, `user@host:path`.
pub(crate) fn host_of(word: &str) -> Option<(String, Option<u16>)> {
    if word.len() > 4096 {
        return None;
    }
    let Some((scheme, rest)) = word.split_once("://") else {
        return remote_copy(word);
    };
    let scheme = scheme
        .rsplit(['=', '"', '\'', ' '])
        .next()
        .unwrap_or(scheme);
    if scheme.is_empty() || scheme == "file" || scheme.len() > 12 {
        return None;
    }
    let authority = rest.split(['/', '?', '#', '"', '\'', ' ']).next()?;
    let authority = authority.rsplit('@').next()?;
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !host.ends_with(':') => (host, port.parse().ok()),
        _ => (authority, None),
    };
    (!host.is_empty()).then(|| (host.to_ascii_lowercase(), port))
}

/// `user@host:path` as `scp`, `rsync` and `git` take it.
fn remote_copy(word: &str) -> Option<(String, Option<u16>)> {
    let (user, rest) = word.split_once('@')?;
    let (host, _) = rest.split_once(':')?;
    let plain = |s: &str| {
        !s.is_empty()
            && s.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.$".contains(&b))
    };
    (plain(user) && plain(host)).then(|| (host.to_ascii_lowercase(), None))
}

/// Paths that stand quoted in a piece of inline code.
pub(crate) fn path_literals(code: &str) -> Vec<String> {
    static QUOTED: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"["'`](~?/[^"'`\n\s]{2,200}|~/[^"'`\n\s]{1,200})["'`]"#).ok()
    });
    let Some(quoted) = QUOTED.as_ref() else {
        return Vec::new();
    };
    quoted
        .captures_iter(code)
        .filter_map(|c| c.get(1))
        .take(32)
        .map(|m| m.as_str().to_owned())
        .collect()
}
