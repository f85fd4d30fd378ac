//! Lines of a file of any size, in bounded memory.

use std::io::{self, Read};

use memchr::memchr;

/// The longest line that is read, in bytes. Longer ones are skipped and reported.
pub(crate) const MAX_LINE: usize = 32 << 20;

/// How much of a line that is too long is kept, in bytes.
const HEAD: usize = 4 << 10;

/// What is read at a time, in bytes.
pub(crate) const CHUNK: usize = 256 << 10;

/// Lines of a reader, one at a time, borrowed from one buffer.
pub(crate) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    /// The unread bytes of `buffer`.
    start: usize,
    end: usize,
    /// Where `buffer[start]` stands in the file.
    offset: u64,
    /// No line is begun at or beyond this offset: a file that grows while it is read is read to
    /// the length it had at first, and to the end of the line that this length cut.
    until: u64,
    /// No more bytes to come.
    ended: bool,
}

/// One line, without its line end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line<'b> {
    /// First byte of the line in the file.
    pub(crate) offset: u64,
    /// Its length in bytes.
    pub(crate) len: u64,
    /// Its bytes; only the first few where it is too long.
    pub(crate) bytes: &'b [u8],
    /// Whether it is longer than [`MAX_LINE`].
    pub(crate) too_long: bool,
    /// Whether it has a line end; the last line of a file may have none.
    pub(crate) complete: bool,
    /// Where the next line begins.
    pub(crate) next: u64,
}

impl<R: Read> Lines<R> {
    /// Lines of `reader`, whose first byte stands at `offset` of its file; none is begun at or
    /// beyond `until`.
    pub(crate) fn new(reader: R, offset: u64, until: u64) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            offset,
            until,
            ended: false,
        }
    }

    /// The next line, or `None` at the end.
    ///
    /// # Errors
    ///
    /// Fails where the reader does; the lines so far remain valid, and the next call goes on.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        if self.offset >= self.until {
            return Ok(None);
        }
        let mut seen = 0;
        loop {
            let unread = self.buffer.get(self.start..self.end).unwrap_or_default();
            let found = unread
                .get(seen..)
                .and_then(|fresh| memchr(b'\n', fresh))
                .map(|at| seen + at);
            match found {
                Some(len) if len > MAX_LINE => return self.skip().map(Some),
                Some(len) => return Ok(Some(self.take(len, true))),
                None if unread.len() > MAX_LINE => return self.skip().map(Some),
                None if self.ended && unread.is_empty() => return Ok(None),
                None if self.ended => {
                    let len = unread.len();
                    return Ok(Some(self.take(len, false)));
                }
                None => seen = unread.len(),
            }
            self.fill()?;
        }
    }

    /// Where the next line begins.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Gives out the first `len` unread bytes as a line.
    fn take(&mut self, len: usize, complete: bool) -> Line<'_> {
        let (from, offset) = (self.start, self.offset);
        self.start += len + usize::from(complete);
        self.offset += len as u64 + u64::from(complete);
        let bytes = self.buffer.get(from..from + len).unwrap_or_default();
        let bytes = match bytes {
            [text @ .., b'\r'] if complete => text,
            text => text,
        };
        Line {
            offset,
            len: bytes.len() as u64,
            bytes,
            too_long: false,
            complete,
            next: self.offset,
        }
    }

    /// Passes over a line that is too long, and keeps only its beginning.
    fn skip(&mut self) -> io::Result<Line<'_>> {
        let head = self.buffer.get(self.start..self.end).unwrap_or_default();
        let head: Vec<u8> = head.iter().copied().take(HEAD).collect();
        let offset = self.offset;
        let mut len = 0;
        let complete = loop {
            let unread = self.buffer.get(self.start..self.end).unwrap_or_default();
            let found = memchr(b'\n', unread);
            let passed = found.unwrap_or(unread.len());
            len += passed as u64;
            self.start += passed + usize::from(found.is_some());
            if found.is_some() {
                break true;
            }
            if self.ended {
                break false;
            }
            self.fill()?;
        };
        self.offset = offset + len + u64::from(complete);
        // The kept bytes go where the next line does not: before it, if there is room.
        let unread: Vec<u8> = self
            .buffer
            .get(self.start..self.end)
            .unwrap_or_default()
            .to_vec();
        let kept = head.len();
        self.buffer = head;
        self.buffer.extend_from_slice(&unread);
        self.start = kept;
        self.end = self.buffer.len();
        Ok(Line {
            offset,
            len,
            bytes: self.buffer.get(..kept).unwrap_or_default(),
            too_long: true,
            complete,
            next: self.offset,
        })
    }

    /// Reads more bytes behind the unread ones.
    fn fill(&mut self) -> io::Result<()> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        // After a long line the buffer need not stay long.
        if self.buffer.len() > 16 * CHUNK && self.end < CHUNK {
            self.buffer.truncate(CHUNK);
            self.buffer.shrink_to_fit();
        }
        if self.buffer.len() - self.end < CHUNK / 2 {
            let longer = (self.buffer.len() * 2).clamp(CHUNK, MAX_LINE + 2 * CHUNK);
            self.buffer.resize(longer, 0);
        }
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        loop {
            match self.reader.read(room) {
                Ok(0) => {
                    self.ended = true;
                    return Ok(());
                }
                Ok(n) => {
                    self.end += n.min(room.len());
                    return Ok(());
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Hands out at most `step` bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(room.len()).min(self.0.len());
            let (now, later) = self.0.split_at(n);
            room[..n].copy_from_slice(now);
            self.0 = later;
            Ok(n)
        }
    }

    fn lines(bytes: &[u8], step: usize) -> Vec<(u64, Vec<u8>, bool, u64)> {
        let mut lines = Lines::new(Slow(bytes, step), 0, u64::MAX);
        let mut seen = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            assert_eq!(line.len, line.bytes.len() as u64);
            seen.push((line.offset, line.bytes.to_vec(), line.complete, line.next));
        }
        seen
    }

    #[test]
    fn line_ends_are_left_off_and_the_last_line_may_have_none() {
        let expected = vec![
            (0, b"ab".to_vec(), true, 3),
            (3, b"".to_vec(), true, 4),
            (4, b"c".to_vec(), true, 7),
            (7, b"d\r".to_vec(), false, 9),
        ];
        for step in [1, 2, 100] {
            assert_eq!(lines(b"ab\n\nc\r\nd\r", step), expected);
        }
        assert_eq!(lines(b"", 1), []);
    }

    #[test]
    fn a_long_line_is_skipped_in_bounded_memory() {
        let mut bytes = b"before\n".to_vec();
        let long = MAX_LINE + 3 * CHUNK + 17;
        bytes.extend(std::iter::repeat_n(b'x', long));
        bytes.extend(b"\nafter\nlast");
        let mut lines = Lines::new(&bytes[..], 0, u64::MAX);
        assert_eq!(lines.next().unwrap().unwrap().bytes, b"before");
        let line = lines.next().unwrap().unwrap();
        assert!(line.too_long && line.complete);
        assert_eq!((line.offset, line.len), (7, long as u64));
        assert_eq!(line.bytes.len(), HEAD);
        let line = lines.next().unwrap().unwrap();
        assert_eq!((line.bytes, line.offset), (&b"after"[..], 8 + long as u64));
        assert_eq!(lines.next().unwrap().unwrap().bytes, b"last");
        assert!(lines.next().unwrap().is_none());
        assert!(lines.buffer.len() <= MAX_LINE + 2 * CHUNK);
    }

    #[test]
    fn the_longest_line_allowed_is_read() {
        let mut bytes = vec![b'x'; MAX_LINE];
        bytes.push(b'\n');
        let mut lines = Lines::new(&bytes[..], 0, u64::MAX);
        let line = lines.next().unwrap().unwrap();
        assert!(!line.too_long);
        assert_eq!(line.len, MAX_LINE as u64);
    }

    #[test]
    fn a_growing_file_is_read_to_the_line_that_was_last_at_first() {
        // Opened when it held `a\nb`; `b` was finished and `c` added while it was read.
        let mut lines = Lines::new(&b"a\nbb\nc\n"[..], 0, 3);
        assert_eq!(lines.next().unwrap().unwrap().bytes, b"a");
        assert_eq!(lines.next().unwrap().unwrap().bytes, b"bb");
        assert!(lines.next().unwrap().is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn lines_and_line_ends_are_the_whole_file(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), any::<u8>()], 0..200),
            step in 1_usize..50,
        ) {
            let mut at = 0;
            for (offset, line, complete, next) in lines(&bytes, step) {
                prop_assert_eq!(offset, at);
                prop_assert_eq!(&bytes[offset as usize..][..line.len()], &line[..]);
                let end = &bytes[offset as usize + line.len()..next as usize];
                let fits = match complete {
                    true => end == b"\n" || end == b"\r\n",
                    false => end.is_empty(),
                };
                prop_assert!(fits);
                at = next;
            }
            prop_assert_eq!(at, bytes.len() as u64);
        }
    }
}
