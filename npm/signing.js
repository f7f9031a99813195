// Signatures that a Wasm module wants made, by Web Crypto: those of the gate. The keys for it are kept.

/** Keys that are kept. A gate has one. */
const KEPT_KEYS = 64;

const encoder = new TextEncoder();

/** By their id. @type {Map<string, CryptoKey>} */
const keys = new Map();

/**
 * Signs with ES256.
 *
 * @param {string} text the key's id, the key as a JWK, and what is to be signed, as the core has them
 */
export async function sign(text) {
  const [id, jwk, input] = JSON.parse(text);
  let key = keys.get(id);
  if (key === undefined) {
    key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
    if (keys.size >= KEPT_KEYS) keys.clear();
    keys.set(id, key);
  }
  return new Uint8Array(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, encoder.encode(input)));
}
