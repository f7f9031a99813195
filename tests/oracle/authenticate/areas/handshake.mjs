// Handshakes that come back.

import { cookieHeader, method, navigation } from '../browser.mjs';
import { claims, start, token } from '../draft.mjs';
import { jws, times } from '../instance.mjs';
import { withKeySet } from '../options.mjs';

/** @typedef {import('../random.mjs').Random} Random */

/** A handshake that comes back, with a token or a nonce. @param {Random} random */
export function handshake(random) {
  const draft = start(random, 'handshake');
  const { made, request, instance, now } = draft;
  const at = times(now);
  const session = () =>
    random.pick([
      () => jws(claims(random, draft)),
      () => jws(claims(random, draft)),
      () => jws(claims(random, draft, random.pick([at.expired, at.early, at.future]))),
      () => jws(claims(random, draft), {}, 'foreign'),
      'not.a.jwt',
      '',
    ]);
  const directives = random.pick([
    () => [`__session=${session()}; Path=/; Secure`, `__client_uat=${Math.floor(now / 1000)}; Path=/`],
    () => [`__session_${instance.suffix}=${session()}; Path=/`, `__session=${session()}; Path=/`, '__client_uat=1'],
    () => ['__client_uat=0; Path=/', '__session=; Path=/; Max-Age=0'],
    () => ['__client_uat=0; Path=/'],
    [],
    ['__session'],
  ]);
  const byNonce = random.chance(0.5);
  /** @type {Record<string, string>} */
  const own = {};
  if (instance.isDev && random.chance(0.6)) own.__clerk_db_jwt = 'dvb_1';
  if (byNonce) {
    const payload = random.pick([
      { json: { directives } },
      { json: { directives } },
      { json: { directives } },
      { status: 404, json: { errors: [{ code: 'resource_not_found', message: 'gone' }] } },
      { status: 500, json: {} },
      { status: 500, text: 'oops', type: 'text/plain' },
      { json: {} },
      { networkError: 'down' },
    ]);
    const { answer } = made;
    made.answer = (call) => (call.path.endsWith('/handshake_payload') ? payload : answer(call));
    // A good session beside a nonce that fails is a difference; one that is not good is none.
    if (random.chance(0.3)) Object.assign(own, { __session: 'bad', __client_uat: `${Math.floor(now / 1000)}` });
    if (instance.isDev && random.chance(0.5)) request.url += '?__clerk_handshake_nonce=nonce_1&x=1';
    else own.__clerk_handshake_nonce = 'nonce_1';
  } else {
    const handshakeToken = random.pick([
      () => jws({ handshake: directives }),
      () => jws({ handshake: directives }),
      () => jws({ handshake: directives, iat: Math.floor(now / 1000) - 5 }),
      () => jws({ handshake: directives }, {}, 'foreign'),
      () => jws({ handshake: directives }, { kid: 'nobody' }),
      () => jws({ handshake: directives }, { alg: 'HS256' }),
      () => jws({ handshake: directives }, { cat: random.pick(['cl_B7d4PD333AAA', 'cl_I7d4PD111III', 'cl_B7d4PD111AAA']) }),
      () => jws({ handshake: random.pick(['x', 5, undefined]) }),
      'a.b.c',
    ]);
    if (random.chance(0.3)) Object.assign(own, { __session: jws(claims(random, draft)), __client_uat: `${Math.floor(now / 1000) - 100}` });
    if (instance.isDev && random.chance(0.5)) request.url += `?x=1&__clerk_handshake=${handshakeToken}${random.pick(['', '&__clerk_help=1', '&__clerk_db_jwt=dvb_q'])}`;
    else own.__clerk_handshake = handshakeToken;
    if (random.chance(0.1)) withKeySet(random, draft);
  }
  if (random.chance(0.2)) own.__clerk_redirect_count = random.pick(['1', '2', '3']);
  request.method = method(random);
  request.headers = { ...navigation(random), cookie: cookieHeader([], own) };
  if (random.chance(0.05)) request.headers.authorization = `Bearer ${token(random, draft)}`;
  return made;
}
