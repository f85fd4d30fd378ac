//! Programs that run their arguments, as data.
//!
//! A row says how to get past a program's own options to the command that it runs. Rows are tried
//! in order, so a row with a subcommand stands before the program's plain row.

use crate::Layer;
use crate::expand::Word;

/// What kind of layer a wrapper is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Role {
    /// [`Layer::Wrapper`].
    Plain,
    /// [`Layer::Privilege`].
    Privilege,
    /// [`Layer::Remote`], named by the last of the skipped operands.
    Remote,
    /// [`Layer::Later`].
    Later,
}

/// How a program takes the command that it runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// The program's names.
    names: &'static [&'static str],
    /// Subcommand words that must follow, options between them skipped.
    sub: &'static [&'static str],
    role: Role,
    /// Single-letter options that take a value.
    short: &'static str,
    /// Long options that take a value in the next word, dashes included.
    long: &'static [&'static str],
    /// Options whose value is shell text to run.
    script: &'static [&'static str],
    /// Operands between the options and the command.
    operands: usize,
    /// `NAME=value` words may stand before the command.
    assignments: bool,
    /// The rest is joined with blanks and given to a shell.
    joined: bool,
    /// The command stands behind `--`, wherever that is, if there is one.
    dashes: bool,
    /// Without a command it starts a shell, which reads standard input.
    shell: bool,
    /// The command goes on in the background.
    background: bool,
}

const ROW: Row = Row {
    names: &[],
    sub: &[],
    role: Role::Plain,
    short: "",
    long: &[],
    script: &[],
    operands: 0,
    assignments: false,
    joined: false,
    dashes: false,
    shell: false,
    background: false,
};

const ROWS: &[Row] = &[
    // Other rights.
    Row {
        names: &["sudo"],
        role: Role::Privilege,
        short: "ughpCrtUTDR",
        long: &[
            "--user", "--group", "--host", "--prompt", "--chdir", "--role", "--type", "--chroot",
        ],
        assignments: true,
        shell: true,
        ..ROW
    },
    Row {
        names: &["doas"],
        role: Role::Privilege,
        short: "uC",
        assignments: true,
        shell: true,
        ..ROW
    },
    Row {
        names: &["pkexec"],
        role: Role::Privilege,
        long: &["--user"],
        shell: true,
        ..ROW
    },
    Row {
        names: &["su"],
        role: Role::Privilege,
        short: "gGswT",
        long: &[
            "--group",
            "--supp-group",
            "--shell",
            "--whitelist-environment",
        ],
        script: &["-c", "--command", "--session-command"],
        operands: usize::MAX,
        shell: true,
        ..ROW
    },
    Row {
        names: &["runuser"],
        role: Role::Privilege,
        short: "ugGsw",
        long: &["--user", "--group", "--supp-group", "--shell"],
        script: &["-c", "--command", "--session-command"],
        ..ROW
    },
    Row {
        names: &["gosu", "su-exec", "setuidgid", "chpst", "s6-setuidgid"],
        role: Role::Privilege,
        short: "u",
        operands: 1,
        ..ROW
    },
    Row {
        names: &["setpriv"],
        role: Role::Privilege,
        long: &[
            "--reuid",
            "--regid",
            "--groups",
            "--inh-caps",
            "--ambient-caps",
            "--bounding-set",
        ],
        ..ROW
    },
    Row {
        names: &["sg"],
        role: Role::Privilege,
        script: &["-c"],
        operands: 1,
        joined: true,
        ..ROW
    },
    // Other surroundings on the same machine.
    Row {
        names: &["env"],
        short: "uC",
        long: &["--unset", "--chdir"],
        script: &["-S", "--split-string"],
        assignments: true,
        ..ROW
    },
    Row {
        names: &["command", "builtin"],
        ..ROW
    },
    Row {
        names: &["exec"],
        short: "a",
        ..ROW
    },
    Row {
        names: &["time", "gtime"],
        short: "fo",
        long: &["--format", "--output"],
        ..ROW
    },
    Row {
        names: &["nohup"],
        background: true,
        ..ROW
    },
    Row {
        names: &["setsid"],
        background: true,
        ..ROW
    },
    Row {
        names: &["daemonize"],
        short: "acelopu",
        background: true,
        ..ROW
    },
    Row {
        names: &["start-stop-daemon"],
        short: "punsgckr",
        long: &[
            "--pidfile",
            "--user",
            "--chuid",
            "--name",
            "--chdir",
            "--group",
        ],
        script: &["-x", "-a", "--exec", "--startas"],
        dashes: true,
        background: true,
        ..ROW
    },
    Row {
        names: &["timeout", "gtimeout"],
        short: "ks",
        long: &["--kill-after", "--signal"],
        operands: 1,
        ..ROW
    },
    Row {
        names: &["nice", "renice"],
        short: "n",
        long: &["--adjustment"],
        ..ROW
    },
    Row {
        names: &["ionice"],
        short: "cnpPu",
        long: &["--class", "--classdata"],
        ..ROW
    },
    Row {
        names: &["chrt"],
        short: "TPD",
        operands: 1,
        ..ROW
    },
    Row {
        names: &["taskset"],
        operands: 1,
        ..ROW
    },
    Row {
        names: &["numactl"],
        short: "CNmpil",
        long: &["--cpunodebind", "--membind"],
        ..ROW
    },
    Row {
        names: &["prlimit"],
        ..ROW
    },
    Row {
        names: &["stdbuf"],
        short: "ioe",
        long: &["--input", "--output", "--error"],
        ..ROW
    },
    Row {
        names: &[
            "unbuffer",
            "catchsegv",
            "rlwrap",
            "winpty",
            "fakeroot",
            "proxychains",
            "proxychains4",
            "torsocks",
            "torify",
            "tsocks",
            "eatmydata",
            "chronic",
            "ifne",
            "linux32",
            "linux64",
            "i386",
            "setarch",
            "dbus-launch",
            "xvfb-run",
            "firejail",
            "proot",
            "softlimit",
            "systemd-inhibit",
            "caffeinate",
            "nocache",
            "trickle",
            "tini",
            "dumb-init",
            "catatonit",
        ],
        short: "fsnaewbuUf",
        ..ROW
    },
    Row {
        names: &["dbus-run-session", "gdbserver", "capsh"],
        dashes: true,
        script: &["-c"],
        ..ROW
    },
    Row {
        names: &["watch"],
        short: "nq",
        long: &["--interval", "--equexit"],
        joined: true,
        ..ROW
    },
    Row {
        names: &["strace", "ltrace"],
        short: "abeEIoOpPsSuX",
        ..ROW
    },
    Row {
        names: &["valgrind"],
        ..ROW
    },
    Row {
        names: &["perf"],
        sub: &["stat"],
        short: "eopIr",
        ..ROW
    },
    Row {
        names: &["perf"],
        sub: &["record"],
        short: "eocFpg",
        ..ROW
    },
    Row {
        names: &["script"],
        short: "BEIOTmotl",
        script: &["-c", "--command"],
        operands: usize::MAX,
        ..ROW
    },
    Row {
        names: &["flock"],
        short: "wE",
        long: &["--timeout", "--wait"],
        script: &["-c", "--command"],
        operands: 1,
        ..ROW
    },
    Row {
        names: &["unshare"],
        short: "RSGw",
        long: &["--root", "--wd", "--setuid", "--setgid"],
        shell: true,
        ..ROW
    },
    Row {
        names: &["nsenter"],
        short: "tSGW",
        long: &["--target", "--setuid", "--setgid"],
        role: Role::Privilege,
        shell: true,
        ..ROW
    },
    Row {
        names: &["chroot"],
        operands: 1,
        long: &["--userspec", "--groups"],
        shell: true,
        ..ROW
    },
    Row {
        names: &["arch-chroot"],
        short: "u",
        operands: 1,
        shell: true,
        ..ROW
    },
    Row {
        names: &["systemd-run"],
        short: "pEtdMHuG",
        long: &[
            "--unit",
            "--property",
            "--setenv",
            "--uid",
            "--gid",
            "--slice",
            "--description",
        ],
        background: true,
        ..ROW
    },
    Row {
        names: &["systemd-nspawn"],
        short: "DMiuE",
        shell: true,
        ..ROW
    },
    Row {
        names: &["cgexec"],
        short: "g",
        ..ROW
    },
    Row {
        names: &["ssh-agent"],
        short: "at",
        ..ROW
    },
    Row {
        names: &["sshpass"],
        short: "pfdP",
        ..ROW
    },
    Row {
        names: &["busybox", "toybox"],
        ..ROW
    },
    Row {
        names: &[
            "ld.so",
            "ld-linux.so.2",
            "ld-linux-x86-64.so.2",
            "ld-linux-aarch64.so.1",
        ],
        long: &["--library-path", "--preload", "--argv0"],
        ..ROW
    },
    Row {
        names: &["entr"],
        joined: false,
        ..ROW
    },
    Row {
        names: &["hyperfine"],
        short: "wmMrpsLSuN",
        long: &["--warmup", "--runs"],
        joined: true,
        ..ROW
    },
    // Terminals that outlive the caller.
    Row {
        names: &["screen"],
        short: "cehpStTsX",
        background: true,
        ..ROW
    },
    Row {
        names: &["tmux"],
        sub: &["new-session"],
        short: "LSfcenstFxy",
        joined: true,
        background: true,
        ..ROW
    },
    Row {
        names: &["tmux"],
        sub: &["new"],
        short: "LSfcenstFxy",
        joined: true,
        background: true,
        ..ROW
    },
    Row {
        names: &["tmux"],
        sub: &["new-window"],
        short: "LSfcenstF",
        joined: true,
        background: true,
        ..ROW
    },
    Row {
        names: &["tmux"],
        sub: &["neww"],
        short: "LSfcenstF",
        joined: true,
        background: true,
        ..ROW
    },
    Row {
        names: &["tmux"],
        sub: &["split-window"],
        short: "LSfcenltF",
        joined: true,
        background: true,
        ..ROW
    },
    Row {
        names: &["tmux"],
        sub: &["run-shell"],
        short: "LSfdct",
        joined: true,
        background: true,
        ..ROW
    },
    Row {
        names: &["xterm", "konsole", "gnome-terminal"],
        script: &[],
        short: "e",
        dashes: true,
        ..ROW
    },
    // Language tools that run a program in their surroundings.
    Row {
        names: &["poetry", "pipenv", "uv", "rye", "pdm", "hatch"],
        sub: &["run"],
        short: "pe",
        long: &[
            "--with",
            "--python",
            "--extra",
            "--group",
            "--project",
            "--directory",
        ],
        ..ROW
    },
    Row {
        names: &["conda", "mamba", "micromamba"],
        sub: &["run"],
        short: "np",
        long: &["--name", "--prefix", "--cwd"],
        ..ROW
    },
    Row {
        names: &["bundle"],
        sub: &["exec"],
        ..ROW
    },
    Row {
        names: &["npm"],
        sub: &["exec"],
        script: &["-c", "--call"],
        long: &["--package"],
        short: "p",
        dashes: true,
        ..ROW
    },
    Row {
        names: &["npx", "pnpx", "bunx"],
        short: "p",
        script: &["-c", "--call"],
        long: &["--package"],
        ..ROW
    },
    Row {
        names: &["direnv"],
        sub: &["exec"],
        operands: 1,
        ..ROW
    },
    Row {
        names: &["asdf", "mise", "rbenv", "pyenv", "nodenv"],
        sub: &["exec"],
        dashes: true,
        ..ROW
    },
    Row {
        names: &["nix-shell"],
        script: &["--run", "--command"],
        operands: usize::MAX,
        ..ROW
    },
    Row {
        names: &["git"],
        sub: &["submodule", "foreach"],
        short: "cC",
        joined: true,
        ..ROW
    },
    Row {
        names: &["git"],
        sub: &["bisect", "run"],
        short: "cC",
        ..ROW
    },
    Row {
        names: &["git"],
        sub: &["rebase"],
        short: "cCs",
        script: &["-x", "--exec"],
        operands: usize::MAX,
        ..ROW
    },
    Row {
        names: &["git"],
        sub: &["filter-branch"],
        script: &[
            "--tree-filter",
            "--index-filter",
            "--msg-filter",
            "--env-filter",
            "--commit-filter",
        ],
        operands: usize::MAX,
        ..ROW
    },
    Row {
        names: &["op", "aws-vault", "doppler", "chamber", "infisical"],
        sub: &["run"],
        dashes: true,
        ..ROW
    },
    Row {
        names: &["aws-vault"],
        sub: &["exec"],
        dashes: true,
        operands: 1,
        ..ROW
    },
    // Other machines and containers.
    Row {
        names: &["ssh", "autossh", "slogin"],
        role: Role::Remote,
        short: "BbcDEeFIiJLlMmOopQRSWw",
        operands: 1,
        joined: true,
        shell: true,
        ..ROW
    },
    Row {
        names: &["rsh", "dsh", "mosh"],
        role: Role::Remote,
        short: "lp",
        operands: 1,
        joined: true,
        shell: true,
        ..ROW
    },
    Row {
        names: &["docker", "podman", "nerdctl"],
        sub: &["exec"],
        role: Role::Remote,
        short: "Hceuw",
        long: &[
            "--env",
            "--user",
            "--workdir",
            "--env-file",
            "--host",
            "--context",
        ],
        operands: 1,
        ..ROW
    },
    Row {
        names: &["docker", "podman", "nerdctl"],
        sub: &["run"],
        role: Role::Remote,
        short: "Habcehlmpuvw",
        long: RUN_OPTIONS,
        operands: 1,
        ..ROW
    },
    Row {
        names: &["docker"],
        sub: &["compose", "exec"],
        role: Role::Remote,
        short: "feuw",
        long: COMPOSE_OPTIONS,
        operands: 1,
        ..ROW
    },
    Row {
        names: &["docker"],
        sub: &["compose", "run"],
        role: Role::Remote,
        short: "feuwvp",
        long: COMPOSE_OPTIONS,
        operands: 1,
        ..ROW
    },
    Row {
        names: &["docker-compose", "podman-compose"],
        sub: &["exec"],
        role: Role::Remote,
        short: "feuw",
        long: COMPOSE_OPTIONS,
        operands: 1,
        ..ROW
    },
    Row {
        names: &["docker-compose", "podman-compose"],
        sub: &["run"],
        role: Role::Remote,
        short: "feuwvp",
        long: COMPOSE_OPTIONS,
        operands: 1,
        ..ROW
    },
    Row {
        names: &["kubectl", "oc", "k3s"],
        sub: &["exec"],
        role: Role::Remote,
        short: "ncsl",
        long: KUBE_OPTIONS,
        operands: 1,
        dashes: true,
        ..ROW
    },
    Row {
        names: &["kubectl", "oc"],
        sub: &["run"],
        role: Role::Remote,
        short: "nsl",
        long: KUBE_OPTIONS,
        operands: usize::MAX,
        dashes: true,
        ..ROW
    },
    Row {
        names: &["kubectl", "oc"],
        sub: &["debug"],
        role: Role::Remote,
        short: "nc",
        long: KUBE_OPTIONS,
        operands: usize::MAX,
        dashes: true,
        ..ROW
    },
    Row {
        names: &["crictl", "ctr"],
        sub: &["exec"],
        role: Role::Remote,
        operands: 1,
        ..ROW
    },
    Row {
        names: &["lxc", "incus"],
        sub: &["exec"],
        role: Role::Remote,
        operands: 1,
        dashes: true,
        ..ROW
    },
    Row {
        names: &["lxc-attach"],
        role: Role::Remote,
        short: "nPoglpuv",
        long: &["--name"],
        dashes: true,
        ..ROW
    },
    Row {
        names: &["multipass"],
        sub: &["exec"],
        role: Role::Remote,
        operands: 1,
        dashes: true,
        ..ROW
    },
    Row {
        names: &["vagrant"],
        sub: &["ssh"],
        role: Role::Remote,
        script: &["-c", "--command"],
        operands: usize::MAX,
        ..ROW
    },
    Row {
        names: &["gcloud"],
        sub: &["compute", "ssh"],
        role: Role::Remote,
        script: &["--command"],
        long: &["--zone", "--project"],
        operands: usize::MAX,
        ..ROW
    },
    Row {
        names: &["adb"],
        sub: &["shell"],
        role: Role::Remote,
        short: "sHPt",
        joined: true,
        ..ROW
    },
    Row {
        names: &["toolbox", "distrobox"],
        sub: &["enter"],
        role: Role::Remote,
        dashes: true,
        operands: 1,
        ..ROW
    },
    Row {
        names: &["flatpak-spawn"],
        role: Role::Remote,
        ..ROW
    },
    // Later.
    Row {
        names: &["at", "batch"],
        role: Role::Later,
        short: "fqt",
        operands: usize::MAX,
        shell: true,
        background: true,
        ..ROW
    },
    // Programs that run something on the side: an option's value is shell text.
    Row {
        names: &["tar", "gtar", "bsdtar"],
        script: &[
            "--to-command",
            "--checkpoint-action=exec",
            "--use-compress-program",
            "-I",
            "--info-script",
            "--rsh-command",
        ],
        short: "fC",
        operands: usize::MAX,
        ..ROW
    },
    Row {
        names: &["rsync"],
        script: &["-e", "--rsh", "--rsync-path"],
        operands: usize::MAX,
        ..ROW
    },
    Row {
        names: &["nc", "ncat", "netcat", "nc.traditional"],
        script: &["-e", "-c", "--exec", "--sh-exec"],
        short: "pswqioX",
        operands: usize::MAX,
        ..ROW
    },
];

const RUN_OPTIONS: &[&str] = &[
    "--name",
    "--env",
    "--volume",
    "--user",
    "--workdir",
    "--publish",
    "--network",
    "--net",
    "--entrypoint",
    "--mount",
    "--memory",
    "--cpus",
    "--env-file",
    "--hostname",
    "--label",
    "--platform",
    "--cap-add",
    "--cap-drop",
    "--security-opt",
    "--device",
    "--pid",
    "--ipc",
    "--gpus",
    "--shm-size",
    "--restart",
    "--add-host",
    "--dns",
    "--ulimit",
    "--tmpfs",
    "--runtime",
    "--userns",
    "--cgroupns",
    "--uts",
    "--pull",
    "--volumes-from",
    "--log-driver",
    "--expose",
    "--host",
    "--context",
    "--attach",
    "--link",
    "--cidfile",
];

const COMPOSE_OPTIONS: &[&str] = &[
    "--file",
    "--env",
    "--user",
    "--workdir",
    "--project-name",
    "--profile",
    "--index",
    "--entrypoint",
    "--name",
    "--volume",
    "--publish",
];

const KUBE_OPTIONS: &[&str] = &[
    "--namespace",
    "--container",
    "--context",
    "--kubeconfig",
    "--server",
    "--token",
    "--cluster",
    "--user",
    "--image",
    "--overrides",
    "--restart",
    "--target",
    "--labels",
    "--env",
];

/// What a wrapper runs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wrapped {
    pub(crate) layer: Layer,
    pub(crate) what: What,
    pub(crate) background: bool,
    /// `NAME=value` words before the command.
    pub(crate) assignments: Vec<(String, String)>,
}

/// The command inside a wrapper.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    /// These words.
    Words(Vec<Word>),
    /// Shell text.
    Script(Word),
    /// A shell that reads standard input.
    Shell,
    /// Nothing that can be seen.
    Nothing,
}

/// Reads the words of a wrapper; `None` for a program that is none.
pub(crate) fn unwrap(program: &str, words: &[Word]) -> Option<Wrapped> {
    ROWS.iter()
        .filter(|row| row.names.contains(&program))
        .find_map(|row| row.unwrap(program, words))
}

impl Row {
    fn unwrap(&self, program: &str, words: &[Word]) -> Option<Wrapped> {
        let mut reading = Reading {
            row: self,
            words,
            at: 1,
            script: None,
            skipped: None,
        };
        for sub in self.sub {
            reading.options();
            if reading.peek()?.text != *sub {
                return None;
            }
            reading.at += 1;
        }
        reading.options();
        let mut left = self.operands;
        while left > 0 && reading.peek().is_some() {
            if self.dashes && reading.peek().is_some_and(|w| w.text == "--") {
                break;
            }
            reading.skipped = reading.peek().map(|w| w.text.clone());
            reading.at += 1;
            left -= 1;
            // Only these take options among their operands.
            if self.operands == usize::MAX
                || self.dashes
                || self.role == Role::Remote && self.joined
            {
                reading.options();
            }
        }
        if self.dashes
            && let Some(at) = words.iter().position(|w| w.text == "--")
        {
            reading.at = at + 1;
        }
        let mut assignments = Vec::new();
        while self.assignments
            && let Some((name, value)) = reading.peek().and_then(|w| w.text.split_once('='))
            && !name.is_empty()
        {
            assignments.push((name.to_owned(), value.to_owned()));
            reading.at += 1;
        }
        if reading.peek().is_some_and(|w| w.text == "--") {
            reading.at += 1;
        }
        let rest = words.get(reading.at..).unwrap_or_default();
        let what = match reading.script {
            Some(script) => What::Script(script),
            None if rest.is_empty() && self.shell => What::Shell,
            None if rest.is_empty() => What::Nothing,
            None if self.joined => What::Script(join(rest)),
            None => What::Words(rest.to_vec()),
        };
        let name = match (self.role, self.sub.last()) {
            (Role::Remote, _) => reading.skipped.unwrap_or_default(),
            (_, Some(sub)) => format!("{program} {sub}"),
            (_, None) => program.to_owned(),
        };
        Some(Wrapped {
            layer: match self.role {
                Role::Plain => Layer::Wrapper(name),
                Role::Privilege => Layer::Privilege(name),
                Role::Remote => Layer::Remote(name),
                Role::Later => Layer::Later(name),
            },
            what,
            background: self.background,
            assignments,
        })
    }
}

/// Words joined by blanks, as a program does that gives them to a shell.
pub(crate) fn join(words: &[Word]) -> Word {
    let mut joined = Word::default();
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            joined.text.push(' ');
        }
        joined.text.push_str(&word.text);
        joined.dynamic |= word.dynamic;
        joined.layers.extend(word.layers.iter().cloned());
    }
    joined
}

/// The words of a wrapper while they are read.
struct Reading<'w> {
    row: &'w Row,
    words: &'w [Word],
    at: usize,
    script: Option<Word>,
    /// The last operand before the command.
    skipped: Option<String>,
}

impl Reading<'_> {
    fn peek(&self) -> Option<&Word> {
        self.words.get(self.at)
    }

    /// Skips options and their values. `--` is skipped too and ends them.
    fn options(&mut self) {
        while let Some(word) = self.peek() {
            let text = word.text.clone();
            if text == "--" {
                if !self.row.dashes {
                    self.at += 1;
                }
                return;
            }
            if text.len() < 2 || !text.starts_with('-') {
                return;
            }
            self.at += 1;
            if text.starts_with("--") {
                self.long(&text);
            } else {
                self.short(&text);
            }
        }
    }

    fn long(&mut self, text: &str) {
        if self.row.script.contains(&text) {
            self.script = self.peek().cloned();
            self.at += 1;
        } else if self.row.long.contains(&text) {
            self.at += 1;
        } else if let Some((name, value)) = self
            .row
            .script
            .iter()
            .find_map(|name| Some((name, text.strip_prefix(name)?.strip_prefix('=')?)))
        {
            let _ = name;
            self.script = Some(Word::plain(value));
        }
    }

    fn short(&mut self, text: &str) {
        for (index, letter) in text.char_indices().skip(1) {
            let script = self.row.script.iter().any(|name| {
                name.strip_prefix('-')
                    .is_some_and(|n| n.chars().eq([letter]))
            });
            if !script && !self.row.short.contains(letter) {
                continue;
            }
            let value = text.get(index + letter.len_utf8()..).unwrap_or_default();
            let value = if value.is_empty() {
                let next = self.peek().cloned();
                self.at += 1;
                next
            } else {
                Some(Word::plain(value))
            };
            if script {
                self.script = value;
            }
            return;
        }
    }
}
