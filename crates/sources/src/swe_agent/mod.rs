//! SWE-agent trajectories, of old and new versions.
//!
//! A file holds the same run twice. `trajectory` has every step that was tried, also those that
//! were refused and asked anew; `history` is the conversation as the model saw it at the end, with
//! the prompts and, in newer versions, the calls in their own shape. The trajectory is read as the
//! run. Of the history come the prompts before the first step and the shape of the calls; the rest
//! of it repeats the trajectory and is only counted. Demonstrations in it are somebody else's acts.
//!
//! Where there is no trajectory, the history is the run. Where a run was tried several times, each
//! attempt is a session of its own, with the file's session as its parent.

mod command;
mod head;
mod run;

use std::io;
use std::path::Path;

use proctor_model::{Harness, SessionId};

use self::head::Head;
use self::run::Run;
use crate::document::{Paths, Piece};
use crate::element;
use crate::emit::Emitter;
use crate::text::Text;
use crate::{Recording, session_id};

/// Reads a trajectory file.
pub(crate) fn read(recording: &Recording, content: &Path, out: &mut Emitter<'_>) {
    // Runs of the same task have files of the same name.
    let session = session_id(Harness::SweAgent, &recording.path.to_string_lossy());
    if let Err(error) = whole(content, recording.bytes, &session, out) {
        element::unreadable(recording.bytes, &error, out);
    }
    out.advance(recording.bytes);
}

fn whole(content: &Path, bytes: u64, session: &SessionId, out: &mut Emitter<'_>) -> io::Result<()> {
    let text = Text::File(content, 0, bytes);
    let head = Head::of(text)?;
    if head.attempts.is_empty() {
        return run(text, &head, session, None, out);
    }
    // The parts beside the attempts are a copy of the best one.
    out.set_session(session);
    head.note(text, None, out);
    for (number, (offset, len)) in head.attempts.iter().enumerate() {
        let attempt = Text::File(content, *offset, *len);
        let id = SessionId::new(format!("{session}/attempt-{}", number + 1));
        run(attempt, &Head::of(attempt)?, &id, Some(session), out)?;
    }
    out.set_session(session);
    Ok(())
}

fn run(
    text: Text<'_>,
    head: &Head,
    session: &SessionId,
    parent: Option<&SessionId>,
    out: &mut Emitter<'_>,
) -> io::Result<()> {
    out.set_session(session);
    head.note(text, parent, out);
    let mut run = Run::new(head.steps > 0);
    let broken = each(text, "$.history[*]", out, |offset, raw, out| {
        run.turn(offset, raw, out);
    })?;
    if head.steps > 0 {
        each(text, "$.trajectory[*]", out, |offset, raw, out| {
            run.step(offset, raw, out);
        })?;
    }
    if let Some((offset, why)) = broken {
        element::broken(offset, text.left(offset), why, out);
    }
    head.end(out);
    Ok(())
}

/// Where and why a document breaks off.
type Broken = Option<(u64, crate::document::Break)>;

/// Gives each element of a list to `take`, and tells at the end whether the document is broken.
fn each(
    text: Text<'_>,
    path: &'static str,
    out: &mut Emitter<'_>,
    mut take: impl FnMut(u64, &[u8], &mut Emitter<'_>),
) -> io::Result<Broken> {
    let mut splitter = text.split(Paths::new(&[path]))?;
    let mut broken = None;
    while let Some(piece) = splitter.next() {
        match piece {
            Piece::Element { offset, raw, .. } => {
                out.count_record();
                take(offset, raw, out);
            }
            Piece::Long { offset, len, .. } => element::too_long(offset, len, out),
            Piece::Broken { offset, why } => broken = Some((offset, why)),
        }
    }
    Ok(broken)
}

#[cfg(test)]
mod tests;
