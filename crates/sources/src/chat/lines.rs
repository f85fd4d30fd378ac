//! Whether a file is one document or holds a value a line.

use std::io::{self, BufRead, Read};

use memchr::memchr;

use crate::document::{Paths, Splitter};

/// Whether a file holds one JSON value a line, rather than one document.
///
/// It does where its first line is a value of its own and more follows. Where the first line is
/// damaged, a second one that begins an object tells: in a document that was laid out in lines, a
/// member name stands there.
pub(super) fn holds_lines(mut file: impl BufRead) -> io::Result<bool> {
    let Some(first) = skip_blanks(&mut file)? else {
        return Ok(false);
    };
    let whole = {
        let line = FirstLine {
            file: &mut file,
            ended: false,
        };
        let mut splitter = Splitter::new(line, 0, Paths::new(&[]));
        let whole = splitter.next().is_none();
        // A line that breaks early is passed to its end.
        io::copy(&mut splitter.into_reader(), &mut io::sink())?;
        whole
    };
    let next = skip_blanks(&mut file)?;
    Ok(next.is_some_and(|next| whole || (first, next) == (b'{', b'{')))
}

/// The next byte that is no blank, which stays unread.
fn skip_blanks(file: &mut impl BufRead) -> io::Result<Option<u8>> {
    loop {
        let buffer = file.fill_buf()?;
        if buffer.is_empty() {
            return Ok(None);
        }
        let blanks = buffer.iter().take_while(|b| b.is_ascii_whitespace());
        let blanks = blanks.count();
        let next = buffer.get(blanks).copied();
        file.consume(blanks);
        if next.is_some() {
            return Ok(next);
        }
    }
}

/// A reader that ends with the first line.
struct FirstLine<'f, R> {
    file: &'f mut R,
    ended: bool,
}

impl<R: BufRead> Read for FirstLine<'_, R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.ended {
            return Ok(0);
        }
        let buffer = self.file.fill_buf()?;
        let end = memchr(b'\n', buffer);
        let len = end.unwrap_or(buffer.len()).min(room.len());
        if let (Some(room), Some(line)) = (room.get_mut(..len), buffer.get(..len)) {
            room.copy_from_slice(line);
        }
        self.ended = end == Some(len);
        self.file.consume(len + usize::from(self.ended));
        Ok(len)
    }
}
