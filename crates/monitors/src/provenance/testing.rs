//! Sessions as lists of turns, for tests that try many.

use proctor_model::{Finding, Harness};
use serde_json::Value;

use crate::Monitor;
use crate::testing::Script;

/// A turn of a session in a test.
pub(crate) enum Turn<'a> {
    User(&'a str),
    Reply(&'a str),
    /// Tool, arguments, output.
    Call(&'a str, Value, &'a str),
}

/// What the monitor finds in the session.
pub(crate) fn session(
    monitor: impl Monitor + 'static,
    harness: Harness,
    turns: &[Turn<'_>],
) -> Vec<Finding> {
    turns
        .iter()
        .fold(Script::of(harness), |script, turn| match turn {
            Turn::User(text) => script.user(text),
            Turn::Reply(text) => script.says(text),
            Turn::Call(name, input, output) => script.uses(name, input.clone(), output),
        })
        .watched_by(monitor)
}
