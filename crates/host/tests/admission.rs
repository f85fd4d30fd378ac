//! An agent's processes are refused, whatever they do about their parents, their session and their
//! environment. A real harness is played by a copy of the shell with its name.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test fails by panicking"
)]

use std::io::Read;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use proctor_host::{Peer, Refusal, RollCall};

/// Connects to the socket that is its argument, waits for an answer, and prints it.
const CONNECT: &str =
    "import socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\ns.recv(1)";

struct Door {
    dir: tempfile::TempDir,
    listener: UnixListener,
    roll: RollCall,
}

impl Door {
    fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(dir.path().join("s")).unwrap();
        let roll = RollCall::begin().unwrap();
        Self {
            dir,
            listener,
            roll,
        }
    }

    fn socket(&self) -> PathBuf {
        self.dir.path().join("s")
    }

    /// A copy of the shell by this name.
    fn shell(&self, name: &str) -> PathBuf {
        let to = self.dir.path().join(name);
        std::fs::copy("/bin/sh", &to).unwrap();
        to
    }

    /// Runs a script in which `$KNOCK` connects, and says whether that was let in.
    fn knock(&self, shell: &Path, script: &str) -> Result<(), Refusal> {
        let file = self.dir.path().join("connect.py");
        std::fs::write(&file, CONNECT).unwrap();
        let knock = format!("python3 {} {}", file.display(), self.socket().display());
        let mut child = Command::new(shell)
            .args(["-c", &script.replace("$KNOCK", &knock)])
            .env_remove("CLAUDECODE")
            .env_remove("CLAUDE_CODE_ENTRYPOINT")
            .env_remove("CODEX_SANDBOX")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let (mut stream, _) = self.listener.accept().unwrap();
        let peer = Peer::of(&stream).unwrap();
        let admitted = self.roll.admit(&peer);
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let _ = stream.read(&mut [0; 1]);
        child.wait().unwrap();
        admitted
    }
}

/// Whether the tests themselves are run by an agent, whose mark then is on everything.
fn run_by_an_agent() -> bool {
    let door = Door::open();
    door.knock(Path::new("/bin/sh"), "$KNOCK").is_err()
}

fn refused(admitted: Result<(), Refusal>) -> String {
    match admitted {
        Err(Refusal::Agent { why, .. }) => why,
        other => panic!("let in: {other:?}"),
    }
}

#[test]
fn a_person_passes_and_an_agent_does_not() {
    let door = Door::open();
    if !run_by_an_agent() {
        assert_eq!(door.knock(Path::new("/bin/sh"), "$KNOCK; true"), Ok(()));
    }
    let why = refused(door.knock(&door.shell("claude"), "$KNOCK; true"));
    assert!(why.contains("claude"), "{why}");
}

#[test]
fn a_child_that_was_forked_twice_is_refused() {
    let door = Door::open();
    if door.roll.blind().is_some() {
        eprintln!("skipped: {}", door.roll.blind().unwrap());
        return;
    }
    // Its parents are gone, it leads a session, its environment is empty.
    let script = "(setsid env -i PATH=/usr/bin:/bin sh -c '(sleep 0.3; $KNOCK) & exit' &) ; exit";
    let why = refused(door.knock(&door.shell("codex"), script));
    // On a busy machine the harness may be gone before it is looked at.
    assert!(
        why.contains("codex") || why.contains("ended at once"),
        "{why}"
    );
}

#[test]
fn a_mark_in_the_environment_is_enough() {
    let door = Door::open();
    let why = refused(door.knock(Path::new("/bin/sh"), "CLAUDECODE=1 $KNOCK"));
    assert!(why.contains("CLAUDECODE") || run_by_an_agent(), "{why}");
}

#[test]
fn an_adopted_process_is_an_agent_by_any_name() {
    let door = Door::open();
    if door.roll.blind().is_some() {
        eprintln!("skipped: {}", door.roll.blind().unwrap());
        return;
    }
    let mut child = Command::new("/bin/sh")
        .args(["-c", "read line; (setsid sleep 5 &); exit"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    door.roll.adopt(child.id(), "trial");
    drop(child.stdin.take());
    child.wait().unwrap();
    let left: Vec<u32> = (door.roll.agents().into_iter())
        .filter(|(_, name)| name == "trial")
        .map(|(pid, _)| pid)
        .collect();
    assert_eq!(left.len(), 1, "the one that it left behind");
    let _ = Command::new("kill").arg(left[0].to_string()).status();
}

#[test]
fn another_process_namespace_is_refused() {
    let door = Door::open();
    let able = Command::new("unshare")
        .args(["--pid", "--fork", "true"])
        .status();
    if !able.is_ok_and(|s| s.success()) {
        eprintln!("skipped: this user cannot make a process namespace");
        return;
    }
    let why = refused(door.knock(
        Path::new("/bin/sh"),
        "unshare --pid --fork sh -c '$KNOCK; true'",
    ));
    assert!(why.contains("namespace") || run_by_an_agent(), "{why}");
}
