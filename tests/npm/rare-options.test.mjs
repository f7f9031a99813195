// The options that few have: tokens of machines, satellites, organizations by path. The module that most apps load does not know them, and
// must never decide as if they were not there.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

import { authenticateRequest as full } from '../../npm/node.js';
import { authenticateRequest as small, verifyToken } from '../../npm/node-small.js';
import { core } from '../../npm/session-core.js';
import { INSTANCES, PEM, jws, times } from '../oracle/authenticate/instance.mjs';
import { environment } from '../support/environment.mjs';

const { publishableKey, site, api } = INSTANCES.dev;
const usual = { publishableKey, secretKey: 'sk_test_x', jwtKey: PEM };

/** @param {object} more */
const ask = async (more) => core.check('request', JSON.stringify({ ...usual, cookieSuffix: 'suffix', ...more }), `GET\n${site}/`, new Headers());

const RARE = [
  { isSatellite: true },
  { isSatellite: 'yes' },
  { acceptsToken: 'any' },
  { acceptsToken: 'api_key' },
  { acceptsToken: ['session_token'] },
  { acceptsToken: false },
  { acceptsToken: { odd: true } },
  { organizationSyncOptions: { organizationPatterns: ['/orgs/:slug'] } },
  { organizationSyncOptions: { personalAccountPatterns: [] } },
];

test('the module of most apps refuses each option that it does not know', async () => {
  for (const options of RARE) {
    await assert.rejects(ask(options), { code: 'invalid-options', message: /does not know all of the options/ }, JSON.stringify(options));
  }
});

const NOT_RARE = [
  {},
  { isSatellite: false },
  { acceptsToken: null },
  { acceptsToken: 'session_token' },
  { organizationSyncOptions: {} },
  { organizationSyncOptions: { organizationPatterns: null } },
  { satelliteAutoSync: true },
];

test('what says nothing of them is checked by it', async () => {
  for (const options of NOT_RARE) {
    assert.equal((await ask(options)).ok, true, JSON.stringify(options));
  }
});

test('`portcullis/small` refuses them, whoever asks, and says where they are known', async () => {
  for (const options of RARE) {
    const token = jws({ iss: `https://${api}`, azp: site, sub: 'user_1', sid: 'sess_1', ...times(Date.now()).fresh });
    const request = new Request(site, { headers: { authorization: `Bearer ${token}` } });
    const refusal = { name: 'PortcullisError', code: 'invalid-options', message: /import `authenticateRequest` from `portcullis`$/ };
    await assert.rejects(small(request, /** @type {any} */ ({ ...usual, ...options })), refusal, JSON.stringify(options));
  }
});

test('`portcullis/small` answers all else as `portcullis` does', async () => {
  const { fresh, expired } = times(Date.now());
  const token = (/** @type {object} */ changes) => jws({ iss: `https://${api}`, azp: site, sub: 'user_1', sid: 'sess_1', ...fresh, ...changes });
  const cookie = { cookie: `__client_uat=1; __clerk_db_jwt=browser; __session=${token(expired)}`, 'sec-fetch-dest': 'document' };
  const statuses = new Set();
  for (const options of NOT_RARE) {
    for (const headers of [{}, cookie, { authorization: `Bearer ${token({})}` }, { authorization: 'Bearer no.token.x' }]) {
      const [a, b] = await Promise.all([full, small].map((ask) => ask(new Request(site, { headers }), /** @type {any} */ ({ ...usual, ...options }))));
      const shown = (/** @type {any} */ state) => JSON.parse(JSON.stringify({ ...state, headers: [...state.headers], auth: state.toAuth() }));
      assert.deepEqual(shown(b), shown(a), JSON.stringify([options, headers]));
      statuses.add(b.status);
    }
  }
  assert.deepEqual([...statuses].sort(), ['handshake', 'signed-in', 'signed-out']);
  assert.equal((await verifyToken(token({}), { jwtKey: PEM })).sub, 'user_1');
  await assert.rejects(verifyToken(token(expired), { jwtKey: PEM }), { code: 'token-rejected', reason: 'token-expired' });
});

test('the other module is compiled by the first call that needs it, once', () => {
  const code = `
    let compiled = 0;
    const { Module } = WebAssembly;
    WebAssembly.Module = new Proxy(Module, { construct: (target, given) => ((compiled += 1), new target(...given)) });
    const { authenticateRequest } = await import(${JSON.stringify(new URL('../../npm/node.js', import.meta.url).href)});
    const usual = JSON.parse(process.argv[1]);
    const seen = [];
    for (const more of [{}, { isSatellite: 0, acceptsToken: 'session_token', organizationSyncOptions: {} }, { acceptsToken: 'any' }, { acceptsToken: ['api_key'] },
      { isSatellite: true, domain: 'x.example', signInUrl: 'https://primary.example/' }, { organizationSyncOptions: { organizationPatterns: ['/orgs/:slug'] } }, {}]) {
      const { reason, tokenType } = await authenticateRequest(new Request('${site}/'), { ...usual, ...more });
      seen.push([compiled, tokenType, reason]);
    }
    console.log(JSON.stringify(seen));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', code, '--', JSON.stringify(usual)], { encoding: 'utf8', env: environment() });
  assert.deepEqual(JSON.parse(output), [
    [1, 'session_token', 'dev-browser-missing'],
    [1, 'session_token', 'dev-browser-missing'],
    [2, 'session_token', 'dev-browser-missing'],
    [2, null, 'token-type-mismatch'],
    [2, 'session_token', 'dev-browser-missing'],
    [2, 'session_token', 'dev-browser-missing'],
    [2, 'session_token', 'dev-browser-missing'],
  ]);
});
