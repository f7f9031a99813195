// Paths that can be read in several ways, through the built Worker in workerd: what is refused, what the settings switch off.
// Which readings there are is shown natively (`tests/native/path_conformance.rs`) and before real routers.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { SIGNED_OUT_COOKIES, startGate } from '../support/gate.mjs';

const OPEN = { default: 'public', static_files: 'default' };

/** @type {Awaited<ReturnType<typeof startGate>>} */
let gate;
before(async () => {
  gate = await startGate({ policy: OPEN });
});
after(() => gate.stop());
beforeEach(() => gate.origin.clear());

/** Sends a target as it is written; no client resolves anything. @param {typeof gate} to @param {string} target @param {string} [more] */
const send = (to, target, more = '') => to.raw(`GET ${target} HTTP/1.1\r\nHost: ${new URL(to.url).host}\r\n${more}Connection: close\r\n\r\n`);

/** Asks gates with `path_readings` for a target, without a session. @param {string[]} readings @param {string[]} targets */
async function statuses(readings, targets) {
  const lenient = await startGate({ policy: { ...OPEN, path_readings: readings } });
  try {
    return await Promise.all(targets.map(async (target) => (await send(lenient, target)).status));
  } finally {
    await lenient.stop();
  }
}

describe('what cannot be judged', () => {
  const TARGETS = /** @type {const} */ ([
    ['/about%00', 'encoded-nul'],
    [`/${'a'.repeat(8200)}`, 'path-too-long'],
    [`/${'a'.repeat(17000)}`, 'url-too-long'],
    [`/x${'%252525252e%252525252e%25252f;a/..;//%255c'.repeat(12)}`, 'too-many-readings'],
  ]);

  test('is a 400 that names the kind, and nothing of the policy', async () => {
    for (const [target, kind] of TARGETS) {
      const { status, text } = await send(gate, target);
      assert.equal(status, 400, kind);
      const body = text.slice(text.indexOf('\r\n\r\n')).replace(/^[^{]*/, '').replace(/}[^}]*$/, '}');
      assert.deepEqual(JSON.parse(body), { type: 'about:blank', title: 'Bad request', status: 400, reason: kind });
    }
    assert.deepEqual(gate.origin.seen, []);
  });

  test('says so on a page to people', async () => {
    for (const [target, kind] of TARGETS) {
      const { status, text } = await send(gate, target, 'Accept: text/html\r\nSec-Fetch-Dest: document\r\n');
      assert.equal(status, 400, kind);
      assert.match(text, new RegExp(`<code>${kind}</code>`));
      assert.doesNotMatch(text, /admin|dashboard/);
    }
  });
});

describe('a path with several readings', () => {
  test('takes the strictest access of all', async () => {
    for (const target of ['/admin;v=1', '/x/..%2fadmin', '//admin', '/%2561dmin', '/_next/data/b1/admin.json', '/admin.rsc', '/admin/index.html', '/ADMIN/']) {
      assert.equal((await send(gate, target)).status, 401, target);
    }
    assert.deepEqual(gate.origin.seen, []);
  });

  test('asks the same of the signed-in', async () => {
    const more = `Authorization: Bearer ${await gate.clerk.token()}\r\n`;
    assert.equal((await send(gate, '/x/..%2fadmin', more)).status, 403);
    assert.equal((await send(gate, '/x/..%2fdashboard', more)).status, 200);
    assert.equal(gate.origin.seen[0]?.url, '/x/..%2Fdashboard');
  });
});

describe('path_readings', () => {
  test('is all of them where it is not set, and with `all`', async () => {
    assert.deepEqual(await statuses(['all'], ['/admin;v=1', '/x/..%2fadmin']), [401, 401]);
  });

  test('switches off what is named with a minus, and that alone', async () => {
    assert.deepEqual(await statuses(['all', '-matrix-params', '-cut-short'], ['/admin;v=1', '/x/..%2fadmin', '/about']), [401, 401, 200], 'the pattern itself matches');
    assert.deepEqual(await statuses(['all', '-data-route', '-format-suffix'], ['/_next/data/b1/admin.json', '/x/..%2fadmin']), [200, 401]);
  });

  test('a list is those and no others', async () => {
    assert.deepEqual(await statuses(['matrix-params'], ['/x/..;/admin', '/_next/data/b1/admin.json']), [200, 200]);
    assert.deepEqual(await statuses(['matrix-params', 'dot-segments'], ['/x/..;/admin']), [401]);
    assert.deepEqual(await statuses(['as-written'], ['/_next/data/b1/admin.json', '/admin']), [200, 401]);
  });
});

describe('locales', () => {
  test('a path under a declared locale is what the path behind it is', async () => {
    const french = await startGate({ policy: { locales: ['fr', 'pt-BR'] } });
    try {
      for (const [target, status] of /** @type {const} */ ([['/fr/admin', 401], ['/fr', 200], ['/PT-br/sign-in/x', 200], ['/fr/elsewhere', 401], ['/de/sign-in', 401]])) {
        assert.equal((await send(french, target)).status, status, target);
      }
      const response = await french.request('/fr/dashboard', { document: true, cookies: SIGNED_OUT_COOKIES });
      assert.equal(new URL(response.headers.get('location') ?? '').searchParams.get('redirect_url'), `${french.url}/fr/dashboard`);
    } finally {
      await french.stop();
    }
  });
});
