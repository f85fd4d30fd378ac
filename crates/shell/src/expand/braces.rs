//! Brace expansion: `{a,b}` and `{1..5}`.

use std::ops::Range;

/// The words that a raw word's braces make, raw again; `None` where it has none, or where they
/// would make more than `limit`. `fuel` is how many bytes may still be looked at.
pub(crate) fn expand(raw: &str, limit: usize, fuel: &mut usize) -> Option<Vec<String>> {
    if !raw.contains('{') || !(raw.contains(',') || raw.contains("..")) {
        return None;
    }
    let mut done = Vec::new();
    let mut todo = vec![raw.to_owned()];
    let mut changed = false;
    while let Some(word) = todo.pop() {
        if let Some((range, alternatives)) = first(&word, limit, fuel) {
            changed = true;
            if done.len() + todo.len() + alternatives.len() > limit {
                return None;
            }
            let before = word.get(..range.start).unwrap_or_default();
            let after = word.get(range.end..).unwrap_or_default();
            for alternative in alternatives.iter().rev() {
                todo.push(format!("{before}{alternative}{after}"));
            }
        } else {
            done.push(word);
        }
    }
    changed.then_some(done)
}

/// The first brace expression outside quotes, and what it stands for.
fn first(raw: &str, limit: usize, fuel: &mut usize) -> Option<(Range<usize>, Vec<String>)> {
    let mut at = 0;
    while let Some(byte) = raw.as_bytes().get(at) {
        *fuel = fuel.checked_sub(1)?;
        match byte {
            b'{' => {
                if let Some(found) = alternatives(raw, at, limit, fuel) {
                    return Some(found);
                }
                at += 1;
            }
            _ => at = skip(raw, at),
        }
    }
    None
}

/// The end of the quoted part, variable or byte that begins at `at`.
fn skip(raw: &str, at: usize) -> usize {
    let rest = raw.get(at + 1..).unwrap_or_default();
    match raw.as_bytes().get(at) {
        Some(b'\\') => at + 1 + rest.chars().next().map_or(0, char::len_utf8),
        Some(quote @ (b'\'' | b'"' | b'`')) => {
            let mut bytes = rest.bytes().enumerate();
            while let Some((index, byte)) = bytes.next() {
                if byte == *quote {
                    return at + index + 2;
                }
                if byte == b'\\' && *quote != b'\'' {
                    bytes.next();
                }
            }
            raw.len()
        }
        Some(b'$') => match rest.bytes().next() {
            Some(open @ (b'{' | b'(')) => {
                let close = if open == b'{' { b'}' } else { b')' };
                let mut depth = 0usize;
                for (index, byte) in rest.bytes().enumerate() {
                    if byte == open {
                        depth += 1;
                    } else if byte == close {
                        depth -= 1;
                        if depth == 0 {
                            return at + index + 2;
                        }
                    }
                }
                raw.len()
            }
            _ => at + 1,
        },
        _ => {
            let mut end = at + 1;
            while !raw.is_char_boundary(end) {
                end += 1;
            }
            end
        }
    }
}

/// What the brace at `start` stands for; `None` where it stands for itself.
fn alternatives(
    raw: &str,
    start: usize,
    limit: usize,
    fuel: &mut usize,
) -> Option<(Range<usize>, Vec<String>)> {
    let mut parts = Vec::new();
    let mut part = start + 1;
    let mut at = part;
    let mut depth = 0usize;
    loop {
        *fuel = fuel.checked_sub(1)?;
        match raw.as_bytes().get(at)? {
            b'{' => {
                depth += 1;
                at += 1;
            }
            b'}' if depth > 0 => {
                depth -= 1;
                at += 1;
            }
            b',' if depth == 0 => {
                parts.push(raw.get(part..at)?.to_owned());
                if parts.len() > limit {
                    return None;
                }
                at += 1;
                part = at;
            }
            b'}' => {
                let last = raw.get(part..at)?;
                let range = start..at + 1;
                if parts.is_empty() {
                    return Some((range, sequence(last, limit)?));
                }
                parts.push(last.to_owned());
                return Some((range, parts));
            }
            b' ' | b'\t' | b'\n' => return None,
            _ => at = skip(raw, at),
        }
    }
}

/// `1..5`, `a..e`, `1..10..2`.
fn sequence(text: &str, limit: usize) -> Option<Vec<String>> {
    let mut parts = text.split("..");
    let (from, to) = (parts.next()?, parts.next()?);
    let step = match parts.next() {
        Some(step) => step.parse::<i64>().ok()?.unsigned_abs().max(1),
        None => 1,
    };
    if parts.next().is_some() {
        return None;
    }
    let width = match (from.starts_with('0'), to.starts_with('0')) {
        (false, false) => 0,
        _ => from.len().max(to.len()),
    };
    let single = |text: &str| {
        let mut chars = text.chars();
        chars
            .next()
            .filter(|c| c.is_ascii_alphabetic() && chars.next().is_none())
    };
    let (first, last, letters) = match (single(from), single(to)) {
        (Some(a), Some(b)) => (i64::from(u32::from(a)), i64::from(u32::from(b)), true),
        _ => (from.parse().ok()?, to.parse::<i64>().ok()?, false),
    };
    let count = first.abs_diff(last) / step + 1;
    if count > limit as u64 {
        return None;
    }
    let step = i64::try_from(step).ok()?;
    let step = if first <= last { step } else { -step };
    let mut value = first;
    let mut words = Vec::new();
    for _ in 0..count {
        words.push(if letters {
            u8::try_from(value).ok().map(char::from)?.to_string()
        } else {
            format!("{value:0width$}")
        });
        value = value.checked_add(step)?;
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, words: &[&str]) {
        assert_eq!(
            expand(raw, 64, &mut 10_000).unwrap_or_default(),
            words,
            "{raw}"
        );
    }

    #[test]
    fn lists_and_sequences() {
        check("{curl,-s,URL}", &["curl", "-s", "URL"]);
        check("a{b,c}d{e,f}", &["abde", "abdf", "acde", "acdf"]);
        check("{a,{b,c}}", &["a", "b", "c"]);
        check("{3..1}", &["3", "2", "1"]);
        check("{08..10}", &["08", "09", "10"]);
        check("{a..e..2}", &["a", "c", "e"]);
        check("{,x}", &["", "x"]);
    }

    #[test]
    fn braces_that_mean_themselves() {
        for raw in [
            "{}",
            "{a}",
            "'{a,b}'",
            "\"{a,b}\"",
            "\\{a,b}",
            "${a,b}",
            "{1..9999}",
            "{a,b",
        ] {
            assert_eq!(expand(raw, 64, &mut 10_000), None, "{raw}");
        }
    }
}
