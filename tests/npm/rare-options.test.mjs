// The options that few have: tokens of machines, satellites, organizations by path. The module that most apps load does not know them, and
// must never decide as if they were not there.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

import '../../npm/node.js';
import { core } from '../../npm/session-core.js';
import { INSTANCES, PEM } from '../oracle/authenticate/instance.mjs';
import { environment } from '../support/environment.mjs';

const { publishableKey, site } = INSTANCES.dev;
const usual = { publishableKey, secretKey: 'sk_test_x', jwtKey: PEM };

/** @param {object} more */
const ask = async (more) => core.check('request', JSON.stringify({ ...usual, cookieSuffix: 'suffix', ...more }), `GET\n${site}/`, new Headers());

test('the module of most apps refuses each option that it does not know', async () => {
  for (const options of [
    { isSatellite: true },
    { isSatellite: 'yes' },
    { acceptsToken: 'any' },
    { acceptsToken: 'api_key' },
    { acceptsToken: ['session_token'] },
    { acceptsToken: false },
    { acceptsToken: { odd: true } },
    { organizationSyncOptions: { organizationPatterns: ['/orgs/:slug'] } },
    { organizationSyncOptions: { personalAccountPatterns: [] } },
  ]) {
    await assert.rejects(ask(options), { code: 'invalid-options', message: /does not know all of the options/ }, JSON.stringify(options));
  }
});

test('what says nothing of them is checked by it', async () => {
  for (const options of [
    {},
    { isSatellite: false },
    { acceptsToken: null },
    { acceptsToken: 'session_token' },
    { organizationSyncOptions: {} },
    { organizationSyncOptions: { organizationPatterns: null } },
    { satelliteAutoSync: true },
  ]) {
    assert.equal((await ask(options)).ok, true, JSON.stringify(options));
  }
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
