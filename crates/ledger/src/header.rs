//! The header of an entry: what may be public, in 92 bytes.

use proctor_model::Vantage;

use crate::bytes::Cursor;
use crate::merkle::{Hash, leaf_hash};

/// What an entry is, as a number. Numbers below 16 belong to the ledger; the rest to its callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind(pub u16);

impl Kind {
    /// The first entry of a log: its origin and its first key.
    pub const GENESIS: Kind = Kind(1);
    /// Observations of the header's source that were lost: every number after the source's
    /// previous one, up to and including the header's own.
    pub const GAP: Kind = Kind(2);
    /// A sign of life of the header's source.
    pub const HEARTBEAT: Kind = Kind(3);
    /// Spans of earlier entries were erased.
    pub const ERASURE: Kind = Kind(4);
    /// Payloads of earlier entries were dropped, as the retention policy says.
    pub const RETENTION: Kind = Kind(5);
    /// From the next commit on, another key signs.
    pub const HANDOVER: Kind = Kind(6);

    /// The first number that callers may use.
    pub const FIRST_FREE: u16 = 16;

    /// Whether the ledger itself writes entries of this kind (a caller may write `GAP` and
    /// `HEARTBEAT` too). Their payloads are never erased and never dropped.
    pub fn is_reserved(self) -> bool {
        self.0 < Self::FIRST_FREE
    }
}

/// The public part of an entry, and the leaf of the log's tree. It names nothing and nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// From where it was observed.
    pub vantage: Vantage,
    /// What it is.
    pub kind: Kind,
    /// Place in the log, from 0.
    pub sequence: u64,
    /// Wall time of the append, in nanoseconds since 1970, UTC.
    pub wall_ns: u64,
    /// Time since boot of the recording machine, suspensions included, in nanoseconds.
    pub monotonic_ns: u64,
    /// The kernel's random id of that boot.
    pub boot: [u8; 16],
    /// Opaque number of the source; 0 is the ledger's own account.
    pub source: u64,
    /// The source's own sequence, from 1.
    pub source_sequence: u64,
    /// Root of the payload, see [`Payload`](crate::Payload).
    pub payload: Hash,
}

impl Header {
    /// Length of an encoded header, in bytes.
    pub const LEN: usize = 92;
    const VERSION: u8 = 1;

    /// The header as bytes, big-endian, in the order of `docs/record.md`.
    pub fn encode(&self) -> [u8; Self::LEN] {
        let mut out = [0; Self::LEN];
        let mut bytes = Vec::with_capacity(Self::LEN);
        bytes.push(Self::VERSION);
        bytes.push(vantage_code(self.vantage));
        bytes.extend(self.kind.0.to_be_bytes());
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend(self.wall_ns.to_be_bytes());
        bytes.extend(self.monotonic_ns.to_be_bytes());
        bytes.extend(self.boot);
        bytes.extend(self.source.to_be_bytes());
        bytes.extend(self.source_sequence.to_be_bytes());
        bytes.extend(self.payload);
        for (to, from) in out.iter_mut().zip(bytes) {
            *to = from;
        }
        out
    }

    /// Reads an encoded header; nothing if the length, the version or the vantage is unknown.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(bytes);
        if cursor.u8()? != Self::VERSION {
            return None;
        }
        let header = Self {
            vantage: vantage(cursor.u8()?)?,
            kind: Kind(cursor.u16()?),
            sequence: cursor.u64()?,
            wall_ns: cursor.u64()?,
            monotonic_ns: cursor.u64()?,
            boot: cursor.array()?,
            source: cursor.u64()?,
            source_sequence: cursor.u64()?,
            payload: cursor.array()?,
        };
        cursor.is_empty().then_some(header)
    }

    /// Hash of the header as a leaf of the log's tree.
    pub fn leaf(&self) -> Hash {
        leaf_hash(&self.encode())
    }
}

fn vantage_code(vantage: Vantage) -> u8 {
    match vantage {
        Vantage::Said => 1,
        Vantage::Asked => 2,
        Vantage::Did => 3,
        Vantage::Own => 4,
    }
}

fn vantage(code: u8) -> Option<Vantage> {
    match code {
        1 => Some(Vantage::Said),
        2 => Some(Vantage::Asked),
        3 => Some(Vantage::Did),
        4 => Some(Vantage::Own),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout() {
        let header = Header {
            vantage: Vantage::Did,
            kind: Kind(0x0102),
            sequence: 3,
            wall_ns: 4,
            monotonic_ns: 5,
            boot: [6; 16],
            source: 7,
            source_sequence: 8,
            payload: [9; 32],
        };
        let bytes = header.encode();
        assert_eq!(bytes[..4], [1, 3, 1, 2]);
        assert_eq!(bytes[11], 3);
        assert_eq!(bytes[28..44], [6; 16]);
        assert_eq!(bytes[60..], [9; 32]);
        assert_eq!(Header::decode(&bytes), Some(header));
        assert_eq!(Header::decode(&bytes[..91]), None);
        let mut other = bytes;
        other[0] = 2;
        assert_eq!(Header::decode(&other), None);
        other = bytes;
        other[1] = 5;
        assert_eq!(Header::decode(&other), None);
    }
}
