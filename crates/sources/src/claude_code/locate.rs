//! Whose session a record belongs to.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::path::Path;

use proctor_dialects::json::{self, Object, Value};
use proctor_model::{EventKind, Harness, SessionId, SessionNote, Source};

use crate::emit::{Emitter, Record};
use crate::session_id;

/// Sidechain records that are remembered, to tell whose the next ones are.
const MOST_LINKS: usize = 1 << 16;

/// Prompts of calls that started an agent and are remembered, to tell which agent they started.
const MOST_PROMPTS: usize = 1 << 10;

/// The longest description of a sub-agent that is read, in bytes.
const MAX_META: u64 = 64 << 10;

/// Where a record stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Whose record it is.
    pub(super) session: SessionId,
    /// The session that started this one, for a sub-agent.
    pub(super) parent: Option<SessionId>,
    /// The tool call that started it, where the recording tells.
    pub(super) parent_call: Option<String>,
}

impl Place {
    /// Whether this is the record of a sub-agent.
    pub(super) fn is_agent(&self) -> bool {
        self.parent.is_some()
    }
}

/// Finds the session of each record of a file.
pub(super) struct Locator {
    /// The session of records that name none.
    file: SessionId,
    /// The agent that the file's name names.
    file_agent: Option<String>,
    /// What the file beside an agent's file says about where it came from.
    meta: Meta,
    /// The last place, and what it was found from: neighbours are mostly of one session.
    last: Option<(String, Option<String>, Place)>,
    /// The sidechain that records belong to, by the hash of their id, for records that name no
    /// agent.
    chains: HashMap<u64, Place>,
    /// The keys of `chains`, oldest first.
    links: VecDeque<u64>,
    /// Tool calls that gave an agent a prompt, by the prompt's hash, oldest first.
    prompts: VecDeque<(u64, String)>,
}

#[derive(Default)]
struct Meta {
    parent_agent: Option<String>,
    call: Option<String>,
}

impl Locator {
    pub(super) fn new(path: &Path, file: &SessionId) -> Self {
        Self {
            file: file.clone(),
            file_agent: agent_of_file(path),
            meta: Meta::default(),
            last: None,
            chains: HashMap::new(),
            links: VecDeque::new(),
            prompts: VecDeque::new(),
        }
    }

    /// Reads `agent-AGENT.meta.json` beside an agent's file, where it exists; from beside `place`,
    /// where that is a copy of the file.
    pub(super) fn read_meta(&mut self, path: &Path, place: &Path, out: &mut Emitter<'_>) {
        if self.file_agent.is_none() {
            return;
        }
        let (path, place) = (
            path.with_extension("meta.json"),
            place.with_extension("meta.json"),
        );
        let mut text = String::new();
        let read = File::open(&place).and_then(|f| f.take(MAX_META).read_to_string(&mut text));
        let (Ok(_), Ok((value, _))) = (read, json::parse(&text)) else {
            return;
        };
        self.meta = Meta {
            parent_agent: value.str("parentAgentId").map(str::to_owned),
            call: value.str("toolUseId").map(str::to_owned),
        };
        let Some(title) = value.str("description") else {
            return;
        };
        let note = SessionNote {
            title: Some(title.to_owned()),
            ..SessionNote::default()
        };
        let source = out.source();
        out.set_source(Source::file(path));
        out.event(
            &mut Record::new(0, text.as_bytes()),
            EventKind::Session(note),
        );
        out.restore_source(source);
    }

    /// The session of a record.
    pub(super) fn place(&mut self, entry: &Object<'_>) -> Place {
        let text = |key| entry.get(key).and_then(Value::as_str);
        let Some(session) = text("sessionId").or_else(|| text("session_id")) else {
            return self.nameless();
        };
        let side = entry.get("isSidechain").and_then(Value::as_bool);
        let call = text("parent_tool_use_id");
        let agent = match (side, call) {
            (Some(true), _) => text("agentId").or(self.file_agent.as_deref()),
            (_, Some(call)) => text("agent_id").or(Some(call)),
            // A teammate has a session of its own, and an agent id beside it.
            (Some(false), None) => None,
            // Bookkeeping names the agent alone.
            (None, None) => text("agentId"),
        };
        let side = side == Some(true);
        if side && agent.is_none() {
            return self.sidechain(session, entry);
        }
        if let Some((s, a, place)) = &self.last
            && s == session
            && a.as_deref() == agent
        {
            return place.clone();
        }
        let place = match agent {
            None => Place {
                session: session_id(Harness::ClaudeCode, session),
                parent: None,
                parent_call: None,
            },
            Some(agent) => {
                let own_file = self.file_agent.as_deref() == Some(agent);
                let meta = own_file.then_some(&self.meta);
                agent_place(
                    session,
                    agent,
                    meta.and_then(|m| m.parent_agent.as_deref()),
                    call.or(meta.and_then(|m| m.call.as_deref())),
                )
            }
        };
        self.last = Some((session.to_owned(), agent.map(str::to_owned), place.clone()));
        place
    }

    /// Remembers that a tool call gave an agent this prompt.
    pub(super) fn prompted(&mut self, call: &str, prompt: &str) {
        if self.prompts.len() >= MOST_PROMPTS {
            self.prompts.pop_front();
        }
        self.prompts.push_back((hash(prompt), call.to_owned()));
    }

    /// The place of a record that names no session: the file's.
    fn nameless(&self) -> Place {
        if self.file_agent.is_some()
            && let Some((_, _, place)) = &self.last
        {
            return place.clone();
        }
        Place {
            session: self.file.clone(),
            parent: None,
            parent_call: None,
        }
    }

    /// The place of a sidechain record that names no agent. Its chain begins with a record without
    /// a parent, and is named after it; the others hang on to it link by link.
    fn sidechain(&mut self, session: &str, entry: &Object<'_>) -> Place {
        let id = entry.get("uuid").and_then(Value::as_str).unwrap_or("");
        let parent = entry.get("parentUuid").and_then(Value::as_str);
        let place = match parent.and_then(|p| self.chains.get(&hash(p))) {
            Some(place) => place.clone(),
            None => {
                let call = entry
                    .get("message")
                    .and_then(prompt)
                    .map(|prompt| hash(&prompt))
                    .and_then(|key| self.prompts.iter().rev().find(|(k, _)| *k == key))
                    .map(|(_, call)| call.as_str());
                agent_place(session, &format!("side-{id}"), None, call)
            }
        };
        if self.links.len() >= MOST_LINKS
            && let Some(oldest) = self.links.pop_front()
        {
            self.chains.remove(&oldest);
        }
        self.links.push_back(hash(id));
        self.chains.insert(hash(id), place.clone());
        place
    }
}

fn agent_place(
    session: &str,
    agent: &str,
    parent_agent: Option<&str>,
    call: Option<&str>,
) -> Place {
    let parent = match parent_agent {
        Some(parent) => format!("{session}/{parent}"),
        None => session.to_owned(),
    };
    Place {
        session: session_id(Harness::ClaudeCode, &format!("{session}/{agent}")),
        parent: Some(session_id(Harness::ClaudeCode, &parent)),
        parent_call: call.map(str::to_owned),
    }
}

/// The agent that a file `agent-AGENT.jsonl` belongs to.
fn agent_of_file(path: &Path) -> Option<String> {
    let stem = path.file_stem()?.to_str()?;
    let agent = stem.strip_prefix("agent-")?;
    (!agent.is_empty()).then(|| agent.to_owned())
}

/// The session that the first records of a file belong to, for [`crate::Recording`].
pub(crate) fn head_session(path: &Path, entry: &Object<'_>) -> Option<SessionId> {
    let nowhere = SessionId::new("");
    let mut locator = Locator::new(path, &nowhere);
    let place = locator.place(entry);
    (place.session != nowhere).then_some(place.session)
}

/// The text of a message that is one text.
fn prompt(message: &Value<'_>) -> Option<String> {
    match message.get("content")? {
        Value::Str(text) => Some(text.to_string()),
        Value::Array(blocks) => match blocks.as_slice() {
            [block] => block.str("text").map(str::to_owned),
            _ => None,
        },
        _ => None,
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
