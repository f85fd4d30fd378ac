//! Goes through a script in order and notes each command that would run.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use crate::bounds;
use crate::expand::Word;
use crate::grammar::{self, Body, Pipeline, Stage};
use crate::lex::{self, Kind, Token};
use crate::variables::{Value, Variables};
use crate::{Analysis, Command, Layer, Redirect};

/// Bytes that are known: what a command prints, what a file holds, what reaches standard input.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Content {
    pub(crate) bytes: Vec<u8>,
    /// What was decoded to know them.
    pub(crate) layers: Vec<Layer>,
    /// Some part of them only a run would tell; it stands as it was written.
    pub(crate) dynamic: bool,
    /// Other commands add to them what only a run would tell; it is left out.
    pub(crate) partial: bool,
}

impl Content {
    pub(crate) fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }

    /// Notes that it was decoded.
    pub(crate) fn opened(&mut self, decoder: &str) {
        add_layers(&mut self.layers, &[Layer::Decoded(decoder.to_owned())]);
    }

    /// Adds what comes after it.
    pub(crate) fn append(&mut self, more: Self) {
        self.bytes.extend(more.bytes);
        add_layers(&mut self.layers, &more.layers);
        self.dynamic |= more.dynamic;
        self.partial |= more.partial;
    }
}

/// What several commands print one after the other. As long as something is known, what is not
/// known is left out.
#[derive(Default)]
struct Printed {
    known: Option<Content>,
    unknown: bool,
}

impl Printed {
    fn add(&mut self, output: Option<Content>) {
        match (&mut self.known, output) {
            (_, None) => self.unknown = true,
            (Some(known), Some(more)) => known.append(more),
            (none, more) => *none = more,
        }
    }

    fn content(self) -> Option<Content> {
        let mut content = match self.known {
            Some(known) if !known.bytes.is_empty() => known,
            _ if self.unknown => return None,
            known => known.unwrap_or_default(),
        };
        content.partial |= self.unknown;
        Some(content)
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self {
            bytes: text.into_bytes(),
            ..Self::default()
        }
    }
}

impl From<Word> for Content {
    fn from(word: Word) -> Self {
        Self {
            bytes: word.text.into_bytes(),
            layers: word.layers,
            dynamic: word.dynamic,
            partial: false,
        }
    }
}

/// Adds layers that are not there yet.
pub(crate) fn add_layers(to: &mut Vec<Layer>, more: &[Layer]) {
    for layer in more {
        if !to.contains(layer) {
            to.push(layer.clone());
        }
    }
}

/// Where a text stands in the outermost one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Origin {
    /// It is part of it, from this byte on.
    At(usize),
    /// It was made from these bytes.
    From(usize, usize),
}

impl Origin {
    /// The bytes of the outermost text that a part of this one stands for.
    fn span(self, part: Range<usize>) -> Range<usize> {
        match self {
            Self::At(base) => base + part.start..base + part.end,
            Self::From(start, end) => start..end,
        }
    }

    /// Where a part of this text stands.
    pub(crate) fn part(self, part: &Range<usize>) -> Self {
        match self {
            Self::At(base) => Self::At(base + part.start),
            Self::From(..) => self,
        }
    }

    /// Where a text stands that was made from a part of this one.
    pub(crate) fn fix(self, part: Range<usize>) -> Self {
        let span = self.span(part);
        Self::From(span.start, span.end)
    }
}

/// The surroundings in which a script or command runs.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    /// Where the script's text stands.
    pub(crate) origin: Origin,
    /// What was opened so far.
    pub(crate) via: Vec<Layer>,
    /// The command that carries this one.
    pub(crate) carrier: Option<usize>,
    /// The pipeline and stage it is part of.
    pub(crate) place: Option<(u32, u32)>,
    /// That pipeline has several stages: scripts and compound commands in it are part of it.
    piped: bool,
    pub(crate) background: bool,
    /// What reaches standard input, where it is known.
    pub(crate) stdin: Option<Rc<Content>>,
    /// Redirections of the compound commands around, and of wrappers.
    pub(crate) redirects: Rc<[Redirect]>,
    /// `$0`, `$1` and so on, where they are known.
    pub(crate) arguments: Option<Rc<[String]>>,
    /// Whether somebody wants to know what it prints.
    pub(crate) capture: bool,
    /// Layers opened around it.
    layers: usize,
    /// Layers, substitutions and compound commands around it.
    nesting: usize,
}

impl Scope {
    /// What `$name` stands for, if it is a positional parameter that is known.
    pub(crate) fn argument(&self, name: &str) -> Option<Value> {
        let arguments = self.arguments.as_ref()?;
        let rest = arguments.get(1..).unwrap_or_default();
        match name {
            "@" | "*" => Some(Value::List(rest.to_vec())),
            "#" => Some(Value::plain(rest.len().to_string())),
            _ => {
                let index: usize = name.parse().ok()?;
                let text = arguments.get(index).map_or("", String::as_str);
                Some(Value::plain(text))
            }
        }
    }

    /// Whether nothing more may be opened here.
    pub(crate) fn too_deep(&self) -> bool {
        self.layers > bounds::LAYERS || self.nesting > bounds::NESTING
    }

    /// The same one level further in.
    fn nested(&self) -> Self {
        Self {
            nesting: self.nesting + 1,
            ..self.clone()
        }
    }

    /// The surroundings of what a command carries, seen through a layer: same standard input, same
    /// place in the pipeline, same redirections.
    pub(crate) fn through(&self, layer: Layer, carrier: usize) -> Self {
        let mut inner = self.nested();
        inner.via.push(layer);
        inner.carrier = Some(carrier);
        inner.layers += 1;
        inner
    }

    /// The surroundings of a script that a command carries. It does not inherit the redirections
    /// one by one: they are the carrier's.
    pub(crate) fn script(&self, layer: Layer, carrier: usize) -> Self {
        let mut inner = self.through(layer, carrier).list();
        inner.redirects = Rc::new([]);
        inner
    }

    /// Leaves the pipeline.
    pub(crate) fn detach(&mut self) {
        self.place = None;
        self.piped = false;
    }

    /// The surroundings of a list inside a command: part of its pipeline if that has other stages.
    pub(crate) fn list(mut self) -> Self {
        self.place = self.place.filter(|_| self.piped);
        self
    }
}

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
    pub(crate) fn new(len: usize) -> Self {
        Self {
            out: Analysis::default(),
            variables: Variables::default(),
            files: HashMap::new(),
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

    /// The surroundings of the outermost text.
    pub(crate) fn outermost() -> Scope {
        Scope {
            origin: Origin::At(0),
            via: Vec::new(),
            carrier: None,
            place: None,
            piped: false,
            background: false,
            stdin: None,
            redirects: Rc::new([]),
            arguments: None,
            capture: false,
            layers: 0,
            nesting: 0,
        }
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
            let mut scope = Self::outermost();
            scope.origin = function.origin;
            scope.via.push(Layer::Function(name));
            scope.layers = 1;
            scope.nesting = 1;
            self.script(&function.body, &scope);
        }
    }

    fn list(&mut self, source: &Source, list: &[Pipeline], scope: &Scope) -> Option<Content> {
        let mut printed = Printed::default();
        for pipeline in list {
            if !self.spend_step() {
                break;
            }
            let output = self.pipeline(source, pipeline, scope);
            // Of `a || b` the first is taken to work.
            if scope.capture && !pipeline.otherwise {
                printed.add(output);
            }
        }
        printed.content()
    }

    fn pipeline(&mut self, source: &Source, pipeline: &Pipeline, scope: &Scope) -> Option<Content> {
        let (number, mut stage) = scope.place.unwrap_or_else(|| {
            self.pipelines += 1;
            (self.pipelines - 1, 0)
        });
        let mut scope = scope.clone();
        scope.background |= pipeline.background;
        scope.piped |= pipeline.stages.len() > 1;
        let captured = scope.capture;
        let mut output = None;
        for (index, part) in pipeline.stages.iter().enumerate() {
            let last = index + 1 == pipeline.stages.len();
            let begin = self.out.commands.len();
            scope.place = Some((number, stage));
            scope.capture = captured || !last;
            output = self.stage(source, part, &scope);
            if !last {
                scope.stdin = output.take().map(Rc::new);
                let top = self
                    .out
                    .commands
                    .iter()
                    .skip(begin)
                    .filter(|c| c.pipeline == number)
                    .map(|c| c.stage)
                    .max();
                stage = top.unwrap_or(stage) + 1;
            }
        }
        output
    }

    fn stage(&mut self, source: &Source, stage: &Stage, scope: &Scope) -> Option<Content> {
        match stage {
            Stage::Simple(range) => self.simple(source, range.clone(), scope),
            Stage::Function { name, body } => {
                let name = source.raw(source.tokens.get(*name)?.span.clone());
                let function = Function {
                    body: Rc::from(source.raw(body.clone())),
                    origin: scope.origin.part(body),
                    called: false,
                };
                self.functions.insert(name.to_owned(), function);
                Some(Content::default())
            }
            Stage::Compound { body, redirects } => {
                let mut inner = scope.nested().list();
                if inner.nesting > bounds::NESTING {
                    self.out.truncated = true;
                    return None;
                }
                let mut found = Redirects::default();
                for token in source.tokens.get(redirects.clone()).unwrap_or_default() {
                    self.redirect(source, token, scope, &mut found);
                }
                if found.stdin.is_some() {
                    inner.stdin = found.stdin.take();
                }
                let file = output_file(&found.list);
                inner.capture |= file.is_some();
                inner.redirects = found
                    .list
                    .into_iter()
                    .chain(inner.redirects.iter().cloned())
                    .collect();
                let output = self.body(source, body, &inner);
                self.written(file, output)
            }
        }
    }

    fn body(&mut self, source: &Source, body: &Body, scope: &Scope) -> Option<Content> {
        match body {
            Body::Group(list) => self.list(source, list, scope),
            Body::Choice { looked_at, list } => {
                for token in source.tokens.get(looked_at.clone()).unwrap_or_default() {
                    self.here = scope.origin.part(&token.span);
                    self.word(source.raw(token.span.clone()), scope);
                }
                let mut scope = scope.clone();
                scope.capture = false;
                self.list(source, list, &scope);
                None
            }
            Body::Loop {
                variable,
                values,
                list,
            } => {
                let name = source.raw(source.tokens.get(*variable)?.span.clone());
                let mut words = Vec::new();
                for token in source.tokens.get(values.clone()).unwrap_or_default() {
                    if token.kind == Kind::Word {
                        self.here = scope.origin.part(&token.span);
                        words.extend(self.words(source.raw(token.span.clone()), scope));
                    }
                }
                self.rounds(name, words, |run| run.list(source, list, scope))
            }
        }
    }

    /// Follows a loop value by value, or once with the value unknown.
    fn rounds(
        &mut self,
        name: &str,
        values: Vec<Word>,
        mut round: impl FnMut(&mut Self) -> Option<Content>,
    ) -> Option<Content> {
        if values.is_empty() || values.iter().any(|v| v.dynamic) {
            self.variables.forget(name);
            round(self);
            return None;
        }
        let mut printed = Printed::default();
        self.out.truncated |= values.len() > bounds::ROUNDS;
        for value in values.into_iter().take(bounds::ROUNDS) {
            if self.steps_left == 0 {
                break;
            }
            self.variables.set(name, Value::from(value));
            printed.add(round(self));
        }
        printed.content()
    }

    // Simple commands

    fn simple(&mut self, source: &Source, range: Range<usize>, scope: &Scope) -> Option<Content> {
        let tokens = source.tokens.get(range)?;
        let (first, last) = (tokens.first()?, tokens.last()?);
        let span = first.span.start..last.span.end;
        let index = self.reserve(scope.origin.span(span.clone()))?;
        let mut inner = scope.clone();
        // What is nested in its words is carried by this command and has a pipeline of its own.
        inner.carrier = Some(index);
        inner.detach();
        inner.stdin = None;
        inner.redirects = Rc::new([]);
        let mut words: Vec<Word> = Vec::new();
        let mut assignments = Vec::new();
        let mut redirects = Redirects::default();
        for token in tokens {
            if self.out_of_words() {
                break;
            }
            let raw = source.raw(token.span.clone());
            self.here = scope.origin.part(&token.span);
            match &token.kind {
                Kind::Word if words.is_empty() => match Assignment::parse(raw) {
                    Some(assignment) => {
                        let value_at = raw.len() - assignment.value.len();
                        self.here = self.here.part(&(value_at..raw.len()));
                        assignments.push((
                            assignment.name.to_owned(),
                            assignment.append,
                            self.assigned(assignment.value, &inner),
                        ));
                    }
                    None => words.extend(self.words(raw, &inner)),
                },
                Kind::Word => words.extend(self.words(raw, &inner)),
                Kind::Test => words.extend(self.test(raw, &inner)),
                Kind::Arithmetic => words.push(Word::plain(raw)),
                _ => self.redirect(source, token, &inner, &mut redirects),
            }
        }
        let mut inner = scope.clone();
        inner.origin = scope.origin.fix(span);
        if let Some(stdin) = redirects.stdin {
            inner.stdin = Some(stdin);
        }
        let file = output_file(&redirects.list);
        inner.capture |= file.is_some();
        if !redirects.list.is_empty() {
            let outer = scope.redirects.iter().cloned();
            inner.redirects = redirects.list.into_iter().chain(outer).collect();
        }
        if let Some(command) = self.out.commands.get_mut(index) {
            command.assignments = assignments
                .iter()
                .map(|(name, _, value)| (name.clone(), value.text().into_owned()))
                .collect();
        }
        if words.is_empty() {
            for (name, append, value) in assignments {
                self.assign(&name, append, value);
            }
        }
        let output = self.call(words, index, &inner);
        self.written(file, output)
    }

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

    // Redirections

    fn redirect(&mut self, source: &Source, token: &Token, scope: &Scope, found: &mut Redirects) {
        match &token.kind {
            Kind::Redirect { op, target } => {
                self.here = scope.origin.part(target);
                let word = self.word(source.raw(target.clone()), scope);
                let op = source.raw(op.clone());
                if matches!(op, "<" | "0<")
                    && let Some(content) = self.files.get(&word.text)
                {
                    found.stdin = Some(content.clone());
                }
                found.list.push(Redirect {
                    op: op.to_owned(),
                    target: word.text,
                });
            }
            Kind::Heredoc { body, raw, strip } => {
                self.here = scope.origin.part(body);
                let mut text = Cow::Borrowed(source.raw(body.clone()));
                if *strip {
                    let mut stripped = String::with_capacity(text.len());
                    for line in text.split_inclusive('\n') {
                        stripped.push_str(line.trim_start_matches('\t'));
                    }
                    text = Cow::Owned(stripped);
                }
                let word = if *raw {
                    Word::plain(text)
                } else {
                    self.heredoc(&text, scope)
                };
                found.stdin = Some(Rc::new(word.into()));
            }
            Kind::HereString { word } => {
                self.here = scope.origin.part(word);
                let mut content: Content = self.word(source.raw(word.clone()), scope).into();
                content.bytes.push(b'\n');
                found.stdin = Some(Rc::new(content));
            }
            _ => {}
        }
    }

    /// Remembers what a file holds that a command with a known output was sent to.
    fn written(
        &mut self,
        file: Option<(String, bool)>,
        output: Option<Content>,
    ) -> Option<Content> {
        let Some((name, append)) = file else {
            return output;
        };
        let content = match (output, append, self.files.remove(&name)) {
            (Some(more), true, Some(all)) => {
                let mut all = Rc::unwrap_or_clone(all);
                all.append(more);
                Some(all)
            }
            (output, _, _) => output,
        };
        if let Some(content) = content
            && self.spend_decoded(content.bytes.len())
        {
            self.files.insert(name, Rc::new(content));
        }
        Some(Content::default())
    }

    // Assignments

    /// The value of an assignment, an array where it is one.
    pub(crate) fn assigned(&mut self, raw: &str, scope: &Scope) -> Value {
        if let Some(items) = raw.strip_prefix('(').and_then(|r| r.strip_suffix(')')) {
            let fixed = self.here.fix(0..raw.len());
            let here = std::mem::replace(&mut self.here, fixed);
            let lexed = lex::lex(items, &mut self.fuel);
            let mut list = Vec::new();
            for token in &lexed.tokens {
                if token.kind == Kind::Word {
                    let raw = items.get(token.span.clone()).unwrap_or_default();
                    list.extend(self.words(raw, scope).into_iter().map(|w| w.text));
                }
            }
            self.here = here;
            return Value::List(list);
        }
        Value::from(self.word(raw, scope))
    }

    pub(crate) fn assign(&mut self, name: &str, append: bool, value: Value) {
        let value = match (append, self.variables.get(name), value) {
            (true, Some(Value::List(old)), Value::List(more)) => {
                Value::List(old.iter().cloned().chain(more).collect())
            }
            (true, Some(old), value) => {
                let mut layers = old.layers().to_vec();
                add_layers(&mut layers, value.layers());
                Value::One {
                    text: format!("{}{}", old.text(), value.text()),
                    dynamic: old.dynamic() || value.dynamic(),
                    layers,
                }
            }
            (_, _, value) => value,
        };
        self.spend_words(value.text().len());
        if !self.out_of_words() {
            self.variables.set(name, value);
        }
    }

    /// The words of `[[ ... ]]`, operators included.
    fn test(&mut self, raw: &str, scope: &Scope) -> Vec<Word> {
        let fixed = self.here.fix(0..raw.len());
        let here = std::mem::replace(&mut self.here, fixed);
        let mut words = Vec::new();
        for part in lex::test_words(raw, &mut self.fuel) {
            words.push(self.word(raw.get(part).unwrap_or_default(), scope));
        }
        self.here = here;
        words
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

/// The redirections of one command.
#[derive(Default)]
struct Redirects {
    list: Vec<Redirect>,
    stdin: Option<Rc<Content>>,
}

/// The file that standard output goes to, and whether it is appended.
fn output_file(redirects: &[Redirect]) -> Option<(String, bool)> {
    redirects.iter().rev().find_map(|r| match r.op.as_str() {
        ">" | "1>" | ">|" | "&>" => Some((r.target.clone(), false)),
        ">>" | "1>>" | "&>>" => Some((r.target.clone(), true)),
        _ => None,
    })
}

/// `NAME=value`, `NAME+=value` or `NAME[...]=value`.
pub(crate) struct Assignment<'t> {
    pub(crate) name: &'t str,
    pub(crate) append: bool,
    pub(crate) value: &'t str,
}

impl<'t> Assignment<'t> {
    pub(crate) fn parse(raw: &'t str) -> Option<Self> {
        let (left, value) = raw.split_once('=')?;
        let (left, append) = match left.strip_suffix('+') {
            Some(left) => (left, true),
            None => (left, false),
        };
        let name = match left.split_once('[') {
            Some((name, subscript)) if subscript.ends_with(']') => name,
            Some(_) => return None,
            None => left,
        };
        let mut bytes = name.bytes();
        let valid = bytes
            .next()
            .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
            && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_');
        valid.then_some(Self {
            name: left,
            append,
            value,
        })
    }
}

impl From<Word> for Value {
    fn from(word: Word) -> Self {
        Self::One {
            text: word.text,
            dynamic: word.dynamic,
            layers: word.layers,
        }
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
