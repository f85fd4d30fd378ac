//! Calls that matter: those that start commands, those that decode. The names are data, in
//! `calls.txt`; this reads it.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Language;

/// What a call that matters does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Call {
    /// The first argument is shell text; several or a list are the words of a program.
    Shell,
    /// The first argument is a program, a list or the others are its words.
    Argv,
    /// As `Argv`, where the list repeats the program's name (`execv`).
    Exec,
    /// As `Exec`, after a first argument that says how (`spawnv`).
    Spawn,
    /// The first argument is more code.
    Code,
    /// Prints its arguments, with a line end.
    PrintLine,
    /// Prints its arguments.
    Print,
    /// Opens a pipe: `open(F, "cmd |")`.
    Open,
}

/// What a function makes of a text or a list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Change {
    Base64,
    Base32,
    Hex,
    /// Any of gzip, zlib and bare deflate.
    Inflate,
    Rot13,
    Reverse,
    /// By the encoding that another argument names.
    Decode,
    /// Characters from their numbers.
    Characters,
    /// The texts of a list, one after the other.
    Join,
    /// Perl's and Ruby's `pack` and `unpack`.
    Pack,
    Split,
    Replace,
    /// Percent escapes of addresses.
    Percent,
    /// Nothing that matters here.
    Same,
}

/// The table.
#[derive(Default)]
struct Table {
    /// What functions start, by language and name.
    calls: HashMap<(&'static str, &'static str), Call>,
    /// The same for names that say enough at the end of any path.
    telling: HashMap<(&'static str, &'static str), Call>,
    /// What functions make of a text, by name.
    changes: HashMap<&'static str, Change>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::default();
    for line in include_str!("calls.txt").lines() {
        // A line that is not understood would be a mistake of ours: a test reads them all.
        table.read(line);
    }
    table
});

/// What the function of this name does.
pub(super) fn call(language: Language, path: &str) -> Option<Call> {
    let language = language.name();
    let last = path.rsplit('.').next().unwrap_or(path);
    let whole = TABLE.calls.get(&(language, path));
    whole
        .or_else(|| TABLE.telling.get(&(language, last)))
        .copied()
}

/// What the function or method of this name makes of its text.
pub(super) fn change(name: &str) -> Option<Change> {
    TABLE.changes.get(name).copied()
}

impl Table {
    /// Reads a line of the table; `None` for blank lines, comments and mistakes.
    fn read(&mut self, line: &'static str) -> Option<()> {
        let (left, names) = line.split_once(" :").filter(|_| !line.starts_with('#'))?;
        let mut left = left.split_whitespace();
        let (language, what) = (left.next()?, left.next()?);
        for name in names.split_whitespace() {
            if language == "any" {
                self.changes.insert(name, parse_change(what)?);
            } else if let Some(name) = name.strip_prefix("*.") {
                self.telling.insert((language, name), parse_call(what)?);
            } else {
                self.calls.insert((language, name), parse_call(what)?);
            }
        }
        Some(())
    }
}

fn parse_call(what: &str) -> Option<Call> {
    Some(match what {
        "shell" => Call::Shell,
        "argv" => Call::Argv,
        "exec" => Call::Exec,
        "spawn" => Call::Spawn,
        "code" => Call::Code,
        "print-line" => Call::PrintLine,
        "print" => Call::Print,
        "open" => Call::Open,
        _ => return None,
    })
}

fn parse_change(what: &str) -> Option<Change> {
    Some(match what {
        "base64" => Change::Base64,
        "base32" => Change::Base32,
        "hex" => Change::Hex,
        "inflate" => Change::Inflate,
        "rot13" => Change::Rot13,
        "reverse" => Change::Reverse,
        "decode" => Change::Decode,
        "characters" => Change::Characters,
        "join" => Change::Join,
        "pack" => Change::Pack,
        "split" => Change::Split,
        "replace" => Change::Replace,
        "percent" => Change::Percent,
        "same" => Change::Same,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_understood() {
        let mut table = Table::default();
        for line in include_str!("calls.txt").lines() {
            let blank = line.is_empty() || line.starts_with('#');
            assert_eq!(table.read(line).is_none(), blank, "{line}");
        }
    }

    #[test]
    fn names_and_paths() {
        assert_eq!(call(Language::Python, "os.system"), Some(Call::Shell));
        assert_eq!(call(Language::Python, "x.check_output"), Some(Call::Shell));
        assert_eq!(call(Language::Python, "platform.system"), None);
        assert_eq!(call(Language::JavaScript, "os.system"), None);
        assert_eq!(change("b64decode"), Some(Change::Base64));
    }
}
