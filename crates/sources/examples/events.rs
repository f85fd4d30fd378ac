//! Prints the events of recordings, one JSON object a line, and what came of reading them.
//!
//! `cargo run -p proctor-sources --example events -- PATH…`

use std::io::{self, Write};
use std::path::PathBuf;

use proctor_model::Event;

fn main() -> io::Result<()> {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let found = proctor_sources::discover(&paths);
    let mut out = io::stdout().lock();
    for (path, gap) in &found.gaps {
        eprintln!("{}: {}", path.display(), gap.detail);
    }
    for recording in &found.recordings {
        let mut failed = None;
        let mut print = |event: Event, _: &[u8]| {
            let line = serde_json::to_string(&event).map_err(io::Error::other);
            let written = line.and_then(|line| writeln!(out, "{line}"));
            failed = failed.take().or(written.err());
        };
        let report = proctor_sources::read(recording, &mut |_| {}, &mut print);
        if let Some(error) = failed {
            return Err(error);
        }
        eprintln!(
            "{} ({}): {report:#?}",
            recording.path.display(),
            recording.harness
        );
    }
    eprintln!("{} files ignored", found.ignored);
    Ok(())
}
