//! Steps: one action of an agent, joined from its events.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::{Boundary, Gap, Origin, Place, Reasoning, SessionId, ToolCall, ToolResult};

/// One step of a session, in the order in which the agent took it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Whose.
    pub session: SessionId,
    /// Position in the session, counted from 0 without holes.
    pub index: u64,
    /// When it began, by the source's clock.
    pub time: Option<Timestamp>,
    /// The events it was joined from, first the one that began it.
    pub evidence: Vec<Place>,
    /// What happened.
    pub kind: StepKind,
}

/// What happened in a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum StepKind {
    /// Instructions reached the agent: the user's request, the system prompt, harness text.
    Request {
        /// Whether it is the system or developer prompt.
        system: bool,
        /// Who really wrote it.
        origin: Origin,
        /// The text.
        text: String,
    },
    /// The agent wrote to its user.
    Reply {
        /// The text.
        text: String,
    },
    /// The agent reasoned.
    Reasoning(Reasoning),
    /// The agent used a tool.
    Act(Box<Act>),
    /// The context was broken.
    Boundary(Boundary),
    /// Observation failed.
    Gap(Gap),
}

/// One use of a tool: what was asked, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Act {
    /// The call as recorded.
    pub call: ToolCall,
    /// What the call means, whatever the harness names its tool.
    pub action: Action,
    /// The result, if one was recorded.
    pub result: Option<ToolResult>,
    /// How it ended, read from the result.
    pub outcome: Outcome,
    /// Where the vantage points or the parts of the record disagree.
    pub differences: Vec<Difference>,
}

/// What a tool call means, whatever the harness names its tool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum Action {
    /// Runs a command line in a shell.
    Command {
        /// The command line.
        command: String,
        /// The language where it is not a shell: `python`, `node`.
        language: Option<String>,
        /// Whether it goes on after the call returns.
        background: bool,
    },
    /// Reads a file or part of one.
    Read {
        /// The path as given.
        path: String,
    },
    /// Writes a whole file.
    Write {
        /// The path as given.
        path: String,
        /// The new content.
        content: String,
    },
    /// Changes parts of a file.
    Edit {
        /// The path as given.
        path: String,
        /// Pairs of removed and added text, in order.
        hunks: Vec<(String, String)>,
    },
    /// Deletes or moves a file by a tool.
    Remove {
        /// The path as given.
        path: String,
    },
    /// Searches or lists local files.
    Search {
        /// Pattern or path.
        query: String,
    },
    /// Fetches from the network.
    Fetch {
        /// Address or query.
        target: String,
    },
    /// Starts another agent.
    Spawn {
        /// The kind of agent asked for.
        agent: String,
        /// Its instructions.
        prompt: String,
    },
    /// Sends text to a person: mail, chat, pull request, issue, comment.
    Tell {
        /// To whom or where, as given.
        to: String,
        /// The text.
        text: String,
    },
    /// Keeps the agent's own plan or notes.
    Plan,
    /// Hands in the result of the task (`submit`).
    Submit {
        /// What was handed in.
        text: String,
    },
    /// A tool that Proctor has no special understanding of.
    Other,
}

/// How a tool call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It worked, as far as the result says.
    Ok,
    /// It ran and failed.
    Failed,
    /// A person, a policy or the system refused it.
    Refused,
    /// It was stopped before its end.
    Interrupted,
    /// No result was recorded, or the result does not tell.
    Unknown,
}

/// A place where the accounts of one action disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Difference {
    /// Done and not said.
    Unreported,
    /// Said and not done; also a result that answers no call.
    Fabricated,
    /// Said other than done.
    Altered,
    /// A claim that nothing in the record supports.
    UnsupportedClaim,
    /// Outside the deployment's grants.
    OutOfScope,
    /// Done by nobody's session.
    Unattributed,
    /// Never looked at by a person who had to.
    Unreviewed,
}
