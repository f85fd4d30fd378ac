//! The patterns of plain rules: words as people write them.
//!
//! A pattern is matched without regard to case and white space. `{a|b}` stands for one of several
//! wordings, `*` for a few words of the same sentence. A pattern between slashes is a regular
//! expression. Patterns match whole words.

use std::borrow::Cow;

use regex::{Regex, RegexBuilder};

/// Characters that `*` stands for at most.
const GAP: usize = 60;

/// A compiled pattern.
#[derive(Debug)]
pub(crate) struct Pattern {
    regex: Regex,
    /// Texts of which one occurs wherever the pattern matches; empty where none is known.
    pub(crate) hints: Vec<String>,
}

impl Pattern {
    /// Compiles a pattern.
    pub(crate) fn new(source: &str) -> Result<Self, String> {
        let bare = source
            .strip_prefix('/')
            .and_then(|s| s.strip_suffix('/'))
            .filter(|s| !s.is_empty());
        let (expression, hints) = match bare {
            Some(regex) => (regex.to_owned(), Vec::new()),
            None => translate(source)?,
        };
        let regex = RegexBuilder::new(&expression)
            .case_insensitive(true)
            .size_limit(1 << 20)
            .build()
            .map_err(|e| format!("in pattern `{source}`: {e}"))?;
        Ok(Self { regex, hints })
    }

    /// Where the pattern matches a text that was made [`even`], at most 64 times.
    pub(crate) fn matches<'t>(&'t self, text: &'t str) -> impl Iterator<Item = (usize, usize)> {
        self.regex
            .find_iter(text)
            .take(64)
            .map(|m| (m.start(), m.end()))
    }

    /// Whether the pattern matches a text that was made [`even`].
    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

/// Turns a pattern of words into a regular expression, and finds the texts that must occur.
fn translate(source: &str) -> Result<(String, Vec<String>), String> {
    let source = source.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut expression = String::new();
    let mut hints = Hints::default();
    let mut rest = source.as_str();
    while let Some(c) = rest.chars().next() {
        let fixed = rest.find(['{', '*']).unwrap_or(rest.len());
        let (now, after) = rest
            .split_at_checked(fixed.max(c.len_utf8()))
            .unwrap_or((rest, ""));
        rest = after;
        match c {
            '{' => {
                let (inside, after) = rest
                    .split_once('}')
                    .ok_or_else(|| format!("`{{` without `}}` in pattern `{source}`"))?;
                rest = after;
                let options: Vec<&str> = inside.split('|').collect();
                let escaped: Vec<String> = options.iter().map(|o| regex::escape(o)).collect();
                expression.push_str(&format!("(?:{})", escaped.join("|")));
                hints.one_of(&options);
            }
            '*' => {
                hints.cut();
                expression.push_str(&format!("[^.!?]{{0,{GAP}}}?"));
            }
            _ => {
                expression.push_str(&regex::escape(now));
                hints.one_of(&[now]);
            }
        }
    }
    hints.cut();
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '{');
    if is_word(source.chars().next()) {
        expression.insert_str(0, r"\b");
    }
    if source
        .chars()
        .next_back()
        .is_some_and(|c| c.is_alphanumeric() || c == '}')
    {
        expression.push_str(r"\b");
    }
    Ok((expression, hints.best))
}

/// Texts that hints are combined to at most: each is one more to look for.
const HINTS: usize = 16;

/// Collects, part by part of a pattern, the longest texts of which one must occur.
struct Hints {
    /// What the parts since the last cut can read.
    open: Vec<String>,
    best: Vec<String>,
}

impl Default for Hints {
    fn default() -> Self {
        Self {
            open: vec![String::new()],
            best: Vec::new(),
        }
    }
}

impl Hints {
    /// The next part reads one of these.
    fn one_of(&mut self, options: &[&str]) {
        if self.open.len() * options.len() > HINTS {
            self.cut();
        }
        let longer = |open: &String| {
            let open = open.clone();
            options.iter().map(move |option| format!("{open}{option}"))
        };
        self.open = self.open.iter().flat_map(longer).collect();
    }

    /// What comes next is anything. A set of texts is as good as its shortest.
    fn cut(&mut self) {
        let shortest = |texts: &[String]| texts.iter().map(|t| t.trim().len()).min().unwrap_or(0);
        let open = std::mem::replace(&mut self.open, vec![String::new()]);
        if shortest(&open) > shortest(&self.best) {
            self.best = open.iter().map(|text| text.trim().to_owned()).collect();
        }
    }
}

/// The text with runs of white space made one space and typographic quotes made plain, so that
/// patterns need not know how it was wrapped.
pub(crate) fn even(text: &str) -> Cow<'_, str> {
    let odd = |bytes: &[u8]| {
        bytes.windows(2).any(|pair| match pair {
            [a, b] => (*a == b' ' && *b == b' ') || matches!(a, b'\n' | b'\t' | b'\r' | 0xE2),
            _ => false,
        })
    };
    if !odd(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let mut even = String::with_capacity(text.len());
    // Where the text begins that is not copied yet, and whether a space stands before it.
    let (mut from, mut blank) = (0, false);
    for (at, c) in text.char_indices() {
        let was_blank = std::mem::replace(&mut blank, c.is_whitespace());
        let plain = match c {
            ' ' if !was_blank => continue,
            '‘' | '’' => "'",
            '“' | '”' => "\"",
            '‐' | '‑' | '‒' | '–' => "-",
            _ if !blank => continue,
            _ if was_blank => "",
            _ => " ",
        };
        even.push_str(text.get(from..at).unwrap_or_default());
        even.push_str(plain);
        from = at + c.len_utf8();
    }
    even.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(even)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_match(pattern: &str, text: &str) -> bool {
        Pattern::new(pattern).unwrap().is_match(&even(text))
    }

    #[test]
    fn words_match_whatever_the_case_and_wrapping() {
        assert!(is_match("this is a test", "So THIS is\n  a  test."));
        assert!(!is_match("this is a test", "this is a testament"));
        assert!(is_match("don't tell", "I don’t\ttell"));
        assert!(is_match(
            "{might|may} be watching",
            "they may be watching me"
        ));
        assert!(is_match("i'm * tested", "I'm probably being tested"));
        assert!(!is_match("i'm * tested", "I'm done. It was tested"));
        assert!(is_match(r"/\bx{3}\b/", "a XXX b"));
        assert!(Pattern::new("{open").is_err());
        assert!(Pattern::new("/(/").is_err());
    }

    #[test]
    fn spaces_and_quotes_are_made_plain() {
        for (text, made) in [
            ("a b", "a b"),
            (" a  b\n\n\tc\r\n", " a b c "),
            ("it’s\u{a0}a “b” –c", "it's a \"b\" -c"),
            ("é\n ü\n’", "é ü '"),
        ] {
            assert_eq!(even(text), made, "{text:?}");
        }
    }

    #[test]
    fn hints_occur_in_every_match() {
        for (pattern, hints) in [
            ("this is a test", vec!["this is a test"]),
            (
                "{might|may} be watching",
                vec!["might be watching", "may be watching"],
            ),
            ("a {sandbox|honeypot}", vec!["a sandbox", "a honeypot"]),
            ("{a|b} c", vec!["a c", "b c"]),
            ("no * word that is long", vec!["word that is long"]),
            (
                "{a|b|c|d|e} {a|b|c|d|e} far",
                vec!["a far", "b far", "c far", "d far", "e far"],
            ),
        ] {
            assert_eq!(Pattern::new(pattern).unwrap().hints, hints, "{pattern}");
        }
    }
}
