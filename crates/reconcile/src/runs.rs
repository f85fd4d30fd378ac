//! Runs of tests, builds and checks, and how they ended.

use proctor_model::Place;
use serde::{Deserialize, Serialize};

/// A run of tests, a build or a check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// What was run.
    pub kind: RunKind,
    /// The command, at most 500 characters.
    pub command: String,
    /// How it ended.
    pub outcome: RunOutcome,
    /// How many passed, where the output tells.
    pub passed: Option<u64>,
    /// How many failed or broke, where the output tells.
    pub failed: Option<u64>,
    /// The step.
    pub step: u64,
    /// Where the call is recorded.
    pub place: Place,
}

/// What was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunKind {
    /// Tests.
    Test,
    /// A build or compilation.
    Build,
    /// A linter, formatter check or type checker.
    Lint,
}

impl RunKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Test, Self::Build, Self::Lint];
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunOutcome {
    /// All passed.
    Passed,
    /// Something failed.
    Failed,
    /// It ran and there was nothing to run.
    NothingRan,
    /// The record does not tell: no result, cut output, a hidden exit status.
    Unknown,
}
