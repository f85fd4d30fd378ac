//! The bytes of a document while the splitter moves along them.

use std::io::{self, Read};

use memchr::memchr2;

use super::Break;

/// Deepest nesting that is followed inside a value. The JSON parser takes 128 levels of an
/// element; a part that nobody asks for may be deeper.
const DEPTH_LIMIT: usize = 10_000;

/// How many bytes are read at once.
pub(super) const CHUNK: usize = 128 << 10;

/// A view of the bytes that moves along the document and grows where an element is held.
pub(super) struct Window<R> {
    pub(super) reader: R,
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
    pub(super) fn new(reader: R, base: u64) -> Self {
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
    pub(super) fn offset(&self) -> u64 {
        self.base + self.at as u64
    }

    /// Keeps the bytes from here on, until there are more than `limit`.
    pub(super) fn hold(&mut self, limit: usize) {
        self.hold = (limit > 0).then_some((self.at, limit));
    }

    pub(super) fn release(&mut self) {
        self.hold = None;
    }

    /// The held element, which ends here and is `len` bytes long; `None` if it grew too long.
    pub(super) fn held(&self, len: u64) -> Option<&[u8]> {
        let (start, limit) = self.hold?;
        let held = self.buf.get(start..self.at)?;
        (held.len() <= limit && held.len() as u64 == len).then_some(held)
    }

    /// The bytes that are there without reading.
    fn rest(&self) -> &[u8] {
        self.buf.get(self.at..self.filled).unwrap_or_default()
    }

    pub(super) fn bump(&mut self) {
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
    pub(super) fn skip_blanks(&mut self) -> Result<Option<u8>, Break> {
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
    pub(super) fn string_end(&mut self) -> Result<(), Break> {
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
    pub(super) fn container_end(&mut self, closers: &mut Vec<u8>) -> Result<(), Break> {
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
    pub(super) fn scalar_end(&mut self, may_end_document: bool) -> Result<(), Break> {
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
