// What surrounds a session: the public URL behind proxies, and options in all spellings.

import { cookieHeader, cookies, navigation } from '../browser.mjs';
import { start, token } from '../draft.mjs';
import { OTHER_PEM, PEM } from '../instance.mjs';

/** @typedef {import('../random.mjs').Random} Random */

/** A URL as the server sees it, and what proxies say of it. @param {Random} random */
export function publicUrl(random) {
  const draft = start(random, 'public URLs');
  const { made, request, instance, options, now } = draft;
  if (random.chance(0.5)) options.proxyUrl = random.pick(['/__clerk', '/', `${instance.site}/__clerk`, 'http://proxy.example/x/', 'https://PROXY.example:8443/__clerk']);
  request.url = random.pick(['http://internal:3000/p?x=1', 'https://internal/p', 'http://10.0.0.1/', `${instance.site}/a%20b?q=%C3%BC#frag`, 'http://internal:80/p', 'https://www.example.com:8443/p']);
  const host = random.pick(['www.example.com', 'www.example.com:8443', 'www.example.com, proxy.internal', ' www.example.com ,x', '', 'WWW.Example.COM', '[::1]:3000', 'a b', 'localhost:3000']);
  if (random.chance(0.7)) request.headers['x-forwarded-host'] = host;
  if (random.chance(0.7)) request.headers['x-forwarded-proto'] = random.pick(['https', 'http', 'https,http', 'https, http', '', 'HTTPS']);
  if (random.chance(0.2)) request.headers['x-forwarded-port'] = random.pick(['443', '8443', 'x']);
  if (random.chance(0.1)) request.headers['cloudfront-forwarded-proto'] = random.pick(['https', 'http']);
  if (random.chance(0.4)) request.headers.host = random.pick(['www.example.com', 'internal:3000', 'localhost']);
  Object.assign(request.headers, navigation(random));
  const session = random.chance(0.6) ? token(random, draft, { odd: 0.3 }) : undefined;
  request.headers.cookie = cookieHeader([], {
    __session: session,
    __client_uat: random.pick([`${Math.floor(now / 1000) - 100}`, `${Math.floor(now / 1000)}`, '0', undefined]),
    __clerk_db_jwt: random.pick(['dvb_1', undefined]),
  });
  return made;
}

/** One option otherwise than usual. @param {Random} random */
export function option(random) {
  const draft = start(random, 'options');
  const { made, request, options } = draft;
  request.headers = { ...navigation(random), cookie: cookies(random, draft) };
  if (random.chance(0.3)) request.headers.authorization = `Bearer ${token(random, draft)}`;
  const base64 = (/** @type {string} */ text) => Buffer.from(text).toString('base64');
  random.pick([
    () => delete options.publishableKey,
    () => (options.publishableKey = random.pick(['', 'pk_test_', 'pk_x', 'x', `pk_test_${base64('no-dollar')}`, `pk_live_${base64('a.example$$')}`, `pk_live_${base64('a$b.example$')}`, `pk_test_${base64('x$')}`, null])),
    () => delete options.secretKey,
    () => (options.secretKey = random.pick(['', null, undefined])),
    () => ((options.secretKey = random.pick(['', undefined])), (options.jwtKey = PEM)),
    () => (options.jwtKey = OTHER_PEM),
    () => (options.jwtKey = PEM.replaceAll('\n', random.pick(['', '\r\n']))),
    () => (options.isSatellite = true),
    () => Object.assign(options, { isSatellite: true, domain: 'satellite.example' }),
    () => Object.assign(options, { afterSignInUrl: '/in', afterSignUpUrl: '/up', signUpUrl: '/sign-up', signInUrl: '/sign-in' }),
    () => (options.apiVersion = 'v2'),
    () => (options.apiUrl = random.pick(['https://api.example.com', 'https://api.example.com/', 'https://api.example.com/x'])),
    () => (options.acceptsToken = random.pick(['any', ['session_token'], [], ['api_key'], 'session_token', null, undefined])),
    () => (options.organizationSyncOptions = { organizationPatterns: random.pick([['/orgs/:slug'], ['/a(b'], ['/:'], []]) }),
    () => (options.authorizedParties = random.pick([null, undefined, []])),
  ]);
  return made;
}
