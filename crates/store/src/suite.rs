//! What every index must do, whatever database it lives in.

use jiff::Timestamp;
use proctor_model::Severity;

use crate::*;

/// Runs the whole suite; `fresh` gives an empty index.
pub(crate) fn run(fresh: &dyn Fn() -> Box<dyn Store>) {
    for test in [
        sources_and_their_entries,
        sessions_are_replaced_whole,
        sessions_come_in_pages,
        attributions_say_which_findings_stand,
        findings_are_filtered,
        gaps_and_the_register_keep_their_order,
        searching,
        a_batch_is_all_or_nothing,
        clearing,
        large_numbers_are_refused,
    ] {
        test(&*fresh());
    }
}

fn time(text: &str) -> Option<Timestamp> {
    Some(text.parse().unwrap())
}

fn session(id: &str, end: Option<&str>) -> SessionRow {
    SessionRow {
        id: id.into(),
        end: end.and_then(time),
        body: format!("{{\"session\":\"{id}\"}}"),
        links: "{}".into(),
        ..SessionRow::default()
    }
}

fn plain(row: SessionRow) -> Change {
    Change::Session(Box::new(row), Vec::new())
}

fn text(step: u64, text: &str) -> Text {
    Text {
        step,
        kind: "Bash".into(),
        time: time("2026-11-20T10:00:00.000001Z"),
        text: text.into(),
    }
}

fn finding(id: &str, session: &str, sequence: u64) -> FindingRow {
    FindingRow {
        id: id.into(),
        sequence,
        session: session.into(),
        behaviour: "persistence".into(),
        severity: Severity::Medium,
        score: 0.5,
        time: None,
        stands: true,
        body: "{}".into(),
    }
}

fn ids(rows: &[SessionRow]) -> Vec<&str> {
    rows.iter().map(|row| row.id.as_str()).collect()
}

fn sources_and_their_entries(store: &dyn Store) {
    let row = SourceRow {
        number: 7,
        body: "{}".into(),
        session: Some("s".into()),
        entries: 2,
        bytes: 30,
        chain: [9; 32],
        sha256: None,
        ended: false,
        gaps: 1,
        judged: 0,
        last_ns: 5,
    };
    let entry = |number, sequence, start| Entry {
        source: 7,
        number,
        sequence,
        kind: 16,
        start,
        length: 10,
    };
    store
        .apply(&[
            Change::Source(row.clone()),
            Change::Entry(entry(1, 3, 0)),
            Change::Entry(entry(2, 9, 10)),
            Change::Indexed(10),
        ])
        .unwrap();
    assert_eq!(store.indexed().unwrap(), 10);
    assert_eq!(store.sources().unwrap(), std::slice::from_ref(&row));
    assert_eq!(store.entries(7, 2).unwrap(), [entry(2, 9, 10)]);
    assert_eq!(store.entries(7, 0).unwrap().len(), 2);
    assert_eq!(store.entries(8, 0).unwrap(), []);
    let ended = SourceRow {
        ended: true,
        sha256: Some("ab".into()),
        ..row
    };
    store.apply(&[Change::Source(ended.clone())]).unwrap();
    assert_eq!(store.sources().unwrap(), [ended]);
}

fn sessions_are_replaced_whole(store: &dyn Store) {
    let mut row = session("a", Some("2026-11-20T10:00:00.5Z"));
    row.start = time("2026-11-19T10:00:00Z");
    row.sources = vec![2, 5];
    row.missing = vec!["gone".into()];
    store
        .apply(&[Change::Session(
            Box::new(row.clone()),
            vec![text(0, "before")],
        )])
        .unwrap();
    assert_eq!(store.session("a").unwrap(), Some(row.clone()));
    row.sources = vec![5];
    row.body = "{}".into();
    store
        .apply(&[Change::Session(
            Box::new(row.clone()),
            vec![text(0, "after")],
        )])
        .unwrap();
    assert_eq!(store.session("a").unwrap(), Some(row.clone()));
    assert_eq!(store.search("before", 9).unwrap(), []);
    assert_eq!(store.search("after", 9).unwrap().len(), 1);
    store
        .apply(&[Change::Links("a".into(), Some("p".into()), Vec::new())])
        .unwrap();
    row.parent = Some("p".into());
    row.missing.clear();
    assert_eq!(store.session("a").unwrap(), Some(row));
    store.apply(&[Change::NoSession("a".into())]).unwrap();
    assert_eq!(store.session("a").unwrap(), None);
    assert_eq!(store.search("after", 9).unwrap(), []);
}

fn sessions_come_in_pages(store: &dyn Store) {
    let mut rows = vec![
        session("timeless", None),
        session("late", Some("2026-11-20T00:00:00Z")),
        session("early", Some("2026-11-01T00:00:00Z")),
        session("early-too", Some("2026-11-01T00:00:00Z")),
    ];
    rows[2].sources = vec![3];
    store
        .apply(&rows.into_iter().map(plain).collect::<Vec<_>>())
        .unwrap();
    let order = ["late", "early-too", "early", "timeless"];
    let every = store.sessions(&SessionFilter::default()).unwrap();
    assert_eq!(ids(&every), order);
    let mut after = None;
    let mut seen = Vec::new();
    loop {
        let page = store
            .sessions(&SessionFilter {
                after: after.clone(),
                limit: Some(1),
                ..SessionFilter::default()
            })
            .unwrap();
        let Some(row) = page.into_iter().next() else {
            break;
        };
        seen.push(row.id.clone());
        after = Some(row.id);
    }
    assert_eq!(seen, order);
    let since = store
        .sessions(&SessionFilter {
            since: time("2026-11-02T00:00:00Z"),
            ..SessionFilter::default()
        })
        .unwrap();
    assert_eq!(ids(&since), ["late"]);
    let of_source = store
        .sessions(&SessionFilter {
            source: Some(3),
            ..SessionFilter::default()
        })
        .unwrap();
    assert_eq!(ids(&of_source), ["early"]);
}

fn attributions_say_which_findings_stand(store: &dyn Store) {
    let said = Attribution {
        sequence: 8,
        session: "a".into(),
        version: 1,
        deployment: Some("docs-bot".into()),
        findings: vec!["kept".into()],
        body: "{}".into(),
    };
    store
        .apply(&[
            Change::Finding(finding("kept", "a", 5)),
            Change::Finding(finding("fallen", "a", 6)),
            Change::Finding(finding("other", "b", 7)),
            Change::Attribution(said.clone()),
            Change::Finding(finding("later", "a", 9)),
            plain(session("a", None)),
            plain(session("b", None)),
        ])
        .unwrap();
    assert_eq!(store.attribution("a").unwrap(), Some(said));
    assert_eq!(store.attribution("b").unwrap(), None);
    let of = |fallen| {
        let filter = FindingFilter {
            session: Some("a".into()),
            fallen,
            ..FindingFilter::default()
        };
        let rows = store.findings(&filter).unwrap();
        rows.into_iter()
            .map(|row| (row.id, row.stands))
            .collect::<Vec<_>>()
    };
    let (kept, later) = (("kept".to_owned(), true), ("later".to_owned(), true));
    assert_eq!(of(false), [kept.clone(), later.clone()]);
    assert_eq!(of(true), [kept, ("fallen".to_owned(), false), later]);
    let row = store.session("a").unwrap().unwrap();
    assert_eq!(
        (row.deployment.as_deref(), row.version),
        (Some("docs-bot"), 1)
    );
    let by = |deployment: Option<&str>| SessionFilter {
        deployment: Some(deployment.map(str::to_owned)),
        ..SessionFilter::default()
    };
    assert_eq!(ids(&store.sessions(&by(Some("docs-bot"))).unwrap()), ["a"]);
    assert_eq!(ids(&store.sessions(&by(None)).unwrap()), ["b"]);
    // A finding that is found again with another score takes the place of the old one.
    store
        .apply(&[Change::Finding(FindingRow {
            score: 0.9,
            ..finding("kept", "a", 12)
        })])
        .unwrap();
    assert_eq!(of(false).len(), 2);
    // The same entry once more, because something of it was erased, changes nothing of that.
    store
        .apply(&[Change::Finding(finding("fallen", "a", 6))])
        .unwrap();
    assert_eq!(of(false).len(), 2);
}

fn findings_are_filtered(store: &dyn Store) {
    let high = FindingRow {
        severity: Severity::High,
        score: 0.9,
        time: time("2026-11-20T00:00:00.25Z"),
        ..finding("high", "a", 2)
    };
    let other = FindingRow {
        behaviour: "deception".into(),
        severity: Severity::Info,
        score: 0.1,
        ..finding("other", "b", 3)
    };
    store
        .apply(&[
            Change::Finding(finding("medium", "a", 1)),
            Change::Finding(high.clone()),
            Change::Finding(other.clone()),
        ])
        .unwrap();
    let all = FindingFilter::default;
    let find = |filter: FindingFilter| {
        let rows = store.findings(&filter).unwrap();
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(find(all()), ["medium", "high", "other"]);
    let severity = Some(Severity::High);
    let rows = store.findings(&FindingFilter { severity, ..all() });
    assert_eq!(rows.unwrap(), [high]);
    let score = Some(0.5);
    assert_eq!(find(FindingFilter { score, ..all() }), ["medium", "high"]);
    let behaviour = Some("deception".into());
    assert_eq!(find(FindingFilter { behaviour, ..all() }), ["other"]);
    let (after, limit) = (Some(1), Some(1));
    let page = FindingFilter {
        after,
        limit,
        ..all()
    };
    assert_eq!(find(page), ["high"]);
}

fn gaps_and_the_register_keep_their_order(store: &dyn Store) {
    let gap = |sequence, source| Gap {
        sequence,
        source,
        body: "{}".into(),
    };
    let change = |sequence, deployment: &str| RegisterRow {
        sequence,
        deployment: deployment.into(),
        body: format!("{sequence}"),
    };
    store
        .apply(&[
            Change::Gap(gap(4, None)),
            Change::Gap(gap(2, Some(1))),
            Change::Register(change(5, "b")),
            Change::Register(change(3, "a")),
            Change::Register(change(6, "a")),
        ])
        .unwrap();
    assert_eq!(store.gaps(None).unwrap(), [gap(2, Some(1)), gap(4, None)]);
    assert_eq!(store.gaps(Some(1)).unwrap(), [gap(2, Some(1))]);
    assert_eq!(
        store.register(Some("a")).unwrap(),
        [change(3, "a"), change(6, "a")]
    );
    assert_eq!(store.register(None).unwrap().len(), 3);
}

fn searching(store: &dyn Store) {
    let texts = vec![
        text(0, "curl https://example.org/install.sh | sh"),
        text(4, "Größe der Datei: keine Tests gelaufen"),
    ];
    store
        .apply(&[Change::Session(Box::new(session("a", None)), texts)])
        .unwrap();
    let steps = |query: &str| {
        let hits = store.search(query, 10).unwrap();
        hits.into_iter().map(|hit| hit.step).collect::<Vec<_>>()
    };
    assert_eq!(steps("install.sh"), [0]);
    assert_eq!(steps("grosse"), [] as [u64; 0]);
    assert_eq!(steps("größe DATEI"), [4]);
    assert_eq!(steps("\"keine tests\""), [4]);
    assert_eq!(steps("\"tests keine\""), [] as [u64; 0]);
    assert_eq!(steps("instal*"), [0]);
    assert_eq!(steps("curl Tests"), [] as [u64; 0]);
    for odd in [
        "",
        "\"",
        "*",
        "a OR (",
        "text:",
        "'; DROP TABLE texts",
        "\0",
    ] {
        assert!(store.search(odd, 10).is_ok(), "{odd:?}");
    }
    let hit = store.search("curl", 10).unwrap().remove(0);
    assert_eq!((hit.session.as_str(), hit.kind.as_str()), ("a", "Bash"));
    assert_eq!(hit.time, time("2026-11-20T10:00:00.000001Z"));
    assert!(hit.excerpt.contains("curl"));
    assert_eq!(store.search("curl", 0).unwrap(), []);
}

fn a_batch_is_all_or_nothing(store: &dyn Store) {
    let bad = Change::Indexed(u64::MAX);
    let failed = store.apply(&[plain(session("a", None)), Change::Indexed(3), bad]);
    assert!(failed.is_err());
    assert_eq!(store.session("a").unwrap(), None);
    assert_eq!(store.indexed().unwrap(), 0);
    store.apply(&[Change::Indexed(3)]).unwrap();
    assert_eq!(store.indexed().unwrap(), 3);
}

fn clearing(store: &dyn Store) {
    let changes = [
        Change::Session(Box::new(session("a", None)), vec![text(0, "word")]),
        Change::Finding(finding("f", "a", 1)),
        Change::Gap(Gap::default()),
        Change::Register(RegisterRow::default()),
        Change::Attribution(Attribution::default()),
        Change::Source(SourceRow::default()),
        Change::Indexed(9),
    ];
    store.apply(&changes).unwrap();
    store.clear().unwrap();
    assert_eq!(store.indexed().unwrap(), 0);
    assert_eq!(store.sources().unwrap(), []);
    assert_eq!(store.sessions(&SessionFilter::default()).unwrap(), []);
    assert_eq!(store.findings(&FindingFilter::default()).unwrap(), []);
    assert_eq!(store.gaps(None).unwrap(), []);
    assert_eq!(store.register(None).unwrap(), []);
    assert_eq!(store.search("word", 9).unwrap(), []);
    store.apply(&changes).unwrap();
    assert_eq!(store.search("word", 9).unwrap().len(), 1);
}

fn large_numbers_are_refused(store: &dyn Store) {
    assert!(store.entries(u64::MAX, 0).is_err());
    assert!(store.gaps(Some(u64::MAX)).is_err());
}
