// What `gate.handle` sends to the app, and takes for its answer: each platform's `Request` and `fetch` have ways of their own.

import { phraseOf } from './decision.js';
import { invalidArgument, kindOf } from './errors.js';
import { forwardHeaders } from './headers.js';

/**
 * The request as the app gets it: built from what was judged, never the one that came in. Its body streams.
 *
 * @param {Request} request
 * @param {{ url: string, target: string, headers: Record<string, string>, isPrivate: boolean }} decision
 */
export function forwarded(request, { url, target, headers, isPrivate }) {
  const { method, body, signal } = request;
  if (request.bodyUsed) throw invalidArgument('request', request, 'a `Request` whose body nobody has read: it is sent on');
  const isInWorker = 'cf' in request;
  // A GET with a body: Workers take one in, and make one of a whole request alone.
  const isGetWithBody = isInWorker && body && (method === 'GET' || method === 'HEAD');
  /** @type {any} */
  const init = { headers: request.headers, redirect: 'manual', signal };
  if (!isGetWithBody) init.method = method;
  if (body && !isGetWithBody) {
    init.body = body;
    init.duplex = 'half';
  }
  if (isInWorker) {
    // What Cloudflare knows about the connection.
    init.cf = request.cf;
    // It keeps what a Worker fetches, by its URL alone. Before the compatibility date 2024-11-11 it cannot be told not to.
    if (isPrivate && 'cache' in Request.prototype) init.cache = 'no-store';
  }
  const outgoing = isGetWithBody ? new Request(new Request(url, request), init) : new Request(url, init);
  const fields = outgoing.headers;
  // How a body came is for one hop, as is `Upgrade`: `fetch` of Node refuses both.
  fields.delete('transfer-encoding');
  // But for a WebSocket, and that by GET alone (RFC 6455 section 4.1): Workers open one by GET whatever the method is, which may be another
  // one than was judged.
  if (method !== 'GET' || fields.get('upgrade')?.toLowerCase() !== 'websocket') fields.delete('upgrade');
  if (!isInWorker && fields.get('accept-encoding')?.includes('zstd')) fields.set('accept-encoding', withoutZstd(String(fields.get('accept-encoding'))));
  forwardHeaders(fields, headers);
  if (!arrivesAsJudged(outgoing.url, target)) throw new Error('the platform would send another path than the one that was judged');
  return isInWorker ? withTokens(outgoing) : outgoing;
}

/** Not every `fetch` decodes it, and none says whether it has: see `asDecoded`. @param {string} codings */
function withoutZstd(codings) {
  return codings.split(',').filter((coding) => !coding.includes('zstd')).join(',') || 'identity';
}

/** What a header may be called (RFC 9110 section 5.1). */
const TOKEN = /^[!#$%&'*+.^_`|~\da-z-]+$/i;

/**
 * Workers let other bytes through, and do not find such a header again to delete it.
 *
 * @param {Request} request
 */
function withTokens(request) {
  const headers = [...request.headers];
  return headers.every(([name]) => TOKEN.test(name)) ? request : new Request(request, { headers: headers.filter(([name]) => TOKEN.test(name)) });
}

/** Whether the platform kept the target byte for byte. @param {string} url @param {string} target */
function arrivesAsJudged(url, target) {
  const start = url.indexOf('/', url.indexOf('://') + 3);
  return url.slice(start) === target;
}

/** The app's answer, of any realm. @param {any} answer */
export function asResponse(answer) {
  if (typeof answer?.status === 'number' && typeof answer.headers?.get === 'function') return answer;
  throw new TypeError(`\`forward\` gave ${kindOf(answer)}, expected a \`Response\``);
}

/** What `fetch` decodes everywhere but in Deno. */
const DECODED = /^(x-)?gzip$|^deflate$|^br$/i;
/** What it decodes there, too, unless the request wants a part or a body that is not encoded. */
const DECODED_BY_DENO = /^gzip$|^br$/i;

/**
 * Outside of Workers `fetch` gives a body decoded, under the fields that say how it was encoded: whoever sent both on would send nonsense.
 *
 * @param {Response} answer
 * @param {Headers} asked the request's
 */
export function asDecoded(answer, asked) {
  const isDeno = 'Deno' in globalThis;
  if (isDeno && (asked.has('range') || asked.get('accept-encoding')?.toLowerCase() === 'identity')) return answer;
  // Only what `fetch` gave has a URL.
  if (!answer.url || !answer.body || !(isDeno ? DECODED_BY_DENO : DECODED).test(answer.headers.get('content-encoding') ?? '')) return answer;
  const headers = new Headers(answer.headers);
  headers.delete('content-encoding');
  headers.delete('content-length');
  return new Response(answer.body, { status: answer.status, statusText: phraseOf(answer), headers });
}
