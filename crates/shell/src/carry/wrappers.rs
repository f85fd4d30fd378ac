//! Programs that run their arguments: a reader for the table in `wrappers.txt`.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::Layer;
use crate::content::add_layers;
use crate::word::Word;

/// The table, by program.
static TABLE: LazyLock<HashMap<&'static str, Vec<Row>>> = LazyLock::new(|| {
    let mut table: HashMap<&str, Vec<Row>> = HashMap::new();
    // A line that is not understood would be a mistake of ours: a test reads them all.
    for (names, row) in include_str!("wrappers.txt").lines().filter_map(parse) {
        for name in names.split(',') {
            table.entry(name).or_default().push(row.clone());
        }
    }
    table
});

/// What a wrapper runs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wrapped {
    pub(crate) layer: Layer,
    pub(crate) what: What,
    pub(crate) background: bool,
    /// `NAME=value` words before the command.
    pub(crate) assignments: Vec<(String, String)>,
}

/// The command inside a wrapper.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    /// These words.
    Words(Vec<Word>),
    /// Shell text.
    Script(Word),
    /// A shell that reads standard input.
    Shell,
    /// Nothing that can be seen.
    Nothing,
}

/// Reads the words of a wrapper; `None` for a program that is none.
pub(crate) fn unwrap(program: &str, words: &[Word]) -> Option<Wrapped> {
    TABLE
        .get(program)?
        .iter()
        .find_map(|row| row.unwrap(program, words))
}

/// Words joined by blanks, as a program does that gives them to a shell.
pub(crate) fn join(words: &[Word]) -> Word {
    let mut joined = Word::default();
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            joined.text.push(' ');
        }
        joined.text.push_str(&word.text);
        joined.dynamic |= word.dynamic;
        add_layers(&mut joined.layers, &word.layers);
    }
    joined
}

/// What kind of layer a wrapper is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Role {
    Wrapper,
    Privilege,
    Remote,
    Later,
}

/// A line of the table.
#[derive(Clone, Debug)]
struct Row {
    role: Role,
    /// Subcommand words that must follow, options between them skipped.
    sub: Vec<&'static str>,
    /// Single-letter options that take a value.
    short: String,
    /// Long options that take a value, dashes included.
    long: Vec<&'static str>,
    /// Options whose value is shell text, dashes included.
    script: Vec<&'static str>,
    /// Operands between the options and the command.
    operands: usize,
    assignments: bool,
    joined: bool,
    dashes: bool,
    stdin: bool,
    background: bool,
}

/// Reads a line of the table; `None` for blank lines and comments.
fn parse(line: &'static str) -> Option<(&'static str, Row)> {
    if line.starts_with('#') {
        return None;
    }
    let (left, right) = line.split_once(" :")?;
    let mut left = left.split_whitespace();
    let mut row = Row {
        role: match left.next()? {
            "wrapper" => Role::Wrapper,
            "privilege" => Role::Privilege,
            "remote" => Role::Remote,
            "later" => Role::Later,
            _ => return None,
        },
        sub: Vec::new(),
        short: String::new(),
        long: Vec::new(),
        script: Vec::new(),
        operands: 0,
        assignments: false,
        joined: false,
        dashes: false,
        stdin: false,
        background: false,
    };
    let names = left.next()?;
    row.sub = left.collect();
    for word in right.split_whitespace() {
        match word {
            "1" => row.operands = 1,
            "*" => row.operands = usize::MAX,
            "name=" => row.assignments = true,
            "join" => row.joined = true,
            "--" => row.dashes = true,
            "stdin" => row.stdin = true,
            "background" => row.background = true,
            _ if word.ends_with('!') => row.script.push(word.strip_suffix('!')?),
            _ if word.starts_with("--") => row.long.push(word),
            _ => row.short.push_str(word.strip_prefix('-')?),
        }
    }
    Some((names, row))
}

impl Row {
    fn unwrap(&self, program: &str, words: &[Word]) -> Option<Wrapped> {
        let mut reading = Reading {
            row: self,
            words,
            at: 1,
            script: None,
        };
        for sub in &self.sub {
            reading.options();
            if reading.peek()?.text != *sub {
                return None;
            }
            reading.at += 1;
        }
        reading.options();
        let mut place = None;
        for _ in 0..self.operands {
            match reading.peek() {
                Some(word) if word.text != "--" => place = Some(word.text.clone()),
                _ => break,
            }
            reading.at += 1;
            // Elsewhere what looks like an option belongs to the command already.
            let script = |word: &Word| self.script.contains(&word.text.as_str());
            if self.operands > 1
                || self.role == Role::Remote && (self.joined || self.dashes)
                || reading.peek().is_some_and(script)
            {
                reading.options();
            }
        }
        if self.dashes
            && let Some(at) = words.iter().position(|w| w.text == "--")
        {
            reading.at = at + 1;
        }
        let assignments = reading.assignments();
        if reading.peek().is_some_and(|w| w.text == "--") {
            reading.at += 1;
        }
        let rest = words.get(reading.at..).unwrap_or_default();
        let what = match reading.script {
            Some(script) => What::Script(script),
            None if rest.is_empty() && self.stdin => What::Shell,
            None if rest.is_empty() => What::Nothing,
            None if self.joined => What::Script(join(rest)),
            None => What::Words(rest.to_vec()),
        };
        Some(Wrapped {
            layer: self.layer(program, place),
            what,
            background: self.background,
            assignments,
        })
    }

    fn layer(&self, program: &str, place: Option<String>) -> Layer {
        let name = match self.sub.last() {
            Some(sub) => format!("{program} {sub}"),
            None => program.to_owned(),
        };
        match self.role {
            Role::Wrapper => Layer::Wrapper(name),
            Role::Privilege => Layer::Privilege(name),
            Role::Remote => Layer::Remote(place.unwrap_or(name)),
            Role::Later => Layer::Later(name),
        }
    }
}

/// The words of a wrapper while they are read.
struct Reading<'w> {
    row: &'w Row,
    words: &'w [Word],
    at: usize,
    script: Option<Word>,
}

impl<'w> Reading<'w> {
    fn peek(&self) -> Option<&'w Word> {
        self.words.get(self.at)
    }

    /// Skips options and their values. A `--` ends them and is skipped too, unless the command
    /// stands behind it anyway.
    fn options(&mut self) {
        while let Some(word) = self.peek() {
            let text = word.text.as_str();
            if text == "--" {
                self.at += usize::from(!self.row.dashes);
                return;
            }
            if text.len() < 2 || !text.starts_with('-') {
                return;
            }
            self.at += 1;
            if text.starts_with("--") {
                self.long(text);
            } else {
                self.short(text);
            }
        }
    }

    fn long(&mut self, text: &str) {
        if self.row.script.contains(&text) {
            self.script = self.peek().cloned();
            self.at += 1;
        } else if self.row.long.contains(&text) {
            self.at += 1;
        } else {
            let mut names = self.row.script.iter();
            let value = names.find_map(|name| text.strip_prefix(name)?.strip_prefix('='));
            if let Some(value) = value {
                self.script = Some(Word::plain(value));
            }
        }
    }

    /// A group of single-letter options; the first that takes a value ends it.
    fn short(&mut self, text: &str) {
        for (index, letter) in text.char_indices().skip(1) {
            let is_script = |name: &&str| {
                let name = name.strip_prefix('-');
                name.is_some_and(|name| name.chars().eq([letter]))
            };
            let script = self.row.script.iter().any(is_script);
            if !script && !self.row.short.contains(letter) {
                continue;
            }
            let joined = text.get(index + letter.len_utf8()..).unwrap_or_default();
            let value = if joined.is_empty() {
                self.at += 1;
                self.words.get(self.at - 1).cloned()
            } else {
                Some(Word::plain(joined))
            };
            if script {
                self.script = value;
            }
            return;
        }
    }

    fn assignments(&mut self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        while self.row.assignments
            && let Some((name, value)) = self.peek().and_then(|w| w.text.split_once('='))
            && !name.is_empty()
        {
            found.push((name.to_owned(), value.to_owned()));
            self.at += 1;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_understood() {
        for line in include_str!("wrappers.txt").lines() {
            let blank = line.is_empty() || line.starts_with('#');
            assert_eq!(parse(line).is_none(), blank, "{line}");
        }
    }

    #[track_caller]
    fn check(text: &str, layer: Layer, inner: &str) {
        let words: Vec<Word> = text.split_whitespace().map(Word::plain).collect();
        let wrapped = unwrap(&words[0].text, &words).unwrap();
        assert_eq!(wrapped.layer, layer, "{text}");
        let found = match wrapped.what {
            What::Words(words) => join(&words).text,
            What::Script(script) => format!("sh: {}", script.text),
            What::Shell => "stdin".to_owned(),
            What::Nothing => String::new(),
        };
        assert_eq!(found, inner, "{text}");
    }

    #[test]
    fn options_are_skipped() {
        let wrapper = |name: &str| Layer::Wrapper(name.to_owned());
        let privilege = |name: &str| Layer::Privilege(name.to_owned());
        let remote = |name: &str| Layer::Remote(name.to_owned());
        check("sudo -nu root -- A=b id -u", privilege("sudo"), "id -u");
        check("sudo --user=root -E id", privilege("sudo"), "id");
        check("sudo -i", privilege("sudo"), "stdin");
        check("su - bob -c id", privilege("su"), "sh: id");
        check("su -c id bob", privilege("su"), "sh: id");
        check("sg run --pattern x", privilege("sg"), "");
        check("env -i A=b -- id", wrapper("env"), "id");
        check("timeout -k 5 10 id -u", wrapper("timeout"), "id -u");
        check("flock -n /l -c id", wrapper("flock"), "sh: id");
        check("flock -c id /l", wrapper("flock"), "sh: id");
        check("script -qc id /dev/null", wrapper("script"), "sh: id");
        check("tar cf x y --to-command=id", wrapper("tar"), "sh: id");
        check("nice -n 5 id", wrapper("nice"), "id");
        check("ssh -p 22 u@h -t ls -l", remote("u@h"), "sh: ls -l");
        check("ssh -L1:h:2 h", remote("h"), "stdin");
        check(
            "docker exec -it -e A=b c1 sh -c ls",
            remote("c1"),
            "sh -c ls",
        );
        check("docker -H x compose -f y exec web id", remote("web"), "id");
        check(
            "kubectl -n ns exec pod -c c -- id -u",
            remote("pod"),
            "id -u",
        );
        check("kubectl exec pod id", remote("pod"), "id");
        check("uv run --with x pytest -q", wrapper("uv run"), "pytest -q");
        assert_eq!(unwrap("docker", &["docker", "ps"].map(Word::plain)), None);
    }
}
