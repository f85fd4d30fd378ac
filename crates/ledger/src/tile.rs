//! Tiles: the tree and its entries in files that never change once full (C2SP `tlog-tiles`).

use crate::bytes::Cursor;
use crate::merkle::{Hash, node_hash};

/// Hashes in a full tile, and entries in a full bundle.
pub const TILE_WIDTH: u64 = 256;

/// A tile or an entry bundle, by its coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tile {
    /// Level of the tile; nothing for a bundle of entries.
    pub level: Option<u8>,
    /// Number of the tile in its level.
    pub index: u64,
    /// Hashes or entries it holds, 1 to 256; 256 is a full one.
    pub width: u16,
}

impl Tile {
    /// Path under the log's folder, with `/` between its parts.
    pub fn path(&self) -> String {
        let level = self
            .level
            .map_or_else(|| "entries".to_owned(), |level| level.to_string());
        let mut number = format!("{:03}", self.index % 1000);
        let mut rest = self.index / 1000;
        while rest > 0 {
            number = format!("x{:03}/{number}", rest % 1000);
            rest /= 1000;
        }
        if u64::from(self.width) == TILE_WIDTH {
            format!("tile/{level}/{number}")
        } else {
            format!("tile/{level}/{number}.p/{}", self.width)
        }
    }

    /// Whether no hash or entry can be added.
    pub fn is_full(&self) -> bool {
        u64::from(self.width) == TILE_WIDTH
    }
}

/// All tiles of a tree of so many leaves that are partial, lowest level first: at most one a level.
pub(crate) fn partial_tiles(size: u64) -> impl Iterator<Item = Tile> {
    (0_u8..8)
        .map(move |level| (level, size >> (8 * u32::from(level))))
        .take_while(|(_, count)| *count > 0)
        .filter_map(|(level, count)| {
            let width = (count % TILE_WIDTH) as u16;
            (width > 0).then_some(Tile {
                level: Some(level),
                index: count / TILE_WIDTH,
                width,
            })
        })
}

/// Hashes of a tile as its file holds them.
pub(crate) fn encode_hashes(hashes: &[Hash]) -> Vec<u8> {
    hashes.concat()
}

/// Entries of a bundle as its file holds them: each with its length in 16 bits before it.
pub(crate) fn encode_bundle<'a>(entries: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    for entry in entries {
        out.extend((entry.len() as u16).to_be_bytes());
        out.extend(entry);
    }
    out
}

/// The entries of a bundle, or nothing if the bytes are not one.
pub fn decode_bundle(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut cursor = Cursor::new(bytes);
    let mut entries = Vec::new();
    while !cursor.is_empty() {
        if entries.len() as u64 == TILE_WIDTH {
            return None;
        }
        let length = cursor.u16()?;
        entries.push(cursor.take(length.into())?);
    }
    Some(entries)
}

/// Root of the perfect subtree over these hashes; their number is a power of two.
pub(crate) fn perfect_root(hashes: &[Hash]) -> Option<Hash> {
    let mut row: Vec<Hash> = hashes.to_vec();
    while row.len() > 1 {
        row = row
            .chunks(2)
            .filter_map(|pair| match pair {
                [left, right] => Some(node_hash(left, right)),
                _ => None,
            })
            .collect();
    }
    row.first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_paths() {
        // The examples of the specification.
        let tile = |level, index, width| Tile {
            level,
            index,
            width,
        };
        assert_eq!(tile(Some(0), 1_234_067, 256).path(), "tile/0/x001/x234/067");
        assert_eq!(tile(Some(0), 273, 112).path(), "tile/0/273.p/112");
        assert_eq!(tile(Some(1), 1, 17).path(), "tile/1/001.p/17");
        assert_eq!(tile(None, 0, 256).path(), "tile/entries/000");
        assert_eq!(tile(None, 1000, 3).path(), "tile/entries/x001/000.p/3");
        // "if a log has 70,000 entries, there are 273 full and one partial of 112, at level 1 one
        // full and one partial of 17, at level 2 one partial of 1".
        let partial: Vec<_> = partial_tiles(70_000).map(|tile| tile.path()).collect();
        assert_eq!(
            partial,
            ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]
        );
    }

    #[test]
    fn agrees_with_tlog_tiles() {
        for size in [1_u64, 255, 256, 257, 70_000, 65_536, 16_777_217] {
            let mut theirs: Vec<_> = tlog_tiles::tile::Tile::new_tiles(8, 0, size)
                .into_iter()
                .filter(|tile| tile.width() < 256)
                .map(|tile| (tile.level(), tile.level_index(), tile.width()))
                .collect();
            theirs.sort_unstable();
            let ours: Vec<_> = partial_tiles(size)
                .map(|tile| (tile.level.unwrap(), tile.index, u32::from(tile.width)))
                .collect();
            assert_eq!(ours, theirs, "{size}");
        }
    }

    #[test]
    fn bundles_come_back() {
        let entries: [&[u8]; 3] = [b"", b"a", &[7; 300]];
        let bytes = encode_bundle(entries.into_iter());
        assert_eq!(decode_bundle(&bytes).unwrap(), entries);
        assert_eq!(bytes[..5], [0, 0, 0, 1, b'a']);
        assert!(decode_bundle(&bytes[..bytes.len() - 1]).is_none());
    }
}
