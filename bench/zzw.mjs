const RSA = 'RSASSA-PKCS1-v1_5';
const RSAO = { name: RSA };
const encoder = new TextEncoder();
const ring = [];
let ready;
export default {
  async fetch(request, env) {
    const name = new URL(request.url).pathname.slice(1);
    const body = await request.json();
    if (name === 'upload') return Response.json(ring.push(...body));
    ready ??= prepare(env);
    const entry = (await ready)[name];
    const { from = 0, count = 0, tokens = ring.slice(from, from + count), times = 1 } = body;
    let ok = 0;
    for (let round = 0; round < times; round += 1) for (const token of tokens) ok += Number(await entry(token));
    return Response.json({ ok, refused: times * tokens.length - ok });
  },
};
async function prepare(env) {
  const key = await crypto.subtle.importKey('jwk', env.JWK, { name: RSA, hash: 'SHA-256' }, false, ['verify']);
  const operands = new Map();
  const operandsOf = (token) => {
    let found = operands.get(token);
    if (!found) {
      const end = token.lastIndexOf('.');
      found = [fromBase64Url(token.slice(end + 1)), encoder.encode(token.slice(0, end))];
      operands.set(token, found);
    }
    return found;
  };
  const pool = new Uint8Array(4096);
  const poolS = new Uint8Array(256);
  const memory = new WebAssembly.Memory({ initial: 36 });
  const wasm = new Uint8Array(memory.buffer);
  const small = new WebAssembly.Memory({ initial: 1 });
  const wasmSmall = new Uint8Array(small.buffer);
  return {
    empty: async () => true,
    floor: async (token) => { const [s, d] = operandsOf(token); return crypto.subtle.verify(RSA, key, s, d); },
    floorO: async (token) => { const [s, d] = operandsOf(token); return crypto.subtle.verify(RSAO, key, s, d); },
    fresh1: async (token) => { const [s, d] = operandsOf(token); const n = s.length; const copy = new Uint8Array(n + d.length); copy.set(s); copy.set(d, n); return crypto.subtle.verify(RSA, key, copy.subarray(0, n), copy.subarray(n)); },
    fresh2: async (token) => { const [s, d] = operandsOf(token); return crypto.subtle.verify(RSA, key, s.slice(), d.slice()); },
    pooled: async (token) => { const [s, d] = operandsOf(token); const n = s.length; pool.set(s); pool.set(d, n); return crypto.subtle.verify(RSA, key, pool.subarray(0, n), pool.subarray(n, n + d.length)); },
    pooledS: async (token) => { const [s, d] = operandsOf(token); poolS.set(s); pool.set(d); return crypto.subtle.verify(RSA, key, poolS, pool.subarray(0, d.length)); },
    wasmv: async (token) => { const [s, d] = operandsOf(token); const n = s.length; wasm.set(s); wasm.set(d, n); return crypto.subtle.verify(RSA, key, wasm.subarray(0, n), wasm.subarray(n, n + d.length)); },
    wasms: async (token) => { const [s, d] = operandsOf(token); const n = s.length; wasmSmall.set(s); wasmSmall.set(d, n); return crypto.subtle.verify(RSA, key, wasmSmall.subarray(0, n), wasmSmall.subarray(n, n + d.length)); },
    wrapped: async (token) => { const [s, d] = operandsOf(token); const n = s.length; pool.set(s); pool.set(d, n); const ok = await crypto.subtle.verify(RSA, key, pool.subarray(0, n), pool.subarray(n, n + d.length)); return ok; },
  };
}
function fromBase64Url(text) { const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/')); return Uint8Array.from(binary, (c) => c.charCodeAt(0)); }
