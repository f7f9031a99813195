// What a step of the core needs done: calls of the Backend API, and what Web Crypto wants to know.

export const RSA = 'RSASSA-PKCS1-v1_5';

/** An algorithm is the bits of its hash, and from here on its scheme. */
export const SCHEME = 1024;
const SCHEMES = [RSA, 'RSA-PSS', 'ECDSA', 'Ed25519'];
/** @type {Record<number, string>} */
const CURVES = { 256: 'P-256', 384: 'P-384', 512: 'P-521' };

/**
 * What Web Crypto wants to know of an algorithm, to import a key and to verify: of the members each reads its own. The salt of RSA-PSS
 * has the hash's length (RFC 7518 section 3.5).
 *
 * @param {number} algorithm
 */
export function parametersOf(algorithm) {
  const bits = algorithm % SCHEME;
  return { name: SCHEMES[Math.floor(algorithm / SCHEME)], hash: `SHA-${bits}`, namedCurve: CURVES[bits], saltLength: bits / 8 };
}

/**
 * Calls the Backend API as the core wrote it: bounded in time and size, no redirect followed.
 *
 * @param {{ method: string, url: string, headers: [string, string][], body?: string, timeLimitMs: number, limitBytes: number }} call
 */
export async function callBackend({ method, url, headers, body, timeLimitMs, limitBytes }) {
  const signal = AbortSignal.timeout(timeLimitMs);
  const response = await fetch(url, { method, headers, body, redirect: 'manual', signal });
  return { status: response.status, body: await readBody(response, limitBytes) };
}

/**
 * Reads a body, but no more of it than the limit.
 *
 * @param {Response | Request} response
 * @param {number} limit bytes
 * @param {string} [complaint]
 */
export async function readBody(response, limit, complaint = 'the answer is too long') {
  if (!response.body) return readWhole(response, limit, complaint);
  const reader = response.body.getReader();
  /** @type {Uint8Array[]} */
  const chunks = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > limit) {
      reader.cancel().catch(() => {});
      throw new RangeError(complaint);
    }
    chunks.push(value);
  }
  if (chunks.length === 1) return chunks[0];
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

/**
 * What has no stream: an empty body, or an answer that is no `Response` of the platform.
 *
 * @param {Response | Request} response
 * @param {number} limit bytes
 * @param {string} complaint
 */
async function readWhole(response, limit, complaint) {
  const body = new TextEncoder().encode(await response.text());
  if (body.length > limit) throw new RangeError(complaint);
  return body;
}
