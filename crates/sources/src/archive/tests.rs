use std::io::Write;

use proptest::prelude::*;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;

/// An archive with these members.
fn pack(members: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(io::Cursor::new(Vec::new()));
    for (name, contents) in members {
        let options = SimpleFileOptions::default().compression_method(method);
        writer.start_file(*name, options).unwrap();
        writer.write_all(contents).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Members and what reading them gives, and the flaws.
type Found = (Vec<(String, Result<Vec<u8>, String>)>, Vec<Flaw>);

fn open(bytes: &[u8]) -> Found {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let archive = Archive::open(file.path(), bytes.len() as u64).unwrap();
    let members = (archive.members().iter())
        .map(|member| {
            let contents = archive.contents(member).and_then(|mut contents| {
                let mut bytes = Vec::new();
                contents.read_to_end(&mut bytes)?;
                Ok(bytes)
            });
            (member.name.clone(), contents.map_err(|e| e.to_string()))
        })
        .collect();
    (members, archive.flaws().to_vec())
}

fn good(name: &str, contents: &[u8]) -> (String, Result<Vec<u8>, String>) {
    (name.to_owned(), Ok(contents.to_vec()))
}

const TEXT: &[u8] = b"some text, some text, some text, some text, some text";

#[test]
fn members_are_found_whatever_stands_around_the_archive() {
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let packed = pack(&[("a/../x", TEXT), ("b", b"")], method);
        let expected = (vec![good("a/../x", TEXT), good("b", b"")], Vec::new());
        assert_eq!(open(&packed), expected);
        let framed = [b"before".as_slice(), &packed, b"after"].concat();
        assert_eq!(open(&framed), expected);
    }
}

#[test]
fn members_packed_with_zstd_are_read_over_several_frames() {
    let (head, tail) = TEXT.split_at(20);
    let frames = [head, tail].map(|part| zstd::encode_all(part, 3).unwrap());
    // The writer stores the frames; the method in both headers is then set to zstd.
    let packed = frames.concat();
    let mut bytes = pack(&[("z", &packed)], CompressionMethod::Stored);
    let mut sum = Crc::new();
    sum.update(TEXT);
    let directory = memchr::memmem::find(&bytes, b"PK\x01\x02").unwrap();
    for (header, method, crc) in [(0, 8, 14), (directory, 10, 16)] {
        bytes[header + method] = 93;
        bytes[header + crc..header + crc + 4].copy_from_slice(&sum.sum().to_le_bytes());
    }
    assert_eq!(open(&bytes), (vec![good("z", TEXT)], Vec::new()));
}

use flate2::Crc;

#[test]
fn an_archive_that_was_cut_off_is_read_as_far_as_it_goes() {
    let packed = pack(&[("a", TEXT), ("b", TEXT)], CompressionMethod::Deflated);
    let directory = memchr::memmem::find(&packed, b"PK\x01\x02").unwrap();
    let (members, flaws) = open(&packed[..directory]);
    assert_eq!(members, [good("a", TEXT), good("b", TEXT)]);
    assert_eq!(flaws.len(), 1, "{flaws:?}");
    // Cut inside the second member: it is there, and fails where it is cut.
    let (members, flaws) = open(&packed[..directory - 4]);
    assert_eq!(members[0], good("a", TEXT));
    assert!(members[1].1.is_err());
    assert_eq!(flaws.len(), 1, "{flaws:?}");
}

#[test]
fn a_damaged_member_fails_and_the_others_are_read() {
    let mut packed = pack(&[("a", TEXT), ("b", TEXT)], CompressionMethod::Stored);
    packed[40] ^= 1;
    let (members, _) = open(&packed);
    assert!(members[0].1.as_ref().unwrap_err().contains("checksum"));
    assert_eq!(members[1], good("b", TEXT));
}

#[test]
fn members_that_share_bytes_or_a_name_are_read_once() {
    let one = pack(&[("a", TEXT), ("b", TEXT)], CompressionMethod::Stored);
    let start = memchr::memmem::find(&one, b"PK\x01\x02").unwrap();
    let second = start + memchr::memmem::rfind(&one[start..], b"PK\x01\x02").unwrap();
    // The second entry of the directory is led to the first member.
    let mut shared = one.clone();
    shared[second + 42..second + 46].fill(0);
    let (members, flaws) = open(&shared);
    assert_eq!(members, [good("a", TEXT)]);
    assert!(flaws[0].detail.contains("shares its bytes"), "{flaws:?}");
    // Both are given one name.
    let mut twice = one.clone();
    twice[second + 46] = b'a';
    let (members, flaws) = open(&twice);
    assert_eq!(members, [good("a", TEXT)]);
    assert!(flaws[0].detail.contains("stands twice"), "{flaws:?}");
}

#[test]
fn encrypted_members_and_unknown_methods_fail() {
    let packed = pack(&[("a", TEXT)], CompressionMethod::Stored);
    let entry = memchr::memmem::find(&packed, b"PK\x01\x02").unwrap();
    for (at, value, word) in [(8, 1, "encrypted"), (10, 97, "unknown method")] {
        let mut packed = packed.clone();
        packed[entry + at] = value;
        let (members, _) = open(&packed);
        assert!(members[0].1.as_ref().unwrap_err().contains(word));
    }
}

#[test]
fn a_bomb_is_given_up() {
    let zeros = vec![0; 80 << 20];
    let packed = zstd::encode_all(zeros.as_slice(), 3).unwrap();
    let mut bytes = pack(&[("z", &packed)], CompressionMethod::Stored);
    let directory = memchr::memmem::find(&bytes, b"PK\x01\x02").unwrap();
    bytes[8] = 93;
    bytes[directory + 10] = 93;
    let (members, _) = open(&bytes);
    assert!(
        members[0]
            .1
            .as_ref()
            .unwrap_err()
            .contains("beyond the bound")
    );
}

#[test]
fn too_many_members_are_left_out() {
    let names: Vec<String> = (0..10).map(|i| format!("m{i}")).collect();
    let members: Vec<(&str, &[u8])> = names.iter().map(|n| (n.as_str(), TEXT)).collect();
    let mut packed = pack(&members, CompressionMethod::Stored);
    // The count at the end is a lie.
    let end = memchr::memmem::rfind(&packed, b"PK\x05\x06").unwrap();
    packed[end + 10] = 11;
    let (found, flaws) = open(&packed);
    assert_eq!(found.len(), 10);
    assert!(!flaws.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damage_is_never_a_panic(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut packed = pack(&[("a", TEXT), ("b", TEXT)], CompressionMethod::Deflated);
        for (at, value) in flips {
            let at = at.index(packed.len());
            packed[at] = value;
        }
        packed.truncate(cut.index(packed.len()) + 1);
        open(&packed);
    }
}
