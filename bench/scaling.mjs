// How the cost of a decision grows: with the token, the cookies, the policy, the key set, and with decisions in flight at a time.
//
// No token is remembered here, so that every decision is the long way. The points of one dimension take turns with each other and
// with the floor, so their ratios hold.

import { rm } from 'node:fs/promises';

import { json, startClerk } from '../tests/support/clerk.mjs';
import { POLICY } from '../tests/support/gate.mjs';
import { startBench } from './support/bench-worker.mjs';
import { bundle } from './support/bundle.mjs';
import { makeInstance } from './support/instance.mjs';
import { measureInTurns } from './support/measure.mjs';

/** @import { Asked } from './support/bench-worker.mjs' */

const TOKENS = 100;
const TIMES = 4;
const DECISION = [['workerDecide', 'request'], ['packageDecide', 'request']];
const PUBLIC = [['workerDecideBare', 'bareRequest'], ['packageDecideBare', 'bareRequest']];

/**
 * One thing that grows.
 *
 * @typedef {object} Dimension
 * @property {string} name
 * @property {string} what
 * @property {(number | string)[]} points
 * @property {string[][]} [entries] what is measured, each with what is taken off
 * @property {(point: any) => object} [claims] of the point's tokens
 * @property {(point: any) => object} [settings] of the point's gate, in a process of its own
 * @property {(point: any) => number} [keys] how many keys the set holds, in a process of its own
 * @property {(point: any) => Asked} [asked]
 * @property {boolean} [isRefused] whether that is to be refused
 */

/** Takes the ordinary policy's lists and pages away; `undefined` is not sent. */
const NO_LISTS = {
  sign_in_url: undefined, sign_up_url: undefined, unauthorized_url: undefined, public: undefined, protected: undefined,
  admin: undefined, admin_requires: undefined, api: undefined, rules: undefined,
};

/** @type {Dimension[]} */
export const PATTERNS = [
  {
    name: 'patterns', what: 'patterns, new token', points: [10, 100, 1000],
    settings: policy,
    asked: () => ({ path: '/guarded/page-7' }),
  },
  {
    name: 'patterns-public', what: 'patterns, no token, the path of the last one', points: [10, 100, 1000], entries: PUBLIC,
    settings: policy,
    asked: () => ({ path: '/last/page-7' }),
  },
  {
    name: 'patterns-none', what: 'patterns, no token, the path of none', points: [10, 100, 1000], entries: PUBLIC, isRefused: true,
    settings: policy,
    asked: () => ({ path: '/nowhere/page-7' }),
  },
  {
    name: 'patterns-parameter', what: 'patterns that begin with a parameter, no token', points: [10, 100, 1000], entries: PUBLIC,
    settings: (count) => ({ ...NO_LISTS, public: Array.from({ length: count }, (_, n) => `/:tenant/section-${n}/:path*`) }),
    asked: (count) => ({ path: `/acme/section-${count - 1}/page` }),
  },
];

/** @type {Dimension[]} */
export const OTHERS = [
  { name: 'token', what: 'token, bytes', points: [0, 350, 1100, 2600], claims: (length) => (length === 0 ? BARE : { metadata: { note: 'x'.repeat(length) } }) },
  { name: 'cookies', what: 'cookies', points: [2, 10, 50], asked: (count) => ({ cookies: count - 2 }) },
  { name: 'keys', what: 'keys in the set', points: [1, 8, 64], keys: (count) => count },
  { name: 'inFlight', what: 'decisions in flight at a time', points: [1, 16, 64], asked: (inFlight) => ({ inFlight }) },
];

/** The fewest claims that a session token has; with the signature of a 2048-bit key no token is shorter than 0.7 KB. */
const BARE = { fva: undefined, sts: undefined, v: undefined };

/**
 * A policy of so many patterns, of the kinds that people write, in all three lists. The last two are the paths that are asked for.
 *
 * @param {number} count
 */
function policy(count) {
  /** @type {((n: number) => [list: 'public' | 'protected' | 'admin', pattern: string])[]} */
  const kinds = [
    (n) => ['public', `/docs/section-${n}/:path*`], (n) => ['protected', `/app/area-${n}(.*)`], (n) => ['public', `/blog/topic-${n}/:slug`],
    (n) => ['protected', `/orgs/:slug/part-${n}/:path*`], (n) => ['admin', `/backoffice/desk-${n}(.*)`], (n) => ['public', `/api/v1/public-${n}/:id(\\d+)`],
    (n) => ['protected', `/api/v1/thing-${n}/:id`], (n) => ['protected', `/:locale(en|fr|de)/account-${n}(.*)`], (n) => ['public', `/page-${n}`],
  ];
  /** @type {Record<'public' | 'protected' | 'admin', string[]>} */
  const lists = { public: [], protected: [], admin: ['/admin(.*)'] };
  for (let n = 0; n < count - 3; n += 1) {
    const [list, pattern] = kinds[n % kinds.length](n);
    lists[list].push(pattern);
  }
  lists.protected.push('/guarded/:page');
  lists.public.push('/last/:page');
  return { ...NO_LISTS, admin_requires: POLICY.admin_requires, ...lists };
}

/**
 * @param {Dimension[]} dimensions
 * @param {{ quick: boolean }} options
 */
export async function measureScaling(dimensions, { quick }) {
  const dir = await bundle('bench/worker.mjs', { withWorker: true });
  try {
    const measured = [];
    for (const dimension of dimensions) measured.push(await measure(dimension, dir, quick));
    return measured;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/**
 * @param {Dimension} dimension
 * @param {string} dir
 * @param {boolean} quick
 */
async function measure({ name, what, points, entries = DECISION, claims, settings, keys, asked, isRefused = false }, dir, quick) {
  /** @type {(() => Promise<void>)[]} */
  const running = [];
  const start = async (/** @type {any} */ point) => {
    const instance = keys ? await withKeySet(keys(point), running) : await makeInstance();
    const bench = await startBench({ dir, env: instance.env({ token_cache: 0, ...settings?.(point) }) });
    running.push(bench.stop);
    return { bench, instance };
  };
  try {
    const shared = settings || keys ? undefined : await start(points[0]);
    /** @type {import('./support/measure.mjs').Entry[]} */
    const all = [];
    /** @type {unknown[]} */
    const labels = [];
    let from = 0;
    for (const point of points) {
      const { bench, instance } = shared ?? (await start(point));
      const tokens = await instance.tokens(TOKENS, claims?.(point));
      const at = shared ? from : 0;
      from += TOKENS;
      await bench.upload(tokens);
      labels.push(claims ? tokens[0].length : point);
      const ask = { from: at, count: TOKENS, times: TIMES, ...asked?.(point) };
      for (const entry of new Set(['empty', 'floor', ...entries.flat()])) {
        // The decision must be the one that is meant, not a quick refusal.
        const { ok, refused } = await bench.call(entry, ask);
        const isGate = entries.some(([one]) => one === entry);
        if ((isGate && isRefused ? ok : refused) !== 0) throw new Error(`${name} ${point}: ${entry} let ${ok} through and refused ${refused}\n${bench.log()}`);
        all.push({ name: `${entry} ${point}`, pid: bench.pid, count: TIMES * TOKENS, isSimple: !entries.some(([one]) => one === entry), run: () => bench.call(entry, ask), before: () => bench.collect() });
      }
    }
    const rounds = await measureInTurns(all, quick ? { rounds: 5, warmUpMs: 400 } : { rounds: 15, warmUpMs: 2500 });
    const rows = points.map((point, n) => ({
      label: labels[n],
      floor: rounds.cost(`floor ${point}`, `empty ${point}`),
      costs: Object.fromEntries(entries.map(([entry, base]) => [entry, rounds.cost(`${entry} ${point}`, `${base} ${point}`)])),
      /** How many times the first point's cost. */
      growth: Object.fromEntries(
        entries.map(([entry, base]) => [entry, rounds.ratio([`${entry} ${point}`, `${base} ${point}`], [`${entry} ${points[0]}`, `${base} ${points[0]}`])]),
      ),
    }));
    return { name, what, rounds: rounds.rounds.length, rows };
  } finally {
    await Promise.all(running.map((stop) => stop()));
  }
}

/**
 * An instance whose Backend API serves a key set that holds its key and others before it.
 *
 * @param {number} count
 * @param {(() => Promise<void>)[]} running
 */
async function withKeySet(count, running) {
  const clerk = await startClerk();
  running.push(clerk.stop);
  const instance = await makeInstance({ apiUrl: clerk.url });
  const other = (/** @type {number} */ n) => {
    const modulus = crypto.getRandomValues(new Uint8Array(256));
    modulus[0] |= 0x80;
    return { ...instance.jwk, kid: `ins_other_${n}`, n: Buffer.from(modulus).toString('base64url') };
  };
  const set = [...Array.from({ length: count - 1 }, (_, n) => other(n)), instance.jwk];
  clerk.respondWith((_, response) => json(response, 200, { keys: set }));
  return instance;
}
