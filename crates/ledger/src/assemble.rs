//! Making bundles: which entries, and what of their payloads.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::bundle::{Bundle, Earlier, Signed};
use crate::checkpoint::Checkpoint;
use crate::error::Error;
use crate::frame::{self, HEAD_LEN, Head};
use crate::header::{Header, Kind};
use crate::key::PublicKey;
use crate::log::Log;
use crate::merkle::{Hash, range_root, split};
use crate::note::{Note, Signature};
use crate::own::HandOver;
use crate::payload::{Disclosure, Span};
use crate::proof::Proof;
use crate::rewrite::{runs, touches};
use crate::tile::{TILE_WIDTH, Tile, decode_bundle};

/// What a bundle is to hold.
#[derive(Clone, Debug, Default)]
pub struct BundleRequest {
    /// A name for its readers, without control characters.
    pub title: String,
    /// Sources that it holds whole, so that nothing of a session can be left out.
    pub sources: Vec<u64>,
    /// Entries that it holds besides, such as attributions and findings, by their place in the log.
    pub entries: Vec<u64>,
    /// What of a payload is open if nothing else is said.
    pub opening: Opening,
    /// What of the payloads of these entries is open.
    pub openings: BTreeMap<u64, Opening>,
    /// Checkpoints that its readers remember, as the log signed them; the bundle then proves that
    /// the log only grew.
    pub earlier: Vec<Note>,
}

/// Which spans of a payload are open: those that something shows and nothing hides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// Open these; none if empty.
    pub show: Vec<Spans>,
    /// But not these.
    pub hide: Vec<Spans>,
    /// Why the others are withheld, for the bundle's readers.
    pub reason: String,
}

/// Some spans of a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spans {
    /// All.
    All,
    /// Those with these numbers.
    Numbers(Range<u64>),
    /// Those that touch these bytes of the payload.
    Bytes(Range<u64>),
    /// Those that a place with these bytes touches, as they stand in the raw payload.
    Holding(Vec<u8>),
    /// The value at a JSON Pointer over raw key bytes, and all below it.
    Pointer(Vec<u8>),
}

impl Log {
    /// Puts together a bundle of entries and whole sources, held against the log as it is now. Reads
    /// the headers of the whole log.
    ///
    /// It holds the genesis and every hand-over of keys too, and the checkpoint that witnesses
    /// cosigned last.
    ///
    /// # Errors
    /// If an entry or a source is not there, a remembered checkpoint is not of this log, or the log
    /// cannot be read.
    pub fn bundle(&self, request: &BundleRequest) -> Result<Bundle, Error> {
        let (checkpoint, note) = self.checkpoint()?;
        let size = checkpoint.size;
        let wanted: BTreeSet<u64> = request.entries.iter().copied().collect();
        if let Some(entry) = wanted.iter().find(|entry| **entry >= size) {
            return Err(Error::NoEntry(*entry));
        }
        let mut last: BTreeMap<u64, u64> = request.sources.iter().map(|s| (*s, 0)).collect();
        let (mut headers, mut handovers) = (Vec::new(), Vec::new());
        self.each_header(size, |header| {
            let key = header.kind == Kind::GENESIS || header.kind == Kind::HANDOVER;
            let whole = last.get_mut(&header.source);
            if key || whole.is_some() || wanted.contains(&header.sequence) {
                headers.push(header);
            }
            if let Some(last) = whole {
                *last = header.source_sequence;
            }
            if header.kind == Kind::HANDOVER {
                handovers.push(header.sequence);
            }
        })?;
        if last.values().any(|last| *last == 0) {
            return Err(Error::Impossible("the log has no such source"));
        }
        let mut notes = vec![note];
        for entry in handovers {
            notes.push(self.signed_with(entry)?);
        }
        notes.extend(self.cosigned()?);
        notes.extend(request.earlier.iter().cloned());
        let (checkpoint, earlier) = self.relate(checkpoint, notes)?;
        let mut nodes = Vec::new();
        self.nodes_between(&headers, 0, size, &mut nodes)?;
        let (mut payloads, mut withheld) = (Vec::new(), Vec::new());
        for header in &headers {
            let opening = request.openings.get(&header.sequence);
            let opening = opening.unwrap_or(&request.opening);
            let (shown, reason) = self.open_payload(header, opening)?;
            if let Some(reason) = reason {
                withheld.push((header.sequence, reason));
            }
            payloads.extend(shown.map(|shown| (header.sequence, shown)));
        }
        Ok(Bundle {
            title: request.title.clone(),
            checkpoint,
            earlier,
            sources: last.into_iter().collect(),
            headers,
            nodes,
            payloads,
            withheld,
            sealed: true,
        })
    }

    /// Goes through the headers of the first `size` entries, in order.
    fn each_header(&self, size: u64, mut see: impl FnMut(Header)) -> Result<(), Error> {
        let (first, tail) = {
            let view = self.inner.view();
            (view.tail_first, view.tail.clone())
        };
        let mut see = |bytes: &[u8]| match Header::decode(bytes) {
            Some(header) => {
                if header.sequence < size {
                    see(header);
                }
                Some(())
            }
            None => None,
        };
        for index in 0..first / TILE_WIDTH {
            let tile = Tile {
                level: None,
                index,
                width: TILE_WIDTH as u16,
            };
            let path = self.inner.dir.join(tile.path());
            let bytes = self.inner.files.read(&path);
            let bytes = bytes.map_err(Error::io("read", &path))?;
            decode_bundle(&bytes)
                .filter(|headers| headers.len() as u64 == TILE_WIDTH)
                .and_then(|headers| headers.into_iter().try_for_each(&mut see))
                .ok_or_else(|| Error::damaged("an entry bundle is malformed", &path, 0))?;
        }
        for header in &tail {
            see(header);
        }
        Ok(())
    }

    /// The checkpoint with which an entry became durable.
    fn signed_with(&self, entry: u64) -> Result<Note, Error> {
        let (segment, at) = self.inner.locate(entry)?;
        let damaged = || Error::damaged("a frame cannot be read", &segment.path, at);
        let read = |length: usize| -> Result<Vec<u8>, Error> {
            let mut bytes = vec![0; length];
            let read = segment.file.read_exact_at(&mut bytes, at);
            read.map_err(Error::io("read", &segment.path))?;
            Ok(bytes)
        };
        let head = Head::decode(&read(HEAD_LEN)?).ok_or_else(damaged)?;
        let bytes = read(head.length as usize)?;
        let (frame, _) = frame::decode(&bytes).ok_or_else(damaged)?;
        let raw = self.raw(entry)?.ok_or_else(damaged)?;
        let handover: HandOver = serde_json::from_slice(&raw).map_err(|_| damaged())?;
        let old: PublicKey = handover.old.parse()?;
        let checkpoint = Checkpoint {
            origin: self.origin().to_owned(),
            size: frame.first + frame.headers.len() as u64,
            root: frame.root,
        };
        let mut note = Note::new(checkpoint.text())?;
        note.add(Signature {
            name: old.name().to_owned(),
            id: old.id(),
            bytes: frame.signature.to_vec(),
        });
        Ok(note)
    }

    /// Sorts notes by size, joins what is signed by several, and proves that the log only grew.
    fn relate(&self, now: Checkpoint, notes: Vec<Note>) -> Result<(Signed, Vec<Earlier>), Error> {
        let mut by_size: BTreeMap<u64, Signed> = BTreeMap::new();
        for note in notes {
            let checkpoint = Checkpoint::parse(note.text())?;
            if checkpoint.text() != note.text() {
                return Err(Error::Impossible("a checkpoint has extensions"));
            }
            match by_size.get_mut(&checkpoint.size) {
                Some(known) if known.checkpoint == checkpoint => {
                    let lines = note.signatures().iter().cloned();
                    lines.for_each(|line| known.note.add(line));
                }
                Some(_) => return Err(Error::Impossible("the log never had this checkpoint")),
                None => {
                    by_size.insert(checkpoint.size, Signed { checkpoint, note });
                }
            }
        }
        let mut earlier = Vec::new();
        for (size, signed) in by_size {
            if size == now.size {
                return Ok((signed, earlier));
            }
            let proof = self.prove_consistency(size, now.size)?;
            if !proof.extends(&signed.checkpoint, &now) {
                return Err(Error::Impossible("the log never had this checkpoint"));
            }
            if let Proof::Consistency { path, .. } = proof {
                earlier.push(Earlier {
                    signed,
                    proof: path,
                });
            }
        }
        Err(Error::Impossible("the log is shorter than a checkpoint"))
    }

    /// Roots of the subtrees of `lo..hi` that hold none of the headers, from left to right.
    fn nodes_between(
        &self,
        headers: &[Header],
        lo: u64,
        hi: u64,
        out: &mut Vec<Hash>,
    ) -> Result<(), Error> {
        let view = self.inner.view();
        let mut nodes = self.inner.nodes(&view);
        let mut waiting = vec![(headers, lo, hi)];
        while let Some((headers, lo, hi)) = waiting.pop() {
            if headers.is_empty() {
                out.push(range_root(&mut nodes, lo, hi)?);
            } else if hi - lo > 1 {
                let middle = lo + split(hi - lo);
                let at = headers.partition_point(|header| header.sequence < middle);
                let (left, right) = headers.split_at_checked(at).unwrap_or((headers, &[]));
                waiting.push((right, middle, hi));
                waiting.push((left, lo, middle));
            }
        }
        Ok(())
    }

    /// What the bundle shows of a payload, and why it does not show the rest.
    fn open_payload(
        &self,
        header: &Header,
        opening: &Opening,
    ) -> Result<(Option<Disclosure>, Option<String>), Error> {
        let payload = match self.payload(header.sequence) {
            Ok(payload) => payload,
            Err(Error::Dropped(_)) => return Ok((None, Some("dropped by retention".to_owned()))),
            Err(error) => return Err(error),
        };
        if header.kind == Kind::GENESIS || header.kind == Kind::HANDOVER {
            return Ok((Some(payload), None));
        }
        let before = payload.hidden();
        let shown = opening.apply(payload);
        let reason = match shown.hidden() {
            hidden if hidden.is_empty() => None,
            hidden if hidden == before => Some("erased".to_owned()),
            _ if before.is_empty() => Some(opening.reason.clone()),
            _ => Some(format!("erased in part; {}", opening.reason)),
        };
        Ok((Some(shown), reason))
    }
}

impl Opening {
    /// Opens everything.
    pub fn all() -> Self {
        Self {
            show: vec![Spans::All],
            ..Self::default()
        }
    }

    /// Hides what is not to be seen.
    pub fn apply(&self, payload: Disclosure) -> Disclosure {
        let places = |spans: &[Spans]| -> Vec<Places> {
            spans.iter().map(|spans| spans.places(&payload)).collect()
        };
        let (show, hide) = (places(&self.show), places(&self.hide));
        payload.only(|number, span| {
            show.iter().any(|place| place.has(number, span))
                && !hide.iter().any(|place| place.has(number, span))
        })
    }
}

impl Spans {
    fn places(&self, payload: &Disclosure) -> Places {
        match self {
            Spans::All => Places::Numbers(0..u64::MAX),
            Spans::Numbers(range) => Places::Numbers(range.clone()),
            Spans::Bytes(range) => Places::Bytes(vec![range.clone()]),
            Spans::Pointer(path) => Places::Pointer(path.clone()),
            Spans::Holding(needle) => {
                let mut found = Vec::new();
                for (start, bytes) in runs(payload) {
                    let windows = bytes.windows(needle.len().max(1)).zip(start..);
                    let places = windows.filter(|(window, _)| window == needle);
                    found.extend(places.map(|(_, at)| at..at + needle.len() as u64));
                }
                Places::Bytes(found)
            }
        }
    }
}

/// Where the spans of a choice stand in one payload.
enum Places {
    Numbers(Range<u64>),
    Bytes(Vec<Range<u64>>),
    Pointer(Vec<u8>),
}

impl Places {
    fn has(&self, number: u64, span: &Span) -> bool {
        match self {
            Places::Numbers(range) => range.contains(&number),
            Places::Bytes(ranges) => touches(&span.range(), ranges),
            Places::Pointer(path) => match span.path.strip_prefix(path.as_slice()) {
                // Text between values has no path: it is below nothing.
                Some(rest) => !span.path.is_empty() && (rest.is_empty() || rest.starts_with(b"/")),
                None => false,
            },
        }
    }
}
