//! Inline code of other languages: which commands would it run?
//!
//! The code is not parsed by its grammar. It is cut into names, texts and signs, and expressions
//! are evaluated as far as texts, lists and well-known decoders reach, in the order in which they
//! stand. Calls that start a command ([`calls`]) become acts; all else is passed over.

mod apply;
mod calls;
mod evaluate;
mod statements;
mod texts;
mod tokens;
mod value;

use crate::Layer;
use crate::content::{Content, add_layers};
use crate::run::Run;
use crate::scope::Scope;
use crate::word::Word;

/// A language whose code is looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Python,
    JavaScript,
    Perl,
    Ruby,
    Php,
    Lua,
    Awk,
}

impl Language {
    /// The language of an interpreter, by its program name.
    pub(crate) fn of(program: &str) -> Option<Self> {
        // Versions such as `python3.11` and `ruby2.7`.
        let name = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
        Some(match name {
            "python" | "pypy" | "ipython" | "python3" | "jython" | "micropython" => Self::Python,
            "node" | "nodejs" | "deno" | "bun" | "qjs" | "javascript" | "js" | "tsx"
            | "ts-node" => Self::JavaScript,
            "perl" => Self::Perl,
            "ruby" | "jruby" | "irb" => Self::Ruby,
            "php" | "php-cli" => Self::Php,
            "lua" | "luajit" => Self::Lua,
            "awk" | "gawk" | "mawk" | "nawk" | "original-awk" => Self::Awk,
            _ => return None,
        })
    }

    /// The name that layers bear.
    fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::JavaScript => "node",
            Self::Perl => "perl",
            Self::Ruby => "ruby",
            Self::Php => "php",
            Self::Lua => "lua",
            Self::Awk => "awk",
        }
    }

    /// Options that are followed by code.
    fn code_options(self) -> &'static [&'static str] {
        match self {
            Self::Python => &["-c"],
            Self::JavaScript => &["-e", "-p", "-pe", "--eval", "--print", "eval"],
            Self::Perl => &["-e", "-E"],
            Self::Ruby | Self::Lua => &["-e"],
            Self::Php => &["-r", "--run", "-R", "-B", "-E"],
            Self::Awk => &["-e", "--source"],
        }
    }

    /// Other options that take a value in the next word.
    fn value_options(self) -> &'static [&'static str] {
        match self {
            Self::Python => &["-W", "-X", "--check-hash-based-pycs"],
            Self::JavaScript => &["-r", "--require", "--import", "--loader"],
            Self::Perl => &["-I"],
            Self::Ruby => &["-I", "-r"],
            Self::Php => &["-d", "-c", "-z"],
            Self::Lua => &["-l"],
            Self::Awk => &["-F", "-v"],
        }
    }
}

/// What code does that matters here.
#[derive(Clone, Debug, PartialEq)]
enum Act {
    /// Gives text to a shell.
    Shell(Content),
    /// Runs a program with these words.
    Argv(Vec<Word>),
    /// Runs more code of the same language, which was a text.
    Code(Content),
}

/// Where an interpreter finds its code.
enum Source {
    /// In a word.
    Word(Word),
    /// In this file, or on standard input.
    File(String),
    /// Nowhere that can be seen: a module, a version request.
    Nowhere,
}

impl Run {
    /// Reads a text that is code as a whole.
    pub(crate) fn outermost_code(&mut self, program: &str, text: &str) {
        let mut scope = Scope::outermost();
        scope.origin = scope.origin.fix(0..text.len());
        let Some(index) = self.reserve_inner(&scope) else {
            return;
        };
        let words = [Word::plain(program), Word::plain("-c"), Word::plain(text)];
        self.note(&words, index, &mut scope);
        if let Some(language) = Language::of(program) {
            self.code(language, &Content::from(text.to_owned()), index, &scope);
        }
    }

    /// Follows an interpreter to the code that it runs; returns what the code prints where that is
    /// wanted and known.
    pub(crate) fn interpreter(
        &mut self,
        language: Language,
        words: &[Word],
        index: usize,
        scope: &Scope,
    ) -> Option<Content> {
        let program = words.first()?;
        match source(language, words.get(1..)?) {
            Source::Nowhere => None,
            Source::Word(word) => self.code(language, &word.into(), index, scope),
            Source::File(name) => {
                let content = self.known_file(&name, scope)?;
                let layer = if name == "-" {
                    Layer::Stdin
                } else {
                    Layer::Script(name)
                };
                self.foreign(language, &program.text, &content, layer, index, scope)
            }
        }
    }

    /// Follows code that stands in no word of its interpreter. The code is noted as the words of a
    /// command, so that a rule can look at it.
    pub(crate) fn foreign(
        &mut self,
        language: Language,
        program: &str,
        code: &Content,
        layer: Layer,
        index: usize,
        scope: &Scope,
    ) -> Option<Content> {
        // A script that runs itself is not followed again.
        if scope.via.contains(&layer) && !matches!(layer, Layer::Stdin | Layer::Code(_)) {
            return None;
        }
        let mut inner = scope.through(layer, index);
        if inner.too_deep() {
            self.out.truncated = true;
            return None;
        }
        add_layers(&mut inner.via, &code.layers);
        inner.stdin = None;
        let at = self.reserve_inner(&inner)?;
        let text = code.text().into_owned();
        let words = vec![Word::plain(program), Word::plain("-c"), Word::plain(text)];
        self.note(&words, at, &mut inner);
        self.code(language, code, at, &inner)
    }

    /// Follows code to the commands that it runs.
    fn code(
        &mut self,
        language: Language,
        code: &Content,
        index: usize,
        scope: &Scope,
    ) -> Option<Content> {
        let text = code.text();
        if !self.spend_script(text.len()) {
            return None;
        }
        let outcome = evaluate::evaluate(language, &text, self.decoded_left());
        self.out.truncated |= outcome.truncated;
        if !self.spend_decoded(outcome.spent) {
            return None;
        }
        let layer = Layer::Code(language.name().to_owned());
        for act in outcome.acts {
            match act {
                Act::Shell(content) => self.open(&content, layer.clone(), index, scope),
                Act::Argv(words) => {
                    let inner = scope.through(layer.clone(), index);
                    self.inner(words, &inner);
                }
                Act::Code(content) => {
                    let name = language.name();
                    self.foreign(language, name, &content, layer.clone(), index, scope);
                }
            }
        }
        outcome.printed.filter(|_| scope.capture)
    }
}

/// Finds the code in the words of an interpreter.
fn source(language: Language, operands: &[Word]) -> Source {
    let mut words = operands.iter();
    let mut code: Option<Word> = None;
    while let Some(word) = words.next() {
        let text = word.text.as_str();
        if code.is_some() && !text.starts_with('-') {
            break;
        }
        if language.code_options().contains(&text) || grouped(language, text) {
            let Some(more) = words.next() else { break };
            // Perl and Ruby join the code of several options line by line.
            match &mut code {
                Some(code) => {
                    code.text.push('\n');
                    code.text.push_str(&more.text);
                    code.dynamic |= more.dynamic;
                }
                None => code = Some(more.clone()),
            }
            // What follows are arguments of the code.
            if language == Language::Python {
                break;
            }
        } else if let Some(joined) = joined(language, text) {
            code.get_or_insert_with(|| Word::opened(joined, &word.layers));
        } else if text == "-f" && language == Language::Awk {
            return words
                .next()
                .map_or(Source::Nowhere, |file| Source::File(file.text.clone()));
        } else if language.value_options().contains(&text) {
            words.next();
        } else if matches!(text, "--version" | "-V" | "--help" | "-h")
            || text == "-m" && language == Language::Python
        {
            return Source::Nowhere;
        } else if text == "-" || text == "/dev/stdin" {
            return Source::File("-".to_owned());
        } else if text == "run" && language == Language::JavaScript {
            // `deno run`, `bun run`.
        } else if !text.starts_with('-') {
            return match (code, language) {
                (Some(code), _) => Source::Word(code),
                (None, Language::Awk) => Source::Word(word.clone()),
                (None, _) => Source::File(text.to_owned()),
            };
        }
    }
    match code {
        Some(code) => Source::Word(code),
        None if language == Language::Awk => Source::Nowhere,
        None => Source::File("-".to_owned()),
    }
}

/// Whether the last letter of a group of options, such as `-lne` or `-Bc`, asks for code.
fn grouped(language: Language, text: &str) -> bool {
    let last = match language {
        Language::Python => 'c',
        Language::Perl | Language::Ruby => 'e',
        _ => return false,
    };
    text.strip_prefix('-').is_some_and(|group| {
        group.len() > 1
            && group.ends_with(last)
            && group.bytes().all(|b| b.is_ascii_alphanumeric())
            && !group.starts_with(['M', 'm', 'I', 'r', 'W', 'X'])
    })
}

/// The code of an option that it is joined to: `-c'...'`, `-e'...'`, `--eval=...`.
fn joined(language: Language, text: &str) -> Option<&str> {
    match language {
        Language::JavaScript => text
            .strip_prefix("--eval=")
            .or_else(|| text.strip_prefix("--print=")),
        Language::Python => text.strip_prefix("-c").filter(|rest| !rest.is_empty()),
        Language::Perl | Language::Ruby | Language::Lua => {
            let rest = text.strip_prefix("-e")?;
            (rest.len() > 3).then_some(rest)
        }
        _ => None,
    }
}
