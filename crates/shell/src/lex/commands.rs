//! Operators, reserved words and compound commands: which words are which.

use super::{Kind, Lexer};

/// What the words at this place are part of.
#[derive(Clone, Copy, Default, PartialEq)]
pub(super) enum Place {
    #[default]
    Script,
    /// After `for` or `select`.
    LoopName,
    /// After the name of a `for` loop.
    LoopIn,
    /// After `case`.
    CaseWord,
    /// After the word of a `case`.
    CaseIn,
    /// In the patterns of a `case`, at the start of one.
    PatternStart,
    /// In the patterns of a `case`.
    Pattern,
    /// After `function`.
    FunctionName,
}

impl Lexer<'_> {
    /// Reads commands to the end of the text or, `nested`, past the parenthesis that closes them.
    /// Returns whether the end was found.
    pub(super) fn commands(&mut self, nested: bool) -> bool {
        let mut open = 0usize;
        loop {
            self.blanks();
            if !self.burn() {
                return false;
            }
            let start = self.pos;
            let Some(byte) = self.peek() else {
                return !nested;
            };
            match byte {
                b'\n' => {
                    self.pos += 1;
                    self.push(Kind::Newline, start);
                    self.heredoc_bodies(nested);
                    self.end_of_command();
                }
                b'#' => self.comment(),
                b';' => self.semicolon(start),
                b'&' if self.byte(1) == Some(b'>') => self.redirect(start),
                b'&' if self.byte(1) == Some(b'&') => self.operator(Kind::And, 2),
                b'&' => self.operator(Kind::Background, 1),
                b'|' if self.byte(1) == Some(b'|') => self.operator(Kind::Or, 2),
                b'|' if self.place == Place::Pattern => {
                    self.pos += 1;
                    self.push(Kind::Alternative, start);
                }
                b'|' if self.byte(1) == Some(b'&') => self.operator(Kind::Pipe, 2),
                b'|' => self.operator(Kind::Pipe, 1),
                b'(' => {
                    if self.open(start) {
                        open += 1;
                    }
                }
                b')' => {
                    self.pos += 1;
                    if self.place == Place::Pattern || self.place == Place::PatternStart {
                        self.place = Place::Script;
                        self.push(Kind::Close, start);
                    } else if open > 0 {
                        open -= 1;
                        self.push(Kind::Close, start);
                    } else if nested {
                        return true;
                    } else {
                        self.malformed = true;
                        self.push(Kind::Stray, start);
                    }
                    self.flat = false;
                    self.command = true;
                }
                b'<' | b'>' if self.byte(1) != Some(b'(') => self.redirect(start),
                _ => self.word_or_redirect(start),
            }
        }
    }

    /// Skips blanks and line continuations.
    pub(super) fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r') => self.pos += 1,
                Some(b'\\') if self.byte(1) == Some(b'\n') => self.pos += 2,
                Some(b'\\') if self.rest_starts_with("\\\r\n") => self.pos += 3,
                _ => return,
            }
        }
    }

    pub(super) fn comment(&mut self) {
        let rest = self.text.as_bytes().get(self.pos..).unwrap_or_default();
        self.pos += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    }

    pub(super) fn operator(&mut self, kind: Kind, len: usize) {
        let start = self.pos;
        self.pos += len;
        self.push(kind, start);
        self.command = true;
    }

    pub(super) fn semicolon(&mut self, start: usize) {
        let len = [";;&", ";;", ";&"]
            .iter()
            .find(|op| self.rest_starts_with(op))
            .map_or(1, |op| op.len());
        self.pos += len;
        if len > 1 {
            self.push(Kind::NextCase, start);
            self.place = Place::PatternStart;
            self.command = false;
            self.flat = false;
        } else {
            self.push(Kind::Semicolon, start);
            self.end_of_command();
        }
    }

    pub(super) fn end_of_command(&mut self) {
        match self.place {
            // Patterns may stand on lines of their own, and so may `in` and `do`.
            Place::PatternStart | Place::Pattern | Place::CaseIn => {}
            _ => {
                self.place = Place::Script;
                self.command = true;
            }
        }
    }

    /// Reads what an opening parenthesis begins; says whether a `)` must close it.
    pub(super) fn open(&mut self, start: usize) -> bool {
        self.flat = false;
        if self.place == Place::PatternStart {
            self.pos += 1;
            self.place = Place::Pattern;
            return false;
        }
        if (self.command || self.place == Place::LoopName)
            && self.byte(1) == Some(b'(')
            && self.arithmetic()
        {
            self.push(Kind::Arithmetic, start);
            self.command = self.place == Place::LoopName;
            self.place = Place::Script;
            return false;
        }
        self.pos = start + 1;
        self.push(Kind::Open, start);
        self.command = true;
        true
    }

    pub(super) fn word_or_redirect(&mut self, start: usize) {
        if self.descriptor() {
            return self.redirect(start);
        }
        self.word();
        if self.pos == start {
            // Cannot happen while every other byte begins a word; never loop without moving.
            self.pos += 1;
        }
        let raw = self.slice(start..self.pos);
        match self.place {
            Place::LoopName => {
                self.push(Kind::Word, start);
                self.place = Place::LoopIn;
            }
            Place::LoopIn if raw == "in" => {
                self.push(Kind::Reserved, start);
                self.place = Place::Script;
                self.command = false;
            }
            Place::LoopIn if raw == "do" => {
                self.push(Kind::Reserved, start);
                self.place = Place::Script;
                self.command = true;
            }
            Place::CaseWord => {
                self.push(Kind::Word, start);
                self.place = Place::CaseIn;
            }
            Place::CaseIn if raw == "in" => {
                self.push(Kind::Reserved, start);
                self.place = Place::PatternStart;
            }
            Place::PatternStart if raw == "esac" => {
                self.push(Kind::Reserved, start);
                self.place = Place::Script;
                self.command = true;
            }
            Place::PatternStart => {
                self.push(Kind::Word, start);
                self.place = Place::Pattern;
            }
            Place::FunctionName => {
                self.push(Kind::Word, start);
                self.place = Place::Script;
                self.command = true;
            }
            _ if self.command => self.first_word(raw, start),
            _ => self.push(Kind::Word, start),
        }
    }

    /// A word where a command may begin: reserved words are known here only.
    pub(super) fn first_word(&mut self, raw: &str, start: usize) {
        match raw {
            "if" | "then" | "elif" | "else" | "while" | "until" | "do" | "{" => {
                self.reserved(start, true);
            }
            "fi" | "done" | "esac" | "}" => self.reserved(start, true),
            "for" | "select" => {
                self.reserved(start, false);
                self.place = Place::LoopName;
            }
            "case" => {
                self.reserved(start, false);
                self.place = Place::CaseWord;
            }
            "function" => {
                self.reserved(start, false);
                self.place = Place::FunctionName;
            }
            "!" => {}
            "time" | "coproc" if self.group_follows() => {}
            "coproc" if self.named_group_follows() => {}
            "[[" if self.test() => {
                self.push(Kind::Test, start);
                self.command = false;
            }
            _ => {
                self.push(Kind::Word, start);
                // More assignments and the command may follow; both are ordinary words.
                self.command = false;
            }
        }
    }

    pub(super) fn reserved(&mut self, start: usize, command: bool) {
        self.push(Kind::Reserved, start);
        self.command = command;
        self.flat = false;
    }

    pub(super) fn group_follows(&mut self) -> bool {
        let here = self.pos;
        self.blanks();
        let found = matches!(self.peek(), Some(b'(' | b'{'));
        self.pos = here;
        found
    }

    /// Skips the name in `coproc NAME { ...; }`; `false` and no move where there is none.
    pub(super) fn named_group_follows(&mut self) -> bool {
        let here = self.pos;
        self.blanks();
        while self
            .peek()
            .is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_')
        {
            self.pos += 1;
        }
        let found = self.group_follows();
        if !found {
            self.pos = here;
        }
        found
    }

    /// Reads the rest of `[[ ... ]]`; `false` and no move where it is not closed.
    pub(super) fn test(&mut self) -> bool {
        let here = self.pos;
        let malformed = self.malformed;
        let mut regex = false;
        while self.test_blanks() && self.burn() {
            let start = self.pos;
            self.test_word(regex);
            let word = self.slice(start..self.pos);
            if word == "]]" {
                return true;
            }
            regex = word == "=~";
        }
        self.pos = here;
        self.malformed = malformed;
        false
    }

    /// Skips blanks in `[[ ... ]]`; `false` at the end of the text.
    pub(super) fn test_blanks(&mut self) -> bool {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.pos += 1;
        }
        self.pos < self.text.len()
    }

    /// Reads a word or operator in `[[ ... ]]`; a regular expression may hold what elsewhere are
    /// operators.
    pub(super) fn test_word(&mut self, regex: bool) {
        let start = self.pos;
        match self.peek() {
            _ if regex => self.regex(),
            Some(b'&' | b'|') => {
                self.pos += if self.byte(1) == self.peek() { 2 } else { 1 };
            }
            Some(b'(' | b')' | b'<' | b'>' | b';') => self.pos += 1,
            _ => self.word(),
        }
        // A byte that begins no word is one of its own.
        self.pos = self.pos.max(start + 1);
    }

    fn regex(&mut self) {
        let mut open = 0usize;
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\n' if open == 0 => return,
                b'(' => open += 1,
                b')' if open == 0 => return,
                b')' => open -= 1,
                b'\\' | b'\'' | b'"' | b'$' | b'`' => {
                    self.piece();
                    continue;
                }
                _ => {}
            }
            if !self.burn() {
                return;
            }
            self.pos += 1;
        }
    }
}
