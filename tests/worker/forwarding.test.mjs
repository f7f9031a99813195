// What the origin gets, and what comes back from it: nothing lost, nothing added, nothing held in memory.

import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { after, before, beforeEach, describe, test } from 'node:test';

import { WebSocket } from 'ws';

import { startGate } from '../support/gate.mjs';

/** @type {Awaited<ReturnType<typeof startGate>>} */
let gate;
before(async () => {
  gate = await startGate();
});
after(() => gate.stop());
beforeEach(() => gate.origin.clear());

describe('bodies', () => {
  test('stream both ways: the answer begins before the request has ended', async () => {
    const chunks = [];
    await new Promise((resolve, reject) => {
      const request = httpRequest(`${gate.url}/api/public/echo`, { method: 'POST' }, (response) => {
        response.on('data', (chunk) => {
          chunks.push(chunk.toString());
          // The second half is sent only once the first has come back.
          if (chunks.join('') === 'first ') request.end('second');
        });
        response.on('end', resolve);
      });
      request.on('error', reject);
      request.setTimeout(10_000, () => reject(new Error(`held back after: ${chunks.join('')}`)));
      request.write('first ');
    });
    assert.equal(chunks.join(''), 'first second');
  });

  test('of ten megabytes arrive whole', async () => {
    const body = Buffer.alloc(10 * 1024 * 1024, 'portcullis');
    const response = await gate.request('/api/public/echo', { method: 'POST', body });
    assert.ok(Buffer.from(await response.arrayBuffer()).equals(body));
  });

  test('server-sent events arrive one by one', async () => {
    const response = await gate.request('/api/public/events');
    assert.equal(response.headers.get('content-type'), 'text/event-stream');
    const arrivals = [];
    for await (const chunk of /** @type {any} */ (response.body)) arrivals.push([Date.now(), Buffer.from(chunk).toString()]);
    assert.equal(arrivals.map(([, text]) => text).join(''), 'data: 1\n\ndata: 2\n\ndata: 3\n\n');
    assert.ok(arrivals.length >= 3, 'the events came in one piece');
  });
});

describe('methods and answers', () => {
  test('every ordinary method arrives as itself', async () => {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      await gate.request('/api/public/x', { method });
      assert.equal(gate.origin.seen.at(-1)?.method, method);
    }
    const head = await gate.request('/api/public/x', { method: 'HEAD' });
    assert.equal(head.status, 200);
    assert.equal(gate.origin.seen.at(-1)?.method, 'HEAD');
  });

  test('the origin’s status and body pass', async () => {
    const response = await gate.request('/api/public/teapot');
    assert.equal(response.status, 418);
    assert.equal(await response.text(), 'short and stout');
  });

  test('each Set-Cookie stays one, signed out and signed in', async () => {
    for (const token of [undefined, await gate.clerk.token()]) {
      const response = await gate.request('/api/public/cookies', { token });
      assert.deepEqual(response.headers.getSetCookie(), ['a=1; Path=/', 'b=2; Expires=Wed, 21 Oct 2037 07:28:00 GMT', 'c=3']);
    }
  });

  test('redirects of the origin are the client’s to follow', async () => {
    const response = await gate.request('/api/public/redirect');
    assert.equal(response.status, 302);
    assert.equal(response.headers.get('location'), 'https://elsewhere.example/next');
  });
});

describe('WebSockets', () => {
  test('open on a public path, and speak', async () => {
    const socket = new WebSocket(`${gate.url.replace('http', 'ws')}/api/public/socket`);
    const echoed = await new Promise((resolve, reject) => {
      socket.on('open', () => socket.send('hello'));
      socket.on('message', (message) => resolve(message.toString()));
      socket.on('error', reject);
    });
    socket.close();
    assert.equal(echoed, 'echo:hello');
  });

  test('open on a protected path with a session only', async () => {
    const url = `${gate.url.replace('http', 'ws')}/api/protected/socket`;
    const status = await new Promise((resolve) => {
      const socket = new WebSocket(url);
      socket.on('unexpected-response', (_, response) => resolve(response.statusCode));
      socket.on('open', () => resolve('opened'));
      socket.on('error', () => {});
    });
    assert.equal(status, 401);
    assert.deepEqual(gate.origin.seen, []);
    const socket = new WebSocket(url, { headers: { authorization: `Bearer ${await gate.clerk.token()}` } });
    await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
    socket.close();
    assert.equal(gate.origin.seen.at(-1)?.headers['x-portcullis-user-id'], 'user_1');
  });
});

describe('headers for the origin', () => {
  test('a client cannot say who it is, in any spelling', async () => {
    const spoofed = [
      'X-Portcullis-User-Id: user_evil', 'x_portcullis_user_id: user_evil', 'X_PORTCULLIS_USER_ID: user_evil', 'x-portcullis-role: admin',
      'x.portcullis.role: admin', 'X-Clerk-Auth-Status: signed-in', 'x-middleware-subrequest: middleware', 'X-Original-URL: /admin',
      'X-Rewrite-URL: /admin', 'X-HTTP-Method-Override: DELETE', 'X-Forwarded-Host: evil.example', 'X-Forwarded-Prefix: /admin',
    ];
    for (const token of [undefined, await gate.clerk.token()]) {
      gate.origin.clear();
      const authorization = token ? `Authorization: Bearer ${token}\r\n` : '';
      const { status } = await gate.raw(
        `GET /api/public/x HTTP/1.1\r\nHost: gate.localhost\r\n${authorization}${spoofed.join('\r\n')}\r\nConnection: close, x-portcullis-auth-status\r\n\r\n`,
      );
      assert.equal(status, 200);
      const { headers } = gate.origin.seen[0];
      const sent = JSON.stringify(headers);
      assert.doesNotMatch(sent, /evil|"admin"|middleware|DELETE/);
      assert.equal(headers['x-portcullis-user-id'], token ? 'user_1' : undefined);
      assert.equal(headers['x-portcullis-auth-status'], token ? 'signed-in' : 'signed-out');
      assert.equal(headers['x-forwarded-host'], 'gate.localhost');
      assert.equal(headers['x-forwarded-proto'], 'http');
    }
  });

  test('ordinary headers pass, the session cookie too', async () => {
    await gate.request('/api/public/x', { headers: { 'accept-language': 'de', 'x-requested-with': 'fetch', cookie: 'theme=dark' } });
    const { headers } = gate.origin.seen[0];
    assert.equal(headers['accept-language'], 'de');
    assert.equal(headers['x-requested-with'], 'fetch');
    assert.equal(headers.cookie, 'theme=dark');
  });

  test('a role with odd characters is left out rather than bent', async () => {
    for (const role of ['a\r\nx-evil: 1', 'rôle', ' admin', '']) {
      gate.origin.clear();
      await gate.request('/api/public/x', { token: await gate.clerk.token({ metadata: { role } }) });
      assert.equal(gate.origin.seen[0].headers['x-portcullis-role'], undefined, role);
      assert.equal(gate.origin.seen[0].headers['x-evil'], undefined);
    }
  });
});

describe('the path', () => {
  test('arrives as it was judged', async () => {
    for (const path of ['/api/public/a%20b?q=%2F..%2F', '/api/public/caf%C3%A9', '/api/public/x?redirect=https://a.example/?b=c&d', '/api/public/@user/~me/a+b,c;d=1?']) {
      // As it stands: a client of the platform's own may leave the last `?` away.
      const { status } = await gate.raw(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${gate.worker.port}\r\nConnection: close\r\n\r\n`);
      assert.equal(status, 200, path);
      assert.equal(gate.origin.seen.at(-1)?.url, path, path);
    }
  });

  test('never reaches an admin page by a second reading', async () => {
    const targets = [
      '/api/public/../admin', '/api/public/%2e%2e/admin', '/api/public/..%2fadmin', '/api/public/..%5cadmin', '/api/public/..;/admin', '//admin',
      '/api/public//../../admin', '/%61dmin', '/admin%2fusers', '/ADMIN', '/api/public/%252e%252e/%252e%252e/admin', '/admin/', '/admin/.', '/./admin',
      '/api/public/..%c0%afadmin', '/admin%00', '/admin%20', '/admin.json', '/_next/data/x/admin.json', '/api/public/..\\..\\admin',
    ];
    for (const target of targets) {
      const { status } = await gate.raw(`GET ${target} HTTP/1.1\r\nHost: gate.localhost\r\nConnection: close\r\n\r\n`);
      assert.ok(status >= 300 || gate.origin.seen.every(({ url }) => !/admin/i.test(url)), `${target} gave ${status}`);
      for (const { url } of gate.origin.seen) assert.doesNotMatch(url, /admin|%2e|%25/i, target);
      gate.origin.clear();
    }
  });

  test('that cannot be judged is a 400 that says which kind', async () => {
    const { status, text } = await gate.raw('GET /api/public/%00x HTTP/1.1\r\nHost: gate.localhost\r\nConnection: close\r\n\r\n');
    assert.equal(status, 400);
    assert.match(text, /application\/problem\+json/);
    assert.match(text, /"reason":"[a-z-]+"/);
    assert.deepEqual(gate.origin.seen, []);
  });
});

describe('other ways to the origin', () => {
  for (const reach of /** @type {const} */ (['ORIGIN', 'ASSETS', 'route'])) {
    test(`${reach === 'route' ? 'the route’s own origin' : `the binding ${reach}`} gets the same requests`, async () => {
      const other = await startGate({ reach });
      try {
        const response = await other.request('/dashboard/x?y=1', { token: await other.clerk.token(), headers: { x_portcullis_user_id: 'evil' } });
        const seen = await response.json();
        assert.equal(seen.url, '/dashboard/x?y=1');
        assert.equal(seen.headers['x-portcullis-user-id'], 'user_1');
        assert.equal(seen.headers.x_portcullis_user_id, undefined);
        assert.equal(seen.headers.host, `127.0.0.1:${reach === 'route' ? other.worker.port : new URL(other.url).port}`);
        assert.equal((await other.request('/dashboard')).status, 401);
        const redirect = await other.request('/api/public/redirect');
        assert.equal(redirect.status, 302);
      } finally {
        await other.stop();
      }
    });
  }

  test('an origin that is down is a 502, signed in or not', async () => {
    const down = await startGate({ policy: { origin: 'http://127.0.0.1:9' } });
    try {
      for (const token of [undefined, await down.clerk.token()]) {
        const response = await down.request('/api/public/x', { token });
        assert.equal(response.status, 502);
        assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/);
        assert.equal(response.headers.get('cache-control'), 'no-store');
        assert.equal((await response.json()).reason, 'origin-unreachable');
      }
    } finally {
      await down.stop();
    }
  });
});
