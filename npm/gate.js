// `createGate`: a policy, and the decisions that it makes.

import { decisionOf, failedClosed } from './decision.js';
import { PortcullisError, invalidArgument, kindOf, refused } from './errors.js';
import { core, keep, prepare } from './gate-core.js';
import { forwardHeaders } from './headers.js';
import { checkRequest, describeRequest } from './request.js';

/**
 * Makes a gate from a configuration.
 *
 * @param {import('./index.js').GateConfig} config
 * @returns {Promise<any>} a `Gate`
 */
export async function createGate(config) {
  const settings = describeConfig(config);
  await core.ready();
  prepare('gate', settings);
  const kept = keep(settings);
  return Object.freeze({
    decide: (/** @type {Request} */ request) => decide(kept.settings, request),
    handle: (/** @type {Request} */ request, /** @type {any} */ forward) => handle(kept.settings, request, forward),
  });
}

/**
 * The configuration as JSON. What JSON would silently drop is an error.
 *
 * @param {unknown} config
 */
export function describeConfig(config) {
  if (config === null || typeof config !== 'object' || Array.isArray(config)) throw invalidArgument('config', config, 'an object of settings');
  try {
    return JSON.stringify(config, function (/** @type {string} */ name) {
      // As it stands there: what JSON is given of an object with `toJSON` is what that says.
      const value = this[name];
      const found = whatIsLost(value);
      // A variable of the environment that is not set: left out, it would be a wish to let the tokens of every origin count. The core says so.
      if (value === undefined && name === 'authorizedParties' && this === config) return null;
      if (value === undefined && ONLY_CLOSING.has(name) && Object.hasOwn(this, name)) {
        throw refused('invalid-options', `setting \`${name}\` is undefined, and would ask for less than it seems to; leave it out where that is meant`);
      }
      if (found === undefined) return value;
      const setting = name === '' ? 'the configuration' : `setting \`${name}\``;
      throw refused('invalid-options', `${setting} is ${found}, expected text, a finite number, a boolean, a list or a plain object`);
    });
  } catch (error) {
    if (error instanceof PortcullisError) throw error;
    // A cycle, a BigInt, or a getter of the caller's that throws.
    throw refused('invalid-options', 'the configuration cannot be written as JSON', { cause: error });
  }
}

/** What makes a policy or one of its rules narrower, wherever it stands: by a variable that is not set it would open what it was to close. */
const ONLY_CLOSING = new Set([
  'admin', 'protected', 'rules', 'methods', 'require', 'where', 'fresh', 'role', 'permission', 'feature', 'plan', 'reverification', 'claim', 'token',
]);

/**
 * What of a value JSON would drop or take for another one, in words; nothing, where it is written whole. Members that are inherited, hidden
 * or made by `toJSON` are lost without a word, and without its `admin` a policy is another one.
 *
 * @param {any} value
 * @returns {string | undefined}
 */
function whatIsLost(value) {
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') return `a ${typeof value}`;
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (typeof value !== 'object' || value === null) return undefined;
  if (value instanceof RegExp) return 'a RegExp';
  if (typeof value.toJSON === 'function') return 'an object with `toJSON`';
  if (Array.isArray(value)) return undefined;
  // A plain object of any realm: what is behind it has nothing behind it.
  const parent = Object.getPrototypeOf(value);
  if (parent !== null && Object.getPrototypeOf(parent) !== null) return 'an object with inherited members';
  return Object.getOwnPropertyNames(value).length > Object.keys(value).length ? 'an object with hidden members' : undefined;
}

/**
 * @param {string} settings
 * @param {import('./request.js').RequestLike} request
 * @returns {Promise<any>} a `Decision`
 */
export async function decide(settings, request) {
  const read = checkRequest(request);
  try {
    const id = requestId();
    const checked = core.check('gate', settings, describeRequest(read, id), read.headers);
    return decisionOf(checked instanceof Promise ? await checked : checked, read.url, id);
  } catch (error) {
    // Of the latter, here, headers that throw when they are read.
    if (!['internal-error', 'invalid-argument'].includes(/** @type {any} */ (error)?.code)) throw error;
    console.error('portcullis: no decision could be made, the answer is 500:', error);
    return failedClosed(error);
  }
}

/**
 * @param {string} settings
 * @param {Request} request
 * @param {(request: Request, about: { auth: any, decision: any }) => Response | Promise<Response>} forward
 */
async function handle(settings, request, forward) {
  if (typeof forward !== 'function') throw invalidArgument('forward', forward, 'a function that takes a `Request` and answers a `Response`');
  const decision = await decide(settings, request);
  if (decision.action !== 'forward') return decision.toResponse();
  try {
    const outgoing = forwarded(request, decision);
    const answer = asResponse(await forward(outgoing, { auth: decision.auth, decision }));
    return decision.addTo('cf' in request ? answer : asDecoded(answer, outgoing.headers));
  } catch (error) {
    console.error('portcullis: the app gave no answer, the answer is 502:', error);
    return unreachable(decision);
  }
}

/** The app's answer, of any realm. @param {any} answer */
function asResponse(answer) {
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
function asDecoded(answer, asked) {
  const isDeno = 'Deno' in globalThis;
  if (isDeno && (asked.has('range') || asked.get('accept-encoding')?.toLowerCase() === 'identity')) return answer;
  // Only what `fetch` gave has a URL.
  if (!answer.url || !answer.body || !(isDeno ? DECODED_BY_DENO : DECODED).test(answer.headers.get('content-encoding') ?? '')) return answer;
  const headers = new Headers(answer.headers);
  headers.delete('content-encoding');
  headers.delete('content-length');
  return new Response(answer.body, { status: answer.status, statusText: answer.statusText, headers });
}

/** @param {{ responseHeaders: readonly (readonly [string, string])[] }} decision */
function unreachable({ responseHeaders }) {
  try {
    const { status, headers, body } = JSON.parse(core.ask(({ core, text }) => (core.origin_unreachable(), text())));
    return new Response(body, { status, headers: [...headers, ...responseHeaders] });
  } catch (error) {
    return failedClosed(error).toResponse();
  }
}

/**
 * The request as the app gets it: built from what was judged, never the one that came in. Its body streams.
 *
 * @param {Request} request
 * @param {{ url: string, target: string, headers: Record<string, string>, isPrivate: boolean }} decision
 */
function forwarded(request, { url, target, headers, isPrivate }) {
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

/** Characters of an id: 128 random bits in hexadecimal. */
const ID_CHARS = 32;
/** Ids that are drawn at once: to ask Web Crypto for each takes longer than all else about it. */
const DRAWN = 128;
/** What ids are drawn with; made for the first ones. @type {{ digitsOf: Uint16Array, random: Uint8Array<ArrayBuffer>, digits: Uint16Array<ArrayBuffer>, decoder: TextDecoder } | undefined} */
let urn;
let ids = '';
let used = 0;

/** A name for one request. */
export function requestId() {
  if (used === ids.length) {
    ids = draw();
    used = 0;
  }
  used += ID_CHARS;
  return ids.slice(used - ID_CHARS, used);
}

function draw() {
  const { digitsOf, random, digits, decoder } = (urn ??= makeUrn());
  crypto.getRandomValues(random);
  for (let at = 0; at < random.length; at += 1) digits[at] = digitsOf[random[at]];
  return decoder.decode(digits);
}

function makeUrn() {
  // Two hexadecimal digits for each byte, as they stand in memory.
  const bytes = new Uint8Array(512);
  new TextEncoder().encodeInto(Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0')).join(''), bytes);
  const random = new Uint8Array((DRAWN * ID_CHARS) / 2);
  return { digitsOf: new Uint16Array(bytes.buffer), random, digits: new Uint16Array(random.length), decoder: new TextDecoder() };
}
