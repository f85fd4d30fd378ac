//! Thresholds that are fixed on one data set and applied to another.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::AtRate;

/// Thresholds by behaviour, as saved to a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// The data set on which they were fixed.
    pub dataset: String,
    /// By behaviour id (or the name of the score).
    #[serde(default)]
    pub threshold: BTreeMap<String, Vec<SavedThreshold>>,
}

/// One threshold and the rate of false positives for which it was fixed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedThreshold {
    /// The rate of false positives it was fixed for.
    pub rate: f64,
    /// The runs it was fixed on.
    pub fixed_on: String,
    /// A run is flagged when its score is at least this.
    pub at: f64,
}

/// Why thresholds could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ThresholdError {
    /// The file could not be read or written.
    #[error("`{path}`: {source}")]
    Io {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not a thresholds file.
    #[error("`{path}` is not a thresholds file: {message}")]
    Format {
        /// The file.
        path: String,
        /// What is wrong with it.
        message: String,
    },
}

impl Thresholds {
    /// Takes over the thresholds of an evaluation.
    pub fn add(&mut self, behaviour: &str, at_rates: &[AtRate]) {
        let saved = at_rates.iter().map(|a| SavedThreshold {
            rate: a.rate,
            fixed_on: a.fixed_on.to_owned(),
            at: a.threshold,
        });
        self.threshold.insert(behaviour.to_owned(), saved.collect());
    }

    /// Reads a file.
    ///
    /// # Errors
    /// Where the file cannot be read or is not one of these.
    pub fn load(path: &Path) -> Result<Self, ThresholdError> {
        let text = std::fs::read_to_string(path).map_err(|e| io(path, e))?;
        toml::from_str(&text).map_err(|e| format(path, &e.to_string()))
    }

    /// Writes a file.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), ThresholdError> {
        let text = toml::to_string(self).map_err(|e| format(path, &e.to_string()))?;
        std::fs::write(path, text).map_err(|e| io(path, e))
    }
}

fn io(path: &Path, source: std::io::Error) -> ThresholdError {
    ThresholdError::Io {
        path: path.display().to_string(),
        source,
    }
}

fn format(path: &Path, message: &str) -> ThresholdError {
    ThresholdError::Format {
        path: path.display().to_string(),
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_threshold_comes_back_to_the_bit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.toml");
        let mut saved = Thresholds {
            dataset: "a.jsonl".into(),
            ..Default::default()
        };
        let at = SavedThreshold {
            rate: 0.05,
            fixed_on: "clean".into(),
            at: 0.1f64.next_up(),
        };
        saved.threshold.insert("goal-hijack".into(), vec![at]);
        saved.save(&path).unwrap();
        assert_eq!(Thresholds::load(&path).unwrap(), saved);
        std::fs::write(&path, "thresholds = 3").unwrap();
        assert!(
            Thresholds::load(&path)
                .unwrap_err()
                .to_string()
                .contains("not a thresholds file")
        );
    }
}
