//! `proctor-verify`: checks an evidence bundle, offline.

use std::fs::File;
use std::io::{Read, Write};
use std::process::ExitCode;

use proctor_ledger::{Anchors, Bundle, Note, PublicKey};

const HELP: &str = "\
Checks an evidence bundle, offline: what is proven, what is withheld, what is missing, who vouches.

Usage: proctor-verify [OPTIONS] BUNDLE

Options:
  --key KEY          the log's key, as you know it from elsewhere
  --origin NAME      the log's name, as you know it from elsewhere
  --checkpoint FILE  a checkpoint of the log that you kept
  --witness KEY      key of a witness that you trust
  --json             the report as JSON
  --help             this text
  --version          the version

A KEY is `name+id+base64`, or a file with one on each line. Options may be repeated; of several keys,
or of several witnesses, one must have signed. Without any of them the log vouches for itself alone.

Exit status: 0 all proven; 1 something does not hold; 2 the bundle or an argument cannot be read.
";
/// Longest file of keys or checkpoint that is read, in bytes.
const SMALL: u64 = 1 << 20;

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok((text, status)) => match std::io::stdout().write_all(text.as_bytes()) {
            Ok(()) => ExitCode::from(status),
            Err(_) => ExitCode::from(2),
        },
        Err(message) => {
            eprintln!("proctor-verify: {message}");
            ExitCode::from(2)
        }
    }
}

fn run(mut args: impl Iterator<Item = String>) -> Result<(String, u8), String> {
    let (mut path, mut origin, mut json) = (None, None, false);
    let mut anchors = Anchors::default();
    while let Some(arg) = args.next() {
        let (name, given) = match arg.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
            _ => (arg.as_str(), None),
        };
        let mut value = || {
            let value = given.clone().or_else(|| args.next());
            value.ok_or_else(|| format!("`{name}` wants a value; see --help"))
        };
        match name {
            "--key" => anchors.keys.extend(keys(&value()?, false)?),
            "--witness" => anchors.witnesses.extend(keys(&value()?, true)?),
            "--origin" => origin = Some(value()?),
            "--checkpoint" => {
                let path = value()?;
                let note = Note::parse(&read(&path, SMALL)?);
                let note = note.map_err(|error| format!("`{path}`: {error}"))?;
                anchors.remembered.push(note);
            }
            "--json" => json = true,
            "--help" => return Ok((HELP.to_owned(), 0)),
            "--version" => {
                let version = env!("CARGO_PKG_VERSION");
                return Ok((format!("proctor-verify {version}\n"), 0));
            }
            other if other.starts_with('-') => {
                return Err(format!(
                    "unknown option `{}`; see --help",
                    other.escape_debug()
                ));
            }
            _ if path.is_some() => return Err("more than one bundle; see --help".to_owned()),
            _ => path = Some(arg),
        }
    }
    let path = path.ok_or("no bundle given; see --help")?;
    let bytes = read(&path, Bundle::MAX_BYTES as u64)?;
    let bundle = Bundle::parse(&bytes).map_err(|error| format!("`{path}`: {error}"))?;
    let report = proctor_verify::check(&bundle, origin.as_deref(), &anchors);
    let text = match json {
        true => serde_json::to_string_pretty(&report).map_err(|error| error.to_string())? + "\n",
        false => report.to_string(),
    };
    Ok((text, u8::from(!report.proven)))
}

fn keys(given: &str, witness: bool) -> Result<Vec<PublicKey>, String> {
    let text = match given.parse::<PublicKey>() {
        Ok(_) => given.to_owned(),
        Err(_) => String::from_utf8_lossy(&read(given, SMALL)?).into_owned(),
    };
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let keys = lines.map(|line| match line.trim().parse::<PublicKey>() {
        Ok(key) if key.is_witness() == witness => Ok(key),
        Ok(_) if witness => Err(format!("`{given}` is not the key of a witness")),
        Ok(_) => Err(format!("`{given}` is the key of a witness, not of a log")),
        Err(error) => Err(format!("`{given}`: {error}")),
    });
    keys.collect()
}

fn read(path: &str, most: u64) -> Result<Vec<u8>, String> {
    let fail = |error: std::io::Error| format!("cannot read `{}`: {error}", path.escape_debug());
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(fail)?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > most {
        return Err(format!(
            "`{}` is longer than {most} bytes",
            path.escape_debug()
        ));
    }
    Ok(bytes)
}
