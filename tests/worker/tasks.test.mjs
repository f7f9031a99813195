// What waits in one isolate, and what it costs: each request gets its own answer, whatever becomes of the others, and nothing stays behind.

import assert from 'node:assert/strict';
import { cp, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { request as open } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { RELEASE_DIR } from '../../tools/build.mjs';
import { sessionCookies, startGate, withGate } from '../support/gate.mjs';

/**
 * The gate, with a look at its memory, and with many decisions in one request; and with somebody who asks it and leaves, which cancels what was
 * asked, as the platform does when a client leaves.
 */
const ENTRY = `
  import gate from './gate.js';
  import * as wasm from './portcullis.js';
  const bytes = () => wasm.initSync({}).memory.buffer.byteLength;
  export default {
    async fetch(request, env, ctx) {
      const { origin, pathname, searchParams } = new URL(request.url);
      if (pathname === '/collect') {
        gc();
        return Response.json(bytes());
      }
      if (pathname === '/leave') {
        const asked = new URL(searchParams.get('path'), origin);
        for (let left = searchParams.get('times'); left > 0; left -= 1) env.SELF.fetch(asked, { headers: request.headers }).catch(() => {});
        await scheduler.wait(50);
        return new Response('gone');
      }
      if (pathname !== '/many') return gate.fetch(request, env, ctx);
      const { cookie, url, from, count } = await request.json();
      const statuses = {};
      for (let n = from; n < from + count; n += 10) {
        const asked = Array.from({ length: 10 }, (_, k) => new Request(url, { headers: { cookie: cookie.replace('NUMBER', String(n + k).padStart(8, '0')) } }));
        for (const status of await Promise.all(asked.map((one) => wasm.decide_only(one, env)))) statuses[status] = (statuses[status] ?? 0) + 1;
      }
      return Response.json({ statuses, bytes: bytes() });
    },
  };
`;

const LOOKED_AT = { isBoundToItself: true, v8Flags: ['--expose-gc'] };

/** @type {string} */
let dir;
/** @type {Awaited<ReturnType<typeof startGate>>} */
let gate;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'portcullis-tasks-'));
  await cp(RELEASE_DIR, dir, { recursive: true });
  await rename(join(dir, 'index.js'), join(dir, 'gate.js'));
  await writeFile(join(dir, 'index.js'), ENTRY);
  gate = await startGate({ ...LOOKED_AT, dir, env: (clerk) => ({ CLERK_API_URL: clerk.url, CLERK_JWT_KEY: clerk.pem }) });
});
after(async () => {
  await gate?.stop();
  await rm(dir, { recursive: true, force: true });
});

/** Collects garbage, and lets the isolate tell who has gone; gives the bytes of Wasm's memory. @param {typeof gate} of */
async function collect(of = gate) {
  let bytes = 0;
  for (let turns = 0; turns < 4; turns += 1) bytes = await (await of.request('/collect')).json();
  return bytes;
}

/** A token whose signature is of another one. @param {string} token @param {string} other */
function swapped(token, other) {
  return [...token.split('.').slice(0, 2), other.split('.')[2]].join('.');
}

describe('requests that wait at the same time', () => {
  test('each gets its own answer: the good ones their own user, the forged ones none', async () => {
    const users = Array.from({ length: 60 }, (_, n) => `user_${n}`);
    const tokens = await Promise.all(users.map((sub) => gate.clerk.token({ sub, sid: `sess_${sub}` })));
    const asked = tokens.flatMap((token, n) => [
      { sub: users[n], token },
      { sub: undefined, token: swapped(token, tokens[(n + 1) % tokens.length]) },
    ]);
    const answers = await Promise.all(asked.map(({ token }) => gate.request('/api/protected', { token })));
    for (const [n, answer] of answers.entries()) {
      assert.equal(answer.status, asked[n].sub ? 200 : 401, `request ${n}`);
      if (asked[n].sub) assert.equal((await answer.json()).headers['x-portcullis-user-id'], asked[n].sub);
      else await answer.arrayBuffer();
    }
  });

  test('clients that go away while theirs wait leave the others their answers', async () => {
    const left = Array.from({ length: 30 }, async () => {
      const token = await gate.clerk.token();
      const client = open(`${gate.url}/api/protected`, { headers: { authorization: `Bearer ${token}` } });
      client.on('error', () => {});
      client.end();
      setTimeout(() => client.destroy(), 1);
    });
    const stay = Array.from({ length: 30 }, async (_, n) => {
      const token = await gate.clerk.token({ sub: `user_${n}` });
      const response = await gate.request('/api/protected', { token });
      return (await response.json()).headers['x-portcullis-user-id'] === `user_${n}`;
    });
    await Promise.all(left);
    assert.ok((await Promise.all(stay)).every(Boolean));
  });
});

describe('requests that are cancelled', () => {
  /** @param {typeof gate} of @param {string} path @param {number} times @param {string} cookies */
  const leave = async (of, path, times, cookies) => (await of.request(`/leave?times=${times}&path=${encodeURIComponent(path)}`, { cookies })).text();

  /**
   * Cancels some requests, so that there is room for them, and then ten times as many. If each stayed, that would be 15 MB.
   *
   * @param {typeof gate} of
   * @param {string} path
   * @param {string} cookies
   */
  async function assertNothingStays(of, path, cookies) {
    const some = async () => {
      for (let times = 0; times < 10; times += 1) await leave(of, path, 40, cookies);
      return collect(of);
    };
    const before = await some();
    for (let rounds = 0; rounds < 10; rounds += 1) {
      const more = (await some()) - before;
      assert.ok(more < 4_000_000, `what was cancelled stays in memory: ${more} bytes`);
    }
  }

  test('while the origin is silent', async () => {
    gate.origin.clear();
    await assertNothingStays(gate, '/api/public/slow', sessionCookies(await gate.clerk.token()));
    assert.ok(gate.origin.seen.length > 4000, `${gate.origin.seen.length} of them had come to the origin`);
  });

  test('while the Backend API is silent; and others get their keys', async () => {
    await withGate({ ...LOOKED_AT, dir }, async (cold) => {
      const cookies = sessionCookies(await cold.clerk.token());
      // The one that fetches the keys is cancelled, and so are those that wait for what it fetches.
      cold.clerk.respondWith(() => {});
      await assertNothingStays(cold, '/api/protected', cookies);
      cold.clerk.respondWith(undefined);
      assert.equal((await cold.request('/api/protected', { cookies })).status, 200);
    });
  });

  test('what is still waited for is kept, however often garbage is collected', async () => {
    await withGate({ ...LOOKED_AT, dir }, async (cold) => {
      const token = await cold.clerk.token();
      cold.clerk.respondWith((_, response) => setTimeout(() => response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [cold.clerk.jwk] })), 700));
      // For keys that are fetched, for keys that another one fetches, and for the origin; and more of them than are kept for a while.
      const paths = [...Array(50).fill('/api/protected'), ...Array(200).fill('/api/public/slow')];
      const waiting = paths.map((path) => cold.request(path, { token }));
      let isOver = false;
      const answers = Promise.all(waiting).finally(() => (isOver = true));
      while (!isOver) await collect(cold);
      assert.deepEqual((await answers).map(({ status }) => status), paths.map(() => 200));
    });
  });
});

test('100,000 checks of signatures, ten at a time, leave the memory as it was', async () => {
  const token = await gate.clerk.token();
  // Each has another signature: a number stands in it, which is base64url too.
  const parts = token.split('.');
  const cookie = sessionCookies(`${parts[0]}.${parts[1]}.NUMBER${parts[2].slice(8)}`);
  const many = async (/** @type {number} */ from, /** @type {number} */ count) => {
    const response = await gate.request('/many', { method: 'POST', body: JSON.stringify({ cookie, url: `${gate.url}/api/protected`, from, count }) });
    return /** @type {Promise<{ statuses: Record<string, number>, bytes: number }>} */ (response.json());
  };
  const { bytes } = await many(0, 5000);
  for (let from = 5000; from < 105_000; from += 20_000) {
    const { statuses, bytes: now } = await many(from, 20_000);
    assert.deepEqual(statuses, { 401: 20_000 });
    assert.equal(now, bytes);
  }
});
