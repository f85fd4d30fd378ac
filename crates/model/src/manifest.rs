//! Deployment manifests: what a sanctioned set of agents is allowed, who answers for it, until when.
//!
//! ```toml
//! id = "docs-bot"
//! owner = "Maria Keller <maria@example.com>"
//! purpose = "Keeps the documentation in step with the code."
//! harness = ["claude-code"]
//! expires = "2027-01-31"
//!
//! [grants]
//! write = ["docs/**"]
//! commands = ["mkdocs *", "git *"]
//! hosts = ["pypi.org"]
//!
//! [oversight]
//! review_within_minutes = 30
//! ```

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use toml::Spanned;

/// A sanctioned deployment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Manifest {
    /// Its name: lower-case letters, digits and `-`, at most 64 characters.
    pub id: String,
    /// The person who answers for it.
    pub owner: String,
    /// What it is for.
    pub purpose: String,
    /// The harnesses it may run under; empty means any.
    pub harness: Vec<String>,
    /// The models it may use, as globs; empty means any.
    pub models: Vec<String>,
    /// The machines it may run on, as globs; empty means any.
    pub hosts: Vec<String>,
    /// The accounts it may run as, as globs; empty means any.
    pub users: Vec<String>,
    /// The working directories it may run in, as globs; empty means any.
    pub paths: Vec<String>,
    /// The last day on which it is sanctioned.
    pub expires: Date,
    /// What it is allowed.
    pub grants: Grants,
    /// How it is watched.
    pub oversight: Oversight,
}

/// What a deployment is allowed. An empty list grants nothing of its kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Grants {
    /// Paths it may read, as globs relative to its working directory, or absolute.
    pub read: Vec<String>,
    /// Paths it may write, likewise.
    pub write: Vec<String>,
    /// Command lines it may run, as globs over the simple command.
    pub commands: Vec<String>,
    /// Hosts it may contact, as globs over the name.
    pub hosts: Vec<String>,
    /// Tools it may call beyond files, commands and network, as globs over the tool's name.
    pub tools: Vec<String>,
    /// Whether it may start other agents.
    pub spawn: bool,
    /// Most tokens a day, input and output together; absent means no limit.
    pub tokens_per_day: Option<u64>,
    /// Most money a day in US dollars; absent means no limit.
    pub dollars_per_day: Option<f64>,
}

/// How a deployment is watched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Oversight {
    /// Whether it may run with nobody at the terminal.
    pub unattended: bool,
    /// Whether critical incidents and changes of this section need two people.
    pub two_person: bool,
    /// Minutes within which a person looks at a high finding.
    pub review_within_minutes: u32,
    /// Vantage points that must be present; a session without one is itself a finding.
    pub require: Vec<crate::Vantage>,
}

impl Default for Oversight {
    fn default() -> Self {
        Self {
            unattended: false,
            two_person: true,
            review_within_minutes: 30,
            require: Vec::new(),
        }
    }
}

/// Why a manifest was not accepted, with the place in its text.
#[derive(Clone, Debug, PartialEq)]
pub struct ManifestError {
    /// What is wrong.
    pub message: String,
    /// What to do about it, where that is known.
    pub hint: Option<String>,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// The text of that line.
    pub excerpt: String,
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gutter = self.line.to_string().len();
        writeln!(
            f,
            "line {}, column {}: {}",
            self.line, self.column, self.message
        )?;
        writeln!(f, "{:gutter$} |", "")?;
        writeln!(f, "{} | {}", self.line, self.excerpt)?;
        write!(f, "{:gutter$} | {:>width$}", "", "^", width = self.column)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ManifestError {}

impl Manifest {
    /// Parses a manifest.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place: TOML syntax, an unknown key, a wrong type, a
    /// missing key, a malformed id, an empty owner or purpose, an impossible date or budget.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let raw: RawManifest = toml::from_str(text).map_err(|e| toml_error(text, &e))?;
        raw.check(text)
    }

    /// Whether the manifest still covers anything on that day.
    pub fn covers(&self, day: Date) -> bool {
        day <= self.expires
    }
}

/// A day, as TOML has it or in quotes.
#[derive(Deserialize)]
#[serde(untagged)]
enum Day {
    Date(toml::value::Datetime),
    Text(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawManifest {
    id: Spanned<String>,
    owner: Spanned<String>,
    purpose: Spanned<String>,
    #[serde(default)]
    harness: Vec<String>,
    #[serde(default)]
    models: Vec<String>,
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    users: Vec<String>,
    #[serde(default)]
    paths: Vec<String>,
    expires: Spanned<Day>,
    grants: Option<Spanned<Grants>>,
    #[serde(default)]
    oversight: Oversight,
}

impl RawManifest {
    fn check(self, text: &str) -> Result<Manifest, ManifestError> {
        let id = self.id.get_ref();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if id.is_empty() || id.len() > 64 || !id.chars().all(plain) {
            return Err(at(
                text,
                self.id.span().start,
                format!("`{id}` is not a deployment id"),
                Some("use lower-case letters, digits and `-`, at most 64 characters".into()),
            ));
        }
        for (name, value) in [("owner", &self.owner), ("purpose", &self.purpose)] {
            if value.get_ref().trim().is_empty() {
                let hint = match name {
                    "owner" => "name the person who answers for this deployment",
                    _ => "say in a sentence what the agents are for",
                };
                let message = format!("`{name}` is empty");
                return Err(at(text, value.span().start, message, Some(hint.into())));
            }
        }
        let day = match self.expires.get_ref() {
            Day::Date(date) => date.to_string(),
            Day::Text(day) => day.clone(),
        };
        let expires = day.parse::<Date>().map_err(|_| {
            at(
                text,
                self.expires.span().start,
                format!("`{day}` is not a date"),
                Some("write the last sanctioned day as \"YYYY-MM-DD\"".into()),
            )
        })?;
        if let Some(grants) = &self.grants
            && let Some(dollars) = grants.get_ref().dollars_per_day
            && !(dollars.is_finite() && dollars >= 0.0)
        {
            return Err(at(
                text,
                grants.span().start,
                format!("`dollars_per_day` is `{dollars}`"),
                Some("give an amount of at least 0".into()),
            ));
        }
        Ok(Manifest {
            id: self.id.into_inner(),
            owner: self.owner.into_inner(),
            purpose: self.purpose.into_inner(),
            harness: self.harness,
            models: self.models,
            hosts: self.hosts,
            users: self.users,
            paths: self.paths,
            expires,
            grants: self.grants.map(Spanned::into_inner).unwrap_or_default(),
            oversight: self.oversight,
        })
    }
}

fn toml_error(text: &str, error: &toml::de::Error) -> ManifestError {
    let message = error.message().trim().to_owned();
    let hint = suggestion(&message);
    at(text, error.span().map_or(0, |s| s.start), message, hint)
}

/// Turns "unknown field `x`, expected one of `a`, `b`" into "did you mean `a`?".
fn suggestion(message: &str) -> Option<String> {
    let (_, after) = message.split_once("unknown field `")?;
    let (wrong, expected) = after.split_once('`')?;
    expected
        .split('`')
        .skip(1)
        .step_by(2)
        .map(|known| (strsim::jaro_winkler(wrong, known), known))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| format!("did you mean `{known}`?"))
}

fn at(text: &str, offset: usize, message: String, hint: Option<String>) -> ManifestError {
    let before = text.get(..offset).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |i| i + 1);
    let excerpt = text
        .get(start..)
        .and_then(|rest| rest.lines().next())
        .unwrap_or("");
    ManifestError {
        message,
        hint,
        line: before.matches('\n').count() + 1,
        column: before.get(start..).map_or(1, |s| s.chars().count() + 1),
        excerpt: excerpt.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOOD: &str = r#"
id = "docs-bot"
owner = "Maria Keller <maria@example.com>"
purpose = "Keeps the documentation in step with the code."
harness = ["claude-code"]
expires = "2027-01-31"

[grants]
write = ["docs/**"]
commands = ["mkdocs *"]
tokens_per_day = 2_000_000

[oversight]
unattended = true
require = ["said", "did"]
"#;

    #[test]
    fn a_manifest_is_read_whole() {
        let manifest = Manifest::parse(GOOD).unwrap();
        assert_eq!(manifest.grants.write, ["docs/**"]);
        assert_eq!(manifest.grants.tokens_per_day, Some(2_000_000));
        assert_eq!(
            manifest.oversight.require,
            [crate::Vantage::Said, crate::Vantage::Did]
        );
        assert!(
            manifest.oversight.two_person,
            "the safe default holds where nothing is said"
        );
        assert!(
            !manifest.grants.spawn,
            "nothing is granted that is not named"
        );
    }

    #[test]
    fn it_covers_its_last_day_and_no_further() {
        let manifest = Manifest::parse(GOOD).unwrap();
        assert!(manifest.covers("2027-01-31".parse().unwrap()));
        assert!(!manifest.covers("2027-02-01".parse().unwrap()));
    }

    fn broken(from: &str, to: &str) -> String {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD, "the replacement must change something");
        Manifest::parse(&text).unwrap_err().to_string()
    }

    #[test]
    fn errors_point_at_the_line_and_say_what_to_do() {
        insta::assert_snapshot!(broken("commands =", "comands ="), @r#"
        line 10, column 1: unknown field `comands`, expected one of `read`, `write`, `commands`, `hosts`, `tools`, `spawn`, `tokens_per_day`, `dollars_per_day`
           |
        10 | comands = ["mkdocs *"]
           | ^
        hint: did you mean `commands`?
        "#);
        insta::assert_snapshot!(broken("\"docs-bot\"", "\"Docs Bot\""), @r#"
        line 2, column 6: `Docs Bot` is not a deployment id
          |
        2 | id = "Docs Bot"
          |      ^
        hint: use lower-case letters, digits and `-`, at most 64 characters
        "#);
        insta::assert_snapshot!(broken("2027-01-31", "2027-02-31"), @r#"
        line 6, column 11: `2027-02-31` is not a date
          |
        6 | expires = "2027-02-31"
          |           ^
        hint: write the last sanctioned day as "YYYY-MM-DD"
        "#);
        insta::assert_snapshot!(broken("\"Maria Keller <maria@example.com>\"", "\" \""), @r#"
        line 3, column 9: `owner` is empty
          |
        3 | owner = " "
          |         ^
        hint: name the person who answers for this deployment
        "#);
    }

    proptest! {
        #[test]
        fn any_text_gives_a_manifest_or_an_error_inside_it(text in "\\PC{0,200}") {
            if let Err(e) = Manifest::parse(&text) {
                prop_assert!(e.line <= text.matches('\n').count() + 1);
            }
        }
    }

    #[test]
    fn a_day_may_be_written_without_quotes() {
        let plain = |expires: &str| {
            let text = format!("id = \"a\"\nowner = \"b\"\npurpose = \"c\"\nexpires = {expires}\n");
            Manifest::parse(&text).map(|m| m.expires)
        };
        assert_eq!(plain("2027-01-31"), plain("\"2027-01-31\""));
        assert!(plain("2027-01-31").is_ok());
        assert!(plain("7").is_err());
    }
}
