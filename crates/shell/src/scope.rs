//! The surroundings in which a script or command runs, and where it stands in the text.

use std::ops::Range;
use std::rc::Rc;

use crate::content::Content;
use crate::variables::Value;
use crate::{Layer, Redirect, bounds};

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
    pub(crate) fn span(self, part: Range<usize>) -> Range<usize> {
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
    pub(crate) piped: bool,
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
    /// The surroundings of the outermost text.
    pub(crate) fn outermost() -> Self {
        Self {
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
    pub(crate) fn nested(&self) -> Self {
        Self {
            nesting: self.nesting + 1,
            ..self.clone()
        }
    }

    /// The surroundings of what a command carries, seen through a layer: same standard input, same
    /// place in the pipeline, same redirections.
    pub(crate) fn through(&self, layer: Layer, carrier: usize) -> Self {
        let mut inner = self.enter(layer);
        inner.carrier = Some(carrier);
        inner
    }

    /// The same inside a layer.
    pub(crate) fn enter(&self, layer: Layer) -> Self {
        let mut inner = self.nested();
        inner.via.push(layer);
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
