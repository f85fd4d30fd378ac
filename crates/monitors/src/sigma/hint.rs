//! Makes rules cheap to rule out.
//!
//! The evaluator tries a rule on an event only if one of the words that the rule needs occurs in
//! it. It cannot tell the words of a regular expression that disregards case, and would try such a
//! rule on every event. So each such expression gets its words beside it, as a condition that
//! holds wherever the expression matches.

use regex_syntax::hir::{Hir, HirKind};
use rsigma_parser::{
    Detection, DetectionItem, Detections, FieldSpec, Modifier, SigmaString, SigmaValue,
};

/// Words shorter than this rule out too little.
const SHORTEST: usize = 3;

/// Adds the words that the expressions of a rule need.
pub(super) fn add_hints(detections: &mut Detections) {
    for detection in detections.named.values_mut() {
        add_to(detection);
    }
}

fn add_to(detection: &mut Detection) {
    match detection {
        Detection::AllOf(items) => {
            let hints: Vec<DetectionItem> = items.iter().filter_map(hint).collect();
            items.extend(hints);
        }
        Detection::AnyOf(parts) | Detection::And(parts) => parts.iter_mut().for_each(add_to),
        _ => {}
    }
}

/// The condition that holds wherever the item does, if the item disregards case and has one.
fn hint(item: &DetectionItem) -> Option<DetectionItem> {
    let known = [
        Modifier::Re,
        Modifier::IgnoreCase,
        Modifier::Multiline,
        Modifier::DotAll,
    ];
    let modifiers = &item.field.modifiers;
    if !modifiers.contains(&Modifier::Re) || !modifiers.iter().all(|m| known.contains(m)) {
        return None;
    }
    let mut words = Vec::new();
    let mut any_case = modifiers.contains(&Modifier::IgnoreCase);
    for value in &item.values {
        let SigmaValue::String(pattern) = value else {
            return None;
        };
        let (ignores_case, rest) = without_flags(&pattern.original);
        any_case |= ignores_case;
        words.extend(needed_words(rest)?);
    }
    if !any_case || words.is_empty() || words.iter().any(|w| w.len() < SHORTEST) {
        return None;
    }
    words.sort_unstable();
    words.dedup();
    Some(DetectionItem {
        field: FieldSpec::new(item.field.name.clone(), vec![Modifier::Contains]),
        values: words
            .iter()
            .map(|word| SigmaValue::String(SigmaString::from_raw(word)))
            .collect(),
    })
}

/// Whether a pattern begins with a flag that disregards case, and the pattern without its flags.
fn without_flags(pattern: &str) -> (bool, &str) {
    let flags = pattern
        .strip_prefix("(?")
        .and_then(|rest| rest.split_once(')'))
        .filter(|(flags, _)| flags.bytes().all(|b| b.is_ascii_lowercase()));
    match flags {
        Some((flags, rest)) => (flags.contains('i'), rest),
        None => (false, pattern),
    }
}

fn needed_words(pattern: &str) -> Option<Vec<String>> {
    words_of(&regex_syntax::parse(pattern).ok()?)
}

/// Words of which one occurs in every match. The depth is that of a parsed expression, which the
/// parser bounds.
fn words_of(expression: &Hir) -> Option<Vec<String>> {
    match expression.kind() {
        HirKind::Literal(literal) => {
            let word = std::str::from_utf8(&literal.0).ok()?;
            // Upper and lower case of other letters are not one to one.
            (!word.is_empty() && word.is_ascii()).then(|| vec![word.to_ascii_lowercase()])
        }
        HirKind::Concat(parts) => parts
            .iter()
            .filter_map(words_of)
            .max_by_key(|words| words.iter().map(String::len).min()),
        HirKind::Alternation(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(words_of(part)?);
            }
            Some(all)
        }
        HirKind::Repetition(repetition) if repetition.min >= 1 => words_of(&repetition.sub),
        HirKind::Capture(capture) => words_of(&capture.sub),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(pattern: &str) -> Option<Vec<String>> {
        needed_words(without_flags(pattern).1)
    }

    #[test]
    fn words_occur_in_every_match() {
        for (pattern, expected) in [
            ("(?i)xmrig|stratum", Some(vec!["xmrig", "stratum"])),
            (r"(?i)\bfoo(bar|baz)?\d+", Some(vec!["foo"])),
            (r"(?is)a.*(Secret|TOKEN)", Some(vec!["secret", "token"])),
            (r"(?i)\d+", None),
            (r"(?i)(secret)?", None),
        ] {
            let expected =
                expected.map(|words| words.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(words(pattern), expected, "{pattern}");
        }
    }
}
