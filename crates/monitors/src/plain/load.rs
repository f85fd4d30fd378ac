//! Reads the files of plain rules.

use proctor_model::{BehaviourId, Deception, Outcome, Overreach, RuleRef, Severity};
use serde::Deserialize;
use toml::Spanned;

use super::phrase::Where;
use super::sequence::Kind;
use crate::ruleset::{Examples, Problem, Rule, check_meaning};

/// A rule, read and not yet compiled.
pub(crate) enum PlainSource {
    Phrase(Box<PhraseSource>),
    Sequence(Box<SequenceSource>),
}

impl PlainSource {
    /// What the rule says about itself.
    pub(crate) fn rule(&self) -> &Rule {
        match self {
            Self::Phrase(phrase) => &phrase.rule,
            Self::Sequence(sequence) => &sequence.rule,
        }
    }
}

pub(crate) struct PhraseSource {
    pub(crate) rule: Rule,
    pub(crate) table: PhraseTable,
}

pub(crate) struct SequenceSource {
    pub(crate) rule: Rule,
    pub(crate) table: SequenceTable,
}

/// A file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    phrase: Vec<Spanned<PhraseTable>>,
    #[serde(default)]
    sequence: Vec<Spanned<SequenceTable>>,
}

/// A phrase rule. Its patterns are explained in [`super::pattern`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PhraseTable {
    id: String,
    #[serde(default = "one")]
    version: u32,
    title: String,
    behaviour: String,
    severity: Severity,
    score: f64,
    #[serde(default)]
    overreach: Overreach,
    #[serde(default)]
    deception: Deception,
    why: String,
    /// The texts it looks at.
    #[serde(rename = "in")]
    pub(crate) places: Vec<Where>,
    /// One of these occurs; it is what the finding quotes.
    pub(crate) any: Vec<String>,
    /// All of these occur too.
    #[serde(default)]
    pub(crate) all: Vec<String>,
    /// None of these occurs.
    #[serde(default)]
    pub(crate) not: Vec<String>,
    /// `all` and `not` count within this many bytes of the match of `any`; anywhere in the text
    /// where it is left out.
    pub(crate) near: Option<usize>,
    #[serde(default)]
    pub(crate) examples: Examples<String>,
}

/// A sequence rule: its stages match different steps or commands, in order.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SequenceTable {
    id: String,
    #[serde(default = "one")]
    version: u32,
    title: String,
    behaviour: String,
    severity: Severity,
    score: f64,
    #[serde(default)]
    overreach: Overreach,
    #[serde(default)]
    deception: Deception,
    why: String,
    /// The last stage comes at most this many steps after the first.
    pub(crate) within: u64,
    pub(crate) stage: Vec<StageTable>,
    /// Each example is a list of steps, written as `KIND: text` or `OUTCOME KIND: text`.
    #[serde(default)]
    pub(crate) examples: Examples<Vec<String>>,
}

/// One stage of a sequence. All that is given must hold.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StageTable {
    /// What kind of step it is; one of these.
    #[serde(default)]
    pub(crate) kind: Vec<Kind>,
    /// The rules that match it; one of these.
    #[serde(default)]
    pub(crate) rule: Vec<String>,
    /// The behaviours that it is evidence of; one of these.
    #[serde(default)]
    pub(crate) behaviour: Vec<String>,
    /// The marks of its data; one of these.
    #[serde(default)]
    pub(crate) mark: Vec<String>,
    /// How it ended; one of these.
    #[serde(default)]
    pub(crate) outcome: Vec<Outcome>,
    /// Patterns in its text: one of these.
    #[serde(default)]
    pub(crate) any: Vec<String>,
    /// Patterns in its text: all of these.
    #[serde(default)]
    pub(crate) all: Vec<String>,
    /// Patterns in its text: none of these.
    #[serde(default)]
    pub(crate) not: Vec<String>,
}

fn one() -> u32 {
    1
}

/// Reads the rules of one file. A file that is well formed and has no table like ours is somebody
/// else's and holds none.
pub(crate) fn load(file: &str, text: &str, problems: &mut Vec<Problem>) -> Vec<PlainSource> {
    if let Ok(table) = text.parse::<toml::Table>() {
        let ours = |key: &String| {
            let key = key.to_ascii_lowercase();
            key.starts_with("phras") || key.starts_with("sequenc")
        };
        if !table.keys().any(ours) {
            return Vec::new();
        }
    }
    let tables: File = match toml::from_str(text) {
        Ok(tables) => tables,
        Err(error) => {
            problems.push(Problem {
                file: file.to_owned(),
                line: error.span().map_or(0, |span| line_at(text, span.start)),
                rule: None,
                message: error.message().to_owned(),
            });
            return Vec::new();
        }
    };
    let mut sources = Vec::new();
    for table in tables.phrase {
        let line = line_at(text, table.span().start);
        let table = table.into_inner();
        let rule = Rule {
            reference: RuleRef {
                id: table.id.clone(),
                version: table.version,
            },
            title: table.title.clone(),
            behaviour: BehaviourId::new(&table.behaviour),
            severity: table.severity,
            score: table.score,
            overreach: table.overreach,
            deception: table.deception,
            explanation: one_line(&table.why),
            marks: Vec::new(),
            file: file.to_owned(),
            line,
        };
        sources.push(PlainSource::Phrase(Box::new(PhraseSource { rule, table })));
    }
    for table in tables.sequence {
        let line = line_at(text, table.span().start);
        let table = table.into_inner();
        let rule = Rule {
            reference: RuleRef {
                id: table.id.clone(),
                version: table.version,
            },
            title: table.title.clone(),
            behaviour: BehaviourId::new(&table.behaviour),
            severity: table.severity,
            score: table.score,
            overreach: table.overreach,
            deception: table.deception,
            explanation: one_line(&table.why),
            marks: Vec::new(),
            file: file.to_owned(),
            line,
        };
        sources.push(PlainSource::Sequence(Box::new(SequenceSource {
            rule,
            table,
        })));
    }
    sources.retain(|source| check_meaning(source.rule(), problems));
    sources
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn line_at(text: &str, offset: usize) -> u32 {
    let lines = text.bytes().take(offset).filter(|b| *b == b'\n').count();
    u32::try_from(lines + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_file_is_a_problem_and_a_foreign_one_is_none() {
        let problems = |text: &str| {
            let mut problems = Vec::new();
            assert!(load("x.toml", text, &mut problems).is_empty());
            problems
        };
        assert_eq!(
            problems("[[phrase]\nid = 1\n").first().map(|p| p.line),
            Some(1)
        );
        assert!(
            problems("[[phrases]]\nid = 'a'\n")[0]
                .message
                .contains("phrases")
        );
        assert!(problems("[tool]\nname = 'x'\n").is_empty());
    }
}
