//! Which processes are agents or descend from one, followed fork by fork.

use std::collections::BTreeMap;

use crate::connector::{Connector, Happening, Told};
use crate::harness;
use crate::procfs::{self, Process};

/// What stands for the harness of a process that ended before it could be looked at.
const UNSEEN: &str = "a program that ended at once";

/// The processes of agents, by id.
pub(crate) struct Lineage {
    connector: Option<Connector>,
    /// Each with the harness it descends from.
    agents: BTreeMap<u32, (Process, String)>,
    /// Times that the kernel's queue was full: who left an agent just then was not seen leaving.
    lost: u64,
    /// Why the kernel does not tell of forks.
    blind: Option<String>,
}

impl Lineage {
    /// Begins to follow, with the agents that live now.
    pub(crate) fn begin() -> Self {
        // First the connector and then the list: what is forked in between is in both.
        let (connector, blind) = match Connector::open() {
            Ok(connector) => (Some(connector), None),
            Err(error) => {
                let why = format!("the kernel does not tell of forks: {error}");
                (None, Some(why))
            }
        };
        let mut lineage = Self {
            connector,
            agents: BTreeMap::new(),
            lost: 0,
            blind,
        };
        lineage.look();
        lineage
    }

    /// The connector, to wait on.
    pub(crate) fn connector(&self) -> Option<&Connector> {
        self.connector.as_ref()
    }

    /// Takes in everything that happened up to now. The kernel tells of a fork before the child
    /// runs, so whoever asks for something has been told of by then.
    pub(crate) fn catch_up(&mut self) {
        loop {
            let told = match &self.connector {
                Some(connector) => connector.next(),
                None => return self.look(),
            };
            match told {
                Ok(Told::Happened(happening)) => self.happened(happening),
                Ok(Told::Answer | Told::Other) => {}
                Ok(Told::Nothing) => return,
                Ok(Told::Lost) => {
                    self.lost += 1;
                    self.look();
                }
                Err(error) => {
                    self.blind = Some(format!("the kernel no longer tells of forks: {error}"));
                    self.connector = None;
                }
            }
        }
    }

    fn happened(&mut self, happening: Happening) {
        match happening {
            Happening::Fork { parent, child } => {
                if let Some((_, harness)) = self.agents.get(&parent) {
                    let harness = harness.clone();
                    self.add(child, harness);
                } else {
                    // An id that was used again.
                    self.agents.remove(&child);
                }
            }
            Happening::Exec { pid } => {
                if self.agents.contains_key(&pid) {
                    return;
                }
                // What ended before it could be looked at may have been anything, and what it
                // leaves behind too.
                if procfs::program(pid).is_none() && procfs::arguments(pid).is_empty() {
                    self.add(pid, UNSEEN.to_owned());
                } else if let Some(harness) = harness::harness(pid) {
                    self.add(pid, harness);
                }
            }
            Happening::Exit { pid } => {
                self.agents.remove(&pid);
            }
        }
    }

    fn add(&mut self, pid: u32, harness: String) {
        // One that is gone already is told to exit next.
        let process = procfs::stat(pid).map_or(Process { pid, start: 0 }, |(p, _)| p);
        self.agents.insert(pid, (process, harness));
    }

    /// Says that a process is an agent, with everything it starts from now on.
    pub(crate) fn adopt(&mut self, pid: u32, name: &str) {
        self.add(pid, name.to_owned());
    }

    /// Looks at all living processes: harnesses and what descends from them.
    fn look(&mut self) {
        let parents: BTreeMap<u32, u32> = procfs::all()
            .into_iter()
            .filter_map(|pid| procfs::stat(pid).map(|(_, parent)| (pid, parent)))
            .collect();
        self.agents.retain(|pid, _| parents.contains_key(pid));
        for &pid in parents.keys() {
            if let Some(harness) = self.ancestry(pid, &parents) {
                self.add(pid, harness);
            }
        }
    }

    /// The harness among a process and its living ancestors.
    fn ancestry(&self, pid: u32, parents: &BTreeMap<u32, u32>) -> Option<String> {
        let mut at = pid;
        for _ in 0..parents.len() {
            if let Some(name) = self.of(at) {
                return Some(name.to_owned());
            }
            if let Some(name) = harness::harness(at) {
                return Some(name);
            }
            at = *parents.get(&at).filter(|up| **up != 0)?;
        }
        None
    }

    /// The harness that a process descends from.
    pub(crate) fn of(&self, pid: u32) -> Option<&str> {
        self.agents.get(&pid).map(|(_, harness)| harness.as_str())
    }

    /// The processes that are agents' now, each with its harness.
    pub(crate) fn agents(&self) -> impl Iterator<Item = (u32, &str)> {
        self.agents
            .iter()
            .map(|(pid, (_, harness))| (*pid, harness.as_str()))
    }

    /// What was not seen.
    pub(crate) fn blind(&self) -> Option<String> {
        let holes = || format!("the kernel's account of forks had {} holes", self.lost);
        (self.blind.clone()).or_else(|| (self.lost > 0).then(holes))
    }
}
