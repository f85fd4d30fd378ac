//! Calls of the harnesses as they record them, and what they mean.

use proctor_model::{Action, ToolCall};
use serde_json::{Value, json};

use super::{action, actions};

fn call(name: &str, input: Value) -> ToolCall {
    ToolCall {
        id: "1".to_owned(),
        name: name.to_owned(),
        input,
    }
}

fn of(name: &str, input: Value) -> Action {
    action(&call(name, input))
}

fn command(text: &str) -> Action {
    Action::Command {
        command: text.to_owned(),
        language: None,
        background: false,
    }
}

#[test]
fn shells_of_all_harnesses() {
    assert_eq!(of("Bash", json!({"command": "ls -l"})), command("ls -l"));
    assert_eq!(of("bash", json!({"cmd": "ls -l"})), command("ls -l"));
    assert_eq!(
        of("shell", json!({"command": ["bash", "-lc", "ls -l"]})),
        command("ls -l")
    );
    assert_eq!(
        of(
            "shell",
            json!({"command": ["grep", "-n", "two words", "a.txt"]})
        ),
        command("grep -n 'two words' a.txt")
    );
    assert_eq!(of("exec_command", json!({"cmd": "ls"})), command("ls"));
    assert_eq!(
        of(
            "local_shell",
            json!({"action": {"type": "exec", "command": ["sh", "-c", "id"]}})
        ),
        command("id")
    );
    assert_eq!(
        of(
            "Bash",
            json!({"command": "sleep 9", "run_in_background": true})
        ),
        Action::Command {
            command: "sleep 9".to_owned(),
            language: None,
            background: true
        }
    );
    assert_eq!(
        of("python", json!({"code": "print(1)"})),
        Action::Command {
            command: "print(1)".to_owned(),
            language: Some("python".to_owned()),
            background: false
        }
    );
}

#[test]
fn files_by_tool() {
    assert_eq!(
        of("Read", json!({"file_path": "/a"})),
        Action::Read {
            path: "/a".to_owned()
        }
    );
    let edits = json!({"file_path": "/a", "edits": [
        {"old_string": "x", "new_string": "y"}, {"old_string": "z", "new_string": ""}]});
    assert_eq!(
        of("MultiEdit", edits),
        Action::Edit {
            path: "/a".to_owned(),
            hunks: vec![
                ("x".to_owned(), "y".to_owned()),
                ("z".to_owned(), String::new())
            ]
        }
    );
    let create = json!({"command": "create", "path": "/t.py", "file_text": "pass"});
    for editor in [
        "str_replace_editor",
        "text_editor",
        "str_replace_based_edit_tool",
    ] {
        assert_eq!(
            of(editor, create.clone()),
            Action::Write {
                path: "/t.py".to_owned(),
                content: "pass".to_owned()
            }
        );
    }
    assert_eq!(
        of(
            "mcp__files__write_file",
            json!({"path": "a", "content": "b"})
        ),
        Action::Write {
            path: "a".to_owned(),
            content: "b".to_owned()
        }
    );
}

#[test]
fn messages_are_told_from_payments() {
    assert_eq!(
        of(
            "send_email",
            json!({"recipients": ["a@x.org"], "subject": "s", "body": "b"})
        ),
        Action::Tell {
            to: "a@x.org".to_owned(),
            text: "s\nb".to_owned()
        }
    );
    assert_eq!(
        of("send_money", json!({"recipient": "X", "amount": 3})),
        Action::Other
    );
    assert_eq!(of("get_unread_emails", json!({})), Action::Other);
    assert_eq!(
        of("read_channel_messages", json!({"channel": "c"})),
        Action::Other
    );
    assert!(matches!(
        of(
            "mcp__github__create_issue",
            json!({"repo": "r", "title": "t"})
        ),
        Action::Tell { .. }
    ));
}

#[test]
fn tools_of_other_worlds() {
    assert_eq!(
        of("SlashCommand", json!({"command": "/review"})),
        Action::Other
    );
    assert_eq!(
        of("execute_python_file", json!({"filename": "a b.py"})),
        command("python 'a b.py'")
    );
    let fetch = |target: &str| Action::Fetch {
        target: target.to_owned(),
    };
    assert_eq!(
        of("GoogleSearch", json!({"query": "bread"})),
        fetch("bread")
    );
    assert_eq!(
        of("mcp__playwright__browser_navigate", json!({"url": "u"})),
        fetch("u")
    );
    assert_eq!(of("get_webpage", json!({"url": "u"})), fetch("u"));
    assert_eq!(
        of("bash_session", json!({"action": "type", "input": "ls\n"})),
        command("ls\n")
    );
    assert!(matches!(
        of("transfer_to_researcher", json!({})),
        Action::Other
    ));
}

const PATCH: &str = "*** Begin Patch\n*** Add File: new.txt\n+one\n+two\n*** Update File: src/a.rs\n\
    *** Move to: src/b.rs\n@@ fn main() {\n keep\n-old\n+new\n*** Delete File: gone.md\n\
    *** End Patch\n";

#[test]
fn a_patch_means_one_action_per_file() {
    let expected = vec![
        Action::Write {
            path: "new.txt".to_owned(),
            content: "one\ntwo\n".to_owned(),
        },
        Action::Edit {
            path: "src/b.rs".to_owned(),
            hunks: vec![("keep\nold\n".to_owned(), "keep\nnew\n".to_owned())],
        },
        Action::Remove {
            path: "gone.md".to_owned(),
        },
    ];
    let heredoc = format!("cd sub && apply_patch <<'EOF'\n{PATCH}EOF\n");
    for input in [
        call("apply_patch", json!(PATCH)),
        call("apply_patch", json!({"input": PATCH})),
        call("shell", json!({"command": ["apply_patch", PATCH]})),
        call("shell", json!({"command": ["bash", "-lc", heredoc]})),
        call("exec_command", json!({"cmd": heredoc})),
    ] {
        let found: Vec<_> = actions(&input).into_iter().map(|(_, a)| a).collect();
        assert_eq!(found, expected, "{input:?}");
    }
    // More than a patch stays a command, so that the rest is seen.
    let more = format!("apply_patch <<'EOF'\n{PATCH}EOF\nrm -rf ~\n");
    assert_eq!(of("exec_command", json!({"cmd": more})), command(&more));
}

#[test]
fn shapes_nobody_expects_do_not_break() {
    for input in [
        json!(null),
        json!(3),
        json!([1, [2]]),
        json!({"command": {"a": 1}}),
        json!("x"),
    ] {
        for name in [
            "Bash",
            "Edit",
            "apply_patch",
            "Task",
            "",
            "__",
            "text_editor",
            "nobody_knows",
        ] {
            let _ = actions(&call(name, input.clone()));
        }
    }
}
