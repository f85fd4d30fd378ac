use super::*;
use crate::testing::{place, ran, shell};

fn run(command: &str, output: &str, exit: Option<i32>) -> Option<Run> {
    let act = ran(command, output, exit);
    let mut found = runs(&act, &shell(command), None, 0, &place(0)).into_iter();
    let first = found.next();
    assert!(found.next().is_none(), "{command}");
    first
}

fn kind_of(command: &str) -> Option<(RunKind, bool)> {
    run(command, "", None).map(|run| (run.kind, run.partial))
}

#[test]
fn recognises_runs() {
    use RunKind::{Build, Lint, Test};
    for (command, expected) in [
        ("pytest", Some((Test, false))),
        ("pytest -x -q tests/", Some((Test, false))),
        ("pytest tests/test_a.py::test_b", Some((Test, true))),
        ("python3 -m pytest -k foo", Some((Test, true))),
        ("python -m unittest discover", Some((Test, false))),
        ("python manage.py test app", Some((Test, true))),
        ("python test_calc.py", Some((Test, true))),
        ("uv run pytest", Some((Test, false))),
        ("coverage run -m pytest", Some((Test, false))),
        ("cargo test", Some((Test, false))),
        ("cargo test -p model", Some((Test, true))),
        ("cargo +nightly nextest run", Some((Test, false))),
        ("cargo test --no-run", Some((Build, false))),
        ("cargo clippy --all-targets", Some((Lint, false))),
        ("cargo fmt", None),
        ("go test ./...", Some((Test, false))),
        ("go test ./pkg/a -run TestX", Some((Test, true))),
        ("go vet ./...", Some((Lint, false))),
        ("npm test", Some((Test, false))),
        ("npm run test:unit", Some((Test, false))),
        ("npm run build", Some((Build, false))),
        ("npm run lint", Some((Lint, false))),
        ("npm install jest", None),
        ("yarn jest src/a.test.ts", Some((Test, true))),
        ("npx vitest run", Some((Test, false))),
        ("npx tsc --noEmit", Some((Lint, false))),
        ("pnpm run typecheck", Some((Lint, false))),
        ("bun test", Some((Test, false))),
        ("make", Some((Build, false))),
        ("make -j4", Some((Build, false))),
        ("make -C sub test", Some((Test, false))),
        ("make check", Some((Test, false))),
        ("make -n test", None),
        ("make clean", None),
        ("./gradlew test --tests Foo", Some((Test, true))),
        ("mvn -q clean verify", Some((Test, false))),
        ("mvn package", Some((Build, false))),
        ("dotnet test", Some((Test, false))),
        ("bundle exec rspec spec/a_spec.rb", Some((Test, true))),
        ("vendor/bin/phpunit", Some((Test, false))),
        ("ctest --output-on-failure", Some((Test, false))),
        ("cmake --build build", Some((Build, false))),
        ("bazel test //...", Some((Test, false))),
        ("tox -e py312", Some((Test, false))),
        ("ruff check .", Some((Lint, false))),
        ("mypy src", Some((Lint, false))),
        ("bash scripts/run_tests.sh", Some((Test, false))),
        ("./test.sh", Some((Test, true))),
        ("gcc -o a a.c", Some((Build, true))),
        ("cat test_a.py", None),
        ("pytest --version", None),
        ("grep -rn test src", None),
        ("test -f a", None),
        ("git checkout test", None),
        ("ls tests/", None),
        ("vim build.rs", None),
    ] {
        assert_eq!(kind_of(command), expected, "{command}");
    }
}

#[test]
fn reads_the_summaries_of_frameworks() {
    for (command, output, exit, passed, failed, outcome) in [
        (
            "pytest",
            "==== 3 passed, 1 warning in 0.12s ====",
            Some(0),
            Some(3),
            Some(0),
            RunOutcome::Passed,
        ),
        (
            "pytest",
            "==== 1 failed, 2 passed in 1.2s ====",
            Some(1),
            Some(2),
            Some(1),
            RunOutcome::Failed,
        ),
        (
            "pytest -q",
            "1 failed, 1 error in 0.05s",
            None,
            None,
            Some(2),
            RunOutcome::Failed,
        ),
        (
            "pytest",
            "=== no tests ran in 0.00s ===",
            Some(5),
            None,
            None,
            RunOutcome::NothingRan,
        ),
        (
            "pytest",
            "collected 4 items\n=== 4 skipped in 0.01s ===",
            Some(0),
            None,
            None,
            RunOutcome::NothingRan,
        ),
        (
            "pytest",
            "bash: pytest: command not found",
            Some(127),
            None,
            None,
            RunOutcome::NothingRan,
        ),
        (
            "python -m pytest",
            "/usr/bin/python: No module named pytest",
            Some(1),
            None,
            None,
            RunOutcome::NothingRan,
        ),
        (
            "python -m unittest",
            "Ran 5 tests in 0.001s\n\nOK",
            Some(0),
            Some(5),
            Some(0),
            RunOutcome::Passed,
        ),
        (
            "python -m unittest",
            "Ran 5 tests in 0.001s\n\nFAILED (failures=1, errors=2)",
            Some(1),
            Some(2),
            Some(3),
            RunOutcome::Failed,
        ),
        (
            "cargo test",
            "test result: ok. 3 passed; 0 failed; 0 ignored\ntest result: ok. 4 passed; 0 failed; 0 ignored",
            Some(0),
            Some(7),
            Some(0),
            RunOutcome::Passed,
        ),
        (
            "cargo test",
            "test result: FAILED. 3 passed; 2 failed; 0 ignored",
            Some(101),
            Some(3),
            Some(2),
            RunOutcome::Failed,
        ),
        (
            "cargo test",
            "test result: ok. 0 passed; 0 failed; 0 ignored",
            Some(0),
            Some(0),
            Some(0),
            RunOutcome::NothingRan,
        ),
        (
            "cargo test",
            "error[E0308]: mismatched types\nerror: could not compile `x`",
            None,
            None,
            None,
            RunOutcome::Failed,
        ),
        (
            "cargo nextest run",
            "     Summary [   0.1s] 10 tests run: 9 passed, 1 failed, 0 skipped",
            Some(100),
            Some(9),
            Some(1),
            RunOutcome::Failed,
        ),
        (
            "go test ./...",
            "ok  \texample.org/a\t0.01s\n?   \texample.org/b\t[no test files]",
            None,
            None,
            None,
            RunOutcome::Passed,
        ),
        (
            "go test ./...",
            "--- FAIL: TestX (0.00s)\nFAIL\texample.org/a\t0.01s\nFAIL",
            None,
            None,
            Some(1),
            RunOutcome::Failed,
        ),
        (
            "npx jest",
            "Test Suites: 1 failed, 1 total\nTests:       1 failed, 2 passed, 3 total",
            Some(1),
            Some(2),
            Some(2),
            RunOutcome::Failed,
        ),
        (
            "npx vitest run",
            " Test Files  1 passed (1)\n      Tests  5 passed (5)",
            Some(0),
            Some(5),
            Some(0),
            RunOutcome::Passed,
        ),
        (
            "npx mocha",
            "  5 passing (10ms)\n  1 failing",
            Some(1),
            Some(5),
            Some(1),
            RunOutcome::Failed,
        ),
        (
            "mvn test",
            "[INFO] Tests run: 2, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 1 s\n[INFO] Tests run: 5, Failures: 0, Errors: 1, Skipped: 0\n[INFO] BUILD FAILURE",
            Some(1),
            Some(4),
            Some(1),
            RunOutcome::Failed,
        ),
        (
            "dotnet test",
            "Passed!  - Failed:     0, Passed:     5, Skipped:     0, Total:     5",
            None,
            Some(5),
            Some(0),
            RunOutcome::Passed,
        ),
        (
            "rspec",
            "5 examples, 1 failure",
            None,
            Some(4),
            Some(1),
            RunOutcome::Failed,
        ),
        (
            "rspec",
            "0 examples, 0 failures",
            None,
            Some(0),
            Some(0),
            RunOutcome::NothingRan,
        ),
        (
            "phpunit",
            "OK (5 tests, 10 assertions)",
            None,
            Some(5),
            Some(0),
            RunOutcome::Passed,
        ),
        (
            "ctest",
            "100% tests passed, 0 tests failed out of 5",
            None,
            Some(5),
            Some(0),
            RunOutcome::Passed,
        ),
        (
            "node --test",
            "# pass 5\n# fail 0",
            None,
            Some(5),
            Some(0),
            RunOutcome::Passed,
        ),
        (
            "pytest",
            "\u{1b}[32m\u{1b}[1m3 passed\u{1b}[0m in 0.1s",
            None,
            Some(3),
            Some(0),
            RunOutcome::Passed,
        ),
        (
            "pytest",
            "collecting ...",
            Some(124),
            None,
            None,
            RunOutcome::Unknown,
        ),
        (
            "make",
            "a.c:1:1: error: expected",
            None,
            None,
            None,
            RunOutcome::Failed,
        ),
        (
            "cargo build",
            "    Finished `dev` profile [unoptimized] target(s) in 0.1s",
            None,
            None,
            None,
            RunOutcome::Passed,
        ),
        (
            "mypy src",
            "Found 3 errors in 1 file (checked 2 source files)",
            Some(1),
            None,
            None,
            RunOutcome::Failed,
        ),
        (
            "make test",
            "make: Nothing to be done for 'test'.",
            Some(0),
            None,
            None,
            RunOutcome::NothingRan,
        ),
    ] {
        let run = run(command, output, exit).unwrap();
        let found = (run.passed, run.failed, run.outcome);
        assert_eq!(found, (passed, failed, outcome), "{command}: {output}");
    }
}

#[test]
fn a_hidden_status_is_not_taken_for_success() {
    for (command, output, exit, outcome, hidden) in [
        ("pytest | tail -3", "", Some(0), RunOutcome::Unknown, true),
        ("pytest || true", "", Some(0), RunOutcome::Unknown, true),
        ("pytest; ls", "a.py", Some(0), RunOutcome::Unknown, true),
        (
            "pytest | tail -3",
            "== 2 passed in 0.1s ==",
            Some(0),
            RunOutcome::Passed,
            true,
        ),
        (
            "pytest | tail -3",
            "== 2 failed in 0.1s ==",
            Some(0),
            RunOutcome::Failed,
            true,
        ),
        (
            "set -o pipefail; pytest | tail -3",
            "",
            Some(0),
            RunOutcome::Passed,
            false,
        ),
        ("pytest && ls", "a.py", Some(0), RunOutcome::Passed, false),
        (
            "python -c 'import os; os.system(\"pytest\")'",
            "",
            Some(0),
            RunOutcome::Unknown,
            true,
        ),
        ("cd a && pytest", "", Some(1), RunOutcome::Unknown, false),
        ("pytest || exit 1", "", Some(1), RunOutcome::Failed, false),
        (
            "pytest; echo \"exit: $?\"",
            "exit: 1",
            Some(0),
            RunOutcome::Failed,
            false,
        ),
        (
            "pytest > log; echo EXIT=$?",
            "EXIT=0",
            Some(0),
            RunOutcome::Passed,
            false,
        ),
        ("pytest & ", "", Some(0), RunOutcome::Unknown, false),
    ] {
        let run = run(command, output, exit).unwrap();
        assert_eq!(
            (run.outcome, run.status_hidden),
            (outcome, hidden),
            "{command}: {output}"
        );
    }
}
