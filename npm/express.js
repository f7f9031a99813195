// `portcullis/express`: the gate as a middleware of Express, and of whatever else hands on Node's own requests.
//
// Bodies are not touched: neither the request's nor the response's is read or kept here.

import { NO_PATH, adapterOptions, gateOnce, urlOf } from './adapter.js';
import { isReserved, privateHeaders } from './headers.js';

/**
 * @param {any} config
 * @param {import('./express.js').AdapterOptions} [options]
 * @returns {any}
 */
export function gate(config, options) {
  const theGate = gateOnce(config);
  const { publicOrigin } = adapterOptions(options);
  return (/** @type {any} */ request, /** @type {any} */ response, /** @type {(error?: unknown) => void} */ next) => {
    pass(theGate, publicOrigin, request, response).then((isForwarded) => isForwarded && next(), next);
  };
}

/**
 * @param {(from: any) => Promise<import('./index.js').Gate>} theGate
 * @param {string | undefined} publicOrigin
 * @param {any} request
 * @param {import('node:http').ServerResponse} response
 */
async function pass(theGate, publicOrigin, request, response) {
  const target = routedTarget(request);
  const url = urlOf(publicOrigin ?? originOf(request), target);
  const decision = await (await theGate(request)).decide({ method: request.method, url, headers: headersOf(request) });
  if (decision.action !== 'forward') {
    response.statusCode = decision.status;
    for (const [name, value] of decision.responseHeaders) response.appendHeader(name, value);
    response.end(decision.body ?? undefined);
    return false;
  }
  showJudged(request, target, decision.target);
  takeOver(request, decision.headers);
  request.auth = decision.auth;
  beforeHeaders(response, () => {
    if (decision.isPrivate) makePrivate(response);
    for (const [name, value] of decision.responseHeaders) response.appendHeader(name, value);
  });
  return true;
}

/**
 * What is routed by: the target as it came, also where this is mounted under a path, or what something before the gate has put in its place.
 *
 * @param {{ originalUrl?: string, baseUrl?: string, url: string }} request
 */
function routedTarget({ originalUrl, baseUrl, url }) {
  // Of a target that is no path, Express puts what is before the path somewhere else.
  if (originalUrl === undefined || !originalUrl.startsWith('/')) return originalUrl ?? url;
  // Where nothing is left of the path behind the mount's, Express and Connect put a slash.
  const withoutSlash = /^\/(\?|$)/.test(url) ? url.slice(1) : url;
  // Connect's mounts do not say where they are. What is not the end of the target was rewritten, and what it is routed by cannot be told.
  if (baseUrl === undefined) return originalUrl.endsWith(url) || originalUrl.endsWith(withoutSlash) ? originalUrl : NO_PATH;
  return originalUrl === baseUrl + withoutSlash ? originalUrl : baseUrl + url;
}

/** Scheme and host that the client used. What a proxy says counts where Express's setting `trust proxy` says so. @param {any} request */
function originOf(request) {
  const { socket, headers, app } = request;
  const trusts = app?.get?.('trust proxy fn');
  const isTrusted = typeof trusts === 'function' && trusts(socket?.remoteAddress, 0);
  const said = (/** @type {string} */ name) => (isTrusted ? headers[name]?.split(',')[0].trim() : undefined);
  const scheme = said('x-forwarded-proto') ?? (socket?.encrypted ? 'https' : 'http');
  return `${scheme}://${said('x-forwarded-host') ?? headers.host ?? headers[':authority'] ?? ''}`;
}

/**
 * Node's headers with the face of Fetch's.
 *
 * @param {import('node:http').IncomingMessage} request
 * @returns {Iterable<[string, string]> & { get(name: string): string | null }}
 */
function headersOf({ headers }) {
  const text = (/** @type {string | string[] | undefined} */ value) => (Array.isArray(value) ? value.join(', ') : value);
  return {
    get: (name) => (Object.hasOwn(headers, name) ? text(headers[name]) ?? null : null),
    *[Symbol.iterator]() {
      for (const [name, value] of Object.entries(headers)) {
        const said = text(value);
        if (said !== undefined) yield [name, said];
      }
    },
  };
}

/**
 * What was judged is what is routed.
 *
 * @param {any} request
 * @param {string} came
 * @param {string} judged
 */
function showJudged(request, came, judged) {
  if (came === judged) return;
  const { baseUrl = '' } = request;
  if (request.originalUrl === came) request.originalUrl = judged;
  const rest = judged.slice(baseUrl.length);
  // Mounted under a path that is spelled otherwise now: Express routes on by what it has, which was judged as a reading.
  if (!judged.startsWith(baseUrl) || !/^([/?]|$)/.test(rest)) return;
  request.url = rest.startsWith('/') ? rest : `/${rest}`;
}

/**
 * Takes off what a client may not say, and sets who it is.
 *
 * @param {any} request
 * @param {Readonly<Record<string, string>>} identity
 */
function takeOver(request, identity) {
  const { headers, rawHeaders = [], headersDistinct = {} } = request;
  const goes = (/** @type {string} */ name) => isReserved(name) || Object.hasOwn(identity, name.toLowerCase());
  for (const all of [headers, headersDistinct]) {
    for (const name of Object.keys(all)) {
      if (goes(name)) delete all[name];
    }
  }
  for (let at = rawHeaders.length - 2; at >= 0; at -= 2) {
    if (goes(rawHeaders[at])) rawHeaders.splice(at, 2);
  }
  for (const [name, value] of Object.entries(identity)) {
    headers[name] = value;
    headersDistinct[name] = [value];
    rawHeaders.push(name, value);
  }
}

/** @param {import('node:http').ServerResponse} response */
function makePrivate(response) {
  const said = (/** @type {string} */ name) => response.getHeader(name)?.toString() ?? null;
  const { set, remove } = privateHeaders(said('cache-control'), said('vary'));
  for (const [name, value] of set) response.setHeader(name, value);
  for (const name of remove) response.removeHeader(name);
}

/**
 * Runs once, when the head of the response is about to be written: whatever the app has set by then is there to be seen.
 *
 * @param {any} response
 * @param {() => void} act
 */
function beforeHeaders(response, act) {
  const { writeHead } = response;
  let isDue = true;
  response.writeHead = function (/** @type {number} */ status, /** @type {any[]} */ ...rest) {
    if (!isDue) return writeHead.call(this, status, ...rest);
    // `writeHead(status, headers)` or `writeHead(status, message, headers)`; a message may be left empty.
    const [message, headers] = typeof rest[0] === 'string' || rest.length > 1 ? rest : [undefined, rest[0]];
    // What these throw, as for a value that no header can have, is the app's to answer: by another response, whose head is due still.
    for (const [name, value] of pairsOf(headers ?? message)) this.setHeader(name, value);
    isDue = false;
    act();
    return typeof message === 'string' ? writeHead.call(this, status, message) : writeHead.call(this, status);
  };
}

/**
 * The headers that were given to `writeHead`: an object, pairs, or names and values in turn.
 *
 * @param {any} headers
 * @returns {[string, any][]}
 */
function pairsOf(headers) {
  if (!headers || typeof headers !== 'object') return [];
  /** Values of a name, however it is spelled. @type {Map<string, [string, any]>} */
  const pairs = new Map();
  const add = (/** @type {string} */ name, /** @type {any} */ value) => {
    const known = pairs.get(name.toLowerCase())?.[1];
    pairs.set(name.toLowerCase(), [name, known === undefined ? value : [known, value].flat()]);
  };
  if (!Array.isArray(headers)) return Object.entries(headers).filter(([, value]) => value !== undefined);
  if (Array.isArray(headers[0])) for (const [name, value] of headers) add(name, value);
  else for (let at = 0; at + 1 < headers.length; at += 2) add(headers[at], headers[at + 1]);
  return [...pairs.values()];
}
