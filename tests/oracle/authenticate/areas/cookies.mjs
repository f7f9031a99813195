// Cookies, and sessions that end and are renewed by the refresh cookie.

import { cookieHeader, cookies, method, navigation } from '../browser.mjs';
import { claims, start, token } from '../draft.mjs';
import { jws, times } from '../instance.mjs';
import { narrow, withKeySet } from '../options.mjs';

/** @typedef {import('../random.mjs').Random} Random */

/** Clerk's cookies, as many as there may be. @param {Random} random */
export function cookie(random) {
  const draft = start(random, 'cookies');
  const { made, request, instance } = draft;
  narrow(random, draft);
  if (random.chance(0.1)) withKeySet(random, draft);
  request.method = method(random);
  request.headers = { ...navigation(random), cookie: cookies(random, draft) };
  if (random.chance(0.1)) request.url += random.pick(['?__clerk_db_jwt=dvb_query', '?__clerk_db_jwt=', '?__dev_session=x&a=b%20c', '?a=1&a=2#frag']);
  if (random.chance(0.1)) request.headers.referer = random.pick([`https://${instance.api}/x`, 'https://other.example/', instance.site]);
  return made;
}

/** An expired session in the cookie, and the refresh cookie. @param {Random} random */
export function refresh(random) {
  const draft = start(random, 'refresh');
  const { made, request, instance, now } = draft;
  const at = times(now);
  const expired = jws(claims(random, draft, { ...at.expired, ...(random.chance(0.1) && { sid: undefined }) }));
  const fresh = random.pick([
    () => jws(claims(random, draft)),
    () => jws(claims(random, draft)),
    () => jws(claims(random, draft, at.expired)),
    () => jws(claims(random, draft), {}, 'foreign'),
    'x',
  ]);
  const renewed = random.pick([
    { json: { object: 'cookies', cookies: [`__session_${instance.suffix}=${fresh}; Path=/`, `__client_uat=${Math.floor(now / 1000)}`] } },
    { json: { object: 'cookies', cookies: [`__session_${instance.suffix}=${fresh}; Path=/`, `__client_uat=${Math.floor(now / 1000)}`] } },
    { json: { object: 'cookies', cookies: [`__session=${fresh}`] } },
    { json: { object: 'cookies', cookies: ['__client_uat=0'] } },
    { json: { object: 'cookies', cookies: [] } },
    { json: { object: 'cookies' } },
    { json: {} },
    { status: 400, json: { errors: [{ code: 'refresh_token_expired', message: 'no' }] } },
    { status: 422, json: { errors: [{ code: 'a' }, { code: 'b' }] } },
    { status: 401, json: { errors: [] } },
    { status: 404, json: {} },
    { status: 500, json: {} },
    { status: 503, text: 'oops', type: 'text/plain' },
    { networkError: 'down' },
  ]);
  const { answer } = made;
  made.answer = (call) => (call.path.endsWith('/refresh') ? renewed : answer(call));
  const s = Math.floor(now / 1000);
  const isSuffixed = random.chance(0.6);
  request.method = method(random);
  request.headers = {
    ...navigation(random),
    cookie: cookieHeader([], {
      [isSuffixed ? `__session_${instance.suffix}` : '__session']: random.chance(0.9) ? expired : token(random, draft),
      [isSuffixed ? `__client_uat_${instance.suffix}` : '__client_uat']: random.pick([`${s - 700}`, `${s - 700}`, `${s}`, '0']),
      [random.chance(0.9) ? `__refresh_${instance.suffix}` : '__refresh']: random.pick(['rt_1', 'rt_1', 'rt%201', '']),
      [isSuffixed ? `__clerk_db_jwt_${instance.suffix}` : '__clerk_db_jwt']: random.pick(['dvb_1', 'dvb_1', undefined]),
      __clerk_redirect_count: random.pick([undefined, undefined, '2', '3']),
    }),
    'user-agent': 'oracle',
    'x-other': 'kept',
  };
  if (random.chance(0.2)) Object.assign(request.headers, { 'x-forwarded-host': 'www.example.com', 'x-forwarded-proto': 'https' });
  return made;
}
