// Installs what a checkout needs, and nothing that is there already: npm packages, Rust's Wasm target, the build steps in xtask,
// and, for the tests, a browser, Bun and Deno. `npm start`, `npm test` and CI run it; it says what it does.
//
//   node tools/setup.mjs [--tests]
//
// Node built-ins only: on a fresh clone nothing else is there yet.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { installBrowser } from './browser.mjs';
import { ROOT, ToolError, run, runAsScript } from './run.mjs';
import { installRuntimes } from './runtimes.mjs';
import { installWasmTarget } from './wasm-target.mjs';

/**
 * Makes the checkout ready to build and run.
 *
 * @param {{ forTests?: boolean }} [options]
 */
export async function setup({ forTests = false } = {}) {
  await installPackages();
  await installWasmTarget();
  await buildXtask();
  if (!forTests) return;
  console.log(`setup: browser ${await installBrowser()}`);
  await installRuntimes();
}

/**
 * npm packages, exactly as locked. Their install scripts are not needed, so they are not run. What builds is a development dependency, which
 * npm leaves out where NODE_ENV or its configuration says so.
 */
async function installPackages() {
  const lock = createHash('sha256').update(readFileSync(join(ROOT, 'package-lock.json'))).digest('hex');
  const stamp = join(ROOT, 'node_modules/.portcullis-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.log('setup: installing npm packages (npm ci)');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  await run(npm, ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    help: 'npm needs to reach its registry',
  });
  writeFileSync(stamp, lock);
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
  const args = process.argv.slice(2);
  const unknown = args.find((arg) => arg !== '--tests');
  if (unknown !== undefined) throw new ToolError(`unknown argument \`${unknown}\`; usage: node tools/setup.mjs [--tests]`);
  await setup({ forTests: args.length > 0 });
  console.log('setup: ready');
});
