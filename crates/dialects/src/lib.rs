//! Messages of model providers, from their bytes to Proctor's events.
//!
//! [`json`] reads one record into a value that borrows from it; the modules named after providers
//! turn their content blocks into [`Part`]s. What a dialect does not understand it writes down in
//! [`Oddities`]: nothing is dropped unseen.

pub mod anthropic;
pub mod json;
pub mod openai_chat;
pub mod openai_responses;
mod part;

pub use part::{Oddities, Part, place_name};
