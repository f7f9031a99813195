// Installs what a checkout needs, and nothing that is there already: npm packages, Rust's Wasm target, the build steps in xtask,
// and, for the tests, a browser. `npm start`, `npm test` and CI run it; it says what it does.
//
//   node tools/setup.mjs [--browser]
//
// Node built-ins only: on a fresh clone nothing else is there yet.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { installBrowser } from './browser.mjs';
import { ROOT, ToolError, canRun, run, runAsScript } from './run.mjs';

/**
 * Makes the checkout ready to build and run.
 *
 * @param {{ browser?: boolean }} [options]
 */
export async function setup({ browser = false } = {}) {
  await installPackages();
  await installWasmTarget();
  await buildXtask();
  if (browser) console.log(`setup: browser ${await installBrowser()}`);
}

/** npm packages, exactly as locked. Their install scripts are not needed, so they are not run. */
async function installPackages() {
  const lock = createHash('sha256').update(readFileSync(join(ROOT, 'package-lock.json'))).digest('hex');
  const stamp = join(ROOT, 'node_modules/.portcullis-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.log('setup: installing npm packages (npm ci)');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  await run(npm, ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    help: 'npm needs to reach its registry',
  });
  writeFileSync(stamp, lock);
}

/** Rust's standard library for the Wasm target. */
async function installWasmTarget() {
  const target = 'wasm32-unknown-unknown';
  if (process.env.PORTCULLIS_WASM_TARGET === 'provided') return; // the caller's `cargo` brings its own, as CI may
  if (!(await canRun('cargo'))) {
    throw new ToolError('Rust is not installed: `cargo` cannot be run\nhelp: install it from https://rustup.rs, then run this again');
  }
  const libraries = (await run('rustc', ['--print', 'target-libdir', '--target', target], { quiet: true })).trim().split('\n').pop();
  if (libraries && existsSync(libraries) && readdirSync(libraries).some((file) => file.startsWith('libstd'))) return;
  console.log(`setup: adding Rust's target ${target}`);
  await run('rustup', ['target', 'add', target], {
    help: `the Worker is compiled for ${target}; with a Rust that did not come from rustup, install its standard library for this target`,
  });
}

/** The build steps in Rust. Compiling them takes about a minute, once. */
async function buildXtask() {
  const manifest = join(ROOT, 'xtask/Cargo.toml');
  const targetDir = process.env.CARGO_TARGET_DIR ?? join(ROOT, 'xtask/target');
  if (!existsSync(join(targetDir, 'debug'))) console.log('setup: compiling the build steps (once, about a minute)');
  await run('cargo', ['build', '--quiet', '--manifest-path', manifest], {
    help: 'see the errors above; cargo needs to reach crates.io the first time',
  });
}

await runAsScript(import.meta.url, async () => {
  await setup({ browser: process.argv.includes('--browser') });
  console.log('setup: ready');
});
