//! A fast keyed hash for sets that only this process sees.
//!
//! Every text of a recording is hashed once to recognise repeats, and every number in it; the
//! standard hash would take a noticeable part of a scan for that. The key is random, so that no
//! recording can be made whose texts collide; nothing depends on its value.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::LazyLock;

/// Makes hashers with a key of their own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keyed {
    key: [u64; 2],
}

impl Default for Keyed {
    fn default() -> Self {
        let random = RandomState::new();
        Self {
            key: [random.hash_one(0), random.hash_one(1)],
        }
    }
}

impl Keyed {
    /// The one key of this process, for what is compared between sessions.
    pub(crate) fn shared() -> Self {
        static SHARED: LazyLock<Keyed> = LazyLock::new(Keyed::default);
        *SHARED
    }
}

impl BuildHasher for Keyed {
    type Hasher = Folding;

    fn build_hasher(&self) -> Folding {
        let [state, key] = self.key;
        Folding { state, key }
    }
}

/// Folds eight bytes at a time into the state by a full multiplication.
pub(crate) struct Folding {
    state: u64,
    key: u64,
}

impl Folding {
    fn fold(&mut self, word: u64) {
        let product = u128::from(self.state ^ word) * u128::from(self.key | 1);
        let (high, low) = ((product >> 64) as u64, product as u64);
        self.state = (high ^ low)
            .rotate_left(29)
            .wrapping_add(0x9e37_79b9_7f4a_7c15);
    }
}

impl Hasher for Folding {
    fn write(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            self.fold(chunk.try_into().map_or(0, u64::from_le_bytes));
        }
        let mut last = [0; 8];
        for (to, from) in last.iter_mut().zip(chunks.remainder()) {
            *to = *from;
        }
        self.fold(u64::from_le_bytes(last) ^ ((bytes.len() as u64) << 56));
    }

    fn write_u64(&mut self, word: u64) {
        self.fold(word);
    }

    fn write_u8(&mut self, byte: u8) {
        self.fold(u64::from(byte));
    }

    fn finish(&self) -> u64 {
        let mut last = Self {
            state: self.state,
            key: self.key,
        };
        last.fold(self.key);
        last.state
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn tells_texts_apart() {
        let keyed = Keyed::default();
        let mut seen = HashSet::new();
        for i in 0..100_000u32 {
            assert!(seen.insert(keyed.hash_one(format!("text {i}"))));
        }
        for i in 0..1000 {
            assert!(seen.insert(keyed.hash_one("a".repeat(i))));
            assert!(seen.insert(keyed.hash_one("\0".repeat(i) + "b")));
        }
        assert_eq!(keyed.hash_one("x"), keyed.hash_one("x"));
        assert_ne!(keyed.hash_one("x"), Keyed::default().hash_one("x"));
    }

    #[test]
    fn low_bits_of_small_numbers_spread() {
        let keyed = Keyed::default();
        let buckets: HashSet<u64> = (0..1024u64).map(|i| keyed.hash_one(i) & 1023).collect();
        assert!(buckets.len() > 550, "{}", buckets.len());
    }
}
