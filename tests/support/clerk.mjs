// One Clerk instance for tests: its keys, its tokens, and a small server that speaks the Backend API's protocol.
//
// The real Backend API is a paid service; the server answers the same paths with the same documents, and can be told to be slow,
// down, or talking nonsense. All keys are made anew for each run.

import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

import { SignJWT, exportJWK, exportSPKI, generateKeyPair } from 'jose';

import { listen } from './listen.mjs';

export const FRONTEND_API = 'gate-test-7.clerk.accounts.dev';
export const ISSUER = `https://${FRONTEND_API}`;
export const PUBLISHABLE_KEY = `pk_test_${Buffer.from(`${FRONTEND_API}$`).toString('base64')}`;
export const SECRET_KEY = ['sk', 'test', 'integrationtests0000000000'].join('_');
export const KID = 'ins_gate_test_7';
/** The origin that the tests' tokens are made for. */
export const PARTY = 'http://127.0.0.1:1';

/** The end of the names of an instance's own cookies. @param {string} publishableKey */
export function cookieSuffix(publishableKey = PUBLISHABLE_KEY) {
  return createHash('sha1').update(publishableKey).digest('base64url').slice(0, 8);
}

/** Makes an instance and starts its Backend API on a free port. */
export async function startClerk() {
  const keys = await generateKeyPair('RS256', { modulusLength: 2048, extractable: true });
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: KID, alg: 'RS256', use: 'sig' };
  /** @type {{ calls: string[], respond: undefined | ((request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) => void) }} */
  const state = { calls: [], respond: undefined };

  const server = createServer((request, response) => {
    state.calls.push(`${request.method} ${request.url}`);
    if (state.respond) return state.respond(request, response);
    if (request.headers.authorization !== `Bearer ${SECRET_KEY}`) {
      return json(response, 401, { errors: [{ code: 'clerk_key_invalid', message: 'The provided Clerk Secret Key is invalid.' }] });
    }
    if (request.method === 'GET' && request.url === '/v1/jwks') return json(response, 200, { keys: [jwk] });
    return json(response, 404, { errors: [{ code: 'resource_not_found', message: 'not found' }] });
  });
  const port = await listen(server);

  return {
    url: `http://127.0.0.1:${port}`,
    keys,
    jwk,
    pem: await exportSPKI(keys.publicKey),
    /** Every call so far, as `GET /v1/jwks`. */
    calls: state.calls,
    /** Replaces the answer to every call; `undefined` brings the ordinary one back. @param {typeof state.respond} respond */
    respondWith: (respond) => (state.respond = respond),
    /**
     * A session token as Clerk makes them, changed as asked; a claim or header field set to `undefined` is left out.
     *
     * @param {Record<string, unknown>} [claims]
     * @param {Record<string, unknown>} [header]
     * @param {CryptoKey | Uint8Array | import('node:crypto').KeyObject} [key]
     */
    token: (claims = {}, header = {}, key = keys.privateKey) => {
      const now = Math.floor(Date.now() / 1000);
      const payload = {
        azp: PARTY, exp: now + 60, iat: now - 5, iss: ISSUER, nbf: now - 15, sid: 'sess_1', sub: 'user_1', v: 2, sts: 'active',
        fva: [0, -1], ...claims,
      };
      const fields = { alg: 'RS256', kid: KID, typ: 'JWT', ...header };
      return new SignJWT(dropUndefined(payload)).setProtectedHeader(/** @type {any} */ (dropUndefined(fields))).sign(key);
    },
    /**
     * What the Frontend API gives the browser to bring back: `Set-Cookie` directives, signed.
     *
     * @param {unknown} directives
     * @param {object} [options]
     * @param {Record<string, unknown>} [options.claims] beside the directives
     * @param {Record<string, unknown>} [options.header]
     * @param {CryptoKey | Uint8Array | import('node:crypto').KeyObject} [options.key]
     */
    handshakeToken: (directives, { claims = {}, header = {}, key = keys.privateKey } = {}) =>
      new SignJWT({ handshake: directives, ...claims })
        .setProtectedHeader(/** @type {any} */ (dropUndefined({ alg: 'RS256', kid: KID, typ: 'JWT', ...header })))
        .sign(key),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** @param {import('node:http').ServerResponse} response @param {number} status @param {unknown} body */
export function json(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** @param {Record<string, unknown>} record */
function dropUndefined(record) {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}
