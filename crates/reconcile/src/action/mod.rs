//! What a tool call means, whatever the harness names its tool.
//!
//! Three passes, first match wins: the tools of known harnesses by their exact names, then
//! tools that tell by the words in their name, then by the shape of their arguments. Arguments are
//! copied, never moved out of the call: observers get the call as it was recorded, and copying a
//! text costs a small part of what parsing it did.

mod args;
mod generic;
pub(crate) mod patch;

use proctor_model::{Action, ToolCall};

use args::Args;
use patch::{Change, FilePatch};

/// What the call means.
///
/// A call that changes several files at once (`apply_patch`) means several things; this is the
/// first of them. A [`Reconciler`](crate::Reconciler) makes a step of each.
pub fn action(call: &ToolCall) -> Action {
    match patch_text(call).map(patch::parse) {
        Some(files) => files
            .into_iter()
            .next()
            .map_or(Action::Other, |file| of_patch(file).1),
        None => single(call),
    }
}

/// All that the call means, with the part of the call's input each comes from; at least one.
/// `None` stands for the whole input.
pub(crate) fn actions(call: &ToolCall) -> Vec<(Option<String>, Action)> {
    let mut all: Vec<_> = match patch_text(call).map(patch::parse) {
        Some(files) => files.into_iter().map(of_patch).collect(),
        None => vec![(None, single(call))],
    };
    if all.is_empty() {
        all.push((None, Action::Other));
    }
    if let [(part, _)] = all.as_mut_slice() {
        *part = None;
    }
    all
}

/// The patch, if the call applies one in the `*** Begin Patch` format: as a tool of its own, or as
/// the only command of a shell call.
fn patch_text(call: &ToolCall) -> Option<&str> {
    let args = Args(&call.input);
    if call.name == "apply_patch" {
        return args
            .any(&["input", "patch", "content", "text"])
            .or(args.free());
    }
    let list = args
        .list("command")
        .or(args.list("cmd"))
        .or(args.list("argv"));
    let script = match list.as_deref() {
        Some(["apply_patch" | "applypatch", patch]) => return Some(patch),
        Some([shell, "-c" | "-lc", script]) if is_shell(shell) => script,
        Some(_) => return None,
        None => args.any(&["cmd", "command"])?,
    };
    patch::only_command(script)
}

fn of_patch(file: FilePatch) -> (Option<String>, Action) {
    let FilePatch { path, text, change } = file;
    let action = match change {
        Change::Add(content) => Action::Write { path, content },
        Change::Delete => Action::Remove { path },
        Change::Update(hunks) => Action::Edit { path, hunks },
    };
    (Some(text), action)
}

fn single(call: &ToolCall) -> Action {
    let args = Args(&call.input);
    let name = generic::plain_name(&call.name);
    known(&name.to_ascii_lowercase(), args)
        .or_else(|| generic::by_name(&crate::names::words(name), args))
        .or_else(|| generic::by_shape(args))
        .unwrap_or(Action::Other)
}

/// The tools of known harnesses, by name in lower case.
fn known(name: &str, args: Args<'_>) -> Option<Action> {
    Some(match name {
        // Shells: Claude Code, Codex, SWE-agent, Inspect.
        "bash" | "shell" | "shell_command" | "local_shell" | "local_shell_call"
        | "exec_command" | "container.exec" | "unified_exec" | "execute_bash" | "bash_session"
        | "run_command" | "powershell" => command(args)?,
        "write_stdin" => typed(args)?,
        "python" | "ipython" | "jupyter" | "code_interpreter" | "execute_python" => {
            code("python", args)?
        }
        "javascript" | "js_repl" | "node_repl" => code("node", args)?,

        // Files.
        "read" | "notebookread" | "view" | "view_image" | "open" => {
            Action::Read { path: args.path()? }
        }
        "write" | "create" => Action::Write {
            path: args.path()?,
            content: args
                .string(&["content", "file_text", "text"])
                .unwrap_or_default(),
        },
        "edit" | "multiedit" | "notebookedit" | "insert" => edit(args),
        "str_replace_editor" | "str_replace_based_edit_tool" | "text_editor" => editor(args)?,
        "glob" | "grep" | "ls" | "search_file" | "search_dir" | "find_file" | "grep_files"
        | "list_dir" | "toolsearch" => search(args),

        // Network.
        "webfetch" | "websearch" | "web_search" | "web_search_call" | "web_browser_go" => {
            fetch(args)
        }

        // Agents and plans.
        "task" | "agent" | "spawn_agent" => Action::Spawn {
            agent: args
                .string(&["subagent_type", "agent_type", "agent", "name"])
                .unwrap_or_default(),
            prompt: args
                .string(&["prompt", "message", "instructions", "task", "description"])
                .or_else(|| args.free().map(str::to_owned))
                .unwrap_or_default(),
        },
        "todowrite" | "todoread" | "exitplanmode" | "exit_plan_mode" | "enterplanmode"
        | "update_plan" | "think" | "taskcreate" | "taskupdate" | "tasklist" | "taskget" => {
            Action::Plan
        }
        // Prompts and questions of Claude Code that look like something else.
        "skill" | "slashcommand" | "askuserquestion" | "bashoutput" | "killshell" | "killbash" => {
            Action::Other
        }
        "submit" => Action::Submit {
            text: args
                .string(&["answer", "submission", "text", "result"])
                .or_else(|| args.free().map(str::to_owned))
                .unwrap_or_default(),
        },
        _ => return None,
    })
}

/// A command line, given as text or as a list of words.
fn command(args: Args<'_>) -> Option<Action> {
    const KEYS: [&str; 5] = ["command", "cmd", "script", "input", "argv"];
    // Codex's local shell keeps the words in an inner `action`.
    let args = args.object("action").unwrap_or(args);
    let text = KEYS.iter().find_map(|key| {
        args.list(key)
            .map(|words| from_words(&words))
            .or_else(|| args.text(key).map(str::to_owned))
    });
    Some(Action::Command {
        command: text.or_else(|| args.free().map(str::to_owned))?,
        language: None,
        background: args.flag("run_in_background") || args.flag("background"),
    })
}

/// The shell text that a list of words amounts to.
fn from_words(words: &[&str]) -> String {
    match words {
        [shell, "-c" | "-lc" | "-ic" | "-lic", script] if is_shell(shell) => (*script).to_owned(),
        _ => words.iter().map(|w| quote(w)).collect::<Vec<_>>().join(" "),
    }
}

fn is_shell(word: &str) -> bool {
    let name = word.rsplit('/').next().unwrap_or(word);
    matches!(name, "sh" | "bash" | "zsh" | "dash" | "ksh")
}

/// The word as a shell would have to be given it.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Text typed into a running program: a command line if it ends in a line end, and otherwise
/// nothing to judge.
fn typed(args: Args<'_>) -> Option<Action> {
    let text = args.any(&["chars", "input", "text"])?;
    Some(if text.trim().is_empty() {
        Action::Other
    } else {
        Action::Command {
            command: text.to_owned(),
            language: None,
            background: false,
        }
    })
}

fn code(language: &str, args: Args<'_>) -> Option<Action> {
    Some(Action::Command {
        command: args
            .string(&["code", "script", "source", "input", "cmd", "command"])
            .or_else(|| args.free().map(str::to_owned))?,
        language: Some(language.to_owned()),
        background: false,
    })
}

/// Edits of one file in the shapes of Claude Code and SWE-agent.
fn edit(args: Args<'_>) -> Action {
    let mut hunks: Vec<(String, String)> = args
        .objects("edits")
        .map(|e| {
            (
                e.string(OLD).unwrap_or_default(),
                e.string(NEW).unwrap_or_default(),
            )
        })
        .collect();
    if hunks.is_empty() {
        let new = args.string(NEW).or_else(|| args.free().map(str::to_owned));
        hunks.push((
            args.string(OLD).unwrap_or_default(),
            new.unwrap_or_default(),
        ));
    }
    Action::Edit {
        path: args.path().unwrap_or_default(),
        hunks,
    }
}

/// Names for the text that goes.
const OLD: &[&str] = &[
    "old_string",
    "old_str",
    "search",
    "old_text",
    "oldText",
    "old",
    "find",
];
/// Names for the text that comes.
const NEW: &[&str] = &[
    "new_string",
    "new_str",
    "new_source",
    "replace",
    "replacement_text",
    "insert_text",
    "new_text",
    "newText",
    "new",
    "text",
    "content",
    "code_edit",
    "diff",
    "patch",
];

/// The editor tool of Anthropic's models, under its several names.
fn editor(args: Args<'_>) -> Option<Action> {
    let path = args.path()?;
    Some(match args.text("command").unwrap_or_default() {
        "view" => Action::Read { path },
        "create" => Action::Write {
            path,
            content: args.string(&["file_text", "content"]).unwrap_or_default(),
        },
        "str_replace" | "insert" | "undo_edit" => edit(args),
        _ => return None,
    })
}

fn search(args: Args<'_>) -> Action {
    let what = args.any(&[
        "pattern",
        "query",
        "search_term",
        "file_name",
        "regex",
        "term",
    ]);
    let place = args.any(&["path", "dir", "directory", "dir_path", "file"]);
    Action::Search {
        query: match (what, place) {
            (Some(what), Some(place)) => format!("{what} {place}"),
            (one, other) => one.or(other).or(args.free()).unwrap_or_default().to_owned(),
        },
    }
}

fn fetch(args: Args<'_>) -> Action {
    // Codex's web search keeps the query in an inner `action`.
    let args = args.object("action").unwrap_or(args);
    Action::Fetch {
        target: args
            .string(&["url", "uri", "query", "q", "search_query", "link"])
            .or_else(|| args.free().map(str::to_owned))
            .unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
