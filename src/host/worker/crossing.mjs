// What is done on JavaScript's side of the boundary since each step across it costs more than the step itself: text goes straight
// into Wasm's memory, and a request for the origin is made in one call. Nothing is decided here.

const encoder = new TextEncoder();
/** Judged header names that are kept: browsers and proxies send some fifty. A flood of others makes the memory start anew. */
const KEPT_NAMES = 512;
/** Ways of an origin to speak to caches that are kept; most have a handful. Longer ones are worked out each time. */
const KEPT_CACHE_FIELDS = 64;
const KEPT_CACHE_CHARS = 512;

/** @type {string[]} */
let headerNames = [];
/** @type {string[]} */
let networkNames = [];
/** @type {WebAssembly.Memory | undefined} */
let memory;
let view = new Uint8Array(0);
let bytes = new Uint8Array(0);
let lengths = new Int32Array(0);
/** @type {(name: string) => boolean} */
let mayPass = () => false;
/** @type {Map<string, boolean>} */
let judged = new Map();
/** @type {(cacheControl: string, vary: string) => string} */
let makePrivate = () => 'cache-control\nno-store\n';
/** What an answer to one user says to caches, by what the origin says. @type {Map<string, string>} */
let madePrivate = new Map();

/**
 * Says once an instance what it needs to know.
 *
 * @param {string} names the headers that the core may ask for, in its order, joined by commas
 * @param {WebAssembly.Memory} wasmMemory
 * @param {string} networks the headers of an answer that are for caches of the network, joined by commas
 * @param {(name: string) => boolean} judge whether a request header of that name goes on to the origin
 * @param {(cacheControl: string, vary: string) => string} toPrivate the fields of an answer to one user in the place of the origin's own
 */
export function register(names, wasmMemory, networks, judge, toPrivate) {
  headerNames = names.split(',');
  networkNames = networks.split(',');
  memory = wasmMemory;
  view = new Uint8Array(0);
  bytes = new Uint8Array(0);
  lengths = new Int32Array(0);
  mayPass = judge;
  judged = new Map();
  makePrivate = toPrivate;
  madePrivate = new Map();
}

/** What `Sec-Fetch-Dest` says of a page that a browser opens. */
const DOCUMENT = 'document';
/** The page that Next.js is told a visitor comes from. */
const CAME_FROM = 'next-url';
/** A text of no more letters is copied letter by letter: a call of the encoder costs as much as a hundred of them. */
const SHORT = 128;

/**
 * Writes what nearly every decision looks at into Wasm's memory as UTF-8, one behind the other: the headers `cookie`, `sec-fetch-dest`,
 * `referer`, `authorization` and `next-url`, the method and the URL. Returns the length in bytes of all; -2 less the room that it may need where
 * there is too little. The length of each goes to `lengthsAt`: -1 for a header that is absent, -2 for one that was not looked at.
 *
 * @param {Request} request
 * @param {number} at
 * @param {number} room
 * @param {number} lengthsAt
 */
export function readRequest(request, at, room, lengthsAt) {
  const { method, url, headers } = request;
  const cookie = headers.get('cookie');
  const authorization = headers.get('authorization');
  // Without cookies most decisions do not ask for these, and each look costs.
  const destination = cookie === null ? undefined : headers.get('sec-fetch-dest');
  const isDocument = destination === DOCUMENT;
  const referer = isDocument ? headers.get('referer') : undefined;
  // A browser that opens a page sends none, and none goes on with one: see `outgoing`.
  const cameFrom = isDocument ? null : headers.get(CAME_FROM);
  const fields = (cookie?.length ?? 0) + (authorization?.length ?? 0) + (destination?.length ?? 0) + (referer?.length ?? 0) + (cameFrom?.length ?? 0);
  const letters = method.length + url.length + fields;
  if (letters * 3 > room) return -2 - letters * 3;
  // Memory that has grown is another buffer, and what was seen of the old one is empty.
  if (bytes.length === 0) bytes = new Uint8Array(memory.buffer);
  if (lengths.length === 0 || lengths.byteOffset !== lengthsAt) lengths = new Int32Array(memory.buffer, lengthsAt, 7);
  let end = at;
  if (cookie === null) lengths[0] = -1;
  else end += lengths[0] = encoder.encodeInto(cookie, part(at, room)).written;
  end = put(1, destination, end);
  end = put(2, referer, end);
  end = put(3, authorization, end);
  end = put(4, cameFrom, end);
  end = put(5, method, end);
  return put(6, url, end) - at;
}

/**
 * Writes one of them behind the others, where there is room for it. Returns where it ends.
 *
 * @param {number} index
 * @param {string | null | undefined} text
 * @param {number} at
 */
function put(index, text, at) {
  if (text === null || text === undefined) {
    lengths[index] = text === null ? -1 : -2;
    return at;
  }
  const { length } = text;
  let written = 0;
  if (length <= SHORT) {
    for (; written < length; written += 1) {
      const letter = text.charCodeAt(written);
      if (letter > 127) break;
      bytes[at + written] = letter;
    }
  }
  if (written < length) written = encoder.encodeInto(text, bytes.subarray(at)).written;
  lengths[index] = written;
  return at + written;
}

/**
 * Writes a header's value into Wasm's memory as UTF-8. Returns its length in bytes; -1 where there is none; -2 less the room that
 * it may need where there is too little.
 *
 * @param {Request} request
 * @param {number} index
 * @param {number} at
 * @param {number} room
 */
export function readHeader({ headers }, index, at, room) {
  const value = headers.get(headerNames[index]);
  if (value === null) return -1;
  if (value.length * 3 > room) return -2 - value.length * 3;
  return encoder.encodeInto(value, part(at, room)).written;
}

/**
 * A part of Wasm's memory; the same one as long as the same is asked for.
 *
 * @param {number} at
 * @param {number} length
 */
function part(at, length) {
  // Memory that has grown is another buffer, and what was seen of the old one is empty.
  if (view.byteOffset !== at || view.length !== length) view = new Uint8Array(memory.buffer, at, length);
  return view;
}

/**
 * Begins to check a signature. What is checked is seen where it stands in Wasm's memory: whoever waits keeps it there, and Web Crypto has copied
 * it when `verify` returns (Web Cryptography API, section 14.3.4, steps 2 and 3).
 *
 * @param {AlgorithmIdentifier} algorithm
 * @param {CryptoKey} key
 * @param {number} signature
 * @param {number} signatureBytes
 * @param {number} data
 * @param {number} dataBytes
 */
export function verify(algorithm, key, signature, signatureBytes, data, dataBytes) {
  const { buffer } = memory;
  return crypto.subtle.verify(algorithm, key, new Uint8Array(buffer, signature, signatureBytes), new Uint8Array(buffer, data, dataBytes));
}

/** What a header may be called (RFC 9110 section 5.1). The platform lets other bytes through, and does not find such a header again to delete it. */
const TOKEN = /^[!#$%&'*+.^_`|~\da-z-]+$/i;

/**
 * Takes off the headers that may not pass.
 *
 * @param {Request} out
 * @param {(name: string) => boolean} passes
 * @returns {Request} the same one; another, where a name could not be deleted
 */
function withoutOthers(out, passes) {
  const { headers } = out;
  let isOdd = false;
  for (const name of [...headers.keys()]) {
    if (passes(name)) continue;
    if (TOKEN.test(name)) headers.delete(name);
    else isOdd = true;
  }
  return isOdd ? new Request(out, { headers: [...headers].filter(([name]) => TOKEN.test(name)) }) : out;
}

/**
 * Makes the request for the origin: another URL, without the headers that may not pass, and with those that are given.
 *
 * @param {string} url
 * @param {Request} request
 * @param {string} fields names and values in turn, one a line
 */
export function outgoing(url, request, fields) {
  // Only by GET (RFC 6455 section 4.1): the platform opens a WebSocket by GET whatever the method is, which may be another one than was judged.
  const isUpgrade = request.method === 'GET' && request.headers.has('upgrade');
  const out = withoutOthers(new Request(url, request), (name) => {
    let passes = judged.get(name);
    if (passes === undefined) {
      if (judged.size >= KEPT_NAMES) judged.clear();
      judged.set(name, (passes = mayPass(name) && TOKEN.test(name)));
    }
    if (name === CAME_FROM && request.headers.get('sec-fetch-dest') === DOCUMENT) return false;
    // A WebSocket is opened by `Connection: upgrade`, which the platform writes itself.
    return isUpgrade ? passes || name === 'connection' : passes && name !== 'upgrade';
  });
  setFields(out.headers, fields);
  return out;
}

/**
 * Sends a request whose answer is for one user: the platform keeps what comes to a Worker by `fetch`, too, by its URL alone.
 *
 * @param {Request} request
 */
export function fetchForOne(request) {
  return fetch(request, { cache: 'no-store' });
}

/**
 * The origin's answer, as it is for one user: what it tells caches is kept, but for what would let them give it to others. The headers of an
 * answer that came in cannot be changed; one made anew from it streams the same body.
 *
 * @param {Response} response
 */
export function privateAnswer(response) {
  const answer = new Response(response.body, response);
  const { headers } = answer;
  const cacheControl = headers.get('cache-control') ?? '';
  const vary = headers.get('vary') ?? '';
  const said = `${cacheControl}\n${vary}`;
  let fields = madePrivate.get(said);
  if (fields === undefined) {
    fields = makePrivate(cacheControl, vary);
    if (madePrivate.size >= KEPT_CACHE_FIELDS) madePrivate.clear();
    if (said.length <= KEPT_CACHE_CHARS) madePrivate.set(said, fields);
  }
  setFields(headers, fields);
  for (const name of networkNames) headers.delete(name);
  return answer;
}

/**
 * An answer without its body.
 *
 * @param {Response} response
 * @param {string} kept names of the headers that stay, joined by commas
 */
export function withoutBody({ status, headers, body }, kept) {
  // Nobody will read it: the origin need not send the rest.
  body?.cancel().catch(() => {});
  const names = kept.split(',');
  return new Response(null, { status, headers: [...headers].filter(([name]) => names.includes(name)) });
}

/** Id, time and signatures of a delivery, as servers read names that fold what is no letter into one. */
const OF_DELIVERIES = /^(svix|webhook)[^a-z\d](id|timestamp|signature)$/;

/**
 * A delivery with the body that was read to be checked. Of its id and time the origin is told what was signed, and nothing else.
 *
 * @param {Request} request
 * @param {Uint8Array<ArrayBuffer>} body
 * @param {string} signed the names of the fields that were checked, joined by commas
 */
export function delivered(request, body, signed) {
  const names = signed.split(',');
  return withoutOthers(new Request(request, { body }), (name) => !OF_DELIVERIES.test(name) || names.includes(name));
}

/** By what clients and other proxies say who a client is, and the gate who it is to Clerk; it says both itself. */
const SAID_BY_GATE = /^(x-forwarded-.*|(x-original-)?forwarded.*|x-(real|client|cluster-client)-ip|(true-|fastly-|wl-proxy-)?client-ip|cf-.*|clerk-(proxy-url|secret-key))$/;

/**
 * Makes the request for Clerk's Frontend API. What is Clerk's own passes; what is for one hop, or says what only the gate may, does not.
 *
 * @param {string} url
 * @param {Request} request
 * @param {string} fields names and values in turn, one a line
 */
export function toFrontendApi(url, request, fields) {
  // A client may name headers that are for one hop only.
  const ofThisHop = (request.headers.get('connection') ?? '').toLowerCase().split(',').map((name) => name.trim());
  ofThisHop.push('upgrade', 'transfer-encoding');
  const out = withoutOthers(new Request(url, request), (name) => {
    // As servers read names that fold what is no letter into one.
    const folded = name.replaceAll(/[^a-z\d]/g, '-');
    const passes = TOKEN.test(name) && (name.startsWith('x-clerk-') || mayPass(name));
    return passes && !ofThisHop.includes(name) && !SAID_BY_GATE.test(folded);
  });
  setFields(out.headers, fields);
  out.headers.set('host', new URL(url).host);
  // Nothing of a session is kept on the way.
  return new Request(out, { redirect: 'manual', cache: 'no-store' });
}

/**
 * @param {Headers} headers
 * @param {string} fields names and values in turn, one a line
 */
function setFields(headers, fields) {
  const lines = fields.split('\n');
  for (let line = 0; line + 1 < lines.length; line += 2) headers.set(lines[line], lines[line + 1]);
}

/**
 * Denies without a detail: what went wrong is for the log.
 *
 * @param {unknown} error
 */
export function failed(error) {
  console.error(`portcullis: no answer could be made, it is 500: ${error}`);
  const problem = { type: 'about:blank', title: 'Internal Server Error', status: 500, reason: 'internal-error' };
  return new Response(JSON.stringify(problem), {
    status: 500,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', vary: 'Cookie, Authorization' },
  });
}
