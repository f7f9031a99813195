//! Build steps that need Rust: `cargo run --manifest-path xtask/Cargo.toml -- bindgen <in.wasm> <out-dir> <name>`.
//!
//! `bindgen` does what the `wasm-bindgen` program does with `--target web`, as a library, so that nothing has to be installed
//! by hand and the version is the one in the lock file. Optimising the result is left to `tools/build.mjs`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["bindgen", input, out_dir, name] => bindgen(Path::new(input), Path::new(out_dir), name),
        _ => {
            eprintln!("usage: xtask bindgen <in.wasm> <out-dir> <name>");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Writes `<name>.js` and `<name>_bg.wasm` to `out_dir`.
///
/// The `web` target is the one whose output loads everywhere: the caller hands in the compiled module. `reset_state_function`
/// exports `__wbg_reset_state`, with which a host replaces an instance that panicked.
fn bindgen(input: &Path, out_dir: &Path, name: &str) -> Result<()> {
    Bindgen::new()
        .input_path(input)
        .out_name(name)
        .typescript(false)
        .reset_state_function(true)
        .web(true)?
        .generate(out_dir)
        .with_context(|| format!("cannot bind `{}` into `{}`", input.display(), out_dir.display()))
}
