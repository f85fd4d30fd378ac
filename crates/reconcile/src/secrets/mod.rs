//! Credentials in texts and paths: finding them, and masking them.
//!
//! One pass of an automaton over the text finds anchors: the prefixes that providers give their
//! tokens, and the names that people give fields which hold secrets. Only what stands at an anchor
//! is looked at closer, so that megabytes without credentials cost little more than reading them.
//! Placeholders (`xxxx`, `<token>`, `changeme`, `$VAR`) are not credentials.

mod argument;
mod assigned;
mod path;
mod placeholder;
mod token;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

pub use path::{is_secret_name, is_secret_path};

/// A credential in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The bytes of the credential itself, without the name or quotes around it.
    pub span: Range<usize>,
    /// What it is, in a few words: `GitHub token`, `private key`, `password`.
    pub kind: &'static str,
    /// The bytes at its start that tell its kind and no secret (`ghp_`).
    prefix: usize,
}

/// What to do with what may be a credential or may be none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doubtful {
    /// It is left out: who is told of a credential wants to rely on it.
    Left,
    /// It is taken: masking a harmless word costs little, showing a password much.
    Taken,
}

/// The credentials in a text, in order and without overlap.
pub fn find(text: &str) -> Vec<Credential> {
    search(text, Doubtful::Left)
}

fn search(text: &str, doubtful: Doubtful) -> Vec<Credential> {
    let mut found: Vec<Credential> = Vec::new();
    let Some(anchors) = &*ANCHORS else {
        return found;
    };
    let mut end = 0;
    for anchor in anchors.find_iter(text) {
        if anchor.start() < end {
            continue;
        }
        let credential = match ANCHOR_KINDS.get(anchor.pattern().as_usize()) {
            Some(Anchor::Token(index)) => token::at(text, anchor.start(), *index, doubtful),
            Some(Anchor::Name) => assigned::after_name(text, anchor.range(), doubtful),
            Some(Anchor::Scheme) => assigned::in_address(text, anchor.end()),
            Some(Anchor::PrivateKey) => token::private_key(text, anchor.start(), doubtful),
            Some(Anchor::Argument) if doubtful == Doubtful::Taken => {
                argument::after_option(text, anchor.range())
            }
            Some(Anchor::Argument) => None,
            Some(Anchor::Jwt) => token::jwt(text, anchor.start()),
            None => None,
        };
        if let Some(credential) = credential.filter(|c| c.span.start >= end) {
            end = credential.span.end;
            found.push(credential);
        }
    }
    found
}

/// The text with its credentials masked: what is left of one is its kind's prefix, or of a long
/// one its first characters, and its length: `ghp_***[40]`. Masking twice changes nothing.
pub fn mask(text: &str) -> Cow<'_, str> {
    let found = search(text, Doubtful::Taken);
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for credential in &found {
        let Range { start, end } = credential.span;
        let secret = text.get(start..end).unwrap_or_default();
        out.push_str(text.get(at..start).unwrap_or_default());
        let keep = match credential.prefix {
            0 if secret.len() >= 16 => 2,
            prefix => prefix,
        };
        let keep = secret.floor_char_boundary(keep);
        out.push_str(secret.get(..keep).unwrap_or_default());
        out.push_str(&format!("***[{}]", secret.chars().count()));
        at = end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    Cow::Owned(out)
}

/// What an anchor announces.
#[derive(Clone, Copy)]
enum Anchor {
    /// A token of this row of [`token::TOKENS`].
    Token(usize),
    /// A name that is followed by a secret.
    Name,
    /// The `://` of an address, which may hold a password.
    Scheme,
    PrivateKey,
    Jwt,
    /// An option of a command that some programs take a password by.
    Argument,
}

static ANCHOR_LIST: LazyLock<Vec<(&'static str, Anchor)>> = LazyLock::new(|| {
    let tokens = token::TOKENS
        .iter()
        .enumerate()
        .map(|(i, t)| (t.prefix, Anchor::Token(i)));
    let names = assigned::NAMES.iter().map(|name| (*name, Anchor::Name));
    let others = [
        ("://", Anchor::Scheme),
        ("-----BEGIN ", Anchor::PrivateKey),
        ("eyJ", Anchor::Jwt),
    ];
    let arguments = argument::OPTIONS.iter().map(|o| (*o, Anchor::Argument));
    tokens.chain(names).chain(others).chain(arguments).collect()
});

static ANCHOR_KINDS: LazyLock<Vec<Anchor>> =
    LazyLock::new(|| ANCHOR_LIST.iter().map(|(_, kind)| *kind).collect());

/// Blind to case for the names' sake; tokens check theirs.
static ANCHORS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostLongest)
        .kind(Some(AhoCorasickKind::DFA))
        .build(ANCHOR_LIST.iter().map(|(anchor, _)| *anchor))
        .ok()
});

#[cfg(test)]
mod tests;
