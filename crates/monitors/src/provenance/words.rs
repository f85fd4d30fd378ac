//! What words are about: verbs of instructions, and the kinds of acts that words belong to.

use std::collections::{HashMap, HashSet};
use std::ops::{BitAnd, BitOrAssign};
use std::sync::LazyLock;

use serde::Deserialize;

/// A set of kinds of acts (`tell`, `pay`, `delete` and so on; see `rules/provenance/words.toml`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kinds(u16);

impl Kinds {
    pub(crate) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOrAssign for Kinds {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl BitAnd for Kinds {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

/// Whether an instruction may open with this word (folded).
pub(crate) fn is_verb(word: &str) -> bool {
    WORDS.verbs.contains(word)
}

/// Whether the word, in whatever form, names something that changes the world.
pub(crate) fn is_acting(word: &str) -> bool {
    WORDS.acting.contains(stem(word))
}

/// Whether the word is a verb that only looks.
pub(crate) fn is_looking(word: &str) -> bool {
    WORDS.looking.contains(word)
}

/// Whether the word says nothing of what a tool works on.
pub(crate) fn is_vague(word: &str) -> bool {
    WORDS.vague.contains(word) || word.len() < 3
}

/// The kinds of acts that a word, in whatever form, belongs to.
pub(crate) fn kinds(word: &str) -> Kinds {
    WORDS.kinds.get(stem(word)).copied().unwrap_or_default()
}

/// The kinds of acts that a program of a command line is for.
pub(crate) fn program_kinds(program: &str) -> Kinds {
    WORDS.programs.get(program).copied().unwrap_or_default()
}

/// The word without its commonest English endings; crude, and the same for all forms that matter.
pub(crate) fn stem(word: &str) -> &str {
    const ENDINGS: [&str; 14] = [
        "ations", "ation", "ings", "ing", "ions", "ion", "ments", "ment", "ers", "er", "ed", "es",
        "s", "e",
    ];
    ENDINGS
        .iter()
        .find_map(|ending| word.strip_suffix(ending).filter(|rest| rest.len() >= 3))
        .unwrap_or(word)
}

/// The words of a tool's name, in lower case: `sendMail`, `send_mail` and `Send-Mail` are alike.
pub(crate) fn name_words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars().take(200) {
        let breaks = c.is_uppercase() && (before.is_lowercase() || before.is_ascii_digit());
        if (breaks || !c.is_alphanumeric()) && words.last().is_some_and(|w| !w.is_empty()) {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|w| !w.is_empty());
    words
}

struct Words {
    verbs: HashSet<String>,
    acting: HashSet<String>,
    looking: HashSet<String>,
    vague: HashSet<String>,
    kinds: HashMap<String, Kinds>,
    programs: HashMap<String, Kinds>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    // A broken file is a broken build: a test parses this very text.
    let file: File =
        toml::from_str(include_str!("../../../../rules/provenance/words.toml")).unwrap_or_default();
    let set =
        |text: &str| -> HashSet<String> { text.split_whitespace().map(str::to_owned).collect() };
    let names: Vec<&String> = file.groups.keys().collect();
    let bit = |name: &String| {
        let place = names.iter().position(|n| *n == name);
        Kinds(place.map_or(0, |i| 1_u16.checked_shl(i as u32).unwrap_or(0)))
    };
    let mut kinds: HashMap<String, Kinds> = HashMap::new();
    for (name, words) in &file.groups {
        for word in words.split_whitespace() {
            *kinds.entry(stem(word).to_owned()).or_default() |= bit(name);
        }
    }
    let mut programs: HashMap<String, Kinds> = HashMap::new();
    for (name, words) in &file.programs {
        for word in words.split_whitespace() {
            *programs.entry(word.to_owned()).or_default() |= bit(name);
        }
    }
    let (acting, looking, foreign) = (set(&file.acting), set(&file.looking), set(&file.foreign));
    Words {
        verbs: acting
            .iter()
            .chain(&looking)
            .chain(&foreign)
            .cloned()
            .collect(),
        acting: acting.iter().map(|w| stem(w).to_owned()).collect(),
        looking,
        vague: set(&file.vague),
        kinds,
        programs,
    }
});

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    acting: String,
    looking: String,
    foreign: String,
    vague: String,
    groups: std::collections::BTreeMap<String, String>,
    programs: std::collections::BTreeMap<String, String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_sound() {
        let file: File = toml::from_str(include_str!("../../../../rules/provenance/words.toml"))
            .expect("parses");
        assert!(file.groups.len() <= 16, "a set of kinds has 16 places");
        for name in file.programs.keys() {
            assert!(file.groups.contains_key(name), "{name} is no group");
        }
    }

    #[test]
    fn forms_of_a_word_are_alike() {
        for (a, b) in [
            ("reserve", "reservation"),
            ("send", "sending"),
            ("transfer", "transfers"),
            ("update", "updated"),
        ] {
            assert!(kinds(a).meets(kinds(b)), "{a} {b}");
        }
        assert!(!kinds("send").meets(kinds("delete")));
        assert_eq!(kinds("sky"), Kinds::default());
        assert!(is_acting("deletes") && is_verb("uberweise") && !is_acting("get"));
    }

    #[test]
    fn names_fall_into_words() {
        assert_eq!(name_words("GmailSendEmail"), ["gmail", "send", "email"]);
        assert_eq!(
            name_words("mcp__crm__add-user_v2"),
            ["mcp", "crm", "add", "user", "v2"]
        );
        assert_eq!(name_words("__"), Vec::<String>::new());
    }
}
