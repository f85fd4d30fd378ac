//! Words that name a file or a command.

/// Extensions by which a bare word is taken for a file.
const EXTENSIONS: &[&str] = &[
    "rs",
    "py",
    "js",
    "jsx",
    "ts",
    "tsx",
    "mjs",
    "cjs",
    "go",
    "java",
    "kt",
    "rb",
    "php",
    "c",
    "h",
    "cc",
    "cpp",
    "hpp",
    "cs",
    "swift",
    "scala",
    "sh",
    "bash",
    "zsh",
    "sql",
    "md",
    "txt",
    "rst",
    "json",
    "jsonl",
    "yaml",
    "yml",
    "toml",
    "ini",
    "cfg",
    "conf",
    "env",
    "lock",
    "html",
    "css",
    "scss",
    "vue",
    "svelte",
    "xml",
    "csv",
    "tsv",
    "ipynb",
    "proto",
    "tf",
    "lua",
    "pl",
    "r",
    "ex",
    "exs",
    "erl",
    "hs",
    "ml",
    "dart",
    "gradle",
    "properties",
    "patch",
    "diff",
    "log",
    "snap",
    "pdf",
    "png",
    "svg",
    "jpg",
    "docx",
    "xlsx",
    "pptx",
    "parquet",
    "sqlite",
    "db",
    "service",
];

/// Products that are written like files.
const PRODUCTS: &[&str] = &[
    "node.js",
    "next.js",
    "vue.js",
    "nuxt.js",
    "react.js",
    "express.js",
    "three.js",
    "d3.js",
    "chart.js",
    "socket.io",
    "asp.net",
    "nest.js",
    "angular.js",
    "backbone.js",
    "ember.js",
    "p5.js",
    "moment.js",
    "discord.js",
    "alpine.js",
    "discord.py",
    "web.py",
    "e.g",
    "i.e",
];

/// File names without an extension.
const PLAIN_NAMES: &[&str] = &[
    "makefile",
    "dockerfile",
    "readme",
    "license",
    "changelog",
    "gemfile",
    "rakefile",
    "procfile",
    "jenkinsfile",
    ".gitignore",
    ".dockerignore",
    ".env",
    ".editorconfig",
    ".eslintrc",
];

/// The path that the word names, if it names one; a word in backticks needs less to be one.
pub(crate) fn path_like(word: &str, code: bool) -> Option<&str> {
    let word = word.trim_matches(|c: char| matches!(c, '\'' | '"' | '<' | '>' | '*' | ','));
    // `src/a.rs:12` and `src/a.rs:12-40` name the file.
    let word = match word.split_once(':') {
        Some((path, line)) if line.starts_with(|c: char| c.is_ascii_digit()) => path,
        Some(_) => return None,
        None => word,
    };
    if word.is_empty()
        || word.len() > 200
        || word.contains(['*', '{', '(', '$', ' ', '=', '|', '@'])
    {
        return None;
    }
    let name = word.rsplit('/').next().unwrap_or(word);
    // Most words are no names of files: without a point only the plain names are.
    if !name.contains('.') && !PLAIN_NAMES.iter().any(|n| n.eq_ignore_ascii_case(name)) {
        return None;
    }
    let low = name.to_ascii_lowercase();
    if PRODUCTS.contains(&low.as_str()) || word.contains("//") {
        return None;
    }
    if PLAIN_NAMES.contains(&low.as_str()) {
        return (code || word.contains('/')).then_some(word);
    }
    let (stem, extension) = low.rsplit_once('.')?;
    if stem.is_empty() || stem.ends_with('.') || !EXTENSIONS.contains(&extension) {
        return None;
    }
    // `self.db`, `config.env`, `obj.r` in code are more often members than files.
    let short = extension.len() == 1
        || matches!(
            extension,
            "env" | "db" | "log" | "service" | "lock" | "properties"
        );
    if short && !word.contains('/') && !code {
        return None;
    }
    Some(word)
}

/// The last part of a path.
pub(crate) fn basename(path: &str) -> &str {
    path.trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or(path)
}

/// Whether a code span is a command line rather than a name of something.
pub(crate) fn command_like(code: &str) -> bool {
    let mut words = code.split_whitespace();
    let Some(first) = words.next() else {
        return false;
    };
    let program = basename(first);
    let known = matches!(
        program,
        "pytest"
            | "tox"
            | "make"
            | "jest"
            | "vitest"
            | "tsc"
            | "eslint"
            | "mypy"
            | "ruff"
            | "flake8"
            | "rspec"
            | "ctest"
            | "clippy"
            | "phpunit"
            | "mocha"
            | "golangci-lint"
    );
    let shape = program.bytes().all(|b| {
        b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.' | b'+')
    });
    let more = words
        .next()
        .is_some_and(|w| !matches!(w, "=" | "==" | "=>" | "->" | "{" | ":"));
    (known || (shape && more) || code.starts_with("./")) && !code.ends_with(['(', ')', ';', '{'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_from_products_and_members() {
        for yes in [
            "src/a.rs",
            "docs/x.md:12",
            "a/b.py:3-9",
            "setup.py",
            "package.json",
        ] {
            assert!(path_like(yes, false).is_some(), "{yes}");
        }
        for no in [
            "Node.js",
            "e.g",
            "v1.2",
            "https://a.b/c.html",
            "1.5",
            "self.db",
            "*.rs",
            "foo()",
        ] {
            assert!(path_like(no, false).is_none(), "{no}");
        }
        assert_eq!(path_like("src/a.rs:12", true), Some("src/a.rs"));
        assert_eq!(path_like("Makefile", true), Some("Makefile"));
    }

    #[test]
    fn commands_are_told_from_names() {
        for yes in [
            "cargo test",
            "pytest",
            "npm run build",
            "./check.sh",
            "git push origin x",
        ] {
            assert!(command_like(yes), "{yes}");
        }
        for no in ["foo", "Foo bar", "x = 1", "run()", "src/a.rs", ""] {
            assert!(!command_like(no), "{no}");
        }
    }
}
