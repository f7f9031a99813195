//! `portcullis token`.

mod inspect;
mod mint;

use clap::Subcommand;

use super::{output::Report, source::Fault};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Why is this token refused? Header, claims, times in words; never the whole token.
    Inspect(inspect::Arguments),
    /// Makes a session token for a development instance, signed by a key of your own.
    Mint(mint::Arguments),
}

pub(super) fn run(command: &Command) -> Result<Report, Fault> {
    match command {
        Command::Inspect(arguments) => inspect::run(arguments),
        Command::Mint(arguments) => mint::run(arguments),
    }
}
