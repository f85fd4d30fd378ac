//! Commands that print their words: `echo`, `printf`, `seq`.

use super::Call;
use crate::content::{Content, add_layers};
use crate::expand::arithmetic;
use crate::run::Run;
use crate::variables::Value;
use crate::word::Word;
use crate::{bounds, escape};

impl Call<'_> {
    pub(super) fn echo(&self) -> Content {
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
    pub(super) fn printf(&self, run: &mut Run) -> Option<Content> {
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
    pub(super) fn format<'w>(
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

    pub(super) fn seq(&self) -> Option<Content> {
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

    pub(super) fn basename(&self) -> Option<Content> {
        let mut names = self.names();
        let name = names.next()?.trim_end_matches('/');
        let name = name.rsplit('/').next()?;
        let suffix = names.next().unwrap_or_default();
        let name = name.strip_suffix(suffix).unwrap_or(name);
        Some(Content::from(format!("{name}\n")))
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
}

/// A number as `printf` takes it: as the shell writes it, or `'c` for the code of a character.
fn number(text: &str) -> Option<i64> {
    match text.strip_prefix(['\'', '"']) {
        Some(rest) => Some(i64::from(u32::from(rest.chars().next()?))),
        None if text.is_empty() => Some(0),
        None => arithmetic(text),
    }
}
