//! The command line `portcullis`; everything it does is in [`portcullis::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(portcullis::cli::main())
}
