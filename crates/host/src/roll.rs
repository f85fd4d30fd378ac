//! Which processes are agents', and what they are refused.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{geteuid, getpid};

use crate::lineage::Lineage;
use crate::{Peer, harness, procfs};

/// The most generations that are looked up.
const MOST_ANCESTORS: usize = 1_000;

/// How long the follower waits before it looks whether it is still needed.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why a process may not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It acts as somebody else.
    #[error("user {0} is neither the one this runs as nor root")]
    OtherUser(u32),
    /// It is an agent's process.
    #[error("process {pid} is an agent's: {why}")]
    Agent {
        /// The process that asked.
        pid: u32,
        /// How that is known.
        why: String,
    },
    /// It ended, or another took its number, before it could be looked at.
    #[error("process {0} is gone")]
    Gone(u32),
}

/// The living agents of this machine and everything they started.
pub struct RollCall {
    lineage: Arc<Mutex<Lineage>>,
}

impl RollCall {
    /// Looks at what lives now, and follows every fork from here on.
    ///
    /// # Errors
    ///
    /// Fails where no thread can be started. That the kernel does not tell of forks is no error:
    /// [`RollCall::blind`] says it.
    pub fn begin() -> io::Result<Self> {
        let lineage = Arc::new(Mutex::new(Lineage::begin()));
        let followed = Arc::downgrade(&lineage);
        thread::Builder::new()
            .name("roll-call".to_owned())
            .spawn(move || follow(&followed))?;
        Ok(Self { lineage })
    }

    /// Says that a process is an agent, with everything it starts from now on.
    pub fn adopt(&self, pid: u32, name: &str) {
        self.caught_up().adopt(pid, name);
    }

    /// The processes that are agents' now, each with the harness it descends from.
    pub fn agents(&self) -> Vec<(u32, String)> {
        let lineage = self.caught_up();
        let agents = lineage.agents();
        agents.map(|(pid, name)| (pid, name.to_owned())).collect()
    }

    /// Why a process is an agent's, if it is.
    pub fn agent_above(&self, pid: u32) -> Option<String> {
        why(pid, &self.caught_up())
    }

    /// What this roll call cannot see; nothing where it has seen everything since it began.
    pub fn blind(&self) -> Option<String> {
        self.caught_up().blind()
    }

    /// Lets a process pass that is a person's or Proctor's own.
    ///
    /// # Errors
    ///
    /// Refuses other users (root passes), processes of agents and what descends from them, and
    /// processes of another process namespace.
    pub fn admit(&self, peer: &Peer) -> Result<(), Refusal> {
        let pid = peer.pid();
        if peer.uid() != 0 && peer.uid() != geteuid().as_raw() {
            return Err(Refusal::OtherUser(peer.uid()));
        }
        let agent = |why: String| Refusal::Agent { pid, why };
        let why = {
            let lineage = self.caught_up();
            why(pid, &lineage)
        };
        // Only now is it certain that all this was about the one that connected.
        match procfs::stat(pid) {
            Some((process, _)) if process == peer.process => {}
            _ => return Err(Refusal::Gone(pid)),
        }
        why.map_or(Ok(()), |why| Err(agent(why)))
    }

    fn caught_up(&self) -> MutexGuard<'_, Lineage> {
        let mut lineage = lock(&self.lineage);
        lineage.catch_up();
        lineage
    }
}

/// How it is known that a process is an agent's, if it is.
fn why(pid: u32, lineage: &Lineage) -> Option<String> {
    if let Some(harness) = lineage.of(pid) {
        return Some(format!("it descends from `{harness}`"));
    }
    let mut at = pid;
    for _ in 0..MOST_ANCESTORS {
        if let Some(harness) = lineage
            .of(at)
            .map(str::to_owned)
            .or_else(|| harness::harness(at))
        {
            return Some(format!("its ancestor {at} is `{harness}`"));
        }
        if let Some(mark) = harness::mark(at) {
            return Some(format!(
                "process {at} was started with `{mark}` in its environment"
            ));
        }
        match procfs::stat(at) {
            Some((_, parent)) if parent > 1 => at = parent,
            _ => break,
        }
    }
    let own = procfs::namespace(getpid().as_raw_nonzero().get().unsigned_abs());
    let its = procfs::namespace(pid);
    (own != its).then(|| "it lives in a process namespace of its own".to_owned())
}

/// Takes in what happens as it happens, so that the kernel's queue does not fill.
fn follow(lineage: &Weak<Mutex<Lineage>>) {
    while let Some(lineage) = lineage.upgrade() {
        // The descriptor is waited on without the lock: `admit` must not wait for an event.
        let waited = {
            let held = lock(&lineage);
            let Some(fd) = held
                .connector()
                .map(|c| rustix::io::fcntl_dupfd_cloexec(c, 0))
            else {
                return;
            };
            fd
        };
        let Ok(fd) = waited else { return };
        let patience = Timespec::try_from(PATIENCE).ok();
        let _ = poll(&mut [PollFd::new(&fd, PollFlags::IN)], patience.as_ref());
        lock(&lineage).catch_up();
    }
}

fn lock(lineage: &Mutex<Lineage>) -> MutexGuard<'_, Lineage> {
    lineage
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}
