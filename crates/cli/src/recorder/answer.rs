//! What the recorder does with what it is asked.

use std::collections::BTreeSet;
use std::ops::Range;

use anyhow::{Context, bail};
use proctor_host::RollCall;
use proctor_ledger::{BundleRequest, Header, Log, Note, Opening, Spans};
use proctor_pipeline::{Deployment, Erase, Pipeline, RegisterChange};
use proctor_store::{FindingFilter, SessionFilter};
use serde_json::{Value, json};

use crate::hex;

use super::protocol::{Answer, Bundle, Control, Ingest};

/// The most entries, hits or sessions in one answer.
const MOST: usize = 10_000;

/// Answers one who observes. `announced` are the sources that it announced on this connection.
pub(super) fn observed(
    pipeline: &Pipeline,
    announced: &mut Vec<u64>,
    request: Ingest,
    body: Vec<u8>,
) -> Answer {
    let own = |source: u64| match announced.contains(&source) {
        true => Ok(source),
        false => Err(anyhow::anyhow!("source {source} was not announced here")),
    };
    let done = match request {
        Ingest::Announce(info) => {
            pipeline
                .announce(*info)
                .map_err(anyhow::Error::from)
                .map(|known| {
                    announced.push(known.source);
                    json!({
                        "source": known.source, "bytes": known.bytes, "sha256": known.sha256,
                        "ended": known.ended, "new": known.new,
                    })
                })
        }
        Ingest::Append { source, at } => own(source).and_then(|source| {
            let ack = pipeline.append(source, at, body)?;
            Ok(json!({ "bytes": ack.bytes }))
        }),
        Ingest::End { source, bytes } => own(source).and_then(|source| {
            let ack = pipeline.end(source, bytes)?;
            Ok(json!({ "bytes": ack.bytes }))
        }),
        Ingest::Beat { source, bytes } => own(source).and_then(|source| {
            let ack = pipeline.beat(source, bytes)?;
            Ok(json!({ "bytes": ack.bytes }))
        }),
    };
    answer(done)
}

/// Answers a person or one of Proctor's commands.
/// `by` is who asks, as the system says.
pub(super) fn commanded(
    pipeline: &Pipeline,
    roll: &RollCall,
    by: &str,
    request: Control,
) -> (Answer, Vec<u8>) {
    match request {
        Control::Bundle(wanted) => match bundle(pipeline, &wanted) {
            Ok((told, body)) => (Answer::Done(told), body),
            Err(error) => (Answer::Refused(format!("{error:#}")), Vec::new()),
        },
        request => (answer(command(pipeline, roll, by, request)), Vec::new()),
    }
}

fn answer(done: anyhow::Result<Value>) -> Answer {
    match done {
        Ok(value) => Answer::Done(value),
        Err(error) => Answer::Refused(format!("{error:#}")),
    }
}

fn command(
    pipeline: &Pipeline,
    roll: &RollCall,
    by: &str,
    request: Control,
) -> anyhow::Result<Value> {
    Ok(match request {
        Control::Status => status(pipeline, roll)?,
        Control::Flush => {
            pipeline.flush()?;
            true.into()
        }
        Control::Entries { from, most } => entries(pipeline.log(), from, most)?,
        Control::Entry { sequence } => entry(pipeline.log(), sequence)?,
        Control::Search { query, most } => {
            // Who searches wants what was recorded a moment ago as well.
            pipeline.flush()?;
            let hits = pipeline.store().search(&query, most.min(MOST))?;
            hits.into_iter()
                .map(|hit| {
                    json!({
                        "session": hit.session, "step": hit.step, "kind": hit.kind,
                        "time": hit.time, "words": hit.excerpt,
                    })
                })
                .collect()
        }
        Control::Prove { sequence } => prove(pipeline.log(), sequence)?,
        Control::Sessions { session } => {
            pipeline.flush()?;
            sessions(pipeline, session)?
        }
        Control::Erase {
            text,
            source,
            bytes,
            reason,
        } => {
            let what = match (text, source, bytes) {
                (Some(text), None, None) if !text.is_empty() => Erase::Text(text),
                (None, Some(source), Some((from, to))) => Erase::Bytes(
                    source,
                    Range {
                        start: from,
                        end: to,
                    },
                ),
                _ => bail!("say either a text or the bytes of a source"),
            };
            let erased = pipeline.erase(&what, &reason)?;
            json!({
                "sequence": erased.sequence, "entries": erased.entries,
                "sources": erased.sources, "findings": erased.findings,
            })
        }
        Control::Drop { before, reason } => {
            json!({ "sequence": pipeline.drop_before(before, &reason)? })
        }
        Control::Reindex => {
            pipeline.reindex()?;
            status(pipeline, roll)?
        }
        Control::Rescan { rules } => {
            let rules = crate::rules::load(&rules)?;
            json!({ "found": pipeline.rescan(rules)? })
        }
        Control::Deployments { id } => {
            let all = pipeline.deployments();
            all.iter()
                .filter(|d| id.as_ref().is_none_or(|id| *id == d.id))
                .map(deployment)
                .collect()
        }
        Control::Propose { manifest } => registered(pipeline.propose(&manifest, by)?),
        Control::Approve { id, revision } => registered(pipeline.approve(&id, revision, by)?),
        Control::Retire { id, reason } => registered(pipeline.retire(&id, &reason, by)?),
        Control::Bundle(_) | Control::Stop => bail!("this is answered elsewhere"),
    })
}

fn status(pipeline: &Pipeline, roll: &RollCall) -> anyhow::Result<Value> {
    let status = pipeline.status();
    let log = pipeline.log();
    let (checkpoint, note) = log.checkpoint()?;
    let store = pipeline.store();
    let sources = store.sources()?;
    Ok(json!({
        "schema": "proctor.log-status/1",
        "origin": log.origin(),
        "key": log.key().to_string(),
        "entries": status.entries,
        "indexed": status.indexed,
        "stale_sources": status.stale,
        "waiting_bytes": status.waiting,
        "trouble": status.trouble,
        "sources": sources.len(),
        "bytes": sources.iter().map(|s| s.bytes).sum::<u64>(),
        "sessions": store.sessions(&SessionFilter::default())?.len(),
        "findings": store.findings(&FindingFilter::default())?.len(),
        "gaps": store.gaps(None)?.len(),
        "root": hex(&checkpoint.root),
        "checkpoint": note.to_string(),
        "cosigned": log.cosigned()?.map(|note| note.to_string()),
        "agents": roll.agents().len(),
        "blind": roll.blind(),
    }))
}

fn head(header: &Header) -> Value {
    json!({
        "sequence": header.sequence,
        "kind": kind(header),
        "vantage": format!("{:?}", header.vantage).to_lowercase(),
        "time": jiff::Timestamp::from_nanosecond(i128::from(header.wall_ns)).ok(),
        "source": header.source,
        "number": header.source_sequence,
        "payload": hex(&header.payload),
    })
}

/// What an entry is, by name.
fn kind(header: &Header) -> String {
    use proctor_pipeline as own;
    let names = [
        (proctor_ledger::Kind::GENESIS, "genesis"),
        (proctor_ledger::Kind::GAP, "gap"),
        (proctor_ledger::Kind::HEARTBEAT, "heartbeat"),
        (proctor_ledger::Kind::ERASURE, "erasure"),
        (proctor_ledger::Kind::RETENTION, "retention"),
        (proctor_ledger::Kind::HANDOVER, "hand-over"),
        (own::SOURCE, "source"),
        (own::STRETCH, "stretch"),
        (own::END, "end"),
        (own::ATTRIBUTION, "attribution"),
        (own::FINDING, "finding"),
        (own::REGISTER, "register"),
        (own::FAILURE, "failure"),
    ];
    let name = names.iter().find(|(kind, _)| *kind == header.kind);
    name.map_or_else(
        || format!("kind {}", header.kind.0),
        |(_, name)| (*name).to_owned(),
    )
}

fn entries(log: &Log, from: Option<u64>, most: u64) -> anyhow::Result<Value> {
    let most = most.min(MOST as u64);
    let from = from.unwrap_or_else(|| log.len().saturating_sub(most));
    let end = log.len().min(from.saturating_add(most));
    let heads = (from..end).map(|sequence| Ok(head(&log.header(sequence)?)));
    heads.collect()
}

fn entry(log: &Log, sequence: u64) -> anyhow::Result<Value> {
    if sequence >= log.len() {
        bail!("the log has {} entries, counted from 0", log.len());
    }
    let header = log.header(sequence)?;
    let payload = log.payload(sequence)?;
    let hidden: Vec<_> = (payload.hidden().iter())
        .map(|range| json!([range.start, range.end]))
        .collect();
    // What is erased is shown as what it is: nothing.
    let mut text = Vec::new();
    for span in payload.spans() {
        let gap = usize::try_from(span.offset).unwrap_or(usize::MAX);
        if gap > text.len() && gap - text.len() <= 1 << 26 {
            text.resize(gap, b'?');
        }
        text.extend(&span.bytes);
    }
    Ok(json!({
        "entry": head(&header),
        "bytes": payload.len(),
        "spans": payload.span_count(),
        "erased": hidden,
        "text": String::from_utf8_lossy(&text),
    }))
}

fn prove(log: &Log, sequence: u64) -> anyhow::Result<Value> {
    if sequence >= log.len() {
        bail!("the log has {} entries, counted from 0", log.len());
    }
    let (checkpoint, note) = log.checkpoint()?;
    let header = log.header(sequence)?;
    let proof = log.prove_inclusion(sequence, checkpoint.size)?;
    if !proof.includes(&header, &checkpoint) {
        bail!("the proof does not lead to the checkpoint; run `proctor verify`");
    }
    Ok(json!({
        "schema": "proctor.proof/1",
        "sequence": sequence,
        "header": hex(&header.encode()),
        "proof": hex(&proof.encode()),
        "checkpoint": note.to_string(),
    }))
}

fn sessions(pipeline: &Pipeline, session: Option<String>) -> anyhow::Result<Value> {
    let store = pipeline.store();
    let rows = match &session {
        Some(id) => vec![
            store
                .session(id)?
                .with_context(|| format!("no session `{id}` is recorded"))?,
        ],
        None => store.sessions(&SessionFilter {
            limit: Some(MOST),
            ..SessionFilter::default()
        })?,
    };
    let mut out = Vec::new();
    for row in rows {
        let filter = FindingFilter {
            session: Some(row.id.clone()),
            ..FindingFilter::default()
        };
        let findings = store.findings(&filter)?;
        out.push(json!({
            "session": row.id, "start": row.start, "end": row.end, "parent": row.parent,
            "deployment": row.deployment, "version": row.version, "sources": row.sources,
            "findings": findings.iter().map(|f| json!({
                "id": f.id, "sequence": f.sequence, "behaviour": f.behaviour,
                "severity": f.severity, "score": f.score, "stands": f.stands,
            })).collect::<Vec<_>>(),
        }));
    }
    Ok(out.into())
}

/// The sessions' sources whole, what Proctor said of them, and of the payloads what is disclosed.
fn bundle(pipeline: &Pipeline, wanted: &Bundle) -> anyhow::Result<(Value, Vec<u8>)> {
    pipeline.flush()?;
    let store = pipeline.store();
    let mut sessions: BTreeSet<String> = wanted.sessions.iter().cloned().collect();
    if let Some((from, to)) = wanted.window {
        let filter = SessionFilter {
            since: Some(from),
            ..SessionFilter::default()
        };
        let within = (store.sessions(&filter)?.into_iter())
            .filter(|row| row.start.is_none_or(|start| start < to))
            .map(|row| row.id);
        sessions.extend(within);
    }
    for id in &wanted.findings {
        let all = store.findings(&FindingFilter::default())?;
        let finding = all.into_iter().find(|f| f.id == *id);
        sessions.insert(
            finding
                .with_context(|| format!("no finding `{id}` is recorded"))?
                .session,
        );
    }
    if sessions.is_empty() {
        bail!("nothing is chosen: name sessions, findings or a window in which there are some");
    }
    let (mut sources, mut entries) = (BTreeSet::new(), BTreeSet::new());
    for id in &sessions {
        let row = store.session(id)?;
        let row = row.with_context(|| format!("no session `{id}` is recorded"))?;
        sources.extend(row.sources);
        entries.extend(store.attribution(id)?.map(|a| a.sequence));
        let filter = FindingFilter {
            session: Some(id.clone()),
            ..FindingFilter::default()
        };
        entries.extend(store.findings(&filter)?.into_iter().map(|f| f.sequence));
    }
    let pointers = |list: &[String]| -> Vec<Spans> {
        let pointers = list.iter().map(|p| Spans::Pointer(p.clone().into_bytes()));
        pointers.collect()
    };
    let texts = wanted.withhold_texts.iter();
    let texts = texts.map(|text| Spans::Holding(text.clone().into_bytes()));
    let hide: Vec<Spans> = pointers(&wanted.withhold)
        .into_iter()
        .chain(texts.clone())
        .collect();
    let show = match wanted.disclose.is_empty() {
        true => vec![Spans::All],
        false => pointers(&wanted.disclose),
    };
    let opening = Opening {
        show,
        hide,
        reason: wanted.reason.clone(),
    };
    // What Proctor itself says is told but for the texts: pointers are about the sources' records.
    let said = Opening {
        show: vec![Spans::All],
        hide: texts.collect(),
        reason: wanted.reason.clone(),
    };
    let earlier = wanted
        .earlier
        .iter()
        .map(|note| Note::parse(note.as_bytes()));
    let request = BundleRequest {
        title: wanted.title.clone(),
        sources: sources.iter().copied().collect(),
        openings: entries.iter().map(|entry| (*entry, said.clone())).collect(),
        entries: entries.into_iter().collect(),
        opening,
        earlier: earlier.collect::<Result<_, _>>()?,
    };
    let bundle = pipeline.log().bundle(&request)?;
    let told = json!({
        "sessions": sessions, "sources": sources, "entries": bundle.headers.len(),
        "withheld": bundle.withheld.len(),
    });
    Ok((told, bundle.to_text()?.into_bytes()))
}

fn deployment(deployment: &Deployment) -> Value {
    let today = jiff::Zoned::now().date();
    let manifest = |held: &Option<(u64, proctor_model::Manifest)>| {
        held.as_ref()
            .map(|(revision, m)| json!({ "revision": revision, "manifest": m }))
    };
    let history: Vec<Value> = (deployment.history.iter())
        .map(|entry| {
            let (what, revision, text) = match &entry.change {
                RegisterChange::Proposed { revision, manifest } => {
                    ("proposed", Some(*revision), Some(manifest.clone()))
                }
                RegisterChange::Approved { revision } => ("approved", Some(*revision), None),
                RegisterChange::Retired { reason } => ("retired", None, Some(reason.clone())),
            };
            json!({ "at": entry.at, "by": entry.by, "change": what, "revision": revision, "text": text })
        })
        .collect();
    let changes = match (&deployment.approved, &deployment.proposed) {
        (Some((_, before)), Some((_, after))) => proctor_pipeline::compare(before, after),
        _ => Vec::new(),
    };
    json!({
        "id": deployment.id,
        "covers_today": deployment.covering(today).is_some(),
        "retired": deployment.retired,
        "approved": manifest(&deployment.approved),
        "proposed": manifest(&deployment.proposed),
        "changes": changes,
        "history": history,
    })
}

fn registered(entry: proctor_pipeline::Registered) -> Value {
    let revision = match &entry.change {
        RegisterChange::Proposed { revision, .. } | RegisterChange::Approved { revision } => {
            Some(*revision)
        }
        RegisterChange::Retired { .. } => None,
    };
    json!({ "deployment": entry.deployment, "revision": revision, "by": entry.by, "at": entry.at })
}
