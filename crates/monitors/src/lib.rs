//! From steps to findings: rules as data, scoring, evaluation.
//!
//! [`Rules`] are loaded once and shared by all sessions and threads. An [`Engine`] watches one
//! session: it feeds every step to every [`Monitor`] and keeps what they find.

mod care;
mod check;
pub mod claims;
mod commands;
mod engine;
pub mod eval;
mod finding;
mod people;
mod plain;
mod provenance;
pub mod reasoning;
mod rule_monitor;
mod ruleset;
mod scoring;
mod sigma;
mod tampering;
#[cfg(test)]
mod testing;
mod told;
mod workaround;

pub use care::{Care, unsafe_score};
pub use check::{TestReport, test_builtin_rules, test_rules};
pub use commands::Hit;
pub use engine::Engine;
pub use provenance::Provenance;
pub use ruleset::{Problem, Rule, Rules, RulesError};
pub use scoring::{combine, command_score, trivial_command_score};

use proctor_model::Finding;
use proctor_reconcile::{Facts, View};

/// Watches one session. Same steps in, same findings out: a monitor has no clock, no randomness
/// and no I/O, and its state is bounded whatever the session's length.
pub trait Monitor: Send {
    /// Sees the next step and appends what it finds. Findings of any score above 0.05 are
    /// reported; the reader's threshold decides what is shown.
    fn step(&mut self, view: &View<'_>, findings: &mut Vec<Finding>);

    /// The session has ended.
    fn end(&mut self, _facts: &Facts, _findings: &mut Vec<Finding>) {}
}
