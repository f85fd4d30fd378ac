//! Text of agents, made fit to be read: hostile until it has been through a [`Lens`].
//!
//! Whatever an agent wrote may try to move the cursor, reorder the line, hide words, look like
//! another name or carry a credential. Everything this crate prints passes here first; the
//! renderers after it only escape for their own format.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::iter::Peekable;
use std::ops::Range;
use std::path::Path;
use std::str::Chars;

use proctor_model::Place;
use proctor_reconcile::secrets;

/// Combining marks after one letter, beyond which they are dropped.
const MARKS: u32 = 3;
/// Bytes looked at beyond a cut, so that a credential that straddles it is still recognised whole.
const MARGIN: usize = 4096;

/// How text of agents is shown: what is masked and which directory is the reader's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lens {
    /// Shows credentials instead of masking them.
    pub reveal: bool,
    /// The reader's home directory, shown as `~`.
    pub home: Option<String>,
    /// Shortens every home directory, also those of other people: for pages that are handed on.
    pub any_home: bool,
}

/// A text with what was left out of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// What is shown.
    pub text: String,
    /// Bytes of the original that are not shown.
    pub left_out: usize,
}

impl Lens {
    /// The text on one line, without line ends and tabs, at most `max` characters and an ellipsis.
    pub fn line(&self, text: &str, max: usize) -> String {
        let head = head(text, max.saturating_mul(4).saturating_add(MARGIN));
        let shown = visible(&self.shorten(&self.mask(head)), false);
        let shown = shown.trim();
        match shown.char_indices().nth(max) {
            Some((end, _)) => {
                let mut cut = head_at(shown, end).trim_end().to_owned();
                cut.push('…');
                cut
            }
            None => shown.to_owned(),
        }
    }

    /// The text with its lines, cut behind about `max` bytes.
    pub fn block(&self, text: &str, max: usize) -> Cut {
        if text.len() <= max {
            return Cut {
                text: self.whole(text),
                left_out: 0,
            };
        }
        // Mask and clean a little more than is shown, then cut: a credential at the edge is
        // either masked whole or gone.
        let wide = head(text, max.saturating_add(MARGIN));
        let shown = self.whole(wide);
        Cut {
            text: head(&shown, max).to_owned(),
            left_out: text.len().saturating_sub(max),
        }
    }

    /// The end of a text, about `max` bytes of it.
    pub fn tail(&self, text: &str, max: usize) -> Cut {
        if text.len() <= max {
            return self.block(text, max);
        }
        let wide = tail(text, max.saturating_add(MARGIN));
        let shown = self.whole(wide);
        Cut {
            text: tail(&shown, max).to_owned(),
            left_out: text.len().saturating_sub(max),
        }
    }

    /// The surroundings of some words that stand at `at` in a long text, about `around` bytes to
    /// each side; `words` are those words as the lens shows them. Nothing where they are masked.
    pub fn around(
        &self,
        text: &str,
        at: Range<usize>,
        words: &str,
        around: usize,
    ) -> Option<String> {
        let from = text.floor_char_boundary(at.start.saturating_sub(around + MARGIN));
        let (_, rest) = text.split_at_checked(from)?;
        let wide = self.whole(head(rest, at.end - from + around + MARGIN));
        // The occurrence next to where it stood before the text was cleaned.
        let expected = at.start - from;
        let found = wide.match_indices(words).map(|(i, _)| i);
        let found = found.min_by_key(|i| i.abs_diff(expected))?;
        let (before, after) = wide.split_at_checked(found)?;
        Some(tail(before, around).to_owned() + head(after, words.len() + around))
    }

    /// A path on one line.
    pub fn path(&self, path: &Path) -> String {
        self.line(&path.to_string_lossy(), 400)
    }

    /// A place as `FILE:OFFSET`, the offset in bytes.
    pub fn place(&self, place: &Place) -> String {
        format!(
            "{}:{}",
            self.line(&place.source.to_string(), 400),
            place.offset
        )
    }

    /// A name that is compared by eye, such as a host: letters of different scripts in one name
    /// are written as escapes, also across its dots.
    pub fn name(&self, text: &str, max: usize) -> String {
        self.line(
            &unmix(text, |c| c.is_alphanumeric() || c == '.' || c == '-'),
            max,
        )
    }

    fn whole(&self, text: &str) -> String {
        visible(&self.shorten(&self.mask(text)), true)
    }

    fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.reveal {
            Cow::Borrowed(text)
        } else {
            secrets::mask(text)
        }
    }

    fn shorten<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        if let Some(home) = self.home.as_deref().filter(|h| h.len() > 1) {
            let home = home.trim_end_matches('/');
            text = replace_prefix(text, home, "~");
            if self.any_home {
                // Claude Code names a project's folder after its path, the slashes replaced. Such
                // a path cannot be opened once it is shortened, so only pages do this.
                text = replace_prefix(text, &home.replace(['/', '.'], "-"), "-~");
            }
        }
        if self.any_home {
            text = any_home(text);
        }
        text
    }
}

/// The first `max` bytes, less what would split a character.
fn head(text: &str, max: usize) -> &str {
    head_at(text, text.floor_char_boundary(max))
}

fn head_at(text: &str, boundary: usize) -> &str {
    text.split_at_checked(boundary)
        .map_or(text, |(head, _)| head)
}

fn tail(text: &str, max: usize) -> &str {
    let from = text.ceil_char_boundary(text.len().saturating_sub(max));
    text.split_at_checked(from).map_or(text, |(_, tail)| tail)
}

/// Replaces `from` where it stands as a whole leading part of a path.
fn replace_prefix<'a>(text: Cow<'a, str>, from: &str, to: &str) -> Cow<'a, str> {
    if from.is_empty() || !text.contains(from) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split(from).peekable();
    let mut before: Option<char> = None;
    while let Some(part) = parts.next() {
        out.push_str(part);
        let Some(next) = parts.peek() else { break };
        before = part.chars().next_back().or(before);
        let whole = !before.is_some_and(char::is_alphanumeric)
            && !next.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        out.push_str(if whole { to } else { from });
        before = from.chars().next_back();
    }
    Cow::Owned(out)
}

/// Shortens `/home/NAME` and `/Users/NAME`, and the same as Claude Code writes folder names.
fn any_home(text: Cow<'_, str>) -> Cow<'_, str> {
    const ROOTS: [(&str, char, &str); 5] = [
        ("/home/", '/', "~"),
        ("/Users/", '/', "~"),
        ("\\Users\\", '\\', "~"),
        ("projects/-home-", '-', "projects/-~"),
        ("projects/-Users-", '-', "projects/-~"),
    ];
    let mut text = text;
    for (root, end, to) in ROOTS {
        if !text.contains(root) {
            continue;
        }
        let mut out = String::with_capacity(text.len());
        let mut rest: &str = &text;
        while let Some((before, after)) = rest.split_once(root) {
            let name = after
                .find(|c: char| c == end || !(c.is_alphanumeric() || "._-".contains(c)))
                .unwrap_or(after.len());
            let inside = before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
            let (_, behind) = after.split_at_checked(name).unwrap_or(("", after));
            if name == 0 || (inside && root.starts_with('/')) {
                out.push_str(before);
                out.push_str(root);
                rest = after;
            } else {
                // `C:\Users\NAME`: the drive goes too.
                out.push_str(before.strip_suffix("C:").unwrap_or(before));
                out.push_str(to);
                rest = behind;
            }
        }
        out.push_str(rest);
        text = Cow::Owned(out);
    }
    text
}

/// Writes the text so that a reader sees every character of it: colour codes are dropped, other
/// control sequences, characters that reorder the line, and invisible ones become escapes.
fn visible(text: &str, lines: bool) -> String {
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
fn unmix(text: &str, in_word: impl Fn(char) -> bool) -> Cow<'_, str> {
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
    use super::*;

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

    #[test]
    fn homes_are_shortened_as_whole_names_only() {
        let own = Lens {
            home: Some("/home/ann".into()),
            ..Lens::default()
        };
        assert_eq!(own.line("/home/ann/x /home/anna/y", 99), "~/x /home/anna/y");
        assert_eq!(
            own.line("/home/ann/.claude/projects/-home-ann-src-app/1.jsonl", 99),
            "~/.claude/projects/-home-ann-src-app/1.jsonl",
            "a place in a terminal can be opened"
        );
        let any = Lens {
            any_home: true,
            ..Lens::default()
        };
        assert_eq!(
            any.line("cat /Users/bob/.ssh/id C:\\Users\\bob\\x", 99),
            "cat ~/.ssh/id ~\\x"
        );
        assert_eq!(
            any.line("https://a.example/home/page", 99),
            "https://a.example/home/page"
        );
        assert_eq!(any.line("/home/ /home/bob", 99), "/home/ ~");
    }

    #[test]
    fn a_secret_at_the_edge_of_a_cut_is_masked_or_gone() {
        let secret = format!("sk-ant-api03-{}", "Ab3dEf9hIj".repeat(9));
        for at in 0..120 {
            let text = format!("{}\nkey={secret}\n{}", "x".repeat(at), "tail ".repeat(400));
            let cut = Lens::default().block(&text, 100);
            assert!(!cut.text.contains("Ab3dEf9hIj"), "{at}: {}", cut.text);
            assert_eq!(cut.left_out, text.len() - 100);
        }
    }

    #[test]
    fn long_texts_cost_only_what_is_shown() {
        let long = "é".repeat(5_000_000);
        let begun = std::time::Instant::now();
        assert_eq!(Lens::default().line(&long, 80).chars().count(), 81);
        assert!(Lens::default().tail(&long, 99).text.len() <= 99);
        assert!(begun.elapsed().as_millis() < 500);
    }
}
