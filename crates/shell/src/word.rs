//! Words as programs get them, and how they are put together.

use crate::Layer;
use crate::content::Content;

/// A word as a program gets it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Word {
    pub(crate) text: String,
    /// Some part of it only a run would tell.
    pub(crate) dynamic: bool,
    /// What was opened to read it.
    pub(crate) layers: Vec<Layer>,
    /// Where parts of different kinds meet, and which kind it was.
    seams: Vec<(usize, Seam)>,
}

/// Why two parts of a word were written apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Seam {
    Quotes,
    Variables,
    /// The whole word was cut out of a variable's value.
    Cut,
}

impl Word {
    /// A word that stands for itself.
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// A word that was made by opening layers.
    pub(crate) fn opened(text: impl Into<String>, layers: &[Layer]) -> Self {
        Self {
            layers: layers.to_vec(),
            ..Self::plain(text)
        }
    }

    /// How a program's name was taken apart, if it was: `c''url`, `$a$b`, `${x:3:4}`. A quoted or
    /// variable directory says nothing.
    pub(crate) fn disguise(&self) -> Option<Layer> {
        let base = self.text.rfind('/').map_or(0, |at| at + 1);
        let (_, seam) = self
            .seams
            .iter()
            .find(|(at, seam)| *seam == Seam::Cut || (*at > base && *at < self.text.len()))?;
        Some(Layer::Decoded(
            match seam {
                Seam::Quotes => "quotes",
                Seam::Variables | Seam::Cut => "variables",
            }
            .to_owned(),
        ))
    }
}

impl From<Content> for Word {
    fn from(content: Content) -> Self {
        Self {
            dynamic: content.dynamic,
            ..Self::opened(content.text(), &content.layers)
        }
    }
}

/// Words under construction.
#[derive(Default)]
pub(crate) struct Builder {
    pub(crate) words: Vec<Word>,
    pub(crate) current: Word,
    pub(crate) started: bool,
    pub(crate) split: bool,
}

impl Builder {
    pub(crate) fn literal(&mut self, text: &str) {
        self.started = true;
        self.current.text.push_str(text);
    }

    /// A part that a run would tell, as it was written.
    pub(crate) fn unknown(&mut self, written: &str) {
        self.literal(written);
        self.current.dynamic = true;
    }

    /// A known value; unquoted ones are split at blanks, though not inside a substitution that
    /// stands in them as it was written.
    pub(crate) fn value(&mut self, value: &str, quoted: bool) {
        if quoted || !self.split {
            return self.literal(value);
        }
        let dynamic = self.current.dynamic;
        let mut depth = 0usize;
        let mut backquote = false;
        let fields = value.split(|c: char| {
            match c {
                '(' if dynamic => depth += 1,
                ')' if dynamic => depth = depth.saturating_sub(1),
                '`' if dynamic => backquote = !backquote,
                _ => {}
            }
            depth == 0 && !backquote && matches!(c, ' ' | '\t' | '\n')
        });
        for (index, field) in fields.enumerate() {
            if index > 0 {
                self.finish();
                self.current.dynamic = dynamic;
            }
            if !field.is_empty() {
                self.literal(field);
            }
        }
    }

    pub(crate) fn seam(&mut self, seam: Seam) {
        self.current.seams.push((self.current.text.len(), seam));
    }

    pub(crate) fn finish(&mut self) {
        if std::mem::take(&mut self.started) {
            self.words.push(std::mem::take(&mut self.current));
        }
    }
}
