//! `portcullis completions`.

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, output::Report};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The shell.
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments) -> Report {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "portcullis", &mut script);
    Report { text: String::from_utf8_lossy(&script).into_owned(), ..Report::default() }
}
