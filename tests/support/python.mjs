// Python with a few libraries, in a place of its own under `target`: what is tested with it must not depend on the machine's.

import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { ROOT } from '../../tools/run.mjs';

const run = promisify(execFile);
const LIMIT_MS = 180_000;

/**
 * Makes the environment if it is not there yet.
 *
 * @param {string} name of its folder
 * @param {string[]} packages with their versions
 * @returns {Promise<{ python: string } | { missing: string }>} the interpreter, or why there is none
 */
export async function pythonWith(name, packages) {
  const folder = join(ROOT, 'target', name);
  const python = join(folder, 'bin/python');
  const done = join(folder, 'complete');
  if (await access(done).then(() => true, () => false)) return { python };
  try {
    await run('python3', ['-m', 'venv', '--clear', folder], { timeout: LIMIT_MS });
  } catch (error) {
    return { missing: `no python3 with venv: ${firstLine(error)}` };
  }
  try {
    await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages], { timeout: LIMIT_MS });
  } catch (error) {
    const said = String(/** @type {any} */ (error).stderr ?? error);
    // Only an index that cannot be reached is a reason not to test.
    if (!/NewConnectionError|Temporary failure|timed out|ConnectTimeout|ProxyError|No matching distribution|Could not fetch/i.test(said)) throw error;
    return { missing: `the Python package index cannot be reached: ${firstLine(said)}` };
  }
  await run(python, ['-c', `open(${JSON.stringify(done)}, "w")`]);
  return { python };
}

/** @param {unknown} error */
function firstLine(error) {
  return String(/** @type {any} */ (error)?.message ?? error).trim().split('\n')[0];
}
