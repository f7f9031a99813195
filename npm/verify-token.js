// `verifyToken`: a session token to its claims.

import { checkOptions } from './check-options.js';
import { PortcullisError, invalidArgument } from './errors.js';
import { describeOptions } from './options.js';

/**
 * `verifyToken`, by the module that a host has at hand.
 *
 * @param {ReturnType<typeof import('./loop.js').loopAround>} core
 */
export function verifierWith(core) {
  /**
   * Verifies a session token.
   *
   * @param {string} token
   * @param {import('./index.js').VerifyTokenOptions} [options]
   * @returns {Promise<any>} the claims
   */
  return async function verifyToken(token, options = {}) {
    checkOptions(options);
    const { ok, text } = await core.check('token', describeOptions(/** @type {any} */ (options)), [textOf(token)]);
    const answer = JSON.parse(text);
    if (!ok) throw new PortcullisError('token-rejected', answer.reason, answer.message);
    return answer;
  };
}

/** What is no text is read as JavaScript writes it, as Clerk does. @param {unknown} token */
function textOf(token) {
  try {
    return String(token);
  } catch {
    throw invalidArgument('token', token, 'a text');
  }
}
