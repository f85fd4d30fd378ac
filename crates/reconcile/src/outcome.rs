//! How a tool call ended, read from its result.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use proctor_model::{Outcome, ToolResult};

/// What a harness says instead of a result when a person or a rule refused.
static REFUSED: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build([
            "doesn't want to proceed with this tool use",
            "the tool use was rejected",
            "permission to use ",
            "user rejected",
            "rejected by user",
            "denied by user",
            "user denied",
            "requested permissions to ",
            "this command requires approval",
            "was blocked. for security",
            "blocked by hook",
            "hook denied",
            "denied by policy",
            "blocked by policy",
        ])
        .ok()
});

/// What the operating system or a service says when it refuses.
static FORBIDDEN: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build([
            "permission denied",
            "operation not permitted",
            "read-only file system",
            "access denied",
            "accessdenied",
            "is not in the sudoers file",
            "a password is required",
            "403 forbidden",
            "401 unauthorized",
            "not authorized to perform",
            "protected branch",
        ])
        .ok()
});

/// How much of a result's beginning and end is looked at, in bytes.
const WINDOW: usize = 2048;

/// How the call ended. A result that says nothing of failure counts as [`Outcome::Ok`].
pub fn outcome(result: Option<&ToolResult>) -> Outcome {
    let Some(result) = result else {
        return Outcome::Unknown;
    };
    if result.refused {
        return Outcome::Refused;
    }
    if result.interrupted {
        return Outcome::Interrupted;
    }
    let head = head(&result.text);
    let exit = exit_code(result);
    let failed = match (result.is_error, exit) {
        (Some(true), _) => true,
        (_, Some(code)) => code != 0,
        (Some(false), None) => false,
        (None, None) => says_error(head),
    };
    if !failed {
        return Outcome::Ok;
    }
    // A process that ran and exited was refused by no harness, whatever it printed.
    let refused = exit.is_none() && matches(&REFUSED, head);
    if refused || matches(&FORBIDDEN, head) || matches(&FORBIDDEN, tail(&result.text)) {
        return Outcome::Refused;
    }
    if head.starts_with("[Request interrupted by user") {
        return Outcome::Interrupted;
    }
    Outcome::Failed
}

/// The exit status, from the recording's own field or from the words that harnesses put around
/// the output.
pub(crate) fn exit_code(result: &ToolResult) -> Option<i32> {
    if result.exit_code.is_some() {
        return result.exit_code;
    }
    let prefixes = [
        "Exit code ",
        "Exit code: ",
        "Process exited with code ",
        "<exit_code>",
    ];
    for line in head(&result.text).lines().take(8) {
        if let Some(rest) = prefixes.iter().find_map(|prefix| line.strip_prefix(prefix)) {
            let end = rest.find(|c: char| c != '-' && !c.is_ascii_digit());
            return rest.get(..end.unwrap_or(rest.len()))?.parse().ok();
        }
    }
    None
}

fn says_error(head: &str) -> bool {
    let head = head.trim_start();
    [
        "Error:",
        "error:",
        "ERROR:",
        "<tool_use_error>",
        "Traceback (most recent call last)",
    ]
    .iter()
    .any(|p| head.starts_with(p))
}

fn matches(words: &LazyLock<Option<AhoCorasick>>, text: &str) -> bool {
    words.as_ref().is_some_and(|w| w.is_match(text))
}

fn head(text: &str) -> &str {
    text.get(..text.floor_char_boundary(WINDOW)).unwrap_or(text)
}

fn tail(text: &str) -> &str {
    let from = text.ceil_char_boundary(text.len().saturating_sub(WINDOW));
    text.get(from..).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(text: &str, is_error: Option<bool>, exit_code: Option<i32>) -> ToolResult {
        ToolResult {
            text: text.to_owned(),
            is_error,
            exit_code,
            ..ToolResult::default()
        }
    }

    #[test]
    fn tells_how_calls_ended() {
        for (text, is_error, exit_code, expected) in [
            ("fine", None, None, Outcome::Ok),
            ("fine", Some(false), None, Outcome::Ok),
            ("", None, Some(0), Outcome::Ok),
            ("ls: cannot access 'x'", None, Some(2), Outcome::Failed),
            ("Exit code 1\nboom", Some(true), None, Outcome::Failed),
            (
                "Process exited with code 3\nOutput:",
                None,
                None,
                Outcome::Failed,
            ),
            ("Error: no such tool", None, None, Outcome::Failed),
            ("the log says Error: x", None, None, Outcome::Ok),
            (
                "bash: /etc/x: Permission denied",
                None,
                Some(1),
                Outcome::Refused,
            ),
            ("grep found Permission denied", None, Some(0), Outcome::Ok),
            (
                "The user doesn't want to proceed with this tool use. The tool use was rejected",
                Some(true),
                None,
                Outcome::Refused,
            ),
            (
                "Exit code 1\nrejected by user",
                Some(true),
                None,
                Outcome::Failed,
            ),
        ] {
            let result = result(text, is_error, exit_code);
            assert_eq!(outcome(Some(&result)), expected, "{text}");
        }
        assert_eq!(outcome(None), Outcome::Unknown);
        let refused = ToolResult {
            refused: true,
            ..ToolResult::default()
        };
        assert_eq!(outcome(Some(&refused)), Outcome::Refused);
    }
}
