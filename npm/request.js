// Requests on their way into Wasm: method, URL and the headers that matter, one a line.

import { invalidArgument } from './errors.js';
import { ask } from './loop.js';

/**
 * What is read of a request: `Request` of any realm or subclass, and what adapters make of their own.
 *
 * @typedef {object} RequestLike
 * @property {string} method
 * @property {string} url absolute
 * @property {{ get(name: string): string | null } & Iterable<[string, string]>} headers
 */

/** Characters of one value that are handed in. The core's own limits are lower; this keeps Wasm memory from growing for nothing. */
const VALUE_CHARS = 128 * 1024 + 1;

/** @type {string[] | undefined} */
let headerNames;

/**
 * A request as the core reads it. Where a session could be renewed, Clerk wants to know all headers.
 *
 * @param {RequestLike} request
 */
export function describeRequest(request) {
  headerNames ??= ask((core) => core.header_names()).split(',');
  checkRequest(request);
  const { headers } = request;
  let text = `${line(request.method)}\n${line(request.url)}`;
  for (const name of headerNames) {
    const value = headers.get(name);
    text += value === null || value === undefined ? '\n' : `\n:${line(value)}`;
  }
  if (headers.get('cookie')?.includes('__refresh_')) {
    for (const [name, value] of headers) text += `\n${name}:${line(value)}`;
  }
  return text;
}

/** @param {unknown} request */
export function checkRequest(request) {
  const { method, url, headers } = /** @type {any} */ (request ?? {});
  if (typeof method !== 'string' || typeof url !== 'string') throw invalidArgument('request', request, 'a `Request`');
  if (typeof headers?.get === 'function' && typeof headers[Symbol.iterator] === 'function') return;
  throw invalidArgument('request', request, "a `Request`, whose headers can be asked by `get`; for Node's own requests there is `portcullis/express`");
}

/** A value for one line. No real one holds a line end; the core refuses a URL with a carriage return. @param {string} value */
export function line(value) {
  const text = value.length > VALUE_CHARS ? value.slice(0, VALUE_CHARS) : value;
  return text.includes('\n') ? text.replaceAll('\n', '\r') : text;
}
