//! Arguments that a model wrote as a Python literal instead of JSON.

use serde_json::{Map, Number, Value};

/// Deepest nesting that is read.
const DEPTH: usize = 64;

/// Reads a literal that fills the whole text: a dict, list, tuple, string, number, `True`,
/// `False` or `None`. JSON's own words are taken too.
pub(crate) fn value(text: &str) -> Option<Value> {
    let mut literal = Literal { rest: text };
    let value = literal.value(DEPTH)?;
    literal.skip_blanks();
    literal.rest.is_empty().then_some(value)
}

/// Reads the keyword arguments of a call, `a=1, b='x'`, that fill the whole text.
pub(crate) fn keywords(text: &str) -> Option<Value> {
    let mut literal = Literal { rest: text };
    let mut members = Map::new();
    loop {
        literal.skip_blanks();
        if literal.rest.is_empty() {
            return Some(Value::Object(members));
        }
        let name = literal.word()?.to_owned();
        literal.take("=")?;
        members.insert(name, literal.value(DEPTH)?);
        literal.skip_blanks();
        if !literal.rest.is_empty() {
            literal.take(",")?;
        }
    }
}

/// What is left of a text while it is read.
struct Literal<'t> {
    rest: &'t str,
}

impl<'t> Literal<'t> {
    fn value(&mut self, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        self.skip_blanks();
        match self.rest.chars().next()? {
            '{' => self.dict(depth),
            '[' => self.list("[", "]", depth),
            '(' => self.list("(", ")", depth),
            '\'' | '"' => self.string().map(Value::String),
            '-' | '+' | '.' | '0'..='9' => self.number(),
            _ => match self.word()? {
                "True" | "true" => Some(Value::Bool(true)),
                "False" | "false" => Some(Value::Bool(false)),
                "None" | "null" => Some(Value::Null),
                _ => None,
            },
        }
    }

    fn dict(&mut self, depth: usize) -> Option<Value> {
        self.take("{")?;
        let mut members = Map::new();
        while self.take("}").is_none() {
            let key = match self.value(depth)? {
                Value::String(key) => key,
                other => other.to_string(),
            };
            self.take(":")?;
            members.insert(key, self.value(depth)?);
            self.separator("}")?;
        }
        Some(Value::Object(members))
    }

    fn list(&mut self, open: &str, close: &str, depth: usize) -> Option<Value> {
        self.take(open)?;
        let mut items = Vec::new();
        while self.take(close).is_none() {
            items.push(self.value(depth)?);
            self.separator(close)?;
        }
        Some(Value::Array(items))
    }

    /// A comma, or nothing before the closing bracket.
    fn separator(&mut self, close: &str) -> Option<()> {
        if self.take(",").is_some() || self.rest.trim_start().starts_with(close) {
            return Some(());
        }
        None
    }

    fn string(&mut self) -> Option<String> {
        let quote = self.rest.chars().next()?;
        let mut chars = self.rest.char_indices().skip(1);
        let mut out = String::new();
        loop {
            match chars.next()? {
                (at, c) if c == quote => {
                    self.rest = self.rest.get(at + 1..)?;
                    return Some(out);
                }
                (_, '\\') => match chars.next()?.1 {
                    'n' => out.push('\n'),
                    't' => out.push('\t'),
                    'r' => out.push('\r'),
                    '\n' => {}
                    'u' => out.push(hex(&mut chars, 4)?),
                    'x' => out.push(hex(&mut chars, 2)?),
                    c @ ('\\' | '\'' | '"' | '/') => out.push(c),
                    // Python keeps the backslash of an escape it does not know.
                    c => out.extend(['\\', c]),
                },
                (_, c) => out.push(c),
            }
        }
    }

    fn number(&mut self) -> Option<Value> {
        let end = (self.rest)
            .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '-' | '.' | '_'));
        let (word, rest) = self.rest.split_at_checked(end.unwrap_or(self.rest.len()))?;
        let word = word.replace('_', "");
        let number = match word.parse::<i64>() {
            Ok(whole) => Number::from(whole),
            Err(_) => Number::from_f64(word.parse().ok()?)?,
        };
        self.rest = rest;
        Some(Value::Number(number))
    }

    fn word(&mut self) -> Option<&'t str> {
        let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_');
        let (word, rest) = self.rest.split_at_checked(end.unwrap_or(self.rest.len()))?;
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    /// Takes this text, blanks before it allowed.
    fn take(&mut self, text: &str) -> Option<()> {
        self.rest = self.rest.trim_start().strip_prefix(text)?;
        Some(())
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }
}

/// The character of an escape of so many hexadecimal digits. Half a surrogate pair is no
/// character; its other half is taken with it.
fn hex(chars: &mut (impl Iterator<Item = (usize, char)> + Clone), digits: usize) -> Option<char> {
    let high = code(chars, digits)?;
    let mut ahead = chars.clone();
    if (0xd800..0xdc00).contains(&high)
        && ahead.next().is_some_and(|(_, c)| c == '\\')
        && ahead.next().is_some_and(|(_, c)| c == 'u')
        && let Some(low @ 0xdc00..0xe000) = code(&mut ahead, 4)
    {
        *chars = ahead;
        return char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
    }
    Some(char::from_u32(high).unwrap_or('\u{fffd}'))
}

fn code(chars: &mut impl Iterator<Item = (usize, char)>, digits: usize) -> Option<u32> {
    let mut code = 0;
    for _ in 0..digits {
        code = code * 16 + chars.next()?.1.to_digit(16)?;
    }
    Some(code)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_what_python_prints() {
        assert_eq!(
            value(
                r#" {'a': [1, -2.5, (3,)], "b": None, 'c': {'d': True}, 'e': 'it\'s\n\x41\u00e9',} "#
            ),
            Some(json!({"a": [1, -2.5, [3]], "b": null, "c": {"d": true}, "e": "it's\nAé"}))
        );
        assert_eq!(value("[]"), Some(json!([])));
        assert_eq!(value("{}"), Some(json!({})));
        assert_eq!(value("1_000"), Some(json!(1000)));
        assert_eq!(
            value(r#"'\ud83d\ude00 \ud83d'"#),
            Some(json!("\u{1f600} \u{fffd}"))
        );
    }

    #[test]
    fn refuses_what_is_no_literal() {
        for text in [
            "",
            "{'a'}",
            "{'a': 10000/2800.45}",
            "[1 2]",
            "os.system('x')",
            "'open",
            "{,}",
        ] {
            assert_eq!(value(text), None, "{text}");
        }
        assert_eq!(value(&"[".repeat(100_000)), None);
    }

    #[test]
    fn reads_keyword_arguments() {
        assert_eq!(
            keywords("users=['Ann', 'Ben'], limit = 2"),
            Some(json!({"users": ["Ann", "Ben"], "limit": 2}))
        );
        assert_eq!(keywords("a < 'b'"), None);
        assert_eq!(keywords(""), Some(json!({})));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in r#"[\[\]{}(),:'"\\a-c0-9._=xu -]{0,40}"#) {
            let _ = (value(&text), keywords(&text));
        }
    }
}
