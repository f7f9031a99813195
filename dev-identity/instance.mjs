// One Clerk development instance, made up on the spot: its keys, and the tokens that it signs.

import { createHash, createSign, generateKeyPairSync, randomBytes, randomInt, verify } from 'node:crypto';

/** How long a session token lives unless it is said otherwise, in seconds; Clerk's default. */
export const SESSION_TOKEN_SECONDS = 60;

/** In the protected header of session tokens and handshake tokens: the class of token, as Clerk marks it. */
const SESSION_TOKEN_CATEGORY = 'cl_B7d4PD111AAA';

/** @typedef {ReturnType<typeof createInstance>} Instance */

/**
 * Makes an instance with fresh keys. Nothing of it is kept anywhere, and none of its keys opens anything else.
 *
 * @param {object} options
 * @param {string} options.gateOrigin the authorized party of its tokens
 * @param {number} [options.tokenLifetimeSeconds]
 */
export function createInstance({ gateOrigin, tokenLifetimeSeconds = SESSION_TOKEN_SECONDS }) {
  const frontendApi = `gate-key-${randomInt(10, 99)}.clerk.accounts.dev`;
  const publishableKey = `pk_test_${Buffer.from(`${frontendApi}$`).toString('base64')}`;
  const secretKey = `sk_test_${randomBytes(30).toString('base64url').replace(/[-_]/g, 'x')}`;
  const kid = makeId('ins');
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const issuer = `https://${frontendApi}`;

  /**
   * Signs claims as they are, with the instance's key and Clerk's protected header.
   *
   * @param {object} claims
   * @param {object} [header] overrides single parameters
   */
  function sign(claims, header = {}) {
    const segments = [{ alg: 'RS256', cat: SESSION_TOKEN_CATEGORY, kid, typ: 'JWT', ...header }, claims];
    const signingInput = segments.map((segment) => Buffer.from(JSON.stringify(segment)).toString('base64url')).join('.');
    return `${signingInput}.${createSign('RSA-SHA256').update(signingInput).sign(privateKey, 'base64url')}`;
  }

  return {
    frontendApi,
    publishableKey,
    secretKey,
    issuer,
    kid,
    cookieSuffix: cookieSuffix(publishableKey),
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    keySet: { keys: [{ use: 'sig', kid, alg: 'RS256', ...publicKey.export({ format: 'jwk' }) }] },
    sign,

    /**
     * Mints a session token (claims version 2). Each claim can be overridden, and left out by `undefined`.
     *
     * @param {Record<string, unknown>} [claims]
     * @param {object} [header]
     */
    mintToken(claims = {}, header = {}) {
      const iat = typeof claims.iat === 'number' ? claims.iat : Math.floor(Date.now() / 1000);
      const defaults = {
        azp: gateOrigin,
        exp: iat + tokenLifetimeSeconds,
        fva: [0, -1],
        iat,
        iss: issuer,
        jti: randomBytes(10).toString('hex'),
        nbf: iat - 10,
        sid: 'sess_minted',
        sts: 'active',
        sub: 'user_minted',
        v: 2,
      };
      return sign({ ...defaults, ...claims }, header);
    },

    /**
     * Returns the claims of a token that this instance signed, expired or not; else `undefined`.
     *
     * @param {unknown} token
     * @returns {Record<string, any> | undefined}
     */
    readToken(token) {
      const [header, claims, signature, ...rest] = String(token).split('.');
      if (!header || !claims || !signature || rest.length > 0) return undefined;
      const signed = verify('RSA-SHA256', Buffer.from(`${header}.${claims}`), publicKey, Buffer.from(signature, 'base64url'));
      return signed ? JSON.parse(Buffer.from(claims, 'base64url').toString()) : undefined;
    },
  };
}

/**
 * An id in Clerk's manner, for example `sess_2Ro7e2IxrffdqBboq8KfB6eGbIy`.
 *
 * @param {string} prefix
 */
export function makeId(prefix) {
  const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  return `${prefix}_${Array.from({ length: 27 }, () => alphabet[randomInt(alphabet.length)]).join('')}`;
}

/**
 * What sets the cookies of instances apart which share a host: eight characters of the publishable key's SHA-1.
 *
 * @param {string} publishableKey
 */
function cookieSuffix(publishableKey) {
  return createHash('sha1').update(publishableKey).digest('base64url').slice(0, 8);
}
