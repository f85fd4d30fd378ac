//! Cuts a reply into sentences, and sentences into words, the way people write to each other:
//! prose, lists, check boxes, headings, tables, code and quotations.

/// Bytes of one text that are looked at; a reply is rarely longer, and a flood is cut here.
const TEXT_BYTES: usize = 128 * 1024;

/// Sentences taken from one text.
const SENTENCES: usize = 2_000;

/// Bytes of one sentence; what is longer is a table or a log, and is cut.
const SENTENCE_BYTES: usize = 700;

/// One sentence of a reply, on one line, without its markup.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sentence {
    pub(crate) text: String,
    pub(crate) kind: Kind,
}

/// What part of a reply a sentence stood in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Running text.
    Prose,
    /// An item of a list; a check box says whether it is ticked.
    Item { ticked: Option<bool> },
    /// A heading, or a line that ends in a colon and opens a list.
    Heading,
    /// A line inside a code block.
    Code,
}

/// The sentences of a text, quotations of others left out.
pub(crate) fn sentences(text: &str) -> Vec<Sentence> {
    let text = crate::finding::head(text, TEXT_BYTES);
    let mut reader = Reader::default();
    for line in text.lines() {
        reader.line(line);
        if reader.out.len() >= SENTENCES {
            break;
        }
    }
    reader.flush();
    reader.out.truncate(SENTENCES);
    reader.out
}

#[derive(Default)]
struct Reader {
    out: Vec<Sentence>,
    /// The paragraph or item being read: its lines joined by spaces.
    open: String,
    kind: Option<Kind>,
    fenced: bool,
}

impl Reader {
    fn line(&mut self, line: &str) {
        let trimmed = line.trim();
        if trimmed.starts_with("```") || trimmed.starts_with("~~~") {
            self.flush();
            self.fenced = !self.fenced;
            return;
        }
        if self.fenced {
            if !trimmed.is_empty() {
                self.emit(trimmed, Kind::Code);
            }
            return;
        }
        if trimmed.is_empty() || trimmed.starts_with('>') || trimmed.starts_with("<!--") {
            self.flush();
            return;
        }
        if let Some(rest) = heading(trimmed) {
            self.flush();
            self.emit(&plain(rest), Kind::Heading);
            return;
        }
        if trimmed.starts_with('|') {
            self.flush();
            let row = plain(trimmed).replace('|', " ");
            self.emit(row.trim(), Kind::Item { ticked: None });
            return;
        }
        if let Some((rest, ticked)) = item(trimmed) {
            self.flush();
            self.open.push_str(&plain(rest));
            self.kind = Some(Kind::Item { ticked });
            return;
        }
        if !self.open.is_empty() {
            self.open.push(' ');
        }
        self.kind.get_or_insert(Kind::Prose);
        self.open.push_str(&plain(trimmed));
    }

    /// Ends the paragraph or item and cuts it into sentences.
    fn flush(&mut self) {
        let open = std::mem::take(&mut self.open);
        let Some(kind) = self.kind.take() else {
            return;
        };
        for sentence in split(&open) {
            let kind = match kind {
                Kind::Prose if sentence.ends_with(':') => Kind::Heading,
                other => other,
            };
            self.emit(sentence, kind);
        }
    }

    fn emit(&mut self, text: &str, kind: Kind) {
        let text = crate::finding::head(text, SENTENCE_BYTES);
        if self.out.len() < SENTENCES && text.bytes().any(|b| b.is_ascii_alphanumeric()) {
            self.out.push(Sentence {
                text: text.to_owned(),
                kind,
            });
        }
    }
}

fn heading(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches('#');
    (rest.len() < line.len() && rest.starts_with(' ')).then(|| rest.trim())
}

/// The text of a list item, and what its check box says.
fn item(line: &str) -> Option<(&str, Option<bool>)> {
    let rest = ["- ", "* ", "+ ", "• "]
        .iter()
        .find_map(|marker| line.strip_prefix(marker))
        .or_else(|| {
            let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
            let numbered = rest.len() < line.len() && line.len() - rest.len() < 4;
            let rest = rest.strip_prefix(". ").or_else(|| rest.strip_prefix(") "));
            rest.filter(|_| numbered)
        })
        .or_else(|| {
            line.starts_with(['✅', '❌', '☑', '☐', '✓', '✔', '✗'])
                .then_some(line)
        })?
        .trim_start();
    for (mark, ticked) in [
        ("[x]", true),
        ("[X]", true),
        ("[ ]", false),
        ("☐", false),
        ("❌", false),
    ] {
        if let Some(rest) = rest.strip_prefix(mark) {
            return Some((rest.trim_start(), Some(ticked)));
        }
    }
    Some((rest, None))
}

/// Without emphasis and with plain apostrophes.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut code = false;
    for c in text.chars() {
        match c {
            '`' => {
                code = !code;
                out.push(c);
            }
            '*' if !code => {}
            '’' | '‘' => out.push('\''),
            '“' | '”' => out.push('"'),
            c => out.push(c),
        }
    }
    out
}

/// Cuts a paragraph after `.`, `!`, `?` and `;` that end a sentence.
fn split(text: &str) -> Vec<&str> {
    let mut out = vec![];
    let mut start = 0;
    let mut code = false;
    let mut quoted = false;
    let mut chars = text.char_indices().peekable();
    while let Some((i, c)) = chars.next() {
        match c {
            '`' => code = !code,
            '"' => quoted = !quoted,
            _ => {}
        }
        if code || quoted || !matches!(c, '.' | '!' | '?' | ';') {
            continue;
        }
        let next = chars.peek().map(|(_, n)| *n);
        let before = text.get(start..i).unwrap_or("");
        if next.is_some_and(|n| !n.is_whitespace()) || (c == '.' && abbreviation(before)) {
            continue;
        }
        let end = i + c.len_utf8();
        out.extend(text.get(start..end).map(str::trim));
        start = end;
    }
    let rest = text.get(start..).map(str::trim).unwrap_or("");
    if quoted && out.is_empty() && rest.len() > 200 {
        // An unclosed quotation mark must not swallow the rest of the reply.
        return rest.split(". ").collect();
    }
    out.push(rest);
    out.retain(|s| !s.is_empty());
    out
}

fn abbreviation(before: &str) -> bool {
    let word = before.rsplit([' ', '(']).next().unwrap_or("");
    matches!(
        word,
        "e.g" | "i.e" | "etc" | "vs" | "approx" | "ca" | "no" | "Dr" | "Mr" | "Ms"
    )
}

/// One word, code span, quotation or mark of a sentence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Token<'s> {
    pub(crate) kind: TokenKind,
    /// As written, without backticks or quotation marks.
    pub(crate) raw: &'s str,
    /// In lower case (ASCII).
    pub(crate) low: &'s str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Word,
    Code,
    Quote,
    Mark,
}

impl Token<'_> {
    /// Whether it is one of these words, as far as it is written in lower case.
    pub(crate) fn is(&self, words: &[&str]) -> bool {
        // Most words differ in length or in the first letter, which is asked without a call.
        let first = self.low.as_bytes().first();
        words
            .iter()
            .any(|w| w.len() == self.low.len() && w.as_bytes().first() == first && *w == self.low)
    }
}

/// The tokens of `text`; `low` is the same text in ASCII lower case.
pub(crate) fn tokens<'s>(text: &'s str, low: &'s str) -> Vec<Token<'s>> {
    let mut out = vec![];
    let mut pos = 0;
    while let Some(rest) = text.get(pos..).filter(|r| !r.is_empty()) {
        let Some(first) = rest.chars().next() else {
            break;
        };
        let len = first.len_utf8();
        if first.is_whitespace() {
            pos += len;
            continue;
        }
        if matches!(first, '`' | '"')
            && let Some(close) = rest.get(len..).and_then(|r| r.find(first))
        {
            let kind = if first == '`' {
                TokenKind::Code
            } else {
                TokenKind::Quote
            };
            push(&mut out, text, low, pos + len..pos + len + close, kind);
            pos += len + close + len;
            continue;
        }
        if is_mark(first) || matches!(first, '`' | '"' | ',') {
            push(&mut out, text, low, pos..pos + len, TokenKind::Mark);
            pos += len;
            continue;
        }
        let word_len = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '`' | '"') || is_mark(c))
            .unwrap_or(rest.len());
        let word = rest.get(..word_len).unwrap_or(rest);
        let core = word.trim_end_matches(['.', ',', '!', '?', ':', '\'']);
        push(&mut out, text, low, pos..pos + core.len(), TokenKind::Word);
        let tail_start = pos + core.len();
        for (i, c) in word.get(core.len()..).unwrap_or("").char_indices() {
            let at = tail_start + i;
            push(&mut out, text, low, at..at + c.len_utf8(), TokenKind::Mark);
        }
        pos += word_len;
    }
    out
}

/// Marks that stand alone wherever they are; points and colons only at the end of a word.
fn is_mark(c: char) -> bool {
    matches!(
        c,
        ';' | '('
            | ')'
            | '['
            | ']'
            | '—'
            | '–'
            | '→'
            | '✅'
            | '✓'
            | '✔'
            | '☑'
            | '❌'
            | '✗'
            | '='
    )
}

fn push<'s>(
    out: &mut Vec<Token<'s>>,
    text: &'s str,
    low: &'s str,
    range: std::ops::Range<usize>,
    kind: TokenKind,
) {
    if let (Some(raw), Some(low)) = (text.get(range.clone()), low.get(range))
        && !raw.is_empty()
    {
        out.push(Token { kind, raw, low });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        sentences(text).into_iter().map(|s| s.text).collect()
    }

    #[test]
    fn prose_wraps_and_splits() {
        assert_eq!(
            texts("I fixed it in v1.2. All tests\npass now! See e.g. `a. b`.\n\nNext?"),
            [
                "I fixed it in v1.2.",
                "All tests pass now!",
                "See e.g. `a. b`.",
                "Next?"
            ]
        );
    }

    #[test]
    fn lists_boxes_headings_tables_quotes_and_code() {
        let got = sentences(
            "## Result\n- **Tests**: pass\n- [ ] deploy\n- [x] lint\n> all tests pass\n```\n42 passed\n```\n| unit | ok |\n1. one\nFiles changed:\n",
        );
        let kinds: Vec<(&str, Kind)> = got.iter().map(|s| (s.text.as_str(), s.kind)).collect();
        assert_eq!(
            kinds,
            [
                ("Result", Kind::Heading),
                ("Tests: pass", Kind::Item { ticked: None }),
                (
                    "deploy",
                    Kind::Item {
                        ticked: Some(false)
                    }
                ),
                ("lint", Kind::Item { ticked: Some(true) }),
                ("42 passed", Kind::Code),
                ("unit   ok", Kind::Item { ticked: None }),
                ("one Files changed:", Kind::Item { ticked: None }),
            ]
        );
    }

    #[test]
    fn words_code_quotes_and_marks() {
        let text = "I ran `cargo test` (\"twice\"), 42/42 pass: src/a.rs.";
        let low = text.to_ascii_lowercase();
        let got: Vec<(&str, TokenKind)> =
            tokens(text, &low).iter().map(|t| (t.low, t.kind)).collect();
        use TokenKind::*;
        assert_eq!(
            got,
            [
                ("i", Word),
                ("ran", Word),
                ("cargo test", Code),
                ("(", Mark),
                ("twice", Quote),
                (")", Mark),
                (",", Mark),
                ("42/42", Word),
                ("pass", Word),
                (":", Mark),
                ("src/a.rs", Word),
                (".", Mark),
            ]
        );
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]
        #[test]
        fn any_text_is_read(text in "(.|\n|`|\"|- |\\. ){0,200}") {
            for s in sentences(&text) {
                let low = s.text.to_ascii_lowercase();
                tokens(&s.text, &low);
            }
        }
    }
}
