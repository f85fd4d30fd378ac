//! Credentials that tell by the name in front of them, and passwords in addresses.

use std::ops::Range;

use super::placeholder::is_placeholder;
use super::{Credential, Doubtful};

/// Names (or parts of names) of what holds a secret.
pub(super) const NAMES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "api_key",
    "apikey",
    "api-key",
    "access_key",
    "accesskey",
    "private_key",
    "privatekey",
    "account_key",
    "accountkey",
    "auth_key",
    "authorization",
    "bearer",
    "credential",
    "connection_string",
    // The field of a Docker configuration, plain and inside a string.
    "\"auth\"",
    "\"auth\\\"",
];

/// What a name may end in that makes it hold no secret.
const HARMLESS: &[&str] = &[
    "id",
    "ids",
    "url",
    "uri",
    "name",
    "names",
    "type",
    "types",
    "path",
    "file",
    "count",
    "counts",
    "limit",
    "length",
    "len",
    "size",
    "hash",
    "field",
    "expiry",
    "expires",
    "expires_in",
    "expiration",
    "ttl",
    "usage",
    "policy",
    "label",
    "header",
    "prefix",
    "suffix",
    "version",
    "ref",
    "arn",
    "manager",
    "provider",
    "endpoint",
    "class",
    "regex",
    "pattern",
    "format",
    "hint",
    "max",
    "min",
    "budget",
    "ized",
    "izer",
    "izers",
    "ize",
    "s_used",
    "sha",
    "digest",
    "fingerprint",
    "status",
];

/// The most bytes of a value.
const VALUE_BYTES: usize = 256;

/// The secret that is assigned to the name standing here.
pub(super) fn after_name(text: &str, name: Range<usize>, doubtful: Doubtful) -> Option<Credential> {
    let anchor = text.get(name.clone())?.to_ascii_lowercase();
    let rest = text.get(name.end..)?;
    let tail_len = rest
        .bytes()
        .take(32)
        .take_while(|b| b.is_ascii_alphanumeric() || b"_-".contains(b))
        .count();
    let (tail, rest) = rest.split_at_checked(tail_len)?;
    let tail = tail.trim_start_matches(['_', '-']).to_ascii_lowercase();
    let is_harmless = |end: &&str| {
        let before = tail.strip_suffix(*end);
        before.is_some_and(|before| before.is_empty() || before.ends_with(['_', '-']))
    };
    if HARMLESS.iter().any(is_harmless) {
        return None;
    }
    let is_password = ["passw", "passp", "pwd"]
        .iter()
        .any(|p| anchor.starts_with(p));
    let from = text.len() - rest.len();
    let (at, value, quoted) = match value(text, from, &anchor) {
        None if is_password && doubtful == Doubtful::Taken => word_after(text, from)?,
        found => found?,
    };
    let kind = if is_password {
        "password"
    } else if anchor == "bearer" || anchor == "authorization" {
        "authorization"
    } else {
        "secret"
    };
    let credible = if is_password {
        let word = value.chars().count() >= 4 && !value.contains(char::is_whitespace);
        looks_like_password(value, quoted)
            || (doubtful == Doubtful::Taken && quoted && word && !value.contains("://"))
    } else {
        looks_random(value)
    };
    (credible && !is_placeholder(value)).then(|| Credential {
        span: at..at + value.len(),
        kind,
        prefix: 0,
    })
}

/// The value that follows a name: where it begins, and whether it is quoted.
fn value<'t>(text: &'t str, from: usize, anchor: &str) -> Option<(usize, &'t str, bool)> {
    let after_name = text.get(from..)?;
    // The name's own closing quote, possibly escaped, or an XML tag's end.
    let mut rest = after_name.trim_start_matches(['"', '\'', '\\', ']', ')']);
    let is_tag = rest.starts_with('>');
    let spaced = rest.trim_start_matches([' ', '\t']);
    let operators = [":=", "=>", "==", "!=", "=", ":", ">"];
    rest = match operators.iter().find(|op| spaced.starts_with(**op)) {
        // A comparison assigns nothing.
        Some(&("==" | "!=")) => return None,
        Some(&">") if !is_tag => return None,
        Some(op) => spaced.get(op.len()..)?,
        // `--password VALUE`, `Bearer VALUE`.
        None if spaced.len() < rest.len() => {
            let flag = text
                .get(..from)?
                .rsplit([' ', '\n', '\t', '"', '\''])
                .next()?;
            (flag.starts_with("--") || anchor == "bearer").then_some(spaced)?
        }
        None => return None,
    };
    rest = rest.trim_start_matches([' ', '\t']);
    if anchor == "authorization" {
        let plain = rest.trim_start_matches(['"', '\'', '\\']);
        for scheme in ["Bearer ", "bearer ", "Basic ", "basic ", "token ", "Token "] {
            if let Some(credential) = plain.strip_prefix(scheme) {
                rest = credential;
            }
        }
    }
    let unquoted = rest.trim_start_matches(['\\', '"', '\'', '`']);
    let quote = rest.get(..rest.len() - unquoted.len())?.chars().next_back();
    let ends = |b: &u8| match quote {
        Some(quote) => u32::from(*b) == u32::from(quote) || *b == b'\\' || b.is_ascii_control(),
        None => b.is_ascii_whitespace() || b.is_ascii_control() || b"\"'`,;&|<>()[]{}".contains(b),
    };
    let bound = unquoted.floor_char_boundary(VALUE_BYTES);
    let end = unquoted
        .bytes()
        .take(bound)
        .position(|b| ends(&b))
        .unwrap_or(bound);
    let value = unquoted.get(..end)?;
    // A call or an index is code, not a value.
    if quote.is_none() && unquoted.get(end..)?.starts_with(['(', '[', '{']) {
        return None;
    }
    Some((text.len() - unquoted.len(), value, quote.is_some()))
}

/// The word that follows the name of a password without any sign in between, as in a `.netrc`,
/// where it looks like nothing but a password.
fn word_after(text: &str, from: usize) -> Option<(usize, &str, bool)> {
    let rest = text.get(from..)?;
    let spaced = rest.trim_start_matches([' ', '\t']);
    let len = spaced
        .bytes()
        .take(VALUE_BYTES)
        .take_while(u8::is_ascii_graphic)
        .count();
    let word = spaced.get(..len)?;
    let has = |test: fn(&u8) -> bool| word.bytes().any(|b| test(&b));
    let mixed = has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit)
        && (has(u8::is_ascii_uppercase) || has(u8::is_ascii_punctuation));
    (spaced.len() < rest.len() && len >= 8 && mixed).then_some((
        text.len() - spaced.len(),
        word,
        false,
    ))
}

fn looks_like_password(value: &str, quoted: bool) -> bool {
    let chars = value.chars().count();
    if !(6..=200).contains(&chars) || value.contains(' ') || value.contains("://") {
        return false;
    }
    let digit = value.chars().any(|c| c.is_ascii_digit());
    let letter = value.chars().any(char::is_alphabetic);
    let symbol = value
        .chars()
        .any(|c| c.is_ascii_punctuation() && !"._-/".contains(c));
    let dotted = value.contains('.') && !symbol;
    letter && (digit || (quoted && symbol)) && (quoted || !dotted)
}

/// Whether the value looks made by a random generator.
fn looks_random(value: &str) -> bool {
    let is_body = |b: u8| b.is_ascii_alphanumeric() || b"+/=_-.~!@#%^*:".contains(&b);
    if !(16..=VALUE_BYTES).contains(&value.len()) || !value.bytes().all(is_body) {
        return false;
    }
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let letters = value.bytes().filter(u8::is_ascii_alphabetic).count();
    let has_case = |test: fn(&u8) -> bool| value.bytes().any(|b| test(&b));
    let mixed = has_case(u8::is_ascii_uppercase) && has_case(u8::is_ascii_lowercase);
    let enough_digits = digits >= 2 || (mixed && digits >= 1);
    enough_digits && letters >= 4 && !value.contains("://") && entropy(value) >= 3.0
}

/// Shannon entropy of the bytes, in bits for each.
fn entropy(value: &str) -> f64 {
    let mut counts = std::collections::BTreeMap::new();
    for byte in value.bytes() {
        *counts.entry(byte).or_insert(0u32) += 1;
    }
    let len = value.len().max(1) as f64;
    counts
        .values()
        .map(|n| f64::from(*n) / len)
        .map(|p| -p * p.log2())
        .sum()
}

/// The password of an address `scheme://user:password@host`, or the token of
/// `https://TOKEN@host`, where `from` is the first byte after `://`.
pub(super) fn in_address(text: &str, from: usize) -> Option<Credential> {
    let rest = text.get(from..)?;
    let end = rest
        .char_indices()
        .take(300)
        .find(|(_, c)| c.is_whitespace() || c.is_control() || "/?#\"'`<>\\".contains(*c))
        .map_or(rest.len().min(rest.floor_char_boundary(300)), |(i, _)| i);
    let (userinfo, _host) = rest.get(..end)?.rsplit_once('@')?;
    let (at, secret, kind) = match userinfo.split_once(':') {
        Some((user, password)) => {
            if user == password {
                return None; // a stock account such as `guest:guest`
            }
            (from + user.len() + 1, password, "password in an address")
        }
        None if looks_random(userinfo) => (from, userinfo, "token in an address"),
        None => return None,
    };
    (secret.len() >= 4 && !is_placeholder(secret)).then(|| Credential {
        span: at..at + secret.len(),
        kind,
        prefix: 0,
    })
}
