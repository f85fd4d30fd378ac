//! R-Judge records: what a user, an agent and its environment said and did, one record a line or
//! all of them in one list.
//!
//! The judge's view of a record (`profile`, `goal`, `label`, `risk_description`) never becomes an
//! event: what an agent was shown and did is in `contents` alone.

use std::io;
use std::path::Path;

use proctor_dialects::json::{Object, Value};
use proctor_dialects::openai_chat::parse_arguments;
use proctor_model::{
    EventKind, GapCause, Harness, Message, Origin, Reasoning, ReasoningState, Role, SessionId,
    SessionNote, ToolCall, ToolResult,
};

use crate::document::{Paths, Piece, Splitter};
use crate::element::{self, CallIds};
use crate::emit::{Emitter, Record};
use crate::line::Lines;
use crate::text::Text;
use crate::{Recording, literal, session_id};

/// Reads a file of R-Judge records.
pub(crate) fn read(recording: &Recording, content: &Path, out: &mut Emitter<'_>) {
    if let Err(error) = try_read(recording, content, out) {
        element::unreadable(recording.bytes, &error, out);
    }
}

fn try_read(recording: &Recording, content: &Path, out: &mut Emitter<'_>) -> io::Result<()> {
    let file = out.session().clone();
    let text = Text::File(content, 0, recording.bytes);
    if is_list(text)? {
        list(text, out)?;
        out.advance(recording.bytes);
        return Ok(());
    }
    let mut lines = Lines::new(text.open()?, 0, recording.bytes);
    let mut at = 0;
    while let Some(line) = lines.next()? {
        out.advance(line.next - at);
        at = line.next;
        if line.too_long {
            element::too_long(line.offset, line.len, out);
        } else if !line.bytes.trim_ascii().is_empty() {
            row(line.offset, line.bytes, out);
        }
        out.set_session(&file);
    }
    Ok(())
}

/// Whether the file is one list of records, as the set is published.
fn is_list(text: Text<'_>) -> io::Result<bool> {
    let first = Splitter::new(text.open()?, 0, Paths::new(&[]).places(&["$[*]"]))
        .next()
        .map(|piece| matches!(piece, Piece::Long { .. }));
    Ok(first == Some(true))
}

fn list(text: Text<'_>, out: &mut Emitter<'_>) -> io::Result<()> {
    let mut splitter = text.split(Paths::new(&["$[*]"]))?;
    while let Some(piece) = splitter.next() {
        match piece {
            Piece::Element { offset, raw, .. } => row(offset, raw, out),
            Piece::Long { offset, len, .. } => element::too_long(offset, len, out),
            Piece::Broken { offset, why } => element::broken(offset, text.left(offset), why, out),
        }
    }
    Ok(())
}

/// The session of the record with this id.
pub(crate) fn run_session(id: &str) -> SessionId {
    session_id(Harness::RJudge, id)
}

/// Reads one record.
fn row(offset: u64, raw: &[u8], out: &mut Emitter<'_>) {
    let paths = Paths::new(&["$.id", "$.contents[*][*]", "$.*"]);
    let mut splitter = Splitter::new(raw, offset, paths);
    let mut turns = Vec::new();
    let mut id = None;
    let mut broken = None;
    while let Some(piece) = splitter.next() {
        match piece {
            Piece::Element { path: 0, raw, .. } => id = element::peek(raw),
            Piece::Element {
                path: 1,
                offset,
                raw,
                ..
            } => {
                turns.push((offset, raw.len()));
            }
            Piece::Element { key, .. } => {
                const KNOWN: [&str; 6] = [
                    "scenario",
                    "profile",
                    "goal",
                    "contents",
                    "label",
                    "risk_description",
                ];
                if !KNOWN.contains(&key) {
                    out.unknown_field("record", key);
                }
            }
            // A line is shorter than the longest element.
            Piece::Long { .. } => {}
            Piece::Broken { offset, why } => broken = Some((offset, why)),
        }
    }
    if let Some(id) = id {
        let id = match id {
            Value::Str(text) => text.into_owned(),
            other => serde_json::Value::from(other).to_string(),
        };
        out.set_session(&run_session(&id));
    }
    let note = SessionNote {
        harness: Some(Harness::RJudge),
        ..SessionNote::default()
    };
    out.event(&mut Record::new(offset, raw), EventKind::Session(note));
    let mut calls = CallIds::default();
    for (at, len) in turns {
        let start = usize::try_from(at - offset).unwrap_or(usize::MAX);
        let turn = start.checked_add(len).and_then(|end| raw.get(start..end));
        self::turn(at, turn.unwrap_or_default(), &mut calls, out);
    }
    if let Some((at, why)) = broken {
        let left = (offset + raw.len() as u64).saturating_sub(at);
        element::broken(at, left, why, out);
    }
}

/// One turn of the user, the agent or the environment.
fn turn(offset: u64, raw: &[u8], calls: &mut CallIds, out: &mut Emitter<'_>) {
    out.count_record();
    let mut record = Record::new(offset, raw);
    let Some(value) = element::parse(raw, &mut record, out) else {
        return;
    };
    let Value::Object(mut turn) = value else {
        let detail = format!("{} where a turn must stand", value.type_name());
        return out.lost(&mut record, GapCause::BadField, detail);
    };
    let role = turn
        .take("role")
        .and_then(Value::into_string)
        .unwrap_or_default();
    match role.as_str() {
        "user" => {
            let text = text(&mut turn, "content");
            say(Role::User, Origin::Person, text, &mut record, out);
        }
        "agent" => agent(&mut turn, calls, &mut record, out),
        "environment" => {
            let text = text(&mut turn, "content");
            if calls.is_waiting() {
                let result = ToolResult {
                    call_id: calls.result(String::new()),
                    text,
                    ..ToolResult::default()
                };
                out.event(&mut record, EventKind::ToolResult(result));
            } else if text.is_empty() {
                out.known(&mut record, "environment");
            } else {
                // The world answers words of the agent.
                say(Role::User, Origin::Harness, text, &mut record, out);
            }
        }
        other => out.unknown(&mut record, other),
    }
    for key in turn
        .keys()
        .filter(|key| !["role", "content", "thought", "action"].contains(key))
    {
        out.unknown_field("turn", key);
    }
}

fn agent(
    turn: &mut Object<'_>,
    calls: &mut CallIds,
    record: &mut Record<'_>,
    out: &mut Emitter<'_>,
) {
    calls.next_turn();
    let thought = text(turn, "thought");
    if !thought.trim().is_empty() {
        let reasoning = Reasoning {
            state: ReasoningState::Full,
            text: thought,
        };
        out.event(record, EventKind::Reasoning(reasoning));
    }
    let content = text(turn, "content");
    if !content.trim().is_empty() {
        say(Role::Assistant, Origin::Person, content, record, out);
    }
    let action = text(turn, "action");
    for act in acts(&action) {
        match act {
            Act::Reply(text) => {
                let text = text.to_owned();
                say(Role::Assistant, Origin::Person, text, record, out);
            }
            Act::Call { name, input } => {
                let id = calls.call(String::new());
                let name = name.to_owned();
                out.event(record, EventKind::ToolCall(ToolCall { id, name, input }));
            }
        }
    }
}

fn say(role: Role, origin: Origin, text: String, record: &mut Record<'_>, out: &mut Emitter<'_>) {
    out.event(record, EventKind::Message(Message { role, origin, text }));
}

/// A text of the record; lists of texts are joined.
fn text(turn: &mut Object<'_>, key: &str) -> String {
    match turn.take(key).unwrap_or_default() {
        Value::Null => String::new(),
        Value::Str(text) => text.into_owned(),
        other => serde_json::Value::from(other).to_string(),
    }
}

/// What the text of an `action` does.
#[derive(Debug, PartialEq)]
enum Act<'t> {
    /// Answers the user.
    Reply(&'t str),
    /// Uses a tool.
    Call {
        name: &'t str,
        input: serde_json::Value,
    },
}

/// Reads the text of an `action`: one act, or several calls, each in a line.
fn acts(action: &str) -> Vec<Act<'_>> {
    let lines = action.lines().filter(|line| !line.trim().is_empty());
    let calls: Option<Vec<_>> = lines.map(|line| named_call(line.trim())).collect();
    match calls {
        Some(calls) if calls.iter().all(|(_, input)| input.is_object()) => (calls.into_iter())
            .map(|(name, input)| Act::Call { name, input })
            .collect(),
        _ => vec![act(action)],
    }
}

/// Reads the text of an `action` as one act. Agents of the record's kinds write a call as a name with an
/// object or with `Action Input:` behind it, as a call of a function, as a block of code, as
/// AutoGPT's command, or as a few words for a thing to click; whole sentences are for the user.
fn act(action: &str) -> Act<'_> {
    let text = action.trim();
    if let Some(answer) = text.strip_prefix("Final Answer:") {
        return Act::Reply(answer.trim());
    }
    let call = named_call(text)
        .or_else(|| command_object(text))
        .or_else(|| code_block(text))
        .or_else(|| gesture(text, action));
    match call {
        Some((name, input)) => Act::Call { name, input },
        None => Act::Reply(text),
    }
}

type Call<'t> = (&'t str, serde_json::Value);

/// `Name{…}`, `Name: {…}`, `{Name: {…}}`, `Name` and `Action Input: {…}` below it, `Name(a=1)`.
fn named_call(text: &str) -> Option<Call<'_>> {
    let text = text.strip_prefix('{').unwrap_or(text);
    let end = text.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '.' | '-'));
    let (name, rest) = text.split_at_checked(end.unwrap_or(text.len()))?;
    if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return None;
    }
    let rest = rest.trim_start();
    if rest.is_empty() {
        return is_identifier(name).then(|| (name, arguments("")));
    }
    if let Some(inner) = rest
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
    {
        let input = literal::keywords(inner).unwrap_or_else(|| inner.into());
        return Some((name, input));
    }
    let rest = rest.strip_prefix(':').unwrap_or(rest).trim_start();
    if let Some(input) = rest.strip_prefix("Action Input:") {
        return Some((name, arguments(input)));
    }
    rest.starts_with('{').then(|| (name, arguments(rest)))
}

/// Whether a lone word is the name of a tool: no word of a language has an underscore, or a
/// capital behind a small letter.
fn is_identifier(name: &str) -> bool {
    let inner_capital =
        (name.chars().zip(name.chars().skip(1))).any(|(a, b)| a.is_lowercase() && b.is_uppercase());
    inner_capital || name.contains('_')
}

/// The arguments of a call: JSON, or a Python literal, or else the text as it stands.
fn arguments(text: &str) -> serde_json::Value {
    let text = text.trim();
    // One brace too many is left over where the whole call stood in an object.
    for text in [Some(text), text.strip_suffix('}')].into_iter().flatten() {
        match parse_arguments(text) {
            serde_json::Value::String(_) => {}
            object => return object,
        }
        if let Some(value) = literal::value(text) {
            return value;
        }
    }
    text.into()
}

/// AutoGPT's `"command": {"name": …, "args": {…}}`, cut out of a larger object.
fn command_object(text: &str) -> Option<Call<'_>> {
    let rest = text.trim_start_matches('{').trim_start();
    let rest = rest.strip_prefix("\"command\"")?.trim_start();
    let object = rest.strip_prefix(':')?.trim_start();
    let serde_json::Value::Object(mut command) = arguments(object) else {
        return None;
    };
    let input = command.remove("args")?;
    let name = command.remove("name")?;
    // The name is cut out of the text again, since that outlives the parsed object.
    let at = object.find(name.as_str()?)?;
    let name = object.get(at..at + name.as_str()?.len())?;
    Some((name, input))
}

/// A block of shell or Python code; code in other languages is written for the user.
fn code_block(text: &str) -> Option<Call<'_>> {
    let (language, code) = text.strip_prefix("```")?.split_once('\n')?;
    let code = code.trim_end().strip_suffix("```")?.trim_end();
    let key = match language.trim() {
        "bash" | "sh" | "shell" | "zsh" => "command",
        "python" | "python3" | "py" => "code",
        _ => return None,
    };
    (!code.contains("```")).then(|| (language.trim(), serde_json::json!({ key: code })))
}

/// A few words for a thing to do, such as `click <Allow>`.
fn gesture<'t>(text: &'t str, action: &str) -> Option<Call<'t>> {
    let words = text.split_whitespace().count();
    let sentence = words > 12
        || text.contains('\n')
        || action.starts_with(' ')
        || text.ends_with(['.', '!', '?', '"', ':']);
    let marked = text.contains('<') && text.contains('>') && !text.contains('\n');
    if words == 0 || (sentence && !marked) {
        return None;
    }
    match text.split_once(char::is_whitespace) {
        Some((verb, rest)) if verb.chars().all(char::is_alphabetic) => {
            Some((verb, rest.trim_start().into()))
        }
        _ => Some(("act", text.into())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(action: &str) -> (String, serde_json::Value) {
        match act(action) {
            Act::Call { name, input } => (name.to_owned(), input),
            Act::Reply(text) => panic!("a reply: {text}"),
        }
    }

    #[test]
    fn calls_are_read_in_all_their_forms() {
        let expected = ("SendMail".to_owned(), json!({"to": "a@b.example", "n": 2}));
        for action in [
            r#"SendMail{"to": "a@b.example", "n": 2}"#,
            r#"SendMail{'to': 'a@b.example', 'n': 2}"#,
            "SendMail: {\"to\": \"a@b.example\", \"n\": 2}\n",
            "SendMail\nAction Input: {\"to\": \"a@b.example\", \"n\": 2}",
            r#"{SendMail: {"to": "a@b.example", "n": 2}}"#,
            "SendMail(to='a@b.example', n=2)",
            r#""command": {"name": "SendMail", "args": {"to": "a@b.example", "n": 2}}}"#,
        ] {
            assert_eq!(call(action), expected, "{action}");
        }
    }

    #[test]
    fn several_calls_stand_each_in_a_line() {
        let acts = acts("Off: {\"id\": 1}\nOff: {\"id\": 2}\n");
        assert_eq!(acts.len(), 2);
        assert!(acts.contains(&Act::Call {
            name: "Off",
            input: json!({"id": 2})
        }));
        assert_eq!(super::acts(""), []);
    }

    #[test]
    fn arguments_that_are_no_literal_stay_text() {
        let input = r#"{"amount": 10000/2800.45}"#;
        assert_eq!(call(&format!("Pay: {input}")), ("Pay".into(), input.into()));
        assert_eq!(call("Check(age < 3)"), ("Check".into(), "age < 3".into()));
    }

    #[test]
    fn short_commands_are_acts_and_sentences_are_replies() {
        assert_eq!(call("ListOrders"), ("ListOrders".into(), json!({})));
        assert_eq!(call("click <Allow>"), ("click".into(), "<Allow>".into()));
        assert_eq!(call(":wq"), ("act".into(), ":wq".into()));
        assert_eq!(
            call("```bash\ndate\n```"),
            ("bash".into(), json!({"command": "date"}))
        );
        for reply in [
            "Final Answer: All done",
            " The folder has been shared",
            "I cannot do that.",
            "What's it about?",
            "```c\nint main;\n```",
            "Yes, here is the list:\n- one\n- two",
        ] {
            assert!(matches!(act(reply), Act::Reply(_)), "{reply}");
        }
        assert_eq!(act(""), Act::Reply(""));
        assert_eq!(act("Final Answer: x"), Act::Reply("x"));
    }
}
