//! The AgentDojo shape and R-Judge records.

use super::*;
use proctor_sources::dataset::labelled;

#[test]
fn agentdojo_runs_are_read_whole() {
    let Some(folder) = shared("agentdojo") else {
        return;
    };
    for path in files(&folder, "jsonl") {
        let (sessions, report) = counted(&path, Harness::Chat);
        let rows = rows(&path);
        assert_eq!(sessions.len(), rows.len());
        for row in &rows {
            let mut expected = Counts::default();
            for message in list(&row["messages"]) {
                match string(&message["role"]) {
                    "system" => expected.system += 1,
                    "user" => expected.user += 1,
                    "tool" => expected.results += 1,
                    "assistant" => {
                        let text = string(&message["content"]);
                        expected.letters += letters(text);
                        expected.thoughts += text.matches("<thinking>").count() as u64;
                        expected.calls += list(&message["tool_calls"]).len() as u64;
                    }
                    other => panic!("{other}"),
                }
            }
            let id = SessionId::new(format!("chat:{}", string(&row["id"])));
            assert_eq!(sessions[&id], expected, "{id}");
        }
        assert!(report.unknown_records.is_empty(), "{report:?}");
        assert!(report.unknown_fields.is_empty(), "{report:?}");
        let labels: Vec<_> = labelled(&path).unwrap().map(Result::unwrap).collect();
        assert_eq!(labels.len(), rows.len());
        assert!(labels.iter().all(|run| sessions.contains_key(&run.id)));
    }
}

#[test]
fn r_judge_records_are_read_whole() {
    let Some(folder) = shared("rjudge") else {
        return;
    };
    for path in files(&folder, "jsonl") {
        let (sessions, report) = counted(&path, Harness::RJudge);
        let rows = rows(&path);
        for row in &rows {
            let id = SessionId::new(format!("rjudge:{}", row["id"]));
            let counts = &sessions[&id];
            let turns: Vec<_> = list(&row["contents"]).iter().flat_map(list).collect();
            let with = |role| turns.iter().filter(move |turn| turn["role"] == role);
            let thoughts = with("agent").filter(|t| !string(&t["thought"]).trim().is_empty());
            assert_eq!(counts.thoughts, thoughts.count() as u64, "{id}");
            // What the environment answers to words is told as a message.
            let world = with("environment");
            let heard = (with("user").count() + world.clone().count()) as u64;
            let silent = world
                .filter(|turn| string(&turn["content"]).is_empty())
                .count() as u64;
            let told = counts.user + counts.results;
            assert!(told <= heard && heard <= told + silent, "{id}");
            let form = |turn: &&&Value| {
                let action = string(&turn["action"]);
                action.contains("Action Input:") || action.contains(": {\"")
            };
            assert!(
                counts.calls >= with("agent").filter(form).count() as u64,
                "{id}"
            );
            assert_eq!(counts.gaps, 0, "{id}");
        }
        assert!(report.unknown_records.is_empty(), "{report:?}");
        assert!(report.unknown_fields.is_empty(), "{report:?}");
        let labels: Vec<_> = labelled(&path).unwrap().map(Result::unwrap).collect();
        assert_eq!(labels.len(), rows.len());
        assert!(labels.iter().all(|run| sessions.contains_key(&run.id)));
    }
}
