// What people see where the gate answers by itself. Through the built Worker in workerd.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';

import { SIGNED_OUT_COOKIES, sessionCookies, startGate } from '../support/gate.mjs';
import { AUDIENCE, WITHOUT_CLERK, startIssuer } from '../support/issuer.mjs';
import { listen } from '../support/listen.mjs';

/** @param {string} html */
function checkPage(html) {
  assert.match(html, /^<!doctype html><html lang="en">/);
  assert.equal(html.split('<h1>').length - 1, 1);
  assert.equal(/<title>(.*?)<\/title>/.exec(html)?.[1], /<h1>(.*?)<\/h1>/.exec(html)?.[1]);
  assert.match(html, /<main>/);
  assert.match(html, /name="viewport"/);
  assert.match(html, /color-scheme:light dark/);
  assert.match(html, /:focus-visible/);
  assert.doesNotMatch(html, /<script|https?:|onerror|javascript:/i);
  // Of what went wrong inside the log tells.
  assert.doesNotMatch(html, /\bat \S+:\d|\.rs\b|\.wasm|panicked|Error:|127\.0\.0\.1/);
}

describe('a page', () => {
  /** @type {Awaited<ReturnType<typeof startGate>>} */
  let gate;
  before(async () => {
    gate = await startGate({ policy: { unauthorized_url: undefined, csrf: true } });
  });
  after(() => gate.stop());

  test('is plain, names its reason, and runs nothing', async () => {
    const cookies = sessionCookies(await gate.clerk.token());
    const answers = [
      [403, await gate.request('/admin', { document: true, cookies })],
      [403, await gate.request('/dashboard', { document: true, cookies, method: 'POST', body: 'a', headers: { origin: 'https://evil.example' } })],
      [400, await gate.request('/a%00"><script>alert(1)</script>', { document: true })],
    ];
    for (const [status, response] of /** @type {[number, Response][]} */ (answers)) {
      assert.equal(response.status, status);
      assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
      assert.equal(response.headers.get('cache-control'), 'no-store');
      assert.match(response.headers.get('content-security-policy') ?? '', /^default-src 'none'; style-src 'unsafe-inline'/);
      checkPage(await response.text());
    }
  });

  test('is for people: programs get problem documents', async () => {
    const response = await gate.request('/admin', { token: await gate.clerk.token() });
    assert.equal(response.headers.get('content-type'), 'application/problem+json');
  });

  test('tells people whose session has expired, and keeps where they wanted to go', async () => {
    const issuer = await startIssuer();
    const block = { issuer: issuer.iss, jwks_url: issuer.jwksUrl, cookie: 'id_token', audience: AUDIENCE };
    // Without Clerk and without `sign_in_url` there is no page to send anybody to.
    const alone = await startGate({ env: WITHOUT_CLERK, policy: { authorized_parties: undefined, sign_in_url: undefined, sign_up_url: undefined, issuer: block } });
    try {
      const expired = await issuer.token({ exp: Math.floor(Date.now() / 1000) - 60 });
      const response = await alone.request('/dashboard?a=1&b="><script>', { document: true, cookies: `id_token=${expired}` });
      assert.equal(response.status, 401);
      const html = await response.text();
      assert.match(html, /<h1>Your session has expired<\/h1>/);
      assert.ok(html.includes('href="/dashboard?a=1&amp;b=%22%3E%3Cscript%3E"'), html);
      checkPage(html);
      const nobody = await alone.request('/dashboard', { document: true });
      assert.match(await nobody.text(), /<h1>Sign in required<\/h1>/);
    } finally {
      await Promise.all([alone.stop(), issuer.stop()]);
    }
  });

  test('stands for 503 without keys', async () => {
    const dark = await startGate();
    try {
      const cookies = sessionCookies(await dark.clerk.token());
      await dark.clerk.stop();
      const response = await dark.request('/dashboard', { document: true, cookies });
      assert.equal(response.status, 503);
      assert.ok(response.headers.get('retry-after'));
      checkPage(await response.text());
    } finally {
      await dark.stop().catch(() => undefined);
    }
  });

  test('stands for 401 and 429, too', async () => {
    const policy = { sign_in_url: undefined, sign_up_url: undefined, rate_limits: [{ match: '/', binding: 'HOME', per: 'client' }] };
    const limited = await startGate({ policy, rateLimits: { HOME: 'counting' } });
    try {
      for (let n = 0; n < 3; n += 1) assert.equal((await limited.request('/')).status, 200);
      const page = await limited.request('/', { document: true, cookies: SIGNED_OUT_COOKIES });
      assert.equal(page.status, 429);
      checkPage(await page.text());
      assert.equal((await limited.request('/')).headers.get('content-type'), 'application/problem+json');
    } finally {
      await limited.stop();
    }
    const issuer = { issuer: 'https://id.example', jwks_url: 'https://id.example/jwks', cookie: 'id_token', audience: AUDIENCE };
    const alone = await startGate({ env: WITHOUT_CLERK, policy: { authorized_parties: undefined, sign_in_url: undefined, sign_up_url: undefined, issuer } });
    try {
      const page = await alone.request('/dashboard', { document: true });
      assert.equal(page.status, 401);
      checkPage(await page.text());
    } finally {
      await alone.stop();
    }
  });

  test('stands for 500 and 502, too', async () => {
    for (const [status, policy] of /** @type {[number, Record<string, unknown>][]} */ ([[500, { nonsense: 1 }], [502, { origin: 'http://127.0.0.1:9' }]])) {
      const broken = await startGate({ policy });
      try {
        const response = await broken.request('/', { document: true, cookies: SIGNED_OUT_COOKIES });
        assert.equal(response.status, status);
        checkPage(await response.text());
        assert.equal((await broken.request('/')).headers.get('content-type'), 'application/problem+json');
      } finally {
        await broken.stop();
      }
    }
  });
});

describe('a page of the operator\'s own', () => {
  /** @type {import('node:http').Server} */
  let assets;
  /** @type {string} */
  let address;
  before(async () => {
    assets = createServer((request, response) => {
      if (request.url === '/portcullis/403.html') return response.writeHead(307, { location: '/portcullis/403' }).end();
      if (request.url === '/portcullis/403') return response.writeHead(200, { 'content-type': 'text/html', 'set-cookie': 'a=1', 'cache-control': 'public' }).end('<h1>Our own</h1>');
      if (request.url === '/portcullis/400.html') return response.writeHead(200, { 'content-type': 'text/plain' }).end('no page');
      response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Nothing</h1>');
    });
    address = `127.0.0.1:${await listen(assets)}`;
  });
  after(() => assets.close());

  /** @param {boolean} own_pages @param {(gate: Awaited<ReturnType<typeof startGate>>) => Promise<void>} run */
  const withGate = async (own_pages, run) => {
    const gate = await startGate({ policy: { own_pages, unauthorized_url: undefined }, assets: address });
    try {
      await run(gate);
    } finally {
      await gate.stop();
    }
  };

  test('takes the place of the gate\'s, with the status and the cache rules of the gate', () =>
    withGate(true, async (gate) => {
      const response = await gate.request('/admin', { document: true, cookies: sessionCookies(await gate.clerk.token()) });
      assert.equal(response.status, 403);
      assert.equal(await response.text(), '<h1>Our own</h1>');
      assert.equal(response.headers.get('cache-control'), 'no-store');
      assert.equal(response.headers.get('set-cookie'), null);
      assert.equal(response.headers.get('content-security-policy'), null);
      // No page for it, or something that is none: the gate's own.
      checkPage(await (await gate.request('/a%00b', { document: true })).text());
      assert.equal((await gate.request('/api/admin/x')).headers.get('content-type'), 'application/problem+json');
    }));

  test('is not asked for where the setting is off, and never for what the origin says', () =>
    withGate(false, async (gate) => {
      checkPage(await (await gate.request('/admin', { document: true, cookies: sessionCookies(await gate.clerk.token()) })).text());
      assert.equal((await gate.request('/', { document: true, cookies: SIGNED_OUT_COOKIES })).status, 200);
    }));
});
