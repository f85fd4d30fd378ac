//! Goes through a script in order and notes each command that would run.

mod lists;
mod redirects;
mod simple;

pub(crate) use self::simple::Assignment;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use crate::content::{Content, add_layers};
use crate::lex::Token;
use crate::scope::{Origin, Scope};
use crate::variables::{Value, Variables};
use crate::word::Word;
use crate::{Analysis, Command, Layer, Memory, bounds, grammar, lex};

/// A function's body and where it stands.
#[derive(Clone, Debug)]
struct Function {
    body: Rc<str>,
    origin: Origin,
    called: bool,
}

/// An analysis under way.
pub(crate) struct Run {
    pub(crate) out: Analysis,
    pub(crate) variables: Variables,
    /// What files hold that the text itself writes.
    pub(crate) files: HashMap<String, Rc<Content>>,
    /// Files that the text writes and of which nobody knows what they then hold.
    pub(crate) lost: HashSet<String>,
    /// What earlier texts left behind.
    pub(crate) memory: Arc<Memory>,
    /// Variables that the text exports.
    pub(crate) exported: BTreeSet<String>,
    pub(crate) aliases: HashMap<String, String>,
    functions: HashMap<String, Function>,
    /// Where the word stands that is being expanded.
    pub(crate) here: Origin,
    /// Steps that the lexer may still make.
    pub(crate) fuel: usize,
    words_left: usize,
    decoded_left: usize,
    scripts_left: usize,
    skeletons_left: usize,
    steps_left: usize,
    pipelines: u32,
}

impl Run {
    pub(crate) fn new(len: usize, memory: &Arc<Memory>) -> Self {
        let mut variables = Variables::default();
        for (name, value) in memory.variables() {
            variables.set(name, Value::plain(value));
        }
        Self {
            out: Analysis::default(),
            variables,
            files: HashMap::new(),
            lost: HashSet::new(),
            memory: Arc::clone(memory),
            exported: BTreeSet::new(),
            aliases: HashMap::new(),
            functions: HashMap::new(),
            here: Origin::At(0),
            fuel: len.saturating_mul(bounds::LEX_PASSES) + bounds::LEX_FLOOR,
            words_left: bounds::WORDS,
            decoded_left: bounds::DECODED,
            scripts_left: bounds::SCRIPTS,
            skeletons_left: bounds::SKELETONS,
            steps_left: bounds::STEPS,
            pipelines: 0,
        }
    }

    /// What was found, with what the text leaves behind.
    pub(crate) fn finish(mut self) -> Analysis {
        // `<(...)` is no file that stays.
        let files = self.files.iter().filter(|(name, _)| !name.contains('('));
        let mut files: Vec<(String, Option<String>)> = files
            .map(|(name, content)| (name.clone(), Some(content.text().into_owned())))
            .chain(self.lost.drain().map(|name| (name, None)))
            .collect();
        files.sort();
        self.out.files = files;
        for name in std::mem::take(&mut self.exported) {
            if let Some(value) = self.variables.get(&name).filter(|value| !value.dynamic()) {
                let value = value.text().into_owned();
                self.out.exports.push((name, value));
            }
        }
        self.out
    }

    // Bounds

    /// Takes from what expanded words may hold.
    pub(crate) fn spend_words(&mut self, bytes: usize) {
        self.words_left = self.words_left.saturating_sub(bytes);
        self.out.truncated |= self.words_left == 0;
    }

    pub(crate) fn out_of_words(&self) -> bool {
        self.words_left == 0
    }

    /// Takes from what decoders may produce; returns whether there was enough.
    pub(crate) fn spend_decoded(&mut self, bytes: usize) -> bool {
        let enough = bytes <= self.decoded_left;
        self.decoded_left = self.decoded_left.saturating_sub(bytes);
        self.out.truncated |= !enough;
        enough
    }

    /// Takes from what may be read as scripts; returns whether there was enough.
    pub(crate) fn spend_script(&mut self, bytes: usize) -> bool {
        let enough = bytes <= self.scripts_left && !self.out_of_words();
        self.scripts_left = self.scripts_left.saturating_sub(bytes);
        self.out.truncated |= !enough;
        enough
    }

    /// Takes one of the pipelines that may be followed; returns whether there was one left.
    fn spend_step(&mut self) -> bool {
        if self.out_of_words() || self.out.commands.len() >= bounds::COMMANDS {
            self.steps_left = 0;
        }
        self.steps_left = self.steps_left.saturating_sub(1);
        self.out.truncated |= self.steps_left == 0;
        self.steps_left > 0
    }

    /// Bytes that decoders may still produce.
    pub(crate) fn decoded_left(&self) -> usize {
        self.decoded_left
    }

    // Scripts

    /// Reads a script; returns what it prints, where that is wanted and known.
    pub(crate) fn script(&mut self, text: &str, scope: &Scope) -> Option<Content> {
        if scope.too_deep() || !self.spend_script(text.len()) {
            self.out.truncated = true;
            return None;
        }
        let lexed = lex::lex(text, &mut self.fuel);
        let script = grammar::structure(text, &lexed, &mut self.skeletons_left);
        self.out.malformed |= script.malformed;
        self.out.truncated |= script.truncated;
        let source = Source {
            text,
            tokens: &lexed.tokens,
        };
        self.list(&source, &script.list, scope)
    }

    /// Reads a script that a command carries as a word or as its standard input.
    pub(crate) fn open(&mut self, content: &Content, layer: Layer, index: usize, scope: &Scope) {
        let mut inner = scope.script(layer, index);
        add_layers(&mut inner.via, &content.layers);
        self.script(&content.text(), &inner);
    }

    /// Reads the functions that nothing called: a later command line may.
    pub(crate) fn uncalled_functions(&mut self) {
        // Bodies may define more functions; they get shorter and shorter.
        while let Some((name, function)) = self
            .functions
            .iter_mut()
            .filter(|(_, function)| !function.called)
            .min_by(|a, b| a.0.cmp(b.0))
        {
            function.called = true;
            let (name, function) = (name.clone(), function.clone());
            let mut scope = Scope::outermost().enter(Layer::Function(name));
            scope.origin = function.origin;
            self.script(&function.body, &scope);
        }
    }

    // Commands

    /// Makes room for a command, so that what its words carry comes after it.
    pub(crate) fn reserve(&mut self, span: Range<usize>) -> Option<usize> {
        let index = self.out.commands.len();
        if index >= bounds::COMMANDS || self.out_of_words() {
            self.out.truncated = true;
            return None;
        }
        self.out.commands.push(Command {
            span,
            ..Command::default()
        });
        Some(index)
    }

    /// Notes a command whose words are known, follows what it carries, and returns what it prints
    /// where that is wanted and known.
    pub(crate) fn call(
        &mut self,
        words: Vec<Word>,
        index: usize,
        scope: &Scope,
    ) -> Option<Content> {
        let mut scope = scope.clone();
        self.note(&words, index, &mut scope);
        if words.is_empty() {
            return Some(Content::default());
        }
        if let Some(output) = self.function(&words, index, &scope) {
            return output;
        }
        self.carry(&words, index, &scope)
    }

    /// Fills in a command that room was made for. What its words were decoded from becomes part of
    /// the scope.
    pub(crate) fn note(&mut self, words: &[Word], index: usize, scope: &mut Scope) {
        for word in words {
            add_layers(&mut scope.via, &word.layers);
        }
        let disguise = words.first().and_then(Word::disguise);
        add_layers(&mut scope.via, disguise.as_slice());
        let (pipeline, stage) = scope.place.unwrap_or_else(|| {
            self.pipelines += 1;
            (self.pipelines - 1, 0)
        });
        scope.place = Some((pipeline, stage));
        let Some(command) = self.out.commands.get_mut(index) else {
            return;
        };
        command.argv = words.iter().map(|w| w.text.clone()).collect();
        command.dynamic = words.iter().any(|w| w.dynamic);
        command.redirects = scope.redirects.to_vec();
        command.stdin = scope.stdin.as_ref().map(|s| s.text().into_owned());
        command.pipeline = pipeline;
        command.stage = stage;
        command.background = scope.background;
        command.via.clone_from(&scope.via);
        command.carrier = scope.carrier;
        // What is kept of a command takes more room than its bytes.
        let bytes = command.argv.iter().map(|w| w.len() + 16).sum::<usize>()
            + command.stdin.as_ref().map_or(0, String::len)
            + command.redirects.len() * 64
            + command.via.len() * 32;
        self.spend_words(bytes);
    }

    /// Notes a command that another one runs, in the surroundings that it is given.
    pub(crate) fn inner(&mut self, words: Vec<Word>, scope: &Scope) -> Option<Content> {
        if scope.too_deep() {
            self.out.truncated = true;
            return None;
        }
        let index = self.reserve_inner(scope)?;
        self.call(words, index, scope)
    }

    /// Makes room for a command that another one runs.
    pub(crate) fn reserve_inner(&mut self, scope: &Scope) -> Option<usize> {
        self.reserve(scope.origin.span(0..0))
    }

    /// Follows the call of a function or alias; `None` where it is neither.
    fn function(&mut self, words: &[Word], index: usize, scope: &Scope) -> Option<Option<Content>> {
        let name = words.first()?.text.as_str();
        if let Some(function) = self.functions.get_mut(name) {
            function.called = true;
            let function = function.clone();
            let mut inner = scope.script(Layer::Function(name.to_owned()), index);
            inner.origin = function.origin;
            inner.arguments = Some(words.iter().map(|w| w.text.clone()).collect());
            return Some(self.script(&function.body, &inner));
        }
        let alias = self.aliases.get(name)?.clone();
        // An alias that names itself means the command.
        if scope.via.contains(&Layer::Function(name.to_owned())) {
            return None;
        }
        let mut text = alias;
        for word in words.iter().skip(1) {
            text.push(' ');
            text.push_str(&quote(&word.text));
        }
        let inner = scope.through(Layer::Function(name.to_owned()), index);
        Some(self.script(&text, &inner))
    }

    /// Runs a substitution whose script is `part` of the text at [`Run::here`]; returns what it
    /// prints where that is known.
    pub(crate) fn substitution(
        &mut self,
        text: &str,
        part: Range<usize>,
        scope: &Scope,
    ) -> Option<Content> {
        let here = self.here;
        let mut inner = scope.nested();
        inner.origin = here.part(&part);
        inner.via.push(Layer::Substitution);
        inner.detach();
        inner.redirects = Rc::new([]);
        inner.capture = true;
        let output = self.script(text, &inner);
        self.here = here;
        output.filter(|content| !content.partial)
    }
}

/// A script's text and its pieces.
struct Source<'t> {
    text: &'t str,
    tokens: &'t [Token],
}

impl<'t> Source<'t> {
    fn raw(&self, range: Range<usize>) -> &'t str {
        self.text.get(range).unwrap_or_default()
    }
}

/// Quotes a word so that a shell reads it as it is.
pub(crate) fn quote(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:@%+,=".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
