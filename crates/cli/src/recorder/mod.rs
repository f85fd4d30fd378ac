//! The recorder: the one process that holds the log and its key.
//!
//! Others reach it by two sockets. `ingest.sock` only adds to the log. `control.sock` is for people
//! and their commands, and refuses every process that descends from an agent.

mod answer;
mod client;
mod place;
mod protocol;
mod serve;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use proctor_host::RollCall;
use proctor_ledger::Log;
use proctor_model::Event;
use proctor_monitors::Rules;
use proctor_pipeline::{Options, Pipeline, SourceInfo};
use proctor_store::SqliteStore;

use crate::Exit;
use crate::args::RecorderArgs;

pub(crate) use client::{Feed, control, control_body, control_running};
pub(crate) use place::Place;
pub(crate) use protocol::{Bundle, Control};

/// Runs the recorder until it is told to stop, or is idle for as long as was said.
pub(crate) fn run(args: &RecorderArgs) -> anyhow::Result<Exit> {
    let place = Place::of(args.state.as_deref())?.with_sockets(args.sockets.as_deref());
    place.prepare()?;
    let roll = RollCall::begin().context("cannot follow the processes of this machine")?;
    if let Some(agent) = roll.agent_above(std::process::id()) {
        bail!(
            "an agent's process does not start a recorder ({agent}): whoever starts it can end it; \
             start `proctor recorder` from your own terminal"
        );
    }
    if let Some(blind) = roll.blind() {
        eprintln!("proctor recorder: agents are known by their living ancestors only: {blind}");
    }
    let (log, opened) = Log::open(&place.log(), proctor_ledger::Options::default())?;
    if let Some(tail) = &opened.lost_tail {
        eprintln!(
            "proctor recorder: a crash tore the last write: {} bytes of `{}` that nobody was told \
             to be safe are cut off",
            tail.bytes,
            tail.file.display()
        );
    }
    let store = SqliteStore::open(place.index())?;
    let pipeline = Pipeline::open(
        place.state(),
        log,
        Box::new(store),
        Box::new(replay),
        Rules::builtin(),
        Options::default(),
    )?;
    let idle = args.on_demand.then_some(IDLE);
    serve::serve(&place, Arc::new(pipeline), Arc::new(roll), idle)?;
    Ok(Exit::Fine)
}

/// How long a recorder that was started on demand stays when nobody needs it.
const IDLE: Duration = Duration::from_secs(600);

/// Reads a source's bytes again, as a scan reads the file that they came from.
fn replay(info: &SourceInfo, copy: &std::path::Path, sink: &mut dyn FnMut(Event)) {
    let recording = proctor_sources::Recording {
        path: info.path.clone(),
        harness: info.harness,
        bytes: std::fs::metadata(copy).map_or(0, |m| m.len()),
        session: info.session.clone(),
        started: info.started,
        modified: None,
    };
    let mut take = |event: Event, _: &[u8]| sink(event);
    proctor_sources::read_copy(&recording, copy, &mut take);
}
