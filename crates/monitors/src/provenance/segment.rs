//! Cuts the output of a tool into sentences, and tells where a new field of data begins.
//!
//! Outputs come as prose, as tables, as YAML with its folded lines, as JSON or Python literals on
//! one line. What matters is that an instruction that was planted in one field is not glued to the
//! honest data beside it, and that an instruction folded over several lines stays one.

use std::sync::LazyLock;

use regex::Regex;

/// A sentence of a tool's output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// The sentence as it was written, line folds undone; at most [`LONGEST`] bytes.
    pub(crate) text: String,
    /// Whether a new field of data (a key, a list item) begins with it.
    pub(crate) opens_field: bool,
}

/// A longer stretch without a sentence end is cut at a space.
const LONGEST: usize = 800;

/// The most sentences that one output is cut into.
const MOST: usize = 2000;

/// Cuts a text into sentences.
pub(crate) fn pieces(text: &str) -> Vec<Piece> {
    let text = unescape(text);
    let mut out = Vec::new();
    for line in unfolded_lines(&text) {
        let mut opens_field = is_field(&line);
        for sentence in sentences(&line) {
            let mut rest = sentence.trim();
            while !rest.is_empty() && out.len() < MOST {
                let (head, tail) = cut(rest);
                out.push(Piece {
                    text: head.trim().to_owned(),
                    opens_field,
                });
                opens_field = false;
                rest = tail.trim_start();
            }
        }
    }
    out
}

/// Line ends and quotes that stand escaped inside the text of a record become what they stand for,
/// and each field of a record on one line gets a line of its own.
fn unescape(text: &str) -> String {
    static FIELD: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"['"]?\s*[,{]\s*['"]([A-Za-z_][\w ]{0,40})['"]\s*:\s*"#).ok()
    });
    let plain = text
        .replace("\\n", "\n")
        .replace("\\\"", "\"")
        .replace("''", "'");
    let record = text
        .trim_start_matches(['"', '\'', ' '])
        .starts_with(['{', '[']);
    match (&*FIELD, record) {
        (Some(field), true) => field.replace_all(&plain, "\n- $1: ").into_owned(),
        _ => plain,
    }
}

/// The lines that are not empty, with folded lines put together again: a line that begins in lower
/// case goes on the sentence before it.
fn unfolded_lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut after_field = false;
    let mut after_blank = true;
    for line in text.lines().map(str::trim) {
        let Some(first) = line.chars().next() else {
            after_blank = true;
            continue;
        };
        let goes_on = first.is_lowercase() || first == '(';
        let key = line
            .split_once(':')
            .is_some_and(|(key, rest)| is_word(key) && (rest.is_empty() || rest.starts_with(' ')));
        // A lone `word:` after a line that is no field is the end of a folded sentence.
        let folded_end = key && !after_field && line.ends_with(':') && !line.contains(' ');
        match lines.last_mut() {
            Some(last)
                if goes_on
                    && !after_blank
                    && !last.ends_with(['.', '!', '?', ':', '|', '-'])
                    && (!key || folded_end) =>
            {
                last.push(' ');
                last.push_str(line);
            }
            _ => {
                after_field = is_field(line);
                lines.push(line.to_owned());
            }
        }
        after_blank = false;
    }
    lines
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Whether a line begins a field: a list item, `key: value`, or a name in title case with a value.
fn is_field(line: &str) -> bool {
    if line.starts_with("- ") {
        return true;
    }
    let Some((key, rest)) = line.split_once(':') else {
        return false;
    };
    let key = key.trim_matches(['\'', '"']);
    let valued = rest.starts_with(' ') && !rest.trim().is_empty();
    let lower = key.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && key
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let title = || {
        key.len() <= 60
            && key.split(' ').count() <= 6
            && key.split(' ').all(|word| {
                let mut chars = word.chars();
                chars
                    .next()
                    .is_some_and(|c| c.is_uppercase() || c == '&' || c == '(')
                    && !(word.len() > 3 && chars.all(char::is_uppercase))
            })
    };
    (lower && (valued || rest.is_empty())) || (valued && title())
}

/// The sentences of one line.
fn sentences(line: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut from = 0;
    let mut before = Before::default();
    for (at, c) in line.char_indices() {
        if at > from && before.ends_sentence(line.get(at..).unwrap_or_default(), c) {
            out.extend(line.get(from..at));
            from = at;
        }
        before.see(c);
    }
    out.extend(line.get(from..));
    out
}

/// What stands before a place in a line, as far as it tells whether a sentence ends there.
#[derive(Default)]
struct Before {
    last: char,
    /// The last character that is no white space, quote or bracket.
    solid: char,
    /// Whether white space came after it.
    spaced: bool,
    /// Letters in the word before the last full stop.
    word: usize,
    word_is_capital: bool,
}

impl Before {
    fn see(&mut self, c: char) {
        if c.is_whitespace() {
            self.spaced = true;
        } else if !matches!(c, '"' | '\'' | ')' | ']') || !is_end(self.solid) {
            if c.is_alphanumeric() {
                if self.word == 0 || self.spaced {
                    self.word = 0;
                    self.word_is_capital = c.is_uppercase();
                }
                self.word += 1;
            } else if !is_end(c) {
                self.word = 0;
            }
            self.solid = c;
            self.spaced = false;
        } else {
            self.spaced = false;
        }
        self.last = c;
    }

    /// Whether a new sentence begins with `c`, the first character of `rest`.
    fn ends_sentence(&self, rest: &str, c: char) -> bool {
        let initial = self.solid == '.' && self.word == 1 && self.word_is_capital;
        if is_end(self.solid) && !initial {
            // Capitals, and letters of scripts that have none.
            let opens = c.is_alphabetic() && !c.is_lowercase();
            let mark = matches!(c, '<' | '\'' | '"' | '[' | '(' | '`' | '{' | '*' | '#');
            if (self.spaced && (opens || mark)) || (opens && !c.is_uppercase()) {
                return true;
            }
            if is_wide_end(self.solid) && !c.is_whitespace() {
                return true;
            }
            // Text that was glued to the end of other text: `7.2%.NOTE: ...`.
            if self.last == self.solid && shouts(rest) {
                return true;
            }
        }
        let markup = c == '<'
            && rest
                .trim_start_matches(['<', '/', '!'])
                .starts_with(|n: char| n.is_ascii_alphabetic() || n == '-');
        let after_markup = self.last == '>' || (self.spaced && self.solid == '>');
        let glued = (self.last.is_lowercase() || self.last == '_') && shouts_mark(rest);
        markup || (after_markup && !c.is_whitespace() && c != '>') || glued
    }
}

fn is_end(c: char) -> bool {
    matches!(c, '.' | '!' | '?') || is_wide_end(c)
}

fn is_wide_end(c: char) -> bool {
    matches!(c, '。' | '！' | '？')
}

/// Whether the text opens with a word of four or more capitals.
fn shouts(text: &str) -> bool {
    text.chars().take_while(char::is_ascii_uppercase).count() >= 4
}

/// Whether the text opens with such a word and a mark: `NOTE:`, `URGENT!`.
fn shouts_mark(text: &str) -> bool {
    shouts(text)
        && text
            .trim_start_matches(|c: char| c.is_ascii_uppercase())
            .starts_with([':', '!'])
}

/// A head of at most [`LONGEST`] bytes, cut at a space where there is one, and the rest.
fn cut(text: &str) -> (&str, &str) {
    if text.len() <= LONGEST {
        return (text, "");
    }
    let end = (0..=LONGEST)
        .rev()
        .find(|&i| text.is_char_boundary(i))
        .unwrap_or(0);
    let head = text.get(..end).unwrap_or_default();
    let end = head.rfind(' ').filter(|&i| i > LONGEST / 4).unwrap_or(end);
    text.split_at_checked(end.max(1)).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(text: &str) -> Vec<String> {
        pieces(text).into_iter().map(|p| p.text).collect()
    }

    #[test]
    fn prose_falls_into_sentences() {
        assert_eq!(
            texts("Call J. Smith at 7.30 p.m. today. He knows.\nThanks!"),
            ["Call J. Smith at 7.30 p.m. today.", "He knows.", "Thanks!"]
        );
        assert_eq!(
            texts("Rates fell to 7.2%.URGENT: call now"),
            ["Rates fell to 7.2%.", "URGENT: call now"]
        );
        assert_eq!(texts("room_NOTE: call"), ["room_", "NOTE: call"]);
        assert_eq!(texts("It is late. 请打电话"), ["It is late.", "请打电话"]);
        assert_eq!(texts("完成。然后发送邮件。"), ["完成。", "然后发送邮件。"]);
    }

    #[test]
    fn folded_lines_are_put_together() {
        let yaml =
            "- title: 'Lunch\n\n    Please do the\n    following:\n\n    Call me. '\n  date: 2022";
        assert_eq!(
            texts(yaml),
            [
                "- title: 'Lunch",
                "Please do the following:",
                "Call me.",
                "'",
                "date: 2022"
            ]
        );
    }

    #[test]
    fn fields_of_records_are_told_apart() {
        let found = pieces(r#"{"from": "ann@x.org", "body": "Hi.\nCall me.", "n": 3}"#);
        let fields: Vec<_> = found
            .iter()
            .map(|p| (p.text.as_str(), p.opens_field))
            .collect();
        assert_eq!(fields[0].0, "- from: \"ann@x.org");
        assert_eq!(fields[1], ("- body: \"Hi.", true));
        assert_eq!(fields[2], ("Call me.", false));
        assert!(fields[3].1);
        assert!(pieces("Grand Hotel: 'Good rooms'")[0].opens_field);
        assert!(!pieces("IMPORTANT: read this")[0].opens_field);
    }

    #[test]
    fn markup_stands_alone() {
        assert_eq!(
            texts("Sunny. <note>Call me</note> Bye <!-- hidden --> x"),
            [
                "Sunny.",
                "<note>",
                "Call me",
                "</note>",
                "Bye",
                "<!-- hidden -->",
                "x"
            ]
        );
    }

    #[test]
    fn bounds_hold() {
        let long = "word ".repeat(10_000);
        let found = pieces(&long);
        assert!(found.iter().all(|p| p.text.len() <= LONGEST));
        assert_eq!(pieces(&"a.\n".repeat(10_000)).len(), MOST);
        assert!(pieces(&"é".repeat(5000)).len() > 10);
    }

    proptest! {
        #[test]
        fn nothing_panics_and_no_sentence_is_empty(text in "[a-zA-Z<>/!.: \\\\n{\"',é。\n-]{0,200}") {
            prop_assert!(pieces(&text).iter().all(|p| !p.text.is_empty()));
        }
    }
}
