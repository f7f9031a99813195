// A decision, as callers see it: data, and the few things that a host does with it.

import { authObject } from './auth.js';
import { forwardedHeaders, isStripped, privateHeaders } from './headers.js';

/** @typedef {readonly (readonly [string, string])[]} Pairs */

/**
 * @param {string} text what the core says: one line of decision, and behind it the auth object, read when somebody asks
 */
export function decisionOf(text) {
  const endOfDecision = text.indexOf('\n');
  const said = JSON.parse(text.slice(0, endOfDecision));
  return decision(said, () => authOf(text.slice(endOfDecision + 1), said));
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
  return decision({ action: 'deny', reason: 'internal-error', message, answer: { status: 500, headers, body } }, () => null);
}

/**
 * One literal for each kind, with all members in it: putting objects together costs more than the decision does.
 *
 * @param {any} said
 * @param {() => any} readAuth
 */
function decision(said, readAuth) {
  /** @type {{ auth: any } | undefined} */
  let kept;
  const auth = () => (kept ??= { auth: readAuth() }).auth;
  return said.action === 'forward' ? forwarding(said, auth) : answering(said, auth);
}

/**
 * @param {any} said
 * @param {() => any} auth
 */
function forwarding(said, auth) {
  const { action, reason, message, access = null, rule = null, isPrivate = false, isAzpMissing = false, shadow = null, responseHeaders = [], target, origin, headers } = said;
  return {
    action,
    status: 200,
    reason,
    message,
    access,
    rule,
    get auth() {
      return auth();
    },
    isPrivate,
    isAzpMissing,
    shadow,
    /** @type {Pairs} */
    responseHeaders,
    target,
    url: origin + target,
    headers: Object.fromEntries(headers),
    strips: isStripped,
    /** @param {HeadersInit} incoming */
    requestHeaders: (incoming) => forwardedHeaders(new Headers(incoming), headers),
    /** @param {Response} response */
    addTo: (response) => addTo(response, { isPrivate, responseHeaders }),
    toResponse: () => null,
  };
}

/**
 * @param {any} said
 * @param {() => any} auth
 */
function answering(said, auth) {
  const { action, reason, message, access = null, rule = null, isPrivate = false, isAzpMissing = false, shadow = null, responseHeaders: more = [] } = said;
  const { status, headers, body = null } = said.answer;
  const responseHeaders = [...headers, ...more];
  const location = headers.find((/** @type {[string, string]} */ [name]) => name === 'location')?.[1];
  return {
    action,
    status,
    reason,
    message,
    access,
    rule,
    get auth() {
      return auth();
    },
    isPrivate,
    isAzpMissing,
    shadow,
    /** @type {Pairs} */
    responseHeaders,
    ...(location === undefined ? {} : { location }),
    body,
    toResponse: () => new Response(body, { status, headers: /** @type {any} */ (responseHeaders) }),
  };
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
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

/** @param {Headers} headers */
export function makePrivate(headers) {
  const { set, remove } = privateHeaders(headers.get('cache-control'), headers.get('vary'));
  for (const [name, value] of set) headers.set(name, value);
  for (const name of remove) headers.delete(name);
}

/**
 * @param {string} json
 * @param {{ token?: string, reason: string, message: string }} said
 */
function authOf(json, { token, reason, message }) {
  const [auth] = JSON.parse(json);
  return auth && authObject(auth, token ?? null, { reason, message });
}
