//! The real binary, as its user types it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on is to fail loudly"
)]

mod eval;
mod evasion;
mod keep;
#[cfg(target_os = "linux")]
mod record;
mod reference;
mod scan;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The binary with an empty home and no colours, so that nothing depends on who runs the tests.
fn proctor(args: &[&str]) -> Run {
    let home = tempfile::tempdir().unwrap();
    run(command(home.path()).args(args))
}

fn command(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_proctor"));
    command
        .env_clear()
        .env("HOME", home)
        .env("TZ", "UTC")
        .env("COLUMNS", "100")
        .env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

fn run(command: &mut Command) -> Run {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    Run {
        status: status.code().expect("ended by itself"),
        out: String::from_utf8(stdout).expect("output is valid text"),
        err: String::from_utf8(stderr).expect("words are valid text"),
    }
}

struct Run {
    status: i32,
    out: String,
    err: String,
}

/// The demo's recordings.
fn recordings() -> String {
    root().join("demo/recordings").display().to_string()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}
