// What one decision costs, side by side with its peers in one run of one workerd.
//
// A new token is new: thousands of distinct ones go round, more than the memory for seen tokens holds, so each is met as if for the
// first time, with the default settings. A seen token is one of a hundred that were sent just before.
//
// A call goes over so many that V8 collects new garbage in every one: some MB of it make a collection, which takes as long as a hundred decisions,
// and where it falls into every second call only the median is one or the other by chance. All garbage is collected before each call, since
// that takes as long as a thousand, and would fall upon the same entry in every round.

import { rm } from 'node:fs/promises';

import { bundle } from './support/bundle.mjs';
import { startBench, refuseForged } from './support/bench-worker.mjs';
import { makeInstance } from './support/instance.mjs';
import { measureInTurns } from './support/measure.mjs';

const SEEN = 100;
/** Enough that a memory of 4096 tokens, the default, has forgotten each one when its turn comes again. */
const NEW = 5000;
/** Below it, every path is public and none is listed by itself. */
const PUBLIC = '/sign-in';

/**
 * `of` is whose memory a token enters; `times` how often an entry goes over a hundred tokens in one call; `base` what is taken off.
 *
 * @type {Record<string, { entry: string, base: string, times: number, of?: 'worker' | 'package' | 'authenticate' | 'verify', isSeen?: boolean, path?: string, what?: string, checks?: boolean }>}
 */
const ROWS = {
  floor: { entry: 'floor', base: 'empty', times: 25, checks: true, what: 'floor: bare `crypto.subtle.verify`, key and operands ready' },
  packageNew: { entry: 'packageDecide', base: 'request', times: 25, of: 'package', checks: true, what: 'package, new token: `gate.decide`' },
  packageHandle: { entry: 'packageHandle', base: 'request', times: 25, of: 'package', checks: true, what: 'package, new token: `gate.handle`, forwarding included' },
  packageAuthenticate: { entry: 'packageAuthenticate', base: 'request', times: 25, of: 'authenticate', checks: true, what: 'package, new token: `authenticateRequest`' },
  packageVerify: { entry: 'packageVerify', base: 'empty', times: 25, of: 'verify', checks: true, what: 'package, new token: `verifyToken`' },
  workerNew: { entry: 'workerDecide', base: 'request', times: 25, of: 'worker', checks: true, what: 'Worker, new token: the decision' },
  workerFetch: { entry: 'workerFetch', base: 'request', times: 25, of: 'worker', checks: true, what: 'Worker, new token: the whole of `fetch`, forwarding included' },
  jose: { entry: 'jose', base: 'empty', times: 25, checks: true, what: '`jose.jwtVerify` alone, key ready' },
  honoJwt: { entry: 'honoJwt', base: 'hono', times: 25, checks: true, what: "Hono's `jwt` middleware, key imported beforehand" },
  honoJwk: { entry: 'honoJwk', base: 'hono', times: 12, checks: true, what: "Hono's `jwk` middleware, static keys" },
  clerk: { entry: 'clerk', base: 'request', times: 4, checks: true, what: '`@clerk/backend` `authenticateRequest`, `jwtKey` given' },
  packageSeen: { entry: 'packageDecide', base: 'request', times: 60, of: 'package', isSeen: true, what: 'package, token seen before: `gate.decide`' },
  packageAuthenticateSeen: { entry: 'packageAuthenticate', base: 'request', times: 60, of: 'authenticate', isSeen: true, what: 'package, token seen before: `authenticateRequest`' },
  packageVerifySeen: { entry: 'packageVerify', base: 'empty', times: 60, of: 'verify', isSeen: true, what: 'package, token seen before: `verifyToken`' },
  workerSeen: { entry: 'workerDecide', base: 'request', times: 60, of: 'worker', isSeen: true, what: 'Worker, token seen before: the decision' },
  workerFetchSeen: { entry: 'workerFetch', base: 'request', times: 60, of: 'worker', isSeen: true, what: 'Worker, token seen before, forwarding included' },
  packagePublic: { entry: 'packageDecideBare', base: 'bareRequest', times: 100, path: '/', what: 'package, public path without a token, met before: `gate.decide`' },
  packageUnmet: { entry: 'packageDecideUnmet', base: 'unmetRequest', times: 100, path: PUBLIC, what: 'package, public path that it never met: `gate.decide`' },
  workerPublic: { entry: 'workerDecideBare', base: 'bareRequest', times: 100, path: '/', what: 'Worker, public path without a token, met before: the decision' },
  workerUnmet: { entry: 'workerDecideUnmet', base: 'unmetRequest', times: 100, path: PUBLIC, what: 'Worker, public path that it never met: the decision' },
  workerPublicFetch: { entry: 'workerFetchBare', base: 'bareRequest', times: 60, path: '/', what: 'Worker, public path without a token, forwarding included' },
  passThrough: { entry: 'passThrough', base: 'request', times: 60, what: 'a Worker that hands every request on as it is' },
  empty: { entry: 'empty', base: 'empty', times: 200 },
  request: { entry: 'request', base: 'empty', times: 60 },
  bareRequest: { entry: 'bareRequest', base: 'empty', times: 100, path: '/' },
  unmetRequest: { entry: 'unmetRequest', base: 'empty', times: 100, path: PUBLIC },
  hono: { entry: 'hono', base: 'request', times: 40 },
};

/** @param {{ quick: boolean }} options */
export async function measureDecisions({ quick }) {
  const instance = await makeInstance();
  const dir = await bundle('bench/worker.mjs', { withWorker: true });
  const bench = await startBench({ dir, env: instance.env() });
  try {
    const tokens = await instance.tokens(SEEN + NEW);
    const seen = tokens.slice(0, SEEN);
    await bench.upload(tokens);
    const checked = Object.values(ROWS).filter(({ checks }) => checks).map(({ entry }) => entry);
    await refuseForged(bench, checked, seen, instance.forged);
    const rings = { worker: bench.ring(SEEN), package: bench.ring(SEEN), authenticate: bench.ring(SEEN), verify: bench.ring(SEEN) };
    // A ring that began anew before its end would bring tokens that are remembered still.
    const uneven = Object.entries(ROWS).find(([, { times, of, isSeen }]) => of && !isSeen && NEW % (times * SEEN) !== 0);
    if (uneven) throw new Error(`${uneven[0]}: its calls do not end where the ${NEW} new tokens do`);
    const entries = Object.entries(ROWS).map(([name, { entry, times, of, isSeen, path, what }]) => ({
      name,
      pid: bench.pid,
      count: times * SEEN,
      isSimple: what === undefined,
      run: () => bench.call(entry, of && !isSeen ? { ...rings[of](times * SEEN), path } : { from: 0, count: SEEN, times, path }),
      before: async () => {
        if (isSeen) await bench.call(entry, { from: 0, count: SEEN });
        await bench.collect();
      },
    }));
    const rounds = await measureInTurns(entries, quick ? { rounds: 5, warmUpMs: 600 } : { rounds: 21, warmUpMs: 2000 });
    const rows = Object.entries(ROWS).filter(([, { what }]) => what).map(([name, { base, what }]) => ({
      name,
      what,
      cost: rounds.cost(name, base),
      floors: rounds.ratio([name, base], ['floor', 'empty']),
      clerks: rounds.ratio(['clerk', 'request'], [name, base]),
      joses: rounds.ratio(['jose', 'empty'], [name, base]),
    }));
    return { rounds: rounds.rounds.length, tokenBytes: tokens[0].length, rows };
  } finally {
    await bench.stop();
    await rm(dir, { recursive: true, force: true });
  }
}
