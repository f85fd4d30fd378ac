//! Text into words and operators, by bash's rules of quoting.
//!
//! The lexer finds where each word ends, whatever is nested in it, and which words are reserved at
//! their place. It never evaluates: [`crate::expand`] does that with the raw text of a word.
//! Reading is linear but for nested substitutions, whose text is read once per level; a fuel count
//! stops texts that make it backtrack again and again.

use std::ops::Range;

mod commands;
mod redirects;
mod words;

use self::commands::Place;
use self::redirects::Pending;

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
    let mut words: Vec<Range<usize>> = Vec::new();
    while lexer.test_blanks() && lexer.burn() {
        let start = lexer.pos;
        let before = words.last().cloned().unwrap_or_default();
        lexer.test_word(lexer.slice(before) == "=~");
        words.push(start..lexer.pos);
    }
    *fuel = lexer.fuel;
    words
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
}
