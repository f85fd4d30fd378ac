//! Home directories, shortened to `~`.

use std::borrow::Cow;

/// Replaces `from` where it stands as a whole leading part of a path.
pub(super) fn replace_prefix<'a>(text: Cow<'a, str>, from: &str, to: &str) -> Cow<'a, str> {
    if from.is_empty() || !text.contains(from) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split(from).peekable();
    let mut before: Option<char> = None;
    while let Some(part) = parts.next() {
        out.push_str(part);
        let Some(next) = parts.peek() else { break };
        before = part.chars().next_back().or(before);
        let whole = !before.is_some_and(char::is_alphanumeric)
            && !next.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        out.push_str(if whole { to } else { from });
        before = from.chars().next_back();
    }
    Cow::Owned(out)
}

/// Shortens `/home/NAME` and `/Users/NAME`, and the same as Claude Code writes folder names.
pub(super) fn any_home(text: Cow<'_, str>) -> Cow<'_, str> {
    const ROOTS: [(&str, char, &str); 5] = [
        ("/home/", '/', "~"),
        ("/Users/", '/', "~"),
        ("\\Users\\", '\\', "~"),
        ("projects/-home-", '-', "projects/-~"),
        ("projects/-Users-", '-', "projects/-~"),
    ];
    let mut text = text;
    for (root, end, to) in ROOTS {
        if !text.contains(root) {
            continue;
        }
        let mut out = String::with_capacity(text.len());
        let mut rest: &str = &text;
        while let Some((before, after)) = rest.split_once(root) {
            let name = after
                .find(|c: char| c == end || !(c.is_alphanumeric() || "._-".contains(c)))
                .unwrap_or(after.len());
            let inside = before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
            let (_, behind) = after.split_at_checked(name).unwrap_or(("", after));
            if name == 0 || (inside && root.starts_with('/')) {
                out.push_str(before);
                out.push_str(root);
                rest = after;
            } else {
                // `C:\Users\NAME`: the drive goes too.
                out.push_str(before.strip_suffix("C:").unwrap_or(before));
                out.push_str(to);
                rest = behind;
            }
        }
        out.push_str(rest);
        text = Cow::Owned(out);
    }
    text
}
