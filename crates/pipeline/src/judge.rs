//! From the bytes of sources that belong together to sessions, findings and attributions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use proctor_model::{Event, Finding, SessionId};
use proctor_monitors::Rules;
use proctor_reconcile::{Reconciler, Summary};
use proctor_store::{Change, Entry, FindingFilter, SessionRow, Text};
use sha2::{Digest, Sha256};

use crate::entry::{ATTRIBUTION, Attributed, Counted, FINDING, Found, Shown, SourceInfo, hex};
use crate::group::Links;
use crate::ingest::Index;
use crate::register::Subject;
use crate::watch::{Watch, mask_summary};
use crate::{Error, Shared, replay};

/// What is made of the sources.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Sessions only; the log has what was found in them.
    Derive,
    /// Sessions, what is found in them, and whose they are.
    Judge,
    /// Sessions, and what is found beyond what the log has.
    Rescan,
}

/// Bytes that make a source worth reading again before it is quiet.
const MUCH: u64 = 4 << 20;

/// Sources that were read together.
struct Read {
    group: BTreeSet<u64>,
    sessions: Vec<(Summary, Watch)>,
    /// The sources of each session.
    held: BTreeMap<SessionId, BTreeSet<u64>>,
    entries: BTreeMap<u64, Vec<Entry>>,
    /// Whether bytes of them are filler.
    filled: bool,
}

impl Index {
    /// A group of sources whose sessions must be made anew, and how; one that is not quiet yet only
    /// if no time is given. What touches `bad` is left out.
    pub(crate) fn stale(
        &self,
        quiet: Option<Duration>,
        bad: &BTreeSet<u64>,
    ) -> Option<(BTreeSet<u64>, Mode)> {
        let mut seen = BTreeSet::new();
        for (number, _) in self.sources.iter().filter(|(_, source)| source.is_stale()) {
            if seen.contains(number) {
                continue;
            }
            let group = self.groups.around(*number);
            let members = || group.iter().filter_map(|number| self.sources.get(number));
            let ready = quiet.is_none_or(|quiet| {
                members().all(|source| {
                    source.row.ended
                        || source.heard.elapsed() >= quiet
                        || source.unread > MUCH.max(source.row.bytes / 4)
                })
            });
            if ready && group.is_disjoint(bad) {
                let covered = members().all(|source| source.covered == source.row.entries);
                let mode = if covered { Mode::Derive } else { Mode::Judge };
                return Some((group, mode));
            }
            seen.extend(group);
        }
        None
    }

    /// Reads a group of sources and puts what comes of it into log and index. Answers how many
    /// findings were appended.
    pub(crate) fn make(
        &mut self,
        shared: &Shared,
        group: BTreeSet<u64>,
        mode: Mode,
    ) -> Result<u64, Error> {
        let rules = (mode != Mode::Derive).then(|| shared.rules());
        let mut read = self.read(shared, group, rules.as_ref())?;
        let ended = read
            .group
            .iter()
            .filter_map(|number| self.sources.get(number))
            .all(|source| source.row.ended);
        let mut appended = 0;
        let mut changes = Vec::new();
        let mut stay = BTreeSet::new();
        for (mut summary, watch) in std::mem::take(&mut read.sessions) {
            let (found, texts) = watch.finish();
            mask_summary(&mut summary);
            let id = summary.session.to_string();
            if let Some(rules) = &rules {
                let (count, standing) = self.tell(shared, &read, &id, found, mode)?;
                appended += count;
                if ended && mode == Mode::Judge {
                    self.attribute(shared, &read, &summary, standing, rules)?;
                }
            }
            changes.push(self.session(&read, &summary, texts)?);
            stay.insert(id);
        }
        for gone in self.groups.held_by(&read.group) {
            if !stay.contains(&gone) {
                self.groups.forget(&gone);
                changes.push(Change::NoSession(gone));
            }
        }
        for number in &read.group {
            if let Some(source) = self.sources.get_mut(number) {
                source.row.judged = source.row.entries;
                source.unread = 0;
                changes.push(Change::Source(source.row.clone()));
            }
        }
        self.unlinked = true;
        shared.store.apply(&changes)?;
        Ok(appended)
    }

    /// Reads a group, and what else turns out to belong to it.
    fn read(
        &self,
        shared: &Shared,
        mut group: BTreeSet<u64>,
        rules: Option<&Arc<Rules>>,
    ) -> Result<Read, Error> {
        loop {
            let read = self.read_once(shared, group, rules)?;
            let ids = read.held.keys().map(SessionId::as_str);
            let wider = self.groups.closure(read.group.iter().copied(), ids);
            if wider == read.group {
                return Ok(read);
            }
            group = wider;
        }
    }

    fn read_once(
        &self,
        shared: &Shared,
        group: BTreeSet<u64>,
        rules: Option<&Arc<Rules>>,
    ) -> Result<Read, Error> {
        let mut order: Vec<(&SourceInfo, u64)> = group
            .iter()
            .filter_map(|number| Some((self.sources.get(number)?.info.as_ref()?, *number)))
            .collect();
        order.sort_by(|(a, n), (b, m)| (a.started, &a.path, n).cmp(&(b.started, &b.path, m)));
        let mut reconciler = Reconciler::new(|_: &SessionId| Watch::new(rules));
        let mut held: BTreeMap<SessionId, BTreeSet<u64>> = BTreeMap::new();
        let mut entries = BTreeMap::new();
        let mut filled = false;
        for (info, number) in order {
            let places = shared.store.entries(number, 0)?;
            let copy = replay::copy(&shared.log, &shared.dir, info, &places)?;
            filled |= copy.filled > 0;
            (shared.replay)(info, &copy.path, &mut |event: Event| {
                match held.get_mut(&event.session) {
                    Some(sources) => drop(sources.insert(number)),
                    None => drop(held.insert(event.session.clone(), [number].into())),
                }
                reconciler.event(event, &[]);
            });
            entries.insert(number, places);
        }
        Ok(Read {
            group,
            sessions: reconciler.finish(),
            held,
            entries,
            filled,
        })
    }

    /// Appends the findings of a session that the log does not have. Answers how many these are,
    /// and the ids of those that stand.
    fn tell(
        &self,
        shared: &Shared,
        read: &Read,
        session: &str,
        found: Vec<Finding>,
        mode: Mode,
    ) -> Result<(u64, Vec<String>), Error> {
        let known = shared.store.findings(&FindingFilter {
            session: Some(session.to_owned()),
            fallen: true,
            ..FindingFilter::default()
        })?;
        let known: BTreeMap<_, _> = known.into_iter().map(|row| (row.id.clone(), row)).collect();
        let mut standing = BTreeSet::new();
        let mut new = Vec::new();
        for finding in found {
            let id = id(&finding)?;
            let body = serde_json::to_string(&finding)?;
            let old = known.get(&id);
            standing.insert(id.clone());
            let is_new = match mode {
                Mode::Rescan => old.is_none(),
                _ => old.is_none_or(|old| old.body != body),
            };
            if is_new {
                let found = Found {
                    id,
                    evidence: self.shown(read, &finding),
                    finding: serde_json::value::RawValue::from_string(body)?,
                };
                new.push((FINDING, serde_json::to_vec(&found)?));
            }
        }
        if read.filled {
            // What was found in bytes that were erased since cannot be found again.
            let kept = known.into_values().filter(|row| row.stands);
            standing.extend(kept.map(|row| row.id));
        }
        let count = new.len() as u64;
        shared.append_own(new)?;
        Ok((count, standing.into_iter().collect()))
    }

    /// Where in the log the evidence stands.
    fn shown(&self, read: &Read, finding: &Finding) -> Vec<Shown> {
        let mut shown = Vec::new();
        for place in &finding.evidence {
            // Of several generations of a file, the first that has the place.
            let holder = read.entries.iter().find(|(number, _)| {
                self.sources.get(number).is_some_and(|source| {
                    let info = source.info.as_ref();
                    info.is_some_and(|info| info.path == place.source.path)
                        && place.offset <= source.row.bytes
                })
            });
            let Some((number, entries)) = holder else {
                continue;
            };
            let whole = place.source.member.is_some();
            let touched = entries.iter().filter(|entry| {
                whole
                    || entry.start < place.offset + place.len.max(1)
                        && place.offset < entry.start + entry.length
            });
            let sequences: Vec<u64> = touched.map(|entry| entry.sequence).collect();
            shown.push(Shown {
                source: *number,
                offset: place.offset,
                len: place.len,
                entries: sequences.first().copied().zip(sequences.last().copied()),
            });
        }
        shown
    }

    /// Says whose a session is, unless the log says exactly that already.
    fn attribute(
        &self,
        shared: &Shared,
        read: &Read,
        summary: &Summary,
        findings: Vec<String>,
        rules: &Rules,
    ) -> Result<(), Error> {
        let held = read.held.get(&summary.session);
        let numbers = held.into_iter().flatten().copied();
        let sources: Vec<_> = numbers.filter_map(|n| self.sources.get(&n)).collect();
        let info = sources.iter().find_map(|source| source.info.as_ref());
        let subject = Subject {
            harness: info.map(|info| info.harness),
            models: summary.models.iter().map(String::as_str).collect(),
            host: info.and_then(|info| info.host.as_deref()),
            user: info.and_then(|info| info.user.as_deref()),
            cwd: summary.note.cwd.as_deref(),
            start: summary.start,
        };
        let (deployment, reason) = shared.register().cover(&subject, jiff::Timestamp::now());
        let (deployment, revision) = deployment.unzip();
        let before = shared.store.attribution(summary.session.as_str())?;
        let before = before.and_then(|row| serde_json::from_str::<Attributed>(&row.body).ok());
        let mut said = Attributed {
            session: summary.session.clone(),
            parent: summary.parent.clone(),
            deployment,
            revision,
            reason,
            version: before.as_ref().map_or(0, |before| before.version),
            rules: fingerprint(rules),
            findings,
            sources: sources
                .iter()
                .map(|source| Counted {
                    source: source.row.number,
                    first: 1,
                    last: source.row.entries,
                    entries: source.row.entries,
                    chain: hex(&source.row.chain),
                })
                .collect(),
        };
        if before.as_ref() != Some(&said) {
            said.version += 1;
            shared.append_own(vec![(ATTRIBUTION, serde_json::to_vec(&said)?)])?;
        }
        Ok(())
    }

    fn session(
        &mut self,
        read: &Read,
        summary: &Summary,
        texts: Vec<Text>,
    ) -> Result<Change, Error> {
        let row = SessionRow {
            id: summary.session.to_string(),
            start: summary.start,
            end: summary.end,
            body: serde_json::to_string(summary)?,
            links: serde_json::to_string(&Links::of(summary))?,
            parent: summary.parent.as_ref().map(ToString::to_string),
            missing: summary.missing.clone(),
            sources: read
                .held
                .get(&summary.session)
                .into_iter()
                .flatten()
                .copied()
                .collect(),
            ..SessionRow::default()
        };
        self.groups.forget(&row.id);
        self.groups.restore(&row);
        Ok(Change::Session(Box::new(row), texts))
    }
}

/// The id of a finding: the same for the same session, rule, version and evidence.
fn id(finding: &Finding) -> Result<String, Error> {
    let named = (&finding.session, &finding.rule, &finding.evidence);
    let digest = Sha256::digest(serde_json::to_vec(&named)?);
    Ok(hex(digest.get(..16).unwrap_or_default()))
}

/// Names a set of rules, and the program that runs them.
fn fingerprint(rules: &Rules) -> String {
    let mut names: Vec<String> = rules
        .all()
        .map(|rule| format!("{}@{}\n", rule.reference.id, rule.reference.version))
        .collect();
    names.sort();
    let mut hash = Sha256::new();
    hash.update(env!("CARGO_PKG_VERSION"));
    names.iter().for_each(|name| hash.update(name));
    hex(hash.finalize().get(..16).unwrap_or_default())
}
