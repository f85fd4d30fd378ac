//! The command line: every command, option and help text.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use proctor_model::Severity;

#[cfg(target_os = "linux")]
mod record;

#[cfg(target_os = "linux")]
pub(crate) use record::{
    BundleArgs, BundleCommand, DeploymentArgs, DeploymentCommand, LogArgs, LogCommand,
    RecorderArgs, VerifyArgs, WatchArgs,
};

/// Oversight for AI agents: what they did, what they said, and the difference.
#[derive(Debug, Parser)]
#[command(
    name = "proctor",
    version,
    arg_required_else_help = true,
    max_term_width = 100
)]
#[command(
    after_help = "Exit status: 0 fine; 1 a negative result (findings at or over --fail-on, \
    failed rule examples, claims that do not hold); 2 usage, configuration or input that could \
    not be read."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say what agents did, from the recordings they left behind
    Scan(ScanArgs),
    /// Archive recordings before their harness deletes them
    Keep(KeepArgs),
    #[cfg(target_os = "linux")]
    /// Record live sessions as they grow
    Watch(WatchArgs),
    #[cfg(target_os = "linux")]
    /// Read, prove, erase: the record
    Log(LogArgs),
    #[cfg(target_os = "linux")]
    /// Put evidence together that others verify offline
    #[command(subcommand)]
    Bundle(BundleCommand),
    #[cfg(target_os = "linux")]
    /// Say whether a record is unchanged, complete, and who vouches for it
    Verify(VerifyArgs),
    #[cfg(target_os = "linux")]
    /// Keep the register of sanctioned deployments
    Deployment(DeploymentArgs),
    #[cfg(target_os = "linux")]
    /// Hold the record's log and key; the other commands start it where they need it
    Recorder(RecorderArgs),
    /// Say which of an agent's claims about a branch hold
    Receipt(ReceiptArgs),
    /// Explain a behaviour of the catalogue
    Explain(ExplainArgs),
    /// Work with detection rules
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Measure the monitors on labelled recordings
    Eval(EvalArgs),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How output looks.
#[derive(Debug, Args)]
pub(crate) struct Output {
    /// Print JSON instead of text
    #[arg(long)]
    pub(crate) json: bool,
    /// When to use colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: Colour,
    /// Show secrets instead of masking them
    #[arg(long)]
    pub(crate) reveal: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ScanArgs {
    /// Files and directories to read; without any, the places where the known harnesses keep
    /// recordings in your home
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) output: Output,
    /// Write a report of one self-contained HTML file
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Exit with 1 if there is a finding of this severity or above: info, low, medium, high,
    /// critical
    #[arg(long, value_name = "SEVERITY")]
    pub(crate) fail_on: Option<Severity>,
    /// Only sessions that were active since then: a date (2026-11-01), a time, or a span (7d, 12h)
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub(crate) since: Option<String>,
    /// Only sessions that began before then, in the same words; a date counts to its end
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub(crate) until: Option<String>,
    /// Only sessions whose working directory contains this, whatever its case
    #[arg(long, value_name = "TEXT")]
    pub(crate) project: Option<String>,
    /// Only sessions of this harness, such as claude-code or codex; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) harness: Vec<String>,
    /// Only findings of this behaviour; may be repeated
    #[arg(long, value_name = "BEHAVIOUR")]
    pub(crate) behaviour: Vec<String>,
    /// Show at most about this many findings a day, the surest first: raises the threshold, also
    /// for --fail-on
    #[arg(long, value_name = "N/day", conflicts_with = "threshold")]
    pub(crate) alert_budget: Option<String>,
    /// Show findings of at least this score, from 0 to 1
    #[arg(long, value_name = "SCORE", default_value_t = 0.5)]
    pub(crate) threshold: f64,
    /// Open one line of the summary: a handle such as d3 or F12; may be repeated
    #[arg(long, value_name = "HANDLE", conflicts_with = "json")]
    pub(crate) show: Vec<String>,
    /// Show the evidence of every line
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// Load the rules of this directory as well; may be repeated
    #[arg(long, value_name = "DIR")]
    pub(crate) rules: Vec<PathBuf>,
    /// Threads to read with; without it, one for each core
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
    #[cfg(target_os = "linux")]
    /// Append what is read to the record, raw bytes included
    #[arg(long)]
    pub(crate) record: bool,
    #[cfg(target_os = "linux")]
    /// Where the record is; without it, `proctor` in your state directory
    #[arg(long, value_name = "DIR", requires = "record")]
    pub(crate) state: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct KeepArgs {
    /// Files and directories to archive; without any, what the known harnesses keep in your home
    pub(crate) paths: Vec<PathBuf>,
    /// Where the archive is; without it, `proctor/archive` in your state directory
    #[arg(long, value_name = "DIR")]
    pub(crate) to: Option<PathBuf>,
    /// List what is archived instead of archiving
    #[arg(long, conflicts_with_all = ["every", "restore"])]
    pub(crate) list: bool,
    /// Write the archived recordings back into this directory
    #[arg(long, value_name = "DIR", conflicts_with = "every")]
    pub(crate) restore: Option<PathBuf>,
    /// Install a timer that archives this often: hourly, daily or weekly; `never` removes it
    #[arg(long, value_name = "OFTEN")]
    pub(crate) every: Option<Often>,
    /// Print JSON instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// How often the timer archives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Often {
    /// Each hour
    Hourly,
    /// Each day
    Daily,
    /// Each week
    Weekly,
    /// Remove the timer
    Never,
}

#[derive(Debug, Args)]
pub(crate) struct ReceiptArgs {
    /// Recordings to look in; without any, those in your home
    pub(crate) paths: Vec<PathBuf>,
    /// The repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) repo: PathBuf,
    /// The branch; without it, the one that is checked out
    #[arg(long, value_name = "NAME")]
    pub(crate) branch: Option<String>,
    /// The branch it will be merged into; without it, the repository's main branch
    #[arg(long, value_name = "NAME")]
    pub(crate) base: Option<String>,
    /// Print Markdown for a pull request
    #[arg(long, conflicts_with = "json")]
    pub(crate) markdown: bool,
    /// Exit with 1 also if a claim is unverified, not only if one is contradicted
    #[arg(long)]
    pub(crate) strict: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The behaviour's id; without it, all are listed
    pub(crate) behaviour: Option<String>,
    /// Print JSON instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RulesCommand {
    /// Run the examples of all rules in a directory
    Test {
        /// The directory; without it, the rules that Proctor ships
        dir: Option<PathBuf>,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// List the rules that would be used
    List {
        /// Load the rules of this directory as well; may be repeated
        #[arg(long, value_name = "DIR")]
        rules: Vec<PathBuf>,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct EvalArgs {
    /// Labelled data sets: runs in the AgentDojo shape, R-Judge records, shell commands; or
    /// recordings, with --labels
    #[arg(required = true)]
    pub(crate) datasets: Vec<PathBuf>,
    /// A CSV file with the columns `id` and `label` (1 or 0), for recordings without labels of
    /// their own; ids are session ids
    #[arg(long, value_name = "FILE")]
    pub(crate) labels: Option<PathBuf>,
    /// The behaviour whose score is measured; without it, what the data set is about
    #[arg(long, value_name = "BEHAVIOUR")]
    pub(crate) behaviour: Option<String>,
    /// Only runs of this group, such as suite=banking; may be repeated
    #[arg(long, value_name = "GROUP=VALUE")]
    pub(crate) only: Vec<String>,
    /// Save the thresholds found here
    #[arg(long, value_name = "FILE")]
    pub(crate) save_thresholds: Option<PathBuf>,
    /// Apply thresholds that were saved from another data set
    #[arg(long, value_name = "FILE")]
    pub(crate) thresholds: Option<PathBuf>,
    /// Load the rules of this directory as well; may be repeated
    #[arg(long, value_name = "DIR")]
    pub(crate) rules: Vec<PathBuf>,
    /// Print JSON instead of text
    #[arg(long)]
    pub(crate) json: bool,
    /// Write the score of every run to this file, as JSON lines
    #[arg(long, value_name = "FILE")]
    pub(crate) scores: Option<PathBuf>,
}
