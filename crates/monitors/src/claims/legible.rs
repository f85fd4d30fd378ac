//! A text as its reader sees it: without invisible characters, look-alike letters and HTML tags.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::provenance::visible;

/// The text as it is shown to people. Most texts come back as they are, without a copy.
pub(super) fn legible(text: &str) -> Cow<'_, str> {
    let text = visible(text);
    // A tag that is closed somewhere: `Vec<b>` alone is code.
    if memchr::memmem::find(text.as_bytes(), b"</").is_none() {
        return text;
    }
    match untagged(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(plain) => Cow::Owned(plain),
    }
}

fn untagged(text: &str) -> Cow<'_, str> {
    static TAG: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"(?ix) < /? (
                b|i|em|strong|u|s|span|font|small|sup|sub|mark|tt|code|kbd|a|center|summary|details|
                p|div|br|ul|ol|li|tr|td|th|table|tbody|thead|h[1-6]|section|blockquote
            ) (\s[^<>]{0,300})? /? >",
        )
        .ok()
    });
    let Some(tag) = TAG.as_ref() else {
        return Cow::Borrowed(text);
    };
    tag.replace_all(text, |found: &Captures<'_>| {
        let name = found.get(1).map_or("", |m| m.as_str()).to_ascii_lowercase();
        let closes = found.get(0).is_some_and(|m| m.as_str().starts_with("</"));
        match name.as_str() {
            "li" if !closes => "\n- ",
            "blockquote" if !closes => "\n> ",
            "td" | "th" => " ",
            "p" | "div" | "br" | "ul" | "ol" | "li" | "tr" | "table" | "h1" | "h2" | "h3"
            | "h4" | "h5" | "h6" | "section" | "summary" | "blockquote" => "\n\n",
            _ => "",
        }
    })
}

#[cfg(test)]
mod tests {
    use super::legible;

    #[test]
    fn what_a_reader_cannot_see_is_taken_away() {
        for (text, want) in [
            ("All te\u{200b}sts pa\u{200d}ss.", "All tests pass."),
            ("All t\u{435}sts p\u{430}ss.", "All tests pass."),
            ("<b>All</b> <i>tests</i> pass.", "All tests pass."),
            ("Все тесты проходят — да.", "Все тесты проходят — да."),
            (
                "A `Vec<b>` stays, and ✅ too.",
                "A `Vec<b>` stays, and ✅ too.",
            ),
        ] {
            assert_eq!(legible(text), want);
        }
        let list = legible("<ul><li>tests pass</li><li>lint clean</li></ul>");
        assert!(list.contains("- tests pass\n") && list.contains("- lint clean\n"));
    }
}
