// What the gate told the app about a request, read from its headers.

/** The headers that the gate sets, in the order in which the pages show them. */
const HEADERS = [
  ['authStatus', 'X-Portcullis-Auth-Status'],
  ['userId', 'X-Portcullis-User-Id'],
  ['sessionId', 'X-Portcullis-Session-Id'],
  ['role', 'X-Portcullis-Role'],
  ['orgId', 'X-Portcullis-Org-Id'],
  ['orgRole', 'X-Portcullis-Org-Role'],
  ['requestId', 'X-Portcullis-Request-Id'],
  ['assertion', 'X-Portcullis-Assertion'],
];

/** @typedef {{ throughGate: boolean, values: Record<string, string> }} Told */

/**
 * @param {import('node:http').IncomingHttpHeaders} headers
 * @returns {Told}
 */
export function toldByGate(headers) {
  const present = HEADERS.map(([key, name]) => [key, headers[name.toLowerCase()]]).filter(([, value]) => value !== undefined);
  const values = Object.fromEntries(present);
  return { throughGate: 'requestId' in values, values };
}

/**
 * Every header that the gate may set, with its value or `undefined`.
 *
 * @param {Told} told
 * @returns {[name: string, value: string | undefined][]}
 */
export function headerRows({ values }) {
  return HEADERS.map(([key, name]) => [name, values[key]]);
}
