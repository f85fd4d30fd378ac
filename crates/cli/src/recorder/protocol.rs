//! What goes over the recorder's sockets: requests and answers, each a frame.
//!
//! A frame is the length of its head and the length of its body, four bytes each in network order,
//! then the head, which is JSON, and the body, which is bytes of a source and mostly empty.

use std::io::{self, Read, Write};

use proctor_pipeline::SourceInfo;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The longest head, in bytes.
const HEAD: u32 = 16 << 20;

/// The longest body of a request, in bytes.
pub(crate) const BODY: u32 = 8 << 20;

/// The longest body of an answer, in bytes: a whole evidence bundle.
pub(crate) const ANSWER_BODY: u32 = 256 << 20;

/// What whoever observes may ask for: to add to the log, and nothing else.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Ingest {
    /// A source is there, new or known.
    Announce(Box<SourceInfo>),
    /// The body stands at this offset of the source.
    Append { source: u64, at: u64 },
    /// The source has ended at this length.
    End { source: u64, bytes: u64 },
    /// The source lives and has this length.
    Beat { source: u64, bytes: u64 },
}

/// What people and Proctor's own commands may ask for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Control {
    /// How far everything is.
    Status,
    /// Brings the index up to all that is recorded.
    Flush,
    /// Headers of the last entries, or of those from a place on.
    Entries { from: Option<u64>, most: u64 },
    /// One entry with its payload.
    Entry { sequence: u64 },
    /// Steps whose text has these words.
    Search { query: String, most: usize },
    /// The proof that an entry is in the log, with the checkpoint that it leads to.
    Prove { sequence: u64 },
    /// Sessions, or one of them with its findings.
    Sessions { session: Option<String> },
    /// Erases a text wherever it stands, or bytes of a source.
    Erase {
        text: Option<String>,
        source: Option<u64>,
        bytes: Option<(u64, u64)>,
        reason: String,
    },
    /// Drops the payloads before this entry.
    Drop { before: u64, reason: String },
    /// Makes the index anew.
    Reindex,
    /// Runs today's rules over everything.
    Rescan { rules: Vec<std::path::PathBuf> },
    /// The register of deployments.
    Deployments { id: Option<String> },
    /// Puts a manifest forward.
    Propose { manifest: String },
    /// Approves a manifest.
    Approve { id: String, revision: u64 },
    /// Retires a deployment.
    Retire { id: String, reason: String },
    /// An evidence bundle; it is the body of the answer.
    Bundle(Box<Bundle>),
    /// Ends the recorder once everything is written.
    Stop,
}

/// What an evidence bundle is to hold.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Bundle {
    /// A name for its readers.
    pub(crate) title: String,
    /// Sessions, with all entries of the sources that they came from.
    pub(crate) sessions: Vec<String>,
    /// Sessions that were active between these times.
    pub(crate) window: Option<(jiff::Timestamp, jiff::Timestamp)>,
    /// Findings, each with its session.
    pub(crate) findings: Vec<String>,
    /// Only these values are open, as JSON pointers; all if there are none.
    pub(crate) disclose: Vec<String>,
    /// These values are withheld, as JSON pointers.
    pub(crate) withhold: Vec<String>,
    /// Wherever one of these texts stands, it is withheld.
    pub(crate) withhold_texts: Vec<String>,
    /// Why, for its readers.
    pub(crate) reason: String,
    /// Checkpoints that its readers keep.
    pub(crate) earlier: Vec<String>,
}

/// What comes back.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Answer {
    /// What was asked for.
    Done(serde_json::Value),
    /// Why it was not done.
    Refused(String),
}

/// Writes a frame.
pub(crate) fn send(to: &mut impl Write, head: &impl Serialize, body: &[u8]) -> io::Result<()> {
    let head = serde_json::to_vec(head)?;
    let too_long = || io::Error::new(io::ErrorKind::InvalidInput, "the message is too long");
    let (head_len, body_len) = (u32::try_from(head.len()), u32::try_from(body.len()));
    let (Ok(head_len), Ok(body_len)) = (head_len, body_len) else {
        return Err(too_long());
    };
    if head_len > HEAD || body_len > ANSWER_BODY {
        return Err(too_long());
    }
    let mut frame = Vec::with_capacity(8 + head.len() + body.len());
    frame.extend(head_len.to_be_bytes());
    frame.extend(body_len.to_be_bytes());
    frame.extend(head);
    frame.extend(body);
    to.write_all(&frame)
}

/// Reads a frame; nothing where the other side has hung up between two.
pub(crate) fn receive<T: DeserializeOwned>(
    from: &mut impl Read,
    most_body: u32,
) -> io::Result<Option<(T, Vec<u8>)>> {
    let mut lengths = [0; 8];
    match from.read(&mut lengths[..1])? {
        0 => return Ok(None),
        _ => from.read_exact(&mut lengths[1..])?,
    }
    let [a, b, c, d, e, f, g, h] = lengths;
    let (head, body) = (
        u32::from_be_bytes([a, b, c, d]),
        u32::from_be_bytes([e, f, g, h]),
    );
    if head > HEAD || body > most_body {
        return Err(io::Error::other("the message is too long"));
    }
    let head = take(from, head)?;
    let body = take(from, body)?;
    let head = serde_json::from_slice(&head)
        .map_err(|error| io::Error::other(format!("not understood: {error}")))?;
    Ok(Some((head, body)))
}

/// So many bytes, without trusting the number before they are there.
fn take(from: &mut impl Read, len: u32) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(u64::from(len)).read_to_end(&mut bytes)?;
    if bytes.len() != len as usize {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_and_cut_ones_are_errors() {
        let mut bytes = Vec::new();
        send(&mut bytes, &Ingest::Append { source: 3, at: 7 }, b"hello").unwrap();
        let (head, body) = receive::<Ingest>(&mut bytes.as_slice(), BODY)
            .unwrap()
            .unwrap();
        assert!(matches!(head, Ingest::Append { source: 3, at: 7 }));
        assert_eq!(body, b"hello");
        assert!(receive::<Ingest>(&mut &bytes[..0], BODY).unwrap().is_none());
        for len in 1..bytes.len() {
            assert!(
                receive::<Ingest>(&mut &bytes[..len], BODY).is_err(),
                "{len}"
            );
        }
        assert!(
            receive::<Ingest>(&mut bytes.as_slice(), 4).is_err(),
            "too long"
        );
        assert!(receive::<Control>(&mut bytes.as_slice(), BODY).is_err());
        assert!(receive::<Ingest>(&mut &[0xff; 64][..], BODY).is_err());
    }
}
