//! Proofs about the log: that an entry is in it, and that it only grew.

use crate::bytes::Cursor;
use crate::checkpoint::Checkpoint;
use crate::header::Header;
use crate::merkle::{Hash, consistent, root_from_inclusion};

/// A proof against a checkpoint of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Entry `index` is in the tree of `size` entries.
    Inclusion {
        /// Sequence of the entry.
        index: u64,
        /// Size of the tree.
        size: u64,
        /// The audit path, lowest sibling first.
        path: Vec<Hash>,
    },
    /// The tree of `old` entries is a prefix of the tree of `size`.
    Consistency {
        /// Size of the earlier tree.
        old: u64,
        /// Size of the later tree.
        size: u64,
        /// The proof, as RFC 6962 orders it.
        path: Vec<Hash>,
    },
}

impl Proof {
    /// Whether this proves that the entry with this header is in the log at the checkpoint.
    pub fn includes(&self, header: &Header, checkpoint: &Checkpoint) -> bool {
        match self {
            Proof::Inclusion { index, size, path } => {
                *index == header.sequence
                    && *size == checkpoint.size
                    && root_from_inclusion(header.leaf(), *index, *size, path)
                        == Some(checkpoint.root)
            }
            Proof::Consistency { .. } => false,
        }
    }

    /// Whether this proves that the log only grew between the checkpoints.
    pub fn extends(&self, from: &Checkpoint, to: &Checkpoint) -> bool {
        match self {
            Proof::Consistency { old, size, path } => {
                from.origin == to.origin
                    && *old == from.size
                    && *size == to.size
                    && consistent(*old, &from.root, *size, &to.root, path)
            }
            Proof::Inclusion { .. } => false,
        }
    }

    /// The proof as bytes, see `docs/record.md`.
    pub fn encode(&self) -> Vec<u8> {
        let (kind, first, size, path) = match self {
            Proof::Inclusion { index, size, path } => (1_u8, index, size, path),
            Proof::Consistency { old, size, path } => (2, old, size, path),
        };
        let mut out = vec![kind];
        out.extend(first.to_be_bytes());
        out.extend(size.to_be_bytes());
        out.push(path.len() as u8);
        out.extend(path.concat());
        out
    }

    /// Reads an encoded proof; nothing if the bytes are not one.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(bytes);
        let kind = cursor.u8()?;
        let (first, size) = (cursor.u64()?, cursor.u64()?);
        let count = cursor.u8()?;
        let path: Vec<Hash> = (0..count)
            .map(|_| cursor.array())
            .collect::<Option<Vec<_>>>()?;
        match kind {
            1 if cursor.is_empty() => Some(Proof::Inclusion {
                index: first,
                size,
                path,
            }),
            2 if cursor.is_empty() => Some(Proof::Consistency {
                old: first,
                size,
                path,
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proofs_come_back() {
        for proof in [
            Proof::Inclusion {
                index: 3,
                size: 9,
                path: vec![[1; 32], [2; 32]],
            },
            Proof::Consistency {
                old: 3,
                size: 9,
                path: Vec::new(),
            },
        ] {
            let bytes = proof.encode();
            assert_eq!(Proof::decode(&bytes), Some(proof));
            assert_eq!(Proof::decode(&bytes[..bytes.len() - 1]), None);
            assert_eq!(Proof::decode(&[&bytes[..], &[0]].concat()), None);
        }
    }
}
