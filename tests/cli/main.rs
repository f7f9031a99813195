//! The command line as a user runs it: the built binary, its output, its exit code.
//!
//! Outputs are compared with files in `tests/cli/golden`; `PORTCULLIS_BLESS=1 cargo test --test cli` writes them anew.

mod broken;
mod certificates;
mod check;
mod config_file;
mod connectivity;
mod conventions;
mod documented;
mod domain;
mod explain;
mod importing;
mod issuers;
mod live;
mod name_server;
mod parties;
mod policy_test;
mod server;
mod support;
mod terminal;
mod token;
mod workflow;
mod writing;
