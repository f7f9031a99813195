// `authenticateRequest`: what `@clerk/backend`'s function of that name answers, in the same shapes.

import { PortcullisError } from './errors.js';
import { check, describeRequest, meets } from './loop.js';
import { describeOptions } from './options.js';

/**
 * Says who a request is from.
 *
 * @param {Request} request
 * @param {import('./index.js').AuthenticateRequestOptions} [options]
 * @returns {Promise<any>} a `RequestState`
 */
export async function authenticateRequest(request, options = {}) {
  const { ok, text } = await check('request', describeOptions(/** @type {any} */ (options)), () => describeRequest(request));
  if (!ok) {
    const { reason, message } = JSON.parse(text);
    throw new PortcullisError('invalid-request', reason, message);
  }
  const endOfState = text.indexOf('\n');
  const state = JSON.parse(text.slice(0, endOfState));
  return requestState(state, text.slice(endOfState + 1), options);
}

/**
 * @param {any} state what the core says
 * @param {string} authJson the auth objects, read when somebody asks
 * @param {import('./index.js').AuthenticateRequestOptions} options
 */
function requestState({ status, reason = null, message = null, tokenType = null, token = null, headers, proxyUrl, unknown }, authJson, options) {
  // A token of a kind that is not accepted: nothing is said about the instance either.
  const shown = tokenType === null ? {} : options;
  const isSignedIn = status === 'signed-in';
  /** @type {any[] | undefined} */
  let auths;
  const toAuth = ({ treatPendingAsSignedOut = true } = {}) => {
    auths ??= /** @type {any[]} */ (JSON.parse(authJson));
    const auth = treatPendingAsSignedOut ? auths[0] : auths.at(-1);
    return auth && authObject(auth, token, { status, reason, message });
  };
  return {
    status,
    reason,
    message,
    proxyUrl: (shown === options && proxyUrl) || '',
    publishableKey: shown.publishableKey || '',
    isSatellite: shown.isSatellite || false,
    domain: shown.domain || '',
    signInUrl: shown.signInUrl || '',
    signUpUrl: shown.signUpUrl || '',
    afterSignInUrl: shown.afterSignInUrl || '',
    afterSignUpUrl: shown.afterSignUpUrl || '',
    isSignedIn,
    isAuthenticated: isSignedIn,
    tokenType,
    toAuth,
    headers: new Headers(headers),
    token,
    isUnknown: unknown === true,
  };
}

/**
 * The auth object in Clerk's shape: members that are not there are `undefined`, not missing.
 *
 * @param {any} auth
 * @param {string | null} token
 * @param {object} about
 */
function authObject(auth, token, about) {
  const debug = () => ({ ...about });
  const never = { getToken: () => Promise.resolve(null), has: () => false, debug };
  const { tokenType, isAuthenticated } = auth;
  if (!isAuthenticated) return { ...auth, ...never };
  if (tokenType === 'session_token') return sessionObject(auth, token, debug);
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
 */
function sessionObject(auth, token, debug) {
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
    throw new PortcullisError('not-supported', 'not-supported', 'getToken gives the session token only; ask the Backend API for others');
  }
  return token;
}
