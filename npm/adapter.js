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
  return (from) => (made ??= Promise.resolve().then(() => createGate(typeof config === 'function' ? config(from) : config)));
}

/**
 * @param {unknown} config
 * @returns {config is import('./index.js').Gate}
 */
function isGate(config) {
  return typeof (/** @type {any} */ (config)?.decide) === 'function';
}

/**
 * A URL under the origin by which the public knows the app, where that is told.
 *
 * @param {string} url absolute
 * @param {string | undefined} publicOrigin
 */
export function publicUrl(url, publicOrigin) {
  if (publicOrigin === undefined) return url;
  const afterScheme = url.indexOf('://') + 3;
  const start = url.indexOf('/', afterScheme);
  return publicOrigin + (start < 0 ? '/' : url.slice(start));
}

/** Checks the options of an adapter. @param {{ publicOrigin?: string }} [options] */
export function adapterOptions({ publicOrigin, ...others } = {}) {
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw refused('invalid-options', `unknown option \`${unknown}\`; there is only \`publicOrigin\``);
  if (publicOrigin !== undefined && !/^https?:\/\/[^/?#\\@\s]+$/.test(publicOrigin)) {
    throw refused('invalid-options', 'option `publicOrigin` is no origin, expected one as `https://example.com`');
  }
  return { publicOrigin };
}
