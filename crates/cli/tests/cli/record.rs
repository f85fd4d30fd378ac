//! The record: `scan --record`, `watch`, `log`, `verify`, `deployment`.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{Run, command, recordings, run};

/// A home with a recorder, which ends with it.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn run(&self, args: &[&str]) -> Run {
        run(command(self.path()).args(args))
    }

    fn fine(&self, args: &[&str]) -> String {
        let done = self.run(args);
        assert_eq!(done.status, 0, "{args:?}: {}{}", done.out, done.err);
        done.out
    }

    fn json(&self, args: &[&str]) -> Value {
        let out = self.fine(args);
        serde_json::from_str(&out).unwrap_or_else(|e| panic!("{args:?}: {e}: {out}"))
    }

    /// Records the demo's sessions.
    fn recorded() -> Self {
        let home = Self::new();
        let sessions = recordings();
        home.fine(&["scan", "--record", "--json", &sessions]);
        home
    }

    fn state(&self) -> std::path::PathBuf {
        self.path().join(".local/state/proctor")
    }

    /// Files below the state that hold these bytes.
    fn holders(&self, needle: &str) -> Vec<String> {
        walkdir::WalkDir::new(self.state())
            .into_iter()
            .map(Result::unwrap)
            .filter(|e| e.file_type().is_file())
            .filter(|e| {
                let bytes = fs::read(e.path()).unwrap();
                bytes.windows(needle.len()).any(|w| w == needle.as_bytes())
            })
            .map(|e| e.path().display().to_string())
            .collect()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        self.run(&["log", "stop"]);
        // The recorder writes until it ends.
        for _ in 0..100 {
            if !self.state().join("control.sock").exists() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }
}

#[test]
fn what_a_scan_records_can_be_listed_found_proven_and_verified() {
    let home = Home::recorded();
    home.fine(&["log", "reindex"]);
    let status = home.json(&["log", "status", "--json"]);
    let scan = home.json(&["scan", "--json", &recordings()]);
    assert_eq!(
        status["sessions"].as_u64().unwrap() as usize,
        scan["summaries"].as_array().unwrap().len(),
        "{status}"
    );
    assert_eq!(
        status["findings"].as_u64().unwrap() as usize,
        scan["findings"].as_array().unwrap().len()
    );
    assert_eq!(status["indexed"], status["entries"]);

    let again = home.run(&["scan", "--record", &recordings()]);
    assert!(again.err.contains("0 new bytes recorded"), "{}", again.err);

    let hits = home.fine(&["log", "search", "Terraform"]);
    assert!(hits.contains("claude-code:"), "{hits}");
    let proof = home.json(&["log", "prove", "3"]);
    assert!(proof["checkpoint"].as_str().unwrap().contains('\n'));
    let tail = home.fine(&["log", "tail", "-n", "3"]);
    assert_eq!(tail.lines().count(), 3, "{tail}");

    let verdict = home.run(&["verify"]);
    assert_eq!(verdict.status, 0, "{}{}", verdict.out, verdict.err);
    assert!(verdict.out.contains("unchanged  yes"), "{}", verdict.out);
    assert!(
        verdict.out.contains("self-signed, unwitnessed"),
        "{}",
        verdict.out
    );
}

#[test]
fn one_changed_byte_is_caught() {
    let home = Home::recorded();
    home.fine(&["log", "stop"]);
    let segment = fs::read_dir(home.state().join("log/journal"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .find(|p| p.extension().is_some_and(|e| e == "seg"))
        .unwrap();
    for _ in 0..100 {
        if !home.state().join("control.sock").exists() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let verdict = home.run(&["verify"]);
    assert_eq!(verdict.status, 1, "{}{}", verdict.out, verdict.err);
    assert!(verdict.out.contains("unchanged  NO"), "{}", verdict.out);
}

#[test]
fn what_is_erased_is_nowhere_and_the_rest_still_verifies() {
    let home = Home::new();
    let projects = home.path().join(".claude/projects/p");
    fs::create_dir_all(&projects).unwrap();
    let secret = "Zq7-mauve-heron-41-lantern";
    let line = |n: u32, text: &str| {
        format!(
            r#"{{"type":"user","sessionId":"s","uuid":"{n}","timestamp":"2026-11-01T10:00:00.000Z","cwd":"/p","message":{{"role":"user","content":"{text}"}}}}"#
        ) + "\n"
    };
    let text = line(1, "hello there, password=CXlMaXZjljENUh7")
        + &line(2, &format!("the word is {secret} as agreed"));
    fs::write(projects.join("s.jsonl"), text).unwrap();
    home.fine(&["scan", "--record", "--json"]);
    assert!(
        home.fine(&["log", "search", "lantern"])
            .contains("claude-code:s")
    );

    let file = home.path().join("secret.txt");
    fs::write(&file, secret).unwrap();
    let file = file.to_str().unwrap().to_owned();
    home.fine(&[
        "log",
        "erase",
        "--text-file",
        &file,
        "--reason",
        "a password",
    ]);
    assert_eq!(home.holders(secret), Vec::<String>::new());
    assert!(
        !home
            .fine(&["log", "search", "lantern"])
            .contains("claude-code:s")
    );
    assert!(
        home.fine(&["log", "search", "hello"])
            .contains("claude-code:s")
    );
    let verdict = home.json(&["verify", "--json"]);
    assert_eq!(
        (
            &verdict["unchanged"],
            &verdict["complete"],
            &verdict["erased"]
        ),
        (&Value::from(true), &Value::from(true), &Value::from(1)),
        "{verdict}"
    );
    let exported = home.fine(&["log", "export"]);
    assert!(exported.contains("hello there"), "{exported}");
    assert!(!exported.contains("CXlMaXZjljENUh7"), "{exported}");
    let short = home.path().join("short");
    fs::write(&short, "ab\n").unwrap();
    let refused = home.run(&[
        "log",
        "erase",
        "--text-file",
        short.to_str().unwrap(),
        "--reason",
        "x",
    ]);
    assert_eq!(refused.status, 2);
}

#[test]
fn a_file_that_is_rewritten_goes_on_as_another_source() {
    let home = Home::new();
    let projects = home.path().join(".claude/projects/p");
    fs::create_dir_all(&projects).unwrap();
    let file = projects.join("s.jsonl");
    let line = |n: &str| {
        format!(
            r#"{{"type":"user","sessionId":"s","uuid":"{n}","timestamp":"2026-11-01T10:00:00.000Z","cwd":"/p","message":{{"role":"user","content":"{n}"}}}}"#
        ) + "\n"
    };
    fs::write(&file, line("first") + &line("second")).unwrap();
    home.fine(&["watch", "--once"]);
    let sources = |home: &Home| {
        home.json(&["log", "status", "--json"])["sources"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(sources(&home), 1);
    fs::write(&file, line("first") + &line("second") + &line("third")).unwrap();
    home.fine(&["watch", "--once"]);
    assert_eq!(sources(&home), 1, "it only grew");
    fs::write(&file, line("first") + &line("SECOND") + &line("third")).unwrap();
    home.fine(&["watch", "--once"]);
    assert_eq!(sources(&home), 2, "its past changed");
    home.fine(&["log", "reindex"]);
    assert!(
        home.fine(&["log", "search", "second"])
            .contains("claude-code:s")
    );
}

#[test]
fn a_deployment_is_put_forward_approved_and_retired() {
    let home = Home::new();
    let manifest = home.path().join("bot.toml");
    fs::write(&manifest, "id = \"docs-bot\"\nowner = \"Ana\"\n").unwrap();
    let path = manifest.to_str().unwrap();
    let wrong = home.run(&["deployment", "add", path]);
    assert_eq!(wrong.status, 2);
    assert!(wrong.err.contains("bot.toml:"), "{}", wrong.err);
    fs::write(
        &manifest,
        "id = \"docs-bot\"\nowner = \"Ana\"\npurpose = \"keeps the handbook\"\n\
         harness = [\"claude-code\"]\nexpires = 2099-01-01\n\n[grants]\nwrite = [\"docs/**\"]\n",
    )
    .unwrap();
    home.fine(&["deployment", "add", path]);
    assert!(home.fine(&["deployment", "list"]).contains("not approved"));
    home.fine(&["deployment", "approve", "docs-bot", "--revision", "1"]);
    assert!(home.fine(&["deployment", "list"]).contains("in force"));
    let text = fs::read_to_string(&manifest)
        .unwrap()
        .replace("docs/**", "**");
    fs::write(&manifest, text).unwrap();
    home.fine(&["deployment", "add", path]);
    let diff = home.fine(&["deployment", "diff", "docs-bot"]);
    assert!(diff.contains("grants.write"), "{diff}");
    home.fine(&["deployment", "retire", "docs-bot", "--reason", "done"]);
    assert!(
        home.fine(&["deployment", "show", "docs-bot"])
            .contains("retired")
    );
    let gone = home.run(&["deployment", "show", "nobody"]);
    assert_eq!(gone.status, 2);
    assert!(gone.err.contains("no deployment `nobody`"), "{}", gone.err);
}

#[test]
fn a_second_recorder_is_refused_and_so_is_an_agent() {
    let home = Home::recorded();
    let second = home.run(&["recorder"]);
    assert_eq!(second.status, 2, "{}", second.err);
    assert!(
        second.err.contains("open") || second.err.contains("use"),
        "{}",
        second.err
    );

    // Every command is refused to what an agent started, also when it left its parents and its
    // environment behind.
    let shell = home.path().join("claude");
    fs::copy("/bin/sh", &shell).unwrap();
    let proctor = env!("CARGO_BIN_EXE_proctor");
    let out = home.path().join("out");
    let commands = [
        "log status",
        "log tail",
        "log show 1",
        "log search x",
        "log sessions",
        "log prove 1",
        "log export",
        "log erase --source 1 --bytes 0..9 --reason x",
        "log gc --before 1d",
        "log reindex",
        "log rescan",
        "log stop",
        "deployment list",
        "deployment show x",
        "deployment approve x --revision 1",
        "deployment retire x --reason y",
    ];
    let script: String = commands
        .iter()
        .map(|c| {
            format!(
                "{proctor} {c} >>{o} 2>&1; echo \"status $?\" >>{o}\n",
                o = out.display()
            )
        })
        .collect();
    let file = home.path().join("script");
    fs::write(&file, script).unwrap();
    // Where the kernel does not tell of forks, only living ancestors are known.
    let status: Value = home.json(&["log", "status", "--json"]);
    let blind = status["blind"].as_str();
    if let Some(why) = blind {
        eprintln!("skipped for what was forked twice: {why}");
    }
    let twice = format!(
        "(setsid env -i HOME={h} PATH=/usr/bin:/bin sh -c '(sleep 0.2; sh {f}; touch {o}.done) &' &); sleep 0.1",
        h = home.path().display(),
        f = file.display(),
        o = out.display()
    );
    let once = format!(
        "HOME={} sh {}; touch {}.done; true",
        home.path().display(),
        file.display(),
        out.display()
    );
    let twice = if blind.is_some() { once } else { twice };
    let status = std::process::Command::new(&shell)
        .args(["-c", &twice])
        .status()
        .unwrap();
    assert!(status.success());
    let done = out.with_extension("done");
    for _ in 0..600 {
        if done.exists() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let said = fs::read_to_string(&out).unwrap();
    assert_eq!(
        said.matches("is an agent's").count(),
        commands.len(),
        "{said}"
    );
    assert_eq!(said.matches("status 2").count(), commands.len(), "{said}");
    home.fine(&["log", "status"]);
}

#[test]
fn a_bundle_of_a_session_verifies_and_does_not_hold_what_is_withheld() {
    let home = Home::recorded();
    let found = home.fine(&["log", "search", "--json", "Terraform"]);
    let hit: Value = serde_json::from_str(found.lines().next().unwrap()).unwrap();
    let session = hit["session"].as_str().unwrap();
    let out = home.path().join("evidence.ndjson");
    let hidden = home.path().join("hidden");
    fs::write(&hidden, "Terraform").unwrap();
    let args = [
        "bundle",
        "create",
        "--session",
        session,
        "--out",
        out.to_str().unwrap(),
        "--withhold-text",
        hidden.to_str().unwrap(),
        "--reason",
        "confidential",
    ];
    home.fine(&args);
    let bundle = proctor_ledger::Bundle::parse(&fs::read(&out).unwrap()).unwrap();
    let report = proctor_verify::check(&bundle, None, &proctor_ledger::Anchors::default());
    assert!(report.faults.is_empty(), "{:?}", report.faults);
    assert!(!bundle.withheld.is_empty());
    for (_, disclosure) in &bundle.payloads {
        for span in disclosure.spans() {
            assert!(!String::from_utf8_lossy(&span.bytes).contains("Terraform"));
        }
    }
    let again = home.run(&args);
    assert_eq!(again.status, 2, "nothing is overwritten");
    let nobody = [
        "bundle",
        "create",
        "--session",
        "x",
        "--out",
        "/tmp/never.ndjson",
    ];
    let nobody = home.run(&nobody);
    assert!(nobody.err.contains("no session `x`"), "{}", nobody.err);
}
