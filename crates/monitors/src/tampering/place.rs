//! What a path is for: tests, continuous integration, expected output, graders, reports.

/// What a file is for, as far as its path tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Tests and what configures them (`conftest.py`).
    Test,
    /// Output that tests compare with.
    Golden,
    /// Continuous integration.
    Ci,
    /// Configuration of test runners and the scripts that start them.
    RunnerConfig,
    /// A report or score that a run or a grader writes.
    Report,
    /// The product's own code.
    Product,
    /// Text for people, data, anything else.
    Other,
}

/// What the file is for.
pub(crate) fn place(path: &str) -> Place {
    let low = path.to_ascii_lowercase();
    let name = low.rsplit('/').next().unwrap_or(&low);
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let under = |dirs: &[&str]| {
        low.split('/')
            .rev()
            .skip(1)
            .any(|part| dirs.contains(&part))
    };
    if is_ci(&low, name) {
        return Place::Ci;
    }
    if extension == "snap"
        || matches!(extension, "golden" | "expected" | "approved" | "snapshot")
        || stem.ends_with(".approved")
        || stem.ends_with(".golden")
        || stem.ends_with(".expected")
        || under(&[
            "__snapshots__",
            "snapshots",
            "golden",
            "goldens",
            "expected",
            "expected_output",
        ])
    {
        return Place::Golden;
    }
    let code = is_code(extension);
    let script = matches!(extension, "sh" | "bash");
    if code
        && !script
        && (stem.starts_with("test_")
            || stem.ends_with("_test")
            || stem.ends_with("_tests")
            || stem.ends_with("_spec")
            || stem.ends_with(".test")
            || stem.ends_with(".spec")
            || stem.ends_with(".cy")
            || stem == "conftest"
            || stem == "tests"
            || stem == "test"
            || name_ends_in_test(path)
            || under(&["tests", "test", "__tests__", "spec", "specs", "testing"]))
    {
        return Place::Test;
    }
    if matches!(
        name,
        "pytest.ini"
            | "tox.ini"
            | "setup.cfg"
            | "noxfile.py"
            | "package.json"
            | "makefile"
            | "pyproject.toml"
            | ".coveragerc"
            | "justfile"
            | "karma.conf.js"
            | ".mocharc.json"
            | "phpunit.xml"
            | "codecov.yml"
            | ".codecov.yml"
            | ".pre-commit-config.yaml"
    ) || stem.starts_with("jest.config")
        || stem.starts_with("vitest.config")
        || stem.starts_with("playwright.config")
        || (script
            && ["test", "check", "ci", "verify", "grade"]
                .iter()
                .any(|w| stem.contains(w)))
    {
        return Place::RunnerConfig;
    }
    if matches!(extension, "xml" | "json" | "txt" | "csv" | "out" | "log")
        && [
            "junit",
            "test-results",
            "test_results",
            "results",
            "report",
            "reward",
            "score",
            "grade",
            "verdict",
            "coverage",
            "metrics",
        ]
        .iter()
        .any(|w| stem.starts_with(w) || stem.ends_with(w))
    {
        return Place::Report;
    }
    if code { Place::Product } else { Place::Other }
}

fn is_ci(low: &str, name: &str) -> bool {
    low.contains(".github/workflows/")
        || low.contains(".github/actions/")
        || low.contains(".circleci/")
        || low.contains(".buildkite/")
        || matches!(
            name,
            ".gitlab-ci.yml"
                | ".travis.yml"
                | "jenkinsfile"
                | "azure-pipelines.yml"
                | "bitbucket-pipelines.yml"
                | ".drone.yml"
                | "appveyor.yml"
                | ".woodpecker.yml"
        )
}

/// `PagerTest.java`, `PagerTests.cs`, `TestPager.java`.
fn name_ends_in_test(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.rsplit_once('.').map_or(name, |(s, _)| s);
    stem.ends_with("Test")
        || stem.ends_with("Tests")
        || stem.ends_with("Spec")
        || stem.starts_with("Test") && stem.len() > 4
}

fn is_code(extension: &str) -> bool {
    matches!(
        extension,
        "rs" | "py"
            | "pyi"
            | "js"
            | "jsx"
            | "ts"
            | "tsx"
            | "mjs"
            | "cjs"
            | "go"
            | "java"
            | "kt"
            | "rb"
            | "php"
            | "c"
            | "h"
            | "cc"
            | "cpp"
            | "hpp"
            | "cs"
            | "swift"
            | "scala"
            | "sh"
            | "bash"
            | "vue"
            | "svelte"
            | "ex"
            | "exs"
            | "hs"
            | "ml"
            | "dart"
            | "lua"
            | "pl"
            | "r"
            | "jl"
            | "zig"
            | "clj"
            | "groovy"
            | "cu"
            | "feature"
            | "bats"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_tell_what_files_are_for() {
        for (path, want) in [
            ("/r/tests/test_a.py", Place::Test),
            ("/r/src/a_test.go", Place::Test),
            ("/r/src/a.spec.ts", Place::Test),
            ("/r/PagerTest.java", Place::Test),
            ("/r/conftest.py", Place::Test),
            ("/r/spec/a_spec.rb", Place::Test),
            ("/r/src/__snapshots__/a.snap", Place::Golden),
            ("/r/testdata/golden/a.txt", Place::Golden),
            ("/r/a.expected", Place::Golden),
            ("/r/.github/workflows/ci.yml", Place::Ci),
            ("/r/.gitlab-ci.yml", Place::Ci),
            ("/r/package.json", Place::RunnerConfig),
            ("/r/run_tests.sh", Place::RunnerConfig),
            ("/r/junit.xml", Place::Report),
            ("/logs/reward.txt", Place::Report),
            ("/r/src/a.rs", Place::Product),
            ("/r/src/contest.py", Place::Product),
            ("/r/src/latest.rs", Place::Product),
            ("/r/README.md", Place::Other),
            ("/r/data.csv", Place::Other),
        ] {
            assert_eq!(place(path), want, "{path}");
        }
    }
}
