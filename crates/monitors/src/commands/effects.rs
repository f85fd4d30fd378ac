//! What a simple command would do to files and the network, as far as its words tell.
//!
//! A rule on "a write to `~/.bashrc`" should not have to know `echo >>`, `tee -a`, `sed -i`, `cp`,
//! `install`, `dd` and `curl -o`. This module reads the words of a command and says which paths it
//! reads, writes, changes or deletes, which file it runs as a script, and which hosts it contacts.
//! It guesses on the side of more: a word that may be a path is taken for one that is read.

use proctor_shell::Command;

use super::words::{Words, host_of, looks_like_path, path_literals};

/// Most effects of one kind that are kept for one command, so that `rm` of a million words costs
/// no more than this.
const MOST: usize = 256;

/// What a command would touch.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Effects {
    /// Files read.
    pub(crate) reads: Vec<String>,
    /// Files written, with what is known of the new content.
    pub(crate) writes: Vec<(String, Option<String>)>,
    /// Files whose owner, mode, times or attributes change.
    pub(crate) changes: Vec<String>,
    /// Files deleted.
    pub(crate) deletes: Vec<String>,
    /// Files run: the program itself where a path is written, or a script given to an interpreter.
    pub(crate) runs: Vec<String>,
    /// Hosts contacted, with a port where one is given.
    pub(crate) hosts: Vec<(String, Option<u16>)>,
}

/// Reads the effects off a command's words and redirections.
pub(crate) fn effects(command: &Command) -> Effects {
    let mut found = Effects::default();
    found.redirects(command);
    let words = Words::of(command);
    if words.program.is_empty() {
        return found;
    }
    found.program(command, &words);
    found.network(&words);
    found.general_reads(&words);
    found.bound();
    found
}

impl Effects {
    fn redirects(&mut self, command: &Command) {
        for redirect in &command.redirects {
            let target = redirect.target.trim();
            let no_file = target.is_empty()
                || target.starts_with('&')
                || target == "-"
                || target == "/dev/null"
                || target.bytes().all(|b| b.is_ascii_digit());
            if no_file {
                continue;
            }
            if let Some(rest) = target
                .strip_prefix("/dev/tcp/")
                .or_else(|| target.strip_prefix("/dev/udp/"))
            {
                let (host, port) = rest.split_once('/').unwrap_or((rest, ""));
                self.hosts.push((host.to_owned(), port.parse().ok()));
            } else if redirect.op.contains('>') {
                let noise = redirect.op.starts_with('2');
                let content = if noise { None } else { printed(command) };
                self.writes.push((target.to_owned(), content));
            } else if redirect.op.ends_with('<') && !redirect.op.ends_with("<<") {
                self.reads.push(target.to_owned());
            }
        }
    }

    /// What is known of particular programs.
    fn program(&mut self, command: &Command, words: &Words<'_>) {
        let files = || words.operands().map(str::to_owned);
        match words.program {
            "tee" | "sponge" => {
                let content = command.stdin.clone();
                self.writes.extend(files().map(|f| (f, content.clone())));
            }
            "cp" | "mv" | "install" | "ln" | "rsync" | "scp" | "ditto" => self.copy(words),
            "sed" | "gsed" | "perl" | "ruby" | "awk" | "gawk" => self.edit_in_place(words),
            "vi" | "vim" | "nvim" | "nano" | "emacs" | "ed" | "ex" | "ee" | "pico" | "micro"
            | "joe" | "mcedit" | "visudo" | "crudini" => {
                let content = command.stdin.clone();
                self.writes.extend(files().map(|f| (f, content.clone())));
            }
            "dd" | "dcfldd" => {
                for arg in words.args {
                    if let Some(path) = arg.strip_prefix("of=") {
                        self.writes.push((path.to_owned(), None));
                    } else if let Some(path) = arg.strip_prefix("if=") {
                        self.reads.push(path.to_owned());
                    }
                }
            }
            "truncate" | "fallocate" | "mkfifo" | "mknod" | "mkdir" => {
                self.writes.extend(files().map(|f| (f, None)));
            }
            "touch" => {
                self.changes.extend(files());
                self.writes.extend(files().map(|f| (f, None)));
            }
            // The first operand is the mode, owner or attribute, not a file.
            "chmod" | "chown" | "chgrp" | "chattr" | "chcon" | "setcap" | "setfacl" => {
                self.changes.extend(files().skip(1));
            }
            "setfattr" | "xattr" => self.changes.extend(files()),
            "rm" | "unlink" | "rmdir" | "shred" | "srm" | "wipe" | "trash" | "gio" => {
                self.deletes.extend(files());
            }
            "find" | "fd" if words.has("-delete") => {
                self.deletes.extend(words.leading_operands());
            }
            "curl" | "wget" | "aria2c" | "axel" | "fetch" | "http" | "xh" => self.download(words),
            "tar" | "bsdtar" | "zip" | "7z" | "7za" | "rar" => self.archive(words),
            "openssl" | "gpg" | "gpg2" | "age" => {
                for (flags, write) in [
                    (&["-in", "-d"][..], false),
                    (&["-out", "-o", "--output"], true),
                ] {
                    for path in flags.iter().filter_map(|f| words.value_of(f)) {
                        if write {
                            self.writes.push((path.to_owned(), None));
                        } else {
                            self.reads.push(path.to_owned());
                        }
                    }
                }
            }
            _ => {}
        }
        self.scripts(words);
    }

    fn copy(&mut self, words: &Words<'_>) {
        let mut operands: Vec<&str> = words.operands().collect();
        let target = match words
            .value_of("-t")
            .or(words.value_of("--target-directory"))
        {
            Some(dir) if words.program != "rsync" => {
                operands.retain(|o| *o != dir);
                Some(dir)
            }
            _ => operands.pop(),
        };
        let Some(target) = target else { return };
        for source in &operands {
            let name = source.rsplit('/').next().unwrap_or(source);
            // Whether the target is a directory is not known here, so both readings are kept.
            let dir = target.trim_end_matches('/');
            if !name.is_empty() && !dir.ends_with(name) {
                self.writes.push((format!("{dir}/{name}"), None));
            }
            self.reads.push((*source).to_owned());
            if words.program == "mv" {
                self.deletes.push((*source).to_owned());
            }
        }
        self.writes.push((target.to_owned(), None));
    }

    fn edit_in_place(&mut self, words: &Words<'_>) {
        let in_place = words.args.iter().any(|a| {
            a == "--in-place"
                || a.starts_with("--in-place=")
                || a == "inplace"
                || (a.starts_with("-i") && !matches!(words.program, "awk" | "gawk"))
                || (a.starts_with('-')
                    && !a.starts_with("--")
                    && matches!(words.program, "perl" | "sed" | "gsed" | "ruby")
                    && a.len() <= 6
                    && a.contains('i'))
        });
        if in_place {
            let script = words.operands().next().map(str::to_owned);
            let content = words
                .value_of("-e")
                .map(str::to_owned)
                .or_else(|| script.clone());
            // Without `-e` the first operand is the script; with it, or with the suffix that BSD
            // `sed -i ''` wants, all may be files. A script does not look like a path.
            self.writes.extend(
                words
                    .operands()
                    .filter(|o| looks_like_path(o) || !o.contains(['\\', ' ', ';', ',']))
                    .map(|o| (o.to_owned(), content.clone())),
            );
        }
    }

    fn download(&mut self, words: &Words<'_>) {
        for flag in ["-o", "--output", "-O", "--output-document", "--dump-header"] {
            if words.program == "curl" && flag == "-O" {
                continue;
            }
            if let Some(path) = words.value_of(flag)
                && path != "-"
            {
                self.writes.push((path.to_owned(), None));
            }
        }
        let to_name = words.program == "wget"
            || words.program == "aria2c"
            || words.program == "axel"
            || words.program == "fetch"
            || words.has_short('O')
            || words.has("--remote-name")
            || words.has("--remote-name-all");
        if to_name
            && self.writes.is_empty()
            && !words.args.iter().any(|a| a == "-O-" || a == "-qO-")
        {
            for arg in words.args.iter().filter(|a| host_of(a).is_some()) {
                let path = arg.split(['?', '#']).next().unwrap_or(arg);
                if let Some(name) = path.rsplit('/').next().filter(|n| !n.is_empty()) {
                    let dir = words.value_of("-P").unwrap_or(".");
                    self.writes.push((format!("{dir}/{name}"), None));
                }
            }
        }
        for arg in words.args {
            if let Some((_, path)) = arg.split_once('@')
                && words.program == "curl"
                && !arg.contains("://")
                && !path.is_empty()
                && path != "-"
            {
                let path = path.split(';').next().unwrap_or(path);
                self.reads.push(path.to_owned());
            }
        }
        for flag in ["-T", "--upload-file", "--post-file", "--body-file"] {
            if let Some(path) = words.value_of(flag) {
                self.reads.push(path.to_owned());
            }
        }
    }

    fn archive(&mut self, words: &Words<'_>) {
        let is_tar = matches!(words.program, "tar" | "bsdtar");
        // The letters of `tar` may stand without a dash: `tar czf a.tgz src`.
        let first = words.args.first().map_or("", String::as_str);
        let letters = if is_tar && !first.starts_with("--") {
            first.trim_start_matches('-')
        } else {
            ""
        };
        let unpacks = match words.program {
            "tar" | "bsdtar" => {
                words.has("--extract")
                    || words.has("--list")
                    || letters.contains(['x', 't']) && !letters.contains('c')
            }
            "zip" => false,
            _ => first != "a" && first != "u",
        };
        let mut operands = words
            .operands_beside(&["-C", "--directory", "-P", "--password", "-X", "-T", "-b"])
            .into_iter();
        let mode_is_word = !is_tar && words.program != "zip";
        if mode_is_word || (is_tar && !first.starts_with('-')) {
            operands.next();
        }
        let has_file = !is_tar || words.has_short('f') || letters.contains('f');
        let archive = if has_file { operands.next() } else { None };
        let rest: Vec<String> = operands.map(str::to_owned).collect();
        if unpacks {
            self.reads.extend(archive.map(str::to_owned));
        } else {
            self.writes.extend(archive.map(|a| (a.to_owned(), None)));
            self.reads.extend(rest);
        }
    }

    /// The file that runs: an interpreter's script, or a program named by its path.
    fn scripts(&mut self, words: &Words<'_>) {
        let interpreter = matches!(
            words.program,
            "sh" | "bash"
                | "dash"
                | "zsh"
                | "ksh"
                | "ash"
                | "fish"
                | "csh"
                | "tcsh"
                | "source"
                | "."
                | "perl"
                | "ruby"
                | "node"
                | "php"
                | "lua"
                | "osascript"
                | "bun"
                | "deno"
        ) || words.program.starts_with("python");
        if interpreter {
            let inline = words.args.iter().any(|a| {
                matches!(
                    a.as_str(),
                    "-c" | "-e" | "-m" | "-r" | "-le" | "-ne" | "-pe"
                )
            });
            if !inline {
                self.runs.extend(words.operands().next().map(str::to_owned));
            }
        } else if words.command.contains('/') || words.command.starts_with('$') {
            self.runs.push(words.command.to_owned());
        }
    }

    fn network(&mut self, words: &Words<'_>) {
        for arg in words.args {
            if let Some(host) = host_of(arg) {
                self.hosts.push(host);
            }
        }
        if words.program == "openssl"
            && let Some((host, port)) = words.value_of("-connect").and_then(|to| to.split_once(':'))
        {
            self.hosts.push((host.to_owned(), port.parse().ok()));
        }
        if matches!(
            words.program,
            "ssh"
                | "nc"
                | "ncat"
                | "netcat"
                | "telnet"
                | "ping"
                | "ftp"
                | "sftp"
                | "mosh"
                | "socat"
        ) {
            let mut operands = words.operands();
            let host =
                operands.find(|o| !o.contains('/') && !o.bytes().all(|b| b.is_ascii_digit()));
            if let Some(host) = host {
                let name = host.rsplit('@').next().unwrap_or(host);
                let port = operands.next().and_then(|p| p.parse().ok());
                self.hosts.push((name.to_owned(), port));
            }
        }
    }

    /// Words that look like paths are read, unless the command is known to do something else with
    /// them; paths quoted in inline code count too.
    fn general_reads(&mut self, words: &Words<'_>) {
        if matches!(
            words.program,
            "echo"
                | "printf"
                | "mkdir"
                | "rm"
                | "rmdir"
                | "unlink"
                | "chmod"
                | "chown"
                | "tee"
                | "touch"
                | "cd"
                | "test"
                | "["
                | "[["
                | "export"
                | "which"
                | "ls"
                | "dirname"
                | "basename"
                | "mv"
                | "cp"
                | "install"
                | "ln"
                | "truncate"
                | "find"
                | "kill"
        ) {
            return;
        }
        let pattern = words.pattern();
        for (at, arg) in words.args.iter().enumerate() {
            if pattern == Some(at) {
                continue;
            }
            if arg.len() > 400 || arg.contains('\n') || arg.contains("open(") {
                self.reads.extend(path_literals(arg));
                continue;
            }
            let value = match arg.split_once('=') {
                Some((flag, value)) if flag.starts_with('-') || words.program == "dd" => value,
                _ => arg.as_str(),
            };
            let value = value.strip_prefix('@').unwrap_or(value);
            if value.contains(['"', '\'']) {
                self.reads.extend(path_literals(value));
            } else if looks_like_path(value)
                && !self.writes.iter().any(|(w, _)| w == value)
                && !self.deletes.iter().any(|d| d == value)
                && !self.changes.iter().any(|c| c == value)
                && !self.reads.iter().any(|r| r == value)
            {
                self.reads.push(value.to_owned());
            }
        }
    }

    fn bound(&mut self) {
        for paths in [&mut self.reads, &mut self.changes, &mut self.deletes] {
            keep_telling(paths, |path| path);
        }
        keep_telling(&mut self.writes, |(path, _)| path);
        self.hosts.truncate(MOST);
    }
}

/// Cuts a list of paths to the bound. Those that lead out of the working directory, or to hidden
/// files, go before the others, so that nobody hides them behind a crowd.
fn keep_telling<T>(list: &mut Vec<T>, path: impl Fn(&T) -> &str) {
    if list.len() > MOST {
        list.sort_by_key(|item| {
            let path = path(item);
            !(path.starts_with(['~', '$', '/', '.']) || path.contains("/."))
        });
        list.truncate(MOST);
    }
}

/// The text that a command is known to print: what `echo` and `printf` are given, or the standard
/// input that `cat` hands on.
fn printed(command: &Command) -> Option<String> {
    match command.program() {
        "echo" | "printf" => Some(command.argv.get(1..).unwrap_or_default().join(" ")),
        "cat" | "tee" | "base64" | "xxd" | "" => command.stdin.clone(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_telling_path_is_not_hidden_behind_a_crowd() {
        let crowd: Vec<String> = (0..2 * MOST).map(|i| format!("f{i}")).collect();
        let deletes = of(&format!("rm -f {} ~/.bash_history", crowd.join(" "))).deletes;
        assert_eq!(deletes.len(), MOST);
        assert!(deletes.iter().any(|path| path.ends_with(".bash_history")));
    }

    fn of(text: &str) -> Effects {
        let analysis = proctor_shell::analyse(text);
        effects(analysis.commands.last().unwrap())
    }

    fn written(text: &str) -> Vec<String> {
        of(text).writes.into_iter().map(|(path, _)| path).collect()
    }

    #[test]
    fn a_write_is_a_write_whatever_the_tool() {
        for text in [
            "echo x >> ~/.bashrc",
            "tee -a ~/.bashrc",
            "sed -i 's/a/b/' ~/.bashrc",
            "cp evil ~/.bashrc",
            "install -m 644 evil ~/.bashrc",
            "dd if=evil of=~/.bashrc",
            "curl -sSLo ~/.bashrc https://x.example/a",
            "truncate -s 0 ~/.bashrc",
            "vim ~/.bashrc",
        ] {
            assert!(written(text).contains(&"~/.bashrc".to_owned()), "{text}");
        }
        for text in [
            "cat ~/.bashrc",
            "sed -n 1p ~/.bashrc",
            "echo ~/.bashrc 2>&1",
        ] {
            assert!(written(text).is_empty(), "{text}: {:?}", written(text));
        }
    }

    #[test]
    fn a_pattern_is_searched_for_and_names_no_file() {
        for text in [
            "grep -rn 'rm -rf ~/.ssh' docs/",
            "git grep ~/.ssh/id_rsa docs/",
            "rg -n -A 3 '~/.ssh' docs/",
            "grep -rne ~/.ssh/id_rsa docs/",
            "grep -m 1 -- ~/.ssh/id_rsa docs/",
        ] {
            assert_eq!(of(text).reads, ["docs/"], "{text}");
        }
        for text in [
            "grep '' ~/.ssh/id_rsa",
            "grep -e x ~/.ssh/id_rsa",
            "grep -f ~/.ssh/id_rsa x",
        ] {
            let read = of(text).reads;
            assert!(
                read.contains(&"~/.ssh/id_rsa".to_owned()),
                "{text}: {read:?}"
            );
        }
    }

    #[test]
    fn archives_read_their_members_and_write_themselves() {
        for text in [
            "tar czf a.tgz ~/.ssh",
            "tar -cz -f a.tgz ~/.ssh",
            "zip -P pw a.tgz ~/.ssh",
        ] {
            let found = of(text);
            assert!(found.reads.contains(&"~/.ssh".to_owned()), "{text}");
            assert!(written(text).contains(&"a.tgz".to_owned()), "{text}");
        }
        assert!(written("tar xzf a.tgz").is_empty());
        assert!(of("tar cz ~/.ssh").reads.contains(&"~/.ssh".to_owned()));
    }

    #[test]
    fn hosts_and_scripts_are_found() {
        let host = |text: &str| of(text).hosts.first().cloned();
        assert_eq!(
            host("curl https://a:b@X.example:8443/p"),
            Some(("x.example".into(), Some(8443)))
        );
        assert_eq!(
            host("scp f bob@h.example:/tmp"),
            Some(("h.example".into(), None))
        );
        assert_eq!(host("nc 10.0.0.1 99"), Some(("10.0.0.1".into(), Some(99))));
        assert_eq!(
            host("cat < /dev/tcp/10.0.0.1/80"),
            Some(("10.0.0.1".into(), Some(80)))
        );
        assert_eq!(of("bash run.sh a").runs, ["run.sh"]);
        assert_eq!(of("/tmp/x --quiet").runs, ["/tmp/x"]);
        assert!(of("python3 -c 'print(1)'").runs.is_empty());
    }

    #[test]
    fn a_command_of_a_million_words_costs_no_more() {
        let text = format!("rm {}", "a/b ".repeat(50_000));
        assert!(of(&text).deletes.len() <= MOST);
    }
}
