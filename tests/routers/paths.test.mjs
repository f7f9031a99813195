// Nothing gets past the gate: thousands of odd targets, raw bytes on a socket, through the Worker in workerd to real routers.
//
//   node --test tests/routers/paths.test.mjs        ROUTER=fastify for one of them
//
// Without a session no protected or admin handler may ever answer. That the test can fail is part of it: the same targets through
// a gate that does what middleware with a route matcher does must get past it.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { pathToRegexp } from 'path-to-regexp';

import { startGate } from '../support/gate.mjs';
import { sendAll } from '../support/raw.mjs';
import { startWorker } from '../support/workerd.mjs';
import { LISTS, attacks, publicUrls, spelling } from './corpus.mjs';
import { ROUTERS, serve, serveFlask } from './routers.mjs';

/** @typedef {Awaited<ReturnType<typeof serve>>} Router */
/** @typedef {import('./routers.mjs').Hit} Hit */

const ATTACKS = attacks();
const names = Object.keys(ROUTERS).filter((name) => !process.env.ROUTER || name === process.env.ROUTER);

for (const name of names) describe(name, () => paths(name, async () => serve(await ROUTERS[name]())));
if (!process.env.ROUTER || process.env.ROUTER === 'flask') describe('flask', () => paths('flask', serveFlask));

/** @param {string} name @param {() => Promise<Router | { reason: string }>} start */
function paths(name, start) {
  /** @type {Router | { reason: string }} */
  let router;
  before(async () => {
    router = await start();
  });
  after(() => ('stop' in router ? router.stop() : undefined));

  for (const byDefault of /** @type {const} */ (['public', 'protected'])) {
    test(`answers no stranger behind the gate, default ${byDefault}`, async (t) => {
      if ('reason' in router) return t.skip(router.reason);
      const gate = await startGate({ policy: { ...LISTS, default: byDefault, origin: router.url } });
      try {
        const { hits, answers } = await through(router, gate.worker.port, ATTACKS);
        assert.deepEqual(bypasses(hits), []);
        const reached = { public: count(hits, 'PUBLIC'), none: count(hits, undefined), kept: answers.filter(({ status }) => status === 401).length };
        t.diagnostic(`${ATTACKS.length} targets: ${hits.length} reached the origin, ${reached.public} a public handler; ${reached.kept} times 401`);
        // Else nothing was asked.
        assert.ok(reached.public > 150 && reached.kept > 2_000 && hits.length > 300, JSON.stringify(reached));
        assert.ok(byDefault === 'protected' || reached.none > 300, JSON.stringify(reached));
        assert.deepEqual(answers.filter(({ status }) => status === 0).length, 0, 'every target has an answer');

        const ordinary = publicUrls(byDefault);
        const arrived = (await through(router, gate.worker.port, ordinary)).hits;
        const targetOf = new Map(arrived.map(({ id, url }) => [id, url]));
        assert.ok(ordinary.length > 100);
        for (const { id, target } of ordinary) assert.equal(spelling(targetOf.get(id) ?? 'nothing arrived'), spelling(target));
      } finally {
        await gate.stop();
      }
    });
  }
}

describe('a route matcher in place of the gate', () => {
  for (const name of ['fastify', 'koa that resolves the decoded path', 'node:http that decodes, then looks'].filter((name) => names.includes(name))) {
    test(`lets strangers in at ${name}, so these tests can fail`, async (t) => {
      const router = await serve(await ROUTERS[name]());
      const matcher = await startMatcher(router.url);
      try {
        const { hits } = await through(router, matcher.port, ATTACKS);
        t.diagnostic(`${bypasses(hits).length} of ${ATTACKS.length} targets got past it`);
        assert.ok(bypasses(hits).length > 5);
        assert.ok(bypasses(hits).length < hits.length, 'it keeps some out');
      } finally {
        await Promise.all([router.stop(), matcher.stop()]);
      }
    });
  }
});

/** Sends the cases, and gives what reached the router and what the client saw. @param {Router} router @param {number} port @param {import('./corpus.mjs').Case[]} cases */
async function through(router, port, cases) {
  router.hits.splice(0);
  const answers = await sendAll(port, cases.map(({ bytes }) => bytes));
  await router.settle();
  return { hits: router.hits.splice(0), answers };
}

/** @param {Hit[]} hits */
function bypasses(hits) {
  const sent = new Map(ATTACKS.map(({ id, target, headers }) => [id, `${target} ${headers.length > 0 ? JSON.stringify(headers) : ''}`]));
  return hits.filter(({ name }) => name === 'ADMIN' || name === 'PROTECTED').map(({ id, name, url }) => `${sent.get(id)} reached ${name} as ${url}`);
}

/** @param {Hit[]} hits @param {string | undefined} wanted */
const count = (hits, wanted) => hits.filter(({ name }) => name === wanted).length;

/** A Worker as a careful user of a route matcher writes it: the same patterns, on the pathname of the parsed URL. @param {string} origin */
async function startMatcher(origin) {
  const dir = await mkdtemp(join(tmpdir(), 'portcullis-matcher-'));
  await writeFile(join(dir, 'index.js'), `
    export default {
      async fetch(request, env) {
        const url = new URL(request.url);
        if (env.CLOSED.some((source) => new RegExp(source, 'i').test(url.pathname))) return new Response('sign in', { status: 401 });
        return fetch(new Request(env.ORIGIN + url.pathname + url.search, request));
      },
    };`);
  const closed = [...LISTS.protected, ...LISTS.admin].map((pattern) => pathToRegexp(pattern).source);
  try {
    return await startWorker({ env: { ORIGIN: origin, CLOSED: closed }, dir });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
