// `authenticateRequest`: what `@clerk/backend`'s function of that name answers, in the same shapes.

import { authObject } from './auth.js';
import { suffixOf } from './cookies.js';
import { PortcullisError } from './errors.js';
import { describeOptions } from './options.js';
import { organizationsOf } from './organizations.js';
import { checkRequest, describeRequest } from './request.js';
import { core } from './session-core.js';

/**
 * `authenticateRequest`, for a host that has the module for organizations at hand.
 *
 * @param {import('./organizations.js').Load} loadOrganizations
 */
export function authenticatorWith(loadOrganizations) {
  /**
   * Says who a request is from.
   *
   * @param {Request} request
   * @param {import('./index.js').AuthenticateRequestOptions} [options]
   * @returns {Promise<any>} a `RequestState`
   */
  return async function authenticateRequest(request, options = {}) {
    const read = checkRequest(request);
    const { organizationSyncOptions } = options;
    const wanted = organizationSyncOptions ? await organizationsOf(organizationSyncOptions, loadOrganizations) : undefined;
    const suffix = suffixOf(options.publishableKey);
    // What the options are now, whatever becomes of the object while the suffix is made.
    const description = typeof suffix === 'string' ? describeOptions(/** @type {any} */ (options), suffix) : describeOptions({ ...options }, await suffix);
    const { ok, text } = await core.check('request', description, describeRequest(read), read.headers, wanted);
    if (!ok) {
      const { reason, message } = JSON.parse(text);
      throw new PortcullisError('invalid-request', reason, message);
    }
    const endOfState = text.indexOf('\n');
    const state = JSON.parse(text.slice(0, endOfState));
    return requestState(state, text.slice(endOfState + 1), options);
  };
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
    return auth && authObject(auth, token, { status, reason, message }, core.meets);
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
