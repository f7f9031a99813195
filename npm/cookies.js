// What keeps apart the cookies of instances on one domain.
//
// Source: `getCookieSuffix` in `@clerk/shared`.

/** Suffixes that are kept, by publishable key. A program has one or two. */
const KEPT_SUFFIXES = 16;

const encoder = new TextEncoder();

/** @type {Map<string, string>} */
const suffixes = new Map();

/**
 * The suffix of an instance's cookies; at once, where it is known. It is a SHA-1, which the host has and the module does without.
 *
 * @param {unknown} publishableKey
 * @returns {string | Promise<string>} empty for what is no publishable key: the core says so
 */
export function suffixOf(publishableKey) {
  if (typeof publishableKey !== 'string') return '';
  return suffixes.get(publishableKey) ?? makeSuffix(publishableKey);
}

/** @param {string} publishableKey */
async function makeSuffix(publishableKey) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-1', encoder.encode(publishableKey)));
  const suffix = btoa(String.fromCharCode(...digest.subarray(0, 6))).replaceAll('+', '-').replaceAll('/', '_');
  if (suffixes.size >= KEPT_SUFFIXES) suffixes.clear();
  suffixes.set(publishableKey, suffix);
  return suffix;
}
