// Rules by method, and methods that nobody asked for, through the built Worker in workerd.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { startGate } from '../support/gate.mjs';

/** @type {Awaited<ReturnType<typeof startGate>>} */
let gate;
before(async () => {
  gate = await startGate({
    policy: {
      rules: [
        { match: '/articles/:path*', methods: ['GET'], access: 'public' },
        { match: '/articles/:path*', methods: ['DELETE'], access: 'admin' },
        { match: '/dav/:path*', methods: ['PROPFIND', 'GET'], access: 'public' },
        { match: '/open/:path*', access: 'public' },
        { match: '/inbox', methods: ['POST', 'PROPFIND'], access: 'public' },
      ],
    },
  });
});
after(() => gate.stop());
beforeEach(() => gate.origin.clear());

/** @param {string} method @param {string} path @param {string} [more] */
async function send(method, path, more = '') {
  const head = `${method} ${path} HTTP/1.1\r\nHost: ${new URL(gate.url).host}\r\n${more}Content-Length: 0\r\nConnection: close\r\n\r\n`;
  const { status } = await gate.raw(head);
  return { status, reached: gate.origin.seen.length };
}

/** A token of somebody who is signed in and no admin. */
const authorization = async () => `Authorization: Bearer ${await gate.clerk.token()}\r\n`;

describe('rules by method', () => {
  test('speak of their methods only; HEAD follows GET', async () => {
    assert.equal((await send('GET', '/articles/1')).status, 200);
    assert.equal((await send('HEAD', '/articles/1')).status, 200);
    assert.equal((await send('POST', '/articles/1')).status, 401);
    assert.equal((await send('POST', '/articles/1', await authorization())).status, 200);
    assert.equal((await send('DELETE', '/articles/1', await authorization())).status, 403);
  });
});

describe('a request to open a WebSocket', () => {
  const upgrade = 'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

  // The platform opens one by GET, whatever the method is: a path whose POST is public would be read without a session.
  test('by another method than GET arrives by the method that was judged', async () => {
    for (const method of ['POST', 'PROPFIND']) {
      assert.equal((await send(method, '/inbox', upgrade)).status, 200, method);
      const [{ method: arrived, headers }] = gate.origin.clear();
      assert.deepEqual([arrived, headers.upgrade], [method, undefined]);
    }
    assert.equal((await send('GET', '/inbox', upgrade)).status, 401);
    assert.equal((await send('DELETE', '/inbox', upgrade)).status, 401);
    assert.equal(gate.origin.seen.length, 0);
  });
});

describe('methods that nobody needs', () => {
  for (const method of ['TRACE', 'CONNECT', 'TRACK', 'trace']) {
    test(`${method} never reaches the origin`, async () => {
      for (const path of ['/', '/open/x', '/articles/1']) {
        const { status, reached } = await send(method, path, await authorization());
        assert.ok(status === 0 || status >= 400, `${method} ${path}: ${status}`);
        assert.equal(reached, 0);
      }
    });
  }

  test('TRACE is told which methods there are', async () => {
    const response = await gate.raw(`TRACE / HTTP/1.1\r\nHost: ${new URL(gate.url).host}\r\nConnection: close\r\n\r\n`);
    assert.equal(response.status, 405);
    assert.match(response.text, /\r\nallow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n/i);
    assert.match(response.text, /"reason":"method-refused"/);
  });
});

describe('a method that no rule and no standard names takes the strictest rule', () => {
  // workerd itself refuses words that are no method of any standard; these it hands on.
  test('where rules of other methods are for admins, it is for admins', async () => {
    for (const method of ['MKCOL', 'PURGE', 'LOCK']) {
      assert.equal((await send(method, '/articles/1')).status, 401, method);
      assert.equal((await send(method, '/articles/1', await authorization())).status, 403, method);
      assert.equal(gate.origin.seen.length, 0, method);
    }
  });

  test('a rule for every method and a method that a rule names are what they are', async () => {
    assert.equal((await send('PURGE', '/open/x')).status, 200);
    assert.equal((await send('PROPFIND', '/dav/x')).status, 200);
    // Named by one rule is known to all: this one is neither open nor closed by another method's rule.
    assert.equal((await send('PROPFIND', '/articles/1')).status, 401);
    assert.equal((await send('PROPFIND', '/articles/1', await authorization())).status, 200);
  });

  test('the public methods of a path do not open the others', async () => {
    assert.equal((await send('PURGE', '/dav/x')).status, 401);
    assert.equal((await send('PURGE', '/dav/x', await authorization())).status, 200);
  });

  test('a method in the wrong case is none that is known', async () => {
    const { status, reached } = await send('get', '/articles/1');
    assert.ok(status === 0 || status >= 400, `${status}`);
    assert.equal(reached, 0);
  });
});
