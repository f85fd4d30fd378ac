//! Words of the names that people give to tools, targets and scripts.

/// The words of a name in lower case: `runTests-all.sh` is `run tests all sh`.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for c in name.chars().take(200) {
        let camel = c.is_uppercase() && was_lower;
        if (!c.is_alphanumeric() || camel) && words.last().is_some_and(|w| !w.is_empty()) {
            words.push(String::new());
        }
        was_lower = c.is_lowercase();
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn cuts_names_into_words() {
        for (name, expected) in [
            ("runTests-all.sh", &["run", "tests", "all", "sh"][..]),
            ("GmailSendEmail", &["gmail", "send", "email"]),
            ("send_direct_message", &["send", "direct", "message"]),
            ("HTTPGet", &["httpget"]),
            ("__", &[]),
        ] {
            assert_eq!(words(name), expected, "{name}");
        }
    }
}
