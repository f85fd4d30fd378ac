//! What `${...}` makes of a variable.

use super::arithmetic::arithmetic;
use crate::variables::{Value, Variables};

/// What stands between the braces of `${...}`.
#[derive(Debug, PartialEq)]
pub(crate) struct Parameter<'t> {
    pub(crate) name: &'t str,
    subscript: Option<&'t str>,
    operator: &'t str,
    first: Option<&'t str>,
    second: Option<&'t str>,
}

impl<'t> Parameter<'t> {
    pub(crate) fn parse(inner: &'t str) -> Option<Self> {
        let mut parameter = Self {
            name: "",
            subscript: None,
            operator: "",
            first: None,
            second: None,
        };
        let mut text = inner;
        for prefix in ["#", "!"] {
            if let Some(rest) = text.strip_prefix(prefix)
                && rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            {
                parameter.operator = text.get(..1)?;
                text = rest;
                break;
            }
        }
        let len = match text.chars().next()? {
            c if c.is_ascii_alphabetic() || c == '_' => text
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(text.len()),
            c if c.is_ascii_digit() => text
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(text.len()),
            '@' | '*' | '#' | '?' | '!' | '$' | '-' => 1,
            _ => return None,
        };
        (parameter.name, text) = text.split_at_checked(len)?;
        if let Some(rest) = text.strip_prefix('[') {
            let (subscript, rest) = rest.split_once(']')?;
            parameter.subscript = Some(subscript);
            text = rest;
        }
        if text.is_empty() {
            return Some(parameter);
        }
        if !parameter.operator.is_empty() {
            return None;
        }
        const OPERATORS: [&str; 20] = [
            ":-", ":=", ":+", ":?", "//", "/#", "/%", "/", "##", "#", "%%", "%", "^^", "^", ",,",
            ",", "-", "=", "+", ":",
        ];
        let operator = OPERATORS.iter().find(|op| text.starts_with(**op))?;
        parameter.operator = operator;
        let rest = text.get(operator.len()..)?;
        match *operator {
            "//" | "/" | "/#" | "/%" => {
                let slash = unescaped_slash(rest);
                parameter.first = Some(rest.get(..slash).unwrap_or(rest));
                parameter.second = Some(rest.get(slash + 1..).unwrap_or(""));
            }
            ":" => {
                let (offset, len) = match rest.split_once(':') {
                    Some((offset, len)) => (offset, Some(len)),
                    None => (rest, None),
                };
                parameter.first = Some(offset);
                parameter.second = len;
            }
            _ => parameter.first = Some(rest),
        }
        Some(parameter)
    }

    /// Whether it is the same as `$name`.
    pub(crate) fn is_name(&self) -> bool {
        self.operator.is_empty() && self.subscript.is_none()
    }

    /// The parts that are expanded themselves.
    pub(crate) fn operands(&self) -> impl Iterator<Item = &'t str> {
        [self.first, self.second].into_iter().flatten()
    }

    /// Whether the result is made of parts of a value.
    pub(crate) fn cuts(&self) -> bool {
        matches!(
            self.operator,
            ":" | "//" | "/" | "^^" | "^" | ",," | "," | "!"
        )
    }

    /// Whether it gives the variable a value.
    pub(crate) fn assigns(&self) -> bool {
        matches!(self.operator, ":=" | "=")
    }

    /// Whether it stands for separate words even in quotes.
    pub(crate) fn separate(&self) -> bool {
        self.subscript == Some("@")
    }

    /// Its value; `None` where only a run would tell.
    pub(crate) fn apply(
        &self,
        value: Option<&Value>,
        operands: &[String],
        variables: &Variables,
    ) -> Option<Value> {
        let first = operands.first().map_or("", String::as_str);
        let second = operands.get(1).map(String::as_str);
        let value = match (value, self.subscript) {
            (Some(Value::List(items)), None) => items.first().map(Value::plain),
            (Some(Value::List(items)), Some("@" | "*")) => match self.operator {
                "" => return Some(Value::List(items.clone())),
                "#" => return Some(Value::plain(items.len().to_string())),
                _ => Some(Value::plain(items.join(" "))),
            },
            (Some(Value::List(items)), Some(index)) => {
                let index: i64 = arithmetic(index)?;
                let index = if index < 0 {
                    items.len().checked_sub(usize::try_from(-index).ok()?)?
                } else {
                    usize::try_from(index).ok()?
                };
                items.get(index).map(Value::plain)
            }
            (value, _) => value.cloned(),
        };
        let set = value.as_ref().is_some_and(|v| !v.text().is_empty());
        match self.operator {
            ":-" | "-" | ":=" | "=" => {
                return Some(match value {
                    Some(value) if set => value,
                    // An inherited variable may win; the text shows the default only.
                    _ => Value::One {
                        text: first.to_owned(),
                        dynamic: true,
                        layers: Vec::new(),
                    },
                });
            }
            ":+" | "+" => return set.then(|| Value::plain(first)),
            // The first letter of these is a slash wherever they are set at all.
            ":" if value.is_none()
                && matches!(self.name, "HOME" | "PATH" | "PWD" | "OLDPWD" | "SHELL")
                && first.trim() == "0"
                && second == Some("1") =>
            {
                return Some(Value::plain("/"));
            }
            _ => {}
        }
        let value = value?;
        let text = value.text().into_owned();
        let text = match self.operator {
            "" | ":?" => text,
            "#" if self.first.is_none() => text.chars().count().to_string(),
            "!" => variables.get(&text)?.text().into_owned(),
            ":" => substring(&text, first, second)?,
            "//" => replace(&text, first, second.unwrap_or_default(), usize::MAX)?,
            "/" => replace(&text, first, second.unwrap_or_default(), 1)?,
            "/#" => match text.strip_prefix(literal(first)?) {
                Some(rest) => format!("{}{rest}", second.unwrap_or_default()),
                None => text,
            },
            "/%" => match text.strip_suffix(literal(first)?) {
                Some(rest) => format!("{rest}{}", second.unwrap_or_default()),
                None => text,
            },
            "#" | "##" => cut_start(&text, first, self.operator == "##"),
            "%" | "%%" => cut_end(&text, first, self.operator == "%%"),
            "^^" => text.to_uppercase(),
            ",," => text.to_lowercase(),
            "^" => capitalise(&text, char::to_ascii_uppercase),
            "," => capitalise(&text, char::to_ascii_lowercase),
            _ => return None,
        };
        Some(Value::One {
            text,
            dynamic: value.dynamic(),
            layers: value.layers().to_vec(),
        })
    }
}

fn unescaped_slash(text: &str) -> usize {
    let mut bytes = text.bytes().enumerate();
    while let Some((index, byte)) = bytes.next() {
        match byte {
            b'\\' => {
                bytes.next();
            }
            // The very first character may be a slash to replace.
            b'/' if index > 0 => return index,
            _ => {}
        }
    }
    text.len()
}

/// A pattern that matches only itself; `None` for one with wildcards.
fn literal(pattern: &str) -> Option<&str> {
    (!pattern.contains(['*', '?', '['])).then_some(pattern)
}

fn substring(text: &str, offset: &str, len: Option<&str>) -> Option<String> {
    let count = i64::try_from(text.chars().count()).ok()?;
    let place = |n: i64| {
        if n < 0 {
            (count + n).max(0)
        } else {
            n.min(count)
        }
    };
    let start = place(arithmetic(offset)?);
    let end = match len {
        None => count,
        Some(len) => {
            let len = arithmetic(len)?;
            if len < 0 {
                place(len)
            } else {
                (start.saturating_add(len)).min(count)
            }
        }
    };
    let start = usize::try_from(start).ok()?;
    let len = usize::try_from(end).ok()?.saturating_sub(start);
    Some(text.chars().skip(start).take(len).collect())
}

/// Replaces a pattern. Of patterns with wildcards only a single bracket expression such as `[xy]`
/// or `[^a-z]` is known, and `?`.
fn replace(text: &str, pattern: &str, with: &str, times: usize) -> Option<String> {
    if pattern.is_empty() {
        return Some(text.to_owned());
    }
    if let Some(literal) = literal(pattern) {
        let found = text.matches(literal).count().min(times);
        // The result may be longer than the value by as much as the replacement is.
        if found.saturating_mul(with.len()) > crate::bounds::DECODED {
            return None;
        }
        return Some(text.replacen(literal, with, times));
    }
    let class = pattern.strip_prefix('[')?.strip_suffix(']')?;
    if class.contains('[') || with.len() > 64 {
        return None;
    }
    let (negated, class) = match class.strip_prefix(['^', '!']) {
        Some(class) => (true, class),
        None => (false, class),
    };
    let set = crate::filters::character_set(class);
    let mut left = times;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if left > 0 && set.contains(&c) != negated {
            out.push_str(with);
            left -= 1;
        } else {
            out.push(c);
        }
    }
    Some(out)
}

fn capitalise(text: &str, change: impl Fn(&char) -> char) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => std::iter::once(change(&first)).chain(chars).collect(),
        None => String::new(),
    }
}

/// `${v#pattern}`: a pattern that is a literal, or a literal behind or before one `*`.
fn cut_start(text: &str, pattern: &str, longest: bool) -> String {
    let cut = if let Some(mark) = pattern.strip_prefix('*').and_then(literal) {
        let at = if longest {
            text.rfind(mark)
        } else {
            text.find(mark)
        };
        at.map(|at| at + mark.len())
    } else if let Some(mark) = pattern.strip_suffix('*').and_then(literal) {
        let len = if longest { text.len() } else { mark.len() };
        text.starts_with(mark).then_some(len)
    } else {
        literal(pattern).and_then(|p| text.starts_with(p).then_some(p.len()))
    };
    text.get(cut.unwrap_or(0)..).unwrap_or(text).to_owned()
}

/// `${v%pattern}`, of the same patterns.
fn cut_end(text: &str, pattern: &str, longest: bool) -> String {
    let cut = if let Some(mark) = pattern.strip_suffix('*').and_then(literal) {
        if longest {
            text.find(mark)
        } else {
            text.rfind(mark)
        }
    } else if let Some(mark) = pattern.strip_prefix('*').and_then(literal) {
        text.ends_with(mark)
            .then(|| if longest { 0 } else { text.len() - mark.len() })
    } else {
        literal(pattern).and_then(|p| text.ends_with(p).then(|| text.len() - p.len()))
    };
    text.get(..cut.unwrap_or(text.len()))
        .unwrap_or(text)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, inner: &str, expected: &str) {
        let mut variables = Variables::default();
        variables.set("other", Value::plain("there"));
        let parameter = Parameter::parse(inner).unwrap();
        let operands: Vec<String> = parameter.operands().map(str::to_owned).collect();
        let value = Value::plain(value);
        let result = parameter
            .apply(Some(&value), &operands, &variables)
            .unwrap();
        assert_eq!(result.text(), expected, "{inner}");
    }

    #[test]
    fn parameters() {
        check("curling", "v:0:4", "curl");
        check("curling", "v: -3", "ing");
        check("curling", "v:0:-3", "curl");
        check("cxuxrxl", "v//x", "curl");
        check("cXurl", "v/X/", "curl");
        check("c-u_rl", "v//[-_]/", "curl");
        check("a/b/c", "v##*/", "c");
        check("a/b/c", "v%/*", "a/b");
        check("a/b/c", "v%%/*", "a");
        check("x.tar.gz", "v#*.", "tar.gz");
        check("CURL", "v,,", "curl");
        check("other", "!v", "there");
        check("abc", "#v", "3");
        check("", "v:-curl", "curl");
        check("x", "v:+y", "y");
    }
}
