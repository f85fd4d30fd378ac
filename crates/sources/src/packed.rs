//! Recordings that are compressed, as `proctor keep` archives them: told by their content, and
//! unpacked into a file without a name before they are read.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, Write};
use std::path::Path;

use tempfile::TempPath;

/// The first bytes of a zstd frame (RFC 8878, section 3.1.1).
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The most bytes that one recording may unpack to: compressed zeros would fill any disk.
const MAX_UNPACKED: u64 = 8 << 30;

/// A recording unpacked into a temporary file, which goes when this goes.
pub(crate) struct Unpacked {
    pub(crate) content: TempPath,
    /// Its size in bytes.
    pub(crate) bytes: u64,
    /// Why the copy holds less than was packed.
    pub(crate) cut: Option<String>,
}

/// Unpacks the file where it is compressed; gives nothing where it is not.
///
/// A damaged file gives what stands before the damage.
///
/// # Errors
///
/// Fails where the file cannot be read or its content not be written.
pub(crate) fn unpack(path: &Path) -> io::Result<Option<Unpacked>> {
    unpack_at_most(path, MAX_UNPACKED)
}

fn unpack_at_most(path: &Path, most: u64) -> io::Result<Option<Unpacked>> {
    let mut file = File::open(path)?;
    if !is_packed(&mut file)? {
        return Ok(None);
    }
    let mut unpacked = tempfile::NamedTempFile::new()?;
    let mut decoder = zstd::Decoder::new(file)?;
    let mut buffer = vec![0; 256 << 10];
    let (mut bytes, mut cut) = (0, None);
    loop {
        match decoder.read(&mut buffer) {
            Ok(0) => break,
            Ok(_) if bytes >= most => {
                cut = Some(format!(
                    "unpacks to more than {most} bytes; the rest is not read"
                ));
                break;
            }
            Ok(n) => {
                unpacked.write_all(buffer.get(..n).unwrap_or_default())?;
                bytes += n as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                cut = Some(format!("the compressed copy is damaged: {error}"));
                break;
            }
        }
    }
    Ok(Some(Unpacked {
        content: unpacked.into_temp_path(),
        bytes,
        cut,
    }))
}

/// The beginning of what a compressed file holds, at most `most` bytes; nothing where the file is
/// not compressed, whose place is then its beginning again.
///
/// # Errors
///
/// Fails where the file cannot be read.
pub(crate) fn peek(file: &mut File, most: u64) -> io::Result<Option<Cursor<Vec<u8>>>> {
    if !is_packed(file)? {
        return Ok(None);
    }
    let mut head = Vec::new();
    // Damage is told when the recording is read.
    let _ = zstd::Decoder::new(file)?.take(most).read_to_end(&mut head);
    Ok(Some(Cursor::new(head)))
}

fn is_packed(file: &mut File) -> io::Result<bool> {
    let mut head = Vec::new();
    Read::by_ref(file)
        .take(MAGIC.len() as u64)
        .read_to_end(&mut head)?;
    file.rewind()?;
    Ok(head == MAGIC)
}

/// The path without the ending that tells that it is compressed.
pub(crate) fn name(path: &Path) -> &Path {
    match (path.extension(), path.to_str()) {
        (Some(end), Some(text)) if end == "zst" => {
            Path::new(text.strip_suffix(".zst").unwrap_or(text))
        }
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Recording, discover, read};
    use proctor_model::{Event, EventKind, Gap, GapCause};
    use std::path::PathBuf;

    const LINES: &str = concat!(
        r#"{"type":"user","uuid":"1","parentUuid":null,"sessionId":"s1","timestamp":"2026-01-01T00:00:00Z","cwd":"/w","version":"2.1.0","message":{"role":"user","content":"Hello"}}"#,
        "\n",
        r#"{"type":"assistant","uuid":"2","parentUuid":"1","sessionId":"s1","timestamp":"2026-01-01T00:00:01Z","cwd":"/w","version":"2.1.0","message":{"role":"assistant","content":[{"type":"text","text":"Hi"}]}}"#,
        "\n"
    );

    fn events(recording: &Recording) -> Vec<Event> {
        let (mut events, mut told) = (Vec::new(), 0);
        read(recording, &mut |n| told += n, &mut |event, _: &[u8]| {
            events.push(event);
        });
        assert_eq!(told, recording.bytes);
        events
    }

    fn found(dir: &Path) -> Vec<Recording> {
        discover(&[PathBuf::from(dir)]).recordings
    }

    #[test]
    fn a_compressed_recording_is_read_as_the_plain_one() {
        let dir = tempfile::tempdir().unwrap();
        let (plain, packed) = (dir.path().join("s1.jsonl"), dir.path().join("s1.jsonl.zst"));
        std::fs::write(&plain, LINES).unwrap();
        std::fs::write(&packed, zstd::encode_all(LINES.as_bytes(), 3).unwrap()).unwrap();
        let [plain, packed] = found(dir.path()).try_into().unwrap();
        assert_eq!(
            (plain.harness, &plain.session),
            (packed.harness, &packed.session)
        );
        let kinds = |r| {
            events(r)
                .into_iter()
                .map(|e| (e.kind, e.session, e.at.offset))
        };
        assert!(kinds(&plain).eq(kinds(&packed)));
        assert!(events(&packed).len() > 1);
    }

    #[test]
    fn a_damaged_copy_gives_what_stands_before_the_damage_and_a_gap() {
        let dir = tempfile::tempdir().unwrap();
        let text: String = (0..20_000)
            .map(|n| LINES.replace("Hello", &format!("Hello {n} {}", n * 7919)))
            .collect();
        let packed = zstd::encode_all(text.as_bytes(), 3).unwrap();
        let half = packed.get(..packed.len() / 2).unwrap();
        std::fs::write(dir.path().join("s1.jsonl.zst"), half).unwrap();
        let [packed] = found(dir.path()).try_into().unwrap();
        let events = events(&packed);
        assert!(events.len() > 1_000);
        let gaps: Vec<_> = events
            .iter()
            .filter_map(|e| match &e.kind {
                EventKind::Gap(Gap { cause, detail }) => Some((*cause, detail.as_str())),
                _ => None,
            })
            .collect();
        let last = gaps.last().unwrap();
        assert_eq!(last.0, GapCause::BadArchive);
        assert!(last.1.contains("damaged"), "{gaps:?}");
    }

    #[test]
    fn what_unpacks_to_too_much_is_cut_and_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bomb.zst");
        std::fs::write(
            &path,
            zstd::encode_all(io::repeat(b'x').take(4 << 20), 3).unwrap(),
        )
        .unwrap();
        let unpacked = unpack_at_most(&path, 1 << 20).unwrap().unwrap();
        assert!(unpacked.bytes < 2 << 20);
        assert!(unpacked.cut.unwrap().contains("more than"));
    }
}
