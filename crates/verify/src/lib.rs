//! Checking an evidence bundle: what it proves, what it withholds, what is missing, who vouches.
//!
//! [`check`] takes a bundle whose form is good and what its reader knows from elsewhere, and gives a
//! [`Report`]. The steps and the names of the faults are those of `docs/bundle.md`. There is no
//! network here, no clock, and nothing that the bundle says of itself is believed.

mod check;
mod report;
mod session;
mod signers;
mod words;

pub use crate::check::check;
pub use crate::report::{Attribution, Fault, Found, Held, Report, SourceState, Vouch, Withheld};
