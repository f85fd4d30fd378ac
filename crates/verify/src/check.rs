//! The check: the steps of `docs/bundle.md`, in order.

use std::collections::BTreeMap;

use proctor_ledger::{
    Anchors, Bundle, Disclosure, Hash, Header, Proof, Signature, Signed, node_hash,
};

use crate::report::{Fault, Found, Report, SourceState, Vouch, Withheld};
use crate::{session, signers};

/// Holds a bundle against itself and against what its reader knows. `origin` is the name of the log
/// that the reader expects, if there is one.
pub fn check(bundle: &Bundle, origin: Option<&str>, anchors: &Anchors) -> Report {
    let mut checked = Checked::new(bundle);
    if !bundle.sealed {
        checked.fault(Fault::ChangedFile, 0);
    }
    checked.tree();
    let withheld = checked.payloads();
    checked.past();
    let signers = signers::check(&mut checked);
    let sources = checked.sources();
    let attributions = session::check(&mut checked);
    let vouched = checked.anchors(origin, anchors, &signers);
    let known = |line: &Signature| {
        let mut keys = signers.keys.iter().chain(&anchors.witnesses);
        keys.any(|key| key.name() == line.name && key.id() == line.id)
    };
    let states = checked.states.iter();
    let lines = states.flat_map(|signed| signed.note.signatures());
    let mut unnamed: Vec<String> = lines
        .filter(|line| !known(line))
        .map(|line| line.name.clone())
        .collect();
    unnamed.sort();
    unnamed.dedup();
    let mut faults = checked.faults;
    faults.sort_by_key(|found| (found.fault, found.at));
    faults.dedup();
    Report {
        schema: "proctor.verify/1",
        proven: faults.is_empty(),
        title: bundle.title.clone(),
        origin: bundle.checkpoint.checkpoint.origin.clone(),
        size: bundle.checkpoint.checkpoint.size,
        entries: bundle.headers.len() as u64,
        open: (bundle.headers.len() - withheld.len()) as u64,
        recorded: bundle
            .headers
            .iter()
            .map(|h| h.wall_ns)
            .min()
            .zip(bundle.headers.iter().map(|h| h.wall_ns).max()),
        faults,
        withheld,
        sources,
        attributions,
        signers: signers.keys.iter().map(ToString::to_string).collect(),
        anchors: vouched,
        unnamed,
    }
}

/// A bundle, and what is known of it so far.
pub(crate) struct Checked<'a> {
    pub(crate) bundle: &'a Bundle,
    pub(crate) faults: Vec<Found>,
    /// Raw bytes of payloads that are proven and wholly open.
    pub(crate) open: BTreeMap<u64, Vec<u8>>,
    /// States of this very log: the checkpoint, and the earlier ones that are proven.
    pub(crate) states: Vec<&'a Signed>,
    /// What there is of each source without a hole.
    pub(crate) runs: BTreeMap<u64, BTreeMap<u64, session::Chain>>,
}

impl<'a> Checked<'a> {
    fn new(bundle: &'a Bundle) -> Self {
        let mut by_source: BTreeMap<u64, Vec<&Header>> = BTreeMap::new();
        for header in &bundle.headers {
            by_source.entry(header.source).or_default().push(header);
        }
        Self {
            runs: by_source
                .into_iter()
                .map(|(source, headers)| (source, session::run(&headers)))
                .collect(),
            bundle,
            faults: Vec::new(),
            open: BTreeMap::new(),
            states: vec![&bundle.checkpoint],
        }
    }

    pub(crate) fn fault(&mut self, fault: Fault, at: u64) {
        self.faults.push(Found { fault, at });
    }

    /// The headers are where they say in the log of the checkpoint.
    fn tree(&mut self) {
        let checkpoint = &self.bundle.checkpoint.checkpoint;
        let mut nodes = self.bundle.nodes.iter();
        let inside = self
            .bundle
            .headers
            .last()
            .is_some_and(|header| header.sequence < checkpoint.size);
        let root = if inside {
            root(&self.bundle.headers, 0, checkpoint.size, &mut nodes)
        } else {
            None
        };
        if root != Some(checkpoint.root) || nodes.next().is_some() {
            self.fault(Fault::NotInLog, checkpoint.size);
        }
    }

    /// Payloads are those of their headers, and what is hidden is said to be.
    fn payloads(&mut self) -> Vec<Withheld> {
        let bundle = self.bundle;
        let payloads: BTreeMap<u64, &Disclosure> = bundle
            .payloads
            .iter()
            .map(|(at, shown)| (*at, shown))
            .collect();
        let reasons: BTreeMap<u64, &String> = bundle
            .withheld
            .iter()
            .map(|(at, reason)| (*at, reason))
            .collect();
        for entry in payloads.keys().chain(reasons.keys()) {
            let place = bundle.headers.binary_search_by_key(entry, |h| h.sequence);
            if place.is_err() {
                self.fault(Fault::Stray, *entry);
            }
        }
        let mut withheld = Vec::new();
        for header in &bundle.headers {
            let entry = header.sequence;
            let shown = payloads.get(&entry).copied();
            let wrong = shown.is_some_and(|shown| !(shown.proves(&header.payload) && fits(shown)));
            if wrong {
                self.fault(Fault::WrongPayload, entry);
            }
            let raw = shown.filter(|_| !wrong).and_then(Disclosure::raw);
            let reason = reasons.get(&entry).copied();
            if !wrong && raw.is_some() == reason.is_some() {
                self.fault(Fault::Unaccounted, entry);
            }
            match raw {
                Some(raw) => {
                    self.open.insert(entry, raw);
                }
                None => {
                    let shown = shown.filter(|_| !wrong);
                    let reason = reason.cloned().unwrap_or_default();
                    withheld.push(hidden(header, shown, reason));
                }
            }
        }
        withheld
    }

    /// Earlier checkpoints are of this log.
    fn past(&mut self) {
        let now = &self.bundle.checkpoint.checkpoint;
        for earlier in &self.bundle.earlier {
            let then = &earlier.signed.checkpoint;
            let proof = Proof::Consistency {
                old: then.size,
                size: now.size,
                path: earlier.proof.clone(),
            };
            if proof.extends(then, now) {
                self.states.push(&earlier.signed);
            } else {
                self.fault(Fault::AnotherPast, then.size);
            }
        }
    }

    /// What there is of each source, and whether what is claimed is there.
    fn sources(&mut self) -> Vec<SourceState> {
        let mut states: BTreeMap<u64, SourceState> = BTreeMap::new();
        for &(source, _) in &self.bundle.sources {
            let state = states.entry(source).or_default();
            state.claimed = true;
        }
        for header in &self.bundle.headers {
            let state = states.entry(header.source).or_default();
            let number = header.source_sequence;
            if state.entries == 0 {
                state.first = number;
            }
            let begun = state.claimed || state.entries > 0;
            match session::jump(state.last, header) {
                Some(lost) if begun && session::is_gap(header) => state.gaps.push(lost),
                Some(lost) if begun => state.missing.push(lost),
                _ => {}
            }
            state.entries += 1;
            state.last = number;
        }
        for &(source, last) in &self.bundle.sources {
            // All of them: none of another number, and none after the last.
            let whole = states.get(&source).is_some_and(|state| state.last == last);
            let run = self.runs.get(&source);
            let count = run.map_or(0, |run| run.len() as u64);
            let all = states
                .get(&source)
                .is_some_and(|state| state.entries == count);
            if !(whole && all && count > 0) {
                self.fault(Fault::MissingEntries, source);
            }
        }
        for (number, state) in &mut states {
            state.source = *number;
        }
        states.into_values().collect()
    }

    /// How many entries of the bundle stand below a size of the log.
    fn below(&self, size: u64) -> u64 {
        let headers = &self.bundle.headers;
        headers.partition_point(|header| header.sequence < size) as u64
    }

    /// Who outside the log vouches for it.
    fn anchors(
        &mut self,
        origin: Option<&str>,
        anchors: &Anchors,
        signers: &signers::Signers,
    ) -> Vec<Vouch> {
        let now = &self.bundle.checkpoint.checkpoint;
        let mut vouched = Vec::new();
        if origin.is_some_and(|origin| origin != now.origin) {
            self.fault(Fault::OtherOrigin, 0);
        }
        let known = anchors.keys.iter().filter(|key| signers.vouch_from(key));
        vouched.extend(known.map(|key| Vouch::Key {
            key: key.to_string(),
        }));
        if vouched.is_empty() && !anchors.keys.is_empty() {
            self.fault(Fault::ForeignKey, 0);
        }
        for remembered in &anchors.remembered {
            let Ok(then) = proctor_ledger::Checkpoint::parse(remembered.text()) else {
                self.fault(Fault::NotRelated, 0);
                continue;
            };
            let same = self.states.iter().find(|s| s.checkpoint.size == then.size);
            let fault = match same {
                _ if then.origin != now.origin => Some(Fault::OtherOrigin),
                Some(same) if same.checkpoint.root == then.root => None,
                Some(_) => Some(Fault::Forked),
                None if then.size > now.size => Some(Fault::CutBack),
                None => Some(Fault::NotRelated),
            };
            match fault {
                Some(fault) => self.fault(fault, then.size),
                None => {
                    let (size, covers) = (then.size, self.below(then.size));
                    vouched.push(Vouch::Remembered { size, covers });
                }
            }
        }
        let mut witnessed = false;
        for key in &anchors.witnesses {
            let states = self.states.iter().filter_map(|state| {
                let time = key.verify(&state.note)?.cosigned?;
                Some((state.checkpoint.size, time))
            });
            if let Some((size, time)) = states.max() {
                witnessed = true;
                vouched.push(Vouch::Witness {
                    key: key.to_string(),
                    size,
                    time,
                    covers: self.below(size),
                });
            }
        }
        if !witnessed && !anchors.witnesses.is_empty() {
            self.fault(Fault::NotWitnessed, 0);
        }
        vouched
    }
}

/// Root of the leaves `lo..hi`, of which these headers are known; what lies between comes from
/// `nodes`, from left to right. Every range holds a header, so the depth is that of one path.
fn root<'a>(
    headers: &[Header],
    lo: u64,
    hi: u64,
    nodes: &mut impl Iterator<Item = &'a Hash>,
) -> Option<Hash> {
    match headers {
        [] => nodes.next().copied(),
        [header] if hi - lo == 1 => Some(header.leaf()),
        _ if hi - lo < 2 => None,
        _ => {
            // The largest power of two below the count, as RFC 6962 splits.
            let half = 1 << (hi - lo - 1).ilog2();
            let at = headers.partition_point(|header| header.sequence < lo + half);
            let (left, right) = headers.split_at_checked(at)?;
            let left = root(left, lo, lo + half, nodes)?;
            let right = root(right, lo + half, hi, nodes)?;
            Some(node_hash(&left, &right))
        }
    }
}

/// Whether the open spans follow each other inside the payload, hidden ones between them or not.
fn fits(shown: &Disclosure) -> bool {
    let mut at = 0;
    let ascend = shown.spans().into_iter().all(|span| {
        let after = span.offset >= at;
        at = span.range().end;
        after
    });
    ascend && at <= shown.len()
}

/// How much of a payload is hidden, and where.
fn hidden(header: &Header, shown: Option<&Disclosure>, reason: String) -> Withheld {
    let mut ranges = Vec::new();
    let mut at = 0;
    if let Some(shown) = shown {
        for span in shown.spans() {
            if span.offset > at {
                ranges.push((at, span.offset));
            }
            at = span.range().end;
        }
        if shown.len() > at {
            ranges.push((at, shown.len()));
        }
    }
    Withheld {
        entry: header.sequence,
        source: header.source,
        bytes: shown.map(|_| ranges.iter().map(|(from, to)| to - from).sum()),
        of: shown.map(Disclosure::len),
        ranges,
        reason,
    }
}
