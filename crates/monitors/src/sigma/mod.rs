//! Sigma rules on what commands and tools do: processes, files, network.

mod event;
mod hint;
mod load;
mod memo;

pub(crate) use event::{Event, Field};
pub(crate) use load::{SigmaSource, load};

use proctor_model::RuleRef;
use rsigma_eval::Engine;

use crate::ruleset::{Problem, Rule};

/// What a Sigma rule looks at: the category of its log source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Category {
    /// One simple command that would run (`process_creation`).
    Process,
    /// A file is created or written (`file_event`).
    FileWrite,
    /// A file is read (`file_access`).
    FileRead,
    /// A file is deleted (`file_delete`).
    FileDelete,
    /// Owner, mode, times or attributes of a file change (`file_change`).
    FileChange,
    /// A host is contacted (`network_connection`).
    Network,
    /// A whole command line as it was written (`shell_text`, our own).
    Text,
}

impl Category {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Process, "process_creation"),
        (Self::FileWrite, "file_event"),
        (Self::FileRead, "file_access"),
        (Self::FileDelete, "file_delete"),
        (Self::FileChange, "file_change"),
        (Self::Network, "network_connection"),
        (Self::Text, "shell_text"),
    ];

    /// The category of this name, if it is one that commands and tools can answer.
    fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, n)| *n == name)
            .map(|(category, _)| *category)
    }
}

/// All Sigma rules, compiled into one engine for each category.
#[derive(Default)]
pub(crate) struct SigmaRules {
    rules: Vec<Compiled>,
    engines: Vec<Engine>,
    memo: memo::Memo,
    marks: Vec<String>,
}

/// What is kept of a rule beside its compiled form.
struct Compiled {
    rule: Rule,
    marks: Marks,
    examples: crate::ruleset::Examples<String>,
}

/// A set of the marks that rules put on data, as bits; see [`SigmaRules::mark_names`].
pub(crate) type Marks = u32;

/// A rule that matched.
#[derive(Clone, Copy)]
pub(crate) struct SigmaHit<'r> {
    pub(crate) rule: &'r Rule,
    pub(crate) marks: Marks,
}

impl SigmaRules {
    /// Compiles rules; one that does not compile becomes a problem.
    pub(crate) fn compile(sources: Vec<SigmaSource>, problems: &mut Vec<Problem>) -> Self {
        let mut set = Self {
            engines: Category::ALL.iter().map(|_| Engine::new()).collect(),
            ..Self::default()
        };
        let mut by_category: Vec<Vec<_>> = Category::ALL.iter().map(|_| Vec::new()).collect();
        for source in sources {
            let mut sigma = source.sigma;
            // A result leads back to its rule by this number; the rest of the heading would only
            // be copied with every match.
            sigma.id = Some(set.rules.len().to_string());
            sigma.title = String::new();
            sigma.tags = Vec::new();
            sigma.custom_attributes.clear();
            // Linux and macOS rules are tried on every command: which system it ran on is not
            // known from a recording.
            sigma.logsource.product = None;
            hint::add_hints(&mut sigma.detection);
            let marks = set.intern(&source.rule, problems);
            if let Some(list) = by_category.get_mut(source.category as usize) {
                list.push(sigma);
            }
            set.rules.push(Compiled {
                rule: source.rule,
                marks,
                examples: source.examples,
            });
        }
        for (engine, rules) in set.engines.iter_mut().zip(&by_category) {
            for (i, error) in engine.add_rules(rules) {
                let rule = rules
                    .get(i)
                    .and_then(|r| r.id.as_ref()?.parse::<usize>().ok())
                    .and_then(|i| set.rules.get(i));
                if let Some(Compiled { rule, .. }) = rule {
                    problems.push(Problem {
                        file: rule.file.clone(),
                        line: rule.line,
                        rule: Some(rule.reference.id.clone()),
                        message: error.to_string(),
                    });
                }
            }
        }
        set
    }

    /// The rules, in the order in which they were loaded.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().map(|c| &c.rule)
    }

    /// The rules with their examples.
    pub(crate) fn examples(
        &self,
    ) -> impl Iterator<Item = (&Rule, &crate::ruleset::Examples<String>)> {
        self.rules.iter().map(|c| (&c.rule, &c.examples))
    }

    /// The rules that match an event, in the order in which they were loaded.
    pub(crate) fn matching(&self, category: Category, event: &Event<'_>) -> Vec<SigmaHit<'_>> {
        let Some(engine) = self.engines.get(category as usize) else {
            return Vec::new();
        };
        let evaluate = || {
            let results = engine.evaluate(event);
            let number = |id: &String| id.parse::<u32>().ok();
            results
                .iter()
                .filter_map(|r| r.header.rule_id.as_ref().and_then(number))
                .collect()
        };
        self.memo
            .matching(category, event, evaluate)
            .iter()
            .filter_map(|i| self.rules.get(*i as usize))
            .map(|c| SigmaHit {
                rule: &c.rule,
                marks: c.marks,
            })
            .collect()
    }

    /// The names of the marks in a set.
    pub(crate) fn mark_names(&self, marks: Marks) -> impl Iterator<Item = &str> {
        self.marks
            .iter()
            .enumerate()
            .filter(move |(i, _)| marks & (1 << i) != 0)
            .map(|(_, name)| name.as_str())
    }

    /// The set that holds this mark alone; empty for a mark that no rule puts.
    pub(crate) fn mark(&self, name: &str) -> Marks {
        self.marks
            .iter()
            .position(|m| m == name)
            .map_or(0, |i| 1 << i)
    }

    fn intern(&mut self, rule: &Rule, problems: &mut Vec<Problem>) -> Marks {
        let mut set = 0;
        for name in &rule.marks {
            if self.mark(name) == 0 {
                if self.marks.len() == Marks::BITS as usize {
                    problems.push(Problem {
                        file: rule.file.clone(),
                        line: rule.line,
                        rule: Some(rule.reference.id.clone()),
                        message: format!("no room for mark `{name}`: 32 are in use"),
                    });
                    continue;
                }
                self.marks.push(name.clone());
            }
            set |= self.mark(name);
        }
        set
    }
}

/// Builds the reference of a rule.
fn reference(id: &str, version: u32) -> RuleRef {
    RuleRef {
        id: id.to_owned(),
        version,
    }
}
