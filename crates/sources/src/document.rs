//! Splits one JSON document into the elements that a reader asks for, in bounded memory.
//!
//! A log of five gigabytes is one JSON value, so it cannot be parsed as one. The splitter walks
//! its bytes with a small state machine and hands out the chosen elements one by one, each with
//! its exact place, so that a reader parses one message or one event at a time. Nothing that lies
//! outside the chosen elements is kept.
//!
//! The splitter looks at brackets, quotes and commas only. What stands inside an element is for
//! the JSON parser to judge: an element may be balanced and still be no JSON.

use std::borrow::Cow;
use std::io::{self, Read};

use memchr::memchr2;

/// Longest element that is held in memory: 32 MiB.
pub(crate) const ELEMENT_LIMIT: usize = 32 << 20;

/// Deepest nesting that is followed inside a value. The JSON parser takes 128 levels of an
/// element; a part that nobody asks for may be deeper.
const DEPTH_LIMIT: usize = 10_000;

/// Longest member name that is compared with a path, in bytes.
const KEY_LIMIT: usize = 64 << 10;

/// How many bytes are read at once.
const CHUNK: usize = 128 << 10;

/// Walks a document and yields the elements that its [`Paths`] choose, in order.
pub(crate) struct Splitter<R> {
    window: Window<R>,
    paths: Paths,
    frames: Vec<Frame>,
    expect: Expect,
    /// Paths that fit the value about to be read, as far as it is deep.
    live: u32,
    /// Name of the innermost member, for paths that take any member.
    key: String,
    /// Closing brackets that the value being passed over still needs.
    closers: Vec<u8>,
}

/// What the splitter hands out.
#[derive(Debug)]
pub(crate) enum Piece<'a> {
    /// An element that a path chose.
    Element {
        /// Number of the path, from 0.
        path: usize,
        /// Name of the member it stands in, the innermost one; empty outside of any.
        key: &'a str,
        /// First byte in the document.
        offset: u64,
        /// Its bytes, without blanks around them.
        raw: &'a [u8],
    },
    /// An element longer than its path's limit: only its place is known.
    Long {
        /// Number of the path, from 0.
        path: usize,
        /// Name of the member it stands in, the innermost one; empty outside of any.
        key: &'a str,
        /// First byte in the document.
        offset: u64,
        /// Length in bytes.
        len: u64,
    },
    /// The document breaks here; nothing follows.
    Broken {
        /// Where, in the document.
        offset: u64,
        /// Why.
        why: Break,
    },
}

/// Why a document breaks off.
#[derive(Debug)]
pub(crate) enum Break {
    /// The bytes are no JSON.
    Syntax(&'static str),
    /// The document ends before its value does.
    Truncated,
    /// The bytes could not be read or decompressed.
    Read(io::Error),
}

#[derive(Clone, Copy, PartialEq)]
enum Expect {
    Value,
    FirstOrEnd,
    NextOrEnd,
    Nothing,
}

/// A container that the splitter has entered because a path leads into it.
struct Frame {
    object: bool,
    /// Paths that lead on from here.
    live: u32,
}

impl<R: Read> Splitter<R> {
    /// Splits the document that `reader` yields. `offset` is the place of its first byte, where
    /// the document is part of something larger.
    pub(crate) fn new(reader: R, offset: u64, paths: Paths) -> Self {
        Self {
            window: Window::new(reader, offset),
            live: paths.all(),
            paths,
            frames: Vec::new(),
            expect: Expect::Value,
            key: String::new(),
            closers: Vec::new(),
        }
    }

    /// The reader, with what the splitter has not asked it for.
    pub(crate) fn into_reader(self) -> R {
        self.window.reader
    }

    /// The next chosen element; `None` at the end of the document.
    pub(crate) fn next(&mut self) -> Option<Piece<'_>> {
        match self.advance() {
            Ok(None) => None,
            Ok(Some(found)) => Some(self.hand_out(found)),
            Err(why) => {
                self.expect = Expect::Nothing;
                Some(Piece::Broken {
                    offset: self.window.offset(),
                    why,
                })
            }
        }
    }

    fn hand_out(&self, found: Found) -> Piece<'_> {
        let Found { path, offset, len } = found;
        let key = &self.key;
        match self.window.held(len) {
            Some(raw) => Piece::Element {
                path,
                key,
                offset,
                raw,
            },
            None => Piece::Long {
                path,
                key,
                offset,
                len,
            },
        }
    }

    fn advance(&mut self) -> Result<Option<Found>, Break> {
        self.window.release();
        loop {
            match self.expect {
                Expect::Nothing => return Ok(None),
                Expect::Value => {
                    if let Some(found) = self.value()? {
                        return Ok(Some(found));
                    }
                }
                Expect::FirstOrEnd => self.first_or_end()?,
                Expect::NextOrEnd => self.next_or_end()?,
            }
        }
    }

    /// At a value: enters it, hands it out or passes over it, whatever the paths say.
    fn value(&mut self) -> Result<Option<Found>, Break> {
        let first = self.token()?;
        let depth = self.frames.len();
        let offset = self.window.offset();
        let ending = self.paths.ending(self.live, depth);
        self.window.hold(ending.map_or(0, |(_, limit)| limit));
        let deeper = self.paths.leading_on(self.live, depth, first);
        if deeper == 0 {
            self.pass(first)?;
            self.expect = Expect::NextOrEnd;
        } else {
            self.window.bump();
            let frame = Frame {
                object: first == b'{',
                live: deeper,
            };
            let empty = self.window.skip_blanks()? == Some(frame.closer());
            self.frames.push(frame);
            if empty && ending.is_some() {
                self.leave()?;
            } else {
                self.window.release();
                self.expect = Expect::FirstOrEnd;
                return Ok(None);
            }
        }
        let len = self.window.offset() - offset;
        Ok(ending.map(|(path, _)| Found { path, offset, len }))
    }

    fn first_or_end(&mut self) -> Result<(), Break> {
        let byte = self.token()?;
        match self.frames.last() {
            Some(frame) if byte == frame.closer() => self.leave(),
            _ => self.item(),
        }
    }

    fn next_or_end(&mut self) -> Result<(), Break> {
        let Some(frame) = self.frames.last() else {
            self.expect = Expect::Nothing;
            return match self.window.skip_blanks()? {
                None => Ok(()),
                Some(_) => Err(Break::Syntax("text after the end of the document")),
            };
        };
        let closer = frame.closer();
        match self.token()? {
            b',' => {
                self.window.bump();
                self.item()
            }
            byte if byte == closer => self.leave(),
            _ => Err(Break::Syntax("neither a comma nor the end of a container")),
        }
    }

    fn leave(&mut self) -> Result<(), Break> {
        self.window.bump();
        self.frames.pop();
        self.expect = Expect::NextOrEnd;
        Ok(())
    }

    /// At the start of an item of the innermost container: reads the name of a member, and finds
    /// the paths that fit.
    fn item(&mut self) -> Result<(), Break> {
        self.expect = Expect::Value;
        let depth = self.frames.len().saturating_sub(1);
        let Some(frame) = self.frames.last() else {
            return Ok(());
        };
        let (object, live) = (frame.object, frame.live);
        if !object {
            self.live = live;
            return Ok(());
        }
        if self.token()? != b'"' {
            return Err(Break::Syntax("no member name where one must stand"));
        }
        let start = self.window.offset();
        self.window.hold(KEY_LIMIT);
        self.window.bump();
        self.window.string_end()?;
        let len = self.window.offset() - start;
        self.live = match self.window.held(len).and_then(member_name) {
            Some(name) => {
                let live = self.paths.fitting(live, depth, &name);
                if live != 0 {
                    self.key.clear();
                    self.key.push_str(&name);
                }
                live
            }
            None => 0,
        };
        self.window.release();
        if self.token()? != b':' {
            return Err(Break::Syntax("no colon after a member name"));
        }
        self.window.bump();
        Ok(())
    }

    /// Passes over one value that begins with `first`.
    fn pass(&mut self, first: u8) -> Result<(), Break> {
        match first {
            b'"' => {
                self.window.bump();
                self.window.string_end()
            }
            b'{' | b'[' => self.window.container_end(&mut self.closers),
            b'-' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                // Only a scalar at the top may end with the file.
                let at_top = self.frames.is_empty();
                self.window.scalar_end(at_top)
            }
            _ => Err(Break::Syntax("no value where one must stand")),
        }
    }

    /// The next byte that is no blank.
    fn token(&mut self) -> Result<u8, Break> {
        self.window.skip_blanks()?.ok_or(Break::Truncated)
    }
}

impl Frame {
    fn closer(&self) -> u8 {
        if self.object { b'}' } else { b']' }
    }
}

/// An element that was passed: which path chose it, and where it is.
struct Found {
    path: usize,
    offset: u64,
    len: u64,
}

/// A member name without its quotes and escapes.
fn member_name(quoted: &[u8]) -> Option<Cow<'_, str>> {
    let inner = quoted.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if inner.contains(&b'\\') {
        return serde_json::from_slice::<String>(quoted)
            .ok()
            .map(Cow::Owned);
    }
    Some(String::from_utf8_lossy(inner))
}

/// Chooses elements of a document by their path.
///
/// A path is `$` followed by `.name` for a member, `.*` for any member and `[*]` for the elements
/// of an array, such as `$.samples[*].messages[*]`. The first path that fits an element takes it;
/// but a container that some path leads into is entered, and handed out whole only where it is
/// empty.
#[derive(Clone, Debug)]
pub(crate) struct Paths(Vec<Path>);

#[derive(Clone, Debug)]
struct Path {
    segments: Vec<Segment>,
    /// Longest element in bytes that is held for this path.
    limit: usize,
}

#[derive(Clone, Debug)]
enum Segment {
    Member(&'static str),
    AnyMember,
    Elements,
}

impl Paths {
    /// Chooses elements by these paths, at most 32 in all.
    pub(crate) fn new(paths: &[&'static str]) -> Self {
        Self(Vec::new()).with(paths, ELEMENT_LIMIT)
    }

    /// Adds paths of which only the places are wanted: their elements come as [`Piece::Long`].
    pub(crate) fn places(self, paths: &[&'static str]) -> Self {
        self.with(paths, 0)
    }

    /// Adds paths whose elements are held up to `limit` bytes.
    pub(crate) fn with(mut self, paths: &[&'static str], limit: usize) -> Self {
        self.0.extend(paths.iter().map(|path| Path {
            segments: segments(path),
            limit,
        }));
        debug_assert!(self.0.len() <= 32, "paths are kept in a mask of 32 bits");
        self
    }

    /// The set of all paths.
    fn all(&self) -> u32 {
        self.mask(|_| true)
    }

    /// Those of `live` that go on beyond `depth` into a container that begins with `first`.
    fn leading_on(&self, live: u32, depth: usize, first: u8) -> u32 {
        live & self.mask(|path| match path.segments.get(depth) {
            Some(Segment::Elements) => first == b'[',
            Some(Segment::Member(_) | Segment::AnyMember) => first == b'{',
            None => false,
        })
    }

    /// The first of `live` that ends at `depth`, with its limit.
    fn ending(&self, live: u32, depth: usize) -> Option<(usize, usize)> {
        (self.0.iter().enumerate())
            .find(|(i, path)| live & bit(*i) != 0 && path.segments.len() == depth)
            .map(|(i, path)| (i, path.limit))
    }

    /// Those of `live` whose segment at `depth` takes a member of this name.
    fn fitting(&self, live: u32, depth: usize, name: &str) -> u32 {
        live & self.mask(|path| match path.segments.get(depth) {
            Some(Segment::Member(member)) => *member == name,
            Some(Segment::AnyMember) => true,
            _ => false,
        })
    }

    fn mask(&self, fits: impl Fn(&Path) -> bool) -> u32 {
        (self.0.iter().enumerate())
            .filter(|(_, path)| fits(path))
            .fold(0, |mask, (i, _)| mask | bit(i))
    }
}

fn bit(path: usize) -> u32 {
    u32::try_from(path).map_or(0, |i| 1_u32.checked_shl(i).unwrap_or(0))
}

fn segments(path: &'static str) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut rest = path.strip_prefix('$').unwrap_or(path);
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("[*]") {
            segments.push(Segment::Elements);
            rest = after;
            continue;
        }
        let name = rest.strip_prefix('.').unwrap_or(rest);
        let end = name.find(['.', '[']).unwrap_or(name.len());
        let (name, after) = name.split_at_checked(end).unwrap_or((name, ""));
        segments.push(match name {
            "*" => Segment::AnyMember,
            _ => Segment::Member(name),
        });
        rest = after;
    }
    segments
}

/// A view of the bytes that moves along the document and grows where an element is held.
struct Window<R> {
    reader: R,
    buf: Vec<u8>,
    /// Bytes of `buf` that are filled.
    filled: usize,
    /// The next byte to look at; never beyond `filled`.
    at: usize,
    /// Place of `buf`'s first byte in the document.
    base: u64,
    /// Start of the held element in `buf`, and how long it may become.
    hold: Option<(usize, usize)>,
}

impl<R: Read> Window<R> {
    fn new(reader: R, base: u64) -> Self {
        Self {
            reader,
            buf: Vec::new(),
            filled: 0,
            at: 0,
            base,
            hold: None,
        }
    }

    /// Place of the next byte.
    fn offset(&self) -> u64 {
        self.base + self.at as u64
    }

    /// Keeps the bytes from here on, until there are more than `limit`.
    fn hold(&mut self, limit: usize) {
        self.hold = (limit > 0).then_some((self.at, limit));
    }

    fn release(&mut self) {
        self.hold = None;
    }

    /// The held element, which ends here and is `len` bytes long; `None` if it grew too long.
    fn held(&self, len: u64) -> Option<&[u8]> {
        let (start, limit) = self.hold?;
        let held = self.buf.get(start..self.at)?;
        (held.len() <= limit && held.len() as u64 == len).then_some(held)
    }

    /// The bytes that are there without reading.
    fn rest(&self) -> &[u8] {
        self.buf.get(self.at..self.filled).unwrap_or_default()
    }

    fn bump(&mut self) {
        self.at = (self.at + 1).min(self.filled);
    }

    /// Reads more behind the bytes that are there; `false` at the end of the document.
    fn fill(&mut self) -> Result<bool, Break> {
        if let Some((start, limit)) = self.hold
            && self.at - start > limit
        {
            self.hold = None;
        }
        let keep = self.hold.map_or(self.at, |(start, _)| start);
        if keep > 0 {
            self.buf.copy_within(keep..self.filled, 0);
            self.filled -= keep;
            self.at -= keep;
            self.base += keep as u64;
            self.hold = self.hold.map(|(_, limit)| (0, limit));
        }
        if self.hold.is_none() && self.buf.len() > 8 * CHUNK {
            // What a long element needed is given back.
            self.buf.truncate(CHUNK.max(self.filled));
            self.buf.shrink_to_fit();
        }
        if self.buf.len() - self.filled < CHUNK {
            let len = (self.filled + CHUNK).max(self.filled * 2);
            self.buf.resize(len, 0);
        }
        let Some(room) = self.buf.get_mut(self.filled..) else {
            return Ok(false);
        };
        loop {
            match self.reader.read(room) {
                Ok(n) => {
                    self.filled = (self.filled + n).min(self.buf.len());
                    return Ok(n > 0);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(Break::Read(e)),
            }
        }
    }

    /// Moves to the next byte that is no blank and returns it; `None` at the end. A byte order
    /// mark at the very start counts as a blank.
    fn skip_blanks(&mut self) -> Result<Option<u8>, Break> {
        const MARK: &[u8] = "\u{feff}".as_bytes();
        loop {
            let rest = self.rest();
            let blanks = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
            if let Some(byte) = rest.get(blanks).copied() {
                self.at += blanks;
                if self.offset() > 0 || MARK.first() != Some(&byte) {
                    return Ok(Some(byte));
                }
                while self.rest().len() < MARK.len() && self.fill()? {}
                if !self.rest().starts_with(MARK) {
                    return Ok(Some(byte));
                }
                self.at += MARK.len();
                continue;
            }
            self.at = self.filled;
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// Inside a string: moves behind its closing quote.
    fn string_end(&mut self) -> Result<(), Break> {
        loop {
            let rest = self.rest();
            match memchr2(b'"', b'\\', rest).and_then(|i| Some((i, *rest.get(i)?))) {
                Some((i, b'"')) => {
                    self.at += i + 1;
                    return Ok(());
                }
                Some((i, _)) => {
                    self.at += i + 1;
                    if self.rest().is_empty() && !self.fill()? {
                        return Err(Break::Truncated);
                    }
                    self.bump();
                }
                None => {
                    self.at = self.filled;
                    if !self.fill()? {
                        return Err(Break::Truncated);
                    }
                }
            }
        }
    }

    /// At an opening bracket: moves behind the bracket that closes it.
    fn container_end(&mut self, closers: &mut Vec<u8>) -> Result<(), Break> {
        closers.clear();
        loop {
            let rest = self.rest();
            let passed = (rest.iter())
                .position(|b| matches!(b, b'"' | b'{' | b'}' | b'[' | b']'))
                .and_then(|i| Some((i, *rest.get(i)?)));
            let Some((i, byte)) = passed else {
                self.at = self.filled;
                if !self.fill()? {
                    return Err(Break::Truncated);
                }
                continue;
            };
            self.at += i;
            match byte {
                b'"' => {
                    self.bump();
                    self.string_end()?;
                    continue;
                }
                b'{' => closers.push(b'}'),
                b'[' => closers.push(b']'),
                _ => {
                    if closers.pop() != Some(byte) {
                        return Err(Break::Syntax("a bracket that closes nothing"));
                    }
                }
            }
            if closers.len() > DEPTH_LIMIT {
                return Err(Break::Syntax("nested deeper than the reader takes"));
            }
            self.bump();
            if closers.is_empty() {
                return Ok(());
            }
        }
    }

    /// At a number or literal: moves behind it.
    fn scalar_end(&mut self, may_end_document: bool) -> Result<(), Break> {
        loop {
            let end = (self.rest().iter())
                .position(|b| matches!(b, b',' | b']' | b'}') || b.is_ascii_whitespace());
            if let Some(end) = end {
                self.at += end;
                return Ok(());
            }
            self.at = self.filled;
            if !self.fill()? {
                return if may_end_document {
                    Ok(())
                } else {
                    Err(Break::Truncated)
                };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// Yields its bytes in pieces of one to seven bytes, so that every state meets a refill.
    struct Drip<'a>(&'a [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.1 = self.1 % 7 + 1;
            let n = self.1.min(self.0.len()).min(buf.len());
            buf[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    type Seen = (usize, String, Vec<u8>);

    /// All elements, and how the document broke if it did. Checks every place on the way.
    fn split(text: &[u8], paths: Paths) -> (Vec<Seen>, Option<(u64, Break)>) {
        let mut splitter = Splitter::new(Drip(text, 0), 0, paths);
        let mut seen = Vec::new();
        let mut broken = None;
        while let Some(piece) = splitter.next() {
            match piece {
                Piece::Element {
                    path,
                    key,
                    offset,
                    raw,
                } => {
                    let offset = offset as usize;
                    assert_eq!(raw, &text[offset..offset + raw.len()]);
                    seen.push((path, key.to_owned(), raw.to_vec()));
                }
                Piece::Long {
                    path,
                    key,
                    offset,
                    len,
                } => {
                    let offset = offset as usize;
                    let raw = &text[offset..offset + len as usize];
                    seen.push((path, key.to_owned(), raw.to_vec()));
                }
                Piece::Broken { offset, why } => {
                    assert!(broken.is_none(), "broken twice");
                    broken = Some((offset, why));
                }
            }
        }
        (seen, broken)
    }

    fn values(seen: &[Seen], path: usize) -> Vec<Value> {
        (seen.iter().filter(|(p, ..)| *p == path))
            .map(|(.., raw)| serde_json::from_slice(raw).unwrap())
            .collect()
    }

    #[test]
    fn yields_the_elements_of_chosen_arrays_and_members() {
        let text = br#" {"id": 7, "messages" :[ {"a":"]}\""}, "x" , 3,[]],"rest":{"deep":[1]},
            "attachments":{"k\u0031":"v","k2":null}} "#;
        let paths = Paths::new(&["$.messages[*]", "$.attachments.*", "$.*"]);
        let (seen, broken) = split(text, paths);
        assert!(broken.is_none());
        assert_eq!(
            values(&seen, 0),
            [json!({"a": "]}\""}), json!("x"), json!(3), json!([])]
        );
        assert!(seen.contains(&(1, "k1".into(), br#""v""#.to_vec())));
        assert_eq!(values(&seen, 2), [json!(7), json!({"deep": [1]})]);
    }

    #[test]
    fn a_member_of_another_kind_falls_to_the_next_path() {
        let text = br#"{"messages":null}"#;
        let (seen, broken) = split(text, Paths::new(&["$.messages[*]", "$.*"]));
        assert!(broken.is_none());
        assert_eq!(seen, [(1, "messages".into(), b"null".to_vec())]);
    }

    #[test]
    fn an_element_over_the_limit_comes_as_its_place_only() {
        let long = "x".repeat(3 * CHUNK);
        let text = format!(r#"{{"m":["a","{long}","b"]}}"#);
        let paths = Paths(Vec::new()).with(&["$.m[*]"], CHUNK);
        let mut splitter = Splitter::new(text.as_bytes(), 100, paths);
        let mut kinds = Vec::new();
        while let Some(piece) = splitter.next() {
            kinds.push(match piece {
                Piece::Element { offset, raw, .. } => (offset, raw.len() as u64, true),
                Piece::Long { offset, len, .. } => (offset, len, false),
                Piece::Broken { .. } => panic!("the document is whole"),
            });
        }
        let len = long.len() as u64 + 2;
        let expected = [(106, 3, true), (110, len, false), (110 + len + 1, 3, true)];
        assert_eq!(kinds, expected);
    }

    #[test]
    fn a_broken_document_yields_what_stands_before_the_break() {
        let cases: [(&[u8], usize, bool); 7] = [
            (br#"{"m":[1,2"#, 1, true),
            (br#"{"m":[1,2,"#, 2, true),
            (br#"{"m":[1,{"a":"#, 1, true),
            (br#"{"m":[1,{]},3]}"#, 1, false),
            (br#"{"m":[1,2] 3"#, 2, false),
            (br#"{"m":[1,2,,3]}"#, 2, false),
            (br#"{"m":[1]} x"#, 1, false),
        ];
        for (text, elements, truncated) in cases {
            let (seen, broken) = split(text, Paths::new(&["$.m[*]"]));
            assert_eq!(seen.len(), elements, "{}", String::from_utf8_lossy(text));
            let (_, why) = broken.expect("must be broken");
            assert_eq!(matches!(why, Break::Truncated), truncated, "{why:?}");
        }
    }

    #[test]
    fn the_root_can_be_an_element_and_a_byte_order_mark_is_skipped() {
        let (seen, broken) = split("\u{feff} 12".as_bytes(), Paths::new(&["$"]));
        assert!(broken.is_none());
        assert_eq!(seen, [(0, String::new(), b"12".to_vec())]);
        let (seen, broken) = split(b"[[1],[2]]", Paths::new(&["$[*][*]"]));
        assert!(broken.is_none());
        assert_eq!(values(&seen, 0), [json!(1), json!(2)]);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            r#"[\PC"\\\[\]{},: \n]{0,12}"#.prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            let name = prop_oneof![Just("a".to_owned()), Just("b".to_owned()), "[\\PC\"]{0,4}"];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(name, inner, 0..5)
                    .prop_map(|m| Value::Object(m.into_iter().collect())),
            ]
        })
    }

    /// What the paths of the property test choose, worked out on the parsed value.
    fn expected(document: &Value) -> Vec<(usize, Value)> {
        let mut out = Vec::new();
        match document {
            Value::Object(members) if !members.is_empty() => {
                for (name, value) in members {
                    match value {
                        Value::Array(items) if name == "a" && !items.is_empty() => {
                            for item in items {
                                match item.as_object() {
                                    Some(o) if !o.is_empty() => {
                                        out.extend(o.get("b").map(|b| (1, b.clone())))
                                    }
                                    _ => out.push((0, item.clone())),
                                }
                            }
                        }
                        Value::Object(inner) if name == "b" && !inner.is_empty() => {
                            out.extend(inner.values().map(|v| (2, v.clone())));
                        }
                        _ => out.push((3, value.clone())),
                    }
                }
            }
            other => out.push((4, other.clone())),
        }
        out
    }

    proptest! {
        #[test]
        fn splitting_agrees_with_parsing(document in any_json(), pretty: bool) {
            let text = if pretty {
                serde_json::to_vec_pretty(&document).unwrap()
            } else {
                serde_json::to_vec(&document).unwrap()
            };
            let paths = Paths::new(&["$.a[*]", "$.a[*].b", "$.b.*", "$.*", "$"]);
            let (seen, broken) = split(&text, paths.clone());
            prop_assert!(broken.is_none());
            // Parsing rounds the last digit of some numbers, so both sides are parsed.
            let document = serde_json::from_slice(&text).unwrap();
            let seen: Vec<_> = seen.into_iter()
                .map(|(path, _, raw)| (path, serde_json::from_slice::<Value>(&raw).unwrap()))
                .collect();
            prop_assert_eq!(seen, expected(&document));
            // The same elements are found where only their places are wanted.
            let places = Paths(Vec::new()).places(&["$.a[*]", "$.a[*].b", "$.b.*", "$.*", "$"]);
            prop_assert_eq!(split(&text, places).0, split(&text, paths).0);
        }

        #[test]
        fn a_cut_document_yields_a_prefix_of_the_elements(document in any_json(), cut: prop::sample::Index) {
            let text = serde_json::to_vec(&document).unwrap();
            let paths = Paths::new(&["$.a[*]", "$.b.*", "$.*"]);
            let (whole, _) = split(&text, paths.clone());
            let (part, broken) = split(&text[..cut.index(text.len())], paths);
            prop_assert!(whole.starts_with(&part));
            prop_assert!(broken.is_some() || part.len() == whole.len());
        }

        #[test]
        fn any_bytes_are_passed_without_a_panic(text in prop::collection::vec(any::<u8>(), 0..200)) {
            split(&text, Paths::new(&["$.a[*]", "$[*]", "$.*"]));
        }
    }
}
