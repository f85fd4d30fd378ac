//! The bytes of a source as the log holds them, for whoever reads them again.
//!
//! What was erased, dropped or lost is replaced by filler of the same length, so that everything
//! else stays at its place. Inside a JSON value the filler is a JSON value: a string of `x`.

use std::fs::{DirBuilder, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use proctor_ledger::{Disclosure, Kind, Log};
use proctor_store::Entry;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::Error;
use crate::entry::{STRETCH, SourceInfo, hex};

/// A copy of a source, in a folder of its own under its old name. It goes when this goes.
pub(crate) struct Copy {
    pub(crate) path: PathBuf,
    /// Bytes that are filler.
    pub(crate) filled: u64,
    _folder: TempDir,
}

/// Where copies are made.
pub(crate) fn folder(state: &Path) -> PathBuf {
    state.join("replay")
}

/// Makes an empty folder for copies; what a crash left in it goes.
pub(crate) fn prepare(state: &Path) -> Result<(), Error> {
    let folder = folder(state);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(Error::io("empty", &folder))?;
    }
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(&folder)
        .map_err(Error::io("create", &folder))
}

/// Copies a source out of the log.
pub(crate) fn copy(
    log: &Log,
    state: &Path,
    info: &SourceInfo,
    entries: &[Entry],
) -> Result<Copy, Error> {
    let parent = folder(state);
    let folder = tempfile::tempdir_in(&parent).map_err(Error::io("write to", &parent))?;
    let name = info.path.file_name().unwrap_or("source".as_ref());
    let path = folder.path().join(name);
    let file = File::create_new(&path).map_err(Error::io("create", &path))?;
    let mut out = BufWriter::with_capacity(256 << 10, file);
    let mut filled = 0;
    for entry in entries {
        let (bytes, whole) = content(log, entry)?;
        if !whole {
            filled += bytes.len() as u64;
        }
        out.write_all(&bytes).map_err(Error::io("write", &path))?;
    }
    out.flush().map_err(Error::io("write", &path))?;
    for (name, text) in &info.beside {
        // The name comes from whoever announced the source: it must not lead out of the folder.
        if let Some(name) = Path::new(name).file_name() {
            let path = folder.path().join(name);
            std::fs::write(&path, text).map_err(Error::io("write", &path))?;
        }
    }
    Ok(Copy {
        path,
        filled,
        _folder: folder,
    })
}

/// The hash over the bytes of a source, if none of them is missing.
pub(crate) fn hash(log: &Log, entries: &[Entry]) -> Result<Option<Sha256>, Error> {
    let mut hash = Sha256::new();
    for entry in entries {
        match content(log, entry)? {
            (bytes, true) => hash.update(&bytes),
            (_, false) => return Ok(None),
        }
    }
    Ok(Some(hash))
}

/// What is there of a source's bytes.
pub(crate) struct Read {
    /// Bytes that are filler.
    pub(crate) filled: u64,
    /// SHA-256 of all bytes in hexadecimal, if none is filler.
    pub(crate) sha256: Option<String>,
}

/// Reads all bytes of a source.
pub(crate) fn read(log: &Log, entries: &[Entry]) -> Result<Read, Error> {
    let mut hash = Sha256::new();
    let mut filled = 0;
    for entry in entries {
        let (bytes, whole) = content(log, entry)?;
        hash.update(&bytes);
        filled += if whole { 0 } else { bytes.len() as u64 };
    }
    Ok(Read {
        filled,
        sha256: (filled == 0).then(|| hex(&hash.finalize())),
    })
}

/// The bytes of one entry of a source, and whether they are the recorded ones.
fn content(log: &Log, entry: &Entry) -> Result<(Vec<u8>, bool), Error> {
    if entry.length == 0 {
        return Ok((Vec::new(), true));
    }
    if Kind(entry.kind) != STRETCH {
        return Ok((blank(entry.length), false));
    }
    match log.raw(entry.sequence) {
        Ok(Some(raw)) => Ok((raw, true)),
        Ok(None) => Ok((fill(&log.payload(entry.sequence)?), false)),
        Err(proctor_ledger::Error::Dropped(_)) => Ok((blank(entry.length), false)),
        Err(error) => Err(error.into()),
    }
}

/// An empty line of this length.
fn blank(length: u64) -> Vec<u8> {
    let mut blank = vec![b' '; usize::try_from(length).unwrap_or_default()];
    if let Some(last) = blank.last_mut() {
        *last = b'\n';
    }
    blank
}

/// The payload of an entry, with filler where spans are hidden.
pub(crate) fn fill(payload: &Disclosure) -> Vec<u8> {
    let mut out = Vec::with_capacity(usize::try_from(payload.len()).unwrap_or_default());
    // Spans of one value share its path; what stands between values has none.
    let mut in_value = false;
    for span in payload.spans() {
        let goes_on = !span.path.is_empty();
        fill_to(span.offset, in_value, goes_on, &mut out);
        out.extend_from_slice(&span.bytes);
        in_value = goes_on;
    }
    if (out.len() as u64) < payload.len() {
        fill_to(payload.len(), in_value, false, &mut out);
        // What was erased up to the end of a line leaves the line's end.
        if let Some(last) = out.last_mut() {
            *last = b'\n';
        }
    }
    out
}

/// Fills up to `end`. The filler begins inside of a value if the bytes before it do, and ends inside
/// of one if those after it go on with it.
fn fill_to(end: u64, begun: bool, goes_on: bool, out: &mut Vec<u8>) {
    let length = usize::try_from(end)
        .unwrap_or_default()
        .saturating_sub(out.len());
    let mut filler = vec![b'x'; length];
    match filler.as_mut_slice() {
        [] => {}
        // A single character is a digit.
        [only] if !begun && !goes_on => *only = b'0',
        all => {
            if !begun && let Some(first) = all.first_mut() {
                *first = b'"';
            }
            if !goes_on && let Some(last) = all.last_mut() {
                *last = b'"';
            }
        }
    }
    out.append(&mut filler);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proctor_ledger::Payload;
    use proptest::prelude::*;

    fn erased(raw: &str, secret: &str) -> String {
        let start = raw.find(secret).unwrap() as u64;
        let range = start..start + secret.len() as u64;
        let payload = Payload::new(raw.as_bytes().to_vec()).unwrap();
        let part = payload.disclose().withhold_bytes(&[range]);
        String::from_utf8(fill(&part)).unwrap()
    }

    #[test]
    fn an_erased_value_leaves_a_value_of_its_length() {
        let raw = r#"{"a":"secret","b":[1,true,12345],"c":{"d":null}}"#;
        for secret in ["secret", "1", "true", "12345", "null"] {
            let filled = erased(raw, secret);
            assert_eq!(filled.len(), raw.len());
            let value: serde_json::Value = serde_json::from_str(&filled).unwrap();
            assert!(value["c"]["d"].is_null() || secret == "null", "{filled}");
        }
        assert_eq!(erased(raw, "secret"), raw.replace("secret", "xxxxxx"));
    }

    #[test]
    fn a_piece_of_a_long_string_is_filled_inside_of_it() {
        let words = "lorem ipsum ".repeat(100);
        let raw = format!("{{\"text\":\"{words} password {words}\"}}\n");
        let filled = erased(&raw, "password");
        assert_eq!(filled.len(), raw.len());
        let value: serde_json::Value = serde_json::from_str(&filled).unwrap();
        let text = value["text"].as_str().unwrap();
        assert!(text.starts_with("lorem ipsum ") && text.ends_with("ipsum "));
        assert!(!text.contains("password"));
    }

    #[test]
    fn an_erased_line_of_text_stays_a_line() {
        let filled = erased("no json\n", "json");
        assert_eq!(filled.len(), 8);
        assert!(filled.ends_with('\n'));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        /// Whatever value of a document is erased: what is left is a document of the same length.
        #[test]
        fn json_stays_json(
            texts in proptest::collection::vec("[a-zé\"\\\\\n ]{0,700}", 1..6),
            number in any::<i32>(), pick in any::<prop::sample::Index>(),
        ) {
            let document = serde_json::json!({"texts": texts, "n": [number, 7], "ok": true});
            let raw = format!("{document}\n");
            let payload = Payload::new(raw.clone().into_bytes()).unwrap().disclose();
            let values: Vec<_> = payload
                .numbered()
                .into_iter()
                .filter(|(_, span)| !span.path.is_empty())
                .map(|(number, _)| number)
                .collect();
            let gone = values[pick.index(values.len())];
            let part = payload.withhold(|number, _| number == gone);
            let filled = fill(&part);
            prop_assert_eq!(filled.len(), raw.len());
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&filled).is_ok());
        }
    }
}
