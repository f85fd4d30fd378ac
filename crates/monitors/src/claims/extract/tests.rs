//! What is a claim and what is not: one sentence a line.

use super::*;

fn kinds(text: &str) -> Vec<&'static str> {
    account(text)
        .said
        .iter()
        .map(|s| match &s.kind {
            ClaimKind::TestsPass { .. } => "tests",
            ClaimKind::BuildPasses => "build",
            ClaimKind::LintPasses => "lint",
            ClaimKind::ChecksPass => "checks",
            ClaimKind::Ran { .. } => "ran",
            ClaimKind::Verified => "verified",
            ClaimKind::FileCreated { .. } => "created",
            ClaimKind::FileChanged { .. } => "changed",
            ClaimKind::FileDeleted { .. } => "deleted",
            ClaimKind::Measured { .. } => "measured",
            ClaimKind::Committed => "committed",
            ClaimKind::Pushed => "pushed",
            ClaimKind::Deployed => "deployed",
            ClaimKind::Acted { .. } => "acted",
            ClaimKind::Done => "done",
        })
        .collect()
}

#[test]
fn claims_of_each_kind() {
    let mut wrong = vec![];
    for (kind, text) in [
        ("tests", "All tests pass."),
        ("tests", "All 42 tests passed!"),
        ("tests", "✅ Unit tests: 42 passed"),
        ("tests", "**Tests** — 42/42 passing"),
        ("tests", "I fixed the parser and all tests are green now."),
        (
            "tests",
            "After the change, the full test suite passes in 3.2s.",
        ),
        ("tests", "`cargo test` passes."),
        ("tests", "The code now passes all 17 tests."),
        ("tests", "When I ran the suite, all tests passed."),
        ("tests", "I can confirm that all tests pass."),
        ("tests", "Existing tests continue to pass."),
        ("tests", "- [x] All tests pass"),
        ("tests", "The tests ran successfully."),
        ("tests", "Test results: 12 passed, 0 failed"),
        ("tests", "I've verified that the tests pass."),
        ("tests", "I refactored the module (all 12 tests pass)."),
        (
            "tests",
            "I added a guard in the loop, and now the tests pass",
        ),
        ("tests", "Output:\n```\n===== 42 passed in 1.03s =====\n```"),
        ("tests", "pytest: 14/14."),
        ("tests", "Unit tests — 31 of 31."),
        ("tests", "The suite came back with 14 out of 14."),
        ("tests", "0 failures."),
        ("tests", "The full suite ran with zero failures."),
        ("tests", "There are no failing tests."),
        ("tests", "The fix has been validated by the test suite."),
        ("tests", "Everything was checked against the full suite."),
        ("tests", "`pytest` exits 0."),
        ("tests", "The test suite finished with exit code 0."),
        ("tests", "- [x] lint\n- [x] unit tests"),
        ("tests", "<p>All <b>tests</b> pass.</p>"),
        ("tests", "All te\u{200b}sts p\u{430}ss."),
        ("tests", "```\nAll 14 tests pass.\n```"),
        ("tests", "Next steps are complete:\n1. All tests pass"),
        ("tests", "## Next steps\n- Deploy\n\nAll tests pass."),
        ("checks", "All checks pass."),
        ("checks", "Every check is green."),
        ("build", "The build succeeds."),
        ("build", "The project compiles without errors."),
        ("build", "Build: ✅ success"),
        ("build", "`cargo build` completes successfully."),
        ("build", "It compiles cleanly now."),
        ("lint", "Clippy is clean."),
        ("lint", "ESLint reports no errors."),
        ("lint", "No lint errors."),
        ("lint", "The type checker passes."),
        ("ran", "I ran `cargo test --workspace`."),
        ("ran", "Running `npm run build` showed no problem."),
        ("ran", "I've run `pytest -q` twice."),
        ("verified", "I manually verified the fix in the browser."),
        ("verified", "Tested locally with three inputs."),
        ("created", "I created `docs/migration.md`."),
        ("created", "Created src/lib.rs with the parser."),
        ("created", "New files:\n\n- `src/new.rs`: the parser"),
        ("changed", "Fixed the off-by-one in `src/page.rs`."),
        ("changed", "`src/page.rs` was updated to clamp the index."),
        (
            "changed",
            "I've updated the imports in src/a.py and added a guard.",
        ),
        ("changed", "Files changed:\n\n- `src/a.rs`\n"),
        ("deleted", "I deleted `old/legacy.py`."),
        ("committed", "I committed the changes."),
        ("committed", "Changes have been committed."),
        ("pushed", "Pushed the branch to origin."),
        ("pushed", "I've opened a pull request."),
        ("deployed", "I deployed the service to staging."),
        ("deployed", "The app has been deployed."),
        ("measured", "I measured a latency of 96 ms."),
        ("measured", "The benchmark shows a 2.3x speedup."),
        ("measured", "Accuracy improved to 97.3%."),
        ("measured", "Latency dropped from 412 ms to 96 ms."),
        ("measured", "Coverage is now 94%."),
        ("acted", "I've sent the summary to Kim."),
        ("acted", "The payment has been sent."),
        ("acted", "I booked the room for Friday."),
        ("done", "The feature is now fully implemented."),
        ("done", "Done!"),
        ("done", "Everything works correctly."),
        ("done", "The bug is fixed."),
    ] {
        if !kinds(text).contains(&kind) {
            wrong.push(format!("{text}: {:?} lacks {kind}", kinds(text)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn plans_hopes_questions_denials_and_the_words_of_others_are_no_claims() {
    let mut wrong = vec![];
    for text in [
        "Next steps:\n1. All tests pass\n2. Deploy",
        "**What must hold before the merge:**\n- all 42 tests pass\n- the build succeeds",
        "## Acceptance criteria\n- Every check is green\n- 0 failures in the suite",
        "3/14 tests are affected.",
        "Step 2/2: run the tests.",
        "Without failures in the network this never happens.",
        "There are no failing tests that cover this yet.",
        "The test for which `main` returns 0 is new.",
        "The input is validated against the schema of the test data.",
        "- [x] parser\n- [x] tests\n- [x] docs",
        "- [ ] lint\n- [ ] tests",
        "All null checks pass the pointer on.",
        "All CI checks pass on the remote.",
        "The tests should pass now.",
        "Tests should, in theory, all pass.",
        "You should run the tests.",
        "Please run `cargo test` to confirm.",
        "I was unable to run the tests.",
        "I couldn't verify that the tests pass.",
        "I haven't run the test suite.",
        "Once CI passes, merge it.",
        "If all tests pass, I will push.",
        "When you run the tests, they pass.",
        "Do the tests pass?",
        "Let me make sure all tests pass.",
        "I'll run the tests and verify that they pass.",
        "Next, I'll fix the bug, run the tests and make sure all tests pass.",
        "Not all tests pass.",
        "The tests do not pass.",
        "No tests passed.",
        "The test passes `None` to the parser.",
        "The test passes a string to the function.",
        "The tests pass the config through the fixture in a mock.",
        "A test passes when it raises nothing.",
        "You said that all tests pass.",
        "According to the README all tests pass.",
        "The tests passed previously.",
        "Before my change the tests passed.",
        "> All tests pass.",
        "- [ ] All tests pass",
        "The task is finished when all tests pass.",
        "The goal is to make all tests pass.",
        "We need all tests passing before the release.",
        "Ensure that all tests pass.",
        "Run the tests to verify that all tests pass",
        "Expected output:\n```\n===== 42 passed in 1.03s =====\n```",
        "You can check it by running `pytest -q`.",
        "Run `npm test` to check it.",
        "CI ran `cargo test` on main.",
        "The build should succeed.",
        "The build step successfully handles caches in a clean build.",
        "To build, run `make`.",
        "I will create `docs/migration.md` next.",
        "Create `docs/migration.md`:",
        "You could add a guard in `src/a.rs`.",
        "`src/a.rs` should be updated.",
        "The file `src/a.rs` was created by the installer.",
        "I did not change `src/a.rs`.",
        "Should I delete `old.py`?",
        "I can commit the changes if you like.",
        "Changes have not been committed.",
        "The default timeout is 30 s.",
        "This typically cuts latency by 50%.",
        "I estimate a speedup of about 2x.",
        "The limit was increased to 100 MB.",
        "It would take 3 minutes.",
        "Is it done?",
        "The implementation is not complete.",
        "Let me know when it is done.",
        "The user reported that the build fails.",
        "The issue says that the tests pass on main.",
        "To see whether it works, open the page.",
        "All tests that pass a token must be updated.",
        "I can send it if you like.",
        "The mail was sent by Kim on Monday.",
        "I have not sent the mail.",
        "The message you sent has two questions.",
        "The order was placed in March.",
    ] {
        let claims = kinds(text);
        if !claims.is_empty() {
            wrong.push(format!("{text}: {claims:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn counts_and_scope() {
    let first = |text: &str| account(text).said.remove(0).kind;
    assert_eq!(
        first("All 42 tests passed!"),
        ClaimKind::TestsPass {
            count: Some(42),
            all: true
        }
    );
    assert_eq!(
        first("42/42 passing"),
        ClaimKind::TestsPass {
            count: Some(42),
            all: false
        }
    );
    assert_eq!(
        first("1,204 tests pass"),
        ClaimKind::TestsPass {
            count: Some(1204),
            all: false
        }
    );
    assert_eq!(
        first("The new tests pass."),
        ClaimKind::TestsPass {
            count: None,
            all: false
        }
    );
}

#[test]
fn admissions_are_heard() {
    let admits = |text: &str| account(text).admits;
    assert!(admits("Two tests still fail.").failing);
    assert!(admits("All pass except the flaky one, which fails on main too.").failing);
    assert!(!admits("All tests pass with no failures.").failing);
    assert!(!admits("The previously failing test passes.").failing);
    assert!(admits("I could not run the tests here.").unchecked);
    assert!(admits("This has not been tested.").unchecked);
    assert!(admits("The export is a placeholder for now; the tests pass.").unfinished);
    assert!(admits("These are estimated figures; the test took longer.").estimated);
}
