//! The record: an append-only log that nobody can quietly change, and that can be redacted honestly.
//!
//! An entry is a [`Header`], which names nothing, and a [`Payload`]. Headers are the leaves of an
//! RFC 6962 tree; its [`Checkpoint`]s are signed notes. A payload can be opened in part: a
//! [`Disclosure`] proves the spans it shows and hides the others.
//!
//! `docs/record.md` specifies every byte. There is no async runtime, no database and no network
//! here, so that an auditor can read and build what checks a record alone.

mod bytes;
mod checkpoint;
mod error;
mod header;
mod key;
mod merkle;
mod note;
mod payload;
mod proof;
mod tile;
mod token;

pub use crate::checkpoint::Checkpoint;
pub use crate::error::{Error, NoteError};
pub use crate::header::{Header, Kind};
pub use crate::key::{Key, PublicKey, Verified};
pub use crate::merkle::{Hash, empty_root, leaf_hash, node_hash};
pub use crate::note::{Note, Signature};
pub use crate::payload::{Disclosure, Payload, Span};
pub use crate::proof::Proof;
pub use crate::tile::{TILE_WIDTH, Tile, decode_bundle};
pub use crate::token::{MAX_SPAN, TOKENIZER};
