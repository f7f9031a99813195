// Bun and Deno, in which the tests run the package too. They are no packages of the checkout: nothing that ships needs them, `npm start`
// neither, and together they are 200 MB. npm brings them, as programs for this platform, into a folder of their own.

import { existsSync, readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { ROOT, canRun, run } from './run.mjs';

const FOLDER = join(ROOT, 'tests/.runtimes');

/** Of each: its version, and where npm's package for a platform (`@oven/bun-linux-x64`) has the program. */
const RUNTIMES = {
  bun: { version: '1.4.5', scope: '@oven', program: 'bin/bun' },
  deno: { version: '2.9.6', scope: '@deno', program: 'deno' },
};

/** @typedef {keyof typeof RUNTIMES} Runtime */

const NAMES = /** @type {Runtime[]} */ (Object.keys(RUNTIMES));

/**
 * The path of a runtime that {@link installRuntimes} brought and that starts here, or `undefined`.
 *
 * @param {Runtime} name
 * @returns {Promise<string | undefined>}
 */
export async function findRuntime(name) {
  const { scope, program } = RUNTIMES[name];
  const packages = join(folderOf(name), 'node_modules', scope);
  if (!existsSync(packages)) return undefined;
  // npm may bring one for each C library.
  for (const found of readdirSync(packages)) {
    for (const file of [join(packages, found, program), join(packages, found, `${program}.exe`)]) {
      if (existsSync(file) && (await canRun(file))) return file;
    }
  }
  return undefined;
}

/** Installs those that are not there yet. One that npm does not have for this platform is no error: its tests are skipped, and say so. */
export async function installRuntimes() {
  for (const name of NAMES) {
    if (await findRuntime(name)) continue;
    const { version } = RUNTIMES[name];
    console.log(`setup: installing ${name} ${version} for the tests`);
    const folder = folderOf(name);
    await mkdir(folder, { recursive: true });
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    const flags = ['--prefix', folder, '--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    await run(npm, ['install', ...flags, `${name}@${version}`], { cwd: folder, quiet: true }).catch((error) => console.log(`setup: ${name} could not be installed\n${error.message}`));
  }
}

/** @param {Runtime} name */
function folderOf(name) {
  return join(FOLDER, `${name}-${RUNTIMES[name].version}`);
}

/**
 * Why a test of a runtime is skipped, or `false` where it is there.
 *
 * @param {Runtime} name
 * @param {string | undefined} file what {@link findRuntime} found
 */
export function missing(name, file) {
  return file ? false : `${name} is not installed; run \`node tools/setup.mjs --tests\``;
}
