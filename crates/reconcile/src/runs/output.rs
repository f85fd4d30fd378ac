//! Reading the summary lines of test frameworks and build tools.

use std::borrow::Cow;
use std::sync::LazyLock;

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

/// The summary lines of test frameworks; the first group is the number.
const TESTS: &[(&str, Field, Take)] = &[
    // pytest: `== 1 failed, 2 passed, 1 error in 0.12s ==`
    (
        r"^[= ]*(?:\d+ [a-z]+, )*(\d+) passed\b.* in [\d.:]+ ?s",
        Passed,
        Last,
    ),
    (
        r"^[= ]*(?:\d+ [a-z]+, )*(\d+) failed\b.* in [\d.:]+ ?s",
        Failures,
        Last,
    ),
    (
        r"^[= ]*(?:\d+ [a-z]+, )*(\d+) errors?\b.* in [\d.:]+ ?s",
        Errors,
        Last,
    ),
    (
        r"^[= ]*(?:no tests ran|\d+ (?:skipped|deselected))(?:, \d+ [a-z]+)* in [\d.]+ ?s",
        Nothing,
        Last,
    ),
    (r"^collected 0 items", Nothing, Last),
    // unittest: `Ran 3 tests in 0.001s`, `FAILED (failures=1, errors=1)`
    (r"^Ran (\d+) tests? in ", Total, Last),
    (r"^FAILED \(.*\bfailures=(\d+)", Failures, Last),
    (r"^FAILED \(.*\berrors=(\d+)", Errors, Last),
    (r"^(?:OK|FAILED) \(.*\bskipped=(\d+)", Skipped, Last),
    (r"^NO TESTS RAN", Nothing, Last),
    // cargo test, one line for each target
    (r"^test result: \w+\. (\d+) passed", Passed, Sum),
    (
        r"^test result: \w+\. \d+ passed; (\d+) failed",
        Failures,
        Sum,
    ),
    // nextest: `Summary [ 0.1s] 3 tests run: 2 passed, 1 failed, 0 skipped`
    (r"tests? run: (\d+) passed", Passed, Last),
    (r"tests? run: .*\b(\d+) failed", Failures, Last),
    // go test
    (r"^--- PASS: ()", Passed, Sum),
    (r"^\s*--- FAIL: ()", Failures, Sum),
    (
        r"^ok\s+\S+\s+(?:[\d.]+s|\(cached\))(?:\s+coverage: .*)?$",
        Good,
        Last,
    ),
    (r"^FAIL\s+\S+\s+(?:[\d.]+s|\[)", Bad, Last),
    (r"\[no tests? (?:files|to run)\]", Nothing, Last),
    // jest and vitest: `Tests: 1 failed, 2 passed, 3 total`, `Tests  1 failed | 2 passed (3)`
    (r"^\s*Tests:?\s+(?:.*[ |,])?(\d+) passed", Passed, Last),
    (r"^\s*Tests:?\s+(?:.*[ |,])?(\d+) failed", Failures, Last),
    (
        r"^\s*Test (?:Suites|Files):?\s+(?:.*[ |,])?(\d+) failed",
        Errors,
        Last,
    ),
    (
        r"No tests? (?:files )?found|no test files found",
        Nothing,
        Last,
    ),
    // mocha, node --test, bun, deno
    (r"^\s*(\d+) passing\b", Passed, Last),
    (r"^\s*(\d+) failing\b", Failures, Last),
    (r"^(?:#|ℹ) pass (\d+)", Passed, Last),
    (r"^(?:#|ℹ) fail (\d+)", Failures, Last),
    (r"^\s*(\d+) pass$", Passed, Last),
    (r"^\s*(\d+) fail$", Failures, Last),
    (r"^(?:ok|FAILED) \| (\d+) passed", Passed, Last),
    (r"^(?:ok|FAILED) \| .*\b(\d+) failed", Failures, Last),
    // Maven: one line for each class, then one for all (without a time)
    (
        r"Tests run: (\d+), Failures: \d+, Errors: \d+(?:, Skipped: \d+)?\s*$",
        Total,
        Last,
    ),
    (
        r"Tests run: \d+, Failures: (\d+), Errors: \d+(?:, Skipped: \d+)?\s*$",
        Failures,
        Last,
    ),
    (
        r"Tests run: \d+, Failures: \d+, Errors: (\d+)(?:, Skipped: \d+)?\s*$",
        Errors,
        Last,
    ),
    // Gradle
    (r"^(\d+) tests? completed", Total, Last),
    (r"^\d+ tests? completed, (\d+) failed", Failures, Last),
    // dotnet: `Passed! - Failed: 0, Passed: 5, Skipped: 0, Total: 5`
    (r"^\s*(?:Passed|Failed)! +- .*\bPassed: +(\d+)", Passed, Sum),
    (r"^\s*(?:Passed|Failed)! +- Failed: +(\d+)", Failures, Sum),
    (r"^Test summary: .*\bfailed: (\d+)", Failures, Last),
    (r"^Test summary: .*\bsucceeded: (\d+)", Passed, Last),
    // rspec, ExUnit, bats, minitest: `5 examples, 1 failure`, `5 runs, 9 assertions, 1 failures`
    (
        r"^\s*(\d+) (?:examples?|tests?|specs?|runs|scenarios?), ",
        Total,
        Last,
    ),
    (
        r"^\s*\d+ (?:examples?|tests?|specs?|runs|scenarios?), (?:.*, )?(\d+) failures?\b",
        Failures,
        Last,
    ),
    (
        r"^\s*\d+ (?:examples?|tests?|specs?|runs|scenarios?), .*\b(\d+) errors?\b",
        Errors,
        Last,
    ),
    // PHPUnit
    (r"^OK \((\d+) tests?,", Total, Last),
    (r"^Tests: (\d+), Assertions:", Total, Last),
    (r"^Tests: \d+, .*\bFailures: (\d+)", Failures, Last),
    (r"^Tests: \d+, .*\bErrors: (\d+)", Errors, Last),
    (r"^No tests executed!", Nothing, Last),
    // ctest, bazel, XCTest, TAP
    (r"tests passed, \d+ tests? failed out of (\d+)", Total, Last),
    (
        r"tests passed, (\d+) tests? failed out of \d+",
        Failures,
        Last,
    ),
    (r"^No tests were found", Nothing, Last),
    (
        r"^Executed \d+ out of \d+ tests?: (\d+) tests? pass",
        Passed,
        Last,
    ),
    (
        r"^Executed \d+ out of \d+ tests?: .*\b(\d+) fails? ",
        Failures,
        Last,
    ),
    (r"Executed (\d+) tests?, with", Total, Last),
    (r"Executed \d+ tests?, with (\d+) failures?", Failures, Last),
    (r"^Files=\d+, Tests=(\d+)", Total, Last),
    (
        r"^Failed (\d+)/\d+ (?:subtests|test programs)",
        Failures,
        Last,
    ),
    // In words
    (
        r"^(?:OK|PASS|All tests passed[!.]?|All tests successful\.|Result: PASS)\s*$",
        Good,
        Last,
    ),
    (
        r"^\s*congratulations :\)|^Session \S+ was successful",
        Good,
        Last,
    ),
    (
        r"^(?:FAILED|FAIL|FAILURES!|Result: FAIL|Some tests failed\.)\s*$",
        Bad,
        Last,
    ),
    (
        r"^error: (?:test failed|\d+ targets? failed)|Test failed\. See above|^not ok \d",
        Bad,
        Last,
    ),
];

/// What builds, linters and all else say in words.
const MARKS: &[(&str, Field, Take)] = &[
    (
        r"BUILD SUCCESS(?:FUL)?\b|^Build succeeded|^Success: no issues found|^All checks passed",
        Good,
        Last,
    ),
    (
        r"^\s+Finished .*(?:dev|test|release|debug).* in |[Cc]ompiled successfully|Found 0 errors",
        Good,
        Last,
    ),
    (
        r"BUILD FAIL(?:ED|URE)\b|^Build FAILED|^FAILED: |ninja: build stopped",
        Bad,
        Last,
    ),
    (
        r"^error(?:\[E\d+\])?: |^ERROR: |\berror TS\d+:|: (?:fatal )?error: |^\S+: error:",
        Bad,
        Last,
    ),
    (
        r"make(?:\[\d+\])?: \*\*\* |npm (?:ERR!|error) |ELIFECYCLE|collect2: error",
        Bad,
        Last,
    ),
    (
        r"^Found [1-9]\d* errors?\b|✖ [1-9]\d* problems?|^Traceback \(most recent call last\)",
        Bad,
        Last,
    ),
    (r"^make(?:\[\d+\])?: Nothing to be done for", Nothing, Last),
    // The program itself is not there.
    (
        r"command not found\s*$|: not found\s*$|^\S*python\S*: No module named ",
        Nothing,
        Last,
    ),
    (
        r"is not recognized as an internal or external command|Missing script: |^no such command: ",
        Nothing,
        Last,
    ),
    (
        r"^make(?:\[\d+\])?: \*\*\* No rule to make target",
        Nothing,
        Last,
    ),
];

type Table = Vec<(Regex, Field, Take)>;

static TEST_TABLE: LazyLock<Table> = LazyLock::new(|| compile(TESTS));
static MARK_TABLE: LazyLock<Table> = LazyLock::new(|| compile(MARKS));

/// A pattern that does not compile is left out; a test checks that there is none.
fn compile(patterns: &[(&str, Field, Take)]) -> Table {
    patterns
        .iter()
        .filter_map(|(pattern, field, take)| {
            Some((Regex::new(&format!("(?m){pattern}")).ok()?, *field, *take))
        })
        .collect()
}

/// Reads the output of a test run.
pub(super) fn tests(text: &str) -> Reading {
    let text = window(text);
    let mut reading = Reading::default();
    apply(&TEST_TABLE, &text, &mut reading);
    apply(&MARK_TABLE, &text, &mut reading);
    reading
}

/// Reads the output of a build or a check.
pub(super) fn marks(text: &str) -> Reading {
    let mut reading = Reading::default();
    apply(&MARK_TABLE, &window(text), &mut reading);
    reading
}

fn apply(table: &Table, text: &str, reading: &mut Reading) {
    for (pattern, field, take) in table {
        let mut sum: Option<u64> = None;
        for found in pattern.captures_iter(text) {
            // An empty group stands for one: the line itself is the count.
            let number = match found.get(1).map(|m| m.as_str()) {
                Some("") => 1,
                Some(digits) => digits.parse().unwrap_or(u64::MAX),
                None => 0,
            };
            sum = Some(match take {
                Last => number,
                Sum => sum.unwrap_or_default().saturating_add(number),
            });
        }
        if let Some(number) = sum {
            reading.take(*field, number);
        }
    }
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
pub(super) fn patterns() -> (usize, usize) {
    (
        TESTS.len() + MARKS.len(),
        TEST_TABLE.len() + MARK_TABLE.len(),
    )
}
