//! Records that stand one a line: from the lines of a file to what a harness's reader understands.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use proctor_dialects::json::{self, Skim, Value};
use proctor_dialects::place_name;
use proctor_model::GapCause;

use crate::emit::{Emitter, Record};
use crate::line::{CHUNK, Line, Lines, MAX_LINE};

/// Understands the records of one harness, one JSON object at a time.
pub(crate) trait Records {
    /// Which parts of a record it has no use for.
    fn skim(&self) -> &'static Skim {
        &Skim::NOTHING
    }

    /// Gives out what stands beside the file at `path`, before its first record; it is read from
    /// beside `place`, which is elsewhere for a copy.
    fn begin(&mut self, path: &Path, place: &Path, out: &mut Emitter<'_>) {
        let _ = (path, place, out);
    }

    /// Takes one record and gives its events out. The value is the record's own: long texts may be
    /// moved out of it.
    fn record(&mut self, value: Value<'_>, record: &mut Record<'_>, out: &mut Emitter<'_>);
}

/// Reads all lines of the recording at `path` as records; its bytes are in the file `content`,
/// which is read to the length that it has now.
pub(crate) fn read_file(
    path: &Path,
    place: &Path,
    content: &Path,
    records: &mut dyn Records,
    out: &mut Emitter<'_>,
) {
    let opened = File::open(content).and_then(|file| {
        let len = file.metadata()?.len();
        Ok((file, len))
    });
    match opened {
        Ok((file, len)) => {
            records.begin(path, place, out);
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
                unreadable(lines.offset(), &error, out);
                break;
            }
        }
    }
    out.advance(lines.offset() - told);
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
            if let Some(key) = doubled(&value, 0) {
                let detail = format!("`{}` stands there twice; the last counts", place_name(key));
                out.gap(&mut record, GapCause::BadField, detail);
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

/// A key that an object of the record has twice. Readers differ in which of the two they take, so one
/// of them would see what another does not. Looks as deep as the arguments of a call stand, and into
/// objects of the size that records have.
fn doubled<'v>(value: &'v Value<'_>, depth: usize) -> Option<&'v str> {
    const DEEPEST: usize = 6;
    const MOST_KEYS: usize = 64;
    match value {
        _ if depth > DEEPEST => None,
        Value::Array(items) => items.iter().find_map(|item| doubled(item, depth + 1)),
        Value::Object(fields) => {
            let keys = || fields.iter().map(|(key, _)| key).take(MOST_KEYS);
            let mut numbered = keys().enumerate();
            numbered
                .find(|(n, key)| keys().take(*n).any(|earlier| earlier == *key))
                .map(|(_, key)| key)
                .or_else(|| {
                    fields
                        .iter()
                        .find_map(|(_, value)| doubled(value, depth + 1))
                })
        }
        _ => None,
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
    use super::*;

    #[test]
    fn a_key_that_stands_twice_is_told() {
        for (text, key) in [
            (r#"{"a":1,"b":2,"a":3}"#, Some("a")),
            (r#"{"m":{"c":[{"input":{"x":"ls","x":"rm"}}]}}"#, Some("x")),
            (r#"{"a":{"b":1},"b":{"a":1}}"#, None),
            ("[]", None),
        ] {
            let (value, _) = json::parse(text).unwrap();
            assert_eq!(doubled(&value, 0), key, "{text}");
        }
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
}
