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
        ["bindgen", input, out_dir, name] => bindgen(Path::new(input), Path::new(out_dir), name, false),
        ["bindgen", input, out_dir, name, "--without-classes"] => bindgen(Path::new(input), Path::new(out_dir), name, true),
        _ => {
            eprintln!("usage: xtask bindgen <in.wasm> <out-dir> <name> [--without-classes]");
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
///
/// `without_classes` takes off the exports of Rust structs: the Worker has none, but crates below it do, for streams and storage that
/// it does not use. What only those exports reach is then dead code, which wasm-opt removes; `tools/build.mjs` does the same in the script.
fn bindgen(input: &Path, out_dir: &Path, name: &str, without_classes: bool) -> Result<()> {
    let mut output = Bindgen::new()
        .input_path(input)
        .out_name(name)
        .typescript(false)
        .reset_state_function(true)
        .web(true)?
        .generate_output()
        .with_context(|| format!("cannot bind `{}`", input.display()))?;
    if without_classes {
        let classes = classes_of(output.js());
        let exports = &mut output.wasm_mut().exports;
        let of_classes = exports.iter().filter(|export| is_of_class(&export.name, &classes)).map(|export| export.id());
        for id in of_classes.collect::<Vec<_>>() {
            exports.delete(id);
        }
    }
    output.emit(out_dir).with_context(|| format!("cannot write to `{}`", out_dir.display()))
}

/// The classes of a generated script, in lower case as their exports have them.
fn classes_of(script: &str) -> Vec<String> {
    let names = script.lines().filter_map(|line| line.strip_prefix("export class ")?.split(' ').next());
    names.map(str::to_lowercase).collect()
}

/// Whether an export is a constructor, destructor, field or method of one of the classes: `__wbg_r2range_free`, `__wbg_get_r2range_offset`,
/// `intounderlyingsink_write`.
fn is_of_class(export: &str, classes: &[String]) -> bool {
    let bare = export.strip_prefix("__wbg_").unwrap_or(export);
    let bare = bare.strip_prefix("get_").or_else(|| bare.strip_prefix("set_")).unwrap_or(bare);
    bare.split_once('_').is_some_and(|(class, _)| classes.iter().any(|known| known == class))
}
