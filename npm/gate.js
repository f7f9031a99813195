// `createGate`: a policy, and the decisions that it makes.

import { decisionOf, failedClosed } from './decision.js';
import { PortcullisError, invalidArgument, refused } from './errors.js';
import { core, prepare } from './gate-core.js';
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
  return Object.freeze({
    decide: (/** @type {Request} */ request) => decide(settings, request),
    handle: (/** @type {Request} */ request, /** @type {any} */ forward) => handle(settings, request, forward),
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
    return JSON.stringify(config, (name, value) => {
      const isLost = typeof value === 'function' || typeof value === 'symbol' || (typeof value === 'number' && !Number.isFinite(value));
      if (isLost || value instanceof RegExp) {
        const found = value instanceof RegExp ? 'a RegExp' : typeof value === 'number' ? String(value) : `a ${typeof value}`;
        throw refused('invalid-options', `setting \`${name}\` is ${found}, expected text, a finite number, a boolean, a list or a table`);
      }
      return value;
    });
  } catch (error) {
    if (error instanceof PortcullisError) throw error;
    // A cycle, a BigInt, or a getter of the caller's that throws.
    throw refused('invalid-options', 'the configuration cannot be written as JSON', { cause: error });
  }
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
    if (/** @type {any} */ (error)?.code !== 'internal-error') throw error;
    console.error('portcullis: no decision could be made, the answer is 500:', error);
    return failedClosed(error);
  }
}

/**
 * @param {string} settings
 * @param {Request} request
 * @param {(request: Request, decision: any) => Response | Promise<Response>} forward
 */
async function handle(settings, request, forward) {
  if (typeof forward !== 'function') throw invalidArgument('forward', forward, 'a function that takes a `Request` and answers a `Response`');
  const decision = await decide(settings, request);
  if (decision.action !== 'forward') return decision.toResponse();
  try {
    return decision.addTo(await forward(forwarded(request, decision), decision));
  } catch (error) {
    console.error('portcullis: the app gave no answer, the answer is 502:', error);
    return unreachable(decision);
  }
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
 * @param {{ url: string, target: string, headers: Record<string, string> }} decision
 */
function forwarded(request, { url, target, headers }) {
  const { method, body, signal } = request;
  /** @type {any} */
  const init = { method, headers: request.headers, redirect: 'manual', signal };
  if (body) {
    init.body = body;
    init.duplex = 'half';
  }
  // What Cloudflare knows about the connection.
  if ('cf' in request) init.cf = request.cf;
  const outgoing = new Request(url, init);
  forwardHeaders(outgoing.headers, headers);
  if (!arrivesAsJudged(outgoing.url, target)) throw new Error('the platform would send another path than the one that was judged');
  return outgoing;
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
