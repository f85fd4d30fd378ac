//! Arguments of the commands around the record.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// Files and directories to watch; without any, where the known harnesses keep recordings in
    /// your home
    pub(crate) paths: Vec<PathBuf>,
    /// Where the record is; without it, `proctor` in your state directory
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// Record what is there and end
    #[arg(long)]
    pub(crate) once: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RecorderArgs {
    /// Where the record is; without it, `proctor` in your state directory
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// Where the sockets are
    #[arg(long, value_name = "DIR", hide = true)]
    pub(crate) sockets: Option<PathBuf>,
    /// End after ten minutes in which nobody needed it
    #[arg(long)]
    pub(crate) on_demand: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LogArgs {
    #[command(subcommand)]
    pub(crate) command: LogCommand,
    /// Where the record is; without it, `proctor` in your state directory
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) state: Option<PathBuf>,
    /// Print JSON instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LogCommand {
    /// What is recorded, and how far the index is
    Status,
    /// The last entries
    Tail {
        /// How many
        #[arg(short = 'n', long, default_value_t = 20, value_name = "N")]
        lines: u64,
    },
    /// One entry with what it holds, secrets masked
    Show {
        /// Its number, from 0
        entry: u64,
    },
    /// Steps of sessions with all of these words
    Search {
        /// The words; `"in quotes"` they must follow each other, `word*` stands for any ending
        #[arg(required = true)]
        words: Vec<String>,
        /// At most so many
        #[arg(long, default_value_t = 50, value_name = "N")]
        most: usize,
    },
    /// The recorded sessions, or one of them
    Sessions {
        /// Its id
        session: Option<String>,
    },
    /// The proof that an entry is in the log
    Prove {
        /// Its number, from 0
        entry: u64,
        /// Where to write it; without it, to standard output
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Every entry with what it holds, as JSON lines, secrets masked
    Export {
        /// Where to write it, a new file; without it, to standard output
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Erase bytes everywhere in the record, with an entry that says so
    Erase {
        /// The file that holds the text to erase, `-` for standard input
        #[arg(long, value_name = "FILE", conflicts_with_all = ["source", "bytes"])]
        text_file: Option<PathBuf>,
        /// The source whose bytes are to go
        #[arg(long, value_name = "NUMBER", requires = "bytes")]
        source: Option<u64>,
        /// Which bytes of it, such as 120..168
        #[arg(long, value_name = "FROM..TO", requires = "source")]
        bytes: Option<String>,
        /// Why; recorded
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Drop old payloads; headers and proofs stay
    Gc {
        /// Recorded before then: a date, a time, or a span such as 90d
        #[arg(long, value_name = "WHEN")]
        before: String,
        /// Why; recorded
        #[arg(long, value_name = "TEXT", default_value = "retention")]
        reason: String,
    },
    /// Make the index anew from the log
    Reindex,
    /// Run today's rules over everything and record what is new
    Rescan {
        /// Load the rules of this directory as well; may be repeated
        #[arg(long, value_name = "DIR")]
        rules: Vec<PathBuf>,
    },
    /// End the recorder
    Stop,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BundleCommand {
    /// Write a bundle of sessions, with every entry of the files that they came from
    Create(BundleArgs),
}

#[derive(Debug, Args)]
pub(crate) struct BundleArgs {
    /// The file to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// A session; may be repeated
    #[arg(long, value_name = "ID")]
    pub(crate) session: Vec<String>,
    /// A finding, with its session; may be repeated
    #[arg(long, value_name = "ID")]
    pub(crate) finding: Vec<String>,
    /// The sessions that were active then, such as 2026-11-01..2026-11-08 or 7d..
    #[arg(long, value_name = "FROM..TO")]
    pub(crate) window: Option<String>,
    /// Open only the values at this JSON pointer, such as /message/content; may be repeated
    #[arg(long, value_name = "POINTER")]
    pub(crate) disclose: Vec<String>,
    /// Withhold the values at this JSON pointer; may be repeated
    #[arg(long, value_name = "POINTER")]
    pub(crate) withhold: Vec<String>,
    /// Withhold the text that this file holds, wherever it stands; `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) withhold_text: Vec<PathBuf>,
    /// Why something is withheld, for the bundle's readers
    #[arg(long, value_name = "TEXT", default_value = "withheld by its maker")]
    pub(crate) reason: String,
    /// A checkpoint that a reader keeps: the bundle then proves that the log only grew since
    #[arg(long, value_name = "FILE")]
    pub(crate) earlier: Vec<PathBuf>,
    /// A name for the bundle's readers
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "evidence of agents' sessions"
    )]
    pub(crate) title: String,
    /// Where the record is; without it, `proctor` in your state directory
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// Print JSON instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The log's folder; without it, that of the record in your state directory
    pub(crate) log: Option<PathBuf>,
    /// Where the record is, if no log is named
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// A file with the key that the log is known by; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Vec<PathBuf>,
    /// A checkpoint that you kept; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint: Vec<PathBuf>,
    /// A file with the key of a witness whose word counts; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) witness: Vec<PathBuf>,
    /// Only headers, roots and signatures, not what the entries hold
    #[arg(long)]
    pub(crate) headers: bool,
    /// Print JSON instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DeploymentArgs {
    #[command(subcommand)]
    pub(crate) command: DeploymentCommand,
    /// Where the record is; without it, `proctor` in your state directory
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) state: Option<PathBuf>,
    /// Print JSON instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeploymentCommand {
    /// Put a manifest forward
    Add {
        /// The manifest, a TOML file
        manifest: PathBuf,
    },
    /// All deployments
    List,
    /// One deployment with its history
    Show {
        /// Its id
        id: String,
    },
    /// What the manifest that was put forward would change
    Diff {
        /// The deployment's id
        id: String,
    },
    /// Let the manifest that was put forward hold
    Approve {
        /// The deployment's id
        id: String,
        /// Which revision: approving what you have read, not what came after
        #[arg(long, value_name = "N")]
        revision: u64,
    },
    /// Let a deployment cover nothing any more
    Retire {
        /// Its id
        id: String,
        /// Why; recorded
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}
