//! The ledger against what its work costs bare, in one run: `ledger [DIR] [ENTRIES]`.
//!
//! Durable appends against bare syncs, throughput against bare SHA-256 and zstd, verification
//! against bare hashing, proofs and opening of a long log, and the same appends into SQLite.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use proctor_ledger::{
    Anchors, Depth, Disk, Entry, Kind, Log, Options, Payload, leaf_hash, node_hash, verify,
};
use proctor_model::Vantage;
use rusqlite::Connection;
use sha2::{Digest, Sha256};

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let root = args.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let entries: u64 = args.next().map_or(Ok(10_000_000), |n| n.parse())?;
    let root = root.join(format!("proctor-ledger-bench-{}", std::process::id()));
    fs::create_dir_all(&root)?;
    let outcome = run(&root, entries);
    fs::remove_dir_all(&root)?;
    outcome
}

fn run(root: &Path, entries: u64) -> Result<()> {
    durable(root)?;
    throughput(root)?;
    long_log(&root.join("long"), entries)
}

fn options() -> Options {
    Options {
        origin: Some("example.com/bench".to_owned()),
        ..Options::default()
    }
}

fn entry(source: u64, raw: &[u8]) -> Result<Entry> {
    Ok(Entry {
        vantage: Vantage::Asked,
        kind: Kind(16),
        source,
        source_sequence: None,
        payload: Payload::new(raw)?,
    })
}

fn event(number: u64) -> Vec<u8> {
    let text = "the quick brown fox reads a file and says what it found in it; ".repeat(4);
    format!(
        "{{\"session\":\"s{}\",\"number\":{number},\"text\":\"{text}\"}}",
        number % 7
    )
    .into_bytes()
}

/// Appends a second of `threads` writers; answers entries per second.
fn appends(dir: &Path, threads: u64) -> Result<f64> {
    let log = Arc::new(Log::open(dir, options())?.0);
    let start = Instant::now();
    let workers: Vec<_> = (1..=threads)
        .map(|source| {
            let log = log.clone();
            std::thread::spawn(move || -> Result<u64> {
                let mut count = 0;
                while start.elapsed() < Duration::from_secs(3) {
                    log.append(entry(source, &event(count))?)?;
                    count += 1;
                }
                Ok(count)
            })
        })
        .collect();
    let mut count = 0;
    for worker in workers {
        count += worker.join().ok().context("a writer died")??;
    }
    Ok(count as f64 / start.elapsed().as_secs_f64())
}

/// Seconds for one write of so many entries' bytes and its sync.
fn bare_sync(path: &Path, entries: usize) -> Result<f64> {
    let file = File::create(path)?;
    let block = vec![7; entries * 512];
    let start = Instant::now();
    let mut rounds = 0_u32;
    while start.elapsed() < Duration::from_secs(3) {
        file.write_all_at(&block, u64::from(rounds) * block.len() as u64)?;
        file.sync_data()?;
        rounds += 1;
    }
    Ok(start.elapsed().as_secs_f64() / f64::from(rounds))
}

fn durable(root: &Path) -> Result<()> {
    let (one, many) = (
        bare_sync(&root.join("sync"), 1)?,
        bare_sync(&root.join("sync"), 64)?,
    );
    let single = appends(&root.join("one"), 1)?;
    let shared = appends(&root.join("many"), 64)?;
    let gain = 64.0 * one / many;
    println!("durable appends, entries/s");
    println!(
        "  bare fdatasync: 1 entry {:.2} ms, 64 entries {:.2} ms",
        one * 1e3,
        many * 1e3
    );
    println!(
        "  1 writer  {single:10.0}   {:.2} of bare syncs",
        single * one
    );
    println!(
        "  64 writers {shared:9.0}   {:.2} of 64 per bare sync",
        shared * many / 64.0
    );
    println!(
        "  gain by 64 writers {:.1}, that is {:.2} of 64 t(1)/t(64) = {gain:.1}",
        shared / single,
        shared / single / gain
    );
    let database = Connection::open(root.join("peer.db"))?;
    database.execute_batch(
        "pragma journal_mode=wal; pragma synchronous=full; create table e (n integer primary key, b blob);",
    )?;
    let mut insert = database.prepare("insert into e (b) values (?1)")?;
    for batch in [1, 64] {
        let start = Instant::now();
        let mut count = 0_u64;
        while start.elapsed() < Duration::from_secs(3) {
            database.execute_batch("begin")?;
            for _ in 0..batch {
                insert.execute([event(count)])?;
                count += 1;
            }
            database.execute_batch("commit")?;
        }
        let rate = count as f64 / start.elapsed().as_secs_f64();
        println!("  SQLite (WAL, full), {batch} per transaction {rate:10.0}");
    }
    Ok(())
}

fn throughput(root: &Path) -> Result<()> {
    let mut state = 1_u64;
    let payloads: Vec<Vec<u8>> = (0..8000)
        .map(|number| {
            let lines: Vec<String> = (0..60)
                .map(|_| {
                    state = state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1);
                    format!(
                        "line {:x} of a file that somebody wrote, with words\\n",
                        state >> 40
                    )
                })
                .collect();
            format!(
                "{{\"number\":{number},\"role\":\"tool\",\"content\":\"{}\"}}",
                lines.concat()
            )
            .into_bytes()
        })
        .collect();
    let bytes: usize = payloads.iter().map(Vec::len).sum();
    let start = Instant::now();
    let mut packer = zstd::bulk::Compressor::new(1)?;
    for payload in &payloads {
        std::hint::black_box(Sha256::digest(payload));
        std::hint::black_box(packer.compress(payload)?);
    }
    let bare = bytes as f64 / start.elapsed().as_secs_f64();
    let log = Log::open(&root.join("throughput"), options())?.0;
    let start = Instant::now();
    for batch in payloads.chunks(500) {
        let entries = batch
            .iter()
            .map(|raw| entry(1, raw))
            .collect::<Result<_>>()?;
        for result in log.append_all(entries) {
            result?;
        }
    }
    let rate = bytes as f64 / start.elapsed().as_secs_f64();
    println!(
        "sustained, one thread, entries of {} bytes",
        bytes / payloads.len()
    );
    println!("  bare SHA-256 + zstd {:.0} MB/s", bare / 1e6);
    println!(
        "  ledger {:.0} MB/s   {:.2} of bare",
        rate / 1e6,
        rate / bare
    );
    Ok(())
}

fn long_log(dir: &Path, entries: u64) -> Result<()> {
    let log = Log::open(dir, options())?.0;
    let start = Instant::now();
    let mut done = 0;
    let mut reported = false;
    while done < entries {
        let count = 4000.min(entries - done);
        let batch = (0..count)
            .map(|number| entry(1, format!("{}", done + number).as_bytes()))
            .collect::<Result<_>>()?;
        for result in log.append_all(batch) {
            result?;
        }
        done += count;
        if done >= 1_000_000.min(entries) && !reported {
            reported = true;
            log.publish()?;
            verification(dir, log.len())?;
        }
    }
    println!(
        "a log of {} entries, written at {:.0} entries/s",
        log.len(),
        entries as f64 / start.elapsed().as_secs_f64()
    );
    let size = log.len();
    drop(log);
    let start = Instant::now();
    let log = Log::open(dir, options())?.0;
    println!("  opening {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
    let mut times: Vec<f64> = Vec::new();
    for step in 0..1000 {
        let start = Instant::now();
        log.prove_inclusion(step * 7_919 * 1009 % size, size)?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let at = |part: usize| times.get(part).copied().unwrap_or_default();
    println!(
        "  inclusion proof: median {:.3} ms, 99% {:.3} ms",
        at(500),
        at(990)
    );
    Ok(())
}

fn verification(dir: &Path, size: u64) -> Result<()> {
    let header = [7_u8; 92];
    let start = Instant::now();
    let mut last = [0; 32];
    for _ in 0..size {
        let leaf = leaf_hash(std::hint::black_box(&header));
        last = node_hash(&last, &leaf);
    }
    std::hint::black_box(last);
    let bare = start.elapsed().as_secs_f64();
    println!("verification of {size} entries");
    println!("  bare hashing {bare:.2} s");
    for (depth, name) in [
        (Depth::Headers, "headers"),
        (Depth::Everything, "everything"),
    ] {
        let start = Instant::now();
        let verdict = verify(&Disk, dir, &Anchors::default(), depth)?;
        let seconds = start.elapsed().as_secs_f64();
        let faults = verdict.faults.len();
        println!(
            "  {name} {seconds:.2} s   {:.2} of bare, {faults} faults",
            seconds / bare
        );
    }
    Ok(())
}
