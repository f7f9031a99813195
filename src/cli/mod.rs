//! The command line: reads a deployment as the Worker would, asks the core, and prints what it says.
//!
//! Nothing is decided here. Each command turns its arguments into a `Report`: a text and an exit code. `main` alone writes.
//!
//! | exit code | means |
//! |---|---|
//! | 0 | nothing to change |
//! | 1 | findings, a test that failed, a token that is refused |
//! | 2 | wrong usage, a file that cannot be read, or output that cannot be written |

mod browser;
mod check;
mod completions;
mod config_file;
mod deployment;
mod dev_vars;
mod drive;
mod explain;
mod init;
mod key_pair;
mod keys;
mod moment;
mod network;
mod output;
mod policy_test;
mod secret;
mod source;
mod token;
mod tree;
mod worker;

use std::{
    io::{self, Read, Write},
    path::PathBuf,
};

use clap::{Parser, Subcommand};

use self::{
    output::Report,
    source::{Fault, SourceFile},
};

/// Exit code: findings.
const FINDINGS: u8 = 1;
/// Exit code: wrong usage, input that cannot be read, or output that cannot be written.
const UNREADABLE: u8 = 2;

/// What stands below the list of commands.
const FIRST_STEPS: &str = "\
Begin with:
  portcullis check                        settings, keys, leaks, lints; Clerk and the origin, asked from here
  portcullis explain GET /admin/users     one decision, step by step

Exit codes: 0 nothing to change, 1 findings, 2 wrong usage or a file that cannot be read.";

/// An edge gate for Clerk sessions: is it ready, and does it decide as you mean?
#[derive(Parser)]
#[command(name = "portcullis", version, arg_required_else_help = true, max_term_width = 100, after_help = FIRST_STEPS)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Is this gate ready for production?
    Check(check::Arguments),
    /// Why does the gate decide so about this request?
    Explain(explain::Arguments),
    /// Runs policy tests: requests, who asks, and what the gate has to decide.
    Test(policy_test::Arguments),
    /// Looks into session tokens, or makes them for a development instance.
    #[command(subcommand)]
    Token(token::Command),
    /// Writes a `wrangler.toml` with a policy.
    Init(init::Arguments),
    /// Prints completions for a shell.
    Completions(completions::Arguments),
}

/// Which deployment is meant: shared by all commands that read one.
#[derive(clap::Args)]
struct DeploymentArguments {
    /// The Worker's configuration, in TOML or JSON. Without it: the file that Wrangler would take.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The environment, as in `wrangler deploy --env`: `[env.NAME.vars]` instead of `[vars]`.
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// As `wrangler dev` runs it: with `.dev.vars` over the variables, and development keys welcome.
    #[arg(long)]
    local: bool,
}

/// Runs the command of this process's arguments and returns its exit code.
#[must_use]
pub fn main() -> u8 {
    let command = match Cli::try_parse() {
        Ok(Cli { command }) => command,
        // Help and the version too; they go to standard output.
        Err(said) => return written(said.print(), u8::try_from(said.exit_code()).unwrap_or(UNREADABLE)),
    };
    let outcome = match command {
        Command::Check(arguments) => check::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Test(arguments) => policy_test::run(&arguments),
        Command::Token(command) => token::run(&command),
        Command::Init(arguments) => init::run(&arguments),
        Command::Completions(arguments) => Ok(completions::run(&arguments)),
    };
    match outcome {
        Ok(Report { text, aside, code }) => {
            let _ = anstream::stderr().write_all(aside.as_bytes());
            written(anstream::stdout().write_all(text.as_bytes()), code)
        }
        Err(fault) => complain(&fault),
    }
}

/// The exit code, once everything is out: a report that was cut off is no report.
fn written(outcome: io::Result<()>, code: u8) -> u8 {
    match outcome.and_then(|()| anstream::stdout().flush()) {
        Ok(()) => code,
        // Whoever closes the pipe early has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => code,
        Err(error) => complain(&Fault::new(format!("cannot write to standard output: {error}"))),
    }
}

fn complain(fault: &Fault) -> u8 {
    let _ = anstream::stderr().write_all(fault.render().as_bytes());
    UNREADABLE
}

/// A variable of this process; an empty one counts as absent.
#[allow(clippy::disallowed_methods)] // this is the host: the environment is read here and nowhere else
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// Writes a file that is whole or not there: one that could not be written to its end would be taken for done.
fn write_whole(path: &std::path::Path, text: &str) -> Result<(), Fault> {
    let refuse = |error: io::Error| Fault::new(format!("cannot write `{}`: {error}", path.display()));
    // Where a link leads, or it would be a file afterwards.
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if !target.is_file() && path.symlink_metadata().is_ok() {
        // A pipe, a terminal, a link to what is not there yet.
        return std::fs::write(path, text).map_err(refuse);
    }
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = target.with_file_name(name);
    // Who may read what was there may read this, and nobody else.
    let permissions = std::fs::metadata(&target).map(|found| found.permissions());
    let written = std::fs::write(&beside, text)
        .and_then(|()| permissions.map_or(Ok(()), |permissions| std::fs::set_permissions(&beside, permissions)))
        .and_then(|()| std::fs::rename(&beside, &target));
    written.map_err(|error| {
        let _ = std::fs::remove_file(&beside);
        refuse(error)
    })
}

/// More is no file that somebody wrote: a device, say, that never ends.
const MOST_BYTES: u64 = 64 << 20;

/// Reads a text file. A byte order mark, which editors on Windows write, is no part of the text, as for Wrangler.
fn read_text(path: &std::path::Path) -> Result<SourceFile, Fault> {
    let name = path.display().to_string();
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        return Err(Fault::of_file(name, error));
    }
    if bytes.len() as u64 > MOST_BYTES {
        return Err(Fault::of_file(name, format!("it has more than {} MB", MOST_BYTES >> 20)));
    }
    match String::from_utf8(bytes) {
        Ok(text) => {
            let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
            Ok(SourceFile { name, text })
        }
        Err(error) => {
            let is_utf16 = matches!(error.as_bytes(), [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
            let found = if is_utf16 { "it is in UTF-16" } else { "it has bytes that are no UTF-8" };
            Err(Fault::of_file(name, format!("{found}, expected text in UTF-8")).help("save it as UTF-8 in an editor"))
        }
    }
}
