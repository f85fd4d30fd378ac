//! Passwords among the arguments of commands: `curl -u NAME:PASSWORD`, `mysql -pPASSWORD`,
//! `sshpass -p PASSWORD`.

use std::ops::Range;

use super::Credential;
use super::placeholder::is_placeholder;

/// The options, with the space before them.
pub(super) const OPTIONS: &[&str] = &[" -u ", " -u", " --user ", " --user=", " -p", " -p "];

/// Programs that take a password by `-p`.
const BY_P: &[&str] = &[
    "mysql",
    "mariadb",
    "sshpass",
    "mongo",
    "redis-cli",
    "7z",
    "unzip",
    "zip ",
];

/// How far before an option its program is looked for, in bytes.
const COMMAND: usize = 400;

/// The most bytes of an argument.
const ARGUMENT: usize = 256;

/// The password that is the argument of the option standing here.
pub(super) fn after_option(text: &str, option: Range<usize>) -> Option<Credential> {
    let name = text.get(option.clone())?;
    let rest = text.get(option.end..)?;
    let bare = rest.trim_start_matches([' ', '"', '\'', '\\']);
    let len = bare
        .bytes()
        .take(ARGUMENT)
        .take_while(|b| b.is_ascii_graphic() && !b"\"'`;&|<>()\\".contains(b))
        .count();
    let argument = bare.get(..len)?;
    let at = text.len() - bare.len();
    let (skipped, password) = if name.trim_start().starts_with("-p") {
        let from = text.floor_char_boundary(option.start.saturating_sub(COMMAND));
        let command = text.get(from..option.start)?;
        let command = command.rsplit(['\n', ';', '|', '&']).next()?;
        let takes = BY_P
            .iter()
            .any(|program| command.to_ascii_lowercase().contains(program));
        (0, takes.then_some(argument)?)
    } else {
        let (user, password) = argument.split_once(':')?;
        // `docker run -u 1000:1000` names groups.
        let group = password.bytes().all(|b| b.is_ascii_digit()) || user == password;
        (user.len() + 1, (!group).then_some(password)?)
    };
    let plausible = password.len() >= 4 && !password.contains('/') && !is_placeholder(password);
    plausible.then(|| Credential {
        span: at + skipped..at + skipped + password.len(),
        kind: "password of a command",
        prefix: 0,
    })
}
