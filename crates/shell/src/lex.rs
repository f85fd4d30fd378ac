//! Text into words and operators, by bash's rules of quoting.
//!
//! The lexer finds where each word ends, whatever is nested in it, and which words are reserved at
//! their place. It never evaluates: [`crate::expand`] does that with the raw text of a word.
//! Reading is linear but for nested substitutions, whose text is read once per level; a fuel count
//! stops texts that make it backtrack again and again.

use std::ops::Range;

use crate::bounds;

/// A piece of a script.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    /// The bytes of the text that it covers.
    pub(crate) span: Range<usize>,
}

/// What a piece is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A word or an assignment, arrays included.
    Word,
    /// `[[ ... ]]`.
    Test,
    /// `(( ... ))`.
    Arithmetic,
    /// A reserved word at a place where it is one.
    Reserved,
    /// `;`
    Semicolon,
    /// A line end that ends a command.
    Newline,
    /// `&`
    Background,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `|` or `|&`
    Pipe,
    /// `(` of a subshell or function.
    Open,
    /// `)` of a subshell, function or case pattern.
    Close,
    /// `|` between the patterns of a case.
    Alternative,
    /// `;;`, `;&` or `;;&`.
    NextCase,
    /// A `)` that nothing opened.
    Stray,
    /// A redirection with its operator (descriptor included) and the word after it.
    Redirect {
        op: Range<usize>,
        target: Range<usize>,
    },
    /// `<<WORD` with the body that follows on the next lines.
    Heredoc {
        body: Range<usize>,
        /// The delimiter is quoted: nothing in the body is expanded.
        raw: bool,
        /// `<<-`: leading tabs are removed.
        strip: bool,
    },
    /// `<<< WORD`
    HereString { word: Range<usize> },
}

impl Kind {
    /// Whether the piece is part of a simple command.
    pub(crate) fn in_command(&self) -> bool {
        matches!(self, Self::Word | Self::Test | Self::Arithmetic) || self.is_redirect()
    }

    /// Whether the piece redirects.
    pub(crate) fn is_redirect(&self) -> bool {
        matches!(
            self,
            Self::Redirect { .. } | Self::Heredoc { .. } | Self::HereString { .. }
        )
    }
}

/// The pieces of a text.
#[derive(Debug, Default)]
pub(crate) struct Lexed {
    pub(crate) tokens: Vec<Token>,
    /// A quote or bracket is not closed, or an operator stands where none can.
    pub(crate) malformed: bool,
    /// The text nests deeper or backtracks more than the bounds allow; the rest was not read.
    pub(crate) truncated: bool,
    /// There is nothing but simple commands joined by operators.
    pub(crate) flat: bool,
}

/// Cuts a text into its pieces. `fuel` is how many steps may still be made.
pub(crate) fn lex(text: &str, fuel: &mut usize) -> Lexed {
    let mut lexer = Lexer::new(text, 0, *fuel);
    lexer.flat = true;
    lexer.commands(false);
    *fuel = lexer.fuel;
    Lexed {
        tokens: lexer.tokens,
        malformed: lexer.malformed,
        truncated: lexer.truncated,
        flat: lexer.flat,
    }
}

/// What a `$` or backquote begins.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Dollar {
    /// `$name`, `$1`, `$@`: the name.
    Name(Range<usize>),
    /// `${...}`: what stands between the braces.
    Braced(Range<usize>),
    /// `$(...)`, `<(...)`, `>(...)` or backquotes: the script inside.
    Command(Range<usize>),
    /// `$((...))`: the expression.
    Arithmetic(Range<usize>),
    /// `$'...'`: the text with its escapes.
    Ansi(Range<usize>),
    /// `$"..."`: the dollar says nothing here.
    Locale,
    /// A dollar sign that means itself.
    Plain,
}

/// Reads what begins at the `$` at byte `at`, and where it ends.
pub(crate) fn dollar(text: &str, at: usize, fuel: &mut usize) -> (Dollar, usize) {
    let mut lexer = Lexer::new(text, at, *fuel);
    let found = lexer.dollar();
    *fuel = lexer.fuel;
    found
}

/// Reads backquotes that begin at byte `at`; `None` where they are not closed.
pub(crate) fn backquote(text: &str, at: usize, fuel: &mut usize) -> Option<(Range<usize>, usize)> {
    let mut lexer = Lexer::new(text, at, *fuel);
    let closed = lexer.backquote();
    *fuel = lexer.fuel;
    closed.then(|| (at + 1..lexer.pos.saturating_sub(1), lexer.pos))
}

/// Reads `<(...)` or `>(...)` that begins at byte `at`; `None` where it is not closed.
pub(crate) fn process_substitution(
    text: &str,
    at: usize,
    fuel: &mut usize,
) -> Option<(Range<usize>, usize)> {
    let mut lexer = Lexer::new(text, at + 2, *fuel);
    let closed = lexer.parenthesis();
    *fuel = lexer.fuel;
    closed.then(|| (at + 2..lexer.pos.saturating_sub(1), lexer.pos))
}

/// The words and operators of `[[ ... ]]`.
pub(crate) fn test_words(text: &str, fuel: &mut usize) -> Vec<Range<usize>> {
    let mut lexer = Lexer::new(text, 0, *fuel);
    let mut words = Vec::new();
    while lexer.test_blanks() && lexer.burn() {
        let start = lexer.pos;
        lexer.test_word();
        words.push(start..lexer.pos);
    }
    *fuel = lexer.fuel;
    words
}

/// What the words at this place are part of.
#[derive(Clone, Copy, Default, PartialEq)]
enum Place {
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

/// A heredoc whose body has not begun.
struct Pending {
    token: usize,
    delimiter: String,
    strip: bool,
}

struct Lexer<'t> {
    text: &'t str,
    pos: usize,
    tokens: Vec<Token>,
    pending: Vec<Pending>,
    place: Place,
    /// A command may begin here.
    command: bool,
    malformed: bool,
    truncated: bool,
    flat: bool,
    depth: usize,
    fuel: usize,
}

impl<'t> Lexer<'t> {
    fn new(text: &'t str, pos: usize, fuel: usize) -> Self {
        Self {
            text,
            pos,
            tokens: Vec::new(),
            pending: Vec::new(),
            place: Place::Script,
            command: true,
            malformed: false,
            truncated: false,
            flat: false,
            depth: 0,
            fuel,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.byte(0)
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.pos + ahead).copied()
    }

    fn rest_starts_with(&self, prefix: &str) -> bool {
        self.text
            .as_bytes()
            .get(self.pos..)
            .is_some_and(|rest| rest.starts_with(prefix.as_bytes()))
    }

    fn slice(&self, range: Range<usize>) -> &'t str {
        self.text.get(range).unwrap_or_default()
    }

    /// Takes one unit of fuel; without any, reading ends where it is.
    fn burn(&mut self) -> bool {
        if self.fuel == 0 {
            self.truncated = true;
            self.pos = self.text.len();
            return false;
        }
        self.fuel -= 1;
        true
    }

    /// How far away the first of two bytes is, from `at`, and which one it is.
    fn find(&mut self, at: usize, either: u8, or: u8) -> Option<(usize, u8)> {
        let rest = self.text.as_bytes().get(at..)?;
        let found = memchr::memchr2(either, or, rest);
        // A search is quick but not free: a hostile text may start many that reach its end.
        let cost = found.unwrap_or(rest.len()) / 16 + 1;
        self.fuel = self.fuel.saturating_sub(cost);
        found.and_then(|len| Some((len, *rest.get(len)?)))
    }

    fn push(&mut self, kind: Kind, start: usize) {
        self.tokens.push(Token {
            kind,
            span: start..self.pos,
        });
    }

    // Commands

    /// Reads commands to the end of the text or, `nested`, past the parenthesis that closes them.
    /// Returns whether the end was found.
    fn commands(&mut self, nested: bool) -> bool {
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
    fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r') => self.pos += 1,
                Some(b'\\') if self.byte(1) == Some(b'\n') => self.pos += 2,
                Some(b'\\') if self.rest_starts_with("\\\r\n") => self.pos += 3,
                _ => return,
            }
        }
    }

    fn comment(&mut self) {
        let rest = self.text.as_bytes().get(self.pos..).unwrap_or_default();
        self.pos += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    }

    fn operator(&mut self, kind: Kind, len: usize) {
        let start = self.pos;
        self.pos += len;
        self.push(kind, start);
        self.command = true;
    }

    fn semicolon(&mut self, start: usize) {
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

    fn end_of_command(&mut self) {
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
    fn open(&mut self, start: usize) -> bool {
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

    // Words

    fn word_or_redirect(&mut self, start: usize) {
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
    fn first_word(&mut self, raw: &str, start: usize) {
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

    fn reserved(&mut self, start: usize, command: bool) {
        self.push(Kind::Reserved, start);
        self.command = command;
        self.flat = false;
    }

    fn group_follows(&mut self) -> bool {
        let here = self.pos;
        self.blanks();
        let found = matches!(self.peek(), Some(b'(' | b'{'));
        self.pos = here;
        found
    }

    /// Skips the name in `coproc NAME { ...; }`; `false` and no move where there is none.
    fn named_group_follows(&mut self) -> bool {
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
    fn test(&mut self) -> bool {
        let here = self.pos;
        let malformed = self.malformed;
        while self.test_blanks() && self.burn() {
            let start = self.pos;
            self.test_word();
            if self.slice(start..self.pos) == "]]" {
                return true;
            }
        }
        self.pos = here;
        self.malformed = malformed;
        false
    }

    /// Skips blanks in `[[ ... ]]`; `false` at the end of the text.
    fn test_blanks(&mut self) -> bool {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.pos += 1;
        }
        self.pos < self.text.len()
    }

    /// Reads a word or operator in `[[ ... ]]`.
    fn test_word(&mut self) {
        let start = self.pos;
        match self.peek() {
            Some(b'&' | b'|') => {
                self.pos += if self.byte(1) == self.peek() { 2 } else { 1 };
            }
            Some(b'(' | b')' | b'<' | b'>' | b';') => self.pos += 1,
            _ => self.word(),
        }
        // A byte that begins no word is one of its own.
        self.pos = self.pos.max(start + 1);
    }

    /// Reads one word, with all that is quoted or nested in it.
    fn word(&mut self) {
        let start = self.pos;
        while let Some(byte) = self.peek() {
            if !self.burn() {
                return;
            }
            match byte {
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b')' => return,
                b'\r' if matches!(self.byte(1), Some(b'\n') | None) => return,
                b'<' | b'>' => {
                    if self.byte(1) != Some(b'(') {
                        return;
                    }
                    let here = self.pos;
                    self.pos += 2;
                    if !self.parenthesis() {
                        self.unclosed(here);
                    }
                }
                b'(' => {
                    // Patterns such as `@(a|b)` and array values are part of the word.
                    let before = self.pos.checked_sub(1).filter(|&at| at >= start);
                    let part = before
                        .and_then(|at| self.text.as_bytes().get(at))
                        .is_some_and(|b| matches!(b, b'@' | b'?' | b'*' | b'+' | b'!'))
                        || self.slice(start..self.pos).ends_with('=');
                    if !part {
                        return;
                    }
                    let here = self.pos;
                    self.pos += 1;
                    if !self.parenthesis() {
                        self.unclosed(here);
                        return;
                    }
                }
                _ => self.piece(),
            }
        }
    }

    /// Reads one piece of a word: a quoted part, a substitution or a single byte.
    fn piece(&mut self) {
        let start = self.pos;
        let closed = match self.peek() {
            Some(b'\'') => self.single_quotes(),
            Some(b'"') => self.double_quotes(),
            Some(b'`') => self.backquote(),
            Some(b'$') => {
                self.pos = self.dollar().1;
                true
            }
            Some(b'\\') => {
                self.pos = (start + 2).min(self.text.len());
                true
            }
            _ => {
                self.pos = (start + 1).min(self.text.len());
                true
            }
        };
        if !closed {
            self.unclosed(start);
        }
        // A backslash may have skipped the first byte of a longer character.
        while self.pos < self.text.len() && !self.text.is_char_boundary(self.pos) {
            self.pos += 1;
        }
    }

    /// Takes an opening quote or bracket that nothing closes for an ordinary character.
    fn unclosed(&mut self, at: usize) {
        self.malformed = true;
        self.pos = at + 1;
    }

    /// Reads `'...'`; `false` where it is not closed.
    fn single_quotes(&mut self) -> bool {
        let Some((len, _)) = self.find(self.pos + 1, b'\'', b'\'') else {
            return false;
        };
        self.pos += len + 2;
        true
    }

    /// Reads `"..."`; `false` where it is not closed.
    fn double_quotes(&mut self) -> bool {
        self.pos += 1;
        while let Some(byte) = self.peek() {
            if !self.burn() {
                return false;
            }
            match byte {
                b'"' => {
                    self.pos += 1;
                    return true;
                }
                b'\'' => self.pos += 1,
                b'$' if self.byte(1) == Some(b'\'') => self.pos += 1,
                _ => self.piece(),
            }
        }
        false
    }

    /// Reads backquotes; `false` where they are not closed.
    fn backquote(&mut self) -> bool {
        self.pos += 1;
        loop {
            if !self.burn() {
                return false;
            }
            let Some((len, byte)) = self.find(self.pos, b'`', b'\\') else {
                return false;
            };
            self.pos += len + 1;
            if byte == b'`' {
                return true;
            }
            self.pos = (self.pos + 1).min(self.text.len());
        }
    }

    /// Reads what the `$` at this place begins. The position does not count afterwards.
    fn dollar(&mut self) -> (Dollar, usize) {
        let start = self.pos;
        match self.byte(1) {
            Some(b'(') => {
                self.pos += 1;
                if self.byte(1) == Some(b'(') && self.arithmetic() {
                    let end = self.pos;
                    return (Dollar::Arithmetic(start + 3..end - 2), end);
                }
                self.pos = start + 2;
                if self.parenthesis() {
                    return (Dollar::Command(start + 2..self.pos - 1), self.pos);
                }
                self.unclosed(start);
                (Dollar::Plain, start + 1)
            }
            Some(b'{') => {
                self.pos += 2;
                if self.braces() {
                    return (Dollar::Braced(start + 2..self.pos - 1), self.pos);
                }
                self.unclosed(start);
                (Dollar::Plain, start + 1)
            }
            Some(b'\'') => {
                let mut at = start + 2;
                loop {
                    match self.find(at, b'\'', b'\\') {
                        Some((len, b'\'')) => {
                            return (Dollar::Ansi(start + 2..at + len), at + len + 1);
                        }
                        Some((len, _)) => at += len + 2,
                        None => {
                            self.unclosed(start);
                            return (Dollar::Plain, start + 1);
                        }
                    }
                }
            }
            Some(b'"') => (Dollar::Locale, start + 1),
            Some(b) if b.is_ascii_alphabetic() || b == b'_' => {
                let rest = self.text.as_bytes().get(start + 1..).unwrap_or_default();
                let len = rest
                    .iter()
                    .position(|b| !b.is_ascii_alphanumeric() && *b != b'_')
                    .unwrap_or(rest.len());
                (Dollar::Name(start + 1..start + 1 + len), start + 1 + len)
            }
            Some(b'0'..=b'9' | b'@' | b'*' | b'#' | b'?' | b'!' | b'$' | b'-') => {
                (Dollar::Name(start + 1..start + 2), start + 2)
            }
            _ => (Dollar::Plain, start + 1),
        }
    }

    /// Reads `((...))` from its first parenthesis; `false` and no move where it is something else.
    fn arithmetic(&mut self) -> bool {
        let start = self.pos;
        let malformed = self.malformed;
        let mut open = 0usize;
        while let Some(byte) = self.peek() {
            if !self.burn() {
                return false;
            }
            match byte {
                b'(' => {
                    open += 1;
                    self.pos += 1;
                }
                b')' if open == 2 => {
                    if self.byte(1) == Some(b')') {
                        self.pos += 2;
                        return true;
                    }
                    break;
                }
                b')' => {
                    open = open.saturating_sub(1);
                    self.pos += 1;
                }
                b'\n' | b';' if open < 2 => break,
                b'$' | b'"' | b'`' | b'\\' | b'\'' if self.depth < bounds::NESTING => {
                    self.depth += 1;
                    self.piece();
                    self.depth -= 1;
                }
                _ => self.pos += 1,
            }
        }
        self.pos = start;
        self.malformed = malformed;
        false
    }

    /// Reads the rest of `${...}`; `false` where it is not closed.
    fn braces(&mut self) -> bool {
        if self.too_deep() {
            return false;
        }
        self.depth += 1;
        let mut found = false;
        while let Some(byte) = self.peek() {
            if !self.burn() {
                break;
            }
            match byte {
                b'}' => {
                    self.pos += 1;
                    found = true;
                    break;
                }
                b'\n' => break,
                _ => self.piece(),
            }
        }
        self.depth -= 1;
        found
    }

    /// Reads a script up to the parenthesis that closes it; `false` where there is none.
    fn parenthesis(&mut self) -> bool {
        if self.too_deep() {
            return false;
        }
        self.depth += 1;
        let mark = self.tokens.len();
        let pending = std::mem::take(&mut self.pending);
        let place = std::mem::take(&mut self.place);
        let (command, flat) = (self.command, self.flat);
        self.command = true;
        let found = self.commands(true);
        self.tokens.truncate(mark);
        self.pending = pending;
        self.place = place;
        self.command = command;
        self.flat = flat;
        self.depth -= 1;
        found
    }

    fn too_deep(&mut self) -> bool {
        let deep = self.depth >= bounds::NESTING;
        self.truncated |= deep;
        deep
    }

    // Redirections

    /// Skips the `2` of `2>` or the `{fd}` of `{fd}>`; `false` and no move where there is none.
    fn descriptor(&mut self) -> bool {
        let here = self.pos;
        if self.peek() == Some(b'{') {
            self.pos += 1;
            while self
                .peek()
                .is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_')
            {
                self.pos += 1;
            }
            if self.peek() == Some(b'}') {
                self.pos += 1;
            } else {
                self.pos = here;
                return false;
            }
        } else {
            while self.peek().is_some_and(|b| b.is_ascii_digit()) {
                self.pos += 1;
            }
        }
        if self.pos > here && matches!(self.peek(), Some(b'<' | b'>')) && self.byte(1) != Some(b'(')
        {
            return true;
        }
        self.pos = here;
        false
    }

    fn redirect(&mut self, start: usize) {
        const OPERATORS: [&str; 12] = [
            "&>>", "&>", "<<<", "<<-", "<<", "<>", "<&", ">>", ">|", ">&", "<", ">",
        ];
        let Some(op) = OPERATORS.iter().find(|op| self.rest_starts_with(op)) else {
            self.pos += 1;
            return;
        };
        self.pos += op.len();
        let op_span = start..self.pos;
        self.blanks();
        let target_start = self.pos;
        self.word();
        let target = target_start..self.pos;
        if target.is_empty() {
            self.malformed = true;
            return;
        }
        match *op {
            "<<" | "<<-" => {
                let strip = *op == "<<-";
                let written = self.slice(target);
                self.pending.push(Pending {
                    token: self.tokens.len(),
                    delimiter: written
                        .chars()
                        .filter(|c| !matches!(c, '\'' | '"' | '\\'))
                        .collect(),
                    strip,
                });
                let raw = written.contains(['\'', '"', '\\']);
                let body = self.pos..self.pos;
                self.push(Kind::Heredoc { body, raw, strip }, start);
            }
            "<<<" => self.push(Kind::HereString { word: target }, start),
            _ => self.push(
                Kind::Redirect {
                    op: op_span,
                    target,
                },
                start,
            ),
        }
    }

    /// Reads the bodies of the heredocs that the line before announced.
    fn heredoc_bodies(&mut self, nested: bool) {
        for pending in std::mem::take(&mut self.pending) {
            let start = self.pos;
            let (end, next) = self.heredoc_end(&pending, nested);
            self.pos = next;
            if let Some(token) = self.tokens.get_mut(pending.token)
                && let Kind::Heredoc { body, .. } = &mut token.kind
            {
                *body = start..end;
            }
        }
    }

    /// Where the body ends, and where reading goes on.
    fn heredoc_end(&mut self, pending: &Pending, nested: bool) -> (usize, usize) {
        let mut at = self.pos;
        while at < self.text.len() {
            if !self.burn() {
                break;
            }
            let rest = self.slice(at..self.text.len());
            let len = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
            let line = rest.get(..len).unwrap_or_default();
            let line = line.strip_suffix('\r').unwrap_or(line);
            let trimmed = if pending.strip {
                line.trim_start_matches('\t')
            } else {
                line
            };
            if trimmed == pending.delimiter {
                return (at, (at + len + 1).min(self.text.len()));
            }
            // Inside `$(...)` bash lets the closing parenthesis follow at once.
            if nested
                && let Some(after) = trimmed.strip_prefix(pending.delimiter.as_str())
                && after.starts_with(')')
            {
                return (at, at + line.len() - after.len());
            }
            at += len + 1;
        }
        // Bash warns and takes all there is.
        self.malformed = true;
        (self.text.len(), self.text.len())
    }
}
