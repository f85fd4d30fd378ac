//! What was not seen, a line each: the limits of everything above it.

use std::collections::{BTreeMap, BTreeSet};

use proctor_model::{Catalogue, GapCause};
use proctor_reconcile::Summary;

use super::did::commonest;
use super::findings::name;
use super::sessions::Sessions;
use super::{EXAMPLES, Example, LONG, Line};
use crate::clean::Lens;
use crate::scan::{Retention, Scan};
use crate::units::{self, count, counted, percent};

pub(super) fn lines(scan: &Scan, lens: &Lens, sessions: &Sessions<'_>) -> Vec<Line> {
    let mut lines = vec![vantage(), oldest(scan)];
    lines.extend(
        scan.retention
            .iter()
            .map(|r| retention(r, scan.read.archived)),
    );
    lines.extend([
        missing(scan, lens, sessions),
        reasoning(sessions),
        unopened(scan, lens),
        unreadable(scan, lens, sessions),
        gaps(lens, sessions),
        unpaired(lens, sessions),
        unknown(scan, lens, sessions),
        not_assessable(scan, lens),
        unchecked(scan),
        ignored(scan),
    ]);
    for (i, line) in lines.iter_mut().enumerate() {
        line.handle = format!("u{}", i + 1);
    }
    lines
}

/// An example that is words only.
fn words(text: String) -> Example {
    Example {
        session: String::new(),
        text,
        place: String::new(),
    }
}

fn vantage() -> Line {
    Line {
        label: "Vantage".into(),
        value: "said".into(),
        detail: "The agent's own account only: nothing here was checked against the kernel or the \
                 wire, and an agent that can write its recording can forge it."
            .into(),
        notable: true,
        ..Line::default()
    }
}

fn oldest(scan: &Scan) -> Line {
    let first = scan.summaries.iter().filter_map(|s| s.start).min();
    let undated = scan.summaries.iter().filter(|s| s.start.is_none()).count() as u64;
    let Some(oldest) = scan.oldest.or(first) else {
        return Line {
            label: "Oldest session".into(),
            value: "–".into(),
            count: undated,
            detail: "No session carries a time.".into(),
            ..Line::default()
        };
    };
    let age = scan.generated_at.duration_since(oldest).as_secs().max(0);
    let mut detail = format!(
        "{} before this scan; what agents did earlier left no recording here.",
        counted(age.unsigned_abs() / 86_400, "day", "days")
    );
    match undated {
        0 => {}
        1 => detail += " One session carries no time.",
        n => detail += &format!(" {} sessions carry no time.", count(n)),
    }
    Line {
        label: "Oldest session".into(),
        value: units::day(oldest, &scan.time_zone).to_string(),
        count: undated,
        detail,
        ..Line::default()
    }
}

fn retention(retention: &Retention, archived: u64) -> Line {
    let by = match (retention.setting.as_str(), retention.default) {
        ("", _) => String::new(),
        (setting, true) => format!(" ({setting}, default)"),
        (setting, false) => format!(" ({setting})"),
    };
    let harness = retention.harness;
    let mut detail = match retention.days {
        Some(days) => format!(
            "{harness} deletes sessions older than {}{by}; run `proctor keep` to archive them.",
            counted(days, "day", "days"),
        ),
        None => format!("{harness} does not delete its recordings by itself{by}."),
    };
    if archived > 0 {
        let recordings = counted(archived, "recording", "recordings");
        detail += &format!(" {recordings} that are gone were read from the archive.");
    }
    Line {
        label: "Kept by the harness".into(),
        value: retention
            .days
            .map_or_else(|| "–".to_owned(), |days| format!("{days} d")),
        count: retention.days.unwrap_or(0),
        detail,
        notable: retention.days.is_some(),
        ..Line::default()
    }
}

fn missing(scan: &Scan, lens: &Lens, sessions: &Sessions<'_>) -> Line {
    let of_sessions = sessions.entries.iter().flat_map(|entry| {
        let missing = entry.summary.missing.iter();
        missing.map(|what| (entry.handle.as_str(), what))
    });
    let of_scan = scan.missing.iter().map(|what| ("", what));
    let all: Vec<(&str, &String)> = of_sessions.chain(of_scan).collect();
    let examples = all.iter().take(EXAMPLES).map(|(session, what)| Example {
        session: (*session).to_owned(),
        text: lens.line(what, LONG),
        place: String::new(),
    });
    Line {
        label: "Referred to but gone".into(),
        value: count(all.len() as u64),
        count: all.len() as u64,
        detail: match all.len() {
            0 => "Every session that a recording names is there.",
            _ => "Sessions, sub-agents and files that recordings name and that are not there.",
        }
        .into(),
        notable: !all.is_empty(),
        examples: examples.collect(),
        ..Line::default()
    }
}

fn reasoning(sessions: &Sessions<'_>) -> Line {
    let mut states: BTreeMap<&str, u64> = BTreeMap::new();
    for (state, n) in sessions.summaries().flat_map(|s| &s.reasoning) {
        *states.entry(state.as_str()).or_default() += n;
    }
    let all: u64 = states.values().sum();
    let readable = states.get("full").copied().unwrap_or(0);
    let shares: Vec<String> = ["full", "summarised", "empty", "encrypted", "absent"]
        .into_iter()
        .map(|state| {
            let n = states.get(state).copied().unwrap_or(0);
            format!("{} {state}", percent(n, all))
        })
        .collect();
    let turns = counted(all, "model turn", "model turns");
    Line {
        label: "Reasoning readable".into(),
        value: percent(readable, all),
        count: readable,
        detail: match all {
            0 => "No model turn was recorded.".into(),
            _ => format!("Of {turns}: {}.", shares.join(", ")),
        },
        notable: readable < all,
        top: commonest(states.iter(), str::to_owned),
        ..Line::default()
    }
}

/// Files that are there and could not be read at all.
fn unopened(scan: &Scan, lens: &Lens) -> Line {
    let unopened = &scan.read.unopened;
    let mut examples: Vec<Example> = unopened
        .iter()
        .map(|(path, why)| Example {
            session: String::new(),
            text: lens.line(why, LONG),
            place: lens.path(path),
        })
        .collect();
    examples.sort_by(|a, b| a.place.cmp(&b.place));
    examples.truncate(EXAMPLES);
    Line {
        label: "Could not be opened".into(),
        value: count(unopened.len() as u64),
        count: unopened.len() as u64,
        detail: match examples.first() {
            None => "Every file and folder could be opened.".into(),
            Some(first) => format!(
                "Nothing of it is in this report. First: {}: {}.",
                first.place, first.text
            ),
        },
        notable: !unopened.is_empty(),
        examples,
        ..Line::default()
    }
}

fn unreadable(scan: &Scan, lens: &Lens, sessions: &Sessions<'_>) -> Line {
    let read = &scan.read;
    let unparsable = |(cause, _): &(&GapCause, _)| {
        use GapCause::{BadArchive, TooLong, Truncated, Unparsable};
        matches!(cause, Unparsable | TooLong | Truncated | BadArchive)
    };
    let examples = sessions.entries.iter().flat_map(|entry| {
        let tallies = entry.summary.gaps.iter().filter(unparsable);
        let places = tallies.flat_map(|(_, tally)| &tally.examples);
        places.map(|(place, text)| Example {
            session: entry.handle.clone(),
            text: lens.line(text, LONG),
            place: lens.place(place),
        })
    });
    Line {
        label: "Unreadable bytes".into(),
        value: percent(read.unreadable_bytes, read.bytes),
        count: read.unreadable_bytes,
        detail: format!(
            "{} of {} could not be understood.",
            units::bytes(read.unreadable_bytes),
            units::bytes(read.bytes)
        ),
        notable: read.unreadable_bytes > 0,
        examples: examples.take(EXAMPLES).collect(),
        ..Line::default()
    }
}

fn gaps(lens: &Lens, sessions: &Sessions<'_>) -> Line {
    let mut causes: BTreeMap<GapCause, u64> = BTreeMap::new();
    let mut examples = Vec::new();
    for entry in &sessions.entries {
        for (cause, tally) in &entry.summary.gaps {
            *causes.entry(*cause).or_default() += tally.count;
            let room = EXAMPLES - examples.len();
            let more = tally.examples.iter().take(room);
            examples.extend(more.map(|(place, text)| Example {
                session: entry.handle.clone(),
                text: format!("{}: {}", cause.describe(), lens.line(text, LONG)),
                place: lens.place(place),
            }));
        }
    }
    let n = causes.values().sum();
    let named: Vec<(&str, u64)> = causes.iter().map(|(c, n)| (c.describe(), *n)).collect();
    let top = commonest(named.iter().map(|(c, n)| (c, n)), str::to_owned);
    Line {
        label: "Gaps".into(),
        value: count(n),
        count: n,
        detail: match n {
            0 => "No record failed to be read.".into(),
            _ => format!(
                "Records that are there and could not be used: {}.",
                listed(&top)
            ),
        },
        notable: n > 0,
        top,
        examples,
        ..Line::default()
    }
}

/// Calls without a result and results without a call: one of the two was not recorded.
fn unpaired(lens: &Lens, sessions: &Sessions<'_>) -> Line {
    let sum = |of: fn(&Summary) -> u64| -> u64 { sessions.summaries().map(of).sum() };
    let unanswered = sum(|s| s.unanswered);
    let unasked = sum(|s| s.unasked_results);
    let unpaired = |s: &Summary| s.unanswered + s.unasked_results > 0;
    let examples = sessions.entries.iter().filter(|e| unpaired(e.summary));
    let mut detail = match unanswered {
        0 => "Every call has its result.",
        _ => "How these calls ended is not recorded.",
    }
    .to_owned();
    match unasked {
        0 => {}
        1 => detail += " One result answers no recorded call.",
        n => detail += &format!(" {} results answer no recorded call.", count(n)),
    }
    Line {
        label: "Calls without result".into(),
        value: count(unanswered),
        count: unanswered,
        detail,
        notable: unanswered + unasked > 0,
        examples: examples
            .take(EXAMPLES)
            .map(|e| Example {
                session: e.handle.clone(),
                text: format!(
                    "{} without result, {} without call",
                    counted(e.summary.unanswered, "call", "calls"),
                    counted(e.summary.unasked_results, "result", "results")
                ),
                place: e.file(lens),
            })
            .collect(),
        ..Line::default()
    }
}

fn unknown(scan: &Scan, lens: &Lens, sessions: &Sessions<'_>) -> Line {
    let of_sessions: Vec<_> = sessions
        .summaries()
        .flat_map(|s| &s.unknown_records)
        .collect();
    // The readers count them too, also those outside of any session; the larger account is told.
    let of_readers: Vec<_> = scan.read.unknown_records.iter().collect();
    let total = |counts: &[(&String, &u64)]| counts.iter().map(|(_, n)| **n).sum::<u64>();
    let larger = match total(&of_readers) >= total(&of_sessions) {
        true => of_readers,
        false => of_sessions,
    };
    let n = total(&larger);
    let kinds = larger
        .iter()
        .map(|(name, _)| *name)
        .collect::<BTreeSet<_>>();
    let kinds = kinds.len() as u64;
    let clean = |name: &str| lens.name(name, 60);
    let top = commonest(larger.into_iter(), clean);
    let mut detail = match n {
        0 => "Every record is of a known type.".to_owned(),
        _ => format!("Of {}: {}.", counted(kinds, "type", "types"), listed(&top)),
    };
    let fields = &scan.read.unknown_fields;
    if !fields.is_empty() {
        let fields = counted(fields.len() as u64, "unknown field", "unknown fields");
        detail += &format!(" {fields} in known records.");
    }
    let examples = commonest(fields.iter(), clean).into_iter();
    Line {
        label: "Unknown records".into(),
        value: count(n),
        count: n,
        detail,
        notable: n > 0,
        examples: examples
            .map(|(name, n)| words(format!("field {name}, {}", counted(n, "time", "times"))))
            .collect(),
        top,
        ..Line::default()
    }
}

fn not_assessable(scan: &Scan, lens: &Lens) -> Line {
    let mut checks: Vec<_> = scan.not_assessable.iter().collect();
    checks.sort_by(|a, b| {
        let most = b.sessions.cmp(&a.sessions);
        most.then_with(|| (&a.check, &a.why).cmp(&(&b.check, &b.why)))
    });
    let says: Vec<String> = checks
        .iter()
        .take(EXAMPLES)
        .map(|check| {
            format!(
                "{} in {}: {}",
                lens.line(&check.check, 60),
                counted(check.sessions, "session", "sessions"),
                lens.line(&check.why, LONG).trim_end_matches('.')
            )
        })
        .collect();
    Line {
        label: "Checks not possible".into(),
        value: count(checks.len() as u64),
        count: checks.len() as u64,
        detail: match says.first() {
            None if scan.summaries.is_empty() => "There was no session to check.".into(),
            None => "Every check could be made in every session.".into(),
            Some(first) => format!("{first}."),
        },
        notable: !checks.is_empty(),
        examples: says.into_iter().map(words).collect(),
        ..Line::default()
    }
}

/// Behaviours of the catalogue that no loaded rule looks for, or that were not asked for.
fn unchecked(scan: &Scan) -> Line {
    let all = &Catalogue::builtin().behaviours;
    let wanted = |id| scan.window.behaviours.is_empty() || scan.window.behaviours.contains(id);
    let none = scan.summaries.is_empty();
    let left: Vec<String> = all
        .iter()
        .filter(|b| none || !scan.checked.contains(&b.id) || !wanted(&b.id))
        .map(|b| name(&b.id))
        .collect();
    Line {
        label: "Not looked for".into(),
        value: count(left.len() as u64),
        count: left.len() as u64,
        detail: match left.len() {
            _ if none => "There was no session to look at.".into(),
            0 => "Every behaviour of the catalogue was looked for.".into(),
            _ => format!(
                "Of {} in the catalogue: {}.",
                counted(all.len() as u64, "behaviour", "behaviours"),
                left.join(", ")
            ),
        },
        notable: !left.is_empty(),
        ..Line::default()
    }
}

fn ignored(scan: &Scan) -> Line {
    Line {
        label: "Files passed over".into(),
        value: count(scan.read.ignored),
        count: scan.read.ignored,
        detail: format!(
            "{} in files that are no recording of a known kind.",
            units::bytes(scan.read.ignored_bytes)
        ),
        ..Line::default()
    }
}

/// `a 12, b 3`: the first few, and how many more there are.
fn listed(top: &[(String, u64)]) -> String {
    let named = top.iter().take(6);
    let mut words: Vec<String> = named
        .map(|(name, n)| format!("{name} {}", count(*n)))
        .collect();
    if top.len() > 6 {
        words.push(format!("{} more", top.len() - 6));
    }
    words.join(", ")
}
