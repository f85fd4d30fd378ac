//! Backslash escapes: `$'...'`, `echo -e`, `printf`, and backquotes inside backquotes.

/// Text after its escapes were read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Unescaped {
    pub(crate) text: String,
    /// Letters, digits or signs that could have been written plainly were written as codes.
    pub(crate) hidden: bool,
}

/// Reads the escapes of `$'...'`, `echo -e` and `printf`.
pub(crate) fn ansi(text: &str) -> Unescaped {
    let (bytes, hidden) = bytes(text);
    Unescaped {
        text: String::from_utf8_lossy(&bytes).into_owned(),
        hidden,
    }
}

/// As [`ansi`], for output that need not be text.
pub(crate) fn bytes(text: &str) -> (Vec<u8>, bool) {
    let mut out = Vec::with_capacity(text.len());
    let mut hidden = false;
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.extend_from_slice(before.as_bytes());
        let mut chars = after.chars();
        let simple = match chars.next() {
            None => Some(b'\\'),
            Some('n') => Some(b'\n'),
            Some('t') => Some(b'\t'),
            Some('r') => Some(b'\r'),
            Some('a') => Some(7),
            Some('b') => Some(8),
            Some('e' | 'E') => Some(27),
            Some('f') => Some(12),
            Some('v') => Some(11),
            Some(c @ ('\\' | '\'' | '"' | '?')) => u8::try_from(c).ok(),
            Some(_) => None,
        };
        if let Some(byte) = simple {
            out.push(byte);
            rest = chars.as_str();
            continue;
        }
        let (code, len) = code(after);
        match code {
            Some(Code::Byte(byte)) => {
                hidden |= byte.is_ascii_graphic();
                out.push(byte);
            }
            Some(Code::Char(c)) => {
                hidden |= c.is_ascii_graphic();
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            None => out.push(b'\\'),
        }
        rest = after.get(len..).unwrap_or_default();
    }
    out.extend_from_slice(rest.as_bytes());
    (out, hidden)
}

enum Code {
    Byte(u8),
    Char(char),
}

/// Reads a numeric escape after its backslash, and how long it is.
fn code(after: &str) -> (Option<Code>, usize) {
    let digits = |from: usize, most: usize, radix: u32| {
        let found: usize = after
            .chars()
            .skip(from)
            .take(most)
            .take_while(|c| c.is_digit(radix))
            .count();
        let digits = after.get(from..from + found).unwrap_or_default();
        (u32::from_str_radix(digits, radix).ok(), from + found)
    };
    let byte =
        |value: Option<u32>| value.map(|v| Code::Byte(u8::try_from(v & 0xff).unwrap_or_default()));
    let (code, len) = match after.chars().next() {
        Some('x') => {
            let (value, len) = digits(1, 2, 16);
            (byte(value), len)
        }
        Some('u') => {
            let (value, len) = digits(1, 4, 16);
            (value.and_then(char::from_u32).map(Code::Char), len)
        }
        Some('U') => {
            let (value, len) = digits(1, 8, 16);
            (value.and_then(char::from_u32).map(Code::Char), len)
        }
        // `echo` and `%b` want a zero first and allow three more digits.
        Some('0') => {
            let (value, len) = digits(0, 4, 8);
            (byte(value), len)
        }
        Some('1'..='7') => {
            let (value, len) = digits(0, 3, 8);
            (byte(value), len)
        }
        _ => (None, 0),
    };
    if code.is_none() {
        (None, 0)
    } else {
        (code, len)
    }
}

/// Removes the backslashes that backquotes want before `$`, a backquote or a backslash.
pub(crate) fn backquoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\\' && matches!(chars.peek(), Some('$' | '`' | '\\')) {
            out.extend(chars.next());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        assert_eq!(ansi(r"\x63\165rl").text, "curl");
        assert!(ansi(r"\x63").hidden);
        assert_eq!(ansi(r"a\tb\n").text, "a\tb\n");
        assert!(!ansi(r"a\tb\033[0m").hidden);
        assert_eq!(ansi(r"\u00e9\q\").text, "é\\q\\");
        assert_eq!(backquoted(r"echo \`date\` \\$x \n"), r"echo `date` \$x \n");
    }
}
