//! The rules that are loaded: built in, and from the user's directories on top.
//!
//! Two kinds of file hold rules. `*.yml` are Sigma rules on commands, files and network; what Sigma
//! has no word for stands under a `proctor:` key. `*.toml` with `[[phrase]]` or `[[sequence]]`
//! tables are plain rules on texts and on the order of steps. All are compiled once.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use proctor_model::{BehaviourId, Catalogue, Deception, Overreach, RuleRef, Severity};
use serde::{Deserialize, Serialize};

use crate::plain::PlainRules;
use crate::sigma::SigmaRules;

/// Names and texts of the embedded rule files, made by `build.rs`.
static BUILTIN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/builtin_rules.rs"));

/// A rule file larger than this is refused: it is no rule file.
const MOST_BYTES: u64 = 4 << 20;

/// Directories nested deeper than this below a rule directory are not searched.
const MOST_DEPTH: usize = 16;

/// Why a directory of rules could not be read. What is wrong inside a file is a [`Problem`].
#[derive(Debug, thiserror::Error)]
#[error("cannot read rules from `{}`: {source}", path.display())]
pub struct RulesError {
    /// What was to be read.
    pub path: PathBuf,
    /// Why it could not be.
    pub source: std::io::Error,
}

/// Something wrong in a rule file. The rest of the file is loaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file, as it was named.
    pub file: String,
    /// The line it starts on, counted from 1; 0 where it is not known.
    pub line: u32,
    /// The rule, where it is known.
    pub rule: Option<String>,
    /// What is wrong, in plain words.
    pub message: String,
}

/// What every rule says about itself, whatever its format.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rule {
    /// Its id, unique among the loaded rules, and its version.
    pub reference: RuleRef,
    /// One line that says what happened.
    pub title: String,
    /// The behaviour it is evidence of.
    pub behaviour: BehaviourId,
    /// How bad.
    pub severity: Severity,
    /// How sure, in [0, 1]: how rare the pattern is in honest work. 0 for a rule that only marks
    /// data for other rules.
    pub score: f64,
    /// How far beyond what was asked.
    pub overreach: Overreach,
    /// How well hidden.
    pub deception: Deception,
    /// What it means and why it matters, in plain words.
    pub explanation: String,
    /// What the data that a matching command reads or writes is marked with, such as `secret` or
    /// `downloaded`; the marks follow the data through pipes, files and variables.
    pub marks: Vec<String>,
    /// The file it comes from.
    pub file: String,
    /// The line it starts on, counted from 1.
    pub line: u32,
}

/// The keys of `proctor:` in a Sigma rule.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnKeys {
    pub(crate) behaviour: Option<String>,
    pub(crate) version: Option<u32>,
    pub(crate) score: Option<f64>,
    #[serde(default)]
    pub(crate) overreach: Overreach,
    #[serde(default)]
    pub(crate) deception: Deception,
    pub(crate) why: Option<String>,
    #[serde(default)]
    pub(crate) marks: Vec<String>,
    #[serde(default)]
    pub(crate) examples: Examples<String>,
}

/// What a rule must and must not match; run as tests.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Examples<T> {
    #[serde(rename = "match", default = "Vec::new")]
    pub(crate) matches: Vec<T>,
    #[serde(default = "Vec::new")]
    pub(crate) no_match: Vec<T>,
}

impl<T> Default for Examples<T> {
    fn default() -> Self {
        Self {
            matches: Vec::new(),
            no_match: Vec::new(),
        }
    }
}

/// All rules, compiled; shared by sessions and threads.
#[derive(Default)]
pub struct Rules {
    pub(crate) sigma: SigmaRules,
    pub(crate) plain: PlainRules,
    problems: Vec<Problem>,
    elsewhere: usize,
}

impl Rules {
    /// The rules that Proctor ships. Compiled on the first call, shared from then on.
    pub fn builtin() -> Arc<Self> {
        static LOADED: OnceLock<Arc<Rules>> = OnceLock::new();
        Arc::clone(LOADED.get_or_init(|| Arc::new(Self::from_files(builtin_files()))))
    }

    /// The built-in rules with those of the directories on top: a rule with the id of an earlier
    /// one takes its place. What is wrong in a file is told by [`Rules::problems`].
    ///
    /// # Errors
    /// If a directory or a rule file in it cannot be read.
    pub fn with_dirs(dirs: &[PathBuf]) -> Result<Arc<Self>, RulesError> {
        let mut files = builtin_files();
        for dir in dirs {
            files.extend(rule_files(dir)?);
        }
        Ok(Arc::new(Self::from_files(files)))
    }

    /// What could not be loaded, and why.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// How many rules were passed over because they are for other systems, such as Windows.
    pub fn elsewhere(&self) -> usize {
        self.elsewhere
    }

    /// All rules, in the order in which they were loaded, Sigma rules first.
    pub fn all(&self) -> impl Iterator<Item = &Rule> {
        self.sigma.rules().chain(self.plain.rules())
    }

    /// Loads and compiles files given as name and text.
    pub(crate) fn from_files(files: Vec<(String, String)>) -> Self {
        let mut problems = Vec::new();
        let mut sigma = Vec::new();
        let mut plain = Vec::new();
        let mut elsewhere = 0;
        for (name, text) in &files {
            if name.ends_with(".toml") {
                plain.extend(crate::plain::load(name, text, &mut problems));
            } else {
                sigma.extend(crate::sigma::load(
                    name,
                    text,
                    &mut problems,
                    &mut elsewhere,
                ));
            }
        }
        let taken = last_of_each_id(
            sigma
                .iter()
                .map(|s| &s.rule)
                .chain(plain.iter().map(|p| p.rule())),
        );
        let mut position = 0..;
        let mut kept = || position.next().is_some_and(|i: usize| taken.contains(&i));
        sigma.retain(|_| kept());
        plain.retain(|_| kept());
        Self {
            sigma: SigmaRules::compile(sigma, &mut problems),
            plain: PlainRules::compile(plain, &mut problems),
            problems,
            elsewhere,
        }
    }
}

/// Positions of the rules that no later rule of the same id replaces.
fn last_of_each_id<'a>(rules: impl Iterator<Item = &'a Rule>) -> BTreeSet<usize> {
    let mut last = HashMap::new();
    for (i, rule) in rules.enumerate() {
        last.insert(rule.reference.id.as_str(), i);
    }
    last.into_values().collect()
}

/// The embedded files.
pub(crate) fn builtin_files() -> Vec<(String, String)> {
    BUILTIN
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect()
}

/// The rule files of a directory and those below it, in the order of their names; a single file
/// stands for itself.
pub(crate) fn rule_files(path: &Path) -> Result<Vec<(String, String)>, RulesError> {
    let mut paths = Vec::new();
    collect(path, 0, &mut paths).map_err(|source| RulesError {
        path: path.to_owned(),
        source,
    })?;
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            read_bounded(&path)
                .map(|text| (path.display().to_string(), text))
                .map_err(|source| RulesError { path, source })
        })
        .collect()
}

fn collect(path: &Path, depth: usize, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !fs::metadata(path)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let path = entry.path();
        let is_rule = path
            .extension()
            .is_some_and(|e| e == "yml" || e == "yaml" || e == "toml");
        // Links are not followed into directories, so that a loop cannot hold up the search.
        if kind.is_dir() && depth < MOST_DEPTH {
            collect(&path, depth + 1, files)?;
        } else if is_rule && !kind.is_dir() {
            files.push(path);
        }
    }
    Ok(())
}

fn read_bounded(path: &Path) -> std::io::Result<String> {
    if fs::metadata(path)?.len() > MOST_BYTES {
        return Err(std::io::Error::other("too large for a rule file"));
    }
    fs::read_to_string(path)
}

/// Checks what the types cannot: that the behaviour exists and the score is in range.
pub(crate) fn check_meaning(rule: &Rule, problems: &mut Vec<Problem>) -> bool {
    let mut wrong = |message: String| {
        problems.push(Problem {
            file: rule.file.clone(),
            line: rule.line,
            rule: Some(rule.reference.id.clone()),
            message,
        });
        false
    };
    if Catalogue::builtin().get(&rule.behaviour).is_none() {
        return wrong(format!(
            "`{}` is not a behaviour of the catalogue",
            rule.behaviour
        ));
    }
    if !(0.0..=1.0).contains(&rule.score) {
        return wrong(format!("score {} is not between 0 and 1", rule.score));
    }
    true
}
