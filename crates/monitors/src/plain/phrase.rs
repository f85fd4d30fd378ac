//! Phrases: what texts say.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::AhoCorasick;
use serde::Deserialize;

use super::load::PhraseSource;
use super::pattern::{Pattern, even};
use crate::ruleset::{Examples, Problem, Rule};

/// Bytes of a text that are looked at: as many at its beginning as at its end.
const MOST_TEXT: usize = 64 << 10;

/// The texts that a phrase rule may look at.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Where {
    /// What a person asked.
    Request,
    /// What the agent wrote to its user.
    Reply,
    /// The agent's reasoning.
    Reasoning,
    /// What a tool gave back.
    Tool,
    /// What the agent wrote to people or other agents by tools, or handed in.
    Told,
    /// What the agent wrote into files.
    Content,
}

/// All phrase rules.
#[derive(Default)]
pub(crate) struct Phrases {
    rules: Vec<Compiled>,
    /// What finds the rules that may match a text of each place that some rule looks at.
    places: BTreeMap<Where, Sieve>,
}

/// Finds the rules that may match a text, by what their matches must hold.
struct Sieve {
    hints: AhoCorasick,
    /// For each hint the rule and pattern that it belongs to.
    owners: Vec<(usize, usize)>,
}

struct Compiled {
    rule: Rule,
    places: Vec<Where>,
    /// `any`, then `all`, then `not`.
    patterns: Vec<Pattern>,
    any: usize,
    all: usize,
    near: Option<usize>,
    examples: Examples<String>,
}

/// A phrase rule that matched.
pub(crate) struct PhraseHit<'r> {
    pub(crate) rule: &'r Rule,
    /// The decisive words with a little of what is around them.
    pub(crate) quote: String,
}

impl Phrases {
    /// Compiles rules; one that does not compile becomes a problem.
    pub(crate) fn compile(sources: Vec<PhraseSource>, problems: &mut Vec<Problem>) -> Self {
        let mut set = Self::default();
        for PhraseSource { rule, table } in sources {
            match Compiled::new(rule.clone(), table) {
                Ok(compiled) => set.rules.push(compiled),
                Err(message) => problems.push(Problem {
                    file: rule.file,
                    line: rule.line,
                    rule: Some(rule.reference.id),
                    message,
                }),
            }
        }
        let places: BTreeSet<Where> = set.rules.iter().flat_map(|r| &r.places).copied().collect();
        set.places = places
            .into_iter()
            .filter_map(|place| Some((place, Sieve::new(place, &set.rules)?)))
            .collect();
        set
    }

    /// The rules.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().map(|c| &c.rule)
    }

    /// The rules with their examples.
    pub(crate) fn examples(&self) -> impl Iterator<Item = (&Rule, &[Where], &Examples<String>)> {
        self.rules
            .iter()
            .map(|c| (&c.rule, c.places.as_slice(), &c.examples))
    }

    /// The rules that match a text. Of a long text the beginning and the end are looked at.
    pub(crate) fn matching(&self, place: Where, text: &str) -> Vec<PhraseHit<'_>> {
        let (head, tail) = ends(text);
        let mut hits = self.matching_part(place, head);
        for hit in self.matching_part(place, tail) {
            if !hits.iter().any(|h| h.rule.reference == hit.rule.reference) {
                hits.push(hit);
            }
        }
        hits
    }

    fn matching_part(&self, place: Where, text: &str) -> Vec<PhraseHit<'_>> {
        let Some(sieve) = self.places.get(&place).filter(|_| !text.is_empty()) else {
            return Vec::new();
        };
        let text = even(text);
        let mut hinted: Vec<(usize, usize)> = sieve
            .hints
            .find_overlapping_iter(text.as_ref())
            .filter_map(|m| sieve.owners.get(m.pattern().as_usize()).copied())
            .collect();
        hinted.sort_unstable();
        hinted.dedup();
        let mut hits = Vec::new();
        for group in hinted.chunk_by(|a, b| a.0 == b.0) {
            let Some(rule) = group.first().and_then(|(r, _)| self.rules.get(*r)) else {
                continue;
            };
            let patterns: Vec<usize> = group.iter().map(|(_, p)| *p).collect();
            if let Some((start, end)) = rule.decisive(&text, &patterns) {
                hits.push(PhraseHit {
                    rule: &rule.rule,
                    quote: around(&text, start, end),
                });
            }
        }
        hits
    }
}

impl Sieve {
    /// The sieve of the rules that look at a place; `None` where it would be too large to build.
    fn new(place: Where, rules: &[Compiled]) -> Option<Self> {
        let mut hints = Vec::new();
        let mut owners = Vec::new();
        for (r, rule) in rules.iter().enumerate() {
            for (p, pattern) in rule.patterns.iter().enumerate() {
                for hint in pattern
                    .hints
                    .iter()
                    .filter(|_| rule.places.contains(&place))
                {
                    hints.push(hint.as_str());
                    owners.push((r, p));
                }
            }
        }
        let hints = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(hints)
            .ok()?;
        Some(Self { hints, owners })
    }
}

impl Compiled {
    fn new(rule: Rule, table: super::load::PhraseTable) -> Result<Self, String> {
        let (any, all) = (table.any.len(), table.all.len());
        if any == 0 || table.places.is_empty() {
            return Err("a phrase needs `in` and `any`".to_owned());
        }
        let patterns = table
            .any
            .iter()
            .chain(&table.all)
            .chain(&table.not)
            .map(|p| Pattern::new(p))
            .collect::<Result<Vec<_>, _>>()?;
        if patterns.iter().take(any).any(|p| p.hints.is_empty()) {
            return Err(
                "a pattern of `any` must hold a fixed word; put a regular expression in `all`"
                    .to_owned(),
            );
        }
        Ok(Self {
            rule,
            places: table.places,
            patterns,
            any,
            all,
            near: table.near,
            examples: table.examples,
        })
    }

    /// The first match of `any` for which `all` and `not` hold too. `hinted` are the patterns
    /// whose words occur; those without known words are always tried.
    fn decisive(&self, text: &str, hinted: &[usize]) -> Option<(usize, usize)> {
        let may_match =
            |i: &usize, p: &Pattern| p.hints.is_empty() || hinted.binary_search(i).is_ok();
        let matches = |from: usize, to: usize| {
            self.patterns
                .iter()
                .enumerate()
                .skip(from)
                .take(to - from)
                .map(move |(i, p)| {
                    if may_match(&i, p) {
                        p.matches(text).collect()
                    } else {
                        Vec::new()
                    }
                })
                .collect::<Vec<Vec<_>>>()
        };
        let any = matches(0, self.any);
        if any.iter().all(Vec::is_empty) {
            return None;
        }
        let all = matches(self.any, self.any + self.all);
        let not = matches(self.any + self.all, self.patterns.len());
        let mut places: Vec<(usize, usize)> = any.into_iter().flatten().collect();
        places.sort_unstable();
        places.into_iter().find(|place| {
            let near = |other: &(usize, usize)| {
                self.near.is_none_or(|near| {
                    other.0 <= place.1.saturating_add(near)
                        && place.0 <= other.1.saturating_add(near)
                })
            };
            all.iter().all(|found| found.iter().any(near)) && !not.iter().flatten().any(near)
        })
    }
}

/// The two ends of a text that are looked at; the second is empty where the first is all.
fn ends(text: &str) -> (&str, &str) {
    if text.len() <= MOST_TEXT {
        return (text, "");
    }
    let boundary = |at: usize| (at..text.len()).find(|i| text.is_char_boundary(*i));
    let half = MOST_TEXT / 2;
    let head = boundary(half).and_then(|end| text.get(..end));
    let tail = boundary(text.len() - half).and_then(|start| text.get(start..));
    (head.unwrap_or_default(), tail.unwrap_or_default())
}

/// The match with the words around it.
fn around(text: &str, start: usize, end: usize) -> String {
    let from = (0..=start.saturating_sub(80))
        .rev()
        .find(|i| text.is_char_boundary(*i))
        .unwrap_or(0);
    let to = (end.saturating_add(80).min(text.len())..=text.len())
        .find(|i| text.is_char_boundary(*i))
        .unwrap_or(text.len());
    text.get(from..to).unwrap_or_default().trim().to_owned()
}
