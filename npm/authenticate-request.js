// `authenticateRequest`: what `@clerk/backend`'s function of that name answers, in the same shapes.

import { authObject } from './auth.js';
import { checkOptions } from './check-options.js';
import { suffixOf } from './cookies.js';
import { PortcullisError } from './errors.js';
import { copyOfOptions, describeOptions } from './options.js';
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
    // What the options are now, whatever becomes of the object meanwhile.
    const shown = shownOf(options);
    const suffix = suffixOf(options.publishableKey);
    const description = typeof suffix === 'string' ? describeOptions(/** @type {any} */ (options), suffix) : await describeLater(options, suffix);
    const { ok, text } = await core.check('request', description, describeRequest(read), read.headers);
    if (!ok) {
      const { reason, message } = JSON.parse(text);
      throw new PortcullisError('invalid-request', reason, message);
    }
    const endOfState = text.indexOf('\n');
    const state = JSON.parse(text.slice(0, endOfState));
    return requestState(state, text.slice(endOfState + 1), shown, core.meets);
  };
}

/**
 * @param {any} options
 * @param {Promise<string>} suffix
 */
async function describeLater(options, suffix) {
  const now = copyOfOptions(options);
  return describeOptions(now, await suffix);
}

/** What a state shows of the options. @param {any} options */
function shownOf({ publishableKey, isSatellite, domain, signInUrl, signUpUrl, afterSignInUrl, afterSignUpUrl }) {
  return {
    publishableKey: publishableKey || '',
    isSatellite: isSatellite || false,
    domain: domain || '',
    signInUrl: signInUrl || '',
    signUpUrl: signUpUrl || '',
    afterSignInUrl: afterSignInUrl || '',
    afterSignUpUrl: afterSignUpUrl || '',
  };
}

/** A token of a kind that is not accepted: nothing is said about the instance either. */
const NOTHING_SHOWN = shownOf({});

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
 * @param {ReturnType<typeof shownOf>} options
 * @param {import('./auth.js').Meets} meets
 */
function requestState({ status, reason = null, message = null, tokenType = null, token = null, headers, proxyUrl, unknown }, authJson, options, meets) {
  const shown = tokenType === null ? NOTHING_SHOWN : options;
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
    ...shown,
    isSignedIn,
    isAuthenticated: isSignedIn,
    tokenType,
    toAuth,
    headers: new Headers(headers),
    token,
    isUnknown: unknown === true,
  };
}
