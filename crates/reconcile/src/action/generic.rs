//! Tools of unknown harnesses: by the words in their name, then by the shape of their arguments.

use proctor_model::Action;

use super::args::Args;
use super::{code, command, edit, fetch, search};

/// The tool's name without the server or namespace in front of it.
pub(super) fn plain_name(name: &str) -> &str {
    let last = name.rsplit("__").next().unwrap_or(name);
    last.strip_prefix("functions.").unwrap_or(last)
}

/// Tools that tell by the words of their name what they do.
pub(super) fn by_name(words: &[String], args: Args<'_>) -> Option<Action> {
    let has = |any: &[&str]| words.iter().any(|word| any.contains(&word.as_str()));

    if has(&["bash", "shell", "terminal", "command", "cmd", "exec"])
        && let Some(action) = command(args)
    {
        return Some(action);
    }
    if has(&["python", "ipython", "jupyter", "code", "notebook"]) && args.has("code") {
        let language = args
            .text("language")
            .unwrap_or("python")
            .to_ascii_lowercase();
        return code(&language, args);
    }
    if has(&["python"]) && has(&["run", "execute", "exec"]) {
        return Some(Action::Command {
            command: format!("python {}", super::quote(&args.path()?)),
            language: None,
            background: false,
        });
    }
    if tells(&has) {
        return Some(tell(args));
    }
    if has(&[
        "file",
        "files",
        "directory",
        "directories",
        "folder",
        "folders",
        "document",
    ]) && let Some(action) = file(&has, args)
    {
        return Some(action);
    }
    if has(&NETWORK)
        && ["url", "uri", "query", "q", "link"]
            .iter()
            .any(|key| args.has(key))
    {
        return Some(fetch(args));
    }
    if has(&["subagent", "delegate", "handoff", "spawn"]) {
        return Some(Action::Spawn {
            agent: args
                .string(&["agent", "agent_type", "name", "to"])
                .unwrap_or_default(),
            prompt: args
                .string(&["prompt", "task", "message", "instructions", "input"])
                .unwrap_or_default(),
        });
    }
    if has(&["think", "todo", "todos", "plan", "planner", "scratchpad"]) {
        return Some(Action::Plan);
    }
    if has(&["submit", "finish", "final"]) && !has(&["form", "order", "payment", "request"]) {
        return Some(Action::Submit {
            text: args
                .string(&["answer", "submission", "text", "result"])
                .unwrap_or_default(),
        });
    }
    None
}

/// Words of tools that go to the network with an address or a query.
const NETWORK: [&str; 13] = [
    "url",
    "webpage",
    "website",
    "web",
    "browse",
    "browser",
    "http",
    "fetch",
    "navigate",
    "google",
    "bing",
    "duckduckgo",
    "internet",
];

/// Whether a tool of this name puts text before people.
fn tells(has: &impl Fn(&[&str]) -> bool) -> bool {
    let looks = [
        "get", "read", "list", "search", "delete", "remove", "view", "fetch", "draft",
    ];
    let sends = [
        "send",
        "reply",
        "notify",
        "publish",
        "forward",
        "respond",
        "broadcast",
        "announce",
    ];
    let sent = [
        "email",
        "emails",
        "mail",
        "gmail",
        "message",
        "messages",
        "dm",
        "sms",
        "chat",
        "slack",
        "notification",
        "post",
        "tweet",
        "blog",
        "comment",
        "invitation",
        "letter",
        "reply",
    ];
    let makes = [
        "create", "add", "open", "write", "update", "edit", "make", "compose", "submit",
    ];
    let made = [
        "issue",
        "pr",
        "pull",
        "comment",
        "review",
        "discussion",
        "tweet",
        "post",
        "message",
        "email",
        "blog",
        "invitation",
    ];
    let posts = has(&["post", "tweet"]) && has(&["message", "comment", "blog", "tweet", "slack"]);
    let invites = has(&["invite"]);
    !has(&looks) && (has(&sends) && has(&sent) || has(&makes) && has(&made) || posts || invites)
}

/// A message: to whom and what, by the usual names of such arguments.
fn tell(args: Args<'_>) -> Action {
    let to = args.string(&[
        "to",
        "recipients",
        "recipient",
        "channel",
        "channel_id",
        "user",
        "user_email",
        "email",
        "phone",
        "phone_number",
        "repo",
        "repository",
        "participants",
        "chat_id",
    ]);
    let parts = [
        "subject", "title", "body", "content", "message", "text", "comment", "payload",
    ];
    let text: Vec<_> = parts.iter().filter_map(|key| args.text(key)).collect();
    Action::Tell {
        to: to.unwrap_or_default(),
        text: text.join("\n"),
    }
}

fn file(has: &impl Fn(&[&str]) -> bool, args: Args<'_>) -> Option<Action> {
    if has(&["search", "list", "find", "grep", "glob", "tree"]) {
        return Some(search(args));
    }
    let path = args.path()?;
    Some(if has(&["delete", "remove", "move", "rename"]) {
        Action::Remove { path }
    } else if has(&[
        "edit", "replace", "patch", "insert", "append", "update", "modify",
    ]) {
        edit(args)
    } else if has(&["write", "create", "save", "put", "upload"]) {
        let content = args.string(&["content", "text", "data", "file_text", "body"]);
        Action::Write {
            path,
            content: content.unwrap_or_default(),
        }
    } else if has(&["read", "view", "open", "get", "cat", "show", "load"]) {
        Action::Read { path }
    } else {
        return None;
    })
}

/// Tools that tell by their arguments only.
pub(super) fn by_shape(args: Args<'_>) -> Option<Action> {
    if args.has("old_string") || args.has("old_str") {
        return Some(edit(args));
    }
    if (args.has("file_path") || args.has("path")) && args.text("content").is_some() {
        return Some(Action::Write {
            path: args.path()?,
            content: args.string(&["content"])?,
        });
    }
    if args.text("command").is_some_and(|c| c.contains(' ')) || args.text("cmd").is_some() {
        return command(args);
    }
    if args.text("url").is_some_and(|url| url.contains("://")) {
        return Some(fetch(args));
    }
    None
}
