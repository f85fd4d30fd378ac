//! The `proctor` command: arguments in, the other crates' work, words and exit status out.

mod args;
mod eval;
mod explain;
mod keep;
#[cfg(target_os = "linux")]
mod log;
mod progress;
mod receipt;
#[cfg(target_os = "linux")]
mod record;
#[cfg(target_os = "linux")]
mod recorder;
mod rules;
mod scan;

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use proctor_report::Style;

#[cfg(target_os = "linux")]
use args::BundleCommand;
use args::{Cli, Colour, Command, Output, RulesCommand};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// As it should.
    Fine,
    /// With a negative result: findings over the limit, claims that do not hold.
    Negative,
    /// Without a result: usage, configuration, input.
    Failed,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let exit = match run(&cli.command) {
        Ok(exit) => exit,
        Err(error) if broken_pipe(&error) => Exit::Fine,
        Err(error) => {
            eprintln!("proctor: {error:#}");
            Exit::Failed
        }
    };
    ExitCode::from(match exit {
        Exit::Fine => 0,
        Exit::Negative => 1,
        Exit::Failed => 2,
    })
}

fn run(command: &Command) -> anyhow::Result<Exit> {
    match command {
        Command::Scan(args) => scan::run(args),
        Command::Keep(args) => keep::run(args),
        #[cfg(target_os = "linux")]
        Command::Watch(args) => record::watch(args),
        #[cfg(target_os = "linux")]
        Command::Log(args) => log::run(args),
        #[cfg(target_os = "linux")]
        Command::Bundle(BundleCommand::Create(args)) => log::bundle(args),
        #[cfg(target_os = "linux")]
        Command::Verify(args) => log::verify(args),
        #[cfg(target_os = "linux")]
        Command::Deployment(args) => {
            log::deployment(&args.command, args.state.as_deref(), args.json)
        }
        #[cfg(target_os = "linux")]
        Command::Recorder(args) => recorder::run(args),
        Command::Receipt(args) => receipt::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Rules(RulesCommand::Test { dir, json }) => rules::test(dir.as_deref(), *json),
        Command::Rules(RulesCommand::List { rules, json }) => rules::list(rules, *json),
        Command::Eval(args) => eval::run(args),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "proctor", &mut script);
            std::io::stdout().write_all(&script)?;
            Ok(Exit::Fine)
        }
        Command::Man => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut page)?;
            std::io::stdout().write_all(&page)?;
            Ok(Exit::Fine)
        }
    }
}

/// How text is to look on standard output.
pub(crate) fn style(output: &Output, verbose: bool, terminal: bool) -> Style {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
    let color = match output.color {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => terminal && !no_color,
    };
    Style {
        color,
        width: width(terminal),
        verbose,
        reveal: output.reveal,
        ..Style::default()
    }
}

/// Columns to write for: those of the terminal, 100 elsewhere.
fn width(terminal: bool) -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
    columns
        .or_else(|| terminal.then(|| console::Term::stdout().size().1.into()))
        .unwrap_or(100)
        .clamp(60, 160)
}

/// Whether the reader of our output went away, which is not our failure.
fn broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
