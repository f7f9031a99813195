// `authenticateRequest`: what `@clerk/backend`'s function of that name answers, in the same shapes.

import { authObject } from './auth.js';
import { checkOptions } from './check-options.js';
import { suffixOf } from './cookies.js';
import { PortcullisError } from './errors.js';
import { describeOptions } from './options.js';
import { checkRequest, describeRequest } from './request.js';

/** @typedef {ReturnType<typeof import('./loop.js').loopAround>} Core */

/**
 * `authenticateRequest`, by the module that a host has at hand.
 *
 * @param {Core} usual
 * @param {() => Core} [useAll] gives the module that knows all of the options, where the usual one does not
 */
export function authenticatorWith(usual, useAll) {
  /** @type {Core | undefined} */
  let all;
  /**
   * Says who a request is from.
   *
   * @param {Request} request
   * @param {import('./index.js').AuthenticateRequestOptions} [options]
   * @returns {Promise<any>} a `RequestState`
   */
  return async function authenticateRequest(request, options = {}) {
    const read = checkRequest(request);
    checkOptions(options);
    const core = useAll && isRare(options) ? (all ??= useAll()) : usual;
    const suffix = suffixOf(options.publishableKey);
    // What the options are now, whatever becomes of the object while the suffix is made.
    const description = typeof suffix === 'string' ? describeOptions(/** @type {any} */ (options), suffix) : describeOptions({ ...options }, await suffix);
    const { ok, text } = await core.check('request', description, describeRequest(read), read.headers);
    if (!ok) {
      const { reason, message } = JSON.parse(text);
      throw new PortcullisError('invalid-request', reason, message);
    }
    const endOfState = text.indexOf('\n');
    const state = JSON.parse(text.slice(0, endOfState));
    return requestState(state, text.slice(endOfState + 1), options, core.meets);
  };
}

/**
 * Whether options name what few do: tokens of machines, a satellite, organizations by path.
 *
 * @param {any} options
 */
function isRare({ acceptsToken = null, isSatellite, organizationSyncOptions }) {
  const { organizationPatterns, personalAccountPatterns } = organizationSyncOptions || {};
  return isSatellite || (acceptsToken !== null && acceptsToken !== 'session_token') || organizationPatterns || personalAccountPatterns;
}

/**
 * @param {any} state what the core says
 * @param {string} authJson the auth objects, read when somebody asks
 * @param {import('./index.js').AuthenticateRequestOptions} options
 * @param {import('./auth.js').Meets} meets
 */
function requestState({ status, reason = null, message = null, tokenType = null, token = null, headers, proxyUrl, unknown }, authJson, options, meets) {
  // A token of a kind that is not accepted: nothing is said about the instance either.
  const shown = tokenType === null ? {} : options;
  const isSignedIn = status === 'signed-in';
  /** @type {any[] | undefined} */
  let auths;
  const toAuth = ({ treatPendingAsSignedOut = true } = {}) => {
    auths ??= /** @type {any[]} */ (JSON.parse(authJson));
    const auth = treatPendingAsSignedOut ? auths[0] : auths.at(-1);
    return auth && authObject(auth, token, { status, reason, message }, meets);
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
