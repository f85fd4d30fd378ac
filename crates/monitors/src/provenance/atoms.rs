//! The parts of an argument by which its origin can be told: addresses, identifiers, numbers,
//! names, phrases.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::fold::fold;
use crate::finding::head;

/// A part of an argument that can be looked for in other texts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Atom {
    /// The part, folded.
    pub(crate) text: String,
    /// What it is.
    pub(crate) form: Form,
    /// In [0, 1]: how much it tells about origin that two texts share it.
    pub(crate) weight: f64,
}

/// What an atom is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A mail address, web address, host or file name.
    Address,
    /// A word with digits in it: account, key, date.
    Identifier,
    /// A number, compared by value.
    Number,
    /// The whole argument, or a name in it.
    Phrase,
    /// Five words in a row out of a longer text, compared word by word.
    Passage,
}

/// The most atoms of one argument.
const MOST: usize = 64;

/// About this many passages of a longer argument are looked for, spread over its length.
const PASSAGES: usize = 24;

/// Longer texts are judged by their beginning.
const READ_BYTES: usize = 16 * 1024;

/// An argument of more words is judged by its passages and addresses, not as a phrase.
const PHRASE_WORDS: usize = 12;

/// The atoms of one argument.
pub(crate) fn atoms(argument: &str) -> Vec<Atom> {
    let argument = head(argument.trim(), READ_BYTES);
    let folded = fold(argument).text;
    let mut found = Atoms::default();

    let without_mail = take(&PATTERNS.mail, &folded, |mail| {
        found.add(mail, Form::Address, 1.0);
    });
    let without_addresses = take(&PATTERNS.address, &without_mail, |address| {
        let bare = bare_address(address);
        if is_named(bare) {
            found.add(bare, Form::Address, 1.0);
        }
    });
    for word in matches(&PATTERNS.word, &without_addresses) {
        let weight = identifier_weight(word);
        if weight > 0.0 {
            found.add(word, Form::Identifier, weight);
        }
    }
    for number in matches(&PATTERNS.number, &without_addresses) {
        let weight = match number.len() {
            0..=1 => 0.15,
            2 => 0.3,
            _ => 0.45,
        };
        found.add(number, Form::Number, weight);
    }
    let words: Vec<&str> = matches(&PATTERNS.word, &folded).collect();
    if words.len() <= PHRASE_WORDS {
        let weight = if words.len() > 1 { 0.8 } else { 0.45 };
        found.add(&folded, Form::Phrase, weight);
        for name in matches(&PATTERNS.name, argument) {
            found.add(&name.to_lowercase(), Form::Phrase, 0.4);
        }
    }
    if words.len() > 5 {
        let step = (words.len() / PASSAGES).max(1);
        for five in words.windows(5).step_by(step) {
            found.add(&five.join(" "), Form::Passage, 0.6);
        }
    }
    found.0
}

/// The addresses and long identifiers of a text: what an instruction is about, if it has any.
pub(crate) fn targets(text: &str) -> Vec<Atom> {
    let mut found = atoms(text);
    found.retain(|a| a.weight >= 1.0);
    found
}

/// The addresses and identifiers of a text as they are written, without scheme; quick.
pub(crate) fn telling(text: &str) -> Vec<&str> {
    let addresses = matches(&PATTERNS.mail, text).chain(matches(&PATTERNS.address, text));
    let words = matches(&PATTERNS.word, text).filter(|word| identifier_weight(word) >= 0.6);
    addresses
        .map(bare_address)
        .filter(|address| is_named(address))
        .chain(words)
        .filter(|found| found.len() >= 5)
        .take(MOST)
        .collect()
}

/// A text prepared for looking up atoms.
#[derive(Clone, Debug, Default)]
pub(crate) struct Haystack {
    folded: String,
    words: std::cell::OnceCell<String>,
    squeezed: std::cell::OnceCell<String>,
    /// The values of its numbers, as bits.
    numbers: std::cell::OnceCell<std::collections::HashSet<u64>>,
}

impl Haystack {
    /// Prepares a text.
    pub(crate) fn new(text: &str) -> Self {
        Self::folded(fold(text).text)
    }

    /// Takes a text that is folded already.
    pub(crate) fn folded(folded: String) -> Self {
        Self {
            folded,
            ..Self::default()
        }
    }

    /// The folded text.
    pub(crate) fn text(&self) -> &str {
        &self.folded
    }

    /// Whether the text has the atom: whole words, numbers by value, identifiers whatever the
    /// spaces and dashes inside them.
    pub(crate) fn has(&self, atom: &Atom) -> bool {
        match atom.form {
            Form::Number => value(&atom.text).is_some_and(|wanted| {
                self.numbers
                    .get_or_init(|| {
                        let numbers = matches(&PATTERNS.number, &self.folded);
                        numbers.filter_map(value).map(f64::to_bits).collect()
                    })
                    .contains(&wanted.to_bits())
            }),
            Form::Passage => has_word(self.words(), &atom.text),
            Form::Identifier if atom.text.len() >= 10 => {
                has_name(&self.folded, &atom.text)
                    || self
                        .squeezed
                        .get_or_init(|| squeeze(&self.folded).into_owned())
                        .contains(squeeze(&atom.text).as_ref())
            }
            Form::Phrase if atom.text.contains(' ') => {
                has_word(&self.folded, &atom.text) || has_word(self.words(), &atom.text)
            }
            Form::Address | Form::Identifier => has_name(&self.folded, &atom.text),
            Form::Phrase => has_word(&self.folded, &atom.text),
        }
    }

    /// Whether the text has these words in a row, whatever the marks between them.
    pub(crate) fn has_words(&self, words: &str) -> bool {
        has_word(self.words(), words)
    }

    /// The words of the text, without the marks between them.
    fn words(&self) -> &str {
        self.words.get_or_init(|| words(&self.folded))
    }
}

/// The words of a folded text in a row, without the marks between them.
pub(crate) fn words(folded: &str) -> String {
    join(matches(&PATTERNS.word, folded))
}

/// Whether `words` stands in `text`, not inside a longer word.
fn has_word(text: &str, words: &str) -> bool {
    stands_in(text, words, |c| c.is_ascii_alphanumeric())
}

/// Whether `name` stands in `text`, not inside a longer name: `b.example` is not in `a-b.example`.
fn has_name(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    stands_in(text, name, part)
}

fn stands_in(text: &str, words: &str, goes_on: impl Fn(char) -> bool) -> bool {
    !words.is_empty()
        && memchr::memmem::find_iter(text.as_bytes(), words.as_bytes()).any(|at| {
            let before = text.get(..at).and_then(|t| t.chars().next_back());
            let after = text.get(at + words.len()..).and_then(|t| t.chars().next());
            !before.is_some_and(&goes_on) && !after.is_some_and(&goes_on)
        })
}

fn squeeze(text: &str) -> Cow<'_, str> {
    if text.contains([' ', '-']) {
        Cow::Owned(text.replace([' ', '-'], ""))
    } else {
        Cow::Borrowed(text)
    }
}

fn join<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::new();
    for word in words {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// A number by its value: `30,000` and `30000.00` are alike.
fn value(number: &str) -> Option<f64> {
    number.replace(',', "").parse().ok()
}

/// An address without scheme, `www.` and trailing marks.
fn bare_address(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = rest.strip_prefix("www.").unwrap_or(rest);
    rest.trim_end_matches(['/', '.', ',', ';', ':', '!', '?'])
}

/// Whether an address is one of names, not a number with points.
fn is_named(address: &str) -> bool {
    let top = address.rsplit('.').next();
    address.contains('/') || top.is_some_and(|t| t.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// How much a word tells as an identifier; 0 where it is none.
fn identifier_weight(word: &str) -> f64 {
    let digits = word.len() >= 5 && word.contains(|c: char| c.is_ascii_digit());
    match word.len() {
        _ if digits && is_date(word) => 0.4,
        8.. if digits => 1.0,
        _ if digits => 0.6,
        10.. if word.contains(['-', '_']) => 0.7,
        _ => 0.0,
    }
}

fn is_date(word: &str) -> bool {
    word.len() <= 10
        && word.split('-').count() == 3
        && word.chars().all(|c| c.is_ascii_digit() || c == '-')
}

/// Words too common to tell anything.
const COMMON: [&str; 36] = [
    "the", "and", "for", "with", "that", "this", "from", "have", "are", "was", "were", "you",
    "your", "his", "her", "their", "our", "its", "not", "but", "all", "can", "will", "has", "had",
    "about", "into", "out", "dear", "hello", "thanks", "thank", "please", "regards", "true",
    "false",
];

/// Atoms, each once, with the greatest weight.
#[derive(Default)]
struct Atoms(Vec<Atom>);

impl Atoms {
    fn add(&mut self, text: &str, form: Form, weight: f64) {
        let text = text.trim_matches(|c: char| " .,;:!?\"'()[]{}".contains(c));
        let least = if form == Form::Number { 1 } else { 3 };
        if text.len() < least || COMMON.contains(&text) {
            return;
        }
        let number = form == Form::Number;
        let same = |a: &&mut Atom| a.text == text && (a.form == Form::Number) == number;
        if let Some(old) = self.0.iter_mut().find(same) {
            if old.weight < weight {
                old.weight = weight;
                old.form = form;
            }
        } else if self.0.len() < MOST {
            self.0.push(Atom {
                text: text.to_owned(),
                form,
                weight,
            });
        }
    }
}

struct Patterns {
    mail: Option<Regex>,
    address: Option<Regex>,
    word: Option<Regex>,
    number: Option<Regex>,
    name: Option<Regex>,
}

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| Patterns {
    mail: Regex::new(r"[\w.+\-]+@[\w\-]+\.[\w.\-]+").ok(),
    address: Regex::new(r#"(?:https?://)?[\w\-]+(?:\.[\w\-]+)+(?::\d+\b)?(?:/[^\s"'<>)\]}]*)?"#)
        .ok(),
    word: Regex::new(r"\w[\w'\-]*").ok(),
    number: Regex::new(r"\b\d[\d,]*(?:\.\d+)?\b").ok(),
    name: Regex::new(r"\b\p{Lu}\p{Ll}{2,}\b").ok(),
});

fn matches<'t>(pattern: &Option<Regex>, text: &'t str) -> impl Iterator<Item = &'t str> {
    pattern
        .as_ref()
        .map(|p| p.find_iter(text).map(|m| m.as_str()))
        .into_iter()
        .flatten()
}

/// Gives every match to `see`, and the text without them.
fn take<'t>(pattern: &Option<Regex>, text: &'t str, mut see: impl FnMut(&str)) -> Cow<'t, str> {
    matches(pattern, text).for_each(&mut see);
    match pattern {
        Some(pattern) => pattern.replace_all(text, " "),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(argument: &str, form: Form) -> Vec<String> {
        let of_form = atoms(argument).into_iter().filter(|a| a.form == form);
        of_form.map(|a| a.text).collect()
    }

    #[test]
    fn arguments_fall_into_telling_parts() {
        assert_eq!(
            texts(
                "Write to Ann@Example.org via https://www.Site.example/Path/.",
                Form::Address
            ),
            ["ann@example.org", "site.example/path"]
        );
        assert_eq!(
            texts("GB29NWBK60161331926819", Form::Identifier),
            ["gb29nwbk60161331926819"]
        );
        assert_eq!(texts("30,000", Form::Number), ["30,000"]);
        assert_eq!(
            texts("Dinner with mom", Form::Phrase),
            ["dinner with mom", "dinner"]
        );
        assert!(texts("one two three four five six seven", Form::Passage).len() == 3);
        assert!(atoms("the").is_empty());
    }

    #[test]
    fn atoms_are_found_however_they_are_written() {
        for (argument, text, want) in [
            ("30000", "pay $30,000.00 today", true),
            ("3", "pay 30 today", false),
            (
                "DE89370400440532013000",
                "IBAN: DE89 3704 0044 0532 0130 00",
                true,
            ),
            ("http://www.site.example", "see site.example.", true),
            ("site.example", "see mysite.example", false),
            ("site.example", "see my-site.example", false),
            ("site.example", "see docs.site.example/a", true),
            ("Ann", "annual report", false),
            (
                "one two three four five",
                "say: One, two - three; four five!",
                true,
            ),
        ] {
            let text = Haystack::new(text);
            let found = atoms(argument)
                .iter()
                .any(|a| a.weight > 0.1 && text.has(a));
            assert_eq!(found, want, "{argument} in {}", text.text());
        }
    }

    proptest! {
        #[test]
        fn a_text_has_all_its_own_atoms(text in "[A-Za-z0-9@./: -]{0,80}") {
            let hay = Haystack::new(&text);
            for atom in atoms(&text) {
                // A name may be cut out of a longer one (`a--b` is trimmed, `a.b-` too).
                let cut = text.contains(['-', '_', '@', '/']);
                // Numbers are compared by value, and their neighbours say where one ends.
                if !cut && atom.form != Form::Number {
                    prop_assert!(hay.has(&atom), "{atom:?}");
                }
            }
        }

        #[test]
        fn atoms_are_bounded(text in "\\PC{0,400}") {
            prop_assert!(atoms(&text).len() <= MOST);
        }
    }
}
