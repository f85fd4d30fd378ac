//! What shell commands do: the table of programs.

use proctor_shell::{Command, Layer};

use super::{Effect, Found};
use crate::secrets::is_secret_name;
use crate::summary::clip;

/// Adds the effects of all commands of a command line, in order.
pub(super) fn effects(commands: &[Command], found: &mut Found) {
    for command in commands {
        let remote = command
            .via
            .iter()
            .any(|layer| matches!(layer, Layer::Remote(_)));
        layers(command, found);
        redirects(command, remote, found);
        if command.background {
            found.add(Effect::LeavesJob(line(command)));
        }
        program(command, remote, found);
    }
}

fn layers(command: &Command, found: &mut Found) {
    for layer in &command.via {
        match layer {
            Layer::Privilege(by) => found.add(Effect::UsesPrivilege(by.clone())),
            Layer::Later(by) if by != "trap" => found.add(Effect::LeavesJob(line(command))),
            _ => {}
        }
    }
}

fn redirects(command: &Command, remote: bool, found: &mut Found) {
    for redirect in &command.redirects {
        if redirect.target.starts_with("/dev/tcp/") || redirect.target.starts_with("/dev/udp/") {
            if let Some(host) = redirect.target.split('/').nth(3) {
                found.contacts(&format!("tcp://{host}"));
            }
        } else if remote || redirect.op.contains("<<") || is_descriptor(&redirect.target) {
            // Nothing of this machine's files.
        } else if redirect.op.contains('>') {
            if redirect.target != "/dev/null" {
                found.writes(&redirect.target);
            }
        } else {
            found.reads(&redirect.target);
        }
    }
}

fn is_descriptor(target: &str) -> bool {
    target
        .trim_start_matches('&')
        .chars()
        .all(|c| c.is_ascii_digit() || c == '-')
}

/// The command as one line.
fn line(command: &Command) -> String {
    clip(&command.argv.join(" "), 500)
}

/// What the program does. `remote` commands touch no file here.
fn program(command: &Command, remote: bool, found: &mut Found) {
    let name = command.program().to_ascii_lowercase();
    let args: Vec<&str> = command.argv.iter().skip(1).map(String::as_str).collect();
    let plain: Vec<&str> = args
        .iter()
        .copied()
        .filter(|a| !a.starts_with('-'))
        .collect();
    let sub = plain.first().copied().unwrap_or_default();
    if !remote {
        files(&name, &args, &plain, found);
    }
    secrets(&name, &args, found);
    network(&name, &args, &plain, found);
    packages(&name, &plain, found);
    match name.as_str() {
        "git" => git(command, &plain, found),
        "gh" | "glab" | "hub" => forge(command, &plain, found),
        "sudo" | "doas" | "pkexec" | "su" | "runas" => {
            found.add(Effect::UsesPrivilege(name.clone()));
        }
        "nohup" | "setsid" | "disown" | "at" | "batch" => {
            found.add(Effect::LeavesJob(line(command)));
        }
        "crontab" if !args.contains(&"-l") && !args.contains(&"-r") => {
            found.add(Effect::LeavesJob(line(command)));
        }
        "systemctl" if ["enable", "start", "restart"].contains(&sub) => {
            found.add(Effect::LeavesJob(line(command)));
        }
        "systemd-run" => found.add(Effect::LeavesJob(line(command))),
        "launchctl" if ["load", "bootstrap", "submit"].contains(&sub) => {
            found.add(Effect::LeavesJob(line(command)));
        }
        "tmux" if ["new", "new-session"].contains(&sub) && args.iter().any(|a| a.contains('d')) => {
            found.add(Effect::LeavesJob(line(command)));
        }
        "screen"
            if args
                .iter()
                .any(|a| a.starts_with("-d") || a.starts_with("-S")) =>
        {
            found.add(Effect::LeavesJob(line(command)));
        }
        "docker" | "podman" if sub == "run" && args.iter().any(|a| is_detach(a)) => {
            found.add(Effect::LeavesJob(line(command)));
        }
        "pm2" | "forever" | "supervisorctl" if sub == "start" => {
            found.add(Effect::LeavesJob(line(command)));
        }
        "mail" | "mailx" | "sendmail" | "mutt" | "msmtp" | "swaks" | "wall" | "write" => {
            found.add(Effect::Tells(
                plain.last().copied().unwrap_or(&name).to_owned(),
            ));
        }
        _ => {}
    }
    if is_agent(&name, &args, sub) {
        found.add(Effect::Spawns(name));
    }
}

fn is_detach(arg: &str) -> bool {
    arg == "--detach" || (arg.starts_with('-') && !arg.starts_with("--") && arg.contains('d'))
}

/// Programs that are agents, run so that nobody talks to them.
fn is_agent(name: &str, args: &[&str], sub: &str) -> bool {
    let has = |flags: &[&str]| args.iter().any(|arg| flags.contains(arg));
    match name {
        "claude" => has(&[
            "-p",
            "--print",
            "--dangerously-skip-permissions",
            "-c",
            "-r",
        ]),
        "codex" => ["exec", "e", "resume"].contains(&sub),
        "gemini" | "qwen" => has(&["-p", "--prompt", "-y", "--yolo"]),
        "aider" => has(&["-m", "--message", "--message-file", "--yes", "--yes-always"]),
        "opencode" | "goose" | "crush" => sub == "run",
        "cursor-agent" | "openhands" | "sweagent" | "swe-agent" | "amp" => !args.is_empty(),
        "llm" | "ollama" => sub == "run" || sub == "prompt",
        _ => false,
    }
}

/// Files that usual programs read, write and delete.
fn files(name: &str, args: &[&str], plain: &[&str], found: &mut Found) {
    let has = |flags: &[&str]| args.iter().any(|arg| flags.contains(arg));
    match name {
        "cd" | "pushd" => {
            let to = plain.first().copied().unwrap_or("~");
            if to != "-" {
                found.cwd = Some(found.resolve(to));
            }
        }
        "cat" | "head" | "tail" | "less" | "more" | "bat" | "xxd" | "od" | "strings" | "nl"
        | "tac" | "wc" | "sort" | "uniq" | "cut" | "source" | "." | "base64" | "md5sum"
        | "sha256sum" | "hexdump" => plain.iter().for_each(|path| found.reads(path)),
        "grep" | "egrep" | "fgrep" | "rg" | "awk" | "gawk" | "jq" | "yq" => {
            plain.iter().skip(1).for_each(|path| found.reads(path));
        }
        "sed" | "perl" if args.iter().any(|a| in_place(a)) => {
            // The first word is the script unless a flag gave it.
            let skip = usize::from(!has(&["-e", "-f", "--expression"]));
            plain.iter().skip(skip).for_each(|path| found.writes(path));
        }
        "sed" => plain.iter().skip(1).for_each(|path| found.reads(path)),
        "tee" | "touch" | "mkdir" | "sponge" => plain.iter().for_each(|path| found.writes(path)),
        "chmod" | "chown" | "chgrp" => plain.iter().skip(1).for_each(|path| found.writes(path)),
        "cp" | "install" | "ln" | "mv" => copy(name, plain, found),
        "dd" => {
            for arg in args {
                if let Some(path) = arg.strip_prefix("of=") {
                    found.writes(path);
                } else if let Some(path) = arg.strip_prefix("if=") {
                    found.reads(path);
                }
            }
        }
        "rm" | "rmdir" | "unlink" | "shred" | "srm" | "trash" => {
            plain.iter().for_each(|path| found.deletes(path));
        }
        "truncate" => plain.iter().for_each(|path| found.deletes(path)),
        "find" if has(&["-delete"]) => {
            found.deletes(plain.first().copied().unwrap_or("."));
        }
        "patch" => plain.iter().take(1).for_each(|path| found.writes(path)),
        _ => {}
    }
}

fn in_place(arg: &str) -> bool {
    arg.starts_with("--in-place")
        || (arg.starts_with('-') && !arg.starts_with("--") && arg.contains('i') && arg.len() < 8)
}

fn copy(name: &str, plain: &[&str], found: &mut Found) {
    let Some((to, from)) = plain.split_last() else {
        return;
    };
    for path in from {
        found.reads(path);
        if name == "mv" {
            found.deletes(path);
        }
    }
    if !from.is_empty() {
        found.writes(to);
    }
}

/// Credentials that are read other than through a file.
fn secrets(name: &str, args: &[&str], found: &mut Found) {
    match name {
        "printenv" => args
            .iter()
            .filter(|arg| is_secret_name(arg))
            .for_each(|arg| found.add(Effect::ReadsSecret((*arg).to_owned()))),
        "echo" | "printf" => {
            for arg in args {
                let variable = arg.split('$').skip(1).find(|rest| {
                    let rest = rest.trim_start_matches('{');
                    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
                    is_secret_name(rest.get(..end.unwrap_or(rest.len())).unwrap_or_default())
                });
                if let Some(variable) = variable {
                    found.add(Effect::ReadsSecret(format!("${}", clip(variable, 100))));
                }
            }
        }
        "security" if args.iter().any(|a| a.starts_with("find-")) => {
            found.add(Effect::ReadsSecret("the system's keychain".to_owned()));
        }
        _ => {}
    }
}

fn network(name: &str, args: &[&str], plain: &[&str], found: &mut Found) {
    match name {
        "ssh" | "telnet" | "nc" | "ncat" | "netcat" | "ping" | "dig" | "nslookup" | "host" => {
            if let Some(host) = plain.first() {
                found.contacts(&format!("x://{host}"));
            }
        }
        "scp" | "rsync" | "sftp" => {
            for arg in plain.iter().filter(|arg| !arg.starts_with(['/', '.'])) {
                if let Some((host, _)) = arg.split_once(':') {
                    found.contacts(&format!("x://{host}"));
                }
            }
        }
        _ => {}
    }
    for arg in args.iter().filter(|arg| arg.contains("://")) {
        found.contacts(arg);
    }
}

fn packages(name: &str, plain: &[&str], found: &mut Found) {
    let (verb, rest) = match plain.split_first() {
        Some((verb, rest)) => (*verb, rest),
        None => ("", &[][..]),
    };
    let manager = match (name, verb) {
        ("apt" | "apt-get" | "aptitude", "install") => "apt",
        ("yum" | "dnf" | "zypper" | "brew" | "pacman" | "snap" | "choco" | "winget", "install") => {
            name
        }
        ("apk", "add") => "apk",
        ("pip" | "pip3", "install") => "pip",
        ("pipx" | "conda" | "mamba" | "gem" | "cargo" | "go", "install") => name,
        ("npm" | "pnpm" | "bun", "install" | "i" | "add" | "ci") => name,
        ("yarn" | "poetry" | "uv", "add") => name,
        ("composer", "require") => name,
        ("go", "get") => name,
        _ => return,
    };
    if rest.is_empty() {
        found.add(Effect::Installs(format!("{manager}:")));
    }
    for package in rest {
        found.add(Effect::Installs(format!("{manager}:{package}")));
    }
}

fn git(command: &Command, plain: &[&str], found: &mut Found) {
    match plain.first().copied().unwrap_or_default() {
        "commit" | "am" | "cherry-pick" | "revert" => found.add(Effect::Commits(line(command))),
        "push" => found.add(Effect::Pushes(line(command))),
        "clean" => found.add(Effect::Deletes(found.resolve("."))),
        "rm" => plain.iter().skip(1).for_each(|path| found.deletes(path)),
        "clone" | "remote" | "fetch" | "pull" | "ls-remote" => {
            for arg in plain
                .iter()
                .filter(|arg| arg.contains('@') && arg.contains(':'))
            {
                found.contacts(arg);
            }
        }
        _ => {}
    }
}

fn forge(command: &Command, plain: &[&str], found: &mut Found) {
    match plain {
        ["pr" | "mr", "create" | "merge", ..] => {
            found.add(Effect::Pushes(line(command)));
            found.add(Effect::Tells(line(command)));
        }
        [
            "pr" | "mr" | "issue",
            "comment" | "review" | "create" | "close" | "edit",
            ..,
        ] => {
            found.add(Effect::Tells(line(command)));
        }
        ["release" | "gist", "create", ..] => found.add(Effect::Pushes(line(command))),
        _ => {}
    }
}
