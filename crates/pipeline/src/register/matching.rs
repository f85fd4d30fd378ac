//! Whom a manifest covers.

use jiff::Timestamp;
use proctor_model::{Harness, Manifest};

/// What a session tells of whose it is.
#[derive(Default)]
pub(crate) struct Subject<'a> {
    pub(crate) harness: Option<Harness>,
    pub(crate) models: Vec<&'a str>,
    pub(crate) host: Option<&'a str>,
    pub(crate) user: Option<&'a str>,
    pub(crate) cwd: Option<&'a str>,
    pub(crate) start: Option<Timestamp>,
}

impl Subject<'_> {
    /// What the manifest says about whom it covers, if that fits; in plain words. What it names and
    /// the session does not tell does not fit.
    pub(crate) fn matches(&self, manifest: &Manifest) -> Option<Vec<&'static str>> {
        let harness = self.harness.map(harness_name);
        let mut matched = Vec::new();
        let one = |name: &'static str, globs: &[String], values: &[&str]| {
            let fits = globs.is_empty()
                || !values.is_empty()
                    && values
                        .iter()
                        .all(|value| globs.iter().any(|pattern| glob(pattern, value)));
            fits.then_some((!globs.is_empty()).then_some(name))
        };
        let harness: Vec<&str> = harness.as_deref().into_iter().collect();
        let of = |value: Option<_>| value.into_iter().collect::<Vec<&str>>();
        for found in [
            one("harness", &manifest.harness, &harness)?,
            one("models", &manifest.models, &self.models)?,
            one("host", &manifest.hosts, &of(self.host))?,
            one("user", &manifest.users, &of(self.user))?,
            one("working directory", &manifest.paths, &of(self.cwd))?,
        ] {
            matched.extend(found);
        }
        Some(matched)
    }
}

/// A harness as manifests write it: `claude-code`.
fn harness_name(harness: Harness) -> String {
    match serde_json::to_value(harness) {
        Ok(serde_json::Value::String(name)) => name,
        _ => harness.name().to_owned(),
    }
}

/// Whether the text fits the pattern: `*` stands for anything within a name of a path, `**` for
/// anything, `?` for one character, everything else for itself.
fn glob(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    // `reached` says at which places of the pattern one may be, having read the text so far.
    let mut reached = vec![false; pattern.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    pass_stars(&pattern, &mut reached);
    for c in text {
        let mut next = vec![false; pattern.len() + 1];
        for (at, wanted) in pattern.iter().enumerate() {
            if !reached.get(at).copied().unwrap_or_default() {
                continue;
            }
            let deep = is_deep(&pattern, at);
            let (stay, go) = match wanted {
                '*' => (deep || c != '/', false),
                '?' => (false, c != '/'),
                literal => (false, *literal == c),
            };
            for (place, set) in [(at, stay), (at + 1, go)] {
                if let Some(slot) = next.get_mut(place) {
                    *slot |= set;
                }
            }
        }
        pass_stars(&pattern, &mut next);
        reached = next;
    }
    reached.last().copied().unwrap_or_default()
}

/// A star may stand for nothing.
fn pass_stars(pattern: &[char], reached: &mut [bool]) {
    for (at, c) in pattern.iter().enumerate() {
        if *c == '*'
            && reached.get(at).copied().unwrap_or_default()
            && let Some(next) = reached.get_mut(at + 1)
        {
            *next = true;
        }
    }
}

/// Whether the star here is one of two.
fn is_deep(pattern: &[char], at: usize) -> bool {
    let star = |at: Option<usize>| at.and_then(|at| pattern.get(at)) == Some(&'*');
    star(at.checked_sub(1)) || star(Some(at + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (pattern, text, fits) in [
            ("build-*", "build-7", true),
            ("build-*", "rebuild-7", false),
            ("/home/*/docs", "/home/ines/docs", true),
            ("/home/*/docs", "/home/ines/x/docs", false),
            ("/home/**", "/home/ines/x/docs", true),
            ("/home/**/docs", "/home/a/b/docs", true),
            ("claude-?-*", "claude-4-opus", true),
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("a.c", "abc", false),
        ] {
            assert_eq!(glob(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn a_long_pattern_of_stars_takes_no_time() {
        let pattern = "*a".repeat(200);
        assert!(!glob(&pattern, &"a".repeat(199)));
        assert!(glob(&pattern, &"a".repeat(400)));
    }
}
