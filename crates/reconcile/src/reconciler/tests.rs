//! From events to steps and summaries.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use proctor_model::{
    Action, Boundary, Difference, EventKind, Gap, GapCause, Harness, Message, Origin, Outcome,
    PermissionMode, Place, Reasoning, ReasoningState, Role, SessionNote, Source, Step, StepKind,
    Tokens, ToolCall, ToolResult, Vantage,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{Deed, Facts, View};

/// Keeps the steps it sees.
#[derive(Default)]
struct Keeper(Vec<Step>);

impl Observer for Keeper {
    fn step(&mut self, view: &View<'_>) {
        assert_eq!(view.facts.steps(), view.step.index + 1);
        self.0.push(view.step.clone());
    }

    fn end(&mut self, _facts: &Facts) {}
}

/// Makes the events of one session, one a second.
struct Script {
    session: SessionId,
    source: Arc<Source>,
    events: Vec<Event>,
}

impl Script {
    fn new(session: &str) -> Self {
        Self {
            session: SessionId::new(session),
            source: Arc::new(Source::file(format!("{session}.jsonl"))),
            events: Vec::new(),
        }
    }

    fn push(&mut self, kind: EventKind) -> &mut Self {
        let seq = self.events.len() as u64;
        self.events.push(Event {
            at: Place {
                source: Arc::clone(&self.source),
                offset: seq * 100,
                len: 99,
                part: 0,
            },
            seq,
            vantage: Vantage::Said,
            time: Timestamp::from_second(1_900_000_000 + i64::try_from(seq).unwrap()).ok(),
            session: self.session.clone(),
            kind,
        });
        self
    }

    fn note(&mut self, note: SessionNote) -> &mut Self {
        self.push(EventKind::Session(note))
    }

    fn user(&mut self, text: &str) -> &mut Self {
        self.message(Role::User, text)
    }

    fn agent(&mut self, text: &str) -> &mut Self {
        self.message(Role::Assistant, text)
    }

    fn message(&mut self, role: Role, text: &str) -> &mut Self {
        self.push(EventKind::Message(Message {
            role,
            origin: Origin::Person,
            text: text.to_owned(),
        }))
    }

    fn thinks(&mut self, state: ReasoningState, text: &str) -> &mut Self {
        let text = text.to_owned();
        self.push(EventKind::Reasoning(Reasoning { state, text }))
    }

    fn call(&mut self, id: &str, name: &str, input: Value) -> &mut Self {
        self.push(EventKind::ToolCall(ToolCall {
            id: id.to_owned(),
            name: name.to_owned(),
            input,
        }))
    }

    fn bash(&mut self, id: &str, command: &str) -> &mut Self {
        self.call(id, "Bash", json!({ "command": command }))
    }

    fn result(&mut self, id: &str, text: &str, is_error: bool) -> &mut Self {
        self.push(EventKind::ToolResult(ToolResult {
            call_id: id.to_owned(),
            text: text.to_owned(),
            is_error: Some(is_error),
            ..ToolResult::default()
        }))
    }

    fn usage(&mut self, request: &str, output: u64) -> &mut Self {
        self.push(EventKind::Usage(Tokens {
            request: Some(request.to_owned()),
            output,
            ..Tokens::default()
        }))
    }

    fn run(&self) -> (Summary, Vec<Step>) {
        let mut all = reconcile(self.events.clone());
        assert_eq!(all.len(), 1);
        all.remove(0)
    }
}

fn reconcile(events: impl IntoIterator<Item = Event>) -> Vec<(Summary, Vec<Step>)> {
    let mut reconciler = Reconciler::new(|_: &SessionId| Keeper::default());
    events
        .into_iter()
        .for_each(|event| reconciler.event(event, b""));
    reconciler
        .finish()
        .into_iter()
        .map(|(summary, keeper)| (summary, keeper.0))
        .collect()
}

/// The steps, a line each.
fn lines(steps: &[Step]) -> Vec<String> {
    steps
        .iter()
        .map(|step| match &step.kind {
            StepKind::Request { text, .. } => format!("request {text}"),
            StepKind::Reply { text } => format!("reply {text}"),
            StepKind::Reasoning(reasoning) => format!("reasoning {}", reasoning.text),
            StepKind::Act(act) => {
                let result = act.result.as_ref().map_or("-", |r| r.text.as_str());
                format!(
                    "{} {} {result} {:?}",
                    act.call.name, act.call.id, act.outcome
                )
            }
            StepKind::Boundary(boundary) => format!("{boundary:?}"),
            StepKind::Gap(gap) => format!("gap {}", gap.detail),
        })
        .collect()
}

#[test]
fn parallel_calls_come_out_in_order_with_their_results() {
    let mut script = Script::new("claude-code:1");
    script
        .user("go")
        .bash("a", "ls")
        .bash("b", "id")
        .agent("waiting");
    script
        .result("b", "root", false)
        .result("a", "x.txt", false)
        .agent("done");
    let (summary, steps) = script.run();
    assert_eq!(
        lines(&steps),
        [
            "request go",
            "Bash a x.txt Ok",
            "Bash b root Ok",
            "reply waiting",
            "reply done"
        ]
    );
    assert!(
        steps
            .iter()
            .enumerate()
            .all(|(i, step)| step.index == i as u64)
    );
    assert_eq!(steps[1].evidence.len(), 2);
    assert_eq!(
        (summary.calls, summary.replies, summary.requests.count),
        (2, 2, 1)
    );
}

#[test]
fn calls_without_results_end_with_the_session() {
    let mut script = Script::new("s:1");
    script
        .bash("a", "ls")
        .push(EventKind::Boundary(Boundary::Interrupted))
        .bash("b", "id");
    let (summary, steps) = script.run();
    assert_eq!(
        lines(&steps),
        ["Bash a - Interrupted", "Interrupted", "Bash b - Unknown"]
    );
    assert_eq!(summary.unanswered, 2);
}

#[test]
fn results_without_calls_are_fabricated() {
    let mut script = Script::new("s:1");
    script
        .bash("a", "ls")
        .result("a", "x", false)
        .result("a", "y", false)
        .result("z", "w", false);
    let (summary, steps) = script.run();
    assert_eq!(lines(&steps), ["Bash a x Ok", " a y Ok", " z w Ok"]);
    for step in &steps[1..] {
        let StepKind::Act(act) = &step.kind else {
            panic!()
        };
        assert_eq!(act.differences, [Difference::Fabricated]);
    }
    assert_eq!((summary.calls, summary.unasked_results), (1, 2));
}

#[test]
fn a_result_that_comes_too_late_is_counted() {
    let mut script = Script::new("s:1");
    script.bash("slow", "sleep 9");
    for i in 0..300 {
        script.agent(&format!("{i}"));
    }
    script.result("slow", "done", false);
    let (summary, steps) = script.run();
    assert_eq!(lines(&steps)[0], "Bash slow - Unknown");
    assert_eq!(lines(&steps)[301], " slow done Ok");
    let StepKind::Act(act) = &steps[301].kind else {
        panic!()
    };
    assert!(act.differences.is_empty());
    assert_eq!((summary.late_results, summary.unasked_results), (1, 0));
}

#[test]
fn the_past_that_a_resumed_file_repeats_counts_once() {
    let mut script = Script::new("s:1");
    script
        .user("go")
        .thinks(ReasoningState::Full, "hm")
        .bash("a", "ls")
        .result("a", "x", false);
    script.agent("done");
    let (before, steps) = script.run();
    let mut copy = script.events.clone();
    let source = Arc::new(Source::file("resumed.jsonl"));
    copy.iter_mut()
        .for_each(|event| event.at.source = Arc::clone(&source));
    let mut both = script.events.clone();
    both.extend(copy);
    let (after, again) = reconcile(both).remove(0);
    assert_eq!(lines(&again), lines(&steps));
    assert_eq!(after.repeated, 5);
    assert_eq!((after.calls, after.steps), (before.calls, before.steps));
}

#[test]
fn an_id_used_again_hides_nothing() {
    let mut script = Script::new("s:1");
    script.bash("a", "ls").result("a", "x", false);
    script.bash("a", "rm -rf /srv").result("a", "", false);
    script.bash("a", "ls").result("a", "x", false);
    let (summary, steps) = script.run();
    assert_eq!(lines(&steps), ["Bash a x Ok", "Bash a  Ok", "Bash a x Ok"]);
    assert_eq!((summary.calls, summary.repeated), (3, 0));
}

#[test]
fn a_directory_changes_after_the_command_that_changes_it() {
    let cwd = |dir: &str| SessionNote {
        cwd: Some(dir.to_owned()),
        ..SessionNote::default()
    };
    let mut script = Script::new("s:1");
    script
        .note(cwd("/p"))
        .bash("a", "touch x && cd sub")
        .note(cwd("/p/sub"));
    script
        .result("a", "", false)
        .bash("b", "touch y")
        .result("b", "", false);
    let (summary, _) = script.run();
    let written: Vec<_> = summary.deeds[&Deed::FileWritten]
        .examples
        .iter()
        .map(|(_, path)| path.as_str())
        .collect();
    assert_eq!(written, ["/p/x", "/p/sub/y"]);
    assert_eq!(summary.note.cwd.as_deref(), Some("/p"));
}

#[test]
fn a_patch_of_two_files_makes_two_steps() {
    let patch = "*** Begin Patch\n*** Add File: a.txt\n+x\n*** Delete File: b.txt\n*** End Patch";
    let mut script = Script::new("codex:1");
    script
        .call("p", "apply_patch", json!(patch))
        .result("p", "Success", false);
    let (summary, steps) = script.run();
    let actions: Vec<_> = steps
        .iter()
        .filter_map(|step| match &step.kind {
            StepKind::Act(act) => Some(act.action.clone()),
            _ => None,
        })
        .collect();
    let write = Action::Write {
        path: "a.txt".to_owned(),
        content: "x\n".to_owned(),
    };
    let remove = Action::Remove {
        path: "b.txt".to_owned(),
    };
    assert_eq!(actions, [write, remove]);
    assert_eq!((summary.calls, summary.steps), (1, 2));
    assert_eq!(
        (
            summary.count(Deed::FileWritten),
            summary.count(Deed::Deletion)
        ),
        (1, 1)
    );
}

#[test]
fn tokens_count_once_for_each_request() {
    let mut script = Script::new("s:1");
    script
        .agent("a")
        .usage("r1", 1)
        .agent("b")
        .usage("r1", 5)
        .agent("c")
        .usage("r2", 7);
    let (summary, _) = script.run();
    assert_eq!((summary.tokens.requests, summary.tokens.output), (2, 12));
}

#[test]
fn turns_without_reasoning_are_absent() {
    let mut script = Script::new("s:1");
    script.user("go");
    // One request in three records, the first tool's result among them.
    script
        .thinks(ReasoningState::Full, "hm")
        .usage("r1", 1)
        .bash("a", "ls")
        .usage("r1", 1);
    script
        .result("a", "", false)
        .bash("b", "id")
        .usage("r1", 1)
        .result("b", "", false);
    // Two requests without reasoning.
    script
        .agent("x")
        .usage("r2", 1)
        .user("more")
        .agent("y")
        .usage("r3", 1);
    script.thinks(ReasoningState::Encrypted, "").usage("r4", 1);
    let (summary, _) = script.run();
    let expected = [("absent", 2), ("encrypted", 1), ("full", 1)];
    let expected: BTreeMap<_, _> = expected.map(|(k, v)| (k.to_owned(), v)).into();
    assert_eq!(summary.reasoning, expected);
}

#[test]
fn pauses_over_five_minutes_are_breaks() {
    let mut script = Script::new("s:1");
    script.user("a").agent("b").user("c").agent("d");
    for (event, second) in script.events.iter_mut().zip([0, 10, 3500, 3700]) {
        event.time = Timestamp::from_second(second).ok();
    }
    let (summary, _) = script.run();
    assert_eq!(summary.active_seconds, 210);
    assert_eq!(summary.active_by_hour, BTreeMap::from([(0, 10), (1, 200)]));
    assert_eq!(summary.start, Timestamp::from_second(0).ok());
    assert_eq!(summary.end, Timestamp::from_second(3700).ok());
}

#[test]
fn modes_gaps_and_unknown_records_are_counted() {
    let mode = |mode| SessionNote {
        permission_mode: Some(mode),
        unattended: Some(true),
        ..SessionNote::default()
    };
    let mut script = Script::new("s:1");
    script.bash("a", "ls").result("a", "", true);
    script
        .note(mode(PermissionMode::Bypass))
        .bash("b", "ls")
        .result("b", "", false);
    script.push(EventKind::Gap(Gap {
        cause: GapCause::Truncated,
        detail: "cut".to_owned(),
    }));
    script.push(EventKind::Other {
        name: "odd".to_owned(),
        known: false,
    });
    let (summary, steps) = script.run();
    assert_eq!(
        summary.acts_by_mode,
        [("bypass".to_owned(), 1), ("unknown".to_owned(), 1)].into()
    );
    assert_eq!(summary.gaps[&GapCause::Truncated].count, 1);
    assert_eq!(summary.unknown_records["odd"], 1);
    assert_eq!((summary.failed, summary.unattended), (1, Some(true)));
    assert_eq!(steps.len(), 3);
}

#[test]
fn a_test_run_in_the_background_is_seen_to_its_end() {
    /// Keeps the latest outcome of tests.
    #[derive(Default)]
    struct Last(Option<crate::RunOutcome>, u64);
    impl Observer for Last {
        fn step(&mut self, _: &View<'_>) {}
        fn end(&mut self, facts: &Facts) {
            let run = facts.last_run(crate::RunKind::Test);
            self.0 = run.map(|run| run.outcome);
            self.1 = run.map_or(0, |run| run.step);
        }
    }
    let mut script = Script::new("s:1");
    script.call(
        "a",
        "Bash",
        json!({"command": "pytest", "run_in_background": true}),
    );
    script.result("a", "Command running in background with ID: bash_1", false);
    script.call("b", "BashOutput", json!({"bash_id": "bash_1"}));
    script.result(
        "b",
        "<status>completed</status>\n\n== 1 failed in 0.1s ==",
        false,
    );
    let mut reconciler = Reconciler::new(|_: &SessionId| Last::default());
    script
        .events
        .into_iter()
        .for_each(|event| reconciler.event(event, b""));
    let (summary, last) = reconciler.finish().remove(0);
    assert_eq!((last.0, last.1), (Some(crate::RunOutcome::Failed), 1));
    assert_eq!(summary.count(Deed::TestRun), 1);
}

#[test]
fn sub_agents_are_linked_and_missed() {
    let mut parent = Script::new("claude-code:1");
    parent
        .call("t", "Task", json!({"prompt": "x"}))
        .push(EventKind::ToolResult(ToolResult {
            call_id: "t".to_owned(),
            agent: Some("abc".to_owned()),
            ..ToolResult::default()
        }));
    parent
        .call("u", "Task", json!({"prompt": "y"}))
        .push(EventKind::ToolResult(ToolResult {
            call_id: "u".to_owned(),
            agent: Some("gone".to_owned()),
            ..ToolResult::default()
        }));
    let mut child = Script::new("claude-code:1/abc");
    child.agent("hello");
    let mut orphan = Script::new("codex:2");
    orphan.note(SessionNote {
        parent: Some(SessionId::new("codex:1")),
        ..SessionNote::default()
    });
    let events = [parent.events, child.events, orphan.events].concat();
    let all = reconcile(events);
    let of = |id: &str| {
        all.iter()
            .map(|(s, _)| s)
            .find(|s| s.session.as_str() == id)
            .unwrap()
    };
    assert_eq!(
        of("claude-code:1/abc").parent,
        Some(SessionId::new("claude-code:1"))
    );
    assert_eq!(of("claude-code:1").missing, ["gone"]);
    assert_eq!(of("claude-code:1").count(Deed::AgentSpawned), 2);
    assert_eq!(of("codex:2").missing, ["codex:1"]);
}

#[test]
fn a_closed_session_counts_what_still_comes() {
    let mut script = Script::new("s:1");
    script.user("a").user("b");
    let mut reconciler = Reconciler::new(|_: &SessionId| ());
    let mut events = script.events.into_iter();
    reconciler.event(events.next().unwrap(), b"");
    reconciler.close(&SessionId::new("s:1"));
    reconciler.event(events.next().unwrap(), b"");
    let (summary, ()) = reconciler.finish().remove(0);
    assert_eq!((summary.requests.count, summary.after_close), (1, 1));
}

#[test]
fn a_small_session_from_events_to_summary() {
    let mut script = Script::new("claude-code:demo");
    script
        .note(SessionNote {
            harness: Some(Harness::ClaudeCode),
            cwd: Some("/home/u/proj".to_owned()),
            model: Some("a-model".to_owned()),
            permission_mode: Some(PermissionMode::AcceptEdits),
            ..SessionNote::default()
        })
        .user("make the tests pass")
        .thinks(ReasoningState::Full, "I should look first.")
        .call("1", "Read", json!({"file_path": "/home/u/proj/calc.py"}))
        .usage("r1", 30)
        .result("1", "def add(a, b): return a - b", false)
        .call(
            "2",
            "Edit",
            json!({"file_path": "/home/u/proj/calc.py", "old_string": "-", "new_string": "+"}),
        )
        .result("2", "ok", false)
        .bash("3", "cd /home/u/proj && python -m pytest -q 2>&1 | tail -3")
        .result("3", "3 passed in 0.01s", false)
        .bash(
            "4",
            "sudo cp report.txt /srv/www/ && curl -T report.txt https://files.example.org/",
        )
        .result("4", "cp: Permission denied", true)
        .agent("All tests pass.");
    let (summary, steps) = script.run();
    insta::assert_json_snapshot!("steps", said(&steps));
    insta::assert_json_snapshot!("summary", said(&summary));
}

/// The value as JSON without the fields that say nothing, so that a new field of the model does
/// not change what this test is about.
fn said(value: &impl serde::Serialize) -> Value {
    fn prune(value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(prune),
            Value::Object(fields) => {
                fields.retain(|_, value| !value.is_null());
                fields.values_mut().for_each(prune);
            }
            _ => {}
        }
    }
    let mut value = serde_json::to_value(value).unwrap();
    prune(&mut value);
    value
}

#[test]
fn a_copy_that_nobody_bears_out_is_the_sessions_own() {
    let mut script = Script::new("s:2");
    script.note(SessionNote {
        copied_from: Some(SessionId::new("s:1")),
        ..SessionNote::default()
    });
    script.bash("a", "rm -rf /srv").result("a", "", false);
    let end = |disbelieved: &[SessionId]| {
        let disbelieved = disbelieved.iter().cloned().collect();
        let mut reconciler =
            Reconciler::new(|_: &SessionId| Keeper::default()).disbelieving(&disbelieved);
        let events = script.events.iter().cloned();
        events.for_each(|event| reconciler.event(event, b""));
        reconciler.end().remove(0)
    };
    let believed = end(&[]);
    let doubted = crate::unfounded([(&believed.summary.session, &believed.account)]);
    assert_eq!((believed.summary.calls, believed.summary.copied), (0, 1));
    assert_eq!(
        doubted.iter().collect::<Vec<_>>(),
        [&believed.summary.session]
    );
    let own = end(&[believed.summary.session]);
    assert_eq!((own.summary.calls, own.summary.copied), (1, 0));
    assert_eq!(own.summary.count(Deed::Deletion), 1);
    assert_eq!(own.summary.gaps[&proctor_model::GapCause::Missing].count, 1);
    assert!(own.summary.disbelieved());
}

#[test]
fn sessions_beyond_the_bound_are_read_as_one_and_counted() {
    let mut reconciler = Reconciler::new(|_: &SessionId| Keeper::default());
    reconciler.most = 3;
    for i in 0..10 {
        let mut script = Script::new(&format!("s:{i}"));
        script.bash("a", &format!("echo {i}"));
        let events = script.events.into_iter();
        events.for_each(|event| reconciler.event(event, b""));
    }
    let ended = reconciler.finish();
    let calls: Vec<u64> = ended.iter().map(|(summary, _)| summary.calls).collect();
    assert_eq!(calls, [1, 1, 8]);
    let gaps = &ended[2].0.gaps[&proctor_model::GapCause::Bounded];
    assert_eq!(gaps.count, 7);
}

#[test]
fn what_a_call_writes_is_known_when_a_later_one_runs_it() {
    for (written, run) in [
        ("printf '#!/bin/sh\nrm -rf /srv\n' > x.sh", "./x.sh"),
        (
            "cat > /tmp/x.sh <<'E'\nrm -rf /srv\nE",
            "cd /tmp && sh x.sh",
        ),
        (
            "echo 'import os; os.system(\"rm -rf /srv\")' | tee t.py",
            "python3 t.py",
        ),
        ("export X='rm -rf /srv'", "eval \"$X\""),
        ("printf 'cm0gLXJmIC9zcnY=' > n", "base64 -d n | sh"),
    ] {
        let mut script = Script::new("s:1");
        script.bash("a", written).result("a", "", false);
        assert_eq!(script.run().0.count(Deed::Deletion), 0, "{written}");
        script.bash("b", run).result("b", "", false);
        assert_eq!(script.run().0.count(Deed::Deletion), 1, "{written}; {run}");
    }
    // What was refused left nothing behind.
    let mut script = Script::new("s:1");
    script.bash("a", "echo 'rm -rf /srv' > x.sh");
    script.result(
        "a",
        "The user doesn't want to proceed with this tool use. The tool use was rejected",
        true,
    );
    script.bash("b", "sh x.sh").result("b", "", false);
    assert_eq!(script.run().0.count(Deed::Deletion), 0);
}

#[test]
fn what_lies_behind_a_bound_is_counted() {
    let words = |n: usize| "x ".repeat(n);
    for (line, count) in [
        (format!("echo {}", words(40)), 0),
        (format!("echo {}", words(400)), 1),
        (format!("for i in {}; do echo $i; done", words(40)), 1),
        ("for i in $(seq 1 40); do echo $i; done".to_owned(), 0),
    ] {
        let mut script = Script::new("s:1");
        script.bash("a", &line).result("a", "", false);
        let gaps = script.run().0.gaps;
        let bounded = gaps.get(&proctor_model::GapCause::Bounded);
        assert_eq!(bounded.map_or(0, |tally| tally.count), count, "{line}");
    }
}

#[test]
fn what_was_copied_from_another_session_is_context() {
    let mut script = Script::new("s:2");
    script.note(SessionNote {
        copied_from: Some(SessionId::new("s:1")),
        ..SessionNote::default()
    });
    script
        .user("before")
        .bash("a", "rm -rf /srv")
        .result("a", "", false)
        .usage("r0", 9);
    script
        .push(EventKind::Boundary(Boundary::Resumed))
        .user("after")
        .usage("r1", 1);
    let (summary, steps) = script.run();
    assert_eq!(lines(&steps), ["Resumed", "request after"]);
    assert_eq!(
        (
            summary.copied,
            summary.steps,
            summary.calls,
            summary.requests.count
        ),
        (2, 2, 0, 1)
    );
    assert_eq!(summary.tokens.output, 1);
    assert_eq!(summary.count(Deed::Deletion), 0);
    assert_eq!(summary.missing, ["s:1"]);
    assert!(!summary.disbelieved());

    /// Whether the facts know the past.
    struct Knows(bool);
    impl Observer for Knows {
        fn step(&mut self, _: &View<'_>) {}
        fn end(&mut self, facts: &Facts) {
            self.0 = facts.has_run("rm -rf /srv") == Some(true) && facts.person_requests() == 2;
        }
    }
    let mut reconciler = Reconciler::new(|_: &SessionId| Knows(false));
    script
        .events
        .into_iter()
        .for_each(|event| reconciler.event(event, b""));
    assert!(reconciler.finish().remove(0).1.0);
}

/// Events of one session that exercise joining.
fn any_session(id: usize) -> impl Strategy<Value = Vec<Event>> {
    let step = prop_oneof![
        (0..4u8).prop_map(|n| (0u8, n)),
        (0..4u8).prop_map(|n| (1u8, n)),
        (0..4u8).prop_map(|n| (2u8, n)),
        (0..4u8).prop_map(|n| (3u8, n)),
        (0..4u8).prop_map(|n| (4u8, n)),
    ];
    prop::collection::vec(step, 0..30).prop_map(move |steps| {
        let mut script = Script::new(&format!("s:{id}"));
        for (kind, n) in steps {
            let name = n.to_string();
            match kind {
                0 => script.user(&name),
                1 => script.agent(&name),
                2 => script.bash(&name, &format!("cat f{n}")),
                3 => script.result(&name, &name, n == 0),
                _ => script.usage(&name, u64::from(n)),
            };
        }
        script.events
    })
}

fn hostile_name() -> impl Strategy<Value = String> {
    let names = [
        "Bash",
        "shell",
        "apply_patch",
        "Edit",
        "text_editor",
        "python",
        "Task",
        "send_email",
        "",
        "mcp____",
        "write_stdin",
        "run_tests",
    ];
    prop_oneof![
        prop::sample::select(names.to_vec()).prop_map(str::to_owned),
        "\\PC{0,12}"
    ]
}

/// Arguments with the keys that are looked for, and command lines of words that mean something.
fn hostile_input() -> impl Strategy<Value = Value> {
    let words = [
        "cat ",
        "~/.ssh/id_rsa ",
        "| ",
        "&& ",
        "|| ",
        "; ",
        "& ",
        "rm -rf ",
        "/",
        ".. ",
        "$(",
        ")",
        "`",
        "'",
        "\"",
        "\\",
        "<<EOF\n",
        "EOF\n",
        "> ",
        "pytest ",
        "echo $? ",
        "git push ",
        "curl ",
        "https://u:p@h/ ",
        "sudo ",
        "env ",
        "tar czf ",
        "é",
        "*** Begin Patch\n",
        "*** Update File: ",
        "\n",
        "@@\n",
        "+",
        "-",
        "*** End Patch",
        "{} ",
        "-o",
        "--",
        "find . ",
        "sed -i ",
        "apply_patch ",
        "cd ",
        "/dev/tcp/h/1 ",
        "python -c ",
    ];
    let line = prop::collection::vec(prop::sample::select(words.to_vec()), 0..12)
        .prop_map(|words| words.concat());
    let keys = [
        "command",
        "cmd",
        "file_path",
        "path",
        "input",
        "code",
        "edits",
        "url",
        "workdir",
    ];
    let leaf = prop_oneof![
        line.prop_map(Value::String),
        Just(Value::Null),
        Just(json!(["bash", "-lc", "apply_patch"])),
        Just(json!([{"old_string": 1}])),
        any::<i64>().prop_map(Value::from),
    ];
    prop_oneof![
        leaf.clone(),
        prop::collection::btree_map(prop::sample::select(keys.to_vec()), leaf, 0..4)
            .prop_map(|fields| json!(fields)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn interleaving_changes_nothing(
        sessions in (any_session(0), any_session(1), any_session(2)),
        choices in prop::collection::vec(0..3usize, 120),
    ) {
        let sessions = [sessions.0, sessions.1, sessions.2];
        let one_by_one = reconcile(sessions.iter().flatten().cloned());
        let reversed = reconcile(sessions.iter().rev().flatten().cloned());
        let mut queues = sessions.map(Vec::into_iter);
        let mut mixed: Vec<Event> = Vec::new();
        for choice in choices {
            mixed.extend(queues[choice].next());
        }
        mixed.extend(queues.into_iter().flatten());
        let mixed = reconcile(mixed);
        prop_assert_eq!(&one_by_one, &reversed);
        prop_assert_eq!(&one_by_one, &mixed);
    }

    #[test]
    fn hostile_calls_do_no_harm(
        calls in prop::collection::vec((hostile_name(), hostile_input(), "\\PC{0,30}"), 0..12),
    ) {
        let mut script = Script::new("s:1");
        for (i, (name, input, output)) in calls.into_iter().enumerate() {
            let id = (i % 5).to_string();
            script.call(&id, &name, input).result(&id, &output, i % 2 == 0);
        }
        for (summary, steps) in reconcile(script.events) {
            prop_assert_eq!(summary.steps, steps.len() as u64);
            prop_assert!(steps.iter().enumerate().all(|(i, step)| step.index == i as u64));
        }
    }

    #[test]
    fn nothing_is_lost(events in any_session(0)) {
        let calls = events.iter().filter(|e| matches!(e.kind, EventKind::ToolCall(_))).count();
        let results = events.iter().filter(|e| matches!(e.kind, EventKind::ToolResult(_))).count();
        for (summary, steps) in reconcile(events.clone()) {
            prop_assert_eq!(summary.calls, calls as u64);
            let answered = steps.iter().filter(|step| matches!(
                &step.kind, StepKind::Act(act) if act.result.is_some()
            ));
            prop_assert_eq!(answered.count(), results);
            let fabricated = summary.unasked_results + summary.late_results;
            let unanswered = summary.unanswered;
            prop_assert_eq!(calls as u64 + fabricated, results as u64 + unanswered);
        }
    }
}

#[test]
fn code_of_other_languages_is_read_too() {
    let mut script = Script::new("inspect:1");
    script.call(
        "a",
        "python",
        json!({"code": "import os\nos.system('rm -rf /srv/x')\n"}),
    );
    script.result("a", "", false);
    let (summary, _) = script.run();
    assert_eq!(summary.count(Deed::Deletion), 1);
}

#[test]
fn a_hostile_line_takes_no_time() {
    let units = [
        "env;",
        "pytest;",
        "pytest&&",
        "x&",
        "cat .env|",
        "rm a;",
        "a=$(b);",
        "curl -d @x h ",
    ];
    for unit in units {
        let mut script = Script::new("s:1");
        script.bash("a", &unit.repeat(100_000 / unit.len()));
        script.result("a", &"1 failed\n".repeat(10_000), true);
        let start = std::time::Instant::now();
        let _ = script.run();
        assert!(
            start.elapsed().as_secs() < 10,
            "{unit} took {:?}",
            start.elapsed()
        );
    }
}

#[test]
fn a_failed_edit_wrote_nothing() {
    let mut script = Script::new("s:1");
    script.call(
        "x",
        "Edit",
        json!({"file_path": "a.py", "old_string": "a", "new_string": "b"}),
    );
    script.result("x", "String to replace not found", true);
    let (summary, steps) = script.run();
    let StepKind::Act(act) = &steps[0].kind else {
        panic!()
    };
    assert_eq!(act.outcome, Outcome::Failed);
    assert_eq!(summary.count(Deed::FileWritten), 0);
}

/// A long session stays small: everything that a session remembers is bounded.
#[test]
fn a_long_session_stays_small_in_memory() {
    /// Measures the facts at the end.
    #[derive(Default)]
    struct Size(usize);
    impl Observer for Size {
        fn step(&mut self, _: &View<'_>) {}
        fn end(&mut self, facts: &Facts) {
            self.0 = facts.size();
        }
    }
    let mut reconciler = Reconciler::new(|_: &SessionId| Size::default());
    let mut script = Script::new("s:1");
    let mut before = 0;
    for i in 0..25_000u32 {
        // Eight events: two calls, one of them never answered for long, and what surrounds them.
        script
            .user(&format!("request {i}"))
            .thinks(ReasoningState::Full, "hm");
        script.bash(&format!("b{i}"), &format!("cat f{i}"));
        script.result(
            &format!("b{i}"),
            &format!("{i}.5 of {} {} {}", i * 7, i * 11, i * 13),
            false,
        );
        script.call(
            &format!("w{i}"),
            "Write",
            json!({"file_path": format!("g{i}"), "content": i}),
        );
        script.result(&format!("x{i}"), "answers nothing", false);
        script.usage(&format!("r{i}"), 1).agent("done");
        for mut event in script.events.drain(..) {
            event.time = Timestamp::from_second(1_900_000_000 + i64::from(i)).ok();
            reconciler.event(event, b"");
        }
        if i == 18_000 {
            before = reconciler.size();
        }
    }
    let at_end = reconciler.size();
    assert!(at_end <= before * 21 / 20, "{before} grew to {at_end}");
    let (summary, size) = reconciler.finish().remove(0);
    assert_eq!((summary.calls, summary.unasked_results), (50_000, 25_000));
    assert_eq!(summary.unanswered, 25_000);
    assert!(size.0 < 25_000, "{} things are remembered", size.0);
}
