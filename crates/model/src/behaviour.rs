//! The catalogue of behaviours: what Proctor looks for.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use crate::finding::Severity;

/// Names a behaviour of the catalogue, such as `falsified-verification`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BehaviourId(Arc<str>);

impl BehaviourId {
    /// Wraps an id. Whether the catalogue knows it is a question for [`Catalogue::get`].
    pub fn new(id: impl AsRef<str>) -> Self {
        Self(Arc::from(id.as_ref()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BehaviourId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What a behaviour says about an agent's ability to go rogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Leg {
    /// It gains what a rogue deployment needs.
    Means,
    /// It shows a readiness to deceive or overreach.
    Motive,
    /// It weakens or escapes oversight.
    Opportunity,
}

/// One entry of the catalogue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// The id used in code, command line, API and console alike.
    pub id: BehaviourId,
    /// Its name for people.
    pub name: String,
    /// Means, motive or opportunity.
    pub leg: Leg,
    /// What it is, in plain words.
    pub description: String,
    /// How bad it is when nothing else is known.
    pub severity: Severity,
    /// MITRE ATLAS technique ids; empty where none fits.
    pub atlas: Vec<String>,
    /// OWASP agentic application ids (`ASI01` to `ASI10`); empty where none fits.
    pub owasp: Vec<String>,
    /// An example that is one.
    pub example: String,
    /// A near miss that is not one, and why.
    pub near_miss: String,
}

/// All behaviours, in the order of the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// The entries.
    #[serde(rename = "behaviour")]
    pub behaviours: Vec<Behaviour>,
}

impl Catalogue {
    /// The catalogue that Proctor ships.
    pub fn builtin() -> &'static Self {
        static BUILTIN: OnceLock<Catalogue> = OnceLock::new();
        BUILTIN.get_or_init(|| {
            // A broken catalogue is a broken build: a test parses this very text, and a release
            // that got past it starts with no behaviours rather than not at all.
            toml::from_str(include_str!("behaviours.toml")).unwrap_or(Self {
                behaviours: Vec::new(),
            })
        })
    }

    /// The entry with this id.
    pub fn get(&self, id: &BehaviourId) -> Option<&Behaviour> {
        self.behaviours.iter().find(|b| b.id == *id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_catalogue_parses_and_is_whole() {
        let text = include_str!("behaviours.toml");
        let catalogue: Catalogue = toml::from_str(text).unwrap();
        assert_eq!(&catalogue, Catalogue::builtin());
        let ids: BTreeSet<_> = catalogue.behaviours.iter().map(|b| &b.id).collect();
        assert_eq!(ids.len(), catalogue.behaviours.len(), "ids are unique");
        for b in &catalogue.behaviours {
            assert!(
                b.description.len() > 40 && b.description.ends_with('.'),
                "{}",
                b.id
            );
            assert!(!b.example.is_empty() && !b.near_miss.is_empty(), "{}", b.id);
            for id in &b.atlas {
                assert!(id.starts_with("AML.T") && id.len() >= 9, "{}: {id}", b.id);
            }
            for id in &b.owasp {
                let number = id.strip_prefix("ASI").and_then(|n| n.parse::<u8>().ok());
                assert!(
                    number.is_some_and(|n| (1..=10).contains(&n)),
                    "{}: {id}",
                    b.id
                );
            }
        }
    }

    #[test]
    fn every_leg_has_behaviours() {
        let legs: BTreeSet<_> = Catalogue::builtin()
            .behaviours
            .iter()
            .map(|b| b.leg)
            .collect();
        assert_eq!(legs.len(), 3);
    }
}
