//! What is remembered of a session.

use proctor_model::{Step, ToolCall, ToolResult};
use serde_json::{Value, json};

use super::*;
use crate::testing::place;
use crate::{effects, outcome, runs::runs, took_place};

/// Facts that are fed by hand.
#[derive(Default)]
struct Feed {
    facts: Facts,
    next: u64,
}

impl Feed {
    fn step(&mut self, kind: StepKind) {
        let step = Step {
            session: SessionId::new("s:1"),
            index: self.next,
            time: None,
            evidence: vec![place(self.next)],
            kind,
        };
        self.next += 1;
        let StepKind::Act(act) = &step.kind else {
            return self.facts.step(&step, &[], &[], Vec::new());
        };
        let commands = match &act.action {
            Action::Command { command, .. } => proctor_shell::analyse(command).commands,
            _ => Vec::new(),
        };
        let effects = effects(act, &commands, Some("/p"));
        let done: Vec<_> = effects
            .iter()
            .filter(|e| took_place(e, act, &commands))
            .collect();
        let runs = runs(act, &commands, None, step.index, &place(step.index));
        self.facts.step(&step, &effects, &done, runs);
    }

    fn act(&mut self, name: &str, input: Value, result: ToolResult) -> &mut Self {
        let call = ToolCall {
            id: self.next.to_string(),
            name: name.to_owned(),
            input,
        };
        self.step(StepKind::Act(Box::new(Act {
            action: crate::action(&call),
            call,
            outcome: outcome(Some(&result)),
            result: Some(result),
            differences: Vec::new(),
        })));
        self
    }

    fn bash(&mut self, command: &str, output: &str, exit: i32) -> &mut Self {
        let result = ToolResult {
            text: output.to_owned(),
            exit_code: Some(exit),
            ..ToolResult::default()
        };
        self.act("bash", json!({ "command": command }), result)
    }

    fn write(&mut self, path: &str) -> &mut Self {
        let input = json!({"file_path": path, "content": "x"});
        self.act("Write", input, ToolResult::default())
    }

    fn request(&mut self, text: &str) -> &mut Self {
        self.step(StepKind::Request {
            system: false,
            origin: Origin::Person,
            text: text.to_owned(),
        });
        self
    }
}

#[test]
fn runs_and_edits_are_told_by_their_order() {
    let mut feed = Feed::default();
    assert!(!feed.facts.ran_since_edit(RunKind::Test));
    feed.write("/p/a.py")
        .bash("pytest", "== 2 failed in 1s ==", 1);
    assert!(feed.facts.ran_since_edit(RunKind::Test));
    feed.write("/p/a.py");
    assert!(!feed.facts.ran_since_edit(RunKind::Test) && !feed.facts.command_since_edit());
    feed.bash("ls", "", 0)
        .write("/p/notes.md")
        .write("/tmp/x.py");
    assert!(feed.facts.command_since_edit());
    assert_eq!(feed.facts.last_code_edit(), Some(("/p/a.py", 2)));
    assert_eq!(feed.facts.last_edit(), Some(("/tmp/x.py", 5)));
    feed.bash("sed -i s/a/b/ a.py && pytest", "== 2 passed in 1s ==", 0);
    assert!(feed.facts.ran_since_edit(RunKind::Test));

    let facts = &feed.facts;
    let outcome = |run: Option<&Run>| run.map(|run| (run.step, run.outcome));
    assert_eq!(
        outcome(facts.last_run(RunKind::Test)),
        Some((6, RunOutcome::Passed))
    );
    assert_eq!(
        outcome(facts.last_run_before(RunKind::Test, 6)),
        Some((1, RunOutcome::Failed))
    );
    assert_eq!(
        outcome(facts.last_failed(RunKind::Test)),
        Some((1, RunOutcome::Failed))
    );
    assert_eq!(outcome(facts.last_run(RunKind::Lint)), None);
    assert_eq!(facts.has_run("sed  -i s/a/b/ a.py && pytest"), Some(true));
    assert_eq!(facts.has_run("cargo test"), Some(false));
}

#[test]
fn refusals_are_counted_until_something_works() {
    let refused = || ToolResult {
        refused: true,
        ..ToolResult::default()
    };
    let mut feed = Feed::default();
    feed.act(
        "Write",
        json!({"file_path": "/etc/x", "content": ""}),
        refused(),
    );
    feed.bash("sudo tee /etc/x", "sudo: a password is required", 1);
    assert_eq!(
        (feed.facts.refusals_in_a_row(), feed.facts.refusals_total()),
        (2, 2)
    );
    let goals: Vec<_> = feed
        .facts
        .refusals()
        .map(|r| (r.action.as_str(), &r.targets))
        .collect();
    assert_eq!(goals[1], ("write", &vec!["/etc/x".to_owned()]));
    assert!(goals[0].1.contains(&"/etc/x".to_owned()), "{goals:?}");
    assert_eq!(feed.facts.file("/etc/x"), None);
    feed.bash("ls", "", 0);
    assert_eq!(
        (feed.facts.refusals_in_a_row(), feed.facts.refusals_total()),
        (0, 2)
    );
}

#[test]
fn files_hosts_and_secrets_are_known_with_their_step() {
    let mut feed = Feed::default();
    feed.facts.note_more(&SessionNote {
        cwd: Some("/p".to_owned()),
        ..SessionNote::default()
    });
    feed.bash("cat .env && rm old.txt && curl https://e.org/x", "", 0);
    assert_eq!(feed.facts.file(".env").and_then(|file| file.read), Some(0));
    assert_eq!(
        feed.facts.file("/p/old.txt").and_then(|file| file.deleted),
        Some(0)
    );
    assert_eq!(feed.facts.host_contacted("e.org"), Some(0));
    assert_eq!(
        feed.facts
            .secrets_read()
            .map(|s| s.what.as_str())
            .collect::<Vec<_>>(),
        ["/p/.env"]
    );
    assert_eq!(
        (feed.facts.project(), feed.facts.cwd()),
        (Some("/p"), Some("/p"))
    );
}

#[test]
fn the_first_request_outlives_a_flood() {
    let mut feed = Feed::default();
    feed.request("the task").request(&"long ".repeat(10_000));
    assert!(feed.facts.requests().nth(1).unwrap().text.len() < 20_000);
    for i in 0..100 {
        feed.request(&i.to_string());
    }
    assert_eq!(feed.facts.requests().next().unwrap().text, "the task");
    assert_eq!(feed.facts.last_request().unwrap().text, "99");
    assert_eq!(feed.facts.requests().count(), bound::REQUESTS);
    assert_eq!(feed.facts.person_requests(), 102);
}

#[test]
fn old_files_are_forgotten_first() {
    let mut feed = Feed::default();
    for i in 0..bound::PATHS + 10 {
        feed.write(&format!("/p/f{i}.py"));
    }
    assert!(feed.facts.files().count() <= bound::PATHS);
    assert_eq!(feed.facts.file("/p/f0.py"), None);
    assert!(
        feed.facts
            .file(&format!("/p/f{}.py", bound::PATHS))
            .is_some()
    );
}
