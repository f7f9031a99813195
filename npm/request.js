// Requests on their way into Wasm.

import { invalidArgument } from './errors.js';
import { line } from './texts.js';

/**
 * What is read of a request: `Request` of any realm or subclass, and what adapters make of their own.
 *
 * @typedef {object} RequestLike
 * @property {string} method
 * @property {string} url absolute
 * @property {{ get(name: string): string | null } & Iterable<[string, string]>} headers
 */

/**
 * A request's method and URL, as the core reads them, behind its name where it has one; its headers it asks for one by one.
 *
 * @param {{ method: string, url: string }} request
 * @param {string} [id]
 */
export function describeRequest({ method, url }, id) {
  return id === undefined ? [line(method), line(url)] : [id, line(method), line(url)];
}

/**
 * What is of interest in a request, each read once: that is a call out of JavaScript.
 *
 * @param {unknown} request
 * @param {string} [help] what to do with a request of Node's own
 * @returns {RequestLike}
 */
export function checkRequest(request, help = 'for Node\'s own requests there is `portcullis/express`') {
  const { method, url, headers } = /** @type {any} */ (request ?? {});
  if (typeof method !== 'string' || typeof url !== 'string') throw invalidArgument('request', request, 'a `Request`');
  if (typeof headers?.get === 'function' && typeof headers[Symbol.iterator] === 'function') return { method, url, headers };
  throw invalidArgument('request', request, `a \`Request\`, whose headers can be asked by \`get\`; ${help}`);
}
