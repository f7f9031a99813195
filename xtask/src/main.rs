//! Build steps that need Rust: `cargo run --manifest-path xtask/Cargo.toml -- bindgen <in.wasm> <out-dir> <name>`.
//!
//! `bindgen` does what the `wasm-bindgen` program does with `--target web`, as a library, so that nothing has to be installed
//! by hand and the version is the one in the lock file. Optimising the result is left to `tools/build.mjs`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use wasm_bindgen_cli_support::{Bindgen, Output};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["bindgen", input, out_dir, name] => bindgen(Path::new(input), Path::new(out_dir), name),
        ["bindgen-bare", input, out_dir, name] => bindgen_bare(Path::new(input), Path::new(out_dir), name),
        _ => {
            eprintln!("usage: xtask bindgen|bindgen-bare <in.wasm> <out-dir> <name>");
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
/// The exports of Rust structs are taken off: the Worker has none, but crates below it do, for streams and storage that
/// it does not use. What only those exports reach is then dead code, which wasm-opt removes; `tools/build.mjs` does the same in the script.
fn bindgen(input: &Path, out_dir: &Path, name: &str) -> Result<()> {
    let mut output = generate(input, name)?;
    let classes = classes_of(output.js());
    delete_exports(&mut output, |export| is_of_class(export, &classes));
    let renamed = shorten_imports(&mut output);
    output.emit(out_dir).with_context(|| format!("cannot write to `{}`", out_dir.display()))?;
    rename_in(&out_dir.join(format!("{name}.js")), &renamed)
}

/// Writes `<name>_bg.wasm` alone, for a module that takes and gives numbers only: whoever instantiates it needs no script.
///
/// The exports that a script would look after are taken off, those of the table of objects first of all; wasm-opt removes what they reach.
/// Whether anything is imported but what the host has by itself is for `tools/build.mjs` to see.
fn bindgen_bare(input: &Path, out_dir: &Path, name: &str) -> Result<()> {
    let mut output = generate(input, name)?;
    delete_exports(&mut output, |export| export.starts_with("__"));
    let path = out_dir.join(format!("{name}_bg.wasm"));
    std::fs::write(&path, output.wasm_mut().emit_wasm()).with_context(|| format!("cannot write `{}`", path.display()))
}

/// The `web` target is the one whose output loads everywhere: the caller hands in the compiled module. `reset_state_function`
/// exports `__wbg_reset_state`, with which a host replaces an instance that panicked.
fn generate(input: &Path, name: &str) -> Result<Output> {
    Bindgen::new()
        .input_path(input)
        .out_name(name)
        .typescript(false)
        .reset_state_function(true)
        .web(true)?
        .generate_output()
        .with_context(|| format!("cannot bind `{}`", input.display()))
}

fn delete_exports(output: &mut Output, is_deleted: impl Fn(&str) -> bool) {
    let exports = &mut output.wasm_mut().exports;
    let deleted = exports.iter().filter(|export| is_deleted(&export.name)).map(|export| export.id());
    for id in deleted.collect::<Vec<_>>() {
        exports.delete(id);
    }
}

/// Gives the generated imports names of a letter or two, and says which: each ends in a hash of sixteen letters, which no compression
/// makes shorter, and stands in the module and in the script.
fn shorten_imports(output: &mut Output) -> Vec<(String, String)> {
    let generated = output.wasm_mut().imports.iter_mut().filter(|import| import.name.starts_with("__wb"));
    let mut renamed = Vec::new();
    for import in generated {
        let short = short_name(renamed.len());
        renamed.push((std::mem::replace(&mut import.name, short.clone()), short));
    }
    renamed
}

/// The names `a` to `z`, `aa` to `zz` and so on: no two numbers have the same.
fn short_name(number: usize) -> String {
    let last = char::from(b'a' + (number % 26) as u8);
    match number / 26 {
        0 => last.to_string(),
        more => format!("{}{last}", short_name(more - 1)),
    }
}

/// Renames the members of the object of imports in a generated script, where each stands once, before a colon.
fn rename_in(script: &Path, renamed: &[(String, String)]) -> Result<()> {
    let mut text = std::fs::read_to_string(script).with_context(|| format!("cannot read `{}`", script.display()))?;
    for (long, short) in renamed {
        let member = format!("{long}:");
        ensure!(
            text.matches(&member).count() == 1,
            "`{long}` is imported, but is not one member of an object in `{}`",
            script.display()
        );
        text = text.replace(&member, &format!("{short}:"));
    }
    std::fs::write(script, text).with_context(|| format!("cannot write `{}`", script.display()))
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
