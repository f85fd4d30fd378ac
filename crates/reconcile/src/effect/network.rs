//! Hosts that programs contact.

use super::args::Args;
use super::{Effect, Found};
use crate::summary::clip;

pub(super) fn effects(args: Args<'_>, found: &mut Found) {
    match args.program {
        "curl" | "wget" if args.has(&["--help", "--version"]) => return,
        "curl" | "wget" | "http" | "https" | "xh" | "curlie" | "aria2c" => web(args, found),
        "ssh" | "mosh" | "ssh-copy-id" | "autossh" | "telnet" | "ftp" | "lftp" => {
            let valued = [
                "-i", "-p", "-o", "-l", "-L", "-R", "-D", "-F", "-J", "-b", "-c", "-e", "-m", "-W",
            ];
            if let Some(host) = args.operands(&valued).first() {
                found.contacts(&format!("x://{host}"));
            }
        }
        "nc" | "ncat" | "netcat" | "ping" | "ping6" | "traceroute" | "nmap" | "dig"
        | "nslookup" | "host" | "whois" => {
            let valued = ["-p", "-w", "-c", "-W", "-i", "-s", "-e", "-t", "-q"];
            if args.has_letter('l') && matches!(args.program, "nc" | "ncat" | "netcat") {
                return; // it listens
            }
            for word in args.operands(&valued) {
                found.contacts(word);
            }
        }
        "openssl" => args
            .values(&["-connect"])
            .for_each(|host| found.contacts(host)),
        "socat" => {
            // `TCP4:HOST:PORT,OPTIONS`
            for word in args
                .operands(&[])
                .iter()
                .filter(|word| !word.contains("LISTEN"))
            {
                if let [_, host, _, ..] = word.split(':').collect::<Vec<_>>().as_slice() {
                    found.contacts(host);
                }
            }
        }
        "scp" | "rsync" | "sftp" | "rclone" => {
            for word in args.operands(&["-i", "-P", "-e", "-o", "-F", "-l", "--exclude"]) {
                match word.split_once(':') {
                    Some((host, _)) if !word.starts_with(['/', '.', '~']) => {
                        found.contacts(&format!("x://{host}"));
                    }
                    _ => found.reads(word),
                }
            }
        }
        "git" | "jj" => {
            for word in args
                .operands(&["-m", "-c", "-C", "--message"])
                .iter()
                .skip(1)
            {
                // `user@host:path`; addresses with a scheme are told below.
                if word.contains('@') && word.contains(':') && !word.contains(' ') {
                    found.contacts(word);
                }
            }
        }
        "psql" | "mysql" | "mysqldump" | "pg_dump" | "redis-cli" | "mongo" | "mongosh"
        | "clickhouse-client" => {
            args.values(&["-h", "--host"])
                .for_each(|host| found.contacts(&format!("x://{host}")));
        }
        "docker" | "podman" | "crane" | "skopeo" => {
            let words = args.operands(&["-t", "-f", "-u", "-p"]);
            if let ["pull" | "push" | "login", image, ..] = words.as_slice()
                && image
                    .split('/')
                    .next()
                    .is_some_and(|host| host.contains('.'))
            {
                found.contacts(&format!("x://{image}"));
            }
        }
        _ => {}
    }
    for word in args.words().filter(|word| word.contains("://")) {
        addresses(word, found);
    }
}

/// The addresses with a scheme in a word, which may be a longer text.
fn addresses(word: &str, found: &mut Found) {
    let mut rest = word;
    for _ in 0..20 {
        let Some(at) = rest.find("://") else {
            return;
        };
        let (before, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
        let scheme = before
            .rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '+')
            .next();
        let end = after.find([' ', '"', '\'', '<', '>', ')', '\n', '\\', ',']);
        let address = after.get(..end.unwrap_or(after.len())).unwrap_or_default();
        let scheme = scheme.unwrap_or_default();
        // `file:` and drivers' own schemes name no host.
        match scheme {
            // What names no host.
            "" | "file" | "sqlite" | "data" | "chrome" | "about" | "docker" | "oci" | "jdbc" => {}
            _ if address.contains(['$', '*', '{']) => {}
            // Buckets of a cloud's storage, which names its own hosts.
            "s3" | "gs" | "az" | "abfs" | "abfss" | "oss" => {
                let bucket = address
                    .trim_start_matches("://")
                    .split('/')
                    .next()
                    .unwrap_or_default();
                found.add(Effect::Contacts(format!(
                    "{scheme}://{}",
                    clip(bucket, 100)
                )));
            }
            _ => found.contacts(&format!("{scheme}{address}")),
        }
        rest = after.get(3..).unwrap_or_default();
    }
}

fn web(args: Args<'_>, found: &mut Found) {
    let valued = [
        "-o",
        "-O",
        "-d",
        "-H",
        "-X",
        "-u",
        "-A",
        "-e",
        "-b",
        "-c",
        "-F",
        "-T",
        "-x",
        "-m",
        "-w",
        "-K",
        "-P",
        "-U",
        "--data",
        "--data-raw",
        "--data-binary",
        "--header",
        "--request",
        "--user",
        "--output",
        "--form",
        "--upload-file",
        "--proxy",
        "--max-time",
        "--write-out",
        "--retry",
        "--connect-timeout",
        "--cookie",
        "--resolve",
        "--cacert",
        "--cert",
        "--key",
        "-E",
        "-t",
        "--data-urlencode",
        "--json",
        "--user-agent",
        "--referer",
        "--url",
        "-C",
        "-y",
        "-Y",
        "-z",
    ];
    // `curl -O` takes no value, `wget -O` does.
    let flags: Vec<&str> = match args.program {
        "curl" => valued
            .into_iter()
            .filter(|option| *option != "-O")
            .collect(),
        _ => valued
            .into_iter()
            .filter(|option| !["-c", "-x", "-m"].contains(option))
            .collect(),
    };
    let methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];
    for word in args
        .operands(&flags)
        .into_iter()
        .filter(|word| !methods.contains(word))
    {
        let is_item = args.program == "http" && word.contains(['=', '@']);
        if !word.contains("://") && !is_item && !word.contains(['$', '{']) {
            found.contacts(word);
        }
    }
    let outputs: &[&str] = match args.program {
        "wget" => &["-O", "--output-document"],
        _ => &["-o", "--output"],
    };
    for path in args.values(outputs).filter(|path| *path != "/dev/null") {
        found.writes(path);
    }
    let bodies = [
        "-d",
        "--data",
        "--data-binary",
        "--data-urlencode",
        "-F",
        "--form",
        "--json",
    ];
    for value in args.values(&bodies) {
        if let Some((_, path)) = value
            .split_once('@')
            .filter(|(name, _)| !name.contains(' '))
        {
            found.reads(path.split(';').next().unwrap_or(path));
        }
    }
    args.values(&["-T", "--upload-file", "--post-file", "--body-file"])
        .for_each(|path| found.reads(path));
    let hook = args.words().any(|word| {
        word.contains("hooks.slack.com")
            || word.contains("/api/webhooks/")
            || word.contains("/sendMessage")
    });
    if hook {
        found.add(Effect::Tells("a chat webhook".to_owned()));
    }
}

/// The host of bash's network devices: `/dev/tcp/HOST/PORT`.
pub(super) fn device(path: &str) -> Option<&str> {
    let rest = path
        .strip_prefix("/dev/tcp/")
        .or_else(|| path.strip_prefix("/dev/udp/"))?;
    rest.split('/').next()
}

/// Whether the host serves the credentials of a cloud's machine.
pub(super) fn is_metadata(host: &str) -> bool {
    let hosts = [
        "169.254.169.254",
        "169.254.170.2",
        "100.100.100.200",
        "metadata.google.internal",
        "fd00:ec2::254",
    ];
    hosts.contains(&host)
}
