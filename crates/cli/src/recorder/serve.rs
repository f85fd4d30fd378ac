//! Listening, and who is let in.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use proctor_host::{Peer, RollCall};
use proctor_pipeline::Pipeline;

use super::answer;
use super::place::Place;
use super::protocol::{Answer, BODY, Control, Ingest, receive, send};

/// The most connections at once on each socket.
const CONNECTIONS: usize = 64;

/// How long a client may be silent in the middle of a frame, or not read its answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often it is looked whether to end.
const LOOK: Duration = Duration::from_millis(200);

struct Serving {
    pipeline: Arc<Pipeline>,
    roll: Arc<RollCall>,
    /// Told to stop.
    stop: AtomicBool,
    /// Connections that are open on either socket.
    open: AtomicUsize,
    began: Instant,
    /// When something was last asked, in milliseconds since the beginning.
    last: AtomicU64,
}

/// Serves until told to stop, or until nobody has asked for anything for so long.
pub(super) fn serve(
    place: &Place,
    pipeline: Arc<Pipeline>,
    roll: Arc<RollCall>,
    idle: Option<Duration>,
) -> anyhow::Result<()> {
    let serving = Arc::new(Serving {
        pipeline,
        roll,
        stop: AtomicBool::new(false),
        open: AtomicUsize::new(0),
        began: Instant::now(),
        last: AtomicU64::new(0),
    });
    let ingest = listen(&place.ingest())?;
    // Last, because who waits for the recorder waits for this one.
    let control = listen(&place.control())?;
    accept(&serving, ingest, |serving, stream| {
        observe(&serving, stream);
    })?;
    accept(&serving, control, |serving, stream| {
        command(&serving, stream);
    })?;
    while !serving.stop.load(Ordering::Acquire) && !serving.is_idle(idle) {
        thread::sleep(LOOK);
    }
    for socket in [place.control(), place.ingest()] {
        let _ = std::fs::remove_file(socket);
    }
    serving.pipeline.flush()?;
    Ok(())
}

impl Serving {
    fn is_idle(&self, idle: Option<Duration>) -> bool {
        let last = Duration::from_millis(self.last.load(Ordering::Acquire));
        let quiet = self.began.elapsed().saturating_sub(last);
        idle.is_some_and(|idle| quiet > idle) && self.open.load(Ordering::Acquire) == 0
    }

    fn asked(&self) {
        let now = self.began.elapsed().as_millis();
        self.last
            .store(u64::try_from(now).unwrap_or(u64::MAX), Ordering::Release);
    }
}

/// A socket that only this user may open. One that was left behind is in the way; that no recorder
/// uses it any more is known, because the log is ours by now.
fn listen(path: &Path) -> anyhow::Result<UnixListener> {
    let what = || format!("cannot listen at `{}`", path.display());
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).with_context(what);
        }
        _ => {}
    }
    let listener = UnixListener::bind(path).with_context(what)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).with_context(what)?;
    Ok(listener)
}

fn accept(
    serving: &Arc<Serving>,
    listener: UnixListener,
    serve: fn(Arc<Serving>, UnixStream),
) -> io::Result<()> {
    let serving = serving.clone();
    thread::Builder::new().spawn(move || {
        for stream in listener.incoming() {
            // A failure here is the system's shortage of something, which passes.
            let Ok(mut stream) = stream else {
                thread::sleep(LOOK);
                continue;
            };
            if serving.open.load(Ordering::Acquire) >= CONNECTIONS {
                let why = format!("{CONNECTIONS} connections are open already");
                let _ = send(&mut stream, &Answer::Refused(why), b"");
                continue;
            }
            serving.asked();
            serving.open.fetch_add(1, Ordering::AcqRel);
            let one = serving.clone();
            let started = thread::Builder::new().spawn(move || {
                let counted = Counted(one.clone());
                serve(one, stream);
                drop(counted);
            });
            if started.is_err() {
                serving.open.fetch_sub(1, Ordering::AcqRel);
            }
        }
    })?;
    Ok(())
}

/// Counts a connection down when it ends, however that happens.
struct Counted(Arc<Serving>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::AcqRel);
        self.0.asked();
    }
}

/// Serves one who observes: it may add to what it announced itself, and to nothing else.
fn observe(serving: &Serving, mut stream: UnixStream) {
    let mut announced = Vec::new();
    let _ = stream.set_write_timeout(Some(PATIENCE));
    while let Ok(Some((request, body))) = receive::<Ingest>(&mut stream, BODY) {
        serving.asked();
        let answer = answer::observed(&serving.pipeline, &mut announced, request, body);
        if send(&mut stream, &answer, b"").is_err() {
            return;
        }
    }
}

/// Serves people and their commands, one request a connection.
fn command(serving: &Serving, mut stream: UnixStream) {
    let _ = stream.set_read_timeout(Some(PATIENCE));
    let _ = stream.set_write_timeout(Some(PATIENCE));
    let admitted = match Peer::of(&stream) {
        Ok(peer) => (serving.roll.admit(&peer))
            .map(|()| person(peer.uid()))
            .map_err(|refusal| refusal.to_string()),
        Err(error) => Err(format!("it cannot be told who asks: {error}")),
    };
    let by = match admitted {
        Ok(by) => by,
        Err(why) => {
            eprintln!("proctor recorder: refused a command: {why}");
            let _ = send(&mut stream, &Answer::Refused(why), b"");
            return;
        }
    };
    match receive::<Control>(&mut stream, 0) {
        Ok(Some((Control::Stop, _))) => {
            serving.stop.store(true, Ordering::Release);
            let _ = send(&mut stream, &Answer::Done(true.into()), b"");
        }
        Ok(Some((request, _))) => {
            let (answer, body) = answer::commanded(&serving.pipeline, &serving.roll, &by, request);
            let _ = send(&mut stream, &answer, &body);
        }
        Ok(None) => {}
        Err(error) => {
            let _ = send(&mut stream, &Answer::Refused(error.to_string()), b"");
        }
    }
}

/// The name of a user, as the system's list of them has it, with the number where it has none.
fn person(uid: u32) -> String {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, id) = (fields.next()?, fields.nth(1)?);
        (id.parse() == Ok(uid)).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| format!("uid {uid}"))
}
