//! Credentials that are read other than through a file.

use proctor_shell::Command;

use super::args::Args;
use super::{Effect, Found};
use crate::secrets::is_secret_name;
use crate::summary::clip;

/// `after` are the commands that follow in the line.
pub(super) fn effects(args: Args<'_>, command: &Command, after: &[Command], found: &mut Found) {
    match args.program {
        "printenv" if !args.operands(&[]).is_empty() => {
            for name in args
                .operands(&[])
                .into_iter()
                .filter(|name| is_secret_name(name))
            {
                found.add(Effect::ReadsSecret(format!("${}", clip(name, 100))));
            }
        }
        "printenv" | "env" | "set" | "export" | "declare" if dumps(args) => {
            if let Some(what) = environment(command, after) {
                found.add(Effect::ReadsSecret(what));
            }
        }
        "echo" | "printf" => {
            for name in args
                .words()
                .flat_map(variables)
                .filter(|name| is_secret_name(name))
            {
                found.add(Effect::ReadsSecret(format!("${}", clip(name, 100))));
            }
        }
        _ if prints(args) => found.add(Effect::ReadsSecret(clip(&command.argv.join(" "), 200))),
        _ => {}
    }
}

/// Whether it prints all variables.
fn dumps(args: Args<'_>) -> bool {
    match args.program {
        "export" | "declare" => args.has(&["-p", "-x"]) && args.operands(&[]).is_empty(),
        _ => args.words().next().is_none(),
    }
}

/// What of the environment a pipeline lets through: all of it, or what a filter names; nothing
/// where the filter names no secret.
fn environment(command: &Command, after: &[Command]) -> Option<String> {
    /// The most commands looked at, those of layers among them.
    const NEAR: usize = 64;
    let mut filters = after
        .iter()
        .take(NEAR)
        .filter(|c| c.pipeline == command.pipeline && c.stage > command.stage)
        .filter(|c| matches!(c.program(), "grep" | "egrep" | "rg" | "awk" | "sed"))
        .peekable();
    if filters.peek().is_none() {
        return Some("the whole environment".to_owned());
    }
    let pattern = filters.find_map(|c| c.argv.iter().skip(1).find(|word| names_secret(word)))?;
    Some(format!("environment: {}", clip(pattern, 100)))
}

fn names_secret(pattern: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    is_secret_name(&pattern)
        || ["key", "auth", "cred", "pass"]
            .iter()
            .any(|w| pattern.contains(w))
}

/// The names of the variables that a word would have expanded.
fn variables(word: &str) -> impl Iterator<Item = &str> {
    word.split('$').skip(1).take(20).filter_map(|rest| {
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
        rest.get(..end.unwrap_or(rest.len()))
    })
}

/// Whether the command's purpose is to print a credential.
fn prints(args: Args<'_>) -> bool {
    let words = args.operands(&["-n", "--namespace", "--profile", "--region", "-R"]);
    match (args.program, words.as_slice()) {
        ("gh", ["auth", "token"]) => true,
        ("gcloud", ["auth", "application-default", verb, ..] | ["auth", verb, ..]) => {
            verb.starts_with("print-")
        }
        ("gcloud", ["secrets", "versions", "access", ..]) => true,
        ("aws", ["configure", "get", name, ..]) => is_secret_name(name),
        ("aws", ["configure", "export-credentials", ..]) => true,
        ("aws", ["secretsmanager", "get-secret-value", ..]) => true,
        ("aws", ["ssm", verb, ..]) => {
            verb.starts_with("get-parameter") && args.has(&["--with-decryption"])
        }
        ("aws", ["sts", verb, ..]) => verb.ends_with("-token") || verb.starts_with("assume-role"),
        ("az", ["keyvault", "secret", "show", ..] | ["account", "get-access-token", ..]) => true,
        ("kubectl" | "oc", ["get", kind, ..]) => {
            let secret = kind
                .split(['/', ','])
                .any(|k| matches!(k, "secret" | "secrets"));
            secret
                && args
                    .words()
                    .any(|w| w.starts_with("-o") || w.starts_with("--output"))
        }
        ("vault", ["read", ..] | ["kv", "get", ..] | ["token", "lookup", ..]) => true,
        ("op", ["read", ..] | ["item", "get", ..]) => true,
        ("pass", [first, ..]) => !["ls", "insert", "generate", "init", "git"].contains(first),
        ("security", [verb, ..]) => verb.starts_with("find-") && args.has_letter('w'),
        ("secret-tool", ["lookup" | "search", ..]) | ("keyring", ["get", ..]) => true,
        ("git", ["credential", "fill", ..]) => true,
        ("heroku", ["config", ..]) | ("doppler", ["secrets", ..]) => true,
        ("ansible-vault", ["view" | "decrypt", ..]) => true,
        ("gpg", _) => args.words().any(|word| word.starts_with("--export-secret")),
        _ => false,
    }
}
