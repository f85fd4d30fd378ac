//! Commands whose output is known from their words and input: `echo`, `cat`, `base64 -d` and such.

use crate::Layer;
use crate::escape;
use crate::expand::Word;
use crate::run::{Content, Run, Scope};

/// What a command prints; `None` where only a run would tell.
pub(crate) fn output(
    run: &mut Run,
    program: &str,
    operands: &[Word],
    scope: &Scope,
) -> Option<Content> {
    if operands.iter().any(|w| w.dynamic) && program != "echo" && program != "printf" {
        return None;
    }
    match program {
        "echo" => echo(operands),
        "cat" => cat(run, operands, scope),
        "true" | ":" | "cd" | "mkdir" | "sleep" | "chmod" | "rm" | "touch" => {
            Some(Content::default())
        }
        _ => None,
    }
}

fn echo(operands: &[Word]) -> Option<Content> {
    let mut escapes = false;
    let mut newline = true;
    let mut operands = operands.iter().peekable();
    while let Some(flags) = operands.peek().and_then(|w| w.text.strip_prefix('-'))
        && !flags.is_empty()
        && flags.bytes().all(|b| b"neE".contains(&b))
    {
        newline &= !flags.contains('n');
        escapes |= flags.contains('e');
        operands.next();
    }
    let mut content = Content::default();
    for (index, word) in operands.enumerate() {
        if index > 0 {
            content.bytes.push(b' ');
        }
        content.layers.extend(word.layers.iter().cloned());
        if escapes {
            let (bytes, hidden) = escape::bytes(&word.text);
            content.bytes.extend(bytes);
            if hidden {
                content.layers.push(Layer::Decoded("escapes".to_owned()));
            }
        } else {
            content.bytes.extend_from_slice(word.text.as_bytes());
        }
    }
    if newline {
        content.bytes.push(b'\n');
    }
    Some(content)
}

fn cat(run: &Run, operands: &[Word], scope: &Scope) -> Option<Content> {
    let files: Vec<&str> = operands
        .iter()
        .map(|w| w.text.as_str())
        .filter(|w| !w.starts_with('-') || *w == "-")
        .collect();
    if files.is_empty() {
        return scope.stdin.clone();
    }
    let mut all = Content::default();
    for file in files {
        let content = run.known_file(file, scope)?;
        all.bytes.extend(content.bytes);
        all.layers.extend(content.layers);
    }
    Some(all)
}

/// The characters of a set such as `a-z_`.
pub(crate) fn character_set(set: &str) -> Vec<char> {
    let mut out = Vec::new();
    let mut chars = set.chars().peekable();
    while let Some(c) = chars.next() {
        let mut ahead = chars.clone();
        if ahead.next() == Some('-')
            && let Some(last) = ahead.next()
            && c <= last
            && (last as u32 - c as u32) < 256
        {
            out.extend(c..=last);
            chars = ahead;
        } else {
            out.push(c);
        }
    }
    out
}
