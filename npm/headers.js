// Header hygiene: which names never reach the app, and what an answer to one user says to caches. The core knows; here its
// answers are kept, since the same names come with every request.

import { core } from './gate-core.js';

/** Names whose kind is kept. Clients can make up names; past this the kept ones are forgotten. */
const KEPT_NAMES = 512;
/** Longer names are asked for each time. */
const KEPT_CHARS = 64;

const RESERVED = 1;

/** @type {Map<string, number>} */
const kinds = new Map();

/** @param {string} name */
function kindOf(name) {
  const known = kinds.get(name);
  if (known !== undefined) return known;
  const kind = core.ask(({ core, writeAny }) => core.header_kind(writeAny(name)));
  if (name.length <= KEPT_CHARS) {
    if (kinds.size >= KEPT_NAMES) kinds.clear();
    kinds.set(name, kind);
  }
  return kind;
}

/** Whether a request header never goes to an app behind the gate: a reserved name, or one for this hop only. @param {string} name */
export function isStripped(name) {
  return kindOf(name) !== 0;
}

/** Whether a request header is one that only the gate may set. @param {string} name */
export function isReserved(name) {
  return kindOf(name) === RESERVED;
}

/**
 * What an answer that was made for one user says instead of what the app said.
 *
 * @param {string | null} cacheControl
 * @param {string | null} vary
 * @returns {{ set: [string, string][], remove: string[] }}
 */
export function privateHeaders(cacheControl, vary) {
  const said = [cacheControl, vary].map((value) => (value === null ? '' : `=${value}`)).join('\n');
  const [cache, varies, remove] = core.ask(({ core, writeAny, text }) => (core.private_headers(writeAny(said)), text())).split('\n');
  return { set: [['cache-control', cache], ['vary', varies]], remove: remove.split(',') };
}

/**
 * Makes request headers what the app gets: takes off what is stripped, and sets what the decision says. In place: a list of
 * one's own costs several times as much.
 *
 * @param {Headers} headers
 * @param {Record<string, string>} set
 */
export function forwardHeaders(headers, set) {
  for (const name of [...headers.keys()]) {
    // A WebSocket is opened by `Connection: upgrade`.
    if (isStripped(name) && !(name === 'connection' && headers.has('upgrade'))) headers.delete(name);
  }
  for (const name of Object.keys(set)) headers.set(name, set[name]);
  return headers;
}
