//! Which commands run tests, builds and checks.

use super::RunKind::{self, Build, Lint, Test};
use crate::names::words as name_words;

/// A command that runs something.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) kind: RunKind,
    pub(super) runner: String,
    pub(super) partial: bool,
}

/// How deep wrappers (`npx`, `uv run`) are looked through.
const DEPTH: usize = 4;

/// What the command runs, if it is a run.
pub(super) fn kind(argv: &[String]) -> Option<Found> {
    let words: Vec<&str> = argv.iter().map(String::as_str).collect();
    of(&words, DEPTH)
}

/// A tool that runs tests by its name: `run_tests`, `execute_unit_tests`.
pub(super) fn of_tool(name: &str) -> Option<Found> {
    let words: Vec<String> = name_words(name);
    let has = |any: &[&str]| words.iter().any(|w| any.contains(&w.as_str()));
    let kind = if has(&["test", "tests"]) {
        Test
    } else if has(&["lint", "linter", "typecheck"]) {
        Lint
    } else if has(&["build", "compile"]) {
        Build
    } else {
        return None;
    };
    has(&["run", "execute", "runner", "start"]).then(|| found(kind, name, false))
}

fn found(kind: RunKind, runner: &str, partial: bool) -> Found {
    Found {
        kind,
        runner: runner.to_owned(),
        partial,
    }
}

fn of(words: &[&str], depth: usize) -> Option<Found> {
    let (first, args) = words.split_first()?;
    let depth = depth.checked_sub(1)?;
    let name = crate::path::file_name(first);
    let name = name.strip_suffix(".exe").unwrap_or(name);
    let has = |flags: &[&str]| args.iter().any(|arg| flags.contains(arg));
    if has(&[
        "--help",
        "-h",
        "--version",
        "--collect-only",
        "--co",
        "--listTests",
        "--dry-run",
    ]) {
        return None;
    }
    let plain: Vec<&str> = args
        .iter()
        .copied()
        .filter(|a| !a.starts_with('-'))
        .collect();
    let sub = plain.first().copied().unwrap_or_default();

    if let Some(inner) = wrapped(name, args) {
        return of(inner, depth);
    }
    if let Some(kind) = whole(name) {
        return Some(found(kind, name, kind == Test && narrows(name, args)));
    }
    match name {
        _ if is_python(name) => python(args, depth),
        "cargo" => cargo(args),
        "go" => {
            let kind = match sub {
                "test" => Test,
                "build" | "install" => Build,
                "vet" => Lint,
                _ => return None,
            };
            let partial = has(&["-run"]) || !args.iter().any(|a| a.ends_with("/..."));
            Some(found(kind, &format!("go {sub}"), kind == Test && partial))
        }
        "npm" | "yarn" | "pnpm" | "bun" | "deno" => script(name, args, &plain, depth),
        "make" | "gmake" | "just" | "task" | "rake" | "invoke" | "inv" | "mage" => {
            targets(name, args, &plain)
        }
        "gradle" | "gradlew" | "mvn" | "mvnw" | "sbt" | "lein" | "ant" | "stack" | "cabal" => {
            jvm(name, args)
        }
        "dotnet" | "swift" | "flutter" | "dart" | "mix" | "zig" | "bazel" | "bazelisk" | "buck"
        | "buck2" | "meson" | "hatch" | "nx" | "turbo" | "lerna" | "wasm-pack" | "forge"
        | "hardhat" | "ng" | "moon" | "xcodebuild" | "molecule" | "elm" | "rebar3" | "gleam"
        | "docker" | "podman" | "next" | "vite" | "webpack" | "rails" | "artisan"
        | "playwright" | "cypress" | "newman" | "terraform" | "helm" | "pre-commit" | "biome"
        | "ruff" => subcommand(name, &plain),
        "cmake" if has(&["--build"]) => {
            let tests = plain.iter().any(|a| *a == "test" || *a == "check");
            Some(found(
                if tests { Test } else { Build },
                "cmake --build",
                false,
            ))
        }
        "ninja" => targets(name, args, &plain),
        "tsc" | "vue-tsc" => Some(found(
            if has(&["--noEmit"]) { Lint } else { Build },
            name,
            false,
        )),
        "black" | "isort" | "prettier" | "gofmt" | "rustfmt" | "clang-format" => has(&[
            "--check",
            "-c",
            "--check-only",
            "-l",
            "--list-different",
            "--dry-run",
        ])
        .then(|| found(Lint, name, true)),
        "node" | "tsx" | "ts-node" if has(&["--test"]) => {
            Some(found(Test, "node --test", !plain.is_empty()))
        }
        "node" | "tsx" | "ts-node" | "ruby" | "perl" | "php" | "bash" | "sh" | "zsh"
        | "Rscript" | "julia" => by_file(sub, plain.get(1..).unwrap_or_default()),
        "gcc" | "g++" | "cc" | "c++" | "clang" | "clang++" | "javac" | "rustc" | "ghc" => {
            (!plain.is_empty()).then(|| found(Build, name, true))
        }
        _ => by_file(first, args),
    }
}

/// Programs that are one thing only.
fn whole(name: &str) -> Option<RunKind> {
    Some(match name {
        "pytest" | "py.test" | "nosetests" | "nose2" | "trial" | "tox" | "nox" | "jest"
        | "vitest" | "mocha" | "ava" | "tap" | "karma" | "jasmine" | "rspec" | "phpunit"
        | "pest" | "ctest" | "bats" | "prove" | "robot" | "behave" | "cucumber" | "ginkgo"
        | "gotestsum" | "busted" | "cargo-nextest" | "testem" | "codecept" | "minitest"
        | "stestr" | "ward" | "green" | "lit" | "qunit" | "wtr" => Test,
        "eslint" | "tslint" | "stylelint" | "flake8" | "pylint" | "mypy" | "pyright" | "pytype"
        | "bandit" | "golangci-lint" | "staticcheck" | "shellcheck" | "rubocop" | "hadolint"
        | "phpstan" | "psalm" | "svelte-check" | "yamllint" | "markdownlint" | "cppcheck"
        | "clang-tidy" | "ansible-lint" | "tflint" | "actionlint" | "detekt" | "ktlint"
        | "basedpyright" | "dmypy" | "oxlint" | "standard" | "xo" | "vulture" | "pyflakes"
        | "pycodestyle" | "pydocstyle" | "swiftlint" | "credo" | "ty" => Lint,
        "esbuild" | "rollup" | "parcel" | "tsup" | "msbuild" => Build,
        _ => return None,
    })
}

/// The command inside a wrapper that a language's tools put around it.
fn wrapped<'a, 'w>(name: &str, args: &'a [&'w str]) -> Option<&'a [&'w str]> {
    let after_options = |args: &'a [&'w str]| {
        let start = args.iter().position(|arg| !arg.starts_with('-'))?;
        args.get(start..)
    };
    match name {
        "npx" | "bunx" | "pnpx" | "uvx" | "xvfb-run" | "dotenv" | "cross-env" | "coverage3"
        | "time" | "ccache" | "sde" | "catchsegv" => {
            let inner = after_options(args)?;
            let skip = inner.iter().take_while(|arg| arg.contains('=')).count();
            inner.get(skip..)
        }
        "uv" | "poetry" | "pipenv" | "pdm" | "rye" | "conda" | "mamba" | "hatch" => {
            let (first, rest) = after_options(args)?.split_first()?;
            (*first == "run").then(|| after_options(rest)).flatten()
        }
        "bundle" | "pnpm" | "yarn" | "npm" | "composer" => {
            let (first, rest) = after_options(args)?.split_first()?;
            matches!(*first, "exec" | "dlx" | "x")
                .then(|| after_options(rest))
                .flatten()
        }
        _ => None,
    }
}

fn is_python(name: &str) -> bool {
    name.strip_prefix("python")
        .or_else(|| name.strip_prefix("pypy"))
        .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || c == '.'))
        || name == "py"
        || name == "coverage"
}

fn python(args: &[&str], depth: usize) -> Option<Found> {
    let args = match args.split_first() {
        Some((&"run", rest)) => rest, // coverage run
        _ => args,
    };
    if args.first() == Some(&"-c") {
        return None; // what the code runs is told on its own
    }
    let module = args.iter().position(|arg| *arg == "-m");
    let file = args.iter().position(|arg| !arg.starts_with('-'));
    match (module, file) {
        (Some(m), f) if f.is_none_or(|f| m < f) => {
            let inner = args.get(m + 1..)?;
            let (name, rest) = inner.split_first()?;
            match *name {
                "unittest" => Some(found(Test, "unittest", unittest_narrows(rest))),
                "doctest" => Some(found(Test, "doctest", true)),
                "build" => Some(found(Build, "python -m build", false)),
                "py_compile" | "compileall" => Some(found(Lint, name, true)),
                _ => of(inner, depth),
            }
        }
        (_, Some(f)) => {
            let rest = args.get(f..)?;
            let (script, rest) = rest.split_first()?;
            let plain: Vec<&str> = rest
                .iter()
                .copied()
                .filter(|a| !a.starts_with('-'))
                .collect();
            match (crate::path::file_name(script), plain.split_first()) {
                ("manage.py", Some((&"test", labels))) => {
                    Some(found(Test, "manage.py test", !labels.is_empty()))
                }
                ("setup.py", Some((&"test", _))) => Some(found(Test, "setup.py test", false)),
                ("setup.py", Some((&("build" | "build_ext"), _))) => {
                    Some(found(Build, "setup.py build", false))
                }
                _ => by_file(script, &plain),
            }
        }
        _ => None,
    }
}

fn unittest_narrows(args: &[&str]) -> bool {
    args.contains(&"-k") || args.iter().any(|a| !a.starts_with('-') && *a != "discover")
}

fn cargo(args: &[&str]) -> Option<Found> {
    let args: Vec<&str> = args
        .iter()
        .copied()
        .filter(|a| !a.starts_with('+'))
        .collect();
    let mut plain = args.iter().copied().filter(|a| !a.starts_with('-'));
    let sub = plain.next()?;
    let has = |flags: &[&str]| args.iter().any(|arg| flags.contains(arg));
    let (kind, name) = match sub {
        "test" | "t" if has(&["--no-run"]) => (Build, "cargo test --no-run"),
        "test" | "t" => (Test, "cargo test"),
        "nextest" if plain.next() == Some("run") => (Test, "cargo nextest"),
        "llvm-cov" | "tarpaulin" | "miri" | "mutants" => (Test, "cargo test"),
        "build" | "b" | "check" | "c" | "rustc" => (Build, "cargo build"),
        "clippy" | "deny" | "audit" | "machete" | "doc" => (Lint, "cargo clippy"),
        "fmt" if has(&["--check"]) => (Lint, "cargo fmt --check"),
        _ => return None,
    };
    let named = [
        "-p",
        "--package",
        "--test",
        "--lib",
        "--bin",
        "--doc",
        "--example",
        "-E",
    ];
    let partial = has(&named) || plain.next().is_some();
    Some(found(kind, name, kind == Test && partial))
}

/// Scripts of a package manifest: `npm test`, `yarn lint`, `pnpm run build`.
fn script(name: &str, args: &[&str], plain: &[&str], depth: usize) -> Option<Found> {
    let mut names = plain.iter().copied();
    let mut sub = names.next()?;
    if ["run", "run-script", "rum"].contains(&sub) {
        sub = names.next()?;
    }
    if sub == "t" && name == "npm" {
        sub = "test";
    }
    if [
        "install", "i", "add", "ci", "remove", "publish", "init", "create",
    ]
    .contains(&sub)
    {
        return None;
    }
    let partial = names.next().is_some() || args.contains(&"--");
    if let Some(kind) = by_words(&name_words(sub)) {
        return Some(found(
            kind,
            &format!("{name} {sub}"),
            kind == Test && partial,
        ));
    }
    // `yarn jest`, `pnpm eslint`: a program of the project.
    let at = args.iter().position(|arg| *arg == sub)?;
    matches!(name, "yarn" | "pnpm" | "bun")
        .then(|| of(args.get(at..)?, depth))
        .flatten()
}

fn targets(name: &str, args: &[&str], plain: &[&str]) -> Option<Found> {
    if args
        .iter()
        .any(|arg| ["-n", "--just-print", "-t", "-T", "--list", "-l"].contains(arg))
    {
        return None;
    }
    // What `-C DIR`, `-f FILE`, `-j N` take is no target.
    let mut targets = Vec::new();
    let mut words = args.iter().copied();
    while let Some(word) = words.next() {
        if ["-C", "-f", "-j", "-l", "-k", "--directory", "--file"].contains(&word) && word != "-k" {
            if word != "-j" || plain.iter().any(|p| p.parse::<u32>().is_ok()) {
                words.next();
            }
        } else if !word.starts_with('-') && !word.contains('=') {
            targets.push(word);
        }
    }
    if targets.is_empty() {
        let builds = matches!(name, "make" | "gmake" | "ninja");
        return builds.then(|| found(Build, name, false));
    }
    let kinds = targets
        .iter()
        .filter_map(|target| Some((by_words(&name_words(target))?, target)));
    let (kind, target) = kinds.min_by_key(|(kind, _)| *kind)?;
    let narrows = kind == Test && !["test", "tests", "check"].contains(target);
    Some(found(kind, &format!("{name} {target}"), narrows))
}

fn jvm(name: &str, args: &[&str]) -> Option<Found> {
    let goal = |names: &[&str]| {
        args.iter().find(|goal| {
            let last = goal.rsplit(':').next().unwrap_or(goal);
            names.contains(&last)
        })
    };
    let tests = [
        "test",
        "check",
        "verify",
        "testOnly",
        "integrationTest",
        "testDebugUnitTest",
    ];
    let builds = [
        "build",
        "assemble",
        "package",
        "install",
        "compile",
        "jar",
        "compileJava",
    ];
    let lints = [
        "lint",
        "ktlintCheck",
        "spotlessCheck",
        "checkstyleMain",
        "detekt",
    ];
    for (kind, names) in [(Test, &tests[..]), (Build, &builds[..]), (Lint, &lints[..])] {
        if let Some(goal) = goal(names) {
            let narrows = kind == Test && (args.contains(&"--tests") || *goal == "testOnly");
            return Some(found(kind, &format!("{name} {goal}"), narrows));
        }
    }
    None
}

fn subcommand(name: &str, plain: &[&str]) -> Option<Found> {
    let (sub, rest) = plain.split_first()?;
    let kind = match *sub {
        "test" | "tests" | "e2e" | "eunit" | "coveralls" | "coverage" => Test,
        "run" if matches!(name, "cypress" | "newman") => Test,
        "run" if name == "pre-commit" => Lint,
        "run" | "run-many" | "affected" if matches!(name, "nx" | "turbo" | "lerna" | "moon") => {
            by_words(
                &rest
                    .iter()
                    .flat_map(|word| name_words(word))
                    .collect::<Vec<_>>(),
            )?
        }
        "build" if name == "zig" && rest.contains(&"test") => Test,
        "build" | "compile" | "buildx" => Build,
        "analyze" | "lint" | "check" | "validate" | "format" | "credo" | "dialyzer" | "ci" => Lint,
        _ => return None,
    };
    let narrows = kind == Test && rest.iter().any(|a| !a.ends_with("/...") && *a != "...");
    Some(found(kind, &format!("{name} {sub}"), narrows))
}

/// A script that tells by its file name what it runs: `./run_tests.sh`, `test_app.py`.
fn by_file(path: &str, args: &[&str]) -> Option<Found> {
    let name = crate::path::file_name(path);
    let is_script = path.contains('/') || name.contains('.');
    // Code given on the command line (`python -c "…"`) is no file.
    let is_code = path.contains(|c: char| c.is_whitespace() || "()'\";".contains(c));
    if !is_script || is_code {
        return None;
    }
    if name == "gradlew" || name == "mvnw" {
        return jvm(name, args);
    }
    let words = name_words(name);
    let kind = by_words(&words).filter(|kind| *kind != Build || words.len() <= 3)?;
    Some(found(
        kind,
        name,
        kind == Test && !words.iter().any(|w| w == "run"),
    ))
}

fn by_words(words: &[String]) -> Option<RunKind> {
    let has = |any: &[&str]| words.iter().any(|w| any.contains(&w.as_str()));
    if has(&[
        "lint",
        "typecheck",
        "eslint",
        "clippy",
        "mypy",
        "tsc",
        "types",
    ]) || (has(&["type", "types", "format", "fmt", "style"]) && has(&["check", "checks"]))
    {
        Some(Lint)
    } else if has(&[
        "test", "tests", "spec", "specs", "e2e", "pytest", "jest", "vitest", "check",
    ]) {
        Some(Test)
    } else if has(&["build", "compile", "bundle", "dist", "all"]) {
        Some(Build)
    } else {
        None
    }
}

/// Whether the arguments of a test runner name a part of the tests only.
fn narrows(name: &str, args: &[&str]) -> bool {
    if name == "tox" || name == "nox" {
        return false; // an environment is no part of the tests
    }
    let selects = [
        "-k",
        "-m",
        "-t",
        "--testNamePattern",
        "-e",
        "--filter",
        "-R",
        "-g",
        "--grep",
    ];
    let whole = [
        "run", "tests", "tests/", "test", "test/", ".", "./...", "spec", "src", "./tests",
    ];
    let mut words = args.iter();
    while let Some(word) = words.next() {
        if selects.contains(word) {
            return true;
        }
        if [
            "-c",
            "--config",
            "-o",
            "-p",
            "-n",
            "--rootdir",
            "--tb",
            "-j",
            "-W",
        ]
        .contains(word)
        {
            words.next();
        } else if !word.starts_with('-') && !whole.contains(word) {
            return true;
        }
    }
    false
}
