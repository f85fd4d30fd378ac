//! In which agent's name something happened within a sample.
//!
//! Newer logs nest their events in spans. What happens in a scorer is the evaluation's own doing.
//! An agent that a tool runs is a sub-agent, and its conversation a session of its own. Older logs
//! mark the scorers as steps and put the events of a tool inside the tool's own event.

use std::collections::HashMap;

use proctor_dialects::json::{Object, Value};
use proctor_dialects::place_name;

use super::message::hash;

/// Spans that are remembered; beyond, what happens is taken to be the main agent's doing.
const MOST_SPANS: usize = 200_000;

/// Sub-agents that are told apart within one sample.
const MOST_AGENTS: usize = 10_000;

/// Whose doing something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Doer {
    /// The agent that is evaluated.
    Main,
    /// A sub-agent, by its number in [`Spans::agents`].
    Sub(usize),
    /// The evaluation: it judges the agent.
    Scorer,
}

/// A sub-agent.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Agent {
    pub(super) name: String,
    /// Whose sub-agent it is.
    pub(super) parent: Doer,
    /// The call of its parent that started it.
    pub(super) call: Option<String>,
}

/// What is known of the spans of one sample.
#[derive(Default)]
pub(super) struct Spans {
    /// By the hash of their id, as everywhere here.
    spans: HashMap<u64, Span>,
    /// Spans of tools that wait for the event that tells their call, by the span they are in.
    waiting: HashMap<u64, u64>,
    /// Whether each step that is open is a scorer, outermost first.
    steps: Vec<bool>,
    agents: Vec<Agent>,
}

struct Span {
    doer: Doer,
    /// The span of the tool that this span is of, or is in.
    tool: Option<u64>,
    /// For the span of a tool: its name, as a hash, and its call once that is known.
    name: u64,
    call: Option<String>,
}

impl Spans {
    /// The sub-agents met so far.
    pub(super) fn agent(&self, number: usize) -> Option<&Agent> {
        self.agents.get(number)
    }

    /// Whose doing an event in this span is.
    pub(super) fn doer(&self, span: Option<&str>) -> Doer {
        if self.steps.contains(&true) {
            return Doer::Scorer;
        }
        span.and_then(|span| self.spans.get(&hash(&span)))
            .map_or(Doer::Main, |span| span.doer)
    }

    /// A span begins.
    pub(super) fn begin(&mut self, event: &Object<'_>) {
        let text = |key| event.get(key).and_then(Value::as_str);
        let (Some(id), true) = (text("id"), self.spans.len() < MOST_SPANS) else {
            return;
        };
        let id = hash(&id);
        let parent = hash(&text("parent_id").unwrap_or_default());
        let name = text("name").unwrap_or_default();
        let (mut doer, mut tool) = match self.spans.get(&parent) {
            Some(outer) => (outer.doer, outer.tool),
            None => (Doer::Main, None),
        };
        match text("type") {
            Some("scorer" | "scorers") => doer = Doer::Scorer,
            Some("tool") => {
                self.waiting.insert(parent, id);
                tool = Some(id);
            }
            Some("agent") if doer != Doer::Scorer => {
                // A tool within the agent is a new beginning.
                if let Some(tool) = tool.take() {
                    let call = self.spans.get(&tool).and_then(|span| span.call.clone());
                    doer = self.new_agent(name, doer, call);
                }
            }
            _ => {}
        }
        let span = Span {
            doer,
            tool,
            name: hash(&name),
            call: None,
        };
        self.spans.insert(id, span);
    }

    /// A tool is called in this span: the span of that tool, if one has begun, is its doing.
    pub(super) fn called(&mut self, span: Option<&str>, function: &str, call: &str) {
        const LONGEST: usize = 1_000;
        let Some(waiting) = self.waiting.remove(&hash(&span.unwrap_or_default())) else {
            return;
        };
        if let Some(tool) = self.spans.get_mut(&waiting)
            && tool.name == hash(&function)
            && call.len() <= LONGEST
        {
            tool.call = Some(call.to_owned());
        }
    }

    /// A sub-agent that older logs show by the events inside an event.
    pub(super) fn nested(&mut self, name: &str, parent: Doer, call: Option<&str>) -> Doer {
        match parent {
            Doer::Scorer => Doer::Scorer,
            parent => self.new_agent(name, parent, call.map(str::to_owned)),
        }
    }

    fn new_agent(&mut self, name: &str, parent: Doer, call: Option<String>) -> Doer {
        if self.agents.len() >= MOST_AGENTS {
            return parent;
        }
        let name = place_name(name);
        self.agents.push(Agent { name, parent, call });
        Doer::Sub(self.agents.len() - 1)
    }

    /// A step of older logs begins or ends.
    pub(super) fn step(&mut self, event: &Object<'_>) {
        const DEEPEST: usize = 1_000;
        let text = |key| event.get(key).and_then(Value::as_str);
        if text("action") == Some("end") {
            self.steps.pop();
        } else if self.steps.len() < DEEPEST {
            self.steps.push(text("type") == Some("scorer"));
        }
    }
}

#[cfg(test)]
mod tests {
    use proctor_dialects::json::parse;

    use super::*;

    fn event(text: &'static str) -> Object<'static> {
        match parse(text).unwrap().0 {
            Value::Object(object) => object,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_agent_inside_a_tool_is_a_sub_agent() {
        let mut spans = Spans::default();
        for text in [
            r#"{"id":"s","type":"solver","name":"react"}"#,
            r#"{"id":"a","parent_id":"s","type":"agent","name":"main"}"#,
            r#"{"id":"t","parent_id":"a","type":"tool","name":"researcher"}"#,
        ] {
            spans.begin(&event(text));
        }
        spans.called(Some("a"), "researcher", "c1");
        spans.begin(&event(
            r#"{"id":"b","parent_id":"t","type":"agent","name":"researcher"}"#,
        ));
        spans.begin(&event(
            r#"{"id":"u","parent_id":"b","type":"tool","name":"bash"}"#,
        ));
        assert_eq!(spans.doer(Some("a")), Doer::Main);
        assert_eq!(spans.doer(Some("t")), Doer::Main);
        assert_eq!(spans.doer(Some("u")), Doer::Sub(0));
        let agent = spans.agent(0).unwrap();
        assert_eq!(
            (agent.parent, agent.call.as_deref()),
            (Doer::Main, Some("c1"))
        );
    }

    #[test]
    fn what_scorers_do_is_not_the_agents_doing() {
        let mut spans = Spans::default();
        spans.begin(&event(r#"{"id":"s","type":"scorers","name":"scorers"}"#));
        spans.begin(&event(
            r#"{"id":"t","parent_id":"s","type":"agent","name":"judge"}"#,
        ));
        assert_eq!(spans.doer(Some("t")), Doer::Scorer);
        assert_eq!(spans.doer(None), Doer::Main);
        spans.step(&event(
            r#"{"action":"begin","type":"scorer","name":"match"}"#,
        ));
        spans.step(&event(r#"{"action":"begin","type":null,"name":"x"}"#));
        assert_eq!(spans.doer(None), Doer::Scorer);
        spans.step(&event(r#"{"action":"end","name":"x"}"#));
        spans.step(&event(r#"{"action":"end","name":"match"}"#));
        assert_eq!(spans.doer(None), Doer::Main);
    }
}
