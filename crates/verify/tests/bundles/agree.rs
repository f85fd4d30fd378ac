//! The verifier in Python says the same of every bundle.

use std::io::Write;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proctor_ledger::Anchors;
use proctor_verify::{Report, Vouch};
use serde_json::{Value, json};

use crate::cases::cases;
use crate::flips::{flipped, resealed, small};
use crate::support::judge;

/// What both are to agree on.
fn answer(report: Option<&Report>) -> Value {
    let Some(report) = report else {
        return json!({"status": 2});
    };
    let faults: Vec<_> = report.faults.iter().map(|f| (f.fault, f.at)).collect();
    let mut faults = json!(faults);
    let sorted = |list: &mut Value| {
        let list = list.as_array_mut().unwrap();
        list.sort_by_key(|found| (found[0].as_str().unwrap().to_owned(), found[1].as_u64()));
    };
    sorted(&mut faults);
    let hidden: Vec<_> = report
        .withheld
        .iter()
        .map(|one| (one.entry, one.bytes))
        .collect();
    let anchors = report.anchors.iter().map(|vouch| match vouch {
        Vouch::Key { key } => json!(["key", key]),
        Vouch::Remembered { size, .. } => json!(["remembered", size]),
        Vouch::Witness {
            key, size, time, ..
        } => json!(["witness", key, size, time]),
    });
    json!({
        "status": u8::from(!report.proven),
        "faults": faults,
        "entries": report.entries,
        "hidden": hidden,
        "anchors": anchors.collect::<Vec<_>>(),
    })
}

#[test]
#[ignore = "wants PROCTOR_PYTHON, a Python with `cryptography`: tests/bundles.sh runs it"]
fn both_verifiers_agree() {
    let python = std::env::var("PROCTOR_PYTHON").expect("PROCTOR_PYTHON is set");
    let mut asked = Vec::new();
    let mut expected = Vec::new();
    let mut ask = |name: &str, raw: &[u8], origin: Option<&str>, anchors: &Anchors| {
        let strings = |list: &mut dyn Iterator<Item = String>| list.collect::<Vec<_>>();
        asked.push(json!({
            "raw": STANDARD.encode(raw),
            "origin": origin,
            "keys": strings(&mut anchors.keys.iter().map(ToString::to_string)),
            "checkpoints": strings(&mut anchors.remembered.iter().map(ToString::to_string)),
            "witnesses": strings(&mut anchors.witnesses.iter().map(ToString::to_string)),
        }));
        let report = judge(raw, origin, anchors);
        expected.push((name.to_owned(), answer(report.as_ref()), raw.to_vec()));
    };
    for case in cases() {
        ask(case.name, &case.raw, case.origin, &case.anchors);
    }
    let raw = small();
    let none = Anchors::default();
    for changed in flipped(&raw) {
        ask("a byte changed", &changed, None, &none);
        if let Ok(text) = std::str::from_utf8(&changed)
            && text.trim_end().contains('\n')
        {
            ask(
                "a byte changed and sealed",
                &resealed(&changed),
                None,
                &none,
            );
        }
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/verify_bundle.py");
    let mut child = Command::new(python)
        .args([script, "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        for case in asked {
            writeln!(stdin, "{case}").unwrap();
        }
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let answers: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), expected.len());
    let mut differ = 0;
    for (mut theirs, (name, ours, raw)) in answers.into_iter().zip(expected) {
        theirs.as_object_mut().unwrap().remove("why");
        if theirs != ours {
            differ += 1;
            let raw = String::from_utf8_lossy(&raw);
            eprintln!("{name}\n  python {theirs}\n  rust   {ours}\n{raw}");
        }
    }
    assert_eq!(differ, 0, "bundles on which the verifiers differ");
}
