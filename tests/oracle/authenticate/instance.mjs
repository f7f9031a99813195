// The two Clerk instances of the generator, their keys, and tokens in all states. Keys are made anew for each run; what is
// decided does not depend on them.

import { createHash, generateKeyPairSync, sign } from 'node:crypto';

/** @param {'pk_test_' | 'pk_live_'} prefix @param {string} api */
const publishableKey = (prefix, api) => prefix + Buffer.from(`${api}$`).toString('base64');

/** @param {string} key */
export const cookieSuffix = (key) => createHash('sha1').update(key).digest('base64').replaceAll('+', '-').replaceAll('/', '_').slice(0, 8);

const api = { dev: 'tidy-otter-42.clerk.accounts.dev', prod: 'clerk.example.com' };

export const INSTANCES = {
  dev: {
    isDev: true,
    api: api.dev,
    publishableKey: publishableKey('pk_test_', api.dev),
    suffix: cookieSuffix(publishableKey('pk_test_', api.dev)),
    site: 'http://localhost:3000',
    secret: 'sk_test_',
  },
  prod: {
    isDev: false,
    api: api.prod,
    publishableKey: publishableKey('pk_live_', api.prod),
    suffix: cookieSuffix(publishableKey('pk_live_', api.prod)),
    site: 'https://www.example.com',
    secret: 'sk_live_',
  },
};

const own = generateKeyPairSync('rsa', { modulusLength: 2048 });
const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 });
const large = generateKeyPairSync('rsa', { modulusLength: 3072 });
export const KID = 'ins_oracle_a';
export const JWK = { ...own.publicKey.export({ format: 'jwk' }), kid: KID, alg: 'RS256', use: 'sig' };
export const OTHER_JWK = { ...foreign.publicKey.export({ format: 'jwk' }), kid: 'ins_oracle_b', alg: 'RS256', use: 'sig' };
export const PEM = String(own.publicKey.export({ type: 'spki', format: 'pem' }));
export const OTHER_PEM = String(foreign.publicKey.export({ type: 'spki', format: 'pem' }));
export const LARGE_PEM = String(large.publicKey.export({ type: 'spki', format: 'pem' }));
const KEYS = { own: own.privateKey, foreign: foreign.privateKey, large: large.privateKey };

/** @param {unknown} value */
const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/**
 * Signs. A text stands as it is, anything else as its JSON.
 *
 * @param {unknown} payload
 * @param {unknown} [header]
 * @param {keyof typeof KEYS} [key]
 * @param {'sha256' | 'sha384' | 'sha512'} [hash]
 */
export function jws(payload, header = {}, key = 'own', hash = 'sha256') {
  const fields = typeof header === 'string' ? header : { alg: 'RS256', kid: KID, typ: 'JWT', .../** @type {object} */ (header) };
  const input = `${encode(fields)}.${encode(payload)}`;
  return `${input}.${sign(hash, Buffer.from(input), KEYS[key]).toString('base64url')}`;
}

/**
 * The time claims of a token, by its state; seconds.
 *
 * @param {number} now milliseconds
 */
export function times(now) {
  const s = Math.floor(now / 1000);
  return {
    fresh: { exp: s + 55, iat: s - 5, nbf: s - 15 },
    expired: { exp: s - 600, iat: s - 660, nbf: s - 670 },
    early: { exp: s + 660, iat: s - 5, nbf: s + 600 },
    future: { exp: s + 660, iat: s + 600, nbf: s - 15 },
    edge: { exp: s - 5, iat: s - 65, nbf: s - 75 },
    justGood: { exp: now / 1000 - 4.999, iat: s - 65 },
    fraction: { exp: now / 1000 + 0.25, iat: s + 4.75, nbf: s + 4.999 },
    noIat: { exp: s + 55 },
  };
}
