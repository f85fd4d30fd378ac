//! Good bundles and forged ones, each with what it is caught as and the anchor that this needs.

use proctor_ledger::{
    Anchors, Bundle, BundleRequest, Disclosure, Entry, Key, Kind, Log, Opening, Options, Payload,
};
use proctor_model::Vantage;
use proctor_verify::Fault;

use crate::support::{
    MINE, ORIGIN, OTHER, Recorded, SECRET, append, attribute, copy, judge, open, recorded, remember,
};

/// A file, what its reader knows, and what is to be said of it.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) raw: Vec<u8>,
    pub(crate) origin: Option<&'static str>,
    pub(crate) anchors: Anchors,
    /// Nothing if the file cannot be read.
    pub(crate) faults: Option<Vec<Fault>>,
}

fn case(name: &'static str, bundle: &Bundle, anchors: Anchors, faults: &[Fault]) -> Case {
    Case {
        name,
        raw: bundle.to_text().unwrap().into_bytes(),
        origin: None,
        anchors,
        faults: Some(faults.to_vec()),
    }
}

fn key_of(log: &Log) -> Anchors {
    Anchors {
        keys: vec![log.key()],
        ..Anchors::default()
    }
}

fn payload(bundle: &mut Bundle, entry: u64) -> &mut Disclosure {
    let found = bundle.payloads.iter_mut().find(|(at, _)| *at == entry);
    &mut found.unwrap().1
}

pub(crate) fn cases() -> Vec<Case> {
    let dir = tempfile::tempdir().unwrap();
    let made = recorded(dir.path());
    let mut all = good(&made);
    all.extend(forged(&made));
    all.extend(left_out(&made));
    all.extend(another_log(&made));
    all.extend(another_history());
    all.extend(lost_for_good());
    all.push(of_a_long_log());
    all.extend(unreadable(&made));
    all
}

fn good(made: &Recorded) -> Vec<Case> {
    let none = Anchors::default;
    let bundle = made.bundle();
    let known = Anchors {
        keys: vec![made.log.key()],
        remembered: vec![remember(&made.log)],
        witnesses: vec![made.witness.public().clone()],
    };
    let all_open = BundleRequest {
        opening: Opening::all(),
        ..made.request()
    };
    let closed = BundleRequest {
        opening: Opening::default(),
        ..made.request()
    };
    let nothing = BundleRequest::default();
    let of = |request: &BundleRequest| made.log.bundle(request).unwrap();
    vec![
        case("a session, one secret withheld", &bundle, none(), &[]),
        case("the same, anchored in every way", &bundle, known, &[]),
        case("all open", &of(&all_open), none(), &[]),
        case("all closed, the attribution too", &of(&closed), none(), &[]),
        case("no entry but who signs", &of(&nothing), none(), &[]),
    ]
}

fn forged(made: &Recorded) -> Vec<Case> {
    let none = Anchors::default;
    let bundle = made.bundle();
    let entry = |number: usize| made.mine[number].sequence;
    let forge = |change: &dyn Fn(&mut Bundle)| {
        let mut forged = bundle.clone();
        change(&mut forged);
        forged
    };
    let swapped = forge(&|bundle| {
        let (first, second) = (
            payload(bundle, entry(0)).clone(),
            payload(bundle, entry(1)).clone(),
        );
        *payload(bundle, entry(0)) = second;
        *payload(bundle, entry(1)) = first;
    });
    let invented = forge(&|bundle| {
        *payload(bundle, entry(0)) = Payload::new("{\"user\":\"bob\"}").unwrap().disclose();
    });
    let guessed = forge(&|bundle| {
        let guess = "{\"user\":\"ann\",\"token\":\"a guess, no more\",\"n\":3}";
        *payload(bundle, entry(3)) = Payload::new(guess).unwrap().disclose();
        bundle.withheld.clear();
    });
    let unsaid = forge(&|bundle| bundle.withheld.clear());
    let said_too_much = forge(&|bundle| {
        bundle
            .withheld
            .insert(0, (entry(0), "nothing is hidden here".to_owned()));
    });
    let gone = forge(&|bundle| bundle.payloads.retain(|(at, _)| *at != entry(0)));
    let stray = forge(&|bundle| bundle.withheld.push((9999, "no such entry".to_owned())));
    let later = forge(&|bundle| bundle.headers[2].wall_ns += 1);
    // Committed to by a recorder that lies: the second open span begins before the first.
    let overlapping = forge(&|bundle| {
        let mut bytes = vec![1, 10, 3, 2, 2, 1];
        bytes.extend([7; 16]);
        bytes.extend([5, 2, 0, 0]);
        bytes.extend([8; 32]);
        bytes.push(1);
        bytes.extend([9; 16]);
        bytes.extend([3, 2, 0]);
        bytes.extend(b"abcd");
        let disclosure = Disclosure::decode(&bytes).unwrap();
        let at = bundle.headers.iter().position(|h| h.sequence == entry(0));
        bundle.headers[at.unwrap()].payload = disclosure.root().unwrap_or_default();
        *payload(bundle, entry(0)) = disclosure;
    });
    let node = forge(&|bundle| bundle.nodes[0][0] ^= 1);
    let more = forge(&|bundle| bundle.nodes.push([0; 32]));
    let past = forge(&|bundle| bundle.earlier[1].proof[0][0] ^= 1);
    let witnessed = Anchors {
        witnesses: vec![made.witness.public().clone()],
        ..none()
    };
    let hand = forge(&|bundle| {
        bundle.earlier.remove(0);
    });
    let unsigned = forge(&|bundle| {
        let key = Key::generate(ORIGIN).unwrap();
        bundle.checkpoint.note = bundle.checkpoint.checkpoint.sign(&key).unwrap();
    });
    vec![
        case(
            "payloads swapped",
            &swapped,
            none(),
            &[Fault::WrongPayload; 2],
        ),
        case(
            "a disclosure forged",
            &invented,
            none(),
            &[Fault::WrongPayload],
        ),
        case(
            "a hidden span guessed",
            &guessed,
            none(),
            &[Fault::WrongPayload],
        ),
        case(
            "a hidden span claimed open",
            &unsaid,
            none(),
            &[Fault::Unaccounted],
        ),
        case(
            "an open one claimed hidden",
            &said_too_much,
            none(),
            &[Fault::Unaccounted],
        ),
        case("a payload taken out", &gone, none(), &[Fault::Unaccounted]),
        case("a reason for nothing", &stray, none(), &[Fault::Stray]),
        case(
            "a header changed",
            &later,
            none(),
            &[Fault::NotInLog, Fault::WrongChain],
        ),
        case(
            "spans that overlap",
            &overlapping,
            none(),
            &[Fault::NotInLog, Fault::WrongPayload, Fault::WrongChain],
        ),
        case("a node changed", &node, none(), &[Fault::NotInLog]),
        case("a node too many", &more, none(), &[Fault::NotInLog]),
        case(
            "the witnessed checkpoint unproven",
            &past,
            witnessed,
            &[Fault::AnotherPast, Fault::NotWitnessed],
        ),
        case(
            "a hand-over that the old key did not sign",
            &hand,
            none(),
            &[
                Fault::BrokenHandOver,
                Fault::BadSignature,
                Fault::BadSignature,
            ],
        ),
        case(
            "signed by nobody known",
            &unsigned,
            none(),
            &[Fault::BadSignature],
        ),
    ]
}

/// Bundles that were made anew without something, by who has the log.
fn left_out(made: &Recorded) -> Vec<Case> {
    let without = |left_out: usize, claim: bool, attributed: bool| {
        let mut request = made.request();
        request.sources.clear();
        if !attributed {
            request.entries.clear();
        }
        let kept = made.mine.iter().enumerate();
        let kept = kept.filter(|(number, _)| *number != left_out);
        request
            .entries
            .extend(kept.map(|(_, header)| header.sequence));
        let mut bundle = made.log.bundle(&request).unwrap();
        if claim {
            let mut mine = bundle.headers.iter().filter(|h| h.source == MINE);
            bundle.sources = vec![(MINE, mine.next_back().unwrap().source_sequence)];
        }
        bundle
    };
    let mut other_claim = made.bundle();
    other_claim.sources = vec![(MINE, 5)];
    let none = Anchors::default;
    let (missing, session) = (Fault::MissingEntries, Fault::MissingFromSession);
    vec![
        case(
            "one in the middle left out",
            &without(2, false, true),
            none(),
            &[session],
        ),
        case(
            "the same, claimed whole",
            &without(2, true, true),
            none(),
            &[missing, session],
        ),
        case(
            "the first left out",
            &without(0, true, true),
            none(),
            &[missing, session],
        ),
        case(
            "the last left out",
            &without(5, true, true),
            none(),
            &[session],
        ),
        case(
            "one and the attribution left out",
            &without(2, true, false),
            none(),
            &[missing],
        ),
        // Without claim and attribution nothing says that there was more; the report says so.
        case("nothing claimed", &without(2, false, false), none(), &[]),
        case(
            "another last number claimed",
            &other_claim,
            none(),
            &[missing],
        ),
    ]
}

fn another_log(made: &Recorded) -> Vec<Case> {
    let none = Anchors::default;
    let bundle = made.bundle();
    let dir = tempfile::tempdir().unwrap();
    let other = recorded(dir.path());
    let replayed = other.bundle();
    let mut header = bundle.clone();
    header.headers[3] = replayed.headers[3];
    let mut names = case(
        "replayed, by name",
        &replayed,
        none(),
        &[Fault::OtherOrigin],
    );
    names.origin = Some("example.com/another");
    // What somebody does who wants this log to say something else, and has a key of his own.
    let mut signed = bundle.clone();
    signed.checkpoint = replayed.checkpoint.clone();
    let remembered = Anchors {
        remembered: vec![remember(&made.log)],
        ..none()
    };
    let witnessed = Anchors {
        witnesses: vec![made.witness.public().clone()],
        ..none()
    };
    // The key that was handed over still signs, for somebody who found it.
    let mut backward = bundle.clone();
    let checkpoint = &bundle.checkpoint.checkpoint;
    backward.checkpoint.note = checkpoint.sign(&made.retired).unwrap();
    let just_now = other.log.hand_over().map(|_| other.bundle()).unwrap();
    let mut wrong_chain = other.request();
    let lie = attribute(&other.log, "s-2", &made.mine);
    wrong_chain.entries = vec![lie.sequence];
    let lied = other.log.bundle(&wrong_chain).unwrap();
    let shapeless = append(&other.log, 0, Kind(19), "{\"session\":3}").sequence;
    wrong_chain.entries = vec![shapeless];
    let malformed = other.log.bundle(&wrong_chain).unwrap();
    vec![
        case(
            "a header of another log",
            &header,
            none(),
            &[Fault::NotInLog, Fault::WrongPayload, Fault::WrongChain],
        ),
        case("another log that nobody knows", &replayed, none(), &[]),
        case(
            "another log, by key",
            &replayed,
            key_of(&made.log),
            &[Fault::ForeignKey],
        ),
        case(
            "another log, by checkpoint",
            &replayed,
            remembered,
            &[Fault::Forked],
        ),
        case(
            "another log, by witness",
            &replayed,
            witnessed,
            &[Fault::NotWitnessed],
        ),
        names,
        case(
            "signed by a retired key",
            &backward,
            key_of(&made.log),
            &[Fault::ForeignKey],
        ),
        case("a key handed over just now", &just_now, none(), &[]),
        case(
            "another log's checkpoint",
            &signed,
            none(),
            &[
                Fault::NotInLog,
                Fault::AnotherPast,
                Fault::AnotherPast,
                Fault::BrokenHandOver,
                Fault::BadSignature,
            ],
        ),
        case(
            "an attribution to other entries",
            &lied,
            none(),
            &[Fault::WrongChain],
        ),
        case(
            "a malformed attribution",
            &malformed,
            none(),
            &[Fault::MalformedAttribution],
        ),
    ]
}

/// What only a remembered checkpoint or a witness finds, since the right key signed all of it.
fn another_history() -> Vec<Case> {
    let (dir, copied) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let made = recorded(dir.path());
    drop(made.log);
    copy(dir.path(), copied.path());
    let log = open(dir.path());
    let early = remember(&log);
    append(&log, OTHER, Kind(17), "[1]");
    append(&log, OTHER, Kind(17), "[2]");
    let now = remember(&log);
    let copied = open(copied.path());
    let request = BundleRequest {
        sources: vec![MINE],
        opening: Opening::all(),
        ..BundleRequest::default()
    };
    let cut = copied.bundle(&request).unwrap();
    append(&copied, OTHER, Kind(17), "[\"else\"]");
    append(&copied, OTHER, Kind(17), "[\"more\"]");
    let forked = copied.bundle(&request).unwrap();
    append(&copied, OTHER, Kind(17), "[\"most\"]");
    let longer = copied.bundle(&request).unwrap();
    let grown = BundleRequest {
        earlier: vec![early.clone()],
        ..request.clone()
    };
    let honest = log.bundle(&grown).unwrap();
    assert!(
        copied
            .bundle(&BundleRequest {
                earlier: vec![now.clone()],
                ..request
            })
            .is_err(),
        "no proof leads from one history to another"
    );
    let keep = |note| Anchors {
        remembered: vec![note],
        keys: vec![log.key()],
        witnesses: Vec::new(),
    };
    vec![
        case("a log that grew", &honest, keep(early.clone()), &[]),
        case("cut back", &cut, keep(now.clone()), &[Fault::CutBack]),
        case("forked", &forked, keep(now.clone()), &[Fault::Forked]),
        case(
            "forked and longer",
            &longer,
            keep(now),
            &[Fault::NotRelated],
        ),
        case("cut back, seen by nobody", &cut, key_of(&log), &[]),
    ]
}

/// What the log itself no longer has is withheld, whoever asks.
fn lost_for_good() -> Vec<Case> {
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        origin: Some(ORIGIN.to_owned()),
        publish_every: None,
        segment_bytes: 1,
        ..Options::default()
    };
    let log = Log::open(dir.path(), options).unwrap().0;
    let raw = format!("{{\"token\":\"{SECRET}\",\"n\":1}}");
    let erased = append(&log, MINE, Kind(17), &raw).sequence;
    let dropped = append(&log, MINE, Kind(17), "{\"long\":\"ago\"}").sequence;
    let targets = log.find(SECRET.as_bytes()).unwrap();
    log.erase(&targets, "asked for").unwrap();
    let request = BundleRequest {
        sources: vec![MINE],
        opening: Opening::all(),
        ..BundleRequest::default()
    };
    let after_erasure = log.bundle(&request).unwrap();
    assert_eq!(after_erasure.withheld, [(erased, "erased".to_owned())]);
    log.drop_payloads(log.len(), "old").unwrap().unwrap();
    let after_drop = log.bundle(&request).unwrap();
    let reasons: Vec<_> = after_drop
        .withheld
        .iter()
        .map(|(entry, _)| *entry)
        .collect();
    assert_eq!(reasons, [erased, dropped]);
    let none = Anchors::default;
    let words = judge(after_drop.to_text().unwrap().as_bytes(), None, &none());
    let words = words.unwrap().to_string();
    assert!(
        words.contains("0 bytes of 2 entries, and 2 payloads of unknown length"),
        "{words}"
    );
    vec![
        case("a span erased", &after_erasure, none(), &[]),
        case("payloads dropped", &after_drop, none(), &[]),
    ]
}

/// Published tiles hold most of the headers and nodes.
fn of_a_long_log() -> Case {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let entry = |number: u64| Entry {
        vantage: Vantage::Said,
        kind: Kind(17),
        source: number % 50 + 1,
        source_sequence: None,
        payload: Payload::new(format!("[{number}]")).unwrap(),
    };
    log.append_all((0..700).map(entry).collect());
    log.publish().unwrap();
    let early = remember(&log);
    log.append_all((700..800).map(entry).collect());
    let request = BundleRequest {
        sources: vec![3, 30],
        entries: vec![400, 800],
        opening: Opening::all(),
        earlier: vec![early.clone()],
        ..BundleRequest::default()
    };
    let bundle = log.bundle(&request).unwrap();
    assert_eq!(bundle.headers.len(), 1 + 16 + 16 + 2);
    let known = Anchors {
        remembered: vec![early],
        ..Anchors::default()
    };
    case("a log of several tiles", &bundle, known, &[])
}

fn unreadable(made: &Recorded) -> Vec<Case> {
    let text = made.bundle().to_text().unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let header = lines
        .iter()
        .position(|line| line.contains("\"header\""))
        .unwrap();
    let with = |at: usize, line: String| {
        let mut lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        lines[at] = line;
        lines.join("\n") + "\n"
    };
    let mut swapped = lines.clone();
    swapped.swap(header, header + 1);
    let files: Vec<(&'static str, String)> = vec![
        ("empty", String::new()),
        ("no end", lines[..lines.len() - 1].join("\n") + "\n"),
        ("no last newline", text.trim_end().to_owned()),
        (
            "an unknown type",
            with(header, "{\"type\":\"else\",\"entry\":1}".to_owned()),
        ),
        (
            "an unknown key",
            with(0, lines[0].replace("\"title\"", "\"x\":1,\"title\"")),
        ),
        (
            "a key twice",
            with(
                0,
                lines[0].replace("\"title\"", "\"title\":\"a\",\"title\""),
            ),
        ),
        (
            "another format",
            with(0, lines[0].replace("bundle/1", "bundle/2")),
        ),
        (
            "a space",
            with(header, lines[header].replace("\":", "\": ")),
        ),
        (
            "an escape too many",
            with(0, lines[0].replace("session", "\\u0073ession")),
        ),
        (
            "a control character",
            with(0, lines[0].replace("session", "\\u001b[2J")),
        ),
        (
            "a number that is none",
            with(
                header,
                lines[header].replacen("\"entry\":", "\"entry\":1e", 1),
            ),
        ),
        (
            "a negative number",
            with(
                header,
                lines[header].replacen("\"entry\":", "\"entry\":-", 1),
            ),
        ),
        ("headers out of order", swapped.join("\n") + "\n"),
        (
            "two checkpoints",
            with(0, format!("{}\n{}", lines[0], lines[1])),
        ),
        ("carriage returns", text.replace('\n', "\r\n")),
        ("an empty line", text.replacen('\n', "\n\n", 1)),
    ];
    let unreadable = files.into_iter().map(|(name, text)| Case {
        name,
        raw: text.into_bytes(),
        origin: None,
        anchors: Anchors::default(),
        faults: None,
    });
    unreadable.collect()
}

#[test]
fn every_case_is_judged_as_it_should() {
    for case in cases() {
        let report = judge(&case.raw, case.origin, &case.anchors);
        let faults = report.map(|report| {
            let faults = report.faults.iter().map(|found| found.fault);
            (faults.collect::<Vec<_>>(), report.proven)
        });
        let expected = case
            .faults
            .map(|faults| (faults.clone(), faults.is_empty()));
        assert_eq!(faults, expected, "{}", case.name);
    }
}
