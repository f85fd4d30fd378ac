//! The tokenizer: raw bytes into spans, always the same way.
//!
//! JSON gives a span for every scalar value and a span for what stands between two values; a long
//! value is cut at ends of lines or words. Anything else is cut into lines. The spans in order are
//! exactly the bytes. `docs/record.md` has the rules; [`TOKENIZER`] is their version.

use std::ops::Range;

/// Version of the rules of this module, bound into every payload root.
pub const TOKENIZER: u8 = 1;
/// Longest span, in bytes.
pub const MAX_SPAN: usize = 256;
/// Longest path, in bytes; what does not fit is left out with all below it.
pub(crate) const MAX_PATH: usize = 255;
/// Arrays and objects inside each other before the rest counts as one value.
const MAX_DEPTH: usize = 64;

/// Where one span stands, and what it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spans {
    paths: Vec<u8>,
    spans: Vec<Place>,
    /// Elements of arrays, none inside another: what a later payload is likely to repeat.
    pub(crate) elements: Vec<Range<usize>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    start: usize,
    end: usize,
    path_start: usize,
    path_end: usize,
}

impl Spans {
    pub(crate) fn len(&self) -> usize {
        self.spans.len()
    }

    /// Range and path of a span.
    pub(crate) fn get(&self, index: usize) -> Option<(Range<usize>, &[u8])> {
        let place = self.spans.get(index)?;
        let path = self.paths.get(place.path_start..place.path_end)?;
        Some((place.start..place.end, path))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Range<usize>, &[u8])> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    fn push(&mut self, range: Range<usize>, path: &[u8]) {
        if range.is_empty() {
            return;
        }
        let (path_start, path_end) = match self.spans.last() {
            Some(last) if self.paths.get(last.path_start..last.path_end) == Some(path) => {
                (last.path_start, last.path_end)
            }
            _ => {
                let start = self.paths.len();
                self.paths.extend(path);
                (start, self.paths.len())
            }
        };
        self.spans.push(Place {
            start: range.start,
            end: range.end,
            path_start,
            path_end,
        });
    }
}

/// Cuts the bytes into spans.
pub(crate) fn tokenize(raw: &[u8]) -> Spans {
    let mut json = Json {
        raw,
        at: 0,
        written: 0,
        path: Vec::new(),
        depth: 0,
        in_element: false,
        out: Spans::default(),
    };
    if json.document().is_some() {
        return json.out;
    }
    let mut out = Spans::default();
    let mut start = 0;
    while start < raw.len() {
        let rest = raw.get(start..).unwrap_or_default();
        let end = match rest.iter().position(|byte| *byte == b'\n') {
            Some(length) => start + length + 1,
            None => raw.len(),
        };
        cut(raw, start..end, false, &[], &mut out);
        start = end;
    }
    out
}

/// Cuts a long value. Every piece but the last ends after a line end, or after a word, or where no
/// character and no escape is broken, whichever comes first in this list and fits.
fn cut(raw: &[u8], range: Range<usize>, escapes: bool, path: &[u8], out: &mut Spans) {
    let mut start = range.start;
    while range.end - start > MAX_SPAN {
        let (mut line, mut word, mut any) = (0, 0, 0);
        let mut at = start;
        while at < range.end {
            let unit = unit(raw, at, range.end, escapes);
            if at + unit > start + MAX_SPAN {
                break;
            }
            let byte = raw.get(at).copied().unwrap_or_default();
            let escaped = (unit == 2 && byte == b'\\')
                .then(|| raw.get(at + 1).copied())
                .flatten();
            at += unit;
            any = at;
            if byte == b'\n' || escaped == Some(b'n') {
                line = at;
            } else if byte == b' ' || byte == b'\t' || escaped == Some(b't') {
                word = at;
            }
        }
        let end = [line, word, any]
            .into_iter()
            .find(|end| *end > 0)
            .unwrap_or(start + MAX_SPAN);
        out.push(start..end, path);
        start = end;
    }
    out.push(start..range.end, path);
}

/// Length of what must stay together at `at`: an escape, or a UTF-8 character; else one byte.
fn unit(raw: &[u8], at: usize, end: usize, escapes: bool) -> usize {
    let byte = raw.get(at).copied().unwrap_or_default();
    let length = match byte {
        b'\\' if escapes => match raw.get(at + 1) {
            Some(b'u') => 6,
            _ => 2,
        },
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf7 => 4,
        _ => return 1,
    };
    // A character is only kept together if it is one.
    let whole = byte == b'\\'
        || raw
            .get(at + 1..at + length)
            .is_some_and(|tail| tail.iter().all(|byte| byte & 0xc0 == 0x80));
    if whole { length.min(end - at) } else { 1 }
}

/// A strict reader of JSON (RFC 8259) that copies nothing.
struct Json<'a> {
    raw: &'a [u8],
    at: usize,
    /// Up to where spans were written.
    written: usize,
    path: Vec<u8>,
    depth: usize,
    in_element: bool,
    out: Spans,
}

impl Json<'_> {
    fn document(&mut self) -> Option<()> {
        self.space();
        self.value()?;
        self.space();
        if self.at != self.raw.len() {
            return None;
        }
        self.structure(self.raw.len());
        Some(())
    }

    fn peek(&self) -> Option<u8> {
        self.raw.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// What stands between the last value and `end`.
    fn structure(&mut self, end: usize) {
        let range = self.written..end;
        self.written = end;
        cut(self.raw, range, false, &[], &mut self.out);
    }

    fn value(&mut self) -> Option<()> {
        let start = self.at;
        let nested = matches!(self.peek()?, b'{' | b'[');
        if nested && self.depth < MAX_DEPTH {
            self.depth += 1;
            let read = self.container();
            self.depth -= 1;
            return read;
        }
        if nested {
            self.skip_container()?;
        } else {
            self.scalar()?;
        }
        self.structure(start);
        self.written = self.at;
        cut(self.raw, start..self.at, true, &self.path, &mut self.out);
        Some(())
    }

    fn container(&mut self) -> Option<()> {
        let array = self.peek()? == b'[';
        let close = if array { b']' } else { b'}' };
        self.at += 1;
        self.space();
        if self.eat(close).is_some() {
            return Some(());
        }
        let length = self.path.len();
        for index in 0_u64.. {
            self.space();
            if array {
                self.name(index.to_string().as_bytes());
            } else {
                let start = self.at + 1;
                self.string()?;
                let key = self.raw.get(start..self.at - 1)?;
                self.name(key);
                self.space();
                self.eat(b':')?;
                self.space();
            }
            let (start, outer) = (self.at, self.in_element);
            self.in_element |= array;
            self.value()?;
            self.in_element = outer;
            if array && !outer {
                self.out.elements.push(start..self.at);
            }
            self.path.truncate(length);
            self.space();
            if self.eat(b',').is_none() {
                break;
            }
        }
        self.eat(close)
    }

    /// Adds a name to the path as a JSON Pointer does. A path that would be too long stays as it is,
    /// and a full one takes nothing more.
    fn name(&mut self, name: &[u8]) {
        let escaped = name
            .iter()
            .filter(|byte| matches!(byte, b'~' | b'/'))
            .count();
        if self.path.len() + 1 + name.len() + escaped > MAX_PATH {
            return;
        }
        self.path.push(b'/');
        for byte in name {
            match byte {
                b'~' => self.path.extend(b"~0"),
                b'/' => self.path.extend(b"~1"),
                other => self.path.push(*other),
            }
        }
    }

    fn scalar(&mut self) -> Option<()> {
        match self.peek()? {
            b'"' => self.string(),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.raw
            .get(self.at..)?
            .starts_with(word)
            .then(|| self.at += word.len())
    }

    fn string(&mut self) -> Option<()> {
        self.eat(b'"')?;
        loop {
            let byte = self.peek()?;
            self.at += 1;
            match byte {
                b'"' => return Some(()),
                b'\\' => {
                    let kind = self.peek()?;
                    self.at += 1;
                    match kind {
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                        b'u' => {
                            let digits = self.raw.get(self.at..self.at + 4)?;
                            if !digits.iter().all(u8::is_ascii_hexdigit) {
                                return None;
                            }
                            self.at += 4;
                        }
                        _ => return None,
                    }
                }
                0..=0x1f => return None,
                _ => {}
            }
        }
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn number(&mut self) -> Option<()> {
        let _ = self.eat(b'-');
        if self.eat(b'0').is_none() {
            self.digits()?;
        }
        if self.eat(b'.').is_some() {
            self.digits()?;
        }
        if self.peek().is_some_and(|byte| matches!(byte, b'e' | b'E')) {
            self.at += 1;
            if self.peek().is_some_and(|byte| matches!(byte, b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    /// Steps over a container without looking at its parts but for brackets and strings: beyond the
    /// greatest depth the text counts as one value, well-formed or not.
    fn skip_container(&mut self) -> Option<()> {
        let mut open = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => open += 1,
                b'}' | b']' => open -= 1,
                _ => {}
            }
            self.at += 1;
            if open == 0 {
                return Some(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spans(raw: &[u8]) -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        tokenize(raw)
            .iter()
            .map(|(range, path)| (text(path), text(&raw[range])))
            .collect()
    }

    #[test]
    fn json_values_and_what_stands_between() {
        let found = spans(br#"{"a": [1, "x"], "b/c": null}"#);
        let expected = [
            ("", r#"{"a": ["#),
            ("/a/0", "1"),
            ("", ", "),
            ("/a/1", "\"x\""),
            ("", r#"], "b/c": "#),
            ("/b~1c", "null"),
            ("", "}"),
        ];
        let expected = expected.map(|(path, text)| (path.to_owned(), text.to_owned()));
        assert_eq!(found, expected);
    }

    #[test]
    fn other_text_is_cut_into_lines() {
        let found = spans(b"{broken\nlast");
        assert_eq!(
            found,
            [("".into(), "{broken\n".into()), ("".into(), "last".into())]
        );
        assert!(spans(b"").is_empty());
    }

    #[test]
    fn long_strings_are_cut_at_lines_then_words() {
        let line = "word ".repeat(20);
        let text = format!("\"{line}\\n{line}\\n{line}end\"");
        let found = spans(text.as_bytes());
        assert!(found.len() > 1);
        assert!(found[0].1.ends_with("\\n"));
        assert!(found.iter().all(|(_, text)| text.len() <= MAX_SPAN));
        let solid = format!("\"{}\"", "\\u00e9".repeat(100));
        for (_, piece) in spans(solid.as_bytes()) {
            let inner = piece.trim_matches('"');
            assert_eq!(inner.len() % 6, 0, "no escape is broken: {piece}");
        }
    }

    #[test]
    fn deep_nesting_ends_in_one_value() {
        let raw = [b"[".repeat(100), b"]".repeat(100)].concat();
        let found = tokenize(&raw);
        assert_eq!(
            found.iter().map(|(range, _)| range.len()).sum::<usize>(),
            200
        );
        assert!(found.len() <= 3);
    }

    #[test]
    fn elements_are_the_outermost_ones() {
        let raw = br#"{"messages":[{"content":[1,2]},{"x":3}],"n":[4]}"#;
        let found = tokenize(raw).elements;
        let found: Vec<_> = found.into_iter().map(|range| &raw[range]).collect();
        assert_eq!(found, [&br#"{"content":[1,2]}"#[..], br#"{"x":3}"#, b"4"]);
    }

    proptest! {
        #[test]
        fn spans_are_the_bytes(raw in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..600),
            "[\\[\\]{}\",:a1 \\\\n\n]{0,40}".prop_map(String::into_bytes),
            "\"[a-zé \\\\n]{0,900}\"".prop_map(String::into_bytes),
        ]) {
            let found = tokenize(&raw);
            let mut at = 0;
            for (range, path) in found.iter() {
                prop_assert_eq!(range.start, at);
                prop_assert!(!range.is_empty() && range.len() <= MAX_SPAN);
                prop_assert!(path.len() <= MAX_PATH);
                at = range.end;
            }
            prop_assert_eq!(at, raw.len());
        }

        /// What this reader takes for JSON is what `serde_json` takes for JSON.
        #[test]
        fn agrees_with_serde_json(text in "[\\[\\]{}\",:a1e.+\\- \\\\nu]{0,24}") {
            let ours = Json {
                raw: text.as_bytes(), at: 0, written: 0, path: Vec::new(), depth: 0,
                in_element: false, out: Spans::default(),
            }.document().is_some();
            let theirs = serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok();
            prop_assert_eq!(ours, theirs);
        }
    }
}
