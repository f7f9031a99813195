// Two gates for the tests of sessions, a development and a production instance, and what those tests have in common: cookies of
// browsers, answers of the Backend API, and what an answer of the gate has to look like.

import assert from 'node:assert/strict';
import { after, before, beforeEach } from 'node:test';

import { generateKeyPair } from 'jose';

import { FRONTEND_API, cookieSuffix, json } from './clerk.mjs';
import { sessionCookies, startGate } from './gate.mjs';

export const LIVE_FRONTEND_API = 'clerk.example.com';
export const LIVE_PUBLISHABLE_KEY = `pk_live_${Buffer.from(`${LIVE_FRONTEND_API}$`).toString('base64')}`;
export const LIVE = { iss: `https://${LIVE_FRONTEND_API}` };
export const SUFFIX = cookieSuffix();
export const EXPIRES = 'Expires=Wed, 21 Oct 2037 07:28:00 GMT';
/** One Backend API call may take 5 s; what is more than that is overhead. */
export const ONE_CALL_MS = 5_000;
export const OVERHEAD_MS = 2_000;

/** @typedef {Awaited<ReturnType<typeof startGate>>} Gate */

/** A development instance, and a production instance that knows its key and nothing of the Backend API. @type {Gate} */
export let gate;
/** @type {Gate} */
export let live;
/** @type {CryptoKey} */
export let foreignKey;

/** Starts both for the tests of a file, and sets them back before each. */
export function useGates() {
  before(async () => {
    foreignKey = (await generateKeyPair('RS256', { modulusLength: 2048 })).privateKey;
    [gate, live] = await Promise.all([
      startGate(),
      startGate({
        env: (clerk) => ({
          CLERK_PUBLISHABLE_KEY: LIVE_PUBLISHABLE_KEY,
          CLERK_JWT_KEY: clerk.pem,
          CLERK_SECRET_KEY: undefined,
          CLERK_API_URL: undefined,
        }),
      }),
    ]);
    // From here on the key set is known.
    assert.equal((await gate.request('/api/protected', { token: await gate.clerk.token() })).status, 200);
  });
  after(() => Promise.all([gate?.stop(), live?.stop()]));
  beforeEach(() => {
    for (const each of [gate, live]) {
      each.origin.clear();
      each.clerk.calls.splice(0);
      each.clerk.respondWith(undefined);
    }
  });
}

export const now = () => Math.floor(Date.now() / 1000);

/** The claims of a token that ended a minute ago. */
export const ended = () => ({ exp: now() - 60, iat: now() - 120, nbf: now() - 130 });

/** Cookies of a browser whose session token has expired, by the names of this instance alone. @param {Record<string, unknown>} [claims] */
export async function expiredCookies(claims = {}, { refresh = 'rt_1', count = 0 } = {}) {
  const token = await gate.clerk.token({ ...ended(), ...claims });
  const cookies = [sessionCookies(token, now() - 300)];
  if (refresh) cookies.push(`__refresh_${SUFFIX}=${refresh}`);
  if (count) cookies.push(`__clerk_redirect_count=${count}`);
  return { token, cookies: cookies.join('; ') };
}

/** What the Frontend API has a browser keep of a session. @param {string} token */
export const directivesFor = (token) => [
  `__session=${token}; Path=/; ${EXPIRES}; SameSite=Lax`,
  `__session_${SUFFIX}=${token}; Path=/; ${EXPIRES}; SameSite=Lax`,
  `__client_uat=${now() - 60}; Path=/; Max-Age=31536000; SameSite=Lax`,
  '__clerk_db_jwt=dvb_new; Path=/; SameSite=Lax',
  `__refresh_${SUFFIX}=rt_2; Path=/; HttpOnly; SameSite=Lax`,
];
export const SIGNED_OUT_DIRECTIVES = ['__session=; Path=/; Max-Age=0', '__client_uat=0; Path=/', '__clerk_db_jwt=dvb_new; Path=/'];

/** The `Cookie` header of a browser that took these directives. @param {string[]} directives */
export const taken = (directives) => directives.map((directive) => directive.split(';')[0]).filter((pair) => !pair.endsWith('=')).join('; ');

/**
 * Has the Backend API answer these calls, and everything else as ever; gives what it was sent.
 *
 * @param {Record<string, (response: import('node:http').ServerResponse) => unknown>} answers by method and path
 * @param {Gate} [of]
 */
export function backend(answers, of = gate) {
  /** @type {{ call: string, url: string, headers: import('node:http').IncomingHttpHeaders, body: string }[]} */
  const sent = [];
  of.clerk.respondWith(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const url = request.url ?? '';
    const call = `${request.method} ${url.split('?')[0]}`;
    sent.push({ call, url, headers: request.headers, body });
    if (answers[call]) answers[call](response);
    else if (call === 'GET /v1/jwks') json(response, 200, { keys: [of.clerk.jwk] });
    else json(response, 404, { errors: [{ code: 'resource_not_found', message: 'not found' }] });
  });
  return sent;
}

export const REDEEM = 'GET /v1/clients/handshake_payload';
export const REFRESH = 'POST /v1/sessions/sess_1/refresh';

/** Every way in which the Backend API can be of no use, at once. @type {Record<string, (response: import('node:http').ServerResponse) => unknown>} */
export const OUTAGES = {
  'hangs up': (response) => response.socket?.destroy(),
  'says 500': (response) => json(response, 500, { errors: [{ code: 'internal_clerk_error', message: 'no' }] }),
  'says 429': (response) => json(response, 429, { errors: [{ code: 'too_many_requests', message: 'no' }] }),
  'refuses the secret key': (response) => json(response, 401, { errors: [{ code: 'clerk_key_invalid', message: 'no' }] }),
  'answers in prose': (response) => response.writeHead(200).end('<html>'),
};

/**
 * Asserts that a handshake was resolved: the browser is sent to `path` of this site, with exactly these cookies, and the answer is
 * kept nowhere.
 *
 * @param {Response} response @param {string} path @param {string[]} directives
 */
export function assertResolved(response, path, directives, of = gate) {
  assert.equal(response.status, 307);
  // A browser that came back without any cookie is asked to show those that it is given.
  assert.equal(response.headers.get('location')?.replace(/[?&]__portcullis_cookies=1$/, ''), of.url + path);
  assert.deepEqual(response.headers.getSetCookie(), directives);
  assert.equal(response.headers.get('cache-control'), 'no-store');
  assert.equal(response.headers.get('vary'), 'Cookie, Authorization');
  assert.deepEqual(of.origin.seen, []);
}

/** The cookies that an answer sets, but for the gate's own that explain loops. @param {Response} response */
export const cookiesSet = (response) => response.headers.getSetCookie().filter((cookie) => !cookie.startsWith('__portcullis_'));

/** @param {Response} response @param {string | RegExp} reason @param {number} [count] */
export function assertHandshake(response, reason, count = 1) {
  assert.equal(response.status, 307);
  const location = new URL(response.headers.get('location') ?? '');
  assert.equal(location.origin + location.pathname, `https://${FRONTEND_API}/v1/client/handshake`);
  const given = location.searchParams.get('__clerk_hs_reason') ?? '';
  if (typeof reason === 'string') assert.equal(given, reason);
  else assert.match(given, reason);
  assert.deepEqual(cookiesSet(response), [`__clerk_redirect_count=${count}; SameSite=Lax; HttpOnly; Max-Age=2`]);
  assert.equal(response.headers.get('cache-control'), 'no-store');
  assert.deepEqual(gate.origin.seen, []);
  return location;
}

/** @param {Response} response @param {Gate} [of] */
export async function assertPage(response, of = gate) {
  assert.equal(response.status, 200);
  const seen = await response.json();
  assert.equal(seen.headers['x-portcullis-auth-status'], 'signed-in');
  assert.equal(seen.headers['x-portcullis-user-id'], 'user_1');
  assert.equal(of.origin.seen.length, 1);
  return seen;
}

/** @param {Response} response @param {string} path @param {Gate} [of] */
export function assertSignIn(response, path, of = gate) {
  assert.equal(response.status, 307);
  const location = new URL(response.headers.get('location') ?? '');
  assert.equal(location.origin + location.pathname, `${of.url}/sign-in`);
  assert.equal(location.searchParams.get('redirect_url'), of.url + path);
  assert.deepEqual(of.origin.seen, []);
}
