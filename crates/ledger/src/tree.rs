//! The growing tree of a log: its partial tiles in memory, its full ones on disk.

use std::collections::HashMap;

use crate::bytes::Cursor;
use crate::merkle::{Edge, Hash, Nodes};
use crate::tile::{TILE_WIDTH, Tile, perfect_root};

/// Hashes of the rightmost tile of every level, and the right edge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    edge: Edge,
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    pub(crate) fn size(&self) -> u64 {
        self.edge.size()
    }

    pub(crate) fn root(&self) -> Hash {
        self.edge.root()
    }

    /// Adds a leaf; gives every tile that this filled to `full`.
    pub(crate) fn push(&mut self, leaf: Hash, full: &mut impl FnMut(Tile, Vec<Hash>)) {
        self.edge.push(leaf);
        let mut hash = leaf;
        let mut number = self.edge.size() - 1;
        for level in 0_u8..8 {
            if self.levels.len() <= usize::from(level) {
                self.levels.push(Vec::new());
            }
            let Some(row) = self.levels.get_mut(usize::from(level)) else {
                return;
            };
            row.push(hash);
            if row.len() as u64 != TILE_WIDTH {
                return;
            }
            let hashes = std::mem::take(row);
            hash = perfect_root(&hashes).unwrap_or_default();
            number /= TILE_WIDTH;
            let tile = Tile {
                level: Some(level),
                index: number,
                width: TILE_WIDTH as u16,
            };
            full(tile, hashes);
        }
    }

    /// Hashes of the partial tile of a level.
    pub(crate) fn partial(&self, level: u8) -> &[Hash] {
        self.levels
            .get(usize::from(level))
            .map_or(&[], Vec::as_slice)
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.size().to_be_bytes());
        for row in &self.levels {
            out.extend((row.len() as u16).to_be_bytes());
            out.extend(row.concat());
        }
    }

    /// Reads an encoded tree; nothing if its parts do not fit its size.
    pub(crate) fn decode(cursor: &mut Cursor<'_>) -> Option<Self> {
        let size = cursor.u64()?;
        let mut levels = Vec::new();
        let mut rest = size;
        while rest > 0 {
            let count = cursor.u16()?;
            if u64::from(count) != rest % TILE_WIDTH {
                return None;
            }
            let row = (0..count).map(|_| cursor.array()).collect::<Option<_>>()?;
            levels.push(row);
            rest /= TILE_WIDTH;
        }
        Some(Self::from_rows(size, levels))
    }

    /// The tree whose partial tiles hold these hashes.
    pub(crate) fn from_rows(size: u64, levels: Vec<Vec<Hash>>) -> Self {
        let edge = Edge::from_rows(size, &levels);
        Self { edge, levels }
    }

    pub(crate) fn edge(&self) -> Edge {
        self.edge.clone()
    }
}

/// Reads full tiles for a proof, each once.
pub(crate) struct Reader<'a, E> {
    pub(crate) tree: &'a Tree,
    pub(crate) read: Box<dyn FnMut(Tile) -> Result<Vec<Hash>, E> + 'a>,
    pub(crate) seen: HashMap<Tile, Vec<Hash>>,
}

impl<E> Nodes for Reader<'_, E> {
    type Error = E;

    fn node(&mut self, level: u32, index: u64) -> Result<Hash, E> {
        let height = level % 8;
        let first = index << height;
        let (tile_level, number) = ((level / 8) as u8, first / TILE_WIDTH);
        let range = (first % TILE_WIDTH) as usize..((first % TILE_WIDTH) + (1 << height)) as usize;
        let full = self.tree.size() >> (8 * (u32::from(tile_level) + 1));
        if number >= full {
            let hashes = self.tree.partial(tile_level).get(range).unwrap_or_default();
            return Ok(perfect_root(hashes).unwrap_or_default());
        }
        let tile = Tile {
            level: Some(tile_level),
            index: number,
            width: TILE_WIDTH as u16,
        };
        if !self.seen.contains_key(&tile) {
            let hashes = (self.read)(tile)?;
            self.seen.insert(tile, hashes);
        }
        let hashes = self.seen.get(&tile).and_then(|hashes| hashes.get(range));
        Ok(hashes.and_then(perfect_root).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::{inclusion, leaf_hash, root_from_inclusion};

    #[test]
    fn proofs_come_from_tiles_and_trees_come_back() {
        let mut tree = Tree::default();
        let mut tiles = HashMap::new();
        for number in 0..70_000_u64 {
            tree.push(leaf_hash(&number.to_be_bytes()), &mut |tile, hashes| {
                tiles.insert(tile, hashes);
            });
        }
        let mut bytes = Vec::new();
        tree.encode(&mut bytes);
        let again = Tree::decode(&mut Cursor::new(&bytes)).unwrap();
        assert_eq!(again, tree);
        for (index, size) in [
            (0, 70_000),
            (69_999, 70_000),
            (65_535, 65_536),
            (300, 301),
            (0, 1),
        ] {
            let mut reader = Reader::<()> {
                tree: &tree,
                read: Box::new(|tile| tiles.get(&tile).cloned().ok_or(())),
                seen: HashMap::new(),
            };
            let path = inclusion(&mut reader, index, size).unwrap();
            let mut edge = Edge::default();
            (0..size).for_each(|number| edge.push(leaf_hash(&number.to_be_bytes())));
            let leaf = leaf_hash(&index.to_be_bytes());
            assert_eq!(
                root_from_inclusion(leaf, index, size, &path),
                Some(edge.root())
            );
        }
    }
}
