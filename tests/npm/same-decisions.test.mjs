// The package decides as the Worker does: the same requests through both, before the same origin, compared field by field.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { createGate } from '../../npm/node.js';
import { PUBLISHABLE_KEY, SECRET_KEY } from '../support/clerk.mjs';
import { POLICY, SIGNED_OUT_COOKIES, sessionCookies, startGate } from '../support/gate.mjs';
import { inCamelCase } from '../support/camel-case.mjs';

/** @type {Awaited<ReturnType<typeof startGate>>} */
let worker;
/** @type {any} */
let gate;
/** @type {Record<string, Record<string, string>>} */
let credentials;

before(async () => {
  worker = await startGate();
  gate = await createGate({
    publishableKey: PUBLISHABLE_KEY,
    secretKey: SECRET_KEY,
    apiUrl: worker.clerk.url,
    ...inCamelCase(POLICY),
    origin: worker.origin.url,
  });
  const now = Math.floor(Date.now() / 1000);
  const { token } = worker.clerk;
  const user = await token({ exp: now + 600 });
  const admin = await token({ exp: now + 600, metadata: { role: 'admin' } });
  const billing = await token({ exp: now + 600, o: { id: 'org_1', rol: 'admin', slg: 'one', per: 'manage', fpm: '1' }, fea: 'o:billing' });
  const expired = await token({ exp: now - 600, iat: now - 700, nbf: now - 700 });
  const bearer = (/** @type {string} */ text) => ({ authorization: `Bearer ${text}` });
  credentials = {
    nobody: {},
    'a known browser, signed out': { cookie: SIGNED_OUT_COOKIES },
    'a user': { cookie: sessionCookies(user) },
    'a user by header': bearer(user),
    'an admin': bearer(admin),
    'who may bill': bearer(billing),
    'an expired session': { cookie: sessionCookies(expired) },
    'an expired session with a refresh cookie': { cookie: `${sessionCookies(expired)}; __refresh_x=rt` },
    'tasks to do': { cookie: sessionCookies(await token({ exp: now + 600, sts: 'pending' })) },
    'a token of another party': bearer(await token({ azp: 'https://evil.example' })),
    'a token without party': bearer(await token({ azp: undefined })),
    nonsense: bearer('a.b.c'),
    'a forged key id': bearer(await token({}, { kid: 'ins_other' })),
  };
});
after(() => worker.stop());

const PATHS = [
  '/', '/sign-in', '/sign-in/factor-one?x=1', '/unauthorized', '/api/public/ping', '/api/publications', '/dashboard', '/dashboard/a%20b?x=%26',
  '/Dashboard/', '/settings', '/api/protected/x', '/admin', '/admin/users.csv', '/api/admin/x', '/api/billing/invoices', '/assets/app.js',
  '/billing', '/%61dmin', '/about%2f..%2fadmin', '/admin;x=1/y', '/.well-known/portcullis/other', '/caf%C3%A9', '/x%00', '/_next/data/b/admin.json',
];
const KINDS = { document: { accept: 'text/html,*/*', 'sec-fetch-dest': 'document' }, fetch: { accept: '*/*', 'sec-fetch-dest': 'empty' } };
const METHODS = ['GET', 'POST'];
/** What a client may try to say. */
const CLAIMED = { 'x-portcullis-user-id': 'user_evil', x_portcullis_role: 'admin', 'x-original-url': '/admin', 'x-forwarded-host': 'evil.example' };

/** What the origin was told, but for what differs by request or by hop. @param {any} seen */
function told(seen) {
  const headers = Object.entries(seen.headers).filter(([name]) => /^x[-_]/.test(name) && name !== 'x-portcullis-request-id');
  return { method: seen.method, url: seen.url, headers: Object.fromEntries(headers.sort()) };
}

/** What the client gets, but for what belongs to a hop; how long it took is the Worker's alone to say. @param {Response} response */
async function answer(response) {
  const headers = [...response.headers].filter(([name]) => !['server-timing', 'date', 'content-length', 'transfer-encoding', 'connection', 'keep-alive'].includes(name));
  const body = await response.text();
  const isOrigins = body.startsWith('{"method"');
  return { status: response.status, headers: headers.sort(), body: isOrigins ? 'what the origin was told' : body };
}

describe('the Worker and the package', () => {
  for (const path of PATHS) {
    test(`agree on ${path}`, async () => {
      let count = 0;
      for (const [who, credential] of Object.entries(credentials)) {
        for (const [kind, accepts] of Object.entries(KINDS)) {
          for (const method of METHODS) {
            const name = `${method} ${path} by ${who} as a ${kind}`;
            const headers = { ...CLAIMED, ...accepts, ...credential };
            const init = { method, headers, redirect: /** @type {const} */ ('manual'), body: method === 'POST' ? 'a=1' : undefined };
            worker.origin.clear();
            const theirs = await answer(await fetch(worker.url + path, init));
            const toldByWorker = worker.origin.seen.map(told);
            worker.origin.clear();
            const ours = await answer(await gate.handle(new Request(worker.url + path, init), fetch));
            assert.deepEqual(ours, theirs, name);
            assert.deepEqual(worker.origin.seen.map(told), toldByWorker, name);
            count += 1;
          }
        }
      }
      assert.equal(count, 52);
    });
  }

  test('agree on targets that no URL parser leaves alone', async () => {
    for (const target of ['/./admin', '//admin', '/a/../admin', '/a\\..\\admin', '/%2e%2e/admin', '/admin/..', '/x?a=\'b', '/about/..%2fadmin', '/%ff']) {
      const { status } = await worker.raw(`GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${worker.worker.port}\r\nConnection: close\r\n\r\n`);
      const decide = (/** @type {string} */ url) => gate.decide({ method: 'GET', url, headers: new Headers() });
      // workerd resolves dot segments before the Worker sees them.
      assert.equal((await decide(new URL(worker.url + target).href)).status, status, target);
      // Who hands them over as they came is never answered less strictly.
      if (status !== 200) assert.equal((await decide(worker.url + target)).status, status, target);
    }
  });
});
