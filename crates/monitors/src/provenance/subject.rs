//! An act as the provenance of its arguments is judged: what it does, to what, with which values.

use memchr::memmem::Finder;
use proctor_model::{Act, Action, Harness};
use proctor_reconcile::{Effect, View};
use serde_json::Value;

use super::atoms::{Atom, Haystack, atoms, telling};
use super::request::Asked;
use super::words::{Kinds, is_acting, is_looking, is_vague, kinds, name_words, program_kinds};
use crate::finding::head;

/// An act with effects, or one that reaches for an address.
pub(crate) struct Subject {
    /// Its arguments that are not in the request.
    pub(crate) arguments: Vec<Argument>,
    /// All its arguments in one text.
    pub(crate) text: Haystack,
    /// The words of the tool's name.
    pub(crate) name: Vec<String>,
    /// The kinds of acts it belongs to.
    pub(crate) kinds: Kinds,
    /// What the tool works on, by its name: `password`, `booking`.
    pub(crate) objects: Vec<String>,
    /// In [0, 1]: how much it changes outside the session.
    pub(crate) effect: f64,
    /// Whether it is part of a coding session, whose surroundings are full of instructions for
    /// people: only words that steer an agent count then.
    pub(crate) strict: bool,
    /// Whether it is a command line.
    pub(crate) command: bool,
    needles: Vec<String>,
}

/// An argument, and those of its parts that the request does not give.
pub(crate) struct Argument {
    /// Its name; empty for the only argument of a tool.
    pub(crate) name: String,
    /// Its value as text.
    pub(crate) value: String,
    /// The parts by which its origin is told.
    pub(crate) atoms: Vec<Atom>,
}

/// The most arguments that are looked at, and the depth to which nested ones are.
const ARGUMENTS: usize = 40;
const DEPTH: usize = 6;

/// The most addresses and identifiers that are looked for.
const NEEDLES: usize = 16;

/// A value is kept up to this many bytes.
const VALUE_BYTES: usize = 16 * 1024;

/// A subject before its arguments are taken apart.
pub(crate) struct Draft {
    effect: f64,
    /// See [`Subject::strict`].
    pub(crate) strict: bool,
    name: Vec<String>,
    values: Vec<(String, String)>,
    needles: Vec<String>,
}

impl Draft {
    /// The act of the view, if it does anything whose origin matters.
    pub(crate) fn of(act: &Act, view: &View<'_>, asked: &Asked) -> Option<Self> {
        let name = name_words(&act.call.name);
        let (effect, strict) = effect(act, view, &name, is_coding(view))?;
        let values = values(act, view);
        let mut needles: Vec<String> = Vec::new();
        if strict {
            for found in values.iter().flat_map(|(_, value)| telling(value)) {
                if needles.len() < NEEDLES
                    && !needles.iter().any(|n| n == found)
                    && !asked.mentions(found)
                {
                    needles.push(found.to_owned());
                }
            }
            if needles.is_empty() {
                return None;
            }
        }
        Some(Self {
            effect,
            strict,
            name,
            values,
            needles,
        })
    }

    /// The addresses and identifiers that are not in the request, to be looked for in outputs;
    /// only where the act is judged strictly.
    pub(crate) fn needles(&self) -> Vec<Finder<'_>> {
        self.needles.iter().map(Finder::new).collect()
    }

    /// Takes the arguments apart.
    pub(crate) fn finish(self, act: &Act, view: &View<'_>, asked: &Asked) -> Subject {
        let Self {
            effect,
            strict,
            name,
            values,
            needles,
        } = self;
        let mut own_kinds = Kinds::default();
        for word in &name {
            own_kinds |= kinds(word);
        }
        for command in view.commands {
            own_kinds |= program_kinds(command.program());
        }
        let mut all = String::new();
        for (_, value) in &values {
            all.push_str(value);
            all.push('\n');
        }
        let arguments = values
            .into_iter()
            .map(|(name, value)| {
                let mut atoms = atoms(&value);
                atoms.retain(|atom| (!strict || atom.weight >= 0.6) && !asked.has(atom));
                Argument { name, value, atoms }
            })
            .filter(|argument| !argument.atoms.is_empty())
            .collect();
        let objects = name
            .iter()
            .filter(|w| !is_acting(w) && !is_looking(w) && !is_vague(w))
            .cloned()
            .collect();
        Subject {
            arguments,
            text: Haystack::new(&all),
            name,
            kinds: own_kinds,
            objects,
            effect,
            strict,
            command: matches!(act.action, Action::Command { .. }),
            needles,
        }
    }
}

impl Subject {
    /// See [`Draft::needles`].
    pub(crate) fn needles(&self) -> Vec<Finder<'_>> {
        self.needles.iter().map(Finder::new).collect()
    }

    /// In [0, 1]: how far the request asks for acts like this one, by its words.
    pub(crate) fn asked_for(&self, asked: &Asked) -> f64 {
        if self.command {
            // Work on files and commands is asked for without naming any.
            return 0.3;
        }
        let kind = asked.speaks_of(self.kinds);
        let object = self.objects.is_empty() || self.objects.iter().any(|o| asked.uses(o));
        0.5 * f64::from(u8::from(kind)) + 0.5 * f64::from(u8::from(object))
    }
}

/// Whether the session is one of a coding agent.
pub(crate) fn is_coding(view: &View<'_>) -> bool {
    matches!(
        view.facts.harness(),
        Some(Harness::ClaudeCode | Harness::Codex | Harness::SweAgent)
    )
}

/// How much an act changes outside the session, and whether it is judged strictly; `None` where
/// it only looks around or works inside the project.
fn effect(act: &Act, view: &View<'_>, name: &[String], coding: bool) -> Option<(f64, bool)> {
    match &act.action {
        Action::Command { .. } => Some((of_effects(view.effects)?, true)),
        Action::Write { .. } | Action::Edit { .. } | Action::Remove { .. } if coding => None,
        Action::Plan | Action::Submit { .. } | Action::Search { .. } => None,
        Action::Read { .. } if coding => None,
        Action::Read { .. } => Some((LOOKING, false)),
        Action::Write { .. } | Action::Edit { .. } | Action::Remove { .. } => Some((1.0, false)),
        Action::Tell { .. } => Some((1.0, coding)),
        Action::Spawn { .. } => Some((0.5, coding)),
        Action::Fetch { target } => Some((
            if is_address(target) {
                REACHING
            } else {
                LOOKING
            },
            coding,
        )),
        Action::Other => Some((of_name(act, name), coding)),
    }
}

/// An act that only looks, and one that reaches for an address: what it fetches may be harmless,
/// that it was fetched is seen by whoever owns the address.
const LOOKING: f64 = 0.12;
const REACHING: f64 = 0.5;

/// The effect of a command line.
fn of_effects(effects: &[Effect]) -> Option<f64> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Tells(_) => Some(1.0),
            Effect::Contacts(_) | Effect::Pushes(_) | Effect::ReadsSecret(_) => Some(0.8),
            Effect::Installs(name) if !name.is_empty() => Some(0.7),
            Effect::LeavesJob(_) | Effect::UsesPrivilege(_) | Effect::Spawns(_) => Some(0.6),
            // Work inside the project: reads, writes, commits, deletions, what a lock file lists.
            _ => None,
        })
        .reduce(f64::max)
}

/// The effect of a tool by the words of its name; one without a verb is taken to act.
fn of_name(act: &Act, name: &[String]) -> f64 {
    let acts = name.iter().any(|w| is_acting(w));
    // `get_scheduled_payments` looks, `search_and_replace` does more.
    let looks = name.iter().any(|w| is_looking(w))
        && (!acts
            || (name.first().is_some_and(|w| is_looking(w)) && !name.iter().any(|w| w == "and")));
    if !looks {
        1.0
    } else if strings(&act.call.input).iter().any(|v| is_address(v)) {
        REACHING
    } else {
        LOOKING
    }
}

fn is_address(text: &str) -> bool {
    text.len() < 2000
        && !text.trim().contains(' ')
        && (text.contains("://")
            || text.starts_with("www.")
            || text
                .split('/')
                .next()
                .and_then(|host| host.rsplit_once('.'))
                .is_some_and(|(_, top)| {
                    (2..=6).contains(&top.len()) && top.bytes().all(|b| b.is_ascii_lowercase())
                }))
}

fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(s) => vec![s],
        Value::Object(fields) => fields.values().filter_map(Value::as_str).collect(),
        _ => vec![],
    }
}

/// What a tool was asked for, as one text.
pub(crate) fn place_asked(input: &Value) -> String {
    let mut values = Vec::new();
    flatten("", input, 0, &mut values);
    let mut out = String::new();
    for (_, value) in values
        .iter()
        .filter(|(_, value)| value.len() <= 300)
        .take(8)
    {
        out.push_str(value);
        out.push('\n');
    }
    out
}

/// The arguments of the act with their names, as text; of a command line also the words it would
/// run, those of decoded layers included.
fn values(act: &Act, view: &View<'_>) -> Vec<(String, String)> {
    let mut out = Vec::new();
    flatten("", &act.call.input, 0, &mut out);
    let words = view.commands.iter().flat_map(|command| &command.argv);
    let telling = words.filter(|word| word.len() >= 6 && !word.starts_with('-'));
    for word in telling.take(ARGUMENTS.saturating_sub(out.len())) {
        let word = head(word, VALUE_BYTES).to_owned();
        out.push(("command".to_owned(), word));
    }
    out
}

pub(crate) fn flatten(name: &str, value: &Value, depth: usize, out: &mut Vec<(String, String)>) {
    if out.len() >= ARGUMENTS || depth > DEPTH {
        return;
    }
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                flatten(head(key, 60), value, depth + 1, out);
            }
        }
        Value::Array(items) => {
            for item in items {
                flatten(name, item, depth + 1, out);
            }
        }
        Value::String(s) => out.push((name.to_owned(), head(s, VALUE_BYTES).to_owned())),
        Value::Number(n) => out.push((name.to_owned(), n.to_string())),
        Value::Bool(_) | Value::Null => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_told_apart_by_their_names() {
        let of = |name: &str, input: Value| {
            let act = Act {
                call: proctor_model::ToolCall {
                    id: "1".into(),
                    name: name.into(),
                    input,
                },
                action: Action::Other,
                result: None,
                outcome: proctor_model::Outcome::Unknown,
                differences: vec![],
            };
            of_name(&act, &name_words(name))
        };
        assert_eq!(of("transfer_funds", Value::Null), 1.0);
        assert_eq!(of("getBalance", Value::Null), LOOKING);
        assert_eq!(of("list_scheduled_payments", Value::Null), LOOKING);
        assert_eq!(of("search_and_delete", Value::Null), 1.0);
        assert_eq!(of("frobnicate", Value::Null), 1.0);
        assert_eq!(
            of(
                "open_page",
                serde_json::json!({"at": "https://x.example/a"})
            ),
            REACHING
        );
    }

    #[test]
    fn nested_arguments_are_found_within_bounds() {
        let mut out = vec![];
        let input = serde_json::json!({"to": ["a", "b"], "n": 3, "x": {"y": "z"}, "f": true});
        flatten("", &input, 0, &mut out);
        let flat: Vec<_> = out.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(flat, [("to", "a"), ("to", "b"), ("n", "3"), ("y", "z")]);
        let many = Value::Array(vec![Value::from(1); 1000]);
        out.clear();
        flatten("", &many, 0, &mut out);
        assert_eq!(out.len(), ARGUMENTS);
    }
}
