//! What runs on this Linux machine: which processes are agents, and which descend from one.
//!
//! [`RollCall`] knows the agents that live here and everything they started, also what was forked
//! twice, got a session of its own and dropped its environment: the kernel tells of every fork, and
//! a child of an agent's process stays an agent's process, whoever its parent is later.
//! [`RollCall::admit`] refuses such a process what only people and Proctor itself may do.
//!
//! What it cannot see it says ([`RollCall::blind`]): where the kernel does not tell of forks, only
//! living ancestors, the process namespace and marks in the environment are left.
#![cfg(target_os = "linux")]

mod connector;
mod harness;
mod lineage;
mod peer;
mod procfs;
mod roll;

pub use peer::Peer;
pub use roll::{Refusal, RollCall};
