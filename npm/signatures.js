// Signatures that a Wasm module wants checked, by Web Crypto. The keys for it are kept.

import { RSA, SCHEME, parametersOf } from './io.js';

/** Imported keys that are kept; a key set holds one or two. */
const KEPT_KEYS = 64;

/** @typedef {<T>(call: () => T) => T} Guard how an instance is called */

/**
 * @param {typeof import('./dist/runs.js')} core what the instance exports
 * @param {import('./texts.js').Texts} texts its own
 */
export function signaturesOf(core, { text, bytes, words }) {
  /** By the numbers that the instance has for them. @type {Map<number, CryptoKey>} */
  const importedKeys = new Map();

  /**
   * Checks the signature of the step that was just taken.
   *
   * @param {number} run
   * @param {Guard} guard
   * @returns {Promise<boolean>}
   */
  function verify(run, guard) {
    const { name, algorithm, signature, data } = guard(signatureOfStep);
    const parameters = algorithm < SCHEME ? RSA : parametersOf(algorithm);
    const key = importedKeys.get(name);
    if (key !== undefined) return crypto.subtle.verify(parameters, key, signature, data);
    // Until the key is there the memory may have grown, and what was seen of it is empty then.
    const [itsSignature, itsData] = [signature.slice(), data.slice()];
    return importKey(run, guard, name, algorithm).then((imported) => crypto.subtle.verify(parameters, imported, itsSignature, itsData));
  }

  /**
   * What the core says about it. Both are seen where they stand in its memory: they stay there while the run waits, and Web Crypto has
   * copied them when `verify` returns. With a buffer of their own a decision takes 3 % longer.
   *
   * Source: Web Cryptography API, section 14.3.4, steps 2 and 3: "a copy of the bytes", before anything is done in parallel.
   */
  function signatureOfStep() {
    const at = core.signature_place() >>> 2;
    const memory = bytes();
    const said = words();
    const seen = (/** @type {number} */ place) => memory.subarray(said[place], said[place] + said[place + 1]);
    const algorithm = said[at + 1];
    return { name: said[at] * SCHEME * 8 + algorithm, algorithm, signature: seen(at + 2), data: seen(at + 4) };
  }

  /**
   * @param {number} run
   * @param {Guard} guard
   * @param {number} name
   * @param {number} algorithm
   */
  async function importKey(run, guard, name, algorithm) {
    const jwk = JSON.parse(guard(() => {
      core.signature_key(run);
      return text();
    }));
    const key = await crypto.subtle.importKey('jwk', jwk, parametersOf(algorithm), false, ['verify']);
    if (importedKeys.size >= KEPT_KEYS) importedKeys.clear();
    importedKeys.set(name, key);
    return key;
  }

  return { verify };
}
