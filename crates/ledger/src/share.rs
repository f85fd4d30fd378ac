//! What the active segment holds already, so that a conversation that is sent again with every
//! request is stored once.
//!
//! Array elements are known by a keyed hash; so is every run of elements from the first of its
//! array on, which is how a request repeats the one before. Nothing of this is stored: a new
//! segment, or a log opened again, begins with nothing known.

use std::collections::HashMap;
use std::ops::Range;

use crate::merkle::{Hash, sha256};
use crate::record::Piece;

/// Shortest bytes that are referred to; a reference costs a third of that.
const WORTH: u64 = 64;
/// Longest way from an entry over others to bytes that are stored: more and reading gets slow.
const MAX_DEPTH: u8 = 32;
/// Bytes between two elements of one run: a comma and what indents the next.
const MAX_BETWEEN: usize = 64;
/// Elements and runs that are remembered. Beyond it, everything is forgotten.
const MAX_KNOWN: usize = 1 << 20;

#[derive(Clone, Copy)]
struct Place {
    entry: u64,
    from: u64,
    length: u64,
    depth: u8,
}

/// Keyed hashes, each with the bytes it is of.
type Digests = Vec<(Hash, Range<usize>)>;

/// Elements and runs of the entries of one segment.
pub(crate) struct Share {
    key: [u8; 32],
    elements: HashMap<Hash, Place>,
    runs: HashMap<Hash, Place>,
}

/// How a payload is to be stored, and what of it others can refer to.
pub(crate) struct Plan {
    pub(crate) pieces: Vec<Piece>,
    depth: u8,
    elements: Digests,
    runs: Digests,
}

impl Plan {
    /// All bytes in the entry's own record.
    pub(crate) fn alone(length: usize) -> Vec<Piece> {
        match length {
            0 => Vec::new(),
            _ => vec![Piece::Own(length as u64)],
        }
    }

    /// Whether the record refers to others.
    pub(crate) fn refers(&self) -> bool {
        self.depth > 0
    }
}

impl Share {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self {
            key,
            elements: HashMap::new(),
            runs: HashMap::new(),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.elements.clear();
        self.runs.clear();
    }

    /// Hashes of elements and runs, which needs no look at what is known.
    pub(crate) fn digest(
        key: &[u8; 32],
        raw: &[u8],
        elements: &[Range<usize>],
    ) -> (Digests, Digests) {
        let (mut single, mut runs) = (Vec::new(), Vec::new());
        let mut run: Option<(Hash, Range<usize>)> = None;
        for range in elements {
            let hash = sha256(&[key, raw.get(range.clone()).unwrap_or_default()]);
            single.push((hash, range.clone()));
            let between = run.as_ref().map_or(&[][..], |(_, before)| {
                raw.get(before.end..range.start).unwrap_or_default()
            });
            let joined = between.len() <= MAX_BETWEEN
                && between
                    .iter()
                    .all(|byte| *byte == b',' || byte.is_ascii_whitespace());
            let (before, start) = match &run {
                Some((hash, before)) if joined => (*hash, before.start),
                _ => ([0; 32], range.start),
            };
            let hash = sha256(&[
                key,
                &before,
                &(between.len() as u64).to_be_bytes(),
                between,
                &hash,
            ]);
            let whole = start..range.end;
            runs.push((hash, whole.clone()));
            run = Some((hash, whole));
        }
        (single, runs)
    }

    pub(crate) fn key(&self) -> [u8; 32] {
        self.key
    }

    /// Plans how to store bytes whose digests these are.
    pub(crate) fn plan(&self, length: usize, digests: (Digests, Digests)) -> Plan {
        let (elements, runs) = digests;
        let mut plan = Plan {
            pieces: Vec::new(),
            depth: 0,
            elements: Vec::new(),
            runs: Vec::new(),
        };
        let mut done = 0;
        let mut index = 0;
        while index < elements.len() {
            let (range, place, next) = match self.longest_run(&runs, index) {
                Some((range, place, next)) => (range, Some(place), next),
                None => match elements.get(index) {
                    Some((hash, range)) => {
                        (range.clone(), self.elements.get(hash).copied(), index + 1)
                    }
                    None => break,
                },
            };
            index = next;
            if let Some(place) = place.filter(|place| place.length >= WORTH) {
                plan.own(done..range.start);
                done = range.end;
                plan.depth = plan.depth.max(place.depth + 1);
                plan.pieces.push(Piece::Same {
                    entry: place.entry,
                    from: place.from,
                    length: place.length,
                });
            }
        }
        plan.own(done..length);
        plan.elements = elements;
        plan.runs = runs;
        plan
    }

    /// The longest known run that begins with this element, and the element after it.
    fn longest_run(
        &self,
        runs: &[(Hash, Range<usize>)],
        index: usize,
    ) -> Option<(Range<usize>, Place, usize)> {
        let start = runs.get(index)?.1.start;
        let mut found = None;
        for (next, (hash, range)) in (index + 1..).zip(runs.get(index..)?) {
            // A run that began before this element is not its own.
            if range.start != start {
                break;
            }
            match self.runs.get(hash) {
                Some(place) => found = Some((range.clone(), *place, next)),
                None => break,
            }
        }
        // At the end of a long chain the elements are referred to one by one, and a new chain
        // begins.
        found.filter(|(_, place, _)| place.depth < MAX_DEPTH)
    }

    /// Remembers what a stored entry holds.
    pub(crate) fn remember(&mut self, entry: u64, plan: Plan) {
        if self.elements.len() + self.runs.len() + plan.elements.len() * 2 > MAX_KNOWN {
            self.clear();
        }
        let place = |range: Range<usize>, depth| Place {
            entry,
            from: range.start as u64,
            length: range.len() as u64,
            depth,
        };
        for (hash, range) in plan.elements {
            // An element that nothing knew is among the entry's own bytes.
            self.elements.entry(hash).or_insert_with(|| place(range, 0));
        }
        for (hash, range) in plan.runs {
            let known = self.runs.get(&hash).map(|place| place.depth);
            if known.is_none_or(|depth| depth > plan.depth) {
                self.runs.insert(hash, place(range, plan.depth));
            }
        }
    }
}

impl Plan {
    fn own(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.pieces.push(Piece::Own(range.len() as u64));
        }
    }
}
