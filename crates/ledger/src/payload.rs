//! Payloads, and the disclosure of parts of them.
//!
//! A payload is its raw bytes, cut into spans by the tokenizer. Each span is a leaf of a Merkle tree
//! of the RFC 6962 shape; its hash commits to salt, offset, path and bytes. Salts come from one
//! secret per entry along the same tree, so that whoever knows the seed of a subtree knows the salts
//! below it and no others: a subtree is opened by its seed and its spans, and hidden by its hash.

use std::ops::Range;

use crate::bytes::{Cursor, put_varint};
use crate::error::Error;
use crate::merkle::{Hash, sha256, split};
use crate::token::{MAX_SPAN, Spans, TOKENIZER, tokenize};

/// Domains of the hashes of this module; none begins like a hash of the log's own tree.
const LEAF: u8 = 0x10;
const NODE: u8 = 0x11;
const ROOT: &[u8] = b"\x12proctor payload\n";
const SEED: &[u8] = b"\x13proctor salt\n";

/// The secret of a subtree: its salt if it is one leaf, else what its children's secrets come from.
pub(crate) type Seed = [u8; 16];

/// The payload of an entry: raw bytes, and the secret that salts their hashes.
#[derive(Clone)]
pub struct Payload {
    raw: Vec<u8>,
    seed: Seed,
}

impl Payload {
    /// Longest payload, in bytes.
    pub const MAX_BYTES: u64 = 256 << 20;

    /// A payload with a secret of its own.
    ///
    /// # Errors
    /// If it is too long, or the system gives no randomness.
    pub fn new(raw: impl Into<Vec<u8>>) -> Result<Self, Error> {
        let raw = raw.into();
        if raw.len() as u64 > Self::MAX_BYTES {
            return Err(Error::TooLong(raw.len() as u64));
        }
        let mut seed = [0; 16];
        getrandom::fill(&mut seed).map_err(|_| Error::NoRandomness)?;
        Ok(Self { raw, seed })
    }

    /// Everything about it, open.
    pub fn disclose(&self) -> Disclosure {
        let spans = tokenize(&self.raw);
        let parts = spans
            .iter()
            .map(|(range, path)| Span {
                offset: range.start as u64,
                path: path.to_vec(),
                bytes: self.raw.get(range).unwrap_or_default().to_vec(),
            })
            .collect();
        Disclosure {
            tokenizer: TOKENIZER,
            length: self.raw.len() as u64,
            count: spans.len() as u64,
            tree: match spans.len() {
                0 => Part::Hidden(sha256(&[])),
                _ => Part::Open(self.seed, parts),
            },
        }
    }

    /// The root that the header of its entry commits to.
    pub fn root(&self) -> Hash {
        root_of(&self.raw, &self.seed, &tokenize(&self.raw))
    }

    /// The raw bytes.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    pub(crate) fn seed(&self) -> &Seed {
        &self.seed
    }

    pub(crate) fn from_parts(raw: Vec<u8>, seed: Seed) -> Self {
        Self { raw, seed }
    }
}

/// Root of a payload whose spans are known.
pub(crate) fn root_of(raw: &[u8], seed: &Seed, spans: &Spans) -> Hash {
    let count = spans.len();
    let tree = if count == 0 {
        sha256(&[])
    } else {
        let mut leaf = |index: usize, salt: &Seed| match spans.get(index) {
            Some((range, path)) => {
                let bytes = raw.get(range.clone()).unwrap_or_default();
                span_hash(salt, range.start as u64, path, bytes)
            }
            None => [0; 32],
        };
        subtree(seed, 0, count, &mut leaf)
    };
    bind(TOKENIZER, count as u64, raw.len() as u64, &tree)
}

fn bind(tokenizer: u8, count: u64, length: u64, tree: &Hash) -> Hash {
    sha256(&[
        ROOT,
        &[tokenizer],
        &count.to_be_bytes(),
        &length.to_be_bytes(),
        tree,
    ])
}

fn subtree(
    seed: &Seed,
    first: usize,
    count: usize,
    leaf: &mut impl FnMut(usize, &Seed) -> Hash,
) -> Hash {
    if count == 1 {
        return leaf(first, seed);
    }
    let half = split(count as u64) as usize;
    let (left, right) = children(seed);
    let left = subtree(&left, first, half, leaf);
    let right = subtree(&right, first + half, count - half, leaf);
    span_node(&left, &right)
}

fn children(seed: &Seed) -> (Seed, Seed) {
    let both = sha256(&[SEED, seed]);
    let (mut left, mut right) = ([0; 16], [0; 16]);
    for ((l, r), pair) in left.iter_mut().zip(&mut right).zip(0_usize..) {
        *l = both.get(pair).copied().unwrap_or_default();
        *r = both.get(pair + 16).copied().unwrap_or_default();
    }
    (left, right)
}

fn span_hash(salt: &Seed, offset: u64, path: &[u8], bytes: &[u8]) -> Hash {
    sha256(&[
        &[LEAF],
        salt,
        &offset.to_be_bytes(),
        &[path.len() as u8],
        path,
        bytes,
    ])
}

fn span_node(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[NODE], left, right])
}

/// One span of a payload, open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where it stands in the raw bytes.
    pub offset: u64,
    /// Where it stands in the document, as a JSON Pointer over raw key bytes; empty for what stands
    /// between values and for text that is not JSON.
    pub path: Vec<u8>,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Span {
    /// The raw bytes it covers.
    pub fn range(&self) -> Range<u64> {
        self.offset..self.offset + self.bytes.len() as u64
    }
}

/// A payload of which some spans are open and the others hidden; both are bound by one root.
///
/// Hiding more is always possible, opening is not: what is hidden is no longer in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disclosure {
    tokenizer: u8,
    length: u64,
    count: u64,
    tree: Part,
}

/// A subtree of spans.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// Its hash alone.
    Hidden(Hash),
    /// The seed that its salts come from, and all its spans.
    Open(Seed, Vec<Span>),
    /// Its two children.
    Split(Box<Part>, Box<Part>),
}

impl Disclosure {
    /// Length of the whole payload in bytes, hidden spans included.
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Whether the payload has no bytes.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Number of spans of the payload, hidden ones included.
    pub fn span_count(&self) -> u64 {
        self.count
    }

    /// The open spans, in order.
    pub fn spans(&self) -> Vec<&Span> {
        let mut out = Vec::new();
        self.tree.open(0, self.count, &mut |_, span| out.push(span));
        out
    }

    /// The open spans with their numbers, in order.
    pub fn numbered(&self) -> Vec<(u64, &Span)> {
        let mut out = Vec::new();
        self.tree
            .open(0, self.count, &mut |number, span| out.push((number, span)));
        out
    }

    /// Numbers of the hidden spans, as ranges in order.
    pub fn hidden(&self) -> Vec<Range<u64>> {
        let mut out: Vec<Range<u64>> = Vec::new();
        self.tree
            .hidden(0, self.count, &mut |range| match out.last_mut() {
                Some(last) if last.end == range.start => last.end = range.end,
                _ => out.push(range),
            });
        out
    }

    /// The raw bytes, if nothing is hidden.
    pub fn raw(&self) -> Option<Vec<u8>> {
        self.hidden().is_empty().then(|| {
            let spans = self.spans();
            spans.iter().flat_map(|span| &span.bytes).copied().collect()
        })
    }

    /// The root that this disclosure leads to. It proves the open spans if it is the one in the
    /// header of the entry.
    ///
    /// Nothing if the disclosure contradicts itself: spans that overlap, or do not fill the room
    /// between hidden ones, or lie outside the payload.
    pub fn root(&self) -> Option<Hash> {
        let mut at = Some(0);
        let tree = self.tree.hash(self.count, &mut at)?;
        if at.is_some_and(|end| end != self.length) {
            return None;
        }
        Some(bind(self.tokenizer, self.count, self.length, &tree))
    }

    /// Whether the open spans are those of the payload that the root commits to.
    pub fn proves(&self, root: &Hash) -> bool {
        self.root().as_ref() == Some(root)
    }

    /// Hides every open span for which `hide` says so (number, span).
    pub fn withhold(self, mut hide: impl FnMut(u64, &Span) -> bool) -> Self {
        let tree = self.tree.withhold(0, self.count, &mut hide);
        Self { tree, ..self }
    }

    /// Hides every open span that touches one of these ranges of raw bytes.
    pub fn withhold_bytes(self, ranges: &[Range<u64>]) -> Self {
        self.withhold(|_, span| {
            let own = span.range();
            ranges
                .iter()
                .any(|range| range.start < own.end && own.start < range.end)
        })
    }

    /// Opens nothing but the spans for which `keep` says so.
    pub fn only(self, mut keep: impl FnMut(u64, &Span) -> bool) -> Self {
        self.withhold(|number, span| !keep(number, span))
    }

    /// The disclosure as bytes, see `docs/record.md`.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode_head(&mut out);
        for span in self.spans() {
            out.extend(&span.bytes);
        }
        out
    }

    /// Everything but the bytes of the open spans.
    pub(crate) fn encode_head(&self, out: &mut Vec<u8>) {
        out.push(self.tokenizer);
        put_varint(out, self.length);
        put_varint(out, self.count);
        self.tree.encode(out);
    }

    /// Reads an encoded disclosure; nothing if the bytes are not one, or more than one.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(bytes);
        let mut lengths = Vec::new();
        let mut disclosure = Self::decode_head(&mut cursor, &mut lengths)?;
        let rest = cursor.rest();
        disclosure.fill(&lengths, rest)?;
        Some(disclosure)
    }

    /// Reads everything but the bytes of the open spans, whose lengths it gives.
    pub(crate) fn decode_head(cursor: &mut Cursor<'_>, lengths: &mut Vec<usize>) -> Option<Self> {
        let tokenizer = cursor.u8()?;
        let length = cursor.varint()?;
        let count = cursor.varint()?;
        if length > Payload::MAX_BYTES || count > length {
            return None;
        }
        let tree = Part::decode(cursor, count, lengths)?;
        Some(Self {
            tokenizer,
            length,
            count,
            tree,
        })
    }

    /// Gives the open spans their bytes; they must fit exactly.
    pub(crate) fn fill(&mut self, lengths: &[usize], bytes: &[u8]) -> Option<()> {
        let mut cursor = Cursor::new(bytes);
        let mut lengths = lengths.iter();
        self.tree.fill(&mut |span| {
            span.bytes = cursor.take(*lengths.next()?)?.to_vec();
            Some(())
        })?;
        cursor.is_empty().then_some(())
    }
}

impl Part {
    fn open<'a>(&'a self, first: u64, count: u64, seen: &mut impl FnMut(u64, &'a Span)) {
        match self {
            Part::Hidden(_) => {}
            Part::Open(_, spans) => {
                for (number, span) in (first..).zip(spans) {
                    seen(number, span);
                }
            }
            Part::Split(left, right) => {
                let half = split(count);
                left.open(first, half, seen);
                right.open(first + half, count - half, seen);
            }
        }
    }

    fn hidden(&self, first: u64, count: u64, seen: &mut impl FnMut(Range<u64>)) {
        match self {
            Part::Hidden(_) if count > 0 => seen(first..first + count),
            Part::Hidden(_) | Part::Open(..) => {}
            Part::Split(left, right) => {
                let half = split(count);
                left.hidden(first, half, seen);
                right.hidden(first + half, count - half, seen);
            }
        }
    }

    /// Hash of the subtree. `at` is where its first span must begin, as far as that is known.
    fn hash(&self, count: u64, at: &mut Option<u64>) -> Option<Hash> {
        match self {
            Part::Hidden(hash) => {
                if count > 0 {
                    *at = None;
                }
                Some(*hash)
            }
            Part::Open(seed, spans) => {
                if spans.len() as u64 != count || count == 0 {
                    return None;
                }
                for span in spans {
                    if at.is_some_and(|at| at != span.offset) || span.bytes.is_empty() {
                        return None;
                    }
                    *at = Some(span.offset.checked_add(span.bytes.len() as u64)?);
                }
                let mut leaf = |index: usize, salt: &Seed| match spans.get(index) {
                    Some(span) => span_hash(salt, span.offset, &span.path, &span.bytes),
                    None => [0; 32],
                };
                Some(subtree(seed, 0, spans.len(), &mut leaf))
            }
            Part::Split(left, right) => {
                if count < 2 {
                    return None;
                }
                let half = split(count);
                let left = left.hash(half, at)?;
                let right = right.hash(count - half, at)?;
                Some(span_node(&left, &right))
            }
        }
    }

    fn withhold(self, first: u64, count: u64, hide: &mut impl FnMut(u64, &Span) -> bool) -> Part {
        match self {
            Part::Hidden(_) => self,
            Part::Open(seed, spans) => {
                let marks: Vec<bool> = (first..)
                    .zip(&spans)
                    .map(|(number, span)| hide(number, span))
                    .collect();
                puncture(&seed, spans, &marks)
            }
            Part::Split(left, right) => {
                let half = split(count);
                let left = left.withhold(first, half, hide);
                let right = right.withhold(first + half, count - half, hide);
                join(left, right)
            }
        }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Part::Hidden(hash) => {
                out.push(0);
                out.extend(hash);
            }
            Part::Open(seed, spans) => {
                out.push(1);
                out.extend(seed);
                let mut at = 0;
                for (index, span) in spans.iter().enumerate() {
                    if index == 0 {
                        put_varint(out, span.offset);
                        at = span.offset;
                    }
                    debug_assert_eq!(at, span.offset);
                    at += span.bytes.len() as u64;
                    put_varint(out, span.bytes.len() as u64);
                    out.push(span.path.len() as u8);
                    out.extend(&span.path);
                }
            }
            Part::Split(left, right) => {
                out.push(2);
                left.encode(out);
                right.encode(out);
            }
        }
    }

    fn decode(cursor: &mut Cursor<'_>, count: u64, lengths: &mut Vec<usize>) -> Option<Part> {
        match cursor.u8()? {
            0 => Some(Part::Hidden(cursor.array()?)),
            1 if count > 0 => {
                let seed = cursor.array()?;
                let mut offset = cursor.varint()?;
                let mut spans = Vec::new();
                for _ in 0..count {
                    let length = cursor.varint()?;
                    if length == 0 || length > MAX_SPAN as u64 {
                        return None;
                    }
                    let path_length = cursor.u8()?;
                    let path = cursor.take(path_length.into())?.to_vec();
                    spans.push(Span {
                        offset,
                        path,
                        bytes: Vec::new(),
                    });
                    lengths.push(length as usize);
                    offset = offset.checked_add(length)?;
                }
                Some(Part::Open(seed, spans))
            }
            2 if count > 1 => {
                let half = split(count);
                let left = Part::decode(cursor, half, lengths)?;
                let right = Part::decode(cursor, count - half, lengths)?;
                Some(Part::Split(Box::new(left), Box::new(right)))
            }
            _ => None,
        }
    }

    fn fill(&mut self, give: &mut impl FnMut(&mut Span) -> Option<()>) -> Option<()> {
        match self {
            Part::Hidden(_) => Some(()),
            Part::Open(_, spans) => spans.iter_mut().try_for_each(give),
            Part::Split(left, right) => {
                left.fill(give)?;
                right.fill(give)
            }
        }
    }
}

/// Hides the marked spans of an open subtree: every seed above a hidden span goes.
fn puncture(seed: &Seed, mut spans: Vec<Span>, marks: &[bool]) -> Part {
    if !marks.contains(&true) {
        return Part::Open(*seed, spans);
    }
    if !marks.contains(&false) {
        let mut leaf = |index: usize, salt: &Seed| match spans.get(index) {
            Some(span) => span_hash(salt, span.offset, &span.path, &span.bytes),
            None => [0; 32],
        };
        return Part::Hidden(subtree(seed, 0, spans.len(), &mut leaf));
    }
    let half = split(spans.len() as u64) as usize;
    let right_spans = spans.split_off(half);
    let (left_marks, right_marks) = marks.split_at_checked(half).unwrap_or((marks, &[]));
    let (left, right) = children(seed);
    join(
        puncture(&left, spans, left_marks),
        puncture(&right, right_spans, right_marks),
    )
}

/// Two hidden children are one hidden parent.
fn join(left: Part, right: Part) -> Part {
    match (&left, &right) {
        (Part::Hidden(a), Part::Hidden(b)) => Part::Hidden(span_node(a, b)),
        _ => Part::Split(Box::new(left), Box::new(right)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RAW: &[u8] = br#"{"user":"ann","token":"hunter2","turns":[1,2,3]}"#;

    fn hide_token(payload: &Payload) -> Disclosure {
        payload
            .disclose()
            .withhold(|_, span| span.path == b"/token")
    }

    #[test]
    fn a_withheld_secret_is_gone_and_the_rest_is_proven() {
        let payload = Payload::new(RAW).unwrap();
        let part = hide_token(&payload);
        let bytes = part.encode();
        assert!(!bytes.windows(7).any(|window| window == b"hunter2"));
        let again = Disclosure::decode(&bytes).unwrap();
        assert_eq!(again, part);
        assert!(again.proves(&payload.root()));
        assert_eq!(again.hidden(), vec![3_u64..4]);
        assert!(again.raw().is_none());
        assert_eq!(payload.disclose().raw().unwrap(), RAW);
    }

    /// Whoever holds the disclosure cannot test guesses of a short secret: no seed in it leads to
    /// the salt of the hidden span.
    #[test]
    fn no_seed_of_a_disclosure_leads_to_a_hidden_salt() {
        fn salts(part: &Part, out: &mut Vec<Seed>) {
            fn below(seed: Seed, count: usize, out: &mut Vec<Seed>) {
                out.push(seed);
                if count > 1 {
                    let half = split(count as u64) as usize;
                    let (left, right) = children(&seed);
                    below(left, half, out);
                    below(right, count - half, out);
                }
            }
            match part {
                Part::Hidden(_) => {}
                Part::Open(seed, spans) => below(*seed, spans.len(), out),
                Part::Split(left, right) => {
                    salts(left, out);
                    salts(right, out);
                }
            }
        }
        let payload = Payload::new(RAW).unwrap();
        let single = payload.disclose().only(|number, _| number == 3);
        let mut path = Vec::new();
        salts(&single.tree, &mut path);
        let salt = *path.last().unwrap();
        let mut known = Vec::new();
        salts(&payload.disclose().tree, &mut known);
        assert!(known.contains(&salt), "the whole payload knows it");
        known.clear();
        salts(&hide_token(&payload).tree, &mut known);
        assert!(!known.contains(&salt));
    }

    #[test]
    fn two_payloads_of_the_same_bytes_have_different_roots() {
        let (a, b) = (Payload::new(RAW).unwrap(), Payload::new(RAW).unwrap());
        assert_ne!(a.root(), b.root());
    }

    #[test]
    fn empty() {
        let payload = Payload::new(Vec::new()).unwrap();
        let disclosure = payload.disclose();
        assert!(disclosure.proves(&payload.root()));
        assert_eq!(
            Disclosure::decode(&disclosure.encode()),
            Some(disclosure.clone())
        );
        assert_eq!(disclosure.raw().unwrap(), b"");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Any subset can be hidden, in any number of steps; the rest still proves, in order.
        #[test]
        fn any_subset(raw in prop_oneof![
            "[a-z \n]{0,300}", "\\{\"a\":\\[(\"[a-z]{0,6}\",){0,40}0\\]\\}",
        ], first in any::<u64>(), second in any::<u64>()) {
            let payload = Payload::new(raw.clone().into_bytes()).unwrap();
            let root = payload.root();
            let by = |mask: u64| move |number: u64, _: &Span| mask >> (number % 64) & 1 == 1;
            let twice = payload.disclose().withhold(by(first)).withhold(by(second));
            let once = payload.disclose().withhold(by(first | second));
            prop_assert_eq!(&twice, &once);
            prop_assert!(once.proves(&root));
            for span in once.spans() {
                let range = span.range();
                let there = &raw.as_bytes()[range.start as usize..range.end as usize];
                prop_assert_eq!(there, span.bytes.as_slice());
            }
            let again = Disclosure::decode(&once.encode());
            prop_assert_eq!(again.as_ref(), Some(&once));
        }

        /// A disclosure with any byte changed proves nothing, or is not one.
        #[test]
        fn any_change_shows(at in any::<prop::sample::Index>(), bit in 0_u8..8, mask in any::<u64>()) {
            let payload = Payload::new(RAW).unwrap();
            let part = payload.disclose().withhold(|number, _| mask >> number & 1 == 1);
            let mut bytes = part.encode();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            let proven = Disclosure::decode(&bytes).is_some_and(|d| d.proves(&payload.root()));
            prop_assert!(!proven);
        }
    }
}
