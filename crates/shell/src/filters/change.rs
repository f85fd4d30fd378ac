//! Commands that change what they read: `base64 -d`, `tr`, `sed` and such.

use std::rc::Rc;

use super::Call;
use crate::content::Content;
use crate::run::Run;
use crate::{decode, escape};

impl Call<'_> {
    /// Applies a decoder and notes that it was.
    pub(super) fn decoded(
        &self,
        input: Content,
        name: &str,
        decoder: impl Fn(&[u8], usize) -> Option<Vec<u8>>,
    ) -> Option<Content> {
        let bytes = decoder(&input.bytes, self.limit)?;
        let mut output = Content { bytes, ..input };
        output.opened(name);
        Some(output)
    }

    /// `xxd -r`, of plain digits or of a dump with offsets.
    pub(super) fn xxd_reverse(&self, input: Content) -> Option<Content> {
        if self.has("p", &["-ps", "-plain"]) {
            return self.decoded(input, "hex", |b, _| decode::hex(b));
        }
        self.decoded(input, "hex", |bytes, _| {
            let text = String::from_utf8_lossy(bytes);
            let digits: String = text
                .lines()
                .filter_map(|line| line.split_once(':'))
                .filter_map(|(_, rest)| rest.trim_start().split("  ").next().map(str::to_owned))
                .collect();
            decode::hex(digits.as_bytes())
        })
    }

    pub(super) fn openssl(&self, run: &Run) -> Option<Content> {
        let command = self.operands.first()?.text.as_str();
        let base64 = command == "base64" || self.has("a", &["-base64", "-a"]);
        if !matches!(command, "base64" | "enc") || !base64 {
            return None;
        }
        let input = match self.value("-in") {
            Some(file) => Content::clone(&*run.known_file(file, self.scope)?),
            None => self.stdin()?,
        };
        if self.operands.iter().any(|w| w.text == "-d") {
            self.decoded(input, "base64", |b, _| decode::base64(b))
        } else {
            Some(input.map(decode::to_base64))
        }
    }

    pub(super) fn lines(&self, input: Content, change: impl Fn(&mut Vec<&str>)) -> Content {
        let bytes = {
            let text = input.text();
            let mut lines: Vec<&str> = text.lines().collect();
            change(&mut lines);
            let mut out = lines.join("\n");
            if !out.is_empty() {
                out.push('\n');
            }
            out.into_bytes()
        };
        Content { bytes, ..input }
    }

    pub(super) fn rev(&self, input: Content) -> Content {
        let text: Vec<String> = input
            .text()
            .split('\n')
            .map(|line| line.chars().rev().collect())
            .collect();
        let mut output = Content {
            bytes: text.join("\n").into_bytes(),
            ..input
        };
        output.opened("rev");
        output
    }

    /// `head` and `tail` with `-n N`, `-N` or `-c N`.
    pub(super) fn ends(&self, input: Content, head: bool) -> Option<Content> {
        let count = |value: &str| value.parse::<usize>().ok();
        if let Some(bytes) = self.value("-c") {
            let len = count(bytes)?.min(input.bytes.len());
            let skip = if head { 0 } else { input.bytes.len() - len };
            return Some(input.map(|b| b.iter().skip(skip).take(len).copied().collect()));
        }
        let short = || {
            let words = self.operands.iter();
            words
                .filter_map(|w| w.text.strip_prefix('-'))
                .find_map(count)
        };
        let len = match self.value("-n") {
            Some(lines) => match lines.strip_prefix('+') {
                Some(from) if !head => {
                    let from = count(from)?.saturating_sub(1);
                    return Some(self.lines(input, |lines| {
                        lines.drain(..from.min(lines.len()));
                    }));
                }
                _ => count(lines)?,
            },
            None => short().unwrap_or(10),
        };
        Some(self.lines(input, |lines| {
            if head {
                lines.truncate(len);
            } else {
                lines.drain(..lines.len().saturating_sub(len));
            }
        }))
    }

    pub(super) fn tr(&self) -> Option<Content> {
        let input = self.stdin()?;
        let mut sets = self.names().map(set);
        let first = sets.next()?;
        let inverse = self.has("cC", &["--complement"]);
        let text = input.text();
        if self.has("d", &["--delete"]) {
            let text: String = text
                .chars()
                .filter(|c| first.contains(c) == inverse)
                .collect();
            let mut output = input.clone().map(|_| text.into_bytes());
            output.opened("tr");
            return Some(output);
        }
        if inverse || self.has("s", &["--squeeze-repeats"]) {
            return None;
        }
        let second = sets.next()?;
        let last = second.last()?;
        let text: String = text
            .chars()
            .map(|c| match first.iter().rposition(|f| *f == c) {
                Some(at) => *second.get(at).unwrap_or(last),
                None => c,
            })
            .collect();
        let turned = decode::rot13(&first.iter().collect::<String>().into_bytes());
        let rot13 = first.len() >= 26 && second.iter().collect::<String>().into_bytes() == turned;
        let mut output = input.clone().map(|_| text.into_bytes());
        // Changing a separator or the case hides nothing.
        if first.len() > 1 && !second.iter().all(|c| c.is_whitespace()) {
            output.opened(if rot13 { "rot13" } else { "tr" });
        }
        Some(output)
    }

    /// `cut -c RANGE` and `cut -d C -f N`.
    pub(super) fn cut(&self) -> Option<Content> {
        let input = self.stdin()?;
        let range = |text: &str| -> Option<(usize, usize)> {
            let (from, to) = text.split_once('-').unwrap_or((text, text));
            let from = if from.is_empty() {
                1
            } else {
                from.parse().ok()?
            };
            let to = if to.is_empty() {
                usize::MAX
            } else {
                to.parse().ok()?
            };
            Some((from, to))
        };
        let (text, separator) = match (self.value("-c").or(self.value("-b")), self.value("-f")) {
            (Some(range), _) => (range, None),
            (None, Some(fields)) => {
                let separator = self.value("-d").unwrap_or("\t");
                (fields, separator.chars().next())
            }
            _ => return None,
        };
        let (from, to) = range(text)?;
        let skip = from.checked_sub(1)?;
        let take = to.checked_sub(skip)?;
        let lines: Vec<String> = input
            .text()
            .lines()
            .map(|line| match separator {
                None => line.chars().skip(skip).take(take).collect(),
                Some(c) => {
                    let fields: Vec<&str> = line.split(c).skip(skip).take(take).collect();
                    fields.join(&c.to_string())
                }
            })
            .collect();
        let mut out = lines.join("\n");
        out.push('\n');
        Some(input.map(|_| out.into_bytes()))
    }

    /// `sed s/OLD/NEW/[g]` where `OLD` is no pattern.
    pub(super) fn sed(&self) -> Option<Content> {
        let input = self.stdin()?;
        let mut names = self.names();
        let script = names.next()?;
        if names.next().is_some() || self.has("nif", &[]) {
            return None;
        }
        let mut text = input.text().into_owned();
        for command in script.split(';') {
            let rest = command.trim().strip_prefix('s')?;
            let separator = rest.chars().next()?;
            let mut parts = rest.get(separator.len_utf8()..)?.split(separator);
            let (old, new, flags) = (parts.next()?, parts.next()?, parts.next()?);
            let plain = |text: &str| !text.contains(|c| r"\[]*.^$+?(){}|&".contains(c));
            if old.is_empty() || !plain(old) || !plain(new) || parts.next().is_some() {
                return None;
            }
            text = match flags {
                "g" if text.matches(old).count().saturating_mul(new.len()) < self.limit => {
                    text.replace(old, new)
                }
                "" => {
                    let lines: Vec<String> =
                        text.split('\n').map(|l| l.replacen(old, new, 1)).collect();
                    lines.join("\n")
                }
                _ => return None,
            };
            if text.len() > self.limit {
                return None;
            }
        }
        let mut output = input.map(|_| text.into_bytes());
        output.opened("sed");
        Some(output)
    }

    pub(super) fn tee(&self, run: &mut Run) -> Option<Content> {
        let input = self.stdin()?;
        for name in self.names() {
            if run.spend_decoded(input.bytes.len()) {
                run.lost.remove(name);
                run.files.insert(name.to_owned(), Rc::new(input.clone()));
            }
        }
        Some(input)
    }
}

/// The characters of a set of `tr`: ranges, classes and escapes.
fn set(text: &str) -> Vec<char> {
    let text = match text {
        "[:upper:]" => "A-Z".to_owned(),
        "[:lower:]" => "a-z".to_owned(),
        "[:digit:]" => "0-9".to_owned(),
        "[:space:]" => " \t\n\r".to_owned(),
        _ => escape::ansi(text).text,
    };
    // The old form puts ranges in brackets.
    let inner = text
        .strip_prefix('[')
        .and_then(|t| t.strip_suffix(']'))
        .filter(|t| t.contains('-'));
    character_set(inner.unwrap_or(&text))
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
            && u32::from(last) - u32::from(c) < 256
        {
            out.extend(c..=last);
            chars = ahead;
        } else {
            out.push(c);
        }
    }
    out
}
