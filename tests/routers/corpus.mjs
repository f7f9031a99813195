// The recorded targets and ordinary URLs of tests/vectors/paths as requests, and the policy that they were made for.

import { readFileSync } from 'node:fs';

import { head } from '../support/raw.mjs';

/** Laid over the policy of tests/support/gate.mjs: nothing but the lists. */
export const LISTS = {
  public: ['/', '/about', '/blog(.*)', '/api/public(.*)'],
  protected: ['/dashboard(.*)'],
  admin: ['/admin(.*)', '/api/admin(.*)'],
  sign_in_url: undefined, sign_up_url: undefined, unauthorized_url: undefined, api: undefined, static_files: undefined, rules: undefined,
};

/** @param {string} file */
const read = (file) => JSON.parse(readFileSync(new URL(`../vectors/paths/${file}`, import.meta.url), 'utf8'));

/**
 * One request.
 *
 * @typedef {object} Case
 * @property {string} id what it says in `x-case`
 * @property {string} target the request target, as sent
 * @property {string} how the mutation
 * @property {[string, string][]} headers
 * @property {Buffer} bytes
 */

/** @param {string} id @param {string} method @param {string} target @param {string} how @param {[string, string][]} headers @returns {Case} */
const one = (id, method, target, how, headers) => ({ id, target, how, headers, bytes: head(method, target, [['x-case', id], ...headers]) });

/**
 * Every recorded target, as a client writes it and, where that differs, as a URL parser leaves it.
 *
 * A line end in a target would begin a header of its own, and no server would be asked for the target that is meant.
 */
export function attacks() {
  const sent = new Set();
  /** @type {Case[]} */
  const cases = [];
  for (const { id, raw, path, search = '', method = 'GET', headers = [], how } of read('targets.json')) {
    for (const [form, target] of [['raw', raw], ['parsed', path + search]]) {
      const key = JSON.stringify([method, target, headers]);
      if (sent.has(key) || /[\r\n]/.test(target)) continue;
      sent.add(key);
      cases.push(one(`${form}-${id}`, method, target, how, headers));
    }
  }
  return cases;
}

/**
 * The ordinary URLs that are public with this default.
 *
 * @param {'public' | 'protected'} byDefault
 */
export function publicUrls(byDefault) {
  const listed = read('ordinary.json').filter((/** @type {any} */ { expect }) => (expect === 'default' ? byDefault : expect) === 'public');
  return listed.map((/** @type {any} */ { url }, /** @type {number} */ index) => one(`ordinary-${index}`, 'GET', url.split('#')[0], 'ordinary', []));
}

/** Makes the spellings equal that no origin tells apart: unreserved characters escaped or not, digits in either case. @param {string} target */
export function spelling(target) {
  return target.replace(/%[0-9a-f]{2}/gi, (escape) => {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    return /[A-Za-z0-9._~-]/.test(character) ? character : escape.toUpperCase();
  });
}
