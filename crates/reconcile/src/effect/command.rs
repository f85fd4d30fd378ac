//! What a command line does: its redirections, the layers it goes through, its programs.

use proctor_shell::{Command, Layer};

use super::args::Args;
use super::{Effect, Found, TARGET_CHARS, files, jobs, network, packages, secrets};
use crate::summary::clip;

/// Adds the effects of all commands of a command line, in order.
pub(super) fn effects(line: &str, commands: &[Command], found: &mut Found) {
    // Jobs that the line itself waits for or stops are not left behind.
    let ends = ["wait", "kill", "pkill", "killall", "fg"];
    let tidy = commands
        .iter()
        .any(|command| ends.contains(&command.program()));
    for (i, command) in commands.iter().enumerate() {
        let Some((program, words)) = command.argv.split_first() else {
            redirects(command, found);
            continue;
        };
        let name = crate::path::file_name(program).to_ascii_lowercase();
        let name = name.strip_suffix(".exe").unwrap_or(&name);
        let args = Args::new(name, words);
        for layer in &command.via {
            if let Layer::Privilege(by) = layer {
                found.add(Effect::UsesPrivilege(by.clone()));
            }
        }
        if matches!(
            name,
            "sudo" | "doas" | "pkexec" | "su" | "runas" | "gosu" | "su-exec"
        ) {
            found.add(Effect::UsesPrivilege(name.to_owned()));
        }
        if command
            .via
            .iter()
            .any(|layer| matches!(layer, Layer::Remote(_)))
        {
            // What runs elsewhere touches no file here, but brings credentials back.
            let mut there = Found::default();
            files::effects(args, &mut there);
            there
                .effects
                .retain(|effect| matches!(effect, Effect::ReadsSecret(_)));
            there
                .effects
                .into_iter()
                .for_each(|effect| found.add(effect));
        } else {
            redirects(command, found);
            files::effects(args, found);
        }
        secrets::effects(
            args,
            command,
            commands.get(i + 1..).unwrap_or_default(),
            found,
        );
        network::effects(args, found);
        packages::effects(args, found);
        let told = name == "disown" && found.has_job();
        if !told && jobs::is_job(args, command, tidy) {
            found.add(Effect::LeavesJob(text(line, command)));
        }
        if let Some(agent) = jobs::agent(args) {
            found.add(Effect::Spawns(agent.to_owned()));
        }
        history(args, command, found);
    }
}

/// The command as it stands in the line.
fn text(line: &str, command: &Command) -> String {
    match line.get(command.span.clone()).map(str::trim) {
        Some(text) if !text.is_empty() => clip(text, TARGET_CHARS),
        _ => joined(command),
    }
}

fn joined(command: &Command) -> String {
    clip(&command.argv.join(" "), TARGET_CHARS)
}

fn redirects(command: &Command, found: &mut Found) {
    for redirect in &command.redirects {
        let target = redirect.target.as_str();
        if let Some(host) = network::device(target) {
            found.contacts(&format!("tcp://{host}"));
        } else if redirect.op.contains("<<") || is_descriptor(target) || target == "/dev/null" {
            // No file.
        } else if redirect.op.contains('>') {
            found.writes(target);
        } else {
            found.reads(target);
        }
    }
}

fn is_descriptor(target: &str) -> bool {
    target
        .trim_start_matches('&')
        .chars()
        .all(|c| c.is_ascii_digit() || c == '-')
}

/// Commits, pushes, and what is told to people through a forge or by mail.
fn history(args: Args<'_>, command: &Command, found: &mut Found) {
    match args.program {
        "git" | "jj" | "hg" | "gh" | "glab" | "hub" if args.has(&["--help"]) => {}
        "git" | "jj" | "hg" => {
            let words = args.operands(&["-C", "-c", "--git-dir", "--work-tree", "-R", "--cwd"]);
            match words.as_slice() {
                ["commit" | "am" | "cherry-pick" | "revert" | "ci", ..]
                    if !args.has(&["--abort", "--dry-run", "-n", "--no-commit", "--quit"]) =>
                {
                    found.add(Effect::Commits(joined(command)));
                }
                ["push", ..] if !args.has(&["--dry-run"]) => {
                    found.add(Effect::Pushes(joined(command)));
                }
                ["git", "push", ..] => found.add(Effect::Pushes(joined(command))),
                ["send-email", ..] => found.add(Effect::Tells(joined(command))),
                _ => {}
            }
        }
        "gh" | "glab" | "hub" => {
            let words = args.operands(&["-R", "--repo"]);
            match words.as_slice() {
                // Opening one publishes commits and writes to people; merging one writes only where
                // it is given words.
                ["pr" | "mr", what @ ("create" | "merge"), ..] => {
                    found.add(Effect::Pushes(joined(command)));
                    const WORDS: &[&str] =
                        &["-b", "--body", "-F", "--body-file", "-t", "--subject"];
                    if *what == "create" || args.values(WORDS).next().is_some() {
                        found.add(Effect::Tells(joined(command)));
                    }
                }
                ["pull-request", ..] => found.add(Effect::Tells(joined(command))),
                ["release" | "gist" | "repo", "create" | "upload", ..] => {
                    found.add(Effect::Pushes(joined(command)));
                }
                [
                    "pr" | "mr" | "issue",
                    "comment" | "review" | "create" | "close" | "edit" | "note" | "reopen",
                    ..,
                ] => found.add(Effect::Tells(joined(command))),
                ["api", path, ..]
                    if (path.contains("/comments") || path.contains("/issues"))
                        && args.has(&["-f", "-F", "--field", "--raw-field", "POST", "PATCH"]) =>
                {
                    found.add(Effect::Tells(joined(command)));
                }
                _ => {}
            }
        }
        "mail" | "mailx" | "sendmail" | "mutt" | "neomutt" | "msmtp" | "swaks" | "wall"
        | "sendemail" | "telegram-send" | "slackcat" => {
            let to = args.operands(&[
                "-s", "-a", "-r", "-c", "-b", "-f", "-H", "-i", "--body", "--attach", "--from",
            ]);
            found.add(Effect::Tells(clip(
                to.last().unwrap_or(&args.program),
                TARGET_CHARS,
            )));
        }
        _ => {}
    }
}
