// Tokens in the header, and `verifyToken` alone.

import { cookies, method, navigation } from '../browser.mjs';
import { start, token } from '../draft.mjs';
import { narrow, withKeySet } from '../options.mjs';

/** @typedef {import('../random.mjs').Random} Random */

/** A token in the header, cookies beside it perhaps. @param {Random} random */
export function headerToken(random) {
  const draft = start(random, 'header tokens');
  const { made, request } = draft;
  narrow(random, draft);
  if (random.chance(0.3)) withKeySet(random, draft);
  const text = token(random, draft, { odd: 0.5 });
  const header = /[^\x20-\x7e\u00fc]/.test(text) ? 'x' : text;
  request.headers.authorization = random.pick([`Bearer ${header}`, `Bearer ${header}`, `Bearer ${header}`, header, `bearer ${header}`, `Basic ${header}`, `Bearer  ${header}`, 'Bearer']);
  request.method = method(random);
  Object.assign(request.headers, navigation(random));
  if (random.chance(0.2)) request.headers.cookie = cookies(random, draft);
  return made;
}

/** `verifyToken` alone. @param {Random} random */
export function tokenAlone(random) {
  const draft = start(random, 'verifyToken');
  const { made, options } = draft;
  delete options.publishableKey;
  narrow(random, draft);
  if (random.chance(0.4)) withKeySet(random, draft);
  if (random.chance(0.1)) delete options.secretKey;
  made.request = undefined;
  made.token = token(random, draft, { odd: 0.7 });
  return made;
}
