//! What agents did, a line each, whether anything was found or not.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proctor_model::Harness;
use proctor_reconcile::{Deed, Summary, Tally};

use super::sessions::{self, Sessions};
use super::{EXAMPLES, Example, LONG, Line};
use crate::clean::Lens;
use crate::units::{self, count, counted, percent};

/// What is no write outside the project, in as few words as fit on its line.
const EXEMPT: &str = "/tmp, own notes exempt";

pub(super) fn lines(lens: &Lens, sessions: &Sessions<'_>) -> Vec<Line> {
    let mut lines = vec![
        of_sessions(lens, sessions),
        requests(lens, sessions),
        unattended(lens, sessions),
        unasked(lens, sessions),
        calls(lens, sessions),
    ];
    // The deeds that leave a mark outside the project, or that people want to hear of, are
    // notable; ordinary work is not.
    let deeds = [
        (Deed::CommandRun, "Commands run", false),
        (Deed::FileWritten, "Files written", false),
        (Deed::WriteOutsideProject, "Writes outside project", true),
        (Deed::Deletion, "Deletions", true),
        (Deed::SecretRead, "Secrets read", true),
        (Deed::HostContacted, "Hosts contacted", false),
        (Deed::PackageInstalled, "Packages installed", false),
        (Deed::Commit, "Commits", false),
        (Deed::Push, "Pushes", true),
        (Deed::PrivilegeUsed, "Privilege used", true),
        (Deed::JobLeftBehind, "Jobs left behind", true),
        (Deed::AgentSpawned, "Agents spawned", false),
        (Deed::MessageToPeople, "Messages to people", true),
        (Deed::TestRun, "Test runs", false),
    ];
    lines.extend(deeds.map(|(kind, label, notable)| deed(lens, sessions, kind, label, notable)));
    lines.push(tokens(lens, sessions));
    for (i, line) in lines.iter_mut().enumerate() {
        line.handle = format!("d{}", i + 1);
    }
    lines
}

fn sum(sessions: &Sessions<'_>, of: impl Fn(&Summary) -> u64) -> u64 {
    sessions.summaries().map(of).sum()
}

fn of_sessions(lens: &Lens, sessions: &Sessions<'_>) -> Line {
    let n = sessions.entries.len() as u64;
    let children = sum(sessions, |s| u64::from(s.parent.is_some()));
    let seconds = sum(sessions, |s| s.active_seconds);
    let mut detail = format!("{} active", units::duration(seconds));
    if children > 0 {
        detail += &format!(", {} by sub-agents", count(children));
    }
    Line {
        label: "Sessions".into(),
        value: count(n),
        count: n,
        detail,
        examples: told(lens, sessions, |s| {
            Some(format!("{} active", units::duration(s.active_seconds)))
        }),
        ..Line::default()
    }
}

fn requests(lens: &Lens, sessions: &Sessions<'_>) -> Line {
    let n = sum(sessions, |s| s.requests.count);
    let tallies: Vec<(&str, &Tally)> = (sessions.entries.iter())
        .map(|entry| (entry.handle.as_str(), &entry.summary.requests))
        .collect();
    let replies = sum(sessions, |s| s.replies);
    Line {
        label: "Requests by people".into(),
        value: count(n),
        count: n,
        detail: format!(
            "slash commands included; {}",
            counted(replies, "reply", "replies")
        ),
        examples: examples(lens, &tallies),
        ..Line::default()
    }
}

fn unattended(lens: &Lens, sessions: &Sessions<'_>) -> Line {
    let known = sum(sessions, |s| u64::from(s.unattended.is_some()));
    let n = sum(sessions, |s| u64::from(s.unattended == Some(true)));
    let unknown = sessions.entries.len() as u64 - known;
    let of = counted(known, "session", "sessions");
    let detail = match (known, unknown) {
        (0, _) => "no recording says".to_owned(),
        (_, 0) => format!("{} of {of}", percent(n, known)),
        _ => format!(
            "{} of {of}, {} do not say",
            percent(n, known),
            count(unknown)
        ),
    };
    Line {
        label: "Nobody present".into(),
        value: if known == 0 { "–".into() } else { count(n) },
        count: n,
        detail,
        notable: n > 0,
        examples: members(lens, sessions, |s| s.unattended == Some(true)),
        ..Line::default()
    }
}

fn unasked(lens: &Lens, sessions: &Sessions<'_>) -> Line {
    let n = sum(sessions, |s| sessions::modes(s).0);
    let known = sum(sessions, |s| sessions::modes(s).1);
    let calls = sum(sessions, |s| s.calls);
    let bypassing = sum(sessions, |s| u64::from(sessions::modes(s).0 > 0));
    let modes = sessions.summaries().flat_map(|s| &s.acts_by_mode);
    let mut detail = format!(
        "{} of {} calls, in {}",
        percent(n, known),
        count(known),
        counted(bypassing, "session", "sessions")
    );
    if known == 0 {
        detail = "no recording says".to_owned();
    } else if calls > known {
        detail += &format!(", {} do not say", count(calls - known));
    }
    Line {
        label: "Nobody asked (bypass)".into(),
        value: if known == 0 { "–".into() } else { count(n) },
        count: n,
        detail,
        notable: n > 0,
        top: commonest(modes, |mode| lens.line(mode, 40)),
        examples: members(lens, sessions, |s| sessions::modes(s).0 > 0),
        ..Line::default()
    }
}

/// What is to be told of each session, as examples with the session's file.
fn told(
    lens: &Lens,
    sessions: &Sessions<'_>,
    says: impl Fn(&Summary) -> Option<String>,
) -> Vec<Example> {
    let told = sessions.entries.iter().filter_map(|entry| {
        Some(Example {
            session: entry.handle.clone(),
            text: says(entry.summary)?,
            place: entry.file(lens),
        })
    });
    told.take(EXAMPLES).collect()
}

/// Sessions that meet a condition, as examples.
fn members(lens: &Lens, sessions: &Sessions<'_>, is: impl Fn(&Summary) -> bool) -> Vec<Example> {
    told(lens, sessions, |s| {
        is(s).then(|| sessions::project(s, lens))
    })
}

fn calls(lens: &Lens, sessions: &Sessions<'_>) -> Line {
    let n = sum(sessions, |s| s.calls);
    let failed = sum(sessions, |s| s.failed);
    let refused = sum(sessions, |s| s.refused);
    let tools = sessions.summaries().flat_map(|s| &s.tools);
    Line {
        label: "Tool calls".into(),
        value: count(n),
        count: n,
        detail: format!("{} failed, {} refused", percent(failed, n), count(refused)),
        top: commonest(tools, |tool| Lens::default().name(tool, 60)),
        examples: told(lens, sessions, |s| {
            let tools = commonest(s.tools.iter(), |tool| Lens::default().name(tool, 60));
            let named = tools.iter().take(4);
            let named: Vec<String> = named.map(|(tool, n)| format!("{tool} ×{n}")).collect();
            (s.calls > 0).then(|| format!("{}: {}", count(s.calls), named.join(" · ")))
        }),
        ..Line::default()
    }
}

fn deed(lens: &Lens, sessions: &Sessions<'_>, kind: Deed, label: &str, notable: bool) -> Line {
    let tallies: Vec<(&str, &Tally)> = sessions
        .entries
        .iter()
        .filter_map(|e| Some((e.handle.as_str(), e.summary.deeds.get(&kind)?)))
        .filter(|(_, tally)| tally.count > 0)
        .collect();
    let n: u64 = tallies.iter().map(|(_, tally)| tally.count).sum();
    let hosts = || sessions.summaries().flat_map(|s| &s.hosts);
    let top = if kind == Deed::HostContacted {
        commonest(hosts(), |host| lens.name(host, LONG))
    } else {
        let texts = tallies.iter().flat_map(|(_, tally)| &tally.examples);
        commonest(texts.map(|(_, text)| (text, &1)), |text| {
            lens.line(text, LONG)
        })
    };
    let detail = match (tallies.len() as u64, kind) {
        (0, Deed::WriteOutsideProject) => EXEMPT.to_owned(),
        (0, _) => String::new(),
        (_, Deed::HostContacted) => {
            let hosts: BTreeSet<&String> = hosts().map(|(host, _)| host).collect();
            counted(hosts.len() as u64, "host", "hosts")
        }
        (in_sessions, Deed::WriteOutsideProject) => format!(
            "in {}; {EXEMPT}",
            counted(in_sessions, "session", "sessions")
        ),
        (in_sessions, _) => format!("in {}", counted(in_sessions, "session", "sessions")),
    };
    Line {
        label: label.into(),
        value: count(n),
        count: n,
        detail,
        notable: notable && n > 0,
        top,
        examples: examples(lens, &tallies),
        ..Line::default()
    }
}

/// Evidence from as many sessions as possible: each session's first, then each one's second.
fn examples(lens: &Lens, tallies: &[(&str, &Tally)]) -> Vec<Example> {
    let rounds = (0..Tally::EXAMPLES).flat_map(|round| {
        let of_round = move |(session, tally): &(&str, &Tally)| {
            let (place, text) = tally.examples.get(round)?;
            Some(Example {
                session: (*session).to_owned(),
                text: lens.line(text, LONG),
                place: lens.place(place),
            })
        };
        tallies.iter().filter_map(of_round)
    });
    rounds.take(EXAMPLES).collect()
}

/// The commonest names, made fit to print, with how often they were counted in all; equals by
/// name. Only as many are cleaned as may be shown: there can be a million.
pub(super) fn commonest<'a, S: AsRef<str> + 'a>(
    counts: impl Iterator<Item = (&'a S, &'a u64)>,
    clean: impl Fn(&str) -> String,
) -> Vec<(String, u64)> {
    let mut raw: HashMap<&str, u64> = HashMap::new();
    for (name, n) in counts {
        *raw.entry(name.as_ref()).or_default() += n;
    }
    let mut raw: Vec<(&str, u64)> = raw.into_iter().collect();
    let most = EXAMPLES * 4;
    if raw.len() > most {
        raw.select_nth_unstable_by(most, |a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        raw.truncate(most);
    }
    let mut shown: BTreeMap<String, u64> = BTreeMap::new();
    for (name, n) in raw {
        let name = match clean(name) {
            name if name.is_empty() => "(no name)".to_owned(),
            name => name,
        };
        *shown.entry(name).or_default() += n;
    }
    let mut shown: Vec<(String, u64)> = shown.into_iter().collect();
    shown.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    shown.truncate(EXAMPLES);
    shown
}

fn tokens(lens: &Lens, sessions: &Sessions<'_>) -> Line {
    let written = sum(sessions, |s| s.tokens.output);
    let read = sum(sessions, |s| s.tokens.input + s.tokens.cache_write);
    let cached = sum(sessions, |s| s.tokens.cache_read);
    let requests = sum(sessions, |s| s.tokens.requests);
    let all = written.saturating_add(read).saturating_add(cached);
    let silent = sum(sessions, |s| u64::from(s.tokens.requests == 0));
    let mut detail = format!(
        "{} written, {} read, {} from cache, in {}",
        units::short(written),
        units::short(read),
        units::short(cached),
        counted(requests, "request", "requests")
    );
    if requests == 0 {
        detail = "no recording says".to_owned();
    } else if silent > 0 {
        detail += &format!(
            ", {} without a record",
            counted(silent, "session", "sessions")
        );
    }
    let inspect = |s: &Summary| s.tokens.requests > 0 && s.note.harness == Some(Harness::Inspect);
    if sessions.summaries().any(inspect) {
        detail += "; without the graders of Inspect logs";
    }
    Line {
        label: "Tokens".into(),
        value: if requests == 0 {
            "–".into()
        } else {
            units::short(all)
        },
        count: all,
        detail,
        examples: told(lens, sessions, |s| {
            let of = &s.tokens;
            (of.requests > 0).then(|| {
                format!(
                    "{} written, {} read, {} from cache",
                    units::short(of.output),
                    units::short(of.input.saturating_add(of.cache_write)),
                    units::short(of.cache_read)
                )
            })
        }),
        ..Line::default()
    }
}
