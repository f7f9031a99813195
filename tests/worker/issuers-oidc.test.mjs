// A real OpenID provider (`oidc-provider` from npm) on this machine: its discovery document, its key set and its tokens.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';

import { exportJWK, generateKeyPair } from 'jose';

import { startGate } from '../support/gate.mjs';
import { WITHOUT_CLERK } from '../support/issuer.mjs';
import { listen } from '../support/listen.mjs';

const RESOURCE = 'https://api.example.com';
const OTHER_RESOURCE = 'https://other.example.com';

/** @type {import('node:http').Server} */
let server;
let url = '';
/** @type {any} */
let discovered;
/** @type {Awaited<ReturnType<typeof startGate>>} */
let gate;

before(async () => {
  const { Provider } = await import('oidc-provider');
  const keys = [];
  for (const alg of ['RS256', 'PS256', 'ES256', 'EdDSA']) {
    const { privateKey } = await generateKeyPair(alg, { extractable: true });
    keys.push({ ...(await exportJWK(privateKey)), alg, use: 'sig', kid: `key-${alg}` });
  }
  server = createServer();
  url = `http://127.0.0.1:${await listen(server)}`;
  const clients = ['RS256', 'PS256', 'ES256', 'EdDSA'].map((alg) => ({
    client_id: `app-${alg}`, client_secret: 'integration-tests-only', grant_types: ['client_credentials'], redirect_uris: [], response_types: [],
  }));
  const provider = new Provider(url, {
    clients,
    jwks: { keys },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource, client) => ({
          scope: 'read billing:manage',
          audience: resource,
          accessTokenTTL: 300,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: client.clientId.replace('app-', '') } },
        }),
      },
    },
    extraTokenClaims: () => ({ realm_access: { roles: ['user', 'admin'] } }),
  });
  server.on('request', provider.callback());
  discovered = await (await fetch(`${url}/.well-known/openid-configuration`)).json();
  gate = await startGate({
    env: WITHOUT_CLERK,
    policy: {
      authorized_parties: undefined,
      issuer: {
        issuer: discovered.issuer,
        jwks_url: discovered.jwks_uri,
        audience: RESOURCE,
        algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
        user_id: 'client_id',
        role: 'realm_access.roles',
        permissions: 'scope',
      },
      rules: [
        { match: '/api/role', require: { role: 'org:admin' } },
        { match: '/api/billing', require: { permission: 'org:billing:manage' } },
      ],
    },
  });
});
after(async () => {
  await gate?.stop();
  server?.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** A token for a resource, by the provider's token endpoint. @param {string} alg @param {{ resource?: string, scope?: string }} [of] */
async function issued(alg, { resource = RESOURCE, scope = 'read' } = {}) {
  const response = await fetch(discovered.token_endpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`app-${alg}:integration-tests-only`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource, scope }),
  });
  const answer = /** @type {any} */ (await response.json());
  assert.equal(response.status, 200, JSON.stringify(answer));
  return answer.access_token;
}

describe('oidc-provider', () => {
  for (const alg of ['RS256', 'PS256', 'ES256', 'EdDSA']) {
    test(`its ${alg} access tokens pass`, async () => {
      const token = await issued(alg);
      assert.equal(JSON.parse(Buffer.from(token.split('.')[0], 'base64url').toString()).alg, alg);
      const response = await gate.request('/api/protected', { token });
      assert.equal(response.status, 200, gate.worker.log().split('\n').at(-2));
      const { headers } = await response.json();
      assert.equal(headers['x-portcullis-user-id'], `app-${alg}`);
      assert.equal(headers['x-portcullis-issuer'], url);
    });
  }

  test('its roles and scopes are what the policy asks for', async () => {
    assert.equal((await gate.request('/api/role', { token: await issued('ES256') })).status, 200);
    assert.equal((await gate.request('/api/billing', { token: await issued('ES256', { scope: 'read billing:manage' }) })).status, 200);
    assert.equal((await gate.request('/api/billing', { token: await issued('ES256') })).status, 403);
  });

  test('its tokens for another resource do not pass', async () => {
    const response = await gate.request('/api/protected', { token: await issued('RS256', { resource: OTHER_RESOURCE }) });
    assert.equal(response.status, 401);
    assert.equal((await response.json()).reason, 'token-verification-failed');
  });
});
