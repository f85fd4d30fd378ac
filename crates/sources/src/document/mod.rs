//! Splits one JSON document into the elements that a reader asks for, in bounded memory.
//!
//! A log of five gigabytes is one JSON value, so it cannot be parsed as one. The splitter walks
//! its bytes with a small state machine and hands out the chosen elements one by one, each with
//! its exact place, so that a reader parses one message or one event at a time. Nothing that lies
//! outside the chosen elements is kept.
//!
//! The splitter looks at brackets, quotes and commas only. What stands inside an element is for
//! the JSON parser to judge: an element may be balanced and still be no JSON.

mod paths;
mod window;

use std::borrow::Cow;
use std::io::{self, Read};

pub(crate) use self::paths::Paths;
use self::window::Window;

/// Longest element that is held in memory: 32 MiB.
pub(crate) const ELEMENT_LIMIT: usize = 32 << 20;

/// Longest member name that is compared with a path, in bytes.
const KEY_LIMIT: usize = 64 << 10;

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

#[cfg(test)]
mod tests;
