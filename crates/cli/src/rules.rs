//! `proctor rules`: the detection rules as their authors see them.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use proctor_monitors::{Problem, Rules, test_builtin_rules, test_rules};

use crate::Exit;

/// `proctor rules test`: runs the examples of all rules in a directory.
pub(crate) fn test(dir: Option<&Path>, json: bool) -> anyhow::Result<Exit> {
    let report = match dir {
        Some(dir) => {
            std::fs::metadata(dir).with_context(|| format!("cannot read `{}`", dir.display()))?;
            test_rules(dir)?
        }
        None => test_builtin_rules(),
    };
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    } else {
        for (what, problems) in [
            ("not loaded", &report.problems),
            ("failed", &report.failures),
            ("too few examples", &report.untested),
        ] {
            for problem in problems {
                writeln!(out, "{what}: {}", line(problem))?;
            }
        }
        if report.elsewhere > 0 {
            writeln!(
                out,
                "passed over: {} rules for other systems",
                report.elsewhere
            )?;
        }
        writeln!(
            out,
            "{} rules, {} examples: {} failed, {} not loaded, {} with too few examples",
            report.rules,
            report.examples,
            report.failures.len(),
            report.problems.len(),
            report.untested.len(),
        )?;
    }
    let nothing = report.rules == 0 && report.problems.is_empty() && report.elsewhere == 0;
    if let (Some(dir), true) = (dir, nothing) {
        bail!(
            "no rules in `{}`: neither Sigma rules (`.yml`, `.yaml`) nor `[[phrase]]` and \
             `[[sequence]]` tables (`.toml`)",
            dir.display()
        );
    }
    Ok(if report.passed() {
        Exit::Fine
    } else {
        Exit::Negative
    })
}

/// `proctor rules list`: the rules that a scan would use.
pub(crate) fn list(dirs: &[PathBuf], json: bool) -> anyhow::Result<Exit> {
    let rules = load(dirs)?;
    let mut out = std::io::stdout().lock();
    for rule in rules.all() {
        if json {
            writeln!(out, "{}", serde_json::to_string(rule)?)?;
        } else {
            writeln!(
                out,
                "{:<46} {:<24} {:<8} {:.2}  {}",
                rule.reference.id, rule.behaviour, rule.severity, rule.score, rule.title
            )?;
        }
    }
    Ok(Exit::Fine)
}

/// The built-in rules with those of the directories on top. What cannot be loaded is an error:
/// nobody wants to scan without the rule they just wrote.
pub(crate) fn load(dirs: &[PathBuf]) -> anyhow::Result<std::sync::Arc<Rules>> {
    for dir in dirs {
        std::fs::metadata(dir).with_context(|| format!("cannot read `{}`", dir.display()))?;
    }
    let rules = Rules::with_dirs(dirs)?;
    if let Some(problem) = rules.problems().first() {
        bail!(
            "{}; `proctor rules test DIR` shows all that is wrong",
            line(problem)
        );
    }
    Ok(rules)
}

fn line(problem: &Problem) -> String {
    let rule = problem
        .rule
        .as_ref()
        .map(|r| format!(" rule `{r}`:"))
        .unwrap_or_default();
    format!(
        "{}:{}:{rule} {}",
        problem.file, problem.line, problem.message
    )
}
