// A Go program with a few modules, in a folder of its own under `target`, where Go is installed and its modules can be had.

import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { ROOT } from '../../tools/run.mjs';

const run = promisify(execFile);
const LIMIT_MS = 180_000;
/** What Go says where it is not a mistake in the program that keeps it from building. */
const NOT_HERE = /ENOENT|dial tcp|no such host|timeout|connection refused|module lookup disabled|toolchain not available|requires go/i;

/**
 * Builds a program.
 *
 * @param {string} name of its folder
 * @param {string[]} modules with their versions, as `example.com/module v1.2.3`
 * @param {string} source of `main.go`
 * @returns {Promise<{ program: string } | { missing: string }>} what was built, or why nothing was
 */
export async function goProgram(name, modules, source) {
  const folder = join(ROOT, 'target', name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'go.mod'), `module ${name}\n\ngo 1.21\n\nrequire (\n${modules.join('\n')}\n)\n`);
  await writeFile(join(folder, 'main.go'), source);
  try {
    await run('go', ['build', '-mod=mod', '-o', 'program', '.'], { cwd: folder, timeout: LIMIT_MS });
  } catch (error) {
    const said = String(/** @type {any} */ (error).stderr || error);
    if (!NOT_HERE.test(said)) throw error;
    return { missing: `Go or its modules cannot be had: ${said.trim().split('\n')[0]}` };
  }
  return { program: join(folder, 'program') };
}
