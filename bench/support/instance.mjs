// A Clerk instance for measurements: its keys, and session tokens as browsers send them. Made anew for each run.

import { createPublicKey, generateKeyPair, sign } from 'node:crypto';
import { promisify } from 'node:util';

import { inCamelCase } from '../../tests/support/camel-case.mjs';
import { SECRET_KEY } from '../../tests/support/clerk.mjs';
import { POLICY } from '../../tests/support/gate.mjs';

const FRONTEND_API = 'clerk.example.com';
export const PARTY = 'https://app.example.com';
export const KID = 'ins_2yXqB1rS6hWjY9xAeOuF0vD4lC5';
/** One hour: longer than any run, and no token of a run expires within it. */
const LIFETIME_SECS = 3600;

const signing = promisify(sign);

/** @typedef {Awaited<ReturnType<typeof makeInstance>>} Instance */

/**
 * @param {object} [options]
 * @param {string} [options.apiUrl] a Backend API of this machine, which only a development instance may have; without it the Worker
 *   and the package have the public key at hand
 */
export async function makeInstance({ apiUrl } = {}) {
  const generate = () => promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const [{ privateKey, publicKey }, other] = await Promise.all([generate(), generate()]);
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: KID, alg: 'RS256', use: 'sig' };
  const variables = {
    CLERK_PUBLISHABLE_KEY: `${apiUrl ? 'pk_test' : 'pk_live'}_${Buffer.from(`${FRONTEND_API}$`).toString('base64')}`,
    CLERK_SECRET_KEY: apiUrl ? SECRET_KEY : ['sk', 'live', 'benchmark0000000000000000'].join('_'),
    CLERK_API_URL: apiUrl,
    CLERK_JWT_KEY: apiUrl ? undefined : createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString(),
  };
  const policy = { ...POLICY, authorized_parties: [PARTY] };

  /** @param {string} sid @param {object} [claims] @param {import('node:crypto').KeyObject} [key] */
  const token = async (sid, claims = {}, key = privateKey) => {
    const now = Math.floor(Date.now() / 1000);
    const header = { alg: 'RS256', cat: 'cl_B7d4PD111AAA', kid: KID, typ: 'JWT' };
    const payload = {
      azp: PARTY, exp: now + LIFETIME_SECS, fva: [3, -1], iat: now - 5, iss: `https://${FRONTEND_API}`, nbf: now - 15,
      sid, sts: 'active', sub: 'user_2yXqCw5bT7nEoG3aUfMiQ8kZ1dP', v: 2, ...claims,
    };
    const input = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    return `${input}.${(await signing('RSA-SHA256', Buffer.from(input), key)).toString('base64url')}`;
  };
  return {
    jwk,
    policy,
    token,
    /** Distinct good tokens of one length. @param {number} count @param {object} [claims] */
    tokens: (count, claims) => Promise.all(Array.from({ length: count }, (_, n) => token(sessionId(n), claims))),
    /** Like the first token, but signed by somebody else. */
    forged: await token(sessionId(0), {}, other.privateKey),
    /** Where the pages are. With a Backend API of this machine, only requests to this machine are served. */
    pages: apiUrl ? 'http://localhost:3000' : PARTY,
    /** The cookies of a signed-in browser but for the session token: those of a development instance have one more. */
    cookies: `${apiUrl ? '__clerk_db_jwt=dvb_2yXqA9kP3; ' : ''}__client_uat=1700000000; `,
    /**
     * The Worker's environment, and the same settings for the package.
     *
     * @param {Record<string, unknown>} [settings] laid over the policy
     * @returns {Record<string, any>}
     */
    env(settings = {}) {
      const table = { ...policy, ...settings };
      const { CLERK_PUBLISHABLE_KEY: publishableKey, CLERK_SECRET_KEY: secretKey, CLERK_JWT_KEY: jwtKey } = variables;
      const ours = { ...inCamelCase(table), publishableKey, secretKey, jwtKey, apiUrl };
      return { ...variables, JWK: jwk, COOKIES: this.cookies, PAGES: this.pages, PORTCULLIS: table, PACKAGE: ours };
    },
  };
}

/** A session id of the length that Clerk's have. @param {number} n */
export function sessionId(n) {
  return `sess_${String(n).padStart(27, '2yXqD8cJ1mVtK4pR9wLzN0sHbGf')}`;
}
