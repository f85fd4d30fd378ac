//! Generates Claude Code sessions: `corpus DIR MEGABYTES [SEED]`.
//!
//! The mix is that of ordinary work: requests, short reasoning, replies, shell commands with their
//! output, file reads and edits with code in them, now and then a sub-agent and a compaction. The
//! same seed gives the same bytes.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};

/// Bytes of one session file, before the last record.
const SESSION_BYTES: u64 = 4 << 20;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [dir, megabytes, rest @ ..] = args.as_slice() else {
        eprintln!("usage: corpus DIR MEGABYTES [SEED]");
        return ExitCode::from(2);
    };
    let (Ok(megabytes), Ok(seed)) = (
        megabytes.parse::<u64>(),
        rest.first().map_or(Ok(1), |s| s.parse::<u64>()),
    ) else {
        eprintln!("MEGABYTES and SEED are whole numbers");
        return ExitCode::from(2);
    };
    match generate(Path::new(dir), megabytes << 20, seed) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn generate(dir: &Path, bytes: u64, seed: u64) -> std::io::Result<()> {
    let mut random = Random(seed);
    let (mut written, mut number) = (0, 0);
    while written < bytes {
        let project = dir.join(format!("-home-user-project-{}", number % 12));
        fs::create_dir_all(&project)?;
        let mut session = Session::new(number, &mut random);
        let file = File::create(project.join(format!("{}.jsonl", session.id)))?;
        written += session.write(BufWriter::new(file), SESSION_BYTES.min(bytes - written))?;
        number += 1;
    }
    Ok(())
}

struct Session<'r> {
    id: String,
    cwd: PathBuf,
    random: &'r mut Random,
    records: u64,
    parent: Option<String>,
    second: u64,
}

impl<'r> Session<'r> {
    fn new(number: u64, random: &'r mut Random) -> Self {
        Self {
            id: format!("{:08x}-0000-4000-8000-{number:012x}", random.next() as u32),
            cwd: PathBuf::from(format!("/home/user/project-{}", number % 12)),
            random,
            records: 0,
            parent: None,
            second: 1_790_000_000 + number * 7_200,
        }
    }

    fn write(&mut self, mut to: impl Write, bytes: u64) -> std::io::Result<u64> {
        let mut written = 0;
        while written < bytes {
            for record in self.turn() {
                let line = format!("{record}\n");
                to.write_all(line.as_bytes())?;
                written += line.len() as u64;
            }
        }
        to.flush()?;
        Ok(written)
    }

    /// A request and the work that answers it.
    fn turn(&mut self) -> Vec<Value> {
        let topic = self.random.pick(TOPICS);
        let mut out = vec![self.user(json!(format!("Please {topic}. Run the tests when done.")))];
        for _ in 0..self.random.between(4, 14) {
            if self.random.one_in(4) {
                let thought = self.prose(3);
                out.push(self.assistant(json!({
                    "type": "thinking", "thinking": thought, "signature": "c2lnbmF0dXJl"
                })));
            }
            let (name, input, output) = self.tool();
            let id = format!("toolu_{:016x}", self.random.next());
            out.push(self.assistant(json!({
                "type": "tool_use", "id": id, "name": name, "input": input
            })));
            let result = json!([{
                "type": "tool_result", "tool_use_id": id, "content": output, "is_error": false
            }]);
            let mut record = self.user(result);
            if let Some(fields) = record.as_object_mut() {
                let stdout = json!({"stdout": output, "stderr": "", "interrupted": false});
                fields.insert("toolUseResult".into(), stdout);
            }
            out.push(record);
        }
        let reply = self.prose(4);
        out.push(self.assistant(json!({"type": "text", "text": reply})));
        out
    }

    fn tool(&mut self) -> (&'static str, Value, String) {
        let path = self.cwd.join(self.random.pick(FILES)).display().to_string();
        match self.random.between(0, 10) {
            0..=3 => {
                let command = self.command();
                let lines = self.random.between(3, 40);
                (
                    "Bash",
                    json!({"command": command, "description": "Look"}),
                    self.output(lines),
                )
            }
            4..=6 => {
                let lines = self.random.between(40, 200);
                ("Read", json!({"file_path": path}), self.code(lines))
            }
            7..=8 => {
                let (old, new) = (self.code(6), self.code(8));
                (
                    "Edit",
                    json!({"file_path": path, "old_string": old, "new_string": new}),
                    format!("The file {path} has been updated."),
                )
            }
            9 => {
                let content = self.code(60);
                (
                    "Write",
                    json!({"file_path": path, "content": content}),
                    "File created".into(),
                )
            }
            _ => (
                "Grep",
                json!({"pattern": "fn [a-z]+", "path": self.cwd}),
                self.output(20),
            ),
        }
    }

    /// A command line; most of them differ in a name or a number, as they do in real sessions.
    fn command(&mut self) -> String {
        let (file, word) = (self.random.pick(FILES), self.random.pick(WORDS));
        let number = self.random.between(1, 400).to_string();
        let command = self.random.pick(COMMANDS);
        command
            .replace("FILE", file)
            .replace("WORD", word)
            .replace("NUM", &number)
    }

    fn user(&mut self, content: Value) -> Value {
        self.record("user", json!({"role": "user", "content": content}))
    }

    fn assistant(&mut self, block: Value) -> Value {
        let id = format!("msg_{:016x}", self.random.next());
        let usage = json!({
            "input_tokens": self.random.between(10, 4_000),
            "cache_read_input_tokens": self.random.between(1_000, 90_000),
            "output_tokens": self.random.between(20, 900),
        });
        self.record(
            "assistant",
            json!({
                "id": id, "type": "message", "role": "assistant", "model": "claude-opus-4-5",
                "content": [block], "stop_reason": "tool_use", "usage": usage,
            }),
        )
    }

    fn record(&mut self, kind: &str, message: Value) -> Value {
        let uuid = format!("{:016x}-{:08x}", self.random.next(), self.records);
        self.records += 1;
        self.second += self.random.between(1, 20);
        let (hour, minute, second) = (
            self.second / 3_600 % 24,
            self.second / 60 % 60,
            self.second % 60,
        );
        let day = self.second / 86_400 % 28 + 1;
        let value = json!({
            "parentUuid": self.parent, "isSidechain": false, "userType": "external",
            "cwd": self.cwd, "sessionId": self.id, "version": "2.1.329", "gitBranch": "main",
            "type": kind, "message": message, "uuid": uuid,
            "timestamp": format!("2026-10-{day:02}T{hour:02}:{minute:02}:{second:02}.000Z"),
        });
        self.parent = Some(uuid);
        value
    }

    fn prose(&mut self, sentences: u64) -> String {
        let mut text = String::new();
        for _ in 0..sentences {
            let (a, b) = (self.random.pick(TOPICS), self.random.pick(FILES));
            let _ = write!(text, "To {a} I changed `{b}` and looked at what calls it. ");
        }
        text
    }

    fn output(&mut self, lines: u64) -> String {
        let mut text = String::new();
        for _ in 0..lines {
            let (file, n) = (self.random.pick(FILES), self.random.between(1, 900));
            let _ = writeln!(
                text,
                "{file}:{n}: \"{}\" ok\t({n} ms)",
                self.random.pick(WORDS)
            );
        }
        text
    }

    fn code(&mut self, lines: u64) -> String {
        let mut text = String::new();
        for line in 0..lines {
            let (a, b) = (self.random.pick(WORDS), self.random.pick(WORDS));
            let _ = match self.random.between(0, 4) {
                0 => writeln!(text, "    let {a}_{line} = {b}(&self.{a}, \"{b}\\n\")?;"),
                1 => writeln!(text, "    // {a} {b}: see the notes on {a}"),
                2 => writeln!(
                    text,
                    "    if {a}.{b}() > {line} {{ return Err(\"{a}\".into()); }}"
                ),
                3 => writeln!(text),
                _ => writeln!(text, "    self.{a}.insert({line}, {b}.to_owned());"),
            };
        }
        text
    }
}

const TOPICS: &[&str] = &[
    "fix the parser for empty input",
    "add a test for the retry loop",
    "rename the cache and its callers",
    "find out why the build is slow",
    "update the documentation of the client",
    "handle time-outs in the upload",
];

const FILES: &[&str] = &[
    "src/main.rs",
    "src/parser/mod.rs",
    "src/client/http.rs",
    "tests/retry.rs",
    "docs/guide.md",
    "Cargo.toml",
    "src/cache.rs",
];

const COMMANDS: &[&str] = &[
    "cargo test --workspace WORD 2>&1 | tail -NUM",
    "git status --short && git diff --stat HEAD~NUM",
    "rg -n 'fn WORD' src | head -NUM",
    "ls -la src tests",
    "cd src && wc -l *.rs | sort -n",
    "cargo clippy --all-targets -- -D warnings",
    "sed -n 'NUM,+80p' FILE",
    "for f in src/*.rs; do echo \"$f\"; grep -c WORD \"$f\"; done",
    "python3 - <<'EOF'\nimport json\nprint(json.dumps({'WORD': NUM}))\nEOF",
    "git log --oneline -NUM -- FILE",
    "find . -name '*.rs' -newer FILE -exec wc -l {} +",
    "cat FILE | grep -A NUM WORD",
    "git commit -qm 'Handle WORD in FILE (NUM)' FILE",
];

const WORDS: &[&str] = &[
    "buffer", "cache", "client", "config", "cursor", "entry", "error", "field", "handle", "header",
    "index", "iter", "length", "limit", "line", "node", "offset", "parse", "path", "queue",
];

/// SplitMix64 (Steele, Lea and Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From `low` to `high`, both included.
    fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.next().is_multiple_of(n)
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        from.get((self.next() % from.len() as u64) as usize)
            .copied()
            .unwrap_or_default()
    }
}
