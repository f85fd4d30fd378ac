//! Reading the summary lines of test frameworks and build tools.

use std::borrow::Cow;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::Regex;

/// Bytes looked at of an output's beginning.
const HEAD: usize = 8 * 1024;
/// Bytes looked at of an output's end, where the summaries stand.
const TAIL: usize = 64 * 1024;

/// What an output says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    passed: Option<u64>,
    failures: Option<u64>,
    errors: Option<u64>,
    skipped: Option<u64>,
    total: Option<u64>,
    /// It says that there was nothing to run.
    none: bool,
    /// It says in words that all is well.
    ok: bool,
    /// It says in words that something is wrong.
    pub(super) bad: bool,
}

impl Reading {
    /// How many passed.
    pub(super) fn passed(&self) -> Option<u64> {
        self.passed.or_else(|| {
            let gone = self.failed().unwrap_or_default() + self.skipped.unwrap_or_default();
            Some(self.total?.saturating_sub(gone))
        })
    }

    /// How many failed or broke.
    pub(super) fn failed(&self) -> Option<u64> {
        match (self.failures, self.errors) {
            (None, None) => (self.passed.is_some() || self.total.is_some()).then_some(0),
            (failures, errors) => Some(
                failures
                    .unwrap_or_default()
                    .saturating_add(errors.unwrap_or_default()),
            ),
        }
    }

    /// Whether nothing was run.
    pub(super) fn nothing(&self) -> bool {
        match self.passed() {
            Some(passed) => passed == 0 && self.failed() == Some(0),
            None => self.none && !self.ok && self.failed().unwrap_or_default() == 0,
        }
    }

    /// Whether the output alone says that it went well.
    pub(super) fn good(&self) -> bool {
        self.ok || self.passed().is_some_and(|passed| passed > 0)
    }

    fn take(&mut self, field: Field, number: u64) {
        let slot = match field {
            Field::Passed => &mut self.passed,
            Field::Failures => &mut self.failures,
            Field::Errors => &mut self.errors,
            Field::Skipped => &mut self.skipped,
            Field::Total => &mut self.total,
            Field::Nothing => return self.none = true,
            Field::Ok => return self.ok = true,
            Field::Bad => return self.bad = true,
        };
        // Two frameworks' patterns may read the same line; the larger one read it whole.
        *slot = Some(slot.unwrap_or_default().max(number));
    }
}

/// What a pattern's number (or its mere match) means.
#[derive(Clone, Copy)]
enum Field {
    Passed,
    Failures,
    Errors,
    Skipped,
    Total,
    Nothing,
    Ok,
    Bad,
}

/// Which matches of a pattern count.
#[derive(Clone, Copy)]
enum Take {
    /// The last one: a summary of everything.
    Last,
    /// All of them together: one for each package or target.
    Sum,
}

use Field::{Bad, Errors, Failures, Nothing, Ok as Good, Passed, Skipped, Total};
use Take::{Last, Sum};

/// The summary lines of test frameworks: the words of which a line must hold one, the pattern with
/// the number as its first group, and what the number means.
const TESTS: &[Row] = &[
    // pytest: `== 1 failed, 2 passed, 1 error in 0.12s ==`
    (
        &["passed"],
        r"^[= ]*(?:\d+ [a-z]+, )*(\d+) passed\b.* in [\d.:]+ ?s",
        Passed,
        Last,
    ),
    (
        &["failed"],
        r"^[= ]*(?:\d+ [a-z]+, )*(\d+) failed\b.* in [\d.:]+ ?s",
        Failures,
        Last,
    ),
    (
        &[" error"],
        r"^[= ]*(?:\d+ [a-z]+, )*(\d+) errors?\b.* in [\d.:]+ ?s",
        Errors,
        Last,
    ),
    (
        &["no tests ran", "skipped", "deselected"],
        r"^[= ]*(?:no tests ran|\d+ (?:skipped|deselected))(?:, \d+ [a-z]+)* in [\d.]+ ?s",
        Nothing,
        Last,
    ),
    (&["collected 0"], r"^collected 0 items", Nothing, Last),
    // unittest: `Ran 3 tests in 0.001s`, `FAILED (failures=1, errors=1)`
    (&["Ran "], r"^Ran (\d+) tests? in ", Total, Last),
    (
        &["failures="],
        r"^FAILED \(.*\bfailures=(\d+)",
        Failures,
        Last,
    ),
    (&["errors="], r"^FAILED \(.*\berrors=(\d+)", Errors, Last),
    (
        &["skipped="],
        r"^(?:OK|FAILED) \(.*\bskipped=(\d+)",
        Skipped,
        Last,
    ),
    (&["NO TESTS RAN"], r"^NO TESTS RAN", Nothing, Last),
    // cargo test, one line for each target
    (
        &["test result: "],
        r"^test result: \w+\. (\d+) passed",
        Passed,
        Sum,
    ),
    (
        &["test result: "],
        r"^test result: \w+\. \d+ passed; (\d+) failed",
        Failures,
        Sum,
    ),
    // nextest: `Summary [ 0.1s] 3 tests run: 2 passed, 1 failed, 0 skipped`
    (&["run: "], r"tests? run: (\d+) passed", Passed, Last),
    (&["run: "], r"tests? run: .*\b(\d+) failed", Failures, Last),
    // go test
    (&["--- PASS: "], r"^--- PASS: ()", Passed, Sum),
    (&["--- FAIL: "], r"^\s*--- FAIL: ()", Failures, Sum),
    (
        &["ok  "],
        r"^ok\s+\S+\s+(?:[\d.]+s|\(cached\))(?:\s+coverage: .*)?$",
        Good,
        Last,
    ),
    (&["FAIL"], r"^FAIL\s+\S+\s+(?:[\d.]+s|\[)", Bad, Last),
    (
        &["[no test"],
        r"\[no tests? (?:files|to run)\]",
        Nothing,
        Last,
    ),
    // jest and vitest: `Tests: 1 failed, 2 passed, 3 total`, `Tests  1 failed | 2 passed (3)`
    (
        &["passed"],
        r"^\s*Tests:?\s+(?:.*[ |,])?(\d+) passed",
        Passed,
        Last,
    ),
    (
        &["failed"],
        r"^\s*Tests:?\s+(?:.*[ |,])?(\d+) failed",
        Failures,
        Last,
    ),
    (
        &["failed"],
        r"^\s*Test (?:Suites|Files):?\s+(?:.*[ |,])?(\d+) failed",
        Errors,
        Last,
    ),
    (
        &["o test"],
        r"No tests? (?:files )?found|no test files found",
        Nothing,
        Last,
    ),
    // mocha, node --test, bun, deno
    (&["passing"], r"^\s*(\d+) passing\b", Passed, Last),
    (&["failing"], r"^\s*(\d+) failing\b", Failures, Last),
    (&[" pass"], r"^(?:#|ℹ) pass (\d+)", Passed, Last),
    (&[" fail"], r"^(?:#|ℹ) fail (\d+)", Failures, Last),
    (&[" pass"], r"^\s*(\d+) pass$", Passed, Last),
    (&[" fail"], r"^\s*(\d+) fail$", Failures, Last),
    (&[" | "], r"^(?:ok|FAILED) \| (\d+) passed", Passed, Last),
    (
        &[" | "],
        r"^(?:ok|FAILED) \| .*\b(\d+) failed",
        Failures,
        Last,
    ),
    // Maven: one line for each class, then one for all (without a time)
    (
        &["Tests run: "],
        r"Tests run: (\d+), Failures: \d+, Errors: \d+(?:, Skipped: \d+)?\s*$",
        Total,
        Last,
    ),
    (
        &["Tests run: "],
        r"Tests run: \d+, Failures: (\d+), Errors: \d+(?:, Skipped: \d+)?\s*$",
        Failures,
        Last,
    ),
    (
        &["Tests run: "],
        r"Tests run: \d+, Failures: \d+, Errors: (\d+)(?:, Skipped: \d+)?\s*$",
        Errors,
        Last,
    ),
    // Gradle
    (&["completed"], r"^(\d+) tests? completed", Total, Last),
    (
        &["completed"],
        r"^\d+ tests? completed, (\d+) failed",
        Failures,
        Last,
    ),
    // dotnet: `Passed! - Failed: 0, Passed: 5, Skipped: 0, Total: 5`
    (
        &["Passed: "],
        r"^\s*(?:Passed|Failed)! +- .*\bPassed: +(\d+)",
        Passed,
        Sum,
    ),
    (
        &["Failed: "],
        r"^\s*(?:Passed|Failed)! +- Failed: +(\d+)",
        Failures,
        Sum,
    ),
    (
        &["Test summary: "],
        r"^Test summary: .*\bfailed: (\d+)",
        Failures,
        Last,
    ),
    (
        &["Test summary: "],
        r"^Test summary: .*\bsucceeded: (\d+)",
        Passed,
        Last,
    ),
    // rspec, ExUnit, bats, minitest: `5 examples, 1 failure`, `5 runs, 9 assertions, 1 failures`
    (
        &[" failure"],
        r"^\s*(\d+) (?:examples?|tests?|specs?|runs|scenarios?), .*\d+ failures?\b",
        Total,
        Last,
    ),
    (
        &[" failure"],
        r"^\s*\d+ (?:examples?|tests?|specs?|runs|scenarios?), (?:.*, )?(\d+) failures?\b",
        Failures,
        Last,
    ),
    (
        &[" failure"],
        r"^\s*\d+ (?:examples?|tests?|specs?|runs|scenarios?), .*\b(\d+) errors?\b",
        Errors,
        Last,
    ),
    // PHPUnit
    (&["OK ("], r"^OK \((\d+) tests?,", Total, Last),
    (
        &["Assertions: "],
        r"^Tests: (\d+), Assertions:",
        Total,
        Last,
    ),
    (
        &["Assertions: "],
        r"^Tests: \d+, .*\bFailures: (\d+)",
        Failures,
        Last,
    ),
    (
        &["Assertions: "],
        r"^Tests: \d+, .*\bErrors: (\d+)",
        Errors,
        Last,
    ),
    (
        &["No tests executed!"],
        r"^No tests executed!",
        Nothing,
        Last,
    ),
    // ctest, bazel, XCTest, TAP
    (
        &["failed out of"],
        r"tests passed, \d+ tests? failed out of (\d+)",
        Total,
        Last,
    ),
    (
        &["failed out of"],
        r"tests passed, (\d+) tests? failed out of \d+",
        Failures,
        Last,
    ),
    (
        &["No tests were found"],
        r"^No tests were found",
        Nothing,
        Last,
    ),
    (
        &["Executed "],
        r"^Executed \d+ out of \d+ tests?: (\d+) tests? pass",
        Passed,
        Last,
    ),
    (
        &["Executed "],
        r"^Executed \d+ out of \d+ tests?: .*\b(\d+) fails? ",
        Failures,
        Last,
    ),
    (&["Executed "], r"Executed (\d+) tests?, with", Total, Last),
    (
        &["Executed "],
        r"Executed \d+ tests?, with (\d+) failures?",
        Failures,
        Last,
    ),
    (&["Tests="], r"^Files=\d+, Tests=(\d+)", Total, Last),
    (
        &["Failed "],
        r"^Failed (\d+)/\d+ (?:subtests|test programs)",
        Failures,
        Last,
    ),
    // In words
    (
        &["OK", "PASS", "All tests "],
        r"^(?:OK|PASS|All tests passed[!.]?|All tests successful\.|Result: PASS)\s*$",
        Good,
        Last,
    ),
    (
        &["congratulations", "was successful"],
        r"^\s*congratulations :\)|^.*Session \S+ was successful",
        Good,
        Last,
    ),
    (
        &["FAIL", "Some tests failed"],
        r"^(?:FAILED|FAIL|FAILURES!|Result: FAIL|Some tests failed\.)\s*$",
        Bad,
        Last,
    ),
    (
        &["failed", "not ok "],
        r"^error: (?:test failed|\d+ targets? failed)|Test failed\. See above|^not ok \d",
        Bad,
        Last,
    ),
];

/// What builds, linters and all else say in words.
const MARKS: &[Row] = &[
    (
        &[
            "BUILD SUCCESS",
            "Build succeeded",
            "no issues found",
            "All checks passed",
        ],
        r"BUILD SUCCESS(?:FUL)?\b|^Build succeeded|^Success: no issues found|^All checks passed",
        Good,
        Last,
    ),
    (
        &["Finished ", "ompiled successfully", "Found 0 errors"],
        r"^\s+Finished .*(?:dev|test|release|debug).* in |[Cc]ompiled successfully|Found 0 errors",
        Good,
        Last,
    ),
    (
        &["BUILD FAIL", "Build FAILED", "FAILED: ", "build stopped"],
        r"BUILD FAIL(?:ED|URE)\b|^Build FAILED|^FAILED: |ninja: build stopped",
        Bad,
        Last,
    ),
    (
        &["error", "ERROR: "],
        r"^error(?:\[E\d+\])?: |^ERROR: |\berror TS\d+:|: (?:fatal )?error: |^\S+: error:",
        Bad,
        Last,
    ),
    (
        &["*** ", "npm ERR!", "npm error", "ELIFECYCLE", "collect2"],
        r"make(?:\[\d+\])?: \*\*\* |npm (?:ERR!|error) |ELIFECYCLE|collect2: error",
        Bad,
        Last,
    ),
    (
        &["Found ", "problem", "Traceback"],
        r"^Found [1-9]\d* errors?\b|✖ [1-9]\d* problems?|^Traceback \(most recent call last\)",
        Bad,
        Last,
    ),
    (
        &["Nothing to be done"],
        r"^make(?:\[\d+\])?: Nothing to be done for",
        Nothing,
        Last,
    ),
    // The program itself is not there.
    (
        &["not found", "No module named"],
        r"command not found\s*$|: not found\s*$|^\S*python\S*: No module named ",
        Nothing,
        Last,
    ),
    (
        &["is not recognized", "Missing script", "no such command"],
        r"is not recognized as an internal or external command|Missing script: |no such command: ",
        Nothing,
        Last,
    ),
    (
        &["No rule to make"],
        r"^make(?:\[\d+\])?: \*\*\* No rule to make target",
        Nothing,
        Last,
    ),
];

/// Words, pattern, meaning, and which matches count.
type Row = (&'static [&'static str], &'static str, Field, Take);

/// Rows made ready: only the lines that hold a row's word are shown to its pattern, so that a
/// long output costs one quick search for all words.
struct Table {
    words: Option<AhoCorasick>,
    /// For each word, the number of its row.
    rows_of: Vec<usize>,
    rows: Vec<(Option<Regex>, Field, Take)>,
}

static TEST_TABLE: LazyLock<Table> = LazyLock::new(|| Table::new(TESTS));
static MARK_TABLE: LazyLock<Table> = LazyLock::new(|| Table::new(MARKS));

impl Table {
    fn new(rows: &[Row]) -> Self {
        let of = |(row, (words, ..)): (usize, &Row)| words.iter().map(move |word| (row, *word));
        let words: Vec<(usize, &str)> = rows.iter().enumerate().flat_map(of).collect();
        let patterns = rows.iter().map(|(_, pattern, field, take)| {
            (Regex::new(&format!("(?m){pattern}")).ok(), *field, *take)
        });
        Self {
            words: AhoCorasick::new(words.iter().map(|(_, word)| word)).ok(),
            rows_of: words.into_iter().map(|(row, _)| row).collect(),
            rows: patterns.collect(),
        }
    }

    /// Applies all rows to a text.
    fn read(&self, text: &str, reading: &mut Reading) {
        let Some(words) = &self.words else {
            return;
        };
        // The lines to look at, and the rows whose words they hold.
        let mut lines = String::new();
        let mut wanted = vec![false; self.rows.len()];
        let mut end = 0;
        for word in words.find_overlapping_iter(text) {
            if let Some(wanted) = self
                .rows_of
                .get(word.pattern().as_usize())
                .and_then(|row| wanted.get_mut(*row))
            {
                *wanted = true;
            }
            if word.start() < end {
                continue;
            }
            let start = text
                .get(..word.start())
                .and_then(|t| t.rfind('\n'))
                .map_or(0, |i| i + 1);
            let rest = text.get(word.end()..).unwrap_or_default();
            end = rest.find('\n').map_or(text.len(), |i| word.end() + i);
            lines.push_str(text.get(start..end).unwrap_or_default());
            lines.push('\n');
        }
        for ((pattern, field, take), _) in self.rows.iter().zip(wanted).filter(|(_, w)| *w) {
            if let Some(number) = pattern.as_ref().and_then(|p| number(p, *take, &lines)) {
                reading.take(*field, number);
            }
        }
    }
}

/// The number that a pattern finds; an empty group counts lines, no group is a mere match.
fn number(pattern: &Regex, take: Take, lines: &str) -> Option<u64> {
    let numbers = pattern
        .captures_iter(lines)
        .map(|found| match found.get(1) {
            Some(group) if group.is_empty() => 1,
            Some(digits) => digits.as_str().parse().unwrap_or(u64::MAX),
            None => 0,
        });
    match take {
        Last => numbers.last(),
        Sum => numbers.reduce(u64::saturating_add),
    }
}

/// Reads the output of a test run.
pub(super) fn tests(text: &str) -> Reading {
    let text = window(text);
    let mut reading = Reading::default();
    TEST_TABLE.read(&text, &mut reading);
    MARK_TABLE.read(&text, &mut reading);
    reading
}

/// Reads the output of a build or a check.
pub(super) fn marks(text: &str) -> Reading {
    let mut reading = Reading::default();
    MARK_TABLE.read(&window(text), &mut reading);
    reading
}

/// The beginning and the end of the text, without colours and carriage returns.
fn window(text: &str) -> Cow<'_, str> {
    let text = if text.len() <= HEAD + TAIL {
        Cow::Borrowed(text)
    } else {
        let head = text
            .get(..text.floor_char_boundary(HEAD))
            .unwrap_or_default();
        let tail = text
            .get(text.ceil_char_boundary(text.len() - TAIL)..)
            .unwrap_or_default();
        Cow::Owned(format!("{head}\n{tail}"))
    };
    if text.contains(['\u{1b}', '\r']) {
        static COLOUR: LazyLock<Option<Regex>> =
            LazyLock::new(|| Regex::new(r"\x1b\[[0-9;?]*[A-Za-z]|\r").ok());
        if let Some(colour) = &*COLOUR {
            return Cow::Owned(colour.replace_all(&text, "").into_owned());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_compiles() {
        for table in [&TEST_TABLE, &MARK_TABLE] {
            assert!(table.words.is_some());
            assert!(table.rows.iter().all(|(pattern, ..)| pattern.is_some()));
        }
    }

    #[test]
    fn a_long_output_is_read_at_its_end() {
        let noise = "compiling the 7 dwarfs\n".repeat(100_000);
        let reading = tests(&format!("{noise}== 3 passed in 0.1s ==\n"));
        assert_eq!(reading.passed(), Some(3));
    }
}
