// A decision, as callers see it: data, and the few things that a host does with it.

import { authObject } from './auth.js';
import { core } from './gate-core.js';
import { forwardHeaders, isStripped, privateHeaders } from './headers.js';
import { issuedObject } from './issued.js';
import { NOBODY, plainForwarding } from './said.js';

/** @typedef {readonly (readonly [string, string])[]} Pairs */

/**
 * @param {import('./loop.js').Checked} checked what the core says
 * @param {string} [url] the request's
 * @param {string} [id] its name
 */
export function decisionOf(checked, url = '', id = '') {
  const plain = plainForwarding(checked, url, id);
  if (plain !== undefined) return new Forwarding(plain, plain.auth);
  const { text } = checked;
  const endOfDecision = text.indexOf('\n');
  const said = JSON.parse(text.slice(0, endOfDecision));
  const auth = text.slice(endOfDecision + 1);
  return said.action === 'forward' ? new Forwarding({ ...said, url: said.origin + said.target, headers: Object.fromEntries(said.headers) }, auth) : new Answering(said, auth);
}

/**
 * The denial where no decision could be made. What went wrong is for the operator: it is the `cause` of the `error`.
 *
 * @param {unknown} error
 */
export function failedClosed(error) {
  const body = JSON.stringify({ type: 'about:blank', title: 'Internal Server Error', status: 500, reason: 'internal-error' });
  const headers = [['cache-control', 'no-store'], ['vary', 'Cookie, Authorization'], ['content-type', 'application/problem+json']];
  const message = error instanceof Error ? error.message : String(error);
  return new Answering({ action: 'deny', reason: 'internal-error', message, answer: { status: 500, headers, body } }, '[null]');
}

/** What every decision has. A class, and no object put together of parts: that would cost more than the decision does. */
class Decision {
  /** The auth object as JSON, in a list of one, or `NOBODY`; read when somebody asks. @type {string} */
  #json;
  /** @type {string | null} */
  #token;
  /** @type {{ auth: any } | undefined} */
  #kept;

  /**
   * @param {string} action
   * @param {number} status
   * @param {any} said
   * @param {string} json
   */
  constructor(action, status, { reason, message, access = null, rule = null, token = null, isPrivate = false, isAzpMissing = false, shadow = null }, json) {
    this.action = action;
    this.status = status;
    this.reason = reason;
    this.message = message;
    this.access = access;
    this.rule = rule;
    this.isPrivate = isPrivate;
    this.isAzpMissing = isAzpMissing;
    this.shadow = shadow;
    this.#json = json;
    this.#token = token;
  }

  get auth() {
    this.#kept ??= { auth: this.#readAuth() };
    return this.#kept.auth;
  }

  #readAuth() {
    const [auth] = JSON.parse(this.#json === NOBODY ? core.ask(({ core, text }) => (core.nobody(), text())) : this.#json);
    const make = auth?.issuer ? issuedObject : authObject;
    return auth && make(auth, this.#token, { reason: this.reason, message: this.message }, core.meets);
  }
}

class Forwarding extends Decision {
  /**
   * @param {any} said
   * @param {string} json
   */
  constructor(said, json) {
    super('forward', 200, said, json);
    /** @type {Pairs} */
    this.responseHeaders = said.responseHeaders ?? [];
    /** @type {string} */
    this.target = said.target;
    /** @type {string} */
    this.url = said.url;
    /** @type {Record<string, string>} */
    this.headers = said.headers;
    this.strips = isStripped;
  }

  /** @param {HeadersInit} incoming */
  requestHeaders(incoming) {
    return forwardHeaders(new Headers(incoming), this.headers);
  }

  /** @param {Response} response */
  addTo(response) {
    return addTo(response, this);
  }

  toResponse() {
    return null;
  }
}

class Answering extends Decision {
  /**
   * @param {any} said
   * @param {string} json
   */
  constructor(said, json) {
    const { status, headers, body = null } = said.answer;
    super(said.action, status, said, json);
    /** @type {Pairs} */
    this.responseHeaders = [...headers, ...(said.responseHeaders ?? [])];
    const location = headers.find((/** @type {[string, string]} */ [name]) => name === 'location')?.[1];
    if (location !== undefined) this.location = location;
    /** @type {string | null} */
    this.body = body;
  }

  toResponse() {
    return new Response(this.body, { status: this.status, headers: /** @type {any} */ (this.responseHeaders) });
  }
}

/**
 * The app's answer with what the decision adds; untouched where that is nothing. The body streams on.
 *
 * @param {Response} response
 * @param {{ isPrivate: boolean, responseHeaders: Pairs }} decision
 */
function addTo(response, { isPrivate, responseHeaders }) {
  // A WebSocket has no headers that anybody keeps.
  if (response.status === 101 || (!isPrivate && responseHeaders.length === 0)) return response;
  const headers = new Headers(response.headers);
  if (isPrivate) makePrivate(headers);
  for (const [name, value] of responseHeaders) headers.append(name, value);
  return new Response(response.body, { status: response.status, statusText: phraseOf(response), headers });
}

/** What may stand in a reason phrase (RFC 9112 section 4). */
const PHRASE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** `fetch` gives the origin's phrase with bytes in it that no `Response` is made with; nobody needs it. @param {Response} response */
export function phraseOf({ statusText }) {
  return PHRASE.test(statusText) ? statusText : '';
}

/** @param {Headers} headers */
export function makePrivate(headers) {
  const { set, remove } = privateHeaders(headers.get('cache-control'), headers.get('vary'));
  for (const [name, value] of set) headers.set(name, value);
  for (const name of remove) headers.delete(name);
}
