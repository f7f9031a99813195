// What a browser sends beside a token: headers of a navigation, and Clerk's cookies in all combinations.

import { token } from './draft.mjs';

/** @typedef {import('./random.mjs').Random} Random */
/** @typedef {import('./draft.mjs').Draft} Draft */

/** Headers by which a browser says what it wants. @param {Random} random */
export function navigation(random) {
  return random.pick([
    { 'sec-fetch-dest': 'document', accept: 'text/html,application/xhtml+xml' },
    { 'sec-fetch-dest': 'document' },
    { 'sec-fetch-dest': 'iframe' },
    { accept: 'text/html' },
    { accept: 'text/html;q=0.9, */*' },
    { 'sec-fetch-dest': 'empty', accept: '*/*' },
    { accept: 'application/json, text/html' },
    { 'sec-fetch-dest': '', accept: 'text/html' },
    {},
  ]);
}

/** @param {Random} random */
export const method = (random) => (random.chance(0.85) ? 'GET' : random.pick(['POST', 'HEAD', 'PUT', 'OPTIONS', 'DELETE']));

/** @param {Random} random @param {number} now */
function clientUat(random, now) {
  const s = Math.floor(now / 1000);
  return random.pick([`${s - 100}`, `${s - 100}`, `${s - 3}`, `${s - 5}`, `${s + 100}`, '0', '0', '', 'abc', '12abc', '-1', '0x10', ' 5', '1.5', '1e3', '%31']);
}

/**
 * Clerk's cookies in all combinations.
 *
 * @param {Random} random
 * @param {Draft} draft
 * @param {Record<string, string | undefined>} [more]
 */
export function cookies(random, draft, more = {}) {
  const { suffix } = draft.instance;
  /** @type {[string, string][]} */
  const list = [];
  const plainOdd = random.pick([0, 0.3, 1]);
  if (random.chance(0.6)) list.push(['__session', token(random, draft, { odd: plainOdd })]);
  if (random.chance(0.5)) list.push([`__session_${suffix}`, token(random, draft, { odd: random.pick([0, 0.3, 1]) })]);
  if (random.chance(0.6)) list.push(['__client_uat', clientUat(random, draft.now)]);
  if (random.chance(0.5)) list.push([`__client_uat_${suffix}`, clientUat(random, draft.now)]);
  if (random.chance(0.5)) list.push(['__clerk_db_jwt', random.pick(['dvb_plain', '', 'dvb%20x'])]);
  if (random.chance(0.4)) list.push([`__clerk_db_jwt_${suffix}`, 'dvb_suffixed']);
  if (random.chance(0.2)) list.push(['__clerk_redirect_count', random.pick(['0', '1', '2', '3', 'x', '', '3.0', '0x3', '1.5', '1e0', ' 3'])]);
  if (random.chance(0.1)) list.push(['__session_other123', 'x'], ['theme', 'dark']);
  if (random.chance(0.05)) list.push(['__session', 'second']);
  return cookieHeader(list, more);
}

/** @param {[string, string][]} list @param {Record<string, string | undefined>} [more] */
export function cookieHeader(list, more = {}) {
  const added = Object.entries(more).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return [...added, ...list].map(([name, value]) => `${name}=${value}`).join('; ');
}
