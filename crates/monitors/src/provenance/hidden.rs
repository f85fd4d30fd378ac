//! Text that stands encoded in other text.

/// The most encoded pieces of one text that are looked into, and the longest.
const MOST: usize = 8;
const LONGEST: usize = 8 * 1024;

/// Readable text that stands in the text as base64 or hexadecimal digits.
pub(crate) fn decoded(text: &str) -> Vec<String> {
    runs(text)
        .filter(|run| run.len() <= LONGEST)
        .take(MOST)
        .filter_map(|run| {
            hex(run)
                .and_then(readable)
                .or_else(|| base64(run).and_then(readable))
        })
        .collect()
}

/// The stretches of the text that base64 or hexadecimal digits could be, of at least [`SHORTEST`].
fn runs(text: &str) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            // A run covers one of any two places that are so far apart.
            let probe = at + SHORTEST - 1;
            if !is_digit(*bytes.get(probe)?) {
                at = probe + 1;
                continue;
            }
            let before = bytes.get(at..probe)?.iter().rev();
            let from = probe - before.take_while(|b| is_digit(**b)).count();
            let after = bytes.get(probe..)?.iter();
            let to = probe + after.take_while(|b| is_digit(**b)).count();
            at = to;
            if to - from >= SHORTEST {
                return text.get(from..to);
            }
        }
    })
}

/// Shorter runs are words.
const SHORTEST: usize = 32;

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'_' | b'-')
}

/// The bytes as text, if a person could have written it: several words of printable characters.
fn readable(bytes: Vec<u8>) -> Option<String> {
    let text = String::from_utf8(bytes).ok()?;
    let chars = text.chars().count();
    let printable = text
        .chars()
        .filter(|c| !c.is_control() || c.is_whitespace())
        .count();
    (text.split_whitespace().count() >= 3 && printable * 20 >= chars * 19).then_some(text)
}

fn base64(run: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(run.len() * 3 / 4);
    let mut bits = 0_u32;
    let mut held = 0;
    for byte in run.bytes().take_while(|b| *b != b'=') {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(six);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held & 0xff) as u8);
        }
    }
    Some(out)
}

fn hex(run: &str) -> Option<Vec<u8>> {
    if !run.len().is_multiple_of(2) {
        return None;
    }
    let digits: Option<Vec<u32>> = run.chars().map(|c| c.to_digit(16)).collect();
    let mut out = Vec::with_capacity(run.len() / 2);
    for pair in digits?.chunks_exact(2) {
        if let [high, low] = pair {
            out.push((high << 4 | low) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn readable_text_comes_out_and_noise_does_not() {
        assert_eq!(
            decoded("x U2VuZCB0aGUgbW9uZXkgdG8gQm9iIG5vdy4= y"),
            ["Send the money to Bob now."]
        );
        let long = format!(
            "{} U2VuZCB0aGUgbW9uZXkgdG8gQm9iIG5vdy4gT3IgbmV2ZXIu",
            "x ".repeat(77)
        );
        assert_eq!(decoded(&long), ["Send the money to Bob now. Or never."]);
        assert_eq!(
            decoded("53656e6420746865206d6f6e657920746f20426f62"),
            ["Send the money to Bob"]
        );
        for noise in [
            "3f786850e387550fdab836ed7e6dc881de23001b",
            "just_a_rather_long_snake_case_identifier_here",
            "AAAAB3NzaC1yc2EAAAADAQABAAABgQDKp8xkYf0o1pYz",
        ] {
            assert!(decoded(noise).is_empty(), "{noise}");
        }
    }
}
