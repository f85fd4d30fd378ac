//! Events: one observation from one source, with the place of its raw bytes.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// From where an event was observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Vantage {
    /// The agent's own account: transcript, reasoning, hooks, telemetry. Forgeable.
    Said,
    /// Model and tool traffic, intercepted on the wire.
    Asked,
    /// The kernel's account, or an audit log that an independent party keeps.
    Did,
    /// What Proctor and its people did.
    Own,
}

/// The program that ran the agent, or the tool that wrote the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Harness {
    /// Claude Code session files.
    ClaudeCode,
    /// Codex rollout files.
    Codex,
    /// Inspect evaluation logs, zipped (`.eval`) or plain JSON.
    Inspect,
    /// SWE-agent trajectories.
    SweAgent,
    /// Chat messages in one of the providers' shapes, harness unknown.
    Chat,
    /// R-Judge records: an agent's thoughts and actions, labelled safe or unsafe.
    RJudge,
}

impl Harness {
    /// The harness's name as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClaudeCode => "Claude Code",
            Self::Codex => "Codex",
            Self::Inspect => "Inspect",
            Self::SweAgent => "SWE-agent",
            Self::Chat => "chat messages",
            Self::RJudge => "R-Judge",
        }
    }
}

impl fmt::Display for Harness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One file, or one member of an archive, that events were read from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Source {
    /// The file, as it was opened.
    pub path: PathBuf,
    /// The member's name where `path` is an archive; offsets then count decompressed bytes.
    pub member: Option<String>,
}

impl Source {
    /// A plain file.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            member: None,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        match &self.member {
            Some(member) => write!(f, "!{member}"),
            None => Ok(()),
        }
    }
}

/// Where the raw bytes of an event stand: source, offset and length in bytes.
///
/// Several events may come from one record; `part` tells them apart (0 for the first). A place is
/// the identity of an event read from a file: two events are the same if their places are equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The file or archive member.
    pub source: Arc<Source>,
    /// First byte of the record.
    pub offset: u64,
    /// Length of the record in bytes, without its line end.
    pub len: u64,
    /// Number of the event within the record.
    pub part: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}+{}", self.source, self.offset, self.len)?;
        if self.part > 0 {
            write!(f, "#{}", self.part)?;
        }
        Ok(())
    }
}

/// Names one session: one run of one agent. A sub-agent has a session of its own.
///
/// Readers build it as `HARNESS:ID`, and `HARNESS:ID/AGENT` for a sub-agent, so that ids of
/// different harnesses never meet.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(Arc<str>);

impl SessionId {
    /// Wraps an id that is already complete.
    pub fn new(id: impl AsRef<str>) -> Self {
        Self(Arc::from(id.as_ref()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One observation from one source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Where its raw bytes are.
    pub at: Place,
    /// The source's own sequence number: position in the file, counted from 0.
    pub seq: u64,
    /// Who observed it.
    pub vantage: Vantage,
    /// When, by the source's clock, where the source says.
    pub time: Option<Timestamp>,
    /// Whose session, as far as the source says.
    pub session: SessionId,
    /// What was observed.
    pub kind: EventKind,
}

/// What was observed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum EventKind {
    /// Something about the session as a whole, as it becomes known or changes.
    Session(SessionNote),
    /// Text from a person, the harness or the agent.
    Message(Message),
    /// The model's reasoning, or the trace that there was some.
    Reasoning(Reasoning),
    /// The agent asks for a tool.
    ToolCall(ToolCall),
    /// What the agent was told the tool did.
    ToolResult(ToolResult),
    /// Tokens that one model request used.
    Usage(Tokens),
    /// The context was compacted, cleared or resumed.
    Boundary(Boundary),
    /// Observation failed here.
    Gap(Gap),
    /// A record type that the reader knows to carry nothing to judge, or does not know at all.
    /// Kept and counted, never dropped.
    Other {
        /// The record's own type name.
        name: String,
        /// Whether the reader knows this type.
        known: bool,
    },
}

/// Facts about a session; a field that is `None` says nothing. Later notes add to earlier ones.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SessionNote {
    /// The harness.
    pub harness: Option<Harness>,
    /// The harness's version.
    pub version: Option<String>,
    /// The model's name.
    pub model: Option<String>,
    /// Working directory: the project.
    pub cwd: Option<String>,
    /// Git branch.
    pub branch: Option<String>,
    /// A title or summary that the harness gave.
    pub title: Option<String>,
    /// The session that started this one, for a sub-agent.
    pub parent: Option<SessionId>,
    /// The tool call in the parent that started this one.
    pub parent_call: Option<String>,
    /// What the harness asks the person about.
    pub permission_mode: Option<PermissionMode>,
    /// Whether no person sat at the session (headless or scripted run).
    pub unattended: Option<bool>,
    /// The task's name and the score it was given, for evaluation logs.
    pub score: Option<String>,
    /// From here to the next [`Boundary::Resumed`] the events are copies of this session's: it was
    /// taken up again under a new id. They are context, not acts of this session.
    #[serde(default)]
    pub copied_from: Option<SessionId>,
}

/// How freely the harness let the agent act.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PermissionMode {
    /// A person is asked before acts with effects.
    Ask,
    /// Edits pass unasked, other acts are asked.
    AcceptEdits,
    /// Plans only.
    Plan,
    /// Everything passes unasked (`bypassPermissions`, approval `never`, full access).
    Bypass,
    /// A mode this version does not know, by its own name.
    Other(String),
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The system or developer prompt.
    System,
    /// The person (or program) the agent works for.
    User,
    /// The agent.
    Assistant,
}

/// Whether a message in the user's role really came from the person.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Typed by a person or given as the task.
    #[default]
    Person,
    /// Put there by the harness: reminders, command echoes, compaction summaries, hook output.
    Harness,
    /// Another agent's words: the prompt of a sub-agent comes from its parent.
    Agent,
}

/// Text from a person, the harness or the agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Who wrote it.
    pub role: Role,
    /// For the user's role, where it really came from.
    pub origin: Origin,
    /// The text; images and other attachments are named in brackets, not included.
    pub text: String,
}

/// What a recording shows of the model's reasoning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReasoningState {
    /// The reasoning as the model wrote it.
    Full,
    /// A summary made by the provider.
    Summarised,
    /// A signed block without text.
    Empty,
    /// Encrypted for the provider, or redacted.
    Encrypted,
}

/// One block of reasoning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reasoning {
    /// How much of it can be read.
    pub state: ReasoningState,
    /// The text, empty where it cannot be read.
    pub text: String,
}

/// The agent asks for a tool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The call's id, which its result repeats. Readers make one up (unique in the session) where
    /// the format has none.
    pub id: String,
    /// The tool's name as the harness knows it.
    pub name: String,
    /// The arguments: an object, or a string where the tool takes free text or the arguments did
    /// not parse.
    pub input: serde_json::Value,
}

/// What the agent was told the tool did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ToolResult {
    /// The id of the call it answers.
    pub call_id: String,
    /// The output as the model saw it.
    pub text: String,
    /// The harness's verdict: `Some(true)` where it marked the result as an error.
    pub is_error: Option<bool>,
    /// The exit status, where the recording has it.
    pub exit_code: Option<i32>,
    /// Whether a person or a rule refused the call.
    pub refused: bool,
    /// Whether the person or the harness stopped it before its end.
    pub interrupted: bool,
    /// The sub-agent that the call started, where the recording names it.
    pub agent: Option<String>,
}

/// Tokens that one model request used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tokens {
    /// The provider's id of the message or response. Recordings repeat the usage of one request
    /// in several records; the last one with the same id counts.
    pub request: Option<String>,
    /// Tokens read, without those served from a cache.
    pub input: u64,
    /// Tokens written, reasoning included.
    pub output: u64,
    /// Tokens read from a cache.
    pub cache_read: u64,
    /// Tokens written to a cache.
    pub cache_write: u64,
}

/// A break in the conversation's context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Boundary {
    /// The context was summarised and its beginning dropped.
    Compacted,
    /// The context was dropped by the person.
    Cleared,
    /// An earlier session was taken up again.
    Resumed,
    /// The turn was stopped by the person.
    Interrupted,
}

/// Why observation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapCause {
    /// The record is not valid in its format.
    Unparsable,
    /// The bytes are not valid UTF-8; they were read with replacement characters.
    InvalidText,
    /// The record is longer than the reader takes.
    TooLong,
    /// The file ends inside a record.
    Truncated,
    /// The archive expands beyond the bound, or its entry is damaged.
    BadArchive,
    /// A field of a known record has a type or value that the reader cannot use.
    BadField,
    /// The file became shorter while it was followed.
    Shrunk,
    /// Another file took the place of the one that was followed.
    Replaced,
    /// Bytes that had been read already were changed.
    Rewritten,
    /// The file or directory could not be read at all.
    Unreadable,
    /// The recording refers to something that is not there.
    Missing,
    /// It was looked at up to a bound; what lies beyond was not.
    Bounded,
}

impl GapCause {
    /// The cause in a few plain words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Unparsable => "not valid in its format",
            Self::InvalidText => "not valid UTF-8",
            Self::TooLong => "longer than the reader takes",
            Self::Truncated => "ends inside a record",
            Self::BadArchive => "damaged or oversized archive entry",
            Self::BadField => "field of an unexpected type",
            Self::Shrunk => "file became shorter",
            Self::Replaced => "file was replaced",
            Self::Rewritten => "bytes already read were changed",
            Self::Unreadable => "could not be read",
            Self::Missing => "referred to but not there",
            Self::Bounded => "not followed to the end",
        }
    }
}

/// Observation failed at this place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// Why.
    pub cause: GapCause,
    /// In plain words, with the position inside the record where it is known.
    pub detail: String,
}
