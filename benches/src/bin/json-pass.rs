//! The peer of the scan: parses every line of every file into a `serde_json::Value` and drops it.
//! `json-pass DIR` prints the bytes parsed.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(dir) = std::env::args().nth(1) else {
        eprintln!("usage: json-pass DIR");
        return ExitCode::from(2);
    };
    match pass(Path::new(&dir)) {
        Ok(bytes) => {
            println!("{bytes}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn pass(dir: &Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            bytes += pass(&path)?;
            continue;
        }
        let mut reader = BufReader::with_capacity(1 << 20, File::open(&path)?);
        let mut line = Vec::new();
        loop {
            line.clear();
            if reader.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            bytes += line.len() as u64;
            let value: serde_json::Value = serde_json::from_slice(&line)?;
            std::hint::black_box(value);
        }
    }
    Ok(bytes)
}
