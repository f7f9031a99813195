// What a fresh isolate costs: CPU time of a new workerd process up to its first answer, above that of a Worker that checks nothing;
// and what is downloaded and kept for it, gzipped. Each of the Workers is bundled and minified as it would be deployed.

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { startWorker } from '../tests/support/workerd.mjs';
import { PACKAGE_DIR, RELEASE_DIR } from '../tools/build.mjs';
import { bundle, gzippedBytes } from './support/bundle.mjs';
import { makeInstance, sessionId } from './support/instance.mjs';
import { Rounds, cpuMicroseconds } from './support/measure.mjs';

const PASS_THROUGH = 'pass-through';
/** @type {Record<string, { what: string, withWorker?: boolean }>} */
const WORKERS = {
  [PASS_THROUGH]: { what: 'a Worker that checks nothing' },
  worker: { what: 'Portcullis Worker', withWorker: true },
  'package-gate': { what: 'package, `createGate`' },
  'package-authenticate': { what: 'package, `authenticateRequest`' },
  'package-small': { what: 'package, `authenticateRequest` of `portcullis/small`' },
  clerk: { what: '`@clerk/backend`, `authenticateRequest`' },
  jose: { what: '`jose`, `jwtVerify`' },
};

/** @param {{ quick: boolean }} options */
export async function measureStartUp({ quick }) {
  const instance = await makeInstance();
  const env = instance.env();
  const token = await instance.token(sessionId(0));
  const names = Object.keys(WORKERS);
  /** @type {Record<string, string>} */
  const dirs = {};
  try {
    for (const name of names) dirs[name] = await bundle(`bench/start-up/${name}.mjs`, WORKERS[name]);
    const measured = [];
    for (let round = 0; round < (quick ? 3 : 15); round += 1) {
      /** @type {Record<string, number>} */
      const costs = { nothing: 0 };
      const first = round % names.length;
      for (const name of [...names.slice(first), ...names.slice(0, first)]) {
        const checks = name !== PASS_THROUGH;
        costs[name] = await firstAnswer({ dir: dirs[name], env, good: token, forged: instance.forged, checks });
      }
      // The first processes read from a cold disk.
      if (round > 0) measured.push(costs);
    }
    const rounds = new Rounds(measured);
    const rows = [];
    for (const name of names) {
      const base = name === PASS_THROUGH ? 'nothing' : PASS_THROUGH;
      rows.push({ name, what: WORKERS[name].what, milliseconds: rounds.cost(name, base) / 1000, gzipped: await gzippedBytes(dirs[name]) });
    }
    return { rounds: measured.length, rows, shipped: await shippedBytes() };
  } finally {
    for (const dir of Object.values(dirs)) await rm(dir, { recursive: true, force: true });
  }
}

/**
 * CPU time of one fresh process until it has answered once, in microseconds. A forged token must be refused afterwards.
 *
 * @param {{ dir: string, env: Record<string, any>, good: string, forged: string, checks: boolean }} options
 */
async function firstAnswer({ dir, env, good, forged, checks }) {
  const worker = await startWorker({ env, dir });
  try {
    const ask = async (/** @type {string} */ token) => {
      const headers = { cookie: `__client_uat=1700000000; __session=${token}` };
      const response = await fetch(`${worker.url}/dashboard`, { headers, redirect: 'manual' });
      await response.arrayBuffer();
      return response.status;
    };
    const status = await ask(good);
    const spent = await cpuMicroseconds(worker.pid);
    if (status !== 200) throw new Error(`a good token was answered ${status}\n${worker.log()}`);
    if ((await ask(forged)) === 200 && checks) throw new Error('a forged token was let through');
    return spent;
  } finally {
    await worker.stop();
  }
}

/** What is shipped, as it is shipped. */
async function shippedBytes() {
  const bytes = async (/** @type {string} */ path) => (await readFile(path)).length;
  const gzipped = async (/** @type {string} */ file) => gzipSync(await readFile(join(PACKAGE_DIR, file)), { level: 9 }).length;
  return {
    worker: await gzippedBytes(RELEASE_DIR),
    workerWasm: await bytes(join(RELEASE_DIR, 'portcullis_bg.wasm')),
    session: await bytes(join(PACKAGE_DIR, 'session_bg.wasm')),
    gate: await bytes(join(PACKAGE_DIR, 'gate_bg.wasm')),
    sessionAll: await bytes(join(PACKAGE_DIR, 'session-all_bg.wasm')),
    sessionGzipped: await gzipped('session_bg.wasm'),
    scriptInNode: await scriptInNode(),
  };
}

/** The package's own JavaScript of an app for Node, bundled and minified. */
async function scriptInNode() {
  const dir = await bundle('bench/start-up/package-in-node.mjs');
  try {
    return await gzippedBytes(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
