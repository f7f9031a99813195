// `createGate`: a policy, and the decisions that it makes.

import { holdsPage, withoutClosedPage } from './action-redirect.js';
import { decisionOf, failedClosed } from './decision.js';
import { PortcullisError, invalidArgument, refused } from './errors.js';
import { asDecoded, asResponse, forwarded } from './forward.js';
import { core, keep, prepare } from './gate-core.js';
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
      // A variable of the environment that is not set. Left out, it would ask for less than it seems to: the core says so, and where.
      if (value === undefined && ONLY_CLOSING.has(name) && Object.hasOwn(this, name)) return null;
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

/** What makes a policy or one of its rules narrower, or lets fewer tokens count: by a variable that is not set it would open what it was to close. */
const ONLY_CLOSING = new Set([
  'authorizedParties', 'admin', 'protected', 'rules', 'methods', 'require', 'where', 'fresh', 'role', 'permission', 'feature', 'plan', 'reverification', 'claim', 'token',
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
    const given = asResponse(await forward(outgoing, { auth: decision.auth, decision }));
    const answer = holdsPage(request, given) ? await withoutClosedPage(settings, request, given) : given;
    return decision.addTo('cf' in request ? answer : asDecoded(answer, outgoing.headers));
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
