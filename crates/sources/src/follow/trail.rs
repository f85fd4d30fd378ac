//! What was read of a file, as hashes at the ends of its lines.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, DefaultHasher, Hasher, RandomState};

use crate::line::Line;

/// The most marks that are kept.
const MOST_MARKS: usize = 4_096;

/// The most lines that are remembered.
const MOST_LINES: usize = 16_384;

/// A chain of hashes over the lines of a file, with marks at line ends: all of the latest ones, and
/// the fewer the longer ago.
///
/// The hashes are keyed at random, so that nobody can make a change that they do not show.
pub(super) struct Trail {
    keys: RandomState,
    chain: DefaultHasher,
    marks: Vec<Mark>,
    known: HashSet<u64>,
    order: VecDeque<u64>,
}

/// The hash of everything up to a line end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Where the next line begins.
    pub(super) offset: u64,
    hash: u64,
}

/// Walks along the trail again, over what the file holds now.
pub(super) struct Walk {
    chain: DefaultHasher,
    /// How far it got.
    pub(super) offset: u64,
    /// The last mark that it found unchanged.
    pub(super) verified: u64,
}

/// What a line says about the trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// No mark stands at its end, or an unchanged one.
    Same,
    /// Something changed since the last unchanged mark.
    Changed,
}

impl Trail {
    pub(super) fn new() -> Self {
        let keys = RandomState::new();
        Self {
            chain: keys.build_hasher(),
            keys,
            marks: Vec::new(),
            known: HashSet::new(),
            order: VecDeque::new(),
        }
    }

    /// Notes that a line was read.
    pub(super) fn push(&mut self, line: &Line<'_>) {
        feed(&mut self.chain, line);
        self.marks.push(Mark {
            offset: line.next,
            hash: self.chain.finish(),
        });
        if self.marks.len() > MOST_MARKS {
            // Of the older half, every second one goes.
            let mut index = 0;
            self.marks.retain(|_| {
                index += 1;
                index > MOST_MARKS / 2 || index % 2 == 0
            });
        }
    }

    /// The hash of some bytes.
    pub(super) fn hash(&self, bytes: &[u8]) -> u64 {
        self.keys.hash_one(bytes)
    }

    /// Notes that a line was given out; `false` if it was before.
    pub(super) fn is_new(&mut self, line: &Line<'_>) -> bool {
        let hash = self.hash(line.bytes);
        if !self.known.insert(hash) {
            return false;
        }
        self.order.push_back(hash);
        if self.order.len() > MOST_LINES
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }

    /// A walk from the beginning of the file.
    pub(super) fn walk(&self) -> Walk {
        Walk {
            chain: self.keys.build_hasher(),
            offset: 0,
            verified: 0,
        }
    }

    /// Goes on by one line.
    pub(super) fn step(&self, walk: &mut Walk, line: &Line<'_>) -> Step {
        feed(&mut walk.chain, line);
        walk.offset = line.next;
        // The first mark at or behind this line end tells: one that was passed over changed too.
        let next = self.marks.partition_point(|mark| mark.offset < line.next);
        let passed = next
            .checked_sub(1)
            .and_then(|i| self.marks.get(i))
            .is_some_and(|mark| mark.offset > walk.verified);
        if passed {
            return Step::Changed;
        }
        match self.marks.get(next) {
            Some(mark) if mark.offset == line.next => {
                if mark.hash != walk.chain.finish() {
                    return Step::Changed;
                }
                walk.verified = mark.offset;
                Step::Same
            }
            _ => Step::Same,
        }
    }

    /// Forgets what was read behind the point that a walk verified, and goes on from there.
    pub(super) fn cut(&mut self, verified: u64, chain: DefaultHasher) {
        self.marks.retain(|mark| mark.offset <= verified);
        self.chain = chain;
    }
}

impl Walk {
    /// The state of the chain where the walk is.
    pub(super) fn chain(&self) -> DefaultHasher {
        self.chain.clone()
    }
}

fn feed(chain: &mut DefaultHasher, line: &Line<'_>) {
    chain.write(line.bytes);
    chain.write_u64(line.next);
}
