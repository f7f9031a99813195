// A million calls of the package, and the Wasm memory as it was after the first thousands: no handle and no string is kept.
//
//   node bench/soak.mjs [calls]     a million by default, some minutes
//
// Also measured: the time from the import to the first decision, in processes of their own.

import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';

import { core as gateCore } from '../npm/gate-core.js';
import { core as sessionCore } from '../npm/session-core.js';
import { authenticateRequest, createGate, createRouteMatcher, explain, verifyToken, verifyWebhook } from '../npm/node.js';

const FRONTEND_API = 'soak-test-1.clerk.accounts.dev';
const site = 'https://app.example.com';
const publishableKey = `pk_test_${Buffer.from(`${FRONTEND_API}$`).toString('base64')}`;
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwtKey = publicKey.export({ type: 'spki', format: 'pem' }).toString();

/** @param {Record<string, unknown>} claims */
function token(claims = {}) {
  const now = Math.floor(Date.now() / 1000);
  const part = (/** @type {unknown} */ json) => Buffer.from(JSON.stringify(json)).toString('base64url');
  const payload = { azp: site, exp: now + 86_400, iat: now - 5, nbf: now - 5, iss: `https://${FRONTEND_API}`, sid: 'sess_1', sub: 'user_1', ...claims };
  const signed = `${part({ alg: 'RS256', kid: 'k', typ: 'JWT' })}.${part(payload)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
}

/**
 * Makes the calls, and says by how many bytes the Wasm memory has grown since it was warm.
 *
 * @param {number} calls
 */
export async function soak(calls) {
  const config = { publishableKey, jwtKey, authorizedParties: [site], public: ['/'], admin: ['/admin(.*)'], adminRequires: { claim: 'metadata.role', equals: 'admin' } };
  const gate = await createGate(config);
  const isAdmin = createRouteMatcher(['/admin(.*)']);
  const good = Array.from({ length: 16 }, (_, at) => token({ sid: `sess_${at}` }));
  const expired = token({ exp: 1 });
  const round = async (/** @type {number} */ at) => {
    const headers = { authorization: `Bearer ${good[at % good.length]}`, accept: 'text/html' };
    const asked = new Request(`${site}/page/${at}?q=${at}`, { headers });
    const decision = await gate.decide(asked);
    if (decision.action !== 'forward' || decision.auth?.isAuthenticated !== true) throw new Error('not forwarded');
    await gate.decide(new Request(`${site}/admin/%2e%2e%2f${at}`, { headers }));
    await gate.decide({ method: 'GET', url: `${site}/%00`, headers: new Headers() });
    await gate.handle(new Request(site, { headers: { cookie: `__session=${expired}; __client_uat=1` } }), () => new Response('ok'));
    await verifyToken(good[at % good.length], { jwtKey });
    await verifyToken('a.b.c', { jwtKey }).catch(() => {});
    await authenticateRequest(asked, { publishableKey, secretKey: 'sk_test_000000000000', jwtKey });
    isAdmin(`/x/${at}`);
    if (at % 16 === 0) {
      await explain(config, asked);
      await verifyWebhook(new Request(site, { method: 'POST', body: '{}', headers: { 'svix-id': 'a', 'svix-timestamp': String(Math.floor(Date.now() / 1000)), 'svix-signature': `v1,${'A'.repeat(43)}=` } }), { signingSecret: 'whsec_AAAA' }).catch(() => {});
    }
  };
  const CALLS_A_ROUND = 8;
  const bytes = () => [sessionCore, gateCore].reduce((sum, one) => sum + one.instance().core.memory.buffer.byteLength, 0);
  for (let at = 0; at < 2_000; at += 1) await round(at);
  const warm = bytes();
  for (let at = 0; at < calls / CALLS_A_ROUND; at += 1) await round(at);
  return { warm, grown: bytes() - warm };
}

/** Milliseconds from just before the import to the first decision, in a fresh process; the median of some. */
export function firstDecision(times = 9) {
  // The platform loads its own Request when the first one is made; that is not ours.
  const code = `const request = new Request('${site}/');
    request.headers.get('accept');
    const start = performance.now();
    const { createGate } = await import(${JSON.stringify(new URL('../npm/node.js', import.meta.url).href)});
    const loaded = performance.now();
    const gate = await createGate(${JSON.stringify({ publishableKey, jwtKey, public: ['/'] })});
    await gate.decide(request);
    console.log(JSON.stringify([loaded - start, performance.now() - loaded]));`;
  const runs = Array.from({ length: times }, () => JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' })));
  const median = (/** @type {number} */ which) => runs.map((run) => run[which]).sort((a, b) => a - b)[Math.floor(times / 2)];
  return { importMs: median(0), firstDecisionMs: median(1) };
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const calls = Number(process.argv[2] ?? 1_000_000);
  const started = performance.now();
  const { importMs, firstDecisionMs } = firstDecision();
  console.log(`import: ${importMs.toFixed(1)} ms; createGate to the first decision: ${firstDecisionMs.toFixed(1)} ms`);
  const { warm, grown } = await soak(calls);
  console.log(`${calls} calls in ${((performance.now() - started) / 1000).toFixed(0)} s: ${warm} bytes of Wasm memory when warm, ${grown} more at the end`);
  if (grown !== 0) process.exitCode = 1;
}
