use super::*;

const MANIFEST: &str = r#"
id = "docs-bot"
owner = "Maria Keller <maria@example.com>"
purpose = "Keeps the documentation in step with the code."
harness = ["claude-code"]
paths = ["/home/*/handbook"]
expires = "2027-01-31"
"#;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-11-20T12:00:00Z")
}

fn registered() -> Register {
    let mut register = Register::default();
    register.take(register.propose(MANIFEST, "ann", now()).unwrap());
    register.take(register.approve("docs-bot", 1, "ann", now()).unwrap());
    register
}

fn subject() -> Subject<'static> {
    Subject {
        harness: Some(proctor_model::Harness::ClaudeCode),
        cwd: Some("/home/ines/handbook"),
        ..Subject::default()
    }
}

fn covered(register: &Register, subject: &Subject<'_>, now: Timestamp) -> Option<u64> {
    register.cover(subject, now).0.map(|(_, revision)| revision)
}

#[test]
fn only_what_is_approved_covers() {
    let mut register = Register::default();
    register.take(register.propose(MANIFEST, "ann", now()).unwrap());
    assert_eq!(covered(&register, &subject(), now()), None);
    register.take(register.approve("docs-bot", 1, "ann", now()).unwrap());
    assert_eq!(covered(&register, &subject(), now()), Some(1));
    let (_, reason) = register.cover(&subject(), now());
    assert_eq!(reason, "its manifest names the harness, working directory");
    let elsewhere = Subject {
        cwd: Some("/home/ines/portal"),
        ..subject()
    };
    assert_eq!(covered(&register, &elsewhere, now()), None);
    let untold = Subject {
        cwd: None,
        ..subject()
    };
    assert_eq!(covered(&register, &untold, now()), None);
}

#[test]
fn an_expired_or_retired_one_covers_nothing() {
    let mut register = registered();
    let later = at("2027-02-01T00:00:00Z");
    assert_eq!(covered(&register, &subject(), later), None);
    let (_, reason) = register.cover(&subject(), later);
    assert_eq!(reason, "`docs-bot` expired on 2027-01-31");
    // A session that says that it ran after the last day is not covered either.
    let future = Subject {
        start: Some(later),
        ..subject()
    };
    assert_eq!(covered(&register, &future, now()), None);
    register.take(register.retire("docs-bot", "done", "ann", now()).unwrap());
    assert_eq!(covered(&register, &subject(), now()), None);
    assert!(register.retire("docs-bot", "again", "ann", now()).is_err());
    let history = &register.get("docs-bot").unwrap().history;
    assert_eq!(history.len(), 3);
    // It can come back, by the same way as before.
    register.take(register.propose(MANIFEST, "ann", now()).unwrap());
    assert_eq!(covered(&register, &subject(), now()), None);
    register.take(register.approve("docs-bot", 2, "ann", now()).unwrap());
    assert_eq!(covered(&register, &subject(), now()), Some(2));
}

#[test]
fn the_old_revision_holds_until_the_new_one_is_approved() {
    let mut register = registered();
    let wider = MANIFEST.replace("/home/*/handbook", "/home/**");
    register.take(register.propose(&wider, "bob", now()).unwrap());
    let elsewhere = Subject {
        cwd: Some("/home/ines/portal"),
        ..subject()
    };
    assert_eq!(covered(&register, &elsewhere, now()), None);
    assert_eq!(covered(&register, &subject(), now()), Some(1));
    let error = register.approve("docs-bot", 1, "ann", now()).unwrap_err();
    assert!(error.to_string().contains("revision 2 is"), "{error}");
    register.take(register.approve("docs-bot", 2, "bob", now()).unwrap());
    assert_eq!(covered(&register, &elsewhere, now()), Some(2));
}

#[test]
fn a_change_of_oversight_needs_a_second_person() {
    let mut register = registered();
    let weaker = format!("{MANIFEST}\n[oversight]\ntwo_person = false\n");
    register.take(register.propose(&weaker, "bob", now()).unwrap());
    let error = register.approve("docs-bot", 2, "bob", now()).unwrap_err();
    assert!(error.to_string().contains("a second person"), "{error}");
    assert!(register.approve("docs-bot", 2, "ann", now()).is_ok());
}

#[test]
fn the_one_that_says_most_is_taken() {
    let mut register = registered();
    let any = "id = \"any\"\nowner = \"x\"\npurpose = \"x\"\nexpires = \"2027-01-01\"\n";
    register.take(register.propose(any, "ann", now()).unwrap());
    register.take(register.approve("any", 1, "ann", now()).unwrap());
    let of = |subject: &Subject<'_>| register.cover(subject, now()).0.unwrap().0;
    assert_eq!(of(&subject()), "docs-bot");
    assert_eq!(of(&Subject::default()), "any");
}

#[test]
fn nobody_and_nothing_are_refused() {
    let register = registered();
    assert!(register.propose(MANIFEST, " ", now()).is_err());
    assert!(register.propose("id = 3", "ann", now()).is_err());
    assert!(register.approve("other", 1, "ann", now()).is_err());
    let old = MANIFEST.replace("2027-01-31", "2026-01-31");
    let mut register = Register::default();
    register.take(register.propose(&old, "ann", now()).unwrap());
    assert!(register.approve("docs-bot", 1, "ann", now()).is_err());
}

#[test]
fn manifests_are_compared_by_field() {
    let before = Manifest::parse(MANIFEST).unwrap();
    let after = MANIFEST.replace("/home/*/handbook", "/home/**");
    let after = Manifest::parse(&format!("{after}\n[grants]\nspawn = true\n")).unwrap();
    let fields: Vec<_> = compare(&before, &after)
        .into_iter()
        .map(|changed| format!("{}: {} -> {}", changed.field, changed.before, changed.after))
        .collect();
    assert_eq!(
        fields,
        [
            "grants.spawn: false -> true",
            r#"paths: ["/home/*/handbook"] -> ["/home/**"]"#
        ]
    );
    assert_eq!(compare(&before, &before), []);
}
