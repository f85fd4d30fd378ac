//! Inspect logs, unpacked by another library.

use super::*;

#[test]
fn evaluation_logs_are_read_whole() {
    let Some(folder) = shared("inspect") else {
        return;
    };
    for path in files(&folder, "eval") {
        let mut archive = zip::ZipArchive::new(fs::File::open(&path).unwrap()).unwrap();
        let member = |archive: &mut zip::ZipArchive<fs::File>, name: &str| -> Value {
            serde_json::from_reader(archive.by_name(name).unwrap()).unwrap()
        };
        let eval = member(&mut archive, "header.json")["eval"].take();
        let log = match eval["eval_id"].as_str() {
            Some(id) => id.to_owned(),
            None => format!("{}.{}", string(&eval["run_id"]), string(&eval["task_id"])),
        };
        let names: Vec<String> = (archive.file_names().map(|name| name.unwrap().into_owned()))
            .filter(|name| name.starts_with("samples/"))
            .collect();
        let (sessions, report) = counted(&path, Harness::Inspect);
        let mut expected_records = archive.len() as u64 - names.len() as u64;
        for name in &names {
            let sample = member(&mut archive, name);
            let mut expected = Counts::default();
            for message in list(&sample["messages"]) {
                match string(&message["role"]) {
                    "system" => expected.system += 1,
                    "user" => expected.user += 1,
                    "tool" => expected.results += 1,
                    _ => {
                        let parts = list(&message["content"]).iter();
                        expected.letters += letters(string(&message["content"]));
                        expected.letters += parts.map(|p| letters(string(&p["text"]))).sum::<u64>();
                        expected.calls += list(&message["tool_calls"]).len() as u64;
                    }
                }
            }
            let id = match sample["id"].as_str() {
                Some(id) => id.to_owned(),
                None => sample["id"].to_string(),
            };
            let id = SessionId::new(format!("inspect:{log}/{id}_{}", sample["epoch"]));
            assert_eq!(sessions[&id], expected, "{id} in {}", path.display());
            for list in ["messages", "events", "message_pool"] {
                expected_records += super::list(&sample[list]).len() as u64;
            }
        }
        assert_eq!(sessions.len(), names.len());
        assert_eq!(report.records, expected_records, "{}", path.display());
        assert_eq!(report.gaps, 0);
        assert!(report.unknown_records.is_empty(), "{report:?}");
        assert!(report.unknown_fields.is_empty(), "{report:?}");
    }
}
