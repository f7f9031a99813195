// Signatures that a Wasm module wants checked or made, by Web Crypto. The keys for it are kept.

import { RSA, SCHEME, parametersOf } from './io.js';

/** Imported keys that are kept; a key set holds one or two. */
const KEPT_KEYS = 64;

const encoder = new TextEncoder();

/** @typedef {<T>(mine: number, call: () => T) => T} Guarded */

/**
 * @param {typeof import('./dist/runs.js')} wasm the bindings of the module
 * @param {import('./texts.js').Texts} texts its own
 * @param {Guarded} guarded calls into it
 */
export function signaturesOf(wasm, { text, bytes, words }, guarded) {
  /** @type {Map<number, CryptoKey>} */
  let importedKeys = new Map();
  /** The gate's own keys, by their id. @type {Map<string, CryptoKey>} */
  const signingKeys = new Map();

  /**
   * Checks the signature of the step that was just taken.
   *
   * @param {number} mine
   * @param {number} run
   * @returns {Promise<boolean>}
   */
  function verify(mine, run) {
    const { name, algorithm, signature, data } = guarded(mine, signatureOfStep);
    const parameters = algorithm < SCHEME ? RSA : parametersOf(algorithm);
    const key = importedKeys.get(name);
    if (key !== undefined) return crypto.subtle.verify(parameters, key, signature, data);
    return importKey(mine, run, name, algorithm).then((imported) => crypto.subtle.verify(parameters, imported, signature, data));
  }

  /**
   * What the core says about it. The bytes are copies, both in one buffer: workerd takes several times as long over a view of Wasm
   * memory, and a second buffer costs as much as the rest of this.
   */
  function signatureOfStep() {
    const at = wasm.signature_place() >>> 2;
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
   * @param {number} mine
   * @param {number} run
   * @param {number} name
   * @param {number} algorithm
   */
  async function importKey(mine, run, name, algorithm) {
    const kept = importedKeys;
    const jwk = JSON.parse(guarded(mine, () => {
      wasm.signature_key(run);
      return text();
    }));
    const key = await crypto.subtle.importKey('jwk', jwk, parametersOf(algorithm), false, ['verify']);
    if (kept.size >= KEPT_KEYS) kept.clear();
    kept.set(name, key);
    return key;
  }

  /**
   * Signs with ES256.
   *
   * @param {string} id of the key
   * @param {JsonWebKey} jwk
   * @param {string} input
   */
  async function sign(id, jwk, input) {
    let key = signingKeys.get(id);
    if (key === undefined) {
      key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
      if (signingKeys.size >= KEPT_KEYS) signingKeys.clear();
      signingKeys.set(id, key);
    }
    return new Uint8Array(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, encoder.encode(input)));
  }

  /** Forgets what the module calls its keys: there is another instance. */
  function forget() {
    importedKeys = new Map();
  }

  return { verify, sign, forget };
}
