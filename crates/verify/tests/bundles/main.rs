//! Bundles, good and forged, and what the verifier says of each.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may fail loudly"
)]

mod agree;
mod binary;
mod cases;
mod flips;
mod hidden;
mod support;
