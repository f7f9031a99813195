// Runs a server that prints where it listens, until it is told to stop.

import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { ROOT } from '../../tools/run.mjs';
import { environment } from './environment.mjs';

const START_LIMIT_MS = 60_000;

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string, env?: Record<string, string | undefined> }} options
 */
export async function startServer(command, args, { cwd, env = {} }) {
  const child = spawn(command, args, { cwd, env: environment(env), stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  let printed = '';
  const port = await new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`it did not start in time:\n${printed}`)), START_LIMIT_MS);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        printed += chunk;
        const listening = /listening on (\d+)|Local:\s+http:\/\/[\w.]+:(\d+)/.exec(printed);
        if (!listening) return;
        clearTimeout(limit);
        resolve(Number(listening[1] ?? listening[2]));
      });
    }
    exited.then((code) => reject(new Error(`it ended with ${code}:\n${printed}`)));
  }).catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    log: () => printed,
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/**
 * The package as it is published: packed by npm, and unpacked where a project would have it, together with links to other packages.
 *
 * @param {string[]} others packages from this checkout's own `node_modules`
 */
export function installPacked(others) {
  const dir = mkdtempSync(join(tmpdir(), 'portcullis-packed-'));
  const [{ filename, files }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--pack-destination', dir], { cwd: join(ROOT, 'npm'), env: environment(), encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
  );
  const modules = join(dir, 'node_modules');
  mkdirSync(join(modules, 'portcullis'), { recursive: true });
  execFileSync('tar', ['-xzf', join(dir, filename), '-C', join(modules, 'portcullis'), '--strip-components=1']);
  for (const name of others) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(realpathSync(join(ROOT, 'node_modules', name)), join(modules, name));
  }
  return {
    dir,
    /** The names of the files in the tarball. @type {string[]} */
    files: files.map((/** @type {{ path: string }} */ { path }) => path),
    /** Copies an example into the project. @param {string} name */
    example: (name) => {
      cpSync(join(ROOT, 'examples', name), join(dir, name), { recursive: true });
      return join(dir, name);
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
