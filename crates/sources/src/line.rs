//! Lines of a file of any size, in bounded memory.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use memchr::memchr;
use proctor_dialects::json::{self, Skim, Value};
use proctor_model::GapCause;

use crate::emit::{Emitter, Record};

/// The longest line that is read, in bytes. Longer ones are skipped and reported.
pub(crate) const MAX_LINE: usize = 32 << 20;

/// How much of a line that is too long is kept, in bytes.
const HEAD: usize = 4 << 10;

/// What is read at a time, in bytes.
const CHUNK: usize = 256 << 10;

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

/// Understands the records of one harness, one JSON object at a time.
pub(crate) trait Records {
    /// Which parts of a record it has no use for.
    fn skim(&self) -> &'static Skim {
        &Skim::NOTHING
    }

    /// Gives out what stands beside the file at `path`, before its first record.
    fn begin(&mut self, path: &Path, out: &mut Emitter<'_>) {
        let _ = (path, out);
    }

    /// Takes one record and gives its events out. The value is the record's own: long texts may be
    /// moved out of it.
    fn record(&mut self, value: Value<'_>, record: &mut Record<'_>, out: &mut Emitter<'_>);
}

/// Reads all lines of a file as records. The file is read to the length that it has now.
pub(crate) fn read_file(path: &Path, records: &mut dyn Records, out: &mut Emitter<'_>) {
    let opened = File::open(path).and_then(|file| {
        let len = file.metadata()?.len();
        Ok((file, len))
    });
    match opened {
        Ok((file, len)) => {
            records.begin(path, out);
            read_all(Lines::new(file, 0, len), records, out);
        }
        Err(error) => unreadable(0, &error, out),
    }
}

/// Reads these lines as records.
pub(crate) fn read_all(
    mut lines: Lines<impl Read>,
    records: &mut dyn Records,
    out: &mut Emitter<'_>,
) {
    let mut told = 0;
    loop {
        match lines.next() {
            Ok(Some(line)) => {
                let next = line.next;
                read_line(&line, records, out);
                // Not for every line: the caller may draw a picture each time.
                if next - told >= CHUNK as u64 {
                    out.advance(next - told);
                    told = next;
                }
            }
            Ok(None) => break,
            Err(error) => {
                unreadable(lines.offset, &error, out);
                break;
            }
        }
    }
    out.advance(lines.offset - told);
}

fn unreadable(offset: u64, error: &io::Error, out: &mut Emitter<'_>) {
    let mut record = Record::unread(offset, 0, b"");
    out.lost(&mut record, GapCause::Unreadable, error.to_string());
}

/// Reads one line as a record and gives it to `records`; what cannot be read becomes a gap.
///
/// Empty lines are no records. A line that holds several JSON values, because a line end was lost,
/// is as many records.
pub(crate) fn read_line(line: &Line<'_>, records: &mut dyn Records, out: &mut Emitter<'_>) {
    if line.too_long {
        out.count_record();
        let mut record = Record::unread(line.offset, line.len, line.bytes);
        let detail = format!("a line of {} bytes; at most {MAX_LINE} are read", line.len);
        return out.lost(&mut record, GapCause::TooLong, detail);
    }
    let (text, flaw) = text(line.bytes);
    let Some(text) = text else {
        if flaw.is_some() {
            out.count_record();
            let mut record = Record::new(line.offset, line.bytes);
            out.lost(
                &mut record,
                GapCause::Unparsable,
                "nothing but NUL bytes".into(),
            );
        }
        return;
    };
    out.count_record();
    let mut record = Record::new(line.offset, line.bytes);
    if let Some(flaw) = flaw {
        out.gap(&mut record, GapCause::InvalidText, flaw);
    }
    match json::parse_skimmed(&text, records.skim()) {
        Ok((value, mended)) => {
            if !mended.is_empty() {
                let cause = match mended.surrogates + mended.controls {
                    0 => GapCause::BadField,
                    _ => GapCause::InvalidText,
                };
                out.gap(&mut record, cause, format!("mended: {mended}"));
            }
            records.record(value, &mut record, out);
        }
        Err(error) if error.truncated && !line.complete => {
            out.lost(&mut record, GapCause::Truncated, error.message);
        }
        Err(error) if error.oversized => {
            out.lost(&mut record, GapCause::TooLong, error.message);
        }
        Err(error) => read_glued(&text, &error.message, record, records, out),
    }
}

/// Reads a line that is no JSON value as a whole: its values one by one as far as there are any,
/// and the rest as a gap.
fn read_glued(
    text: &str,
    error: &str,
    mut record: Record<'_>,
    records: &mut dyn Records,
    out: &mut Emitter<'_>,
) {
    let mut rest = text;
    let mut first = true;
    while let Some(len) = json::first_value(rest).filter(|len| *len < rest.len()) {
        let Some((one, more)) = rest.split_at_checked(len) else {
            break;
        };
        let Ok((value, _)) = json::parse(one) else {
            break;
        };
        if !matches!(value, Value::Object(_)) {
            break;
        }
        if !first {
            out.count_record();
        }
        records.record(value, &mut record, out);
        (rest, first) = (more.trim_start(), false);
    }
    if first {
        return out.lost(&mut record, GapCause::Unparsable, error.to_owned());
    }
    if rest.is_empty() {
        return;
    }
    out.count_record();
    match json::parse(rest) {
        Ok((value, _)) => records.record(value, &mut record, out),
        Err(error) => out.gap(
            &mut record,
            GapCause::Unparsable,
            format!("its last {} bytes: {error}", rest.len()),
        ),
    }
}

/// The text of a line without the white space, byte order mark and NUL bytes around it, and what
/// is wrong with it; no text where nothing is left.
///
/// NUL bytes stand in files whose end was lost in a crash.
fn text(bytes: &[u8]) -> (Option<Cow<'_, str>>, Option<String>) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let inner = bytes.trim_ascii();
    let nul = |b: &u8| *b == 0 || b.is_ascii_whitespace();
    let start = inner.iter().take_while(|b| nul(b)).count();
    let inner = inner.get(start..).unwrap_or_default();
    let end = inner.iter().rev().take_while(|b| nul(b)).count();
    let inner = inner
        .get(..inner.len().saturating_sub(end))
        .unwrap_or_default();
    let mut flaw = (start + end > 0).then(|| format!("{} NUL bytes around it", start + end));
    if inner.is_empty() {
        return (None, flaw);
    }
    let text = match std::str::from_utf8(inner) {
        Ok(text) => Cow::Borrowed(text),
        Err(error) => {
            let at = error.valid_up_to();
            flaw = Some(format!("not UTF-8 at byte {at} of the record"));
            Cow::Owned(String::from_utf8_lossy(inner).into_owned())
        }
    };
    (Some(text), flaw)
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

    #[test]
    fn text_is_freed_from_what_is_around_it() {
        assert_eq!(text(b"  "), (None, None));
        assert_eq!(text(b"\xef\xbb\xbf{}"), (Some("{}".into()), None));
        assert_eq!(text(b"{} \r"), (Some("{}".into()), None));
        let (inner, flaw) = text(b"\0\0{}\0");
        assert_eq!(inner.unwrap(), "{}");
        assert!(flaw.unwrap().starts_with("3 NUL"));
        let (inner, flaw) = text(b"\0\0");
        assert!(inner.is_none() && flaw.is_some());
        let (inner, flaw) = text(b"a\xffb");
        assert_eq!(inner.unwrap(), "a\u{fffd}b");
        assert!(flaw.unwrap().contains("byte 1"));
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
