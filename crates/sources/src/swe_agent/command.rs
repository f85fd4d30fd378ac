//! The text of an action, from which the harness's own commands are told from the shell's.

use proctor_model::ToolCall;
use serde_json::{Map, Value, json};

/// Reads an action as a call: of one of the harness's commands, or of `bash`.
pub(super) fn call(action: &str) -> ToolCall {
    let action = action.trim_end();
    let (name, input) =
        own_command(action.trim_start()).unwrap_or_else(|| ("bash", json!({ "command": action })));
    ToolCall {
        id: String::new(),
        name: name.to_owned(),
        input,
    }
}

/// A command that the harness adds to the shell, with its arguments by name.
fn own_command(action: &str) -> Option<(&'static str, Value)> {
    let name = action.split(char::is_whitespace).next()?;
    let rest = action.get(name.len()..)?.trim_start();
    let named = |name, keys: &[&str]| Some((name, arguments(rest, keys)));
    match name {
        "open" => named("open", &["path", "line_number"]),
        "goto" => named("goto", &["line_number"]),
        "scroll_up" => named("scroll_up", &[]),
        "scroll_down" => named("scroll_down", &[]),
        "create" => named("create", &["filename"]),
        "find_file" => named("find_file", &["file_name", "dir"]),
        "search_dir" => named("search_dir", &["search_term", "dir"]),
        "search_file" => named("search_file", &["search_term", "file"]),
        "filemap" => named("filemap", &["file_path"]),
        "view_image" => named("view_image", &["image_file"]),
        "submit" => Some(("submit", handed_in(rest))),
        "exit_forfeit" => named("exit_forfeit", &[]),
        "edit" => Some(("edit", edit(rest))),
        "insert" => Some(("insert", insert(rest))),
        "str_replace_editor" => named("str_replace_editor", &["command", "path"]),
        _ => None,
    }
}

/// What was handed in: nothing, or a flag.
fn handed_in(rest: &str) -> Value {
    if rest.is_empty() {
        json!({})
    } else {
        json!({ "submission": rest })
    }
}

/// An edit: of lines, `1:9` and then text up to `end_of_edit`; or of words, `SEARCH REPLACE ALL`.
fn edit(rest: &str) -> Value {
    let (first, text) = rest.split_once('\n').unwrap_or((rest, ""));
    let lines = first.trim().split_once(':');
    if let Some((Ok(from), Ok(to))) = lines.map(|(a, b)| (a.parse::<u64>(), b.parse::<u64>())) {
        return json!({ "start_line": from, "end_line": to, "text": until(text, "end_of_edit") });
    }
    match words(rest).as_slice() {
        [_, _] | [_, _, _] => arguments(rest, &["search", "replace", "replace-all"]),
        _ => json!({ "text": until(rest, "end_of_edit") }),
    }
}

/// An insertion: a line number and then text up to `end_of_insert`, or `TEXT LINE`.
fn insert(rest: &str) -> Value {
    let (first, text) = rest.split_once('\n').unwrap_or((rest, ""));
    match first.trim().parse::<u64>() {
        Ok(line) => json!({ "line": line, "text": until(text, "end_of_insert") }),
        Err(_) => arguments(rest, &["text", "line"]),
    }
}

/// The text before a line that is `mark`, or all of it.
fn until<'t>(text: &'t str, mark: &str) -> &'t str {
    let text = text.trim_end();
    text.strip_suffix(mark)
        .map_or(text, |text| text.strip_suffix('\n').unwrap_or(text))
}

/// Arguments of a command line by name: those without a name in this order, and `--name value`.
fn arguments(rest: &str, keys: &[&str]) -> Value {
    let mut input = Map::new();
    let mut keys = keys.iter();
    let mut words = words(rest).into_iter();
    while let Some(word) = words.next() {
        let (key, value) = match word.strip_prefix("--") {
            Some(name) if !name.is_empty() => (name.to_owned(), words.next().unwrap_or_default()),
            _ => match keys.next() {
                Some(key) => ((*key).to_owned(), word),
                None => ("rest".to_owned(), word),
            },
        };
        input.insert(key, value.into());
    }
    Value::Object(input)
}

/// The words of a command line, without their quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '\\') => word.get_or_insert_default().extend(chars.next()),
            (Some('"'), '\\') => {
                let escaped = chars.next_if(|c| matches!(c, '"' | '\\' | '$' | '`'));
                word.get_or_insert_default().push(escaped.unwrap_or(c));
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(action: &str) -> (String, Value) {
        let call = call(action);
        (call.name, call.input)
    }

    #[test]
    fn the_harness_has_commands_of_its_own() {
        for (action, name, input) in [
            (
                "open src/a.py 12\n",
                "open",
                json!({"path": "src/a.py", "line_number": "12"}),
            ),
            ("create 'a b.py'", "create", json!({"filename": "a b.py"})),
            ("submit", "submit", json!({})),
            (
                "submit flag{x y}",
                "submit",
                json!({"submission": "flag{x y}"}),
            ),
            (
                "edit 1:2\nif x:\n    y\nend_of_edit\n",
                "edit",
                json!({"start_line": 1, "end_line": 2, "text": "if x:\n    y"}),
            ),
            (
                "edit 3:4\nend_of_edit",
                "edit",
                json!({"start_line": 3, "end_line": 4, "text": ""}),
            ),
            (
                "edit 'a: b' \"c \\\"d\\\"\" False",
                "edit",
                json!({"search": "a: b", "replace": "c \"d\"", "replace-all": "False"}),
            ),
            (
                "str_replace_editor create /x.py --file_text 'it'\"'\"'s\n'",
                "str_replace_editor",
                json!({"command": "create", "path": "/x.py", "file_text": "it's\n"}),
            ),
        ] {
            assert_eq!(read(action), (name.to_owned(), input), "{action}");
        }
    }

    #[test]
    fn everything_else_is_for_the_shell() {
        for action in [
            "python x.py && open_it",
            "opening",
            "git commit -m 'submit'",
        ] {
            assert_eq!(read(action), ("bash".into(), json!({ "command": action })));
        }
    }
}
