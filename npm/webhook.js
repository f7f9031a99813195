// `verifyWebhook`: a delivery to its event. The core says what is to be checked; Web Crypto checks it.

import { checkOptions } from './check-options.js';
import { PortcullisError, invalidArgument, refused } from './errors.js';
import { readBody } from './io.js';
import { checkRequest } from './request.js';
import { core } from './webhook-core.js';

/** @type {string[] | undefined} */
let headerNames;

/**
 * @param {Request} request
 * @param {import('./index.js').VerifyWebhookOptions} [options]
 * @returns {Promise<any>} the event
 */
export async function verifyWebhook(request, options = {}) {
  checkOptions(options);
  const secrets = secretsOf(options);
  checkRequest(request, 'of Node\'s own make one: `new Request(url, { method, headers, body })`, the body as the bytes that came');
  if (!request.body && typeof request.text !== 'function') throw invalidArgument('request', request, 'a `Request`: the signature is over the bytes of its body');
  if (request.bodyUsed) throw invalidArgument('request', request, 'a `Request` whose body nobody has read: the signature is over its bytes');
  await core.ready();
  const mine = core.instance();
  const { handle, prefix, checks, limitBytes } = begin(secrets, request.headers);
  let isOpen = true;
  try {
    const body = await bodyOf(request, limitBytes);
    const isSigned = await hasGoodSignature(checks, prefix, body);
    isOpen = false;
    const refusal = core.ask(({ core, writeAny, text }) => (core.end_webhook(handle, isSigned, writeAny(body)) === 1 ? '' : text()), mine);
    if (refusal) throw rejected(refusal);
    return eventOf(body);
  } finally {
    if (isOpen && mine === core.instance()) core.ask(({ core }) => core.give_up_webhook(handle), mine);
  }
}

/** @param {import('./index.js').VerifyWebhookOptions} options */
function secretsOf({ signingSecret, ...others }) {
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw refused('invalid-options', `unknown option \`${unknown}\`; there is only \`signingSecret\``);
  const secret = signingSecret ?? fromEnvironment();
  if (secret === undefined || secret.length === 0) {
    throw refused('invalid-options', 'option `signingSecret` is missing: expected the secret of the endpoint, `whsec_…`, here or in the variable CLERK_WEBHOOK_SIGNING_SECRET');
  }
  return [secret].flat();
}

/** Several with blanks or commas between while they are changed, as the Worker takes them. */
function fromEnvironment() {
  const variables = globalThis.process?.env;
  const secrets = variables?.CLERK_WEBHOOK_SIGNING_SECRET?.trim() || variables?.CLERK_WEBHOOK_SECRET;
  return secrets?.split(/[\s,]+/).filter((secret) => secret !== '');
}

/**
 * @param {unknown[]} secrets
 * @param {Headers} headers
 * @returns {{ handle: number, prefix: string, checks: [key: string, mac: string][], limitBytes: number }}
 */
function begin(secrets, headers) {
  headerNames ??= namesOfHeaders();
  const fields = Object.fromEntries(headerNames.map((name) => [name, headers.get(name)?.slice(0, HEADER_CHARS)]));
  const delivery = JSON.stringify({ secrets: secrets.map((secret) => (typeof secret === 'string' ? secret : null)), headers: fields });
  const [handle, text] = core.ask(({ core, writeAny, text }) => [core.begin_webhook(writeAny(delivery), Date.now()), text()]);
  if (handle === 0) throw rejected(text);
  return { handle, ...JSON.parse(text) };
}

/** @returns {string[]} */
function namesOfHeaders() {
  return core.ask(({ core, text }) => (core.webhook_header_names(), text())).split(',');
}

/** Characters of a header field that are handed in: more than any real one has. */
const HEADER_CHARS = 8192;

/** @param {Request} request @param {number} limit */
async function bodyOf(request, limit) {
  const tooLarge = () => rejected(JSON.stringify({ reason: 'webhook-body-too-large', message: `webhook body is too large, expected at most ${limit} bytes`, status: 413 }));
  if (Number(request.headers.get('content-length')) > limit) throw tooLarge();
  return readBody(request, limit).catch((error) => {
    throw error instanceof RangeError ? tooLarge() : error;
  });
}

/**
 * Whether one of the signatures is good. Web Crypto compares in constant time.
 *
 * @param {[key: string, mac: string][]} checks
 * @param {string} prefix
 * @param {Uint8Array} body
 */
async function hasGoodSignature(checks, prefix, body) {
  const start = new TextEncoder().encode(prefix);
  const signed = new Uint8Array(start.length + body.length);
  signed.set(start);
  signed.set(body, start.length);
  let isGood = false;
  for (const [key, mac] of checks) {
    const imported = await crypto.subtle.importKey('raw', bytesOf(key), { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
    if (await crypto.subtle.verify('HMAC', imported, bytesOf(mac), signed)) isGood = true;
  }
  return isGood;
}

/** @param {string} hex */
function bytesOf(hex) {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** The event in Clerk's shape. @param {Uint8Array} body */
function eventOf(body) {
  const { type, data, event_attributes, timestamp, instance_id } = JSON.parse(new TextDecoder().decode(body));
  return { type, object: 'event', data, event_attributes, timestamp, instance_id };
}

/** @param {string} text */
function rejected(text) {
  const { reason, message, status } = JSON.parse(text);
  const error = new PortcullisError(status ? 'webhook-rejected' : 'invalid-options', reason, message);
  error.statusCode = status;
  return error;
}
