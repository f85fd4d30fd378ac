//! SWE-agent trajectories.

use super::*;

#[test]
fn trajectories_are_read_whole() {
    let Some(folder) = shared("swe-agent") else {
        return;
    };
    for path in files(&folder, "traj") {
        let file: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let history = list(&file["history"]);
        let steps = list(&file["trajectory"]);
        let spoken = |turn: &&Value| turn["role"] == "assistant" && turn["is_demo"] != true;
        let prompts = (history.iter())
            .take_while(|turn| !spoken(turn))
            .filter(|turn| turn["is_demo"] != true);
        let (system, user): (Vec<_>, Vec<_>) = prompts.partition(|turn| turn["role"] == "system");
        let mut expected = Counts {
            system: system.len() as u64,
            user: user.len() as u64,
            ..Counts::default()
        };
        let words = |turn: &Value, answer| {
            let thought = string(&turn["thought"]);
            let words = if thought.trim().is_empty() {
                string(&turn[answer])
            } else {
                thought
            };
            letters(words)
        };
        if steps.is_empty() {
            let turns: Vec<_> = history.iter().filter(spoken).collect();
            expected.calls = turns.len() as u64;
            let answers = history.len() - turns.len() - system.len() - user.len();
            expected.results = answers as u64;
            expected.letters = turns.iter().map(|turn| words(turn, "content")).sum();
        } else {
            let acts = steps
                .iter()
                .filter(|step| !string(&step["action"]).trim().is_empty());
            expected.calls = acts.clone().count() as u64;
            expected.results = acts.filter(|step| step["observation"].is_string()).count() as u64;
            expected.letters = steps.iter().map(|step| words(step, "response")).sum();
        }

        let (sessions, report) = counted(&path, Harness::SweAgent);
        let mut counts = sessions.into_values();
        let mut only = counts.next().unwrap();
        assert!(counts.next().is_none());
        only.thoughts = 0;
        assert_eq!(only, expected, "{}", path.display());
        let records = history.len() + steps.len() + usize::from(file["info"].is_object());
        assert_eq!(report.records, records as u64);
        assert!(report.unknown_records.is_empty(), "{report:?}");
        assert!(report.unknown_fields.is_empty(), "{report:?}");
    }
}
