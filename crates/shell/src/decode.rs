//! Decoders: text and bytes back from base64, hexadecimal and compression. All are lenient about
//! blanks and padding, and none gives more than the bytes it is allowed.

use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// Base64 in its usual and its URL-safe alphabet; `None` for other characters.
pub(crate) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    bits(text, 6, |byte| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    })
}

/// Base32; `None` for other characters.
pub(crate) fn base32(text: &[u8]) -> Option<Vec<u8>> {
    bits(text, 5, |byte| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a'),
        b'2'..=b'7' => Some(byte - b'2' + 26),
        _ => None,
    })
}

/// Hexadecimal digits, with or without `\x`, `0x`, commas and colons between them.
pub(crate) fn hex(text: &[u8]) -> Option<Vec<u8>> {
    let mut digits = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if bytes.next_if_eq(&b'x').is_some() => {}
            b'0' if bytes.next_if(|b| matches!(b, b'x' | b'X')).is_some() => {}
            b',' | b':' => {}
            _ => digits.push(byte),
        }
    }
    let out = bits(&digits, 4, |byte| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    })?;
    (!out.is_empty()).then_some(out)
}

/// Reads a text whose characters stand for so many bits each.
fn bits(text: &[u8], width: u32, value: impl Fn(u8) -> Option<u8>) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut buffer = 0u32;
    let mut held = 0u32;
    for byte in text {
        if byte.is_ascii_whitespace() {
            continue;
        }
        if *byte == b'=' {
            break;
        }
        buffer = (buffer << width) | u32::from(value(*byte)?);
        held += width;
        if held >= 8 {
            held -= 8;
            out.push(u8::try_from((buffer >> held) & 0xff).unwrap_or_default());
            buffer &= (1 << held) - 1;
        }
    }
    Some(out)
}

/// Writes bytes as base64 with padding.
pub(crate) fn to_base64(bytes: &[u8]) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .chain([0, 0].iter())
            .take(3)
            .fold(0usize, |group, byte| (group << 8) | usize::from(*byte));
        for place in 0..4 {
            let letter = ALPHABET.get((group >> (18 - 6 * place)) & 63);
            out.push(match letter {
                Some(letter) if place <= chunk.len() => *letter,
                _ => b'=',
            });
        }
    }
    out
}

/// Writes bytes as hexadecimal digits.
pub(crate) fn to_hex(bytes: &[u8]) -> Vec<u8> {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).map_or(b'0', |c| c as u8);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// Decompresses gzip; `None` where it is damaged or expands to more than `limit` bytes.
pub(crate) fn gzip(bytes: &[u8], limit: usize) -> Option<Vec<u8>> {
    read(MultiGzDecoder::new(bytes), limit)
}

/// Decompresses zlib; `None` where it is damaged or expands to more than `limit` bytes.
pub(crate) fn zlib(bytes: &[u8], limit: usize) -> Option<Vec<u8>> {
    read(ZlibDecoder::new(bytes), limit)
}

/// Decompresses bare deflate; `None` where it is damaged or expands to more than `limit` bytes.
pub(crate) fn deflate(bytes: &[u8], limit: usize) -> Option<Vec<u8>> {
    read(DeflateDecoder::new(bytes), limit)
}

fn read(decoder: impl Read, limit: usize) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let most = u64::try_from(limit).ok()?.checked_add(1)?;
    decoder.take(most).read_to_end(&mut out).ok()?;
    (out.len() <= limit).then_some(out)
}

/// Letters moved by thirteen places.
pub(crate) fn rot13(bytes: &[u8]) -> Vec<u8> {
    let turn = |byte: u8, base: u8| (byte - base + 13) % 26 + base;
    bytes
        .iter()
        .map(|byte| match byte {
            b'a'..=b'z' => turn(*byte, b'a'),
            b'A'..=b'Z' => turn(*byte, b'A'),
            _ => *byte,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn decoders() {
        assert_eq!(base64(b"Y3Vy\nbCBhLmI=").unwrap(), b"curl a.b");
        assert_eq!(base64(b"Y3VybCBhLmI").unwrap(), b"curl a.b");
        assert_eq!(base64(b"cur!"), None);
        assert_eq!(base32(b"MN2XE3A=").unwrap(), b"curl");
        assert_eq!(hex(br"\x63\x75 726c").unwrap(), b"curl");
        assert_eq!(hex(b"0x63,0x75").unwrap(), b"cu");
        assert_eq!(hex(b"xyz"), None);
        assert_eq!(rot13(b"Phey"), b"Curl");
        for text in ["", "c", "cu", "cur", "curl"] {
            assert_eq!(
                base64(&to_base64(text.as_bytes())).unwrap(),
                text.as_bytes()
            );
        }
        assert_eq!(to_base64(b"curl"), b"Y3VybA==");
        assert_eq!(to_hex(b"\x00\xffa"), b"00ff61");
    }

    #[test]
    fn a_bomb_is_refused() {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        writer.write_all(&vec![b'a'; 5_000_000]).unwrap();
        let packed = writer.finish().unwrap();
        assert_eq!(gzip(&packed, 1_000_000), None);
        assert_eq!(gzip(&packed, 5_000_000).unwrap().len(), 5_000_000);
        assert_eq!(gzip(b"no gzip", 100), None);
    }
}
