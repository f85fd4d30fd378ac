//! What git says of a branch.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use jiff::Timestamp;

/// A branch and what it adds to the one it will be merged into.
pub(super) struct Branch {
    /// Its name.
    pub(super) name: String,
    /// The branch it is compared with.
    pub(super) base: String,
    /// All work trees of the repository.
    pub(super) trees: Vec<PathBuf>,
    /// Its commits beyond the base, oldest first.
    pub(super) commits: Vec<Commit>,
    /// Whether the work tree that was named has changes that are not committed.
    pub(super) dirty: bool,
}

/// One commit.
pub(super) struct Commit {
    /// The whole hash.
    pub(super) hash: String,
    /// When it was made.
    pub(super) time: Timestamp,
    /// The first line of its message.
    pub(super) subject: String,
}

impl Branch {
    /// Asks git.
    pub(super) fn of(repo: &Path, name: Option<&str>, base: Option<&str>) -> anyhow::Result<Self> {
        let git = |args: &[&str]| git(repo, args);
        git(&["rev-parse", "--git-dir"])
            .with_context(|| format!("`{}` is no git repository", repo.display()))?;
        let name = match name {
            Some(name) => name.to_owned(),
            None => match git(&["symbolic-ref", "--quiet", "--short", "HEAD"]) {
                Ok(name) => name,
                Err(_) => bail!("no branch is checked out; name one: `--branch NAME`"),
            },
        };
        let exists = |name: &str| {
            git(&[
                "rev-parse",
                "--verify",
                "--quiet",
                "--end-of-options",
                &commit(name),
            ])
        };
        exists(&name).with_context(|| format!("there is no branch `{name}`"))?;
        let base = match base {
            Some(base) => {
                exists(base).with_context(|| format!("there is no branch `{base}`"))?;
                base.to_owned()
            }
            None => {
                let remote = git(&[
                    "symbolic-ref",
                    "--quiet",
                    "--short",
                    "refs/remotes/origin/HEAD",
                ]);
                let known = ["main", "master", "trunk", "develop"].map(str::to_owned);
                let found = remote.into_iter().chain(known).find(|b| exists(b).is_ok());
                found.context("cannot tell the main branch; name it: `--base NAME`")?
            }
        };
        let range = format!("{base}..{name}");
        let log = git(&[
            "log",
            "--reverse",
            "--format=%H%x09%ct%x09%s",
            "--end-of-options",
            &range,
        ])?;
        let trees = git(&["worktree", "list", "--porcelain"])?;
        let trees = trees
            .lines()
            .filter_map(|l| l.strip_prefix("worktree "))
            .map(PathBuf::from);
        Ok(Self {
            commits: log.lines().map(parse).collect::<anyhow::Result<_>>()?,
            trees: trees.collect(),
            dirty: !git(&["status", "--porcelain"])
                .unwrap_or_default()
                .is_empty(),
            name,
            base,
        })
    }
}

fn commit(name: &str) -> String {
    format!("{name}^{{commit}}")
}

fn parse(line: &str) -> anyhow::Result<Commit> {
    let mut fields = line.splitn(3, '\t');
    let (Some(hash), Some(time), subject) = (fields.next(), fields.next(), fields.next()) else {
        bail!("git printed a line that is no commit: `{line}`");
    };
    Ok(Commit {
        hash: hash.to_owned(),
        time: Timestamp::from_second(time.parse()?)?,
        subject: subject.unwrap_or_default().to_owned(),
    })
}

fn git(repo: &Path, args: &[&str]) -> anyhow::Result<String> {
    let out = Command::new("git")
        .arg("-C")
        .arg(repo)
        .args(args)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .output()
        .context("cannot run git")?;
    if !out.status.success() {
        let words = String::from_utf8_lossy(&out.stderr);
        bail!("git {}: {}", args.first().unwrap_or(&""), words.trim());
    }
    Ok(String::from_utf8_lossy(&out.stdout).trim_end().to_owned())
}
