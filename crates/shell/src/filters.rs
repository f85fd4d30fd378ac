//! Commands whose output is known from their words and input: `echo`, `cat`, `base64 -d` and such.

use std::rc::Rc;

use crate::bounds;
use crate::decode;
use crate::escape;
use crate::expand::Word;
use crate::run::{Content, Run, Scope, add_layers};
use crate::variables::Value;

/// What a command prints; `None` where only a run would tell.
pub(crate) fn output(
    run: &mut Run,
    program: &str,
    operands: &[Word],
    scope: &Scope,
) -> Option<Content> {
    let call = Call {
        operands,
        scope,
        limit: run.decoded_left(),
    };
    match program {
        "echo" => return Some(call.echo()),
        "printf" => return call.printf(run),
        "true" | ":" | "cd" | "mkdir" | "sleep" | "chmod" | "rm" | "touch" | "shopt" | "umask"
        | "mv" | "kill" => return Some(Content::default()),
        "set" if !operands.is_empty() => return Some(Content::default()),
        _ => {}
    }
    if operands.iter().any(|w| w.dynamic) {
        return None;
    }
    match program {
        "cat" | "tac" | "rev" | "base64" | "gbase64" | "base32" | "zcat" | "gzcat" | "gunzip"
        | "gzip" | "pigz" | "unpigz" | "xxd" | "head" | "tail" => {}
        "tr" => return call.tr(),
        "cut" => return call.cut(),
        "sed" | "gsed" => return call.sed(),
        "tee" => return call.tee(run),
        "openssl" => return call.openssl(run),
        "zlib-flate" => return call.decoded(call.stdin()?, "zlib", decode::zlib),
        "seq" => return call.seq(),
        "basename" => return call.basename(),
        "which" | "type" => {
            return call
                .names()
                .next()
                .map(|name| Content::from(format!("{name}\n")));
        }
        _ => return None,
    }
    let input = call.input(run, program)?;
    match program {
        "cat" => Some(input),
        "tac" => Some(call.lines(input, |lines| lines.reverse())),
        "rev" => Some(call.rev(input)),
        "head" | "tail" => call.ends(input, program == "head"),
        "base64" | "gbase64" if call.has("dD", &["--decode"]) => {
            call.decoded(input, "base64", |b, _| decode::base64(b))
        }
        "base64" | "gbase64" => Some(input.map(decode::to_base64)),
        "base32" if call.has("dD", &["--decode"]) => {
            call.decoded(input, "base32", |b, _| decode::base32(b))
        }
        "zcat" | "gzcat" | "gunzip" | "unpigz" => call.decoded(input, "gzip", decode::gzip),
        "gzip" | "pigz" if call.has("d", &["--decompress", "--uncompress"]) => {
            call.decoded(input, "gzip", decode::gzip)
        }
        "xxd" if call.has("r", &["-revert"]) => call.xxd_reverse(input),
        "xxd" if call.has("p", &["-ps", "-plain"]) => Some(input.map(decode::to_hex)),
        _ => None,
    }
}

/// A command whose output is wanted.
struct Call<'a> {
    operands: &'a [Word],
    scope: &'a Scope,
    /// Bytes that the output may have.
    limit: usize,
}

impl Call<'_> {
    // Words

    /// Whether one of these single letters stands in some group of options, or one of these long
    /// options by itself.
    fn has(&self, letters: &str, long: &[&str]) -> bool {
        self.operands.iter().any(|word| {
            let text = word.text.as_str();
            long.contains(&text)
                || (!text.starts_with("--")
                    && text
                        .strip_prefix('-')
                        .is_some_and(|group| group.contains(|c| letters.contains(c))))
        })
    }

    /// The operands that are no options.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.operands
            .iter()
            .map(|w| w.text.as_str())
            .filter(|w| !w.starts_with('-') || *w == "-")
    }

    /// The value of an option, joined to it or in the next word.
    fn value(&self, option: &str) -> Option<&str> {
        let mut words = self.operands.iter().map(|w| w.text.as_str());
        words
            .by_ref()
            .find_map(|word| {
                let rest = word.strip_prefix(option)?;
                Some(rest.strip_prefix('=').unwrap_or(rest))
            })
            .and_then(|rest| {
                if rest.is_empty() {
                    words.next()
                } else {
                    Some(rest)
                }
            })
    }

    fn stdin(&self) -> Option<Content> {
        self.scope.stdin.as_deref().cloned()
    }

    /// The files named, in order, or standard input.
    fn input(&self, run: &Run, program: &str) -> Option<Content> {
        // Numbers after `-n` and `-c` are no files.
        let counted = matches!(program, "head" | "tail" | "xxd" | "base64");
        let mut all: Option<Content> = None;
        for name in self.names() {
            if counted && name.parse::<u64>().is_ok() {
                continue;
            }
            let more = run.known_file(name, self.scope)?;
            all.get_or_insert_default().append(Content::clone(&more));
        }
        all.or_else(|| self.stdin())
    }

    // Printing

    fn echo(&self) -> Content {
        let mut escapes = false;
        let mut newline = true;
        let mut words = self.operands.iter().peekable();
        while let Some(flags) = words.peek().and_then(|w| w.text.strip_prefix('-'))
            && !flags.is_empty()
            && flags.bytes().all(|b| b"neE".contains(&b))
        {
            newline &= !flags.contains('n');
            escapes |= flags.contains('e');
            words.next();
        }
        let mut content = Content::default();
        for (index, word) in words.enumerate() {
            if index > 0 {
                content.bytes.push(b' ');
            }
            content.word(word, escapes);
        }
        if newline {
            content.bytes.push(b'\n');
        }
        content
    }

    /// `printf FORMAT ARGUMENT...`; `-v NAME` sets a variable instead.
    fn printf(&self, run: &mut Run) -> Option<Content> {
        let mut operands = self.operands;
        let mut variable = None;
        if let Some((first, rest)) = operands.split_first()
            && first.text == "-v"
        {
            let (name, rest) = rest.split_first()?;
            variable = Some(name.text.clone());
            operands = rest;
        }
        if let Some((first, rest)) = operands.split_first()
            && first.text == "--"
        {
            operands = rest;
        }
        let (format, words) = operands.split_first()?;
        let mut content = Content::default();
        add_layers(&mut content.layers, &format.layers);
        content.dynamic |= format.dynamic;
        let mut words = words.iter();
        loop {
            let before = words.len();
            self.format(&format.text, &mut words, &mut content)?;
            // The format is used again until all words are.
            if words.len() == 0 || words.len() == before {
                break;
            }
        }
        if let Some(name) = variable {
            let value = Value::One {
                text: content.text().into_owned(),
                dynamic: content.dynamic,
                layers: content.layers,
            };
            run.variables.set(&name, value);
            return Some(Content::default());
        }
        Some(content)
    }

    /// Uses a format once.
    fn format<'w>(
        &self,
        format: &str,
        words: &mut impl Iterator<Item = &'w Word>,
        content: &mut Content,
    ) -> Option<()> {
        let mut rest = format;
        while let Some((before, after)) = rest.split_once('%') {
            content.escaped(before);
            let len = after.find(|c: char| !"-+ #0123456789.*".contains(c))?;
            let kind = after.get(len..)?.chars().next()?;
            rest = after.get(len + kind.len_utf8()..)?;
            let nothing = Word::default();
            match kind {
                '%' => content.bytes.push(b'%'),
                's' | 'q' => content.word(words.next().unwrap_or(&nothing), false),
                'b' => content.word(words.next().unwrap_or(&nothing), true),
                'c' => {
                    let word = words.next().unwrap_or(&nothing);
                    add_layers(&mut content.layers, &word.layers);
                    let first = word.text.chars().next();
                    content
                        .bytes
                        .extend(first.map(String::from).unwrap_or_default().bytes());
                }
                'd' | 'i' | 'u' | 'o' | 'x' | 'X' => {
                    let word = words.next().unwrap_or(&nothing);
                    let number = number(&word.text)?;
                    let width: usize = after
                        .get(..len)?
                        .trim_start_matches(['-', '+', ' ', '#'])
                        .parse()
                        .unwrap_or(0);
                    let width = width.min(64);
                    let text = match kind {
                        'o' => format!("{number:0width$o}"),
                        'x' => format!("{number:0width$x}"),
                        'X' => format!("{number:0width$X}"),
                        _ => format!("{number:0width$}"),
                    };
                    content.bytes.extend(text.bytes());
                }
                _ => return None,
            }
            if content.bytes.len() > self.limit {
                return None;
            }
        }
        content.escaped(rest);
        Some(())
    }

    fn seq(&self) -> Option<Content> {
        let numbers: Vec<i64> = self
            .names()
            .map(str::parse)
            .collect::<Result<_, _>>()
            .ok()?;
        let (first, step, last) = match numbers.as_slice() {
            [last] => (1, 1, *last),
            [first, last] => (*first, 1, *last),
            [first, step, last] => (*first, *step, *last),
            _ => return None,
        };
        let many = usize::try_from(last.checked_sub(first)?.checked_div(step)?).ok()?;
        if many >= bounds::BRACES {
            return None;
        }
        let mut content = Content::default();
        for value in (0..=i64::try_from(many).ok()?).map(|n| first + n * step) {
            content.bytes.extend(format!("{value}\n").bytes());
        }
        Some(content)
    }

    fn basename(&self) -> Option<Content> {
        let mut names = self.names();
        let name = names.next()?.trim_end_matches('/');
        let name = name.rsplit('/').next()?;
        let suffix = names.next().unwrap_or_default();
        let name = name.strip_suffix(suffix).unwrap_or(name);
        Some(Content::from(format!("{name}\n")))
    }

    // Changing

    /// Applies a decoder and notes that it was.
    fn decoded(
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
    fn xxd_reverse(&self, input: Content) -> Option<Content> {
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

    fn openssl(&self, run: &Run) -> Option<Content> {
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

    fn lines(&self, input: Content, change: impl Fn(&mut Vec<&str>)) -> Content {
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

    fn rev(&self, input: Content) -> Content {
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
    fn ends(&self, input: Content, head: bool) -> Option<Content> {
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

    fn tr(&self) -> Option<Content> {
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
    fn cut(&self) -> Option<Content> {
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
    fn sed(&self) -> Option<Content> {
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

    fn tee(&self, run: &mut Run) -> Option<Content> {
        let input = self.stdin()?;
        for name in self.names() {
            if run.spend_decoded(input.bytes.len()) {
                run.files.insert(name.to_owned(), Rc::new(input.clone()));
            }
        }
        Some(input)
    }
}

impl Content {
    /// Adds a word as it is, or after its escapes were read.
    fn word(&mut self, word: &Word, escapes: bool) {
        add_layers(&mut self.layers, &word.layers);
        self.dynamic |= word.dynamic;
        if escapes {
            self.escaped(&word.text);
        } else {
            self.bytes.extend_from_slice(word.text.as_bytes());
        }
    }

    /// Adds text after its escapes were read.
    fn escaped(&mut self, text: &str) {
        let (bytes, hidden) = escape::bytes(text);
        self.bytes.extend(bytes);
        if hidden {
            self.opened("escapes");
        }
    }

    /// The same with other bytes.
    fn map(self, change: impl FnOnce(&[u8]) -> Vec<u8>) -> Self {
        Self {
            bytes: change(&self.bytes),
            ..self
        }
    }
}

/// A number as `printf` takes it: as the shell writes it, or `'c` for the code of a character.
fn number(text: &str) -> Option<i64> {
    match text.strip_prefix(['\'', '"']) {
        Some(rest) => Some(i64::from(u32::from(rest.chars().next()?))),
        None if text.is_empty() => Some(0),
        None => crate::variables::arithmetic(text),
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
