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
    return importKey(run, guard, name, algorithm).then((imported) => crypto.subtle.verify(parameters, imported, signature, data));
  }

  /**
   * What the core says about it. The bytes are copies, both in one buffer: workerd takes several times as long over a view of Wasm
   * memory, and a second buffer costs as much as the rest of this.
   */
  function signatureOfStep() {
    const at = core.signature_place() >>> 2;
    const memory = bytes();
    const said = words();
    const algorithm = said[at + 1];
    const signatureAt = said[at + 2];
    const signatureBytes = said[at + 3];
    const dataAt = said[at + 4];
    const dataBytes = said[at + 5];
    const copy = new Uint8Array(signatureBytes + dataBytes);
    copy.set(memory.subarray(signatureAt, signatureAt + signatureBytes));
    copy.set(memory.subarray(dataAt, dataAt + dataBytes), signatureBytes);
    return { name: said[at] * SCHEME * 8 + algorithm, algorithm, signature: copy.subarray(0, signatureBytes), data: copy.subarray(signatureBytes) };
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
