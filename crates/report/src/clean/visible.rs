//! Every character made visible.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

/// Combining marks after one letter, beyond which they are dropped.
const MARKS: u32 = 3;

/// Writes the text so that a reader sees every character of it: colour codes are dropped, other
/// control sequences, characters that reorder the line, and invisible ones become escapes.
pub(super) fn visible(text: &str, lines: bool) -> String {
    let text = unmix(text, char::is_alphanumeric);
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut last = ' ';
    let mut marks = 0;
    while let Some(c) = chars.next() {
        if is_mark(c) {
            marks += 1;
            if marks <= MARKS {
                out.push(c);
            }
            continue;
        }
        marks = 0;
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' | '\u{2028}' | '\u{2029}' => out.push(if lines { '\n' } else { ' ' }),
            '\t' => out.push_str(if lines { "    " } else { " " }),
            '\u{1b}' => escape(&mut chars, &mut out),
            '\u{0}'..='\u{1f}' => out.extend(char::from_u32(0x2400 + u32::from(c))),
            '\u{7f}' => out.push('\u{2421}'),
            // Joins emoji and shapes letters of some scripts: ordinary there, hidden elsewhere.
            '\u{200c}' | '\u{200d}' if joins(last) => out.push(c),
            '\u{fe0e}' | '\u{fe0f}' if u32::from(last) >= 0x2000 || last == '#' => {}
            c if is_hidden(c) => {
                let mut run = 1_u64;
                while chars.next_if_eq(&c).is_some() {
                    run += 1;
                }
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
                if run > 1 {
                    let _ = write!(out, "×{run}");
                }
            }
            c => out.push(c),
        }
        last = c;
    }
    out
}

/// Reads a control sequence behind its escape character: drops those that only colour or clear to
/// the end of the line, and shows the others as text.
fn escape(chars: &mut Peekable<Chars<'_>>, out: &mut String) {
    if chars.peek() == Some(&'[') {
        let mut ahead = chars.clone();
        ahead.next();
        let end = ahead
            .by_ref()
            .take(32)
            .find(|c| !(c.is_ascii_digit() || *c == ';' || *c == ':'));
        if matches!(end, Some('m' | 'K')) {
            *chars = ahead;
            return;
        }
    }
    out.push('\u{241b}');
}

fn is_mark(c: char) -> bool {
    matches!(u32::from(c), 0x300..=0x36f | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff | 0xfe20..=0xfe2f)
}

/// Whether a joiner behind this character is ordinary writing.
fn joins(before: char) -> bool {
    matches!(u32::from(before), 0x600..=0xdff | 0x2190..=0x2bff | 0x1f000..=0x1faff)
        || before == '\u{fe0f}'
}

/// Characters without a shape of their own, and those that reorder their neighbours.
fn is_hidden(c: char) -> bool {
    matches!(u32::from(c),
        0x80..=0x9f | 0xad | 0x34f | 0x61c | 0x115f | 0x1160 | 0x17b4 | 0x17b5
        | 0x180b..=0x180f | 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f | 0x2800
        | 0x3164 | 0xe000..=0xf8ff | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb
        | 0xfffe | 0xffff | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff | 0xf0000..=0x10ffff)
}

/// Writes letters that only look Latin as escapes where they share a word with Latin ones.
pub(super) fn unmix(text: &str, in_word: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(looks_latin) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| !in_word(c)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let mixed = word.contains(|c: char| c.is_ascii_alphabetic());
        for c in word.chars() {
            if mixed && looks_latin(c) {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            } else {
                out.push(c);
            }
        }
        let mut chars = behind.chars();
        out.extend(chars.next());
        rest = chars.as_str();
    }
    Cow::Owned(out)
}

/// Letters of scripts that hold doubles of Latin ones: Greek, Cyrillic, Armenian, Cherokee,
/// mathematical and full-width alphabets.
fn looks_latin(c: char) -> bool {
    matches!(u32::from(c),
        0x370..=0x3ff | 0x400..=0x52f | 0x531..=0x587 | 0x13a0..=0x13f5 | 0xab70..=0xabbf
        | 0xff21..=0xff3a | 0xff41..=0xff5a | 0x1d400..=0x1d7ff)
}

#[cfg(test)]
mod tests {
    use crate::clean::Lens;

    fn line(text: &str) -> String {
        Lens::default().line(text, 200)
    }

    #[test]
    fn control_sequences_never_reach_the_reader() {
        assert_eq!(
            line("\u{1b}[31mred\u{1b}[0m and \u{1b}[2Jcleared"),
            "red and ␛[2Jcleared"
        );
        assert_eq!(
            line("a\u{1b}]0;title\u{7}b\u{9b}5A\u{0}c"),
            "a␛]0;title␇b\\u{9b}5A␀c"
        );
        assert_eq!(line("one\r\ntwo\rthree\ttab"), "one two␍three tab");
        assert_eq!(line("tail\u{1b}"), "tail␛");
        assert_eq!(line("\u{1b}[1;2;3"), "␛[1;2;3");
    }

    #[test]
    fn what_hides_or_reorders_is_written_out() {
        assert_eq!(line("a\u{202e}gnp.exe"), "a\\u{202e}gnp.exe");
        assert_eq!(
            line("pass\u{200b}\u{200b}\u{200b}word"),
            "pass\\u{200b}×3word"
        );
        assert_eq!(line("x\u{e0041}y\u{2066}z"), "x\\u{e0041}y\\u{2066}z");
        assert_eq!(line("👩\u{200d}💻 ok ⚠\u{fe0f}"), "👩\u{200d}💻 ok ⚠");
        let zalgo = format!("a{}", "\u{301}".repeat(500));
        assert_eq!(line(&zalgo).chars().count(), 4);
    }

    #[test]
    fn letters_that_only_look_latin_are_written_out() {
        assert_eq!(line("p\u{430}ypal"), "p\\u{430}ypal");
        assert_eq!(line("Привет, мир: отчёт.txt"), "Привет, мир: отчёт.txt");
        let host = "\u{430}\u{440}\u{440}\u{4cf}\u{435}.com";
        assert!(
            Lens::default()
                .name(host, 200)
                .starts_with("\\u{430}\\u{440}")
        );
    }
}
