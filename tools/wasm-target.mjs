// Rust's standard library for WebAssembly: what a Rust from rustup lacks until somebody asks for it.

import { existsSync, readdirSync } from 'node:fs';

import { ToolError, canRun, run } from './run.mjs';

export const WASM_TARGET = 'wasm32-unknown-unknown';

/** Installs it, where it is not there yet; says so. */
export async function installWasmTarget() {
  if (process.env.PORTCULLIS_WASM_TARGET === 'provided') return; // the caller's `cargo` brings its own, as CI may
  if (!(await canRun('cargo'))) {
    throw new ToolError('Rust is not installed: `cargo` cannot be run\nhelp: install it from https://rustup.rs, then run this again');
  }
  const libraries = (await run('rustc', ['--print', 'target-libdir', '--target', WASM_TARGET], { quiet: true })).trim().split('\n').pop();
  if (libraries && existsSync(libraries) && readdirSync(libraries).some((file) => file.startsWith('libstd'))) return;
  console.log(`setup: adding Rust's target ${WASM_TARGET}`);
  await run('rustup', ['target', 'add', WASM_TARGET], {
    help: `what runs at the edge is compiled for ${WASM_TARGET}; with a Rust that did not come from rustup, install its standard library for this target`,
  });
}
