// How often a cold isolate asks for the key set when 64 requests come at once: counted by a Backend API that takes its time.

import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { json, startClerk } from '../tests/support/clerk.mjs';
import { startWorker } from '../tests/support/workerd.mjs';
import { bundle } from './support/bundle.mjs';
import { makeInstance, sessionId } from './support/instance.mjs';

const REQUESTS = 64;
/** Long enough that all requests are there before the keys are. */
const ANSWER_AFTER_MS = 300;

const WORKERS = {
  worker: { what: 'Worker', withWorker: true },
  'package-gate': { what: 'package, `gate.handle`' },
  'package-authenticate': { what: 'package, `authenticateRequest`' },
};

export async function countKeySetFetches() {
  const rows = [];
  for (const [name, { what, ...options }] of Object.entries(WORKERS)) {
    const dir = await bundle(`bench/start-up/${name}.mjs`, options);
    rows.push({ name, what, ...(await count(dir).finally(() => rm(dir, { recursive: true, force: true }))) });
  }
  return { requests: REQUESTS, rows };
}

/** @param {string} dir */
async function count(dir) {
  const clerk = await startClerk();
  const instance = await makeInstance({ apiUrl: clerk.url });
  clerk.respondWith((_, response) => void sleep(ANSWER_AFTER_MS).then(() => json(response, 200, { keys: [instance.jwk] })));
  const worker = await startWorker({ env: instance.env(), dir });
  try {
    const headers = { cookie: `${instance.cookies}__session=${await instance.token(sessionId(0))}` };
    const ask = () => fetch(`${worker.url}/dashboard`, { headers, redirect: 'manual' });
    const answers = await Promise.all(Array.from({ length: REQUESTS }, ask));
    const refused = answers.filter(({ status }) => status !== 200);
    if (refused.length > 0) throw new Error(`${refused.length} of ${REQUESTS} good tokens were answered ${refused[0].status}\n${worker.log()}`);
    return { fetches: clerk.calls.length };
  } finally {
    await Promise.all([worker.stop(), clerk.stop()]);
  }
}
