//! The vocabulary of Proctor as types.
//!
//! What an agent is allowed to do ([`Manifest`], [`Grants`]), what it actually does ([`Event`],
//! [`Step`], [`Finding`]) and who checks the difference. Every other crate speaks in these words;
//! this one knows none of them, does no I/O and starts no task.
//!
//! Read the modules in this order: [`event`] is one observation from one source, [`step`] is one
//! action of an agent joined from its events, [`finding`] is a behaviour seen in a session, and
//! [`manifest`] is what a deployment was allowed.

pub mod behaviour;
pub mod event;
pub mod finding;
pub mod manifest;
pub mod step;

pub use behaviour::{Behaviour, BehaviourId, Catalogue, Leg};
pub use event::{
    Boundary, Event, EventKind, Gap, GapCause, Harness, Message, Origin, PermissionMode, Place,
    Reasoning, ReasoningState, Role, SessionId, SessionNote, Source, Tokens, ToolCall, ToolResult,
    Vantage,
};
pub use finding::{Deception, Finding, Overreach, RuleRef, Severity};
pub use manifest::{Grants, Manifest, ManifestError, Oversight};
pub use step::{Act, Action, Difference, Outcome, Step, StepKind};
