// What the adapters for frameworks share: a gate that is made once, and the URL that the client used.

import { createGate } from 'portcullis';

import { refused } from './errors.js';

/**
 * Gives the gate, made by the first request: importing a middleware should cost nothing, and frameworks import it while they build.
 *
 * @template From
 * @param {import('./index.js').GateConfig | import('./index.js').Gate | ((from: From) => import('./index.js').GateConfig)} config
 * @returns {(from: From) => Promise<import('./index.js').Gate>}
 */
export function gateOnce(config) {
  if (isGate(config)) return async () => config;
  /** @type {Promise<import('./index.js').Gate> | undefined} */
  let made;
  return (from) => (made ??= make(config, from).catch((error) => {
    // A wrong configuration stays wrong; whatever else it was may be over by the next request.
    if (error?.code !== 'invalid-options') made = undefined;
    throw error;
  }));
}

/**
 * @template From
 * @param {import('./index.js').GateConfig | ((from: From) => import('./index.js').GateConfig)} config
 * @param {From} from
 */
async function make(config, from) {
  return createGate(typeof config === 'function' ? config(from) : config);
}

/**
 * @param {unknown} config
 * @returns {config is import('./index.js').Gate}
 */
function isGate(config) {
  return typeof (/** @type {any} */ (config)?.decide) === 'function';
}

/** An origin and nothing behind it. What a client says of its host is put before a path, and must not bring a path along. */
const ORIGIN = /^https?:\/\/[^/?#\\@\s]+$/i;
/** What is judged where there is no URL to judge: the core denies it (400), by the reason given. */
const NO_AUTHORITY = 'http:///';
export const NO_PATH = '';

/**
 * The URL that a client asked for.
 *
 * @param {string} origin as the client or a proxy says it
 * @param {string} target as it stands in the request. Other forms than a path (RFC 9112 section 3.2) are read differently by everyone
 */
export function urlOf(origin, target) {
  if (!target.startsWith('/')) return NO_PATH;
  return ORIGIN.test(origin) ? origin + target : NO_AUTHORITY;
}

/**
 * The same URL under another origin.
 *
 * @param {string} url absolute
 * @param {string | undefined} origin where there is none, the URL as it is
 */
export function underOrigin(url, origin) {
  if (origin === undefined) return url;
  const behindAuthority = url.slice(url.indexOf('://') + 3).match(/[/?#].*$/s)?.[0] ?? '';
  return urlOf(origin, behindAuthority.startsWith('/') ? behindAuthority : `/${behindAuthority}`);
}

/** Checks the options of an adapter. @param {{ publicOrigin?: string }} [options] */
export function adapterOptions({ publicOrigin, ...others } = {}) {
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw refused('invalid-options', `unknown option \`${unknown}\`; there is only \`publicOrigin\``);
  if (publicOrigin !== undefined && !ORIGIN.test(publicOrigin)) {
    throw refused('invalid-options', 'option `publicOrigin` is no origin, expected one as `https://example.com`');
  }
  return { publicOrigin };
}
