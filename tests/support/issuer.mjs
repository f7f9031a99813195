// Another issuer than Clerk for tests: keys of every kind, tokens as asked, and a small server with its key set.

import { createServer } from 'node:http';

import { SignJWT, exportJWK, generateKeyPair } from 'jose';

import { listen } from './listen.mjs';

export const AUDIENCE = 'https://api.example.com';
export const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];

/**
 * Makes the keys, one for each algorithm, `kid` the algorithm's name in lower case, and starts the server.
 *
 * @param {string} [issuer] `iss`; the server's own address if not given
 */
export async function startIssuer(issuer) {
  /** @type {Record<string, CryptoKey>} */
  const keys = {};
  /** @type {Record<string, unknown>[]} */
  const jwks = [];
  for (const alg of ALGORITHMS) {
    const pair = await generateKeyPair(alg, { extractable: true });
    keys[alg] = pair.privateKey;
    jwks.push({ ...(await exportJWK(pair.publicKey)), kid: alg.toLowerCase(), alg, use: 'sig' });
  }
  /** @type {{ calls: { url: string, headers: import('node:http').IncomingHttpHeaders }[], respond: undefined | ((response: import('node:http').ServerResponse) => void), jwks: Record<string, unknown>[] }} */
  const state = { calls: [], respond: undefined, jwks };
  const server = createServer((request, response) => {
    state.calls.push({ url: request.url ?? '', headers: request.headers });
    if (state.respond) return state.respond(response);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ keys: state.jwks }));
  });
  const port = await listen(server);
  const iss = issuer ?? `http://127.0.0.1:${port}`;
  return {
    iss,
    jwksUrl: `http://127.0.0.1:${port}/keys`,
    keys,
    jwks,
    calls: state.calls,
    /** @param {typeof state.respond} respond */
    respondWith: (respond) => (state.respond = respond),
    /** @param {Record<string, unknown>[]} keys */
    serve: (keys) => (state.jwks = keys),
    /**
     * A token; a claim or header field set to `undefined` is left out.
     *
     * @param {Record<string, unknown>} [claims]
     * @param {Record<string, unknown>} [header]
     * @param {any} [key]
     */
    token: (claims = {}, header = {}, key) => {
      const alg = String(header.alg ?? 'RS256');
      const now = Math.floor(Date.now() / 1000);
      const payload = { iss, sub: 'user_other', aud: AUDIENCE, iat: now - 5, exp: now + 120, ...claims };
      const fields = { alg, kid: alg.toLowerCase(), typ: 'JWT', ...header };
      return new SignJWT(present(payload)).setProtectedHeader(/** @type {any} */ (present(fields))).sign(key ?? keys[alg]);
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A token by hand, for what no library signs. @param {object} header @param {object} payload @param {string | Uint8Array} signature */
export function rawToken(header, payload, signature) {
  const part = (/** @type {object} */ value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(payload)}.${Buffer.from(signature).toString('base64url')}`;
}

/** Settings without Clerk. */
export const WITHOUT_CLERK = { CLERK_PUBLISHABLE_KEY: undefined, CLERK_SECRET_KEY: undefined, CLERK_API_URL: undefined };

/** @param {Record<string, unknown>} record */
function present(record) {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}
