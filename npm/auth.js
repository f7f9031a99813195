// Auth objects, in the shape of Clerk's `toAuth()`.

import { refused } from './errors.js';

/** @typedef {(facts: object, asked: unknown) => boolean} Meets `has()`, as the core answers it */

/**
 * The auth object in Clerk's shape: members that are not there are `undefined`, not missing.
 *
 * @param {any} auth
 * @param {string | null} token
 * @param {object} about
 * @param {Meets} meets
 */
export function authObject(auth, token, about, meets) {
  const debug = () => ({ ...about });
  const never = { getToken: () => Promise.resolve(null), has: () => false, debug };
  const { tokenType, isAuthenticated } = auth;
  if (!isAuthenticated) return { ...auth, ...never };
  if (tokenType === 'session_token') return sessionObject(auth, token, debug, meets);
  const machine = {
    id: auth.id,
    subject: auth.subject,
    getToken: () => Promise.resolve(token),
    has: () => false,
    debug,
    isAuthenticated,
    tokenType,
    scopes: auth.scopes,
  };
  switch (tokenType) {
    case 'api_key':
      return { ...machine, name: auth.name, claims: auth.claims, userId: auth.userId, orgId: auth.orgId };
    case 'm2m_token':
      return { ...machine, claims: auth.claims, machineId: auth.machineId };
    default:
      return { ...machine, userId: auth.userId, clientId: auth.clientId };
  }
}

/**
 * @param {any} auth
 * @param {string | null} token
 * @param {() => object} debug
 * @param {Meets} meets
 */
function sessionObject(auth, token, debug, meets) {
  const { actor, sessionClaims, sessionId, sessionStatus, userId, orgId, orgRole, orgSlug, orgPermissions, factorVerificationAge } = auth;
  const { fea, pla } = sessionClaims;
  const facts = { userId, orgId, orgRole, orgPermissions, factorVerificationAge, features: fea, plans: pla };
  return {
    tokenType: 'session_token',
    actor,
    sessionClaims,
    sessionId,
    sessionStatus,
    userId,
    orgId,
    orgRole,
    orgSlug,
    orgPermissions,
    factorVerificationAge,
    getToken: (/** @type {{ template?: string, expiresInSeconds?: number }} */ { template, expiresInSeconds } = {}) =>
      getToken(sessionId, token, Boolean(template) || expiresInSeconds !== undefined),
    has: (/** @type {unknown} */ asked) => meets(facts, asked),
    debug,
    isAuthenticated: true,
  };
}

/**
 * @param {string | undefined} sessionId
 * @param {string | null} token
 * @param {boolean} isAnother whether another token than the session's own is asked for
 */
async function getToken(sessionId, token, isAnother) {
  if (!sessionId) return null;
  if (isAnother) {
    throw refused('not-supported', 'getToken gives the session token only; ask the Backend API for others');
  }
  return token;
}
