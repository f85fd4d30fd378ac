//! The record: an append-only log that nobody can quietly change, and that can be redacted honestly.
//!
//! An [`Entry`] is appended to a [`Log`] and durable when [`Log::append`] returns. Its [`Header`],
//! which names nothing, is a leaf of an RFC 6962 tree whose [`Checkpoint`]s are signed notes. Its
//! [`Payload`] can be opened in part: a [`Disclosure`] proves the spans it shows and hides the
//! others. A [`Proof`] shows that an entry is in the log, or that the log only grew; [`verify`]
//! holds all of it against what a stranger knows and says what is unchanged, what is complete and
//! who vouches for it.
//!
//! `docs/record.md` specifies every byte. There is no async runtime, no database and no network
//! here, so that an auditor can read and build what checks a record alone.

mod assemble;
mod bundle;
mod bytes;
mod checkpoint;
mod commit;
mod cosign;
mod error;
mod files;
mod frame;
mod handover;
mod header;
mod key;
mod log;
mod merkle;
mod note;
mod open;
mod own;
mod payload;
mod proof;
mod publish;
mod record;
mod rewrite;
mod segment;
mod share;
mod tile;
mod token;
mod tree;
mod verify;

pub use crate::assemble::{BundleRequest, Opening, Spans};
pub use crate::bundle::{Bundle, Earlier, Signed, Unreadable};
pub use crate::checkpoint::Checkpoint;
pub use crate::commit::{Entry, OWN_SOURCE};
pub use crate::error::{Error, NoteError};
pub use crate::files::{Disk, File, Files, Lock, Mode};
pub use crate::header::{Header, Kind};
pub use crate::key::{Key, PublicKey, Verified};
pub use crate::log::{Log, LostTail, Opened, Options};
pub use crate::merkle::{Hash, empty_root, leaf_hash, node_hash};
pub use crate::note::{Note, Signature};
pub use crate::payload::{Disclosure, Payload, Span};
pub use crate::proof::Proof;
pub use crate::rewrite::Target;
pub use crate::tile::{TILE_WIDTH, Tile, decode_bundle};
pub use crate::token::{MAX_SPAN, TOKENIZER};
pub use crate::verify::{Anchor, Anchors, Depth, Fault, Missing, Trouble, Verdict, verify};

#[doc(hidden)]
pub mod fuzzing;
