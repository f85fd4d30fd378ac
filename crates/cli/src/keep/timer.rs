//! The timer that archives now and then: a systemd user timer, or a line in the user's crontab.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::args::Often;

/// Marks our line in the crontab.
const MARK: &str = "# proctor keep";

/// Installs, changes or removes the timer, and says what was done.
pub(super) fn install(often: Often, paths: &[PathBuf], to: &Path) -> anyhow::Result<String> {
    let program = std::env::current_exe().context("cannot tell where this program is")?;
    let mut words = vec![program, "keep".into()];
    for path in paths {
        words.push(std::path::absolute(path)?);
    }
    words.extend(["--to".into(), std::path::absolute(to)?]);
    if systemd() {
        units(often, &words)
    } else {
        crontab(often, &words)
    }
}

/// Whether this user has a systemd that answers.
fn systemd() -> bool {
    Command::new("systemctl")
        .args(["--user", "show-environment"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

fn units(often: Often, words: &[PathBuf]) -> anyhow::Result<String> {
    let config = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    let config = config
        .or_else(|| std::env::home_dir().map(|h| h.join(".config")))
        .context("this user has no home directory")?;
    let dir = config.join("systemd/user");
    let (service, timer) = (
        dir.join("proctor-keep.service"),
        dir.join("proctor-keep.timer"),
    );
    if often == Often::Never {
        let _ = systemctl(&["disable", "--now", "proctor-keep.timer"]);
        for file in [&service, &timer] {
            if file.exists() {
                fs::remove_file(file)
                    .with_context(|| format!("cannot remove `{}`", file.display()))?;
            }
        }
        systemctl(&["daemon-reload"])?;
        return Ok("the timer is removed".to_owned());
    }
    let command: Vec<String> = words
        .iter()
        .map(|w| systemd_quote(&w.to_string_lossy()))
        .collect();
    fs::create_dir_all(&dir).with_context(|| format!("cannot make `{}`", dir.display()))?;
    fs::write(
        &service,
        format!(
            "[Unit]\nDescription=Archive agent recordings before their harness deletes them\n\n\
             [Service]\nType=oneshot\nExecStart={}\n",
            command.join(" ")
        ),
    )?;
    fs::write(
        &timer,
        format!(
            "[Unit]\nDescription=Archive agent recordings\n\n\
             [Timer]\nOnCalendar={}\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n",
            name(often)
        ),
    )?;
    systemctl(&["daemon-reload"])?;
    systemctl(&["enable", "--now", "proctor-keep.timer"])?;
    Ok(format!(
        "{} installed; it runs {}",
        timer.display(),
        name(often)
    ))
}

fn systemctl(words: &[&str]) -> anyhow::Result<()> {
    let out = Command::new("systemctl")
        .arg("--user")
        .args(words)
        .output()?;
    if !out.status.success() {
        bail!(
            "systemctl --user {}: {}",
            words.join(" "),
            String::from_utf8_lossy(&out.stderr)
        );
    }
    Ok(())
}

fn crontab(often: Often, words: &[PathBuf]) -> anyhow::Result<String> {
    let list = Command::new("crontab").arg("-l").output();
    let before = match list {
        Ok(out) if out.status.success() => String::from_utf8(out.stdout)
            .context("the crontab is not valid text; it was left as it is")?,
        Ok(_) => String::new(),
        Err(_) => bail!(
            "neither a systemd user session nor `crontab` is here; run `proctor keep` from \
             whatever runs jobs on this machine"
        ),
    };
    let after = edit(&before, often, words);
    let mut child = Command::new("crontab")
        .arg("-")
        .stdin(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(after.as_bytes())?;
    }
    if !child.wait()?.success() {
        bail!("`crontab -` refused the new table; the old one is unchanged");
    }
    Ok(match often {
        Often::Never => "the timer is removed from the crontab".to_owned(),
        _ => format!("a line in the crontab runs it {}", name(often)),
    })
}

/// The crontab with our line added, changed or removed, every other byte unchanged.
fn edit(before: &str, often: Often, words: &[PathBuf]) -> String {
    let mut after: String = before
        .split_inclusive('\n')
        .filter(|line| !line.trim_end().ends_with(MARK))
        .collect();
    if often == Often::Never {
        return after;
    }
    if !after.is_empty() && !after.ends_with('\n') {
        after.push('\n');
    }
    let command: Vec<String> = words
        .iter()
        .map(|w| cron_quote(&w.to_string_lossy()))
        .collect();
    after.push_str(&format!("@{} {} {MARK}\n", name(often), command.join(" ")));
    after
}

fn name(often: Often) -> &'static str {
    match often {
        Often::Hourly => "hourly",
        Often::Daily => "daily",
        Often::Weekly => "weekly",
        Often::Never => "never",
    }
}

/// Quotes a word for the shell inside a crontab, where `%` would end the command.
fn cron_quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''").replace('%', r"\%"))
}

/// Quotes a word for ExecStart.
fn systemd_quote(word: &str) -> String {
    let word = word
        .replace('\\', r"\\")
        .replace('"', "\\\"")
        .replace('%', "%%");
    format!("\"{}\"", word.replace('$', "$$"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crontab_of_others_stays_as_it_is() {
        let words = [
            PathBuf::from("/usr/bin/proctor"),
            "keep".into(),
            "it's 100%".into(),
        ];
        let before = "# mine\n5 4 * * * backup";
        let once = edit(before, Often::Daily, &words);
        insta::assert_snapshot!(once, @r"
        # mine
        5 4 * * * backup
        @daily '/usr/bin/proctor' 'keep' 'it'\''s 100\%' # proctor keep
        ");
        let twice = edit(&once, Often::Hourly, &words);
        assert_eq!(twice.matches(MARK).count(), 1);
        assert_eq!(edit(&twice, Often::Never, &words), format!("{before}\n"));
    }
}
