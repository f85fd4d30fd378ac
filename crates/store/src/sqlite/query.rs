//! What a person types into a search, as a query of FTS5.

/// The query; nothing where it has no words. Every word is quoted, so that nothing in it is taken
/// for an operator.
pub(super) fn fts(typed: &str) -> Option<String> {
    let mut terms = Vec::new();
    for (index, part) in typed.split('"').enumerate() {
        if index % 2 == 1 {
            terms.extend(term(part));
        } else {
            terms.extend(part.split_whitespace().filter_map(term));
        }
    }
    (!terms.is_empty()).then(|| terms.join(" "))
}

fn term(words: &str) -> Option<String> {
    let any_ending = words.ends_with('*');
    let words = words.trim_end_matches('*');
    // A string without any word in it would match nothing, and with it the whole query.
    words.chars().any(char::is_alphanumeric).then(|| {
        let ending = if any_ending { "*" } else { "" };
        format!("\"{}\"{ending}", words.replace(['"', '\0'], " "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_phrases_and_endings() {
        assert_eq!(fts("rm -rf").as_deref(), Some(r#""rm" "-rf""#));
        assert_eq!(fts(r#"a "b c" d*"#).as_deref(), Some(r#""a" "b c" "d"*"#));
        assert_eq!(fts(r#"a AND ("#).as_deref(), Some(r#""a" "AND""#));
        assert_eq!(fts(r#" " - ( "#), None);
    }
}
