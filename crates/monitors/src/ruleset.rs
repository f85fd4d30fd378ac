//! The rules that are loaded: built in, and from the user's directories on top.

use std::sync::Arc;

/// Why rules could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// A file or directory could not be read.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// What was to be read.
        path: String,
        /// Why it could not be.
        source: std::io::Error,
    },
}

/// All rules, compiled; shared by sessions and threads.
#[derive(Debug, Default)]
pub struct Rules {}

impl Rules {
    /// The rules that Proctor ships.
    pub fn builtin() -> Arc<Self> {
        Arc::new(Self::default())
    }
}
