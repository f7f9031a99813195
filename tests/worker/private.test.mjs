// What was made for one user is one user's: the platform's own cache behind the gate, cookies that end a session, bad credentials; and what an
// origin or a client may write that no answer or request can hold.

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';

import { SIGNED_OUT_COOKIES, sessionCookies, startGate } from '../support/gate.mjs';
import { listen } from '../support/listen.mjs';
import { SIGNED_OUT_DIRECTIVES, ended, live, useGates } from '../support/session.mjs';

useGates();

/** The head of each request as it came, byte for byte. @type {string[]} */
const heads = [];
let answer = '';
const origin = createServer((socket) => {
  let got = '';
  let isAnswered = false;
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    got += chunk.toString('latin1');
    const end = got.indexOf('\r\n\r\n');
    if (end < 0 || isAnswered) return;
    isAnswered = true;
    heads.push(got.slice(0, end));
    socket.end(answer, 'latin1');
  });
});
/** @type {Awaited<ReturnType<typeof startGate>>} */
let gate;
before(async () => {
  gate = await startGate({ policy: { origin: `http://127.0.0.1:${await listen(/** @type {any} */ (origin))}` } });
});
after(async () => {
  await gate.stop();
  await new Promise((resolve) => origin.close(resolve));
});
beforeEach(() => {
  heads.length = 0;
  answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nCache-Control: public, s-maxage=600\r\nConnection: close\r\n\r\nok';
});
/** Sends a request of these lines. @param {string} target @param {...string} lines */
const send = (target, ...lines) => gate.raw(`GET ${target} HTTP/1.1\r\nHost: gate.localhost\r\n${lines.map((line) => `${line}\r\n`).join('')}Connection: close\r\n\r\n`);
const bearer = async (claims = {}) => `Authorization: Bearer ${await gate.clerk.token(claims)}`;

test('the platform is told to keep no answer to one user, and may keep the others', async () => {
  for (const [target, lines, isPrivate] of /** @type {[string, string[], boolean][]} */ ([
    ['/dashboard/invoice.pdf', [await bearer()], true], ['/dashboard/invoice.pdf', [`Cookie: ${sessionCookies(await gate.clerk.token())}`], true],
    ['/logo.png', [await bearer()], true], ['/logo.png', [], false], ['/api/public/x', [`Cookie: ${SIGNED_OUT_COOKIES}`], false],
  ])) {
    heads.length = 0;
    assert.equal((await send(target, ...lines)).status, 200);
    assert.equal(/^cache-control: no-cache$/im.test(heads[0]), isPrivate, `${target}: ${heads[0]}`);
  }
});

describe('an answer to who came with a bad token', () => {
  test('is private: the origin has that token, too', async () => {
    const good = await gate.clerk.token();
    const bad = {
      expired: await gate.clerk.token(ended()), 'for another party': await gate.clerk.token({ azp: 'https://evil.example' }),
      forged: `${good.slice(0, -8)}AAAAAAAA`, 'no token': 'a.b.c',
    };
    for (const [kind, token] of Object.entries(bad)) {
      for (const line of [`Authorization: Bearer ${token}`, `Cookie: ${sessionCookies(token)}`, `Cookie: __client_uat=0; __clerk_db_jwt=a; __session=${token}`]) {
        const { status, text } = await send('/api/public/x', line);
        assert.equal(status, 200);
        assert.match(text, /^cache-control: private/im, `${kind}: ${line.slice(0, 20)}`);
      }
    }
  });

  test('is the origin’s own where none came', async () => {
    for (const line of ['X-Other: 1', `Cookie: ${SIGNED_OUT_COOKIES}`]) assert.match((await send('/api/public/x', line)).text, /^cache-control: public, s-maxage=600/im);
  });
});

test('cookies that end a session are not for shared caches', async () => {
  const cookies = `__clerk_db_jwt=d; __clerk_handshake=${await live.clerk.handshakeToken(SIGNED_OUT_DIRECTIVES)}`;
  for (const [path, document] of /** @type {[string, boolean][]} */ ([['/', true], ['/logo.png', false], ['/api/public/x', false]])) {
    const response = await live.request(path, { cookies, document });
    assert.equal(response.status, 200);
    assert.ok(response.headers.getSetCookie().length > 0, path);
    assert.deepEqual([response.headers.get('cache-control'), response.headers.get('vary')], ['private', 'Cookie, Authorization'], path);
  }
});

test('no page of the gate links to another site', async () => {
  for (const target of ['//evil.example/login', '/\\evil.example/login', '/x/..//evil.example/login']) {
    let jar = '';
    /** @type {string[]} */
    const links = [];
    for (let time = 0; time < 8; time += 1) {
      const { text } = await send(target, 'Accept: text/html', 'Sec-Fetch-Dest: document', `Cookie: ${SIGNED_OUT_COOKIES}; ${jar}`);
      const counted = /__portcullis_bounce=([^;]*)/.exec(text);
      if (counted) jar = `__portcullis_bounce=${counted[1]}`;
      links.push(...[...text.matchAll(/href="([^"]*)"/g)].map(([, link]) => link));
    }
    assert.ok(links.length > 0, `${target}: there was no page`);
    for (const link of links) assert.equal(new URL(link, 'http://gate.localhost/').host, 'gate.localhost', link);
  }
});

describe('what an origin cannot have said', () => {
  for (const status of [103, 199, 600, 999]) {
    test(`status ${status} is a 502 with its line in the log, signed in or not`, async () => {
      answer = `HTTP/1.1 ${status} Odd\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
      for (const lines of [[], [await bearer()]]) {
        const { status: got, text } = await send('/api/public/odd', ...lines);
        assert.equal(got, 502, text.slice(0, 100));
        assert.match(text, /"reason":"origin-unreachable"/);
      }
    });
  }
});

describe('a request', () => {
  test('that expects 100 has been waited for already', async () => {
    const body = 'x'.repeat(100);
    const { status } = await gate.raw(`POST /api/public/x HTTP/1.1\r\nHost: gate.localhost\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
    assert.equal(status, 200);
    assert.doesNotMatch(heads[0], /^expect:/im);
  });

  test('with names that are none loses them, and nothing else', async () => {
    const { status } = await send('/api/public/x', 'X-Portcullis-User-Id\x80: evil', 'A\xa0: 1', 'X-Own: kept', 'X-Portcullis-Role: evil', await bearer());
    assert.ok([200, 400].includes(status), String(status));
    if (status === 400) return;
    assert.doesNotMatch(heads[0], /evil|[\x80-\xff]/);
    assert.match(heads[0], /^x-own: kept$/im);
    assert.match(heads[0], /^x-portcullis-user-id: user_1$/im);
  });

  test('names no second path and no scheme', async () => {
    await send('/api/public/x', 'Destination: http://app/admin', 'X-Forwarded-Ssl: on', 'X_Url_Scheme: https', 'X-Request-Uri: /admin', 'X-WAWS-Unencoded-URL: /admin');
    assert.doesNotMatch(heads[0], /destination|-ssl|scheme|request.uri|waws/i);
  });

  test('for the state of the gate is a read', async () => {
    assert.equal((await send('/.well-known/portcullis/health')).status, 200);
    for (const method of ['TRACE', 'DELETE', 'POST', 'PURGE']) {
      const { status } = await gate.raw(`${method} /.well-known/portcullis/health HTTP/1.1\r\nHost: gate.localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      assert.ok([404, 405].includes(status), `${method}: ${status}`);
    }
    assert.deepEqual(heads, []);
  });
});
