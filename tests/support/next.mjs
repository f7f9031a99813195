// Next.js as it runs in production: an app in a folder of this checkout, built and started.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { ROOT } from '../../tools/run.mjs';
import { environment } from './environment.mjs';
import { startServer } from './examples.mjs';

const NEXT = join(ROOT, 'node_modules/next/dist/bin/next');
const BUILD_LIMIT_MS = 300_000;

/** @typedef {{ cwd: string, env?: Record<string, string> }} App */

/** @param {App} app */
export function buildNext({ cwd, env = {} }) {
  try {
    execFileSync(process.execPath, [NEXT, 'build'], { cwd, stdio: 'pipe', env: environment(env), timeout: BUILD_LIMIT_MS });
  } catch (error) {
    const { message, stderr, stdout } = /** @type {any} */ (error);
    throw new Error(`${message}\n${stderr}${stdout}`);
  }
}

/** @param {App} app */
export function startNext({ cwd, env }) {
  return startServer(process.execPath, [NEXT, 'start', '-p', '0', '-H', '127.0.0.1'], { cwd, env });
}
