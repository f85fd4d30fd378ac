//! The way to the recorder, which is started where none runs.

use std::fs::File;
use std::io;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use proctor_pipeline::SourceInfo;
use serde_json::Value;

use super::place::Place;
use super::protocol::{ANSWER_BODY, Answer, BODY, Control, Ingest, receive, send};

/// How long a recorder may take to start: it may have to read a long log.
const START: Duration = Duration::from_secs(60);

/// How long a single answer may take. Erasing and reindexing of a long log take their time.
const ANSWER: Duration = Duration::from_secs(3600);

/// A connection for those who observe.
pub(crate) struct Feed(UnixStream);

/// What the recorder knows of a source.
#[derive(Clone, Debug, serde::Deserialize)]
pub(crate) struct Known {
    pub(crate) source: u64,
    pub(crate) bytes: u64,
    pub(crate) sha256: Option<String>,
}

impl Feed {
    /// Reaches the recorder of this place, and starts it if it must.
    pub(crate) fn open(place: &Place) -> anyhow::Result<Self> {
        ensure(place)?;
        let stream = connect(&place.ingest())?;
        Ok(Self(stream))
    }

    /// Announces a source.
    pub(crate) fn announce(&mut self, info: SourceInfo) -> anyhow::Result<Known> {
        let answer = ask(&mut self.0, &Ingest::Announce(Box::new(info)), b"")?;
        Ok(serde_json::from_value(answer)?)
    }

    /// Gives bytes of a source; they are durable when this returns.
    pub(crate) fn append(&mut self, source: u64, at: u64, bytes: &[u8]) -> anyhow::Result<()> {
        for (number, part) in bytes.chunks(BODY as usize).enumerate() {
            let at = at + number as u64 * u64::from(BODY);
            ask(&mut self.0, &Ingest::Append { source, at }, part)?;
        }
        Ok(())
    }

    /// Says that a source has ended.
    pub(crate) fn end(&mut self, source: u64, bytes: u64) -> anyhow::Result<()> {
        ask(&mut self.0, &Ingest::End { source, bytes }, b"").map(drop)
    }

    /// Says that a source lives.
    pub(crate) fn beat(&mut self, source: u64, bytes: u64) -> anyhow::Result<()> {
        ask(&mut self.0, &Ingest::Beat { source, bytes }, b"").map(drop)
    }
}

/// Asks the recorder of this place, which is started if none runs.
pub(crate) fn control(place: &Place, request: &Control) -> anyhow::Result<Value> {
    ensure(place)?;
    let mut stream = connect(&place.control())?;
    ask(&mut stream, request, b"")
}

/// As [`control`], with the body of the answer.
pub(crate) fn control_body(place: &Place, request: &Control) -> anyhow::Result<(Value, Vec<u8>)> {
    ensure(place)?;
    let mut stream = connect(&place.control())?;
    ask_body(&mut stream, request, b"")
}

/// Asks the recorder of this place, if one runs.
pub(crate) fn control_running(place: &Place, request: &Control) -> anyhow::Result<Option<Value>> {
    match connect(&place.control()) {
        Ok(mut stream) => ask(&mut stream, request, b"").map(Some),
        Err(_) => Ok(None),
    }
}

fn connect(path: &std::path::Path) -> anyhow::Result<UnixStream> {
    let stream = UnixStream::connect(path)
        .with_context(|| format!("cannot reach the recorder at `{}`", path.display()))?;
    stream.set_read_timeout(Some(ANSWER))?;
    Ok(stream)
}

fn ask(
    stream: &mut UnixStream,
    head: &impl serde::Serialize,
    body: &[u8],
) -> anyhow::Result<Value> {
    ask_body(stream, head, body).map(|(value, _)| value)
}

fn ask_body(
    stream: &mut UnixStream,
    head: &impl serde::Serialize,
    body: &[u8],
) -> anyhow::Result<(Value, Vec<u8>)> {
    let gone = "the recorder went away; its last words are in `recorder.log` of its state folder";
    // A refusal may already be there though nobody reads what we say.
    let sent = send(stream, head, body);
    let answer = receive::<Answer>(stream, ANSWER_BODY);
    match answer {
        Ok(Some((Answer::Done(value), body))) => Ok((value, body)),
        Ok(Some((Answer::Refused(why), _))) => bail!("the recorder refuses: {why}"),
        Ok(None) => bail!(gone),
        Err(error) => {
            sent.context(gone)?;
            Err(error).context(gone)
        }
    }
}

/// Starts a recorder unless one answers.
fn ensure(place: &Place) -> anyhow::Result<()> {
    if UnixStream::connect(place.control()).is_ok() {
        return Ok(());
    }
    place.prepare()?;
    let words = place.words();
    let file = File::options().create(true).append(true).open(&words);
    let file = file.with_context(|| format!("cannot write `{}`", words.display()))?;
    let program = std::env::current_exe().context("cannot tell where this program is")?;
    let mut child = Command::new(program)
        .args(["recorder", "--on-demand", "--state"])
        .arg(place.state())
        .arg("--sockets")
        .arg(place.control().parent().unwrap_or(place.state()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(file)
        // It is not to end with the terminal's next interrupt.
        .process_group(0)
        .spawn()
        .context("cannot start a recorder")?;
    let deadline = Instant::now() + START;
    while Instant::now() < deadline {
        if UnixStream::connect(place.control()).is_ok() {
            return Ok(());
        }
        if let Some(status) = child.try_wait()? {
            // Another may have been faster.
            if UnixStream::connect(place.control()).is_ok() {
                return Ok(());
            }
            bail!(
                "the recorder did not start ({status}): {}",
                last_words(place)?
            );
        }
        sleep(Duration::from_millis(20));
    }
    bail!(
        "the recorder did not answer within a minute; see `{}`",
        words.display()
    );
}

fn last_words(place: &Place) -> io::Result<String> {
    let text = std::fs::read_to_string(place.words())?;
    Ok(text
        .lines()
        .next_back()
        .unwrap_or("it said nothing")
        .to_owned())
}
