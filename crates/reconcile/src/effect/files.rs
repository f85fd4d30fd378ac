//! Files that usual programs read, write and delete.

use super::args::Args;
use super::{Effect, Found};
use crate::path::resolve;

pub(super) fn effects(args: Args<'_>, found: &mut Found) {
    match args.program {
        "cd" | "pushd" => {
            let to = args.operands(&[]).first().copied().unwrap_or("~");
            if to != "-" {
                found.cwd = Some(resolve(to, found.cwd.as_deref()));
            }
        }
        "source" | "." => {
            // Reads variables into the shell, where nobody sees them yet.
            if let Some(path) = args.operands(&[]).first() {
                found.on_path(path, Effect::Reads);
            }
        }
        "cat" | "head" | "tail" | "less" | "more" | "bat" | "batcat" | "xxd" | "od" | "strings"
        | "nl" | "tac" | "rev" | "sort" | "uniq" | "cut" | "paste" | "column" | "fold"
        | "base64" | "base32" | "hexdump" | "gpg" | "diff" | "comm" | "zcat" | "view" => {
            let valued = [
                "-n", "-c", "-k", "-t", "-d", "-f", "-w", "-s", "-j", "-l", "-in",
            ];
            args.operands(&valued)
                .iter()
                .for_each(|path| found.reads(path));
        }
        // Of openssl's commands these read and print private keys.
        "openssl" if args.has(&["rsa", "pkey", "ec", "pkcs8", "pkcs12"]) => {
            args.values(&["-in"]).for_each(|path| found.reads(path));
        }
        "grep" | "egrep" | "fgrep" | "rg" | "ag" | "awk" | "gawk" | "mawk" | "jq" | "yq" => {
            let valued = [
                "-A",
                "-B",
                "-C",
                "-m",
                "-e",
                "-f",
                "-F",
                "-v",
                "-g",
                "-t",
                "--include",
            ];
            let given = args.program.ends_with("awk") || !args.has(&["-e", "-f", "--regexp"]);
            let operands = args.operands(&valued);
            operands
                .iter()
                .skip(usize::from(given))
                .for_each(|path| found.reads(path));
        }
        "sed" | "perl" | "ruby" if in_place(args) => {
            // The first word is the script unless an option gave it.
            let script = !args.has_letter('e') && !args.has(&["-f", "--expression"]);
            let operands = args.operands(&["-e", "-f", "--expression", "--file", "-l"]);
            operands
                .iter()
                .skip(usize::from(script))
                .for_each(|path| found.writes(path));
        }
        "sed" => {
            let script = !args.has(&["-e", "-f", "--expression"]);
            let operands = args.operands(&["-e", "-f", "--expression", "-l"]);
            operands
                .iter()
                .skip(usize::from(script))
                .for_each(|path| found.reads(path));
        }
        "tee" | "touch" | "sponge" => {
            args.operands(&["-r", "-d", "-t"])
                .iter()
                .for_each(|path| found.writes(path));
        }
        "mkdir" | "mkfifo" => {
            for path in args.operands(&["-m"]) {
                found.on_path(path, Effect::Alters);
            }
        }
        "chmod" | "chown" | "chgrp" | "chattr" | "setfacl" => {
            for path in args.operands(&[]).iter().skip(1) {
                found.on_path(path, Effect::Alters);
            }
        }
        "cp" | "mv" | "ln" | "install" => copy(args, found),
        "dd" => {
            for word in args.words() {
                if let Some(path) = word.strip_prefix("of=") {
                    found.writes(path);
                } else if let Some(path) = word.strip_prefix("if=") {
                    found.reads(path);
                }
            }
        }
        "rm" | "rmdir" | "unlink" | "shred" | "srm" | "trash" | "trash-put" | "wipe" => {
            args.operands(&["-n", "-s"])
                .iter()
                .for_each(|path| found.deletes(path));
        }
        "truncate" => {
            args.operands(&["-s", "-r", "--size"])
                .iter()
                .for_each(|path| found.deletes(path));
        }
        "find" if args.has(&["-delete"]) || find_removes(args) => {
            let root = args
                .words()
                .find(|word| !word.starts_with('-'))
                .unwrap_or(".");
            found.deletes(root);
        }
        "patch" => {
            if let Some(path) = args.operands(&["-i", "-d", "-p"]).first() {
                found.writes(path);
            }
        }
        "tar" | "bsdtar" => archive(args, found),
        "zip" | "7z" | "rar" => {
            let mut operands = args.operands(&["-x", "-i", "-P", "-p"]).into_iter();
            let operands = operands
                .by_ref()
                .filter(|word| word.len() > 1 || args.program == "zip");
            for (i, path) in operands.enumerate() {
                if i == 0 {
                    found.writes(path);
                } else {
                    found.reads(path);
                }
            }
        }
        "git" => git(args, found),
        _ => {}
    }
}

/// Whether `find` runs a program on what it finds that deletes it.
fn find_removes(args: Args<'_>) -> bool {
    let mut words = args
        .words()
        .skip_while(|word| !matches!(*word, "-exec" | "-execdir"));
    words
        .nth(1)
        .is_some_and(|program| matches!(program, "rm" | "unlink" | "shred"))
}

/// Whether the options edit files in place: `-i`, `-i.bak`, `-pi`, `--in-place`.
fn in_place(args: Args<'_>) -> bool {
    args.words()
        .take_while(|word| word.starts_with('-'))
        .any(|word| {
            word.starts_with("--in-place")
                || (!word.starts_with("--")
                    && !word.starts_with("-M")
                    && !word.starts_with("-I")
                    && word
                        .split(['.', 'e'])
                        .next()
                        .is_some_and(|letters| letters.contains('i')))
        })
}

fn copy(args: Args<'_>, found: &mut Found) {
    let operands = args.operands(&["-t", "-m", "-o", "-g", "-S", "--target-directory"]);
    let into = args.values(&["-t", "--target-directory"]).next();
    let (to, from) = match (into, operands.split_last()) {
        (Some(dir), _) => (dir, operands.as_slice()),
        (None, Some((to, from))) if !from.is_empty() => (*to, from),
        _ => return,
    };
    for path in from {
        match args.program {
            "ln" => {}
            "mv" => found.on_path(path, Effect::Moves),
            _ => found.reads(path),
        }
    }
    found.writes(to);
}

fn archive(args: Args<'_>, found: &mut Found) {
    let Some(mode) = args.words().next() else {
        return;
    };
    let letters = mode.trim_start_matches('-');
    let mut operands = args
        .operands(&["-f", "-C", "--file", "--exclude"])
        .into_iter();
    if !mode.starts_with('-') {
        operands.next();
    }
    let file = match args.values(&["-f", "--file"]).next() {
        Some(file) => Some(file),
        // In `tar czf FILE …` the file follows the letters.
        None if letters.contains('f') => operands.next(),
        None => None,
    };
    if letters.contains('c') {
        if let Some(file) = file {
            found.writes(file);
        }
        operands.for_each(|path| found.reads(path));
    } else if let Some(file) = file {
        found.reads(file);
    }
}

fn git(args: Args<'_>, found: &mut Found) {
    if let Some(dir) = args.values(&["-C"]).next() {
        found.cwd = Some(resolve(dir, found.cwd.as_deref()));
    }
    let words = args.operands(&["-C", "-c", "-m", "-s", "--source"]);
    let Some((sub, rest)) = words.split_first() else {
        return;
    };
    match *sub {
        "rm" if !args.has(&["--cached"]) => rest.iter().for_each(|path| found.deletes(path)),
        "mv" => {
            if let Some((to, from)) = rest.split_last() {
                from.iter()
                    .for_each(|path| found.on_path(path, Effect::Moves));
                found.writes(to);
            }
        }
        "clean" if args.has_letter('f') || args.has(&["--force"]) => {
            let root = rest.first().copied().unwrap_or(".");
            found.deletes(root);
        }
        "restore" => rest.iter().for_each(|path| found.writes(path)),
        "checkout" if args.has(&["--"]) => {
            let paths = args.words().skip_while(|word| *word != "--").skip(1);
            paths.for_each(|path| found.writes(path));
        }
        _ => {}
    }
}
