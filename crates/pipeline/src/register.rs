//! The register: which deployments are sanctioned, by whom, until when.
//!
//! Every change is an entry of the log, so that the register has a history that nobody can quietly
//! change. A manifest is proposed, then approved; the approved revision holds until another one is
//! approved, its last day is over, or the deployment is retired.

mod compare;
mod matching;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use proctor_model::Manifest;
use serde::{Deserialize, Serialize};

use crate::Error;

pub use compare::{Changed, compare};
pub(crate) use matching::Subject;

/// Payload of an entry that changes the register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    /// The deployment.
    pub deployment: String,
    /// The person who changed it.
    pub by: String,
    /// When, by the recorder's clock.
    pub at: Timestamp,
    /// What changed.
    pub change: RegisterChange,
}

/// What happened to a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum RegisterChange {
    /// A manifest was put forward.
    Proposed {
        /// Its number among those of the deployment, from 1.
        revision: u64,
        /// The manifest's text.
        manifest: String,
    },
    /// A manifest was approved, and holds from now on.
    Approved {
        /// Its number.
        revision: u64,
    },
    /// The deployment covers nothing any more.
    Retired {
        /// Why.
        reason: String,
    },
}

/// A deployment as the register has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deployment {
    /// Its id.
    pub id: String,
    /// The manifest that holds, with its revision; it may have expired.
    pub approved: Option<(u64, Manifest)>,
    /// The manifest that was put forward last and is not approved yet, with its revision.
    pub proposed: Option<(u64, Manifest)>,
    /// Whether it was retired.
    pub retired: bool,
    /// Every change, the oldest first.
    pub history: Vec<Registered>,
}

impl Deployment {
    /// The manifest that covers sessions on this day, with its revision.
    pub fn covering(&self, day: Date) -> Option<(u64, &Manifest)> {
        let (revision, manifest) = self.approved.as_ref()?;
        (!self.retired && manifest.covers(day)).then_some((*revision, manifest))
    }

    /// The manifest of this revision.
    pub fn revision(&self, number: u64) -> Option<Manifest> {
        self.history.iter().find_map(|entry| match &entry.change {
            RegisterChange::Proposed { revision, manifest } if *revision == number => {
                Manifest::parse(manifest).ok()
            }
            _ => None,
        })
    }

    fn proposer(&self, number: u64) -> Option<&str> {
        self.history.iter().find_map(|entry| match &entry.change {
            RegisterChange::Proposed { revision, .. } if *revision == number => {
                Some(entry.by.as_str())
            }
            _ => None,
        })
    }
}

/// All deployments.
#[derive(Default)]
pub(crate) struct Register {
    deployments: BTreeMap<String, Deployment>,
}

impl Register {
    pub(crate) fn all(&self) -> impl Iterator<Item = &Deployment> {
        self.deployments.values()
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Deployment> {
        self.deployments.get(id)
    }

    /// Takes in a change of the log. Those that the register would refuse are not there, unless a
    /// manifest of an earlier version can no longer be read; that one then covers nothing.
    pub(crate) fn take(&mut self, entry: Registered) {
        let id = entry.deployment.clone();
        let deployment = self.deployments.entry(id.clone()).or_default();
        deployment.id = id;
        match &entry.change {
            RegisterChange::Proposed { revision, manifest } => {
                let manifest = Manifest::parse(manifest).ok();
                deployment.proposed = manifest.map(|manifest| (*revision, manifest));
            }
            RegisterChange::Approved { revision } => {
                deployment.approved = deployment
                    .revision(*revision)
                    .map(|manifest| (*revision, manifest));
                deployment.retired = false;
                if matches!(deployment.proposed, Some((waiting, _)) if waiting <= *revision) {
                    deployment.proposed = None;
                }
            }
            RegisterChange::Retired { .. } => {
                deployment.retired = true;
                deployment.proposed = None;
            }
        }
        deployment.history.push(entry);
    }

    /// The change that puts a manifest forward.
    pub(crate) fn propose(&self, text: &str, by: &str, at: Timestamp) -> Result<Registered, Error> {
        let manifest = Manifest::parse(text)?;
        let revision = self.get(&manifest.id).map_or(1, |deployment| {
            let proposals = deployment
                .history
                .iter()
                .filter(|entry| matches!(entry.change, RegisterChange::Proposed { .. }));
            proposals.count() as u64 + 1
        });
        let change = RegisterChange::Proposed {
            revision,
            manifest: text.to_owned(),
        };
        entry(manifest.id, by, at, change)
    }

    /// The change that approves what was put forward last.
    pub(crate) fn approve(
        &self,
        id: &str,
        revision: u64,
        by: &str,
        at: Timestamp,
    ) -> Result<Registered, Error> {
        let deployment = self.known(id)?;
        let waiting = deployment
            .proposed
            .as_ref()
            .filter(|(waiting, _)| *waiting == revision);
        let Some((_, proposed)) = waiting else {
            let hint = match &deployment.proposed {
                Some((waiting, _)) => format!("revision {waiting} is"),
                None => "nothing is".to_owned(),
            };
            return Err(refused(format!(
                "revision {revision} of `{id}` does not wait for an approval; {hint}"
            )));
        };
        if let Some((_, holding)) = &deployment.approved
            && holding.oversight.two_person
            && holding.oversight != proposed.oversight
            && deployment.proposer(revision) == Some(by)
        {
            return Err(refused(format!(
                "revision {revision} of `{id}` changes its oversight: a second person must \
                 approve it, and `{by}` put it forward"
            )));
        }
        if !proposed.covers(day(at)) {
            return Err(refused(format!(
                "revision {revision} of `{id}` expired on {}",
                proposed.expires
            )));
        }
        entry(id.to_owned(), by, at, RegisterChange::Approved { revision })
    }

    /// The change that retires a deployment.
    pub(crate) fn retire(
        &self,
        id: &str,
        reason: &str,
        by: &str,
        at: Timestamp,
    ) -> Result<Registered, Error> {
        let deployment = self.known(id)?;
        if deployment.retired {
            return Err(refused(format!("`{id}` is retired already")));
        }
        let reason = reason.to_owned();
        entry(id.to_owned(), by, at, RegisterChange::Retired { reason })
    }

    fn known(&self, id: &str) -> Result<&Deployment, Error> {
        self.get(id)
            .ok_or_else(|| refused(format!("no deployment `{id}` is registered")))
    }

    /// Which deployment covers a session, with the revision of its manifest, and why; or why none.
    ///
    /// Where several do, the one that says most about whom it covers.
    pub(crate) fn cover(
        &self,
        subject: &Subject<'_>,
        now: Timestamp,
    ) -> (Option<(String, u64)>, String) {
        let today = day(now);
        let mut best: Option<(usize, &str, u64, String)> = None;
        let mut near = None;
        for deployment in self.all() {
            let Some((revision, manifest)) = &deployment.approved else {
                continue;
            };
            let Some(matched) = subject.matches(manifest) else {
                continue;
            };
            // The session's own clock may lie; it must not help it to be covered.
            let late = subject
                .start
                .is_some_and(|start| !manifest.covers(day(start)));
            if deployment.retired {
                near = Some(format!("`{}` is retired", deployment.id));
            } else if !manifest.covers(today) || late {
                near = Some(format!(
                    "`{}` expired on {}",
                    deployment.id, manifest.expires
                ));
            } else if best.as_ref().is_none_or(|(most, ..)| matched.len() > *most) {
                let reason = match matched.as_slice() {
                    [] => "its manifest names no agents in particular".to_owned(),
                    some => format!("its manifest names the {}", some.join(", ")),
                };
                best = Some((matched.len(), &deployment.id, *revision, reason));
            }
        }
        match (best, near) {
            (Some((_, id, revision, reason)), _) => (Some((id.to_owned(), revision)), reason),
            (None, Some(near)) => (None, near),
            (None, None) => (None, "no manifest names this agent".to_owned()),
        }
    }
}

fn entry(
    deployment: String,
    by: &str,
    at: Timestamp,
    change: RegisterChange,
) -> Result<Registered, Error> {
    if by.trim().is_empty() {
        return Err(refused("say who changes the register".to_owned()));
    }
    Ok(Registered {
        deployment,
        by: by.to_owned(),
        at,
        change,
    })
}

fn refused(message: String) -> Error {
    Error::Register(message)
}

/// The day in the zone of nobody: an expiry must not depend on where the recorder stands.
fn day(at: Timestamp) -> Date {
    at.to_zoned(jiff::tz::TimeZone::UTC).date()
}

#[cfg(test)]
mod tests;
