//! The command line `portcullis`; everything it does is in [`portcullis::cli`].

#[cfg(not(target_family = "wasm"))]
fn main() -> std::process::ExitCode {
    portcullis::cli::main().into()
}

/// There is no command line in Wasm; whoever builds everything for it gets a program that does nothing.
#[cfg(target_family = "wasm")]
fn main() {}
