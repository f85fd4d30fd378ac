//! What goes on after the command: jobs, services, schedules, and other agents.

use proctor_shell::{Command, Layer};

use super::args::Args;

/// Whether the command leaves something running or scheduled. `tidy` says that the line waits for
/// its jobs or stops them.
pub(super) fn is_job(args: Args<'_>, command: &Command, tidy: bool) -> bool {
    let later = command
        .via
        .iter()
        .any(|layer| matches!(layer, Layer::Later(by) if by != "trap"));
    later || (command.background && !tidy) || detaches(args) || persists(command)
}

fn detaches(args: Args<'_>) -> bool {
    let words = args.operands(&["-s", "-n", "-c", "-f", "-p", "--name", "-L", "-t"]);
    let sub = words.first().copied().unwrap_or_default();
    match args.program {
        "nohup" | "setsid" | "disown" | "daemonize" | "batch" | "systemd-run" => true,
        "at" => !args.has(&["-l", "-c", "-r", "-d"]),
        "crontab" => !args.has(&["-l", "-r"]),
        "systemctl" => ["enable", "start", "restart", "reenable"].contains(&sub),
        "service" => words
            .get(1)
            .is_some_and(|verb| ["start", "restart"].contains(verb)),
        "launchctl" => ["load", "bootstrap", "submit", "kickstart"].contains(&sub),
        "schtasks" => args
            .words()
            .any(|word| word.eq_ignore_ascii_case("/create")),
        "tmux" => {
            matches!(sub, "new" | "new-session" | "new-window") && args.has_letter('d')
                || sub == "send-keys"
        }
        "screen" => args.has_letter('d') && (args.has_letter('m') || args.has_letter('S')),
        "docker" | "podman" | "nerdctl" => {
            let runs = sub == "run" || words.get(1).is_some_and(|verb| *verb == "up");
            let group = args
                .words()
                .any(|word| matches!(word, "-d" | "-dit" | "-itd" | "-dti"));
            runs && (group || args.has(&["--detach"]))
        }
        "docker-compose" => sub == "up" && args.has(&["-d", "--detach"]),
        "pm2" | "forever" | "supervisorctl" => ["start", "restart"].contains(&sub),
        _ => false,
    }
}

/// Whether the command writes where things are started from: cron, systemd, login items.
fn persists(command: &Command) -> bool {
    let places = [
        "/etc/cron",
        "/var/spool/cron",
        "/etc/systemd/system/",
        ".config/systemd/user/",
        "/etc/init.d/",
        "/etc/rc.local",
        "Library/LaunchAgents/",
        "Library/LaunchDaemons/",
        ".config/autostart/",
    ];
    let is_place = |path: &str| places.iter().any(|place| path.contains(place));
    let written = command
        .redirects
        .iter()
        .filter(|r| r.op.contains('>'))
        .map(|r| &r.target);
    let copied = match command.program() {
        "cp" | "mv" | "install" | "ln" | "tee" => command.argv.last(),
        _ => None,
    };
    written.chain(copied).any(|path| is_place(path))
}

/// The agent that the command starts so that nobody talks to it.
pub(super) fn agent<'a>(args: Args<'a>) -> Option<&'a str> {
    let words = args.operands(&["--model", "-m", "--profile", "-c", "--config", "-C", "--cd"]);
    let mut name = args.program;
    let mut sub = words.first().copied().unwrap_or_default();
    if matches!(name, "npx" | "bunx" | "pnpx" | "uvx") {
        name = match sub.trim_end_matches("@latest") {
            "@anthropic-ai/claude-code" => "claude",
            "@openai/codex" => "codex",
            "@google/gemini-cli" => "gemini",
            other => other,
        };
        sub = words.get(1).copied().unwrap_or_default();
    }
    let starts = match name {
        "claude" => args.has(&["-p", "--print", "--dangerously-skip-permissions"]),
        "codex" => ["exec", "e", "resume"].contains(&sub) || args.has(&["--full-auto"]),
        "gemini" | "qwen" => args.has(&["-p", "--prompt", "-y", "--yolo"]),
        "aider" => args.has(&["-m", "--message", "--message-file", "--yes", "--yes-always"]),
        "opencode" | "goose" | "crush" => sub == "run",
        "cursor-agent" => args.has(&["-p", "--print"]),
        "openhands" | "sweagent" | "swe-agent" | "auggie" | "droid" | "amp" => !words.is_empty(),
        "copilot" => args.has(&["-p", "--prompt", "--allow-all-tools"]),
        _ => false,
    };
    starts.then_some(name)
}
