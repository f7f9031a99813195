// The package beside `@clerk/backend`, case by case: the same requests, options, clock and Backend API, every field compared.
//
// Cases come from a seed, printed with the counts. PORTCULLIS_SEED chooses another, PORTCULLIS_CASES multiplies their number.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { inspect, isDeepStrictEqual } from 'node:util';

import { AREAS } from './authenticate/areas.mjs';
import { ELSEWHERE, KNOWN } from './authenticate/known.mjs';
import { randomFrom } from './authenticate/random.mjs';

const SEED = Number(process.env.PORTCULLIS_SEED ?? 20_250_615);
const SCALE = Number(process.env.PORTCULLIS_CASES ?? 1);
/** Cases of each deliberate difference. */
const KNOWN_COUNT = 25;
/** Failures that are shown in full. */
const SHOWN = 5;

// Clerk's library keeps the `fetch` that it finds when it is loaded, so the stand-in is there first.
const real = { fetch: globalThis.fetch, now: Date.now, setTimeout: globalThis.setTimeout, console: { ...console } };
/** @type {(url: string, init: RequestInit) => Promise<Response>} */
let answerCall = () => Promise.reject(new Error('no case is running'));
globalThis.fetch = /** @type {any} */ ((/** @type {string} */ url, /** @type {RequestInit} */ init) => answerCall(url, init));
process.env.CLERK_TELEMETRY_DISABLED = '1';
const clerk = await import('@clerk/backend');
const ours = await import('../../npm/node.js');

after(() => {
  globalThis.fetch = real.fetch;
});

/** @typedef {import('./authenticate/draft.mjs').Case} Case */

const HAS = [
  { role: 'org:admin' },
  { role: 'member' },
  { permission: 'org:invoices:read' },
  { permission: 'invoices:write' },
  { feature: 'invoices' },
  { feature: 'user:avatars' },
  { plan: 'org:pro' },
  { plan: 'u:free', reverification: 'lax' },
  { reverification: 'strict' },
  { reverification: { level: 'first_factor', afterMinutes: 10 } },
  { role: 'org:admin', permission: 'org:invoices:read' },
  { role: 'org:org:admin' },
  { role: 'org:' },
  { permission: 'org:org:invoices:read' },
  { permission: 'org:' },
  { feature: 'org:a:b' },
  { feature: ':invoices' },
  { feature: 'org:' },
  { feature: 'organization:invoices' },
  { feature: 'x:invoices' },
  { plan: '' },
  { reverification: 'strict_mfa' },
  { reverification: 'nonsense' },
  { reverification: { level: 'multi_factor', afterMinutes: 0.5 } },
  { reverification: { level: 'second_factor', afterMinutes: '10' } },
  {},
];

/** What Clerk's library is asked by. @param {Case} one */
function askClerk({ options, request, token }) {
  if (request === undefined) return clerk.verifyToken(/** @type {string} */ (token), options);
  return clerk.createClerkClient(options).authenticateRequest(requestOf(request), options);
}

/** @param {Case} one */
function askOurs({ options, request, token }) {
  if (request === undefined) return ours.verifyToken(/** @type {string} */ (token), options);
  return ours.authenticateRequest(requestOf(request), options);
}

/** @param {NonNullable<Case['request']>} request */
const requestOf = ({ method, url, headers }) => new Request(url, { method, headers });

/**
 * Runs one side: under the case's clock, with the case's Backend API, and no waiting.
 *
 * @param {Case} one
 * @param {(one: Case) => Promise<any>} ask
 */
async function outcomeOf(one, ask) {
  /** @type {object[]} */
  const calls = [];
  answerCall = async (url, init = {}) => {
    const { origin, pathname, search } = new URL(url);
    const call = { method: init.method ?? 'GET', path: pathname };
    if (!pathname.endsWith('/jwks')) {
      const body = init.body ? JSON.parse(String(init.body)) : undefined;
      calls.push({ ...call, origin, search, authorization: new Headers(init.headers).get('authorization'), body });
    }
    const { status = 200, json, text, type = 'application/json', networkError } = one.answer(call);
    if (networkError) throw new TypeError(networkError);
    return new Response(json === undefined ? text : JSON.stringify(json), { status, headers: { 'content-type': type } });
  };
  try {
    const answer = await ask(one);
    return one.request === undefined ? { threw: false, claims: answer } : { ...(await stateOf(answer)), calls };
  } catch (error) {
    const { reason } = /** @type {{ reason?: string }} */ (error);
    return one.request === undefined ? { threw: true, reason: tokenReason(reason) } : { threw: true };
  }
}

/** Clerk has no reason for what goes wrong beside the token. @param {string | undefined} reason */
const tokenReason = (reason) => (reason === 'unexpected-error' ? undefined : reason);

/** All that a caller can see of a state. @param {any} state */
async function stateOf(state) {
  const { message: _, toAuth, headers, isUnknown: __, ...fields } = state;
  const shown = [...headers].map(([name, value]) => [name, name === 'x-clerk-auth-message' ? '…' : value]);
  return {
    threw: false,
    ...fields,
    headers: shown.sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1)),
    auth: await authOf(toAuth),
    authIfPendingCounts: await authOf(() => toAuth({ treatPendingAsSignedOut: false })),
  };
}

/** @param {() => any} toAuth */
async function authOf(toAuth) {
  let auth;
  try {
    auth = toAuth();
  } catch {
    return 'threw';
  }
  if (auth === null) return null;
  const { has, getToken, debug, ...fields } = auth;
  assert.equal(typeof debug, 'function');
  return { ...fields, has: HAS.map((asked) => has(asked)), token: await getToken() };
}

/** @param {Case} one @returns {Promise<{ clerks: any, ours: any }>} */
async function run(one) {
  Date.now = () => one.now;
  globalThis.setTimeout = /** @type {any} */ ((/** @type {() => void} */ wake) => setImmediate(wake));
  Object.assign(console, { log() {}, warn() {}, error() {} });
  try {
    return { clerks: await outcomeOf(one, askClerk), ours: await outcomeOf(one, askOurs) };
  } finally {
    Date.now = real.now;
    globalThis.setTimeout = real.setTimeout;
    Object.assign(console, real.console);
  }
}

/** The fields in which two outcomes differ. @param {any} clerks @param {any} ours */
function differences(clerks, ours) {
  const names = new Set([...Object.keys(clerks), ...Object.keys(ours)]);
  return [...names].filter((name) => !isDeepStrictEqual(clerks[name], ours[name]));
}

/** @param {string} name @param {number} count @param {(random: import('./authenticate/random.mjs').Random) => Case} make */
async function runArea(name, count, make) {
  // Each area has a stream of its own: another count in one leaves the others as they are.
  const random = randomFrom(SEED + [...name].reduce((sum, char) => Math.imul(sum, 31) + char.charCodeAt(0), 7));
  /** @type {Record<string, number>} */
  const tally = {};
  const failures = [];
  for (let at = 0; at < count * SCALE; at += 1) {
    const one = make(random);
    const { clerks, ours } = await run(one);
    const found = differences(clerks, ours);
    const isExpected = one.known === undefined ? found.length === 0 : found.length > 0;
    const kind = clerks.threw ? 'threw' : (clerks.status ?? 'verified');
    tally[kind] = (tally[kind] ?? 0) + 1;
    if (!isExpected) failures.push({ at, one, found, clerks, ours });
  }
  const counts = Object.entries(tally).map(([kind, count]) => `${kind} ${count}`);
  console.log(`${name}: ${count * SCALE} cases; Clerk: ${counts.join(', ')}`);
  const shown = failures.slice(0, SHOWN).map(({ at, one, found, clerks, ours }) => {
    const fields = found.map((field) => `${field}\n  clerk ${inspect(clerks[field], { depth: 6, breakLength: 160 })}\n  ours  ${inspect(ours[field], { depth: 6, breakLength: 160 })}`);
    const { answer: _, ...input } = one;
    return `case ${at}: ${fields.join('\n') || 'agrees, but is listed as a difference'}\n${inspect(input, { depth: 6, breakLength: 160 })}`;
  });
  assert.equal(failures.length, 0, `${failures.length} of ${name} (seed ${SEED})\n${shown.join('\n\n')}`);
}

console.log(`seed ${SEED}`);

for (const [name, { count, make }] of Object.entries(AREAS)) {
  test(`${name}: every case gets Clerk's answer`, () => runArea(name, count, make));
}

for (const [name, make] of Object.entries(KNOWN)) {
  test(`${name}: every case gets another answer, as docs/differences.md says`, () =>
    runArea(name, KNOWN_COUNT, (random) => ({ ...make(random), area: name, known: name })));
}

test('the list of differences is exact', () => {
  const documented = [...readFileSync(new URL('../../docs/differences.md', import.meta.url), 'utf8').matchAll(/^### `(.+)`$/gm)];
  assert.deepEqual([...Object.keys(KNOWN), ...ELSEWHERE].sort(), documented.map(([, name]) => name).sort());
});
