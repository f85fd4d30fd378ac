//! RFC 6962 Merkle trees: hashing, roots, and proofs as they are made and checked.
//!
//! A tree is described by its perfect subtrees: node `(level, index)` covers the leaves from
//! `index << level` up to `(index + 1) << level`. Whoever can name these nodes ([`Nodes`]) can be
//! asked for roots of earlier sizes, inclusion proofs and consistency proofs.

use sha2::{Digest, Sha256};

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// SHA-256 over the parts, one after the other.
pub(crate) fn sha256(parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// Hash of a leaf: SHA-256 of `0x00` and the bytes.
pub fn leaf_hash(bytes: &[u8]) -> Hash {
    sha256(&[&[0x00], bytes])
}

/// Hash of an inner node: SHA-256 of `0x01` and both children.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut block = [0x01_u8; 65];
    if let Some((_, children)) = block.split_first_mut() {
        for (to, from) in children.iter_mut().zip(left.iter().chain(right)) {
            *to = *from;
        }
    }
    Sha256::digest(block).into()
}

/// Root of the tree without leaves: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    sha256(&[])
}

/// The largest power of two below `n`: where a tree of `n >= 2` leaves is split.
pub(crate) fn split(n: u64) -> u64 {
    1 << (63 - (n - 1).leading_zeros())
}

/// Access to the perfect subtrees of a tree.
pub(crate) trait Nodes {
    type Error;
    /// Hash of the perfect subtree `(level, index)`; only asked for nodes inside the tree.
    fn node(&mut self, level: u32, index: u64) -> Result<Hash, Self::Error>;
}

/// Root of the leaves `lo..hi`, a range that RFC 6962 makes a subtree of its own.
pub(crate) fn range_root<N: Nodes>(nodes: &mut N, lo: u64, hi: u64) -> Result<Hash, N::Error> {
    let count = hi - lo;
    if count == 0 {
        return Ok(empty_root());
    }
    if count.is_power_of_two() {
        let level = count.trailing_zeros();
        return nodes.node(level, lo >> level);
    }
    let middle = lo + split(count);
    let left = range_root(nodes, lo, middle)?;
    let right = range_root(nodes, middle, hi)?;
    Ok(node_hash(&left, &right))
}

/// Audit path of leaf `index` in the tree of `size` leaves, lowest sibling first.
pub(crate) fn inclusion<N: Nodes>(
    nodes: &mut N,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, N::Error> {
    let (mut lo, mut hi) = (0, size);
    let mut path = Vec::new();
    while hi - lo > 1 {
        let middle = lo + split(hi - lo);
        if index < middle {
            path.push(range_root(nodes, middle, hi)?);
            hi = middle;
        } else {
            path.push(range_root(nodes, lo, middle)?);
            lo = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// Consistency proof between the trees of `old` and of `new` leaves, `0 < old <= new`.
pub(crate) fn consistency<N: Nodes>(
    nodes: &mut N,
    old: u64,
    new: u64,
) -> Result<Vec<Hash>, N::Error> {
    let (mut lo, mut hi, mut whole) = (0, new, true);
    let mut path = Vec::new();
    while old < hi {
        let middle = lo + split(hi - lo);
        if old <= middle {
            path.push(range_root(nodes, middle, hi)?);
            hi = middle;
        } else {
            path.push(range_root(nodes, lo, middle)?);
            lo = middle;
            whole = false;
        }
    }
    if !whole {
        path.push(range_root(nodes, lo, hi)?);
    }
    path.reverse();
    Ok(path)
}

/// Root that an audit path leads to, or nothing if the path has the wrong length.
pub(crate) fn root_from_inclusion(
    leaf: Hash,
    index: u64,
    size: u64,
    path: &[Hash],
) -> Option<Hash> {
    if index >= size {
        return None;
    }
    let (mut first, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in path {
        if last == 0 {
            return None;
        }
        if first & 1 == 1 || first == last {
            hash = node_hash(sibling, &hash);
            while first & 1 == 0 && first != 0 {
                first >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        first >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(hash)
}

/// Whether a consistency proof shows that the tree `(old, old_root)` is a prefix of the other.
pub(crate) fn consistent(
    old: u64,
    old_root: &Hash,
    new: u64,
    new_root: &Hash,
    path: &[Hash],
) -> bool {
    if old > new {
        return false;
    }
    if old == new {
        return path.is_empty() && old_root == new_root;
    }
    if old == 0 {
        return path.is_empty() && *old_root == empty_root();
    }
    let mut path = path.iter();
    let start = if old.is_power_of_two() {
        *old_root
    } else {
        match path.next() {
            Some(hash) => *hash,
            None => return false,
        }
    };
    let (mut first, mut last) = (old - 1, new - 1);
    while first & 1 == 1 {
        first >>= 1;
        last >>= 1;
    }
    let (mut from, mut to) = (start, start);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if first & 1 == 1 || first == last {
            from = node_hash(sibling, &from);
            to = node_hash(sibling, &to);
            while first & 1 == 0 && first != 0 {
                first >>= 1;
                last >>= 1;
            }
        } else {
            to = node_hash(&to, sibling);
        }
        first >>= 1;
        last >>= 1;
    }
    last == 0 && from == *old_root && to == *new_root
}

/// The right edge of a growing tree: at most 64 hashes, enough for its root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Edge {
    size: u64,
    /// Roots of the perfect subtrees, largest first.
    subtrees: Vec<Hash>,
}

impl Edge {
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        let mut size = self.size;
        while size & 1 == 1 {
            if let Some(left) = self.subtrees.pop() {
                hash = node_hash(&left, &hash);
            }
            size >>= 1;
        }
        self.subtrees.push(hash);
        self.size += 1;
    }

    /// The edge of a tree of which the hashes of all partial tiles are known, lowest level first.
    pub(crate) fn from_rows(size: u64, rows: &[Vec<Hash>]) -> Self {
        let mut subtrees = Vec::new();
        for row in rows.iter().rev() {
            let mut rest = row.as_slice();
            while !rest.is_empty() {
                let width = 1 << rest.len().ilog2();
                let (head, tail) = rest.split_at_checked(width).unwrap_or((rest, &[]));
                subtrees.extend(crate::tile::perfect_root(head));
                rest = tail;
            }
        }
        Self { size, subtrees }
    }

    pub(crate) fn root(&self) -> Hash {
        self.subtrees
            .iter()
            .rev()
            .copied()
            .reduce(|right, left| node_hash(&left, &right))
            .unwrap_or_else(empty_root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    use proptest::prelude::*;

    /// A tree that keeps every leaf hash.
    struct Leaves(Vec<Hash>);

    impl Nodes for Leaves {
        type Error = std::convert::Infallible;
        fn node(&mut self, level: u32, index: u64) -> Result<Hash, Self::Error> {
            if level == 0 {
                return Ok(self.0[index as usize]);
            }
            let left = self.node(level - 1, index * 2)?;
            let right = self.node(level - 1, index * 2 + 1)?;
            Ok(node_hash(&left, &right))
        }
    }

    fn hex(hash: &Hash) -> String {
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The leaves and roots that Certificate Transparency implementations have shared since 2013.
    #[test]
    fn published_roots() {
        let leaves: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut edge = Edge::default();
        assert_eq!(
            hex(&edge.root()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        for (leaf, root) in leaves.iter().zip(roots) {
            edge.push(leaf_hash(leaf));
            assert_eq!(hex(&edge.root()), root);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// Roots and proofs are those of an independent implementation, and each is accepted by
        /// the other.
        #[test]
        fn agrees_with_ct_merkle(count in 1_u64..200, a in any::<u64>(), b in any::<u64>()) {
            let mut oracle = MemoryBackedTree::<sha2::Sha256, Vec<u8>>::new();
            let mut leaves = Leaves(Vec::new());
            let mut edge = Edge::default();
            for number in 0..count {
                let bytes = number.to_be_bytes().to_vec();
                leaves.0.push(leaf_hash(&bytes));
                edge.push(leaf_hash(&bytes));
                oracle.push(bytes);
            }
            let root = oracle.root();
            prop_assert_eq!(root.as_bytes()[..].to_vec(), edge.root().to_vec());
            let index = a % count;
            let path = inclusion(&mut leaves, index, count).unwrap();
            let theirs = oracle.prove_inclusion(index as usize);
            prop_assert_eq!(theirs.as_bytes().to_vec(), path.concat());
            let leaf = leaves.0[index as usize];
            prop_assert_eq!(root_from_inclusion(leaf, index, count, &path), Some(edge.root()));
            let old = b % count + 1;
            let proof = consistency(&mut leaves, old, count).unwrap();
            if old < count {
                let theirs = oracle.prove_consistency((count - old) as usize);
                prop_assert_eq!(theirs.as_bytes().to_vec(), proof.concat());
            }
            let old_root = range_root(&mut leaves, 0, old).unwrap();
            prop_assert!(consistent(old, &old_root, count, &edge.root(), &proof));
            let mut forged = old_root;
            forged[0] ^= 1;
            prop_assert!(!consistent(old, &forged, count, &edge.root(), &proof));
            if let Some((last, fewer)) = proof.split_last() {
                prop_assert!(!consistent(old, &old_root, count, &edge.root(), fewer));
                let longer = [&proof[..], &[*last]].concat();
                prop_assert!(!consistent(old, &old_root, count, &edge.root(), &longer));
            }
        }
    }
}
