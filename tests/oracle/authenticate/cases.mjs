// The generator: requests, options and Backend API answers, area by area. What `known.mjs` lists is kept out of here, so that
// every case of these areas has to agree.

import { INSTANCES, JWK, KID, OTHER_JWK, OTHER_PEM, PEM, jws, times } from './instance.mjs';

/** @typedef {import('./random.mjs').Random} Random */

/**
 * @typedef {object} Case
 * @property {string} area
 * @property {string | undefined} known the class in docs/differences.md, where ours answers otherwise
 * @property {number} now the clock, in milliseconds
 * @property {Record<string, any>} options
 * @property {{ method: string, url: string, headers: Record<string, string> } | undefined} request none for `verifyToken`
 * @property {string | undefined} token for `verifyToken`
 * @property {(call: { method: string, path: string }) => Answer} answer the Backend API
 */

/** @typedef {{ status?: number, json?: unknown, text?: string, type?: string, networkError?: string }} Answer */

const NOW = 1_750_000_000_000;
let counter = 0;

/**
 * A case to build on: an instance, its keys, a clock. Each has a secret key of its own, so that no key set is shared.
 *
 * @param {Random} random
 * @param {string} area
 * @param {{ kind?: 'dev' | 'prod', pem?: boolean }} [fixed]
 */
export function start(random, area, { kind = random.pick(['dev', 'prod']), pem = random.chance(0.6) } = {}) {
  const instance = INSTANCES[kind];
  const now = NOW + random.below(1_000_000_000);
  counter += 1;
  /** @type {Record<string, any>} */
  const options = { publishableKey: instance.publishableKey, secretKey: `${instance.secret}oracle${counter}` };
  if (pem) options.jwtKey = PEM;
  /** @type {Case} */
  const made = {
    area,
    known: undefined,
    now,
    options,
    request: { method: 'GET', url: `${instance.site}/dashboard`, headers: {} },
    token: undefined,
    answer: ({ path }) => (path.endsWith('/jwks') ? { json: { keys: [JWK] } } : { status: 404, json: { errors: [{ code: 'resource_not_found' }] } }),
  };
  return { made, instance, now, options, request: /** @type {NonNullable<Case['request']>} */ (made.request) };
}

/** @typedef {ReturnType<typeof start>} Draft */

/**
 * Claims as Clerk makes them, version 1 or 2.
 *
 * @param {Random} random
 * @param {Draft} draft
 * @param {object} [changes]
 */
export function claims(random, { instance, now }, changes = {}) {
  /** @type {Record<string, any>} */
  const base = {
    azp: instance.site,
    iss: `https://${instance.api}`,
    sid: 'sess_oracle1',
    sub: 'user_oracle1',
    ...times(now).fresh,
  };
  if (random.chance(0.3)) base.fva = random.pick([[0, -1], [5, 7], [-1, -1], [11, 2], [1500, 61], [3], 'x', null]);
  if (random.chance(0.3)) base.sts = random.pick(['active', 'pending', null, 'other']);
  if (random.chance(0.15)) base.act = random.pick([{ sub: 'user_admin' }, null, 'x']);
  if (random.chance(0.1)) base.metadata = { role: 'admin', 'ünï': '\u{1f600}' };
  if (random.chance(0.1)) delete base.azp;
  if (random.chance(0.5)) {
    base.v = 2;
    if (random.chance(0.4)) base.pla = random.pick(['u:free', 'o:pro', 'u:free,o:pro', 'uo:gold', '']);
    const features = random.pick(['o:invoices,o:members', 'o:invoices,u:avatars', 'uo:reports', 'u:avatars', undefined]);
    if (features) base.fea = features;
    if (random.chance(0.6)) {
      base.o = { id: 'org_1', slg: 'acme', rol: random.pick(['admin', 'member', '']) };
      if (random.chance(0.7)) Object.assign(base.o, { per: 'read,write', fpm: random.pick(['3', '3,1', '1,2', '0']) });
      if (random.chance(0.1)) delete base.o.slg;
    }
  } else if (random.chance(0.6)) {
    Object.assign(base, { org_id: 'org_1', org_slug: 'acme', org_role: random.pick(['org:admin', 'org:member', 'basic_member']) });
    if (random.chance(0.7)) base.org_permissions = random.pick([['org:invoices:read'], [], ['org:a:b', 'org:members:write']]);
  }
  return { ...base, ...changes };
}

/**
 * A session token: mostly good, sometimes not, in every way that both sides have to tell apart.
 *
 * @param {Random} random
 * @param {Draft} draft
 * @param {{ odd?: number }} [options] how often it is not a good one
 * @returns {string}
 */
export function token(random, draft, { odd = 0.5 } = {}) {
  const good = (/** @type {object} */ changes = {}, /** @type {any[]} */ ...rest) => jws(claims(random, draft, changes), ...rest);
  if (!random.chance(odd)) return good();
  const at = times(draft.now);
  const payload = claims(random, draft);
  return random.pick([
    () => good(at.expired),
    () => good(at.expired),
    () => good(at.early),
    () => good(at.future),
    () => good(at.edge),
    () => good(at.justGood),
    () => good(at.fraction),
    () => good({ ...at.fresh, iat: undefined, nbf: undefined }),
    () => good({}, {}, 'foreign'),
    () => good({}, { kid: 'ins_oracle_b' }, 'foreign'),
    () => good({}, { kid: random.pick(['nobody', undefined, '', 7, null]) }),
    () => good({}, { alg: random.pick(['none', 'HS256', 'ES256', 'PS256', '', undefined, 256]) }),
    () => good({}, { alg: 'RS384' }, 'own', 'sha384'),
    () => good({}, { alg: 'RS512' }, 'own', 'sha512'),
    () => good({}, { typ: random.pick(['jwt', 'JWS', '', undefined, 'dpop+jwt', 5, 'at+jwt', 'application/at+jwt']) }),
    () => good({}, { cat: random.pick(['cl_B7d4PD111AAA', 'cl_B7d4PD333AAA', 'cl_I7d4PD111III', 'cl_B7d4PD222AAA', '', 7]) }),
    () => good({ sub: random.pick(['mch_1', '', undefined, 5, 'user_2']) }),
    () => good({ sid: random.pick([undefined, '', 'sess_other']) }),
    () => good({ iss: random.pick([undefined, '', 'https://clerk.other.example', `http://${draft.instance.api}`, 7, 'https://clerk.satellite.example']) }),
    () => good({ azp: random.pick([undefined, '', 'https://evil.example', 7, `${draft.instance.site}/`]) }),
    () => good({ aud: random.pick(['api', ['api', 'web'], [], '', 5, ['api', 5]]) }),
    () => good({ exp: random.pick([undefined, null, '1', 'soon', '9999999999', [1]]) }),
    () => good({ nbf: random.pick([null, '1', true]) }),
    () => good({ iat: random.pick([null, '1', {}, 'soon', [], [5], true, '']) }),
    () => jws(random.pick(['5', '"text"', '[]', 'true', '{}', '{"sub":"a","sub":"b"}', '{"exp":1e3}', '{bad', ''])),
    () => jws(payload, random.pick(['5', '"x"', '[]', '{}', '{', '', '{"alg":"RS256"}'])),
    () => `${good()}x`,
    () => good().slice(0, -2),
    () => good().replace(/\.[^.]*$/, '.'),
    () => good().replace(/\.([^.])/, (_, first) => `.${first === 'e' ? 'f' : 'e'}`),
    () => random.pick(['abc', 'a.b.c', 'a.b', '..', '.', 'e30.e30.AQ', 'null', 'a.b.c.d', '%41', 'not a token', '\u00fc.b.c']),
  ]);
}

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
const method = (random) => (random.chance(0.85) ? 'GET' : random.pick(['POST', 'HEAD', 'PUT', 'OPTIONS', 'DELETE']));

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

/** Options that narrow what a token may be. @param {Random} random @param {Draft} draft */
function narrow(random, { options, instance }) {
  if (random.chance(0.3)) options.authorizedParties = random.pick([[instance.site], ['https://evil.example'], [instance.site, 'https://x.example'], []]);
  if (random.chance(0.15)) options.audience = random.pick(['api', ['api', 'x'], [], ['web']]);
  if (random.chance(0.15)) options.issuer = random.pick([`https://${instance.api}`, [`https://${instance.api}`], 'https://x.example', ['https://clerk.other.example', 'y']]);
  if (random.chance(0.15)) options.clockSkewInMs = random.pick([0, 1, 1000, 5000, 60_000, 700_000]);
  if (random.chance(0.05)) options.headerType = random.pick(['JWT', ['JWT', 'jwt'], 'dpop+jwt']);
  if (random.chance(0.05)) options.skipJwksCache = true;
}

/** Answers to the key set's call, good and bad. @param {Random} random @returns {Answer} */
function keySet(random) {
  return random.pick([
    { json: { keys: [JWK] } },
    { json: { keys: [JWK] } },
    { json: { keys: [OTHER_JWK, JWK] } },
    { json: { keys: [OTHER_JWK] } },
    { json: { keys: [] } },
    { json: {} },
    { json: { keys: [JWK, { ...OTHER_JWK, kid: KID }] } },
    { status: 401, json: { errors: [{ code: 'clerk_key_invalid', message: 'no' }] } },
    { status: 404, json: { errors: [{ code: 'x' }] } },
    { status: 500, json: {} },
    { status: 500, text: '<html>' },
    { text: 'garbage' },
    { networkError: 'down' },
  ]);
}

/** @param {Random} random @param {Draft} draft */
function withKeySet(random, { made }) {
  const { answer } = made;
  const keys = keySet(random);
  made.answer = (call) => (call.path.endsWith('/jwks') ? keys : answer(call));
}

/** @type {Record<string, { count: number, make: (random: Random) => Case }>} */
export const AREAS = {
  'header tokens': {
    count: 900,
    make: (random) => {
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
    },
  },
  cookies: {
    count: 1700,
    make: (random) => {
      const draft = start(random, 'cookies');
      const { made, request, instance } = draft;
      narrow(random, draft);
      if (random.chance(0.1)) withKeySet(random, draft);
      request.method = method(random);
      request.headers = { ...navigation(random), cookie: cookies(random, draft) };
      if (random.chance(0.1)) request.url += random.pick(['?__clerk_db_jwt=dvb_query', '?__clerk_db_jwt=', '?__dev_session=x&a=b%20c', '?a=1&a=2#frag']);
      if (random.chance(0.1)) request.headers.referer = random.pick([`https://${instance.api}/x`, 'https://other.example/', instance.site]);
      return made;
    },
  },
  handshake: {
    count: 700,
    make: handshake,
  },
  satellites: {
    count: 600,
    make: (random) => {
      const draft = start(random, 'satellites');
      const { made, request, options } = draft;
      const site = 'https://app.satellite.example';
      const change = random.pick([{ domain: 'satellite.example' }, { domain: 'satellite.example' }, { proxyUrl: 'https://satellite.example/__clerk' }, { proxyUrl: '/__clerk' }, { domain: '' }]);
      Object.assign(options, change, { isSatellite: true });
      if (random.chance(0.8)) options.signInUrl = random.pick(['https://primary.example.com/sign-in', 'https://primary.example.com/sign-in?a=1', '/sign-in', `${site}/sign-in`]);
      if (random.chance(0.5)) options.satelliteAutoSync = random.pick([true, true, false, 'true']);
      request.method = method(random);
      request.url = `${site}/page${random.pick(['', '?x=1', '?__clerk_synced=false', '?__clerk_synced=true', '?__clerk_synced=x', '?__clerk_synced=true&__clerk_synced=false'])}`;
      request.headers = random.chance(0.6) ? { 'sec-fetch-dest': 'document' } : navigation(random);
      if (random.chance(0.7)) request.headers.cookie = cookies(random, draft);
      if (random.chance(0.2)) request.headers.origin = random.pick([site, 'https://primary.example.com', 'null']);
      return made;
    },
  },
  'primaries and referrers': {
    count: 500,
    make: (random) => {
      const draft = start(random, 'primaries and referrers');
      const { made, request, instance, options, now } = draft;
      if (random.chance(0.3)) options.signInUrl = random.pick(['/sign-in', `${instance.site}/sign-in`]);
      if (random.chance(0.3)) options.proxyUrl = random.pick(['/__clerk', `${instance.site}/__clerk`, 'https://proxy.example.com/']);
      if (random.chance(0.2)) options.domain = 'example.com';
      request.headers = {
        'sec-fetch-dest': random.pick(['document', 'document', 'document', 'iframe', 'empty']),
        referer: random.pick([
          'https://satellite.example/x', 'https://other.example', `https://${instance.api}/x`, instance.site, `${instance.site}/other`, 'nonsense', 'https://proxy.example.com/x',
          'https://tidy-otter-42.accounts.dev/sign-in', 'https://accounts.example.com/sign-in', 'http://accounts.example.com', 'https://accounts.x.lcl.dev', 'about:blank', '',
        ]),
        cookie: cookieHeader([], {
          __session: token(random, draft, { odd: 0.1 }),
          __client_uat: `${Math.floor(now / 1000) - 100}`,
          __clerk_db_jwt: 'dvb_1',
          __clerk_redirect_count: random.pick([undefined, undefined, '0', '1', '3', 'x']),
        }),
      };
      request.method = method(random);
      if (instance.isDev && random.chance(0.3)) {
        options.authorizedParties = [instance.site, 'https://satellite.example'];
        const target = random.pick(['https://satellite.example/x?a=1', 'https://satellite.example', 'http://localhost:4000/back#f', 'https://satellite.example/?__clerk_synced=false']);
        request.url += `?__clerk_redirect_url=${encodeURIComponent(target)}`;
      }
      return made;
    },
  },
  organizations: {
    count: 500,
    make: (random) => {
      const draft = start(random, 'organizations');
      const { made, request, instance, options, now } = draft;
      options.organizationSyncOptions = random.pick([
        { organizationPatterns: ['/orgs/:slug', '/orgs/:slug/(.*)'], personalAccountPatterns: ['/me', '/me/(.*)'] },
        { organizationPatterns: ['/orgs/:id', '/orgs/:id/(.*)'] },
        { personalAccountPatterns: ['/me/(.*)'] },
        { organizationPatterns: ['/a/:any/:slug?'], personalAccountPatterns: ['/(.*)'] },
        { organizationPatterns: [], personalAccountPatterns: [] },
        { organizationPatterns: ['/orgs/:id(org_[a-z0-9]+)', '/orgs/:slug'] },
        {},
      ]);
      const path = random.pick(['/orgs/acme', '/orgs/acme/x', '/orgs/other', '/orgs/org_1', '/orgs/org_2/x', '/me', '/me/x', '/a/b/acme', '/a/b', '/', '/orgs/', '/orgs/%61cme', '/orgs/a%2fb', '/ORGS/acme', '/orgs/acme?x=1']);
      request.url = instance.site + path;
      request.method = method(random);
      request.headers = navigation(random);
      const uat = random.chance(0.9) ? `${Math.floor(now / 1000) - 100}` : '0';
      const session = token(random, draft, { odd: 0.15 });
      request.headers = {
        ...request.headers,
        cookie: cookieHeader([], { __session: session, __client_uat: uat, __clerk_db_jwt: 'dvb_1', __clerk_redirect_count: random.pick([undefined, undefined, '2', '3']) }),
      };
      if (random.chance(0.1)) request.headers.authorization = `Bearer ${jws(claims(random, draft))}`;
      return made;
    },
  },
  refresh: {
    count: 600,
    make: refresh,
  },
  machines: {
    count: 1000,
    make: machines,
  },
  'public URLs': {
    count: 500,
    make: (random) => {
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
    },
  },
  options: {
    count: 400,
    make: (random) => {
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
    },
  },
};

/** A handshake that comes back, with a token or a nonce. @param {Random} random */
function handshake(random) {
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

/** An expired session in the cookie, and the refresh cookie. @param {Random} random */
function refresh(random) {
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

/** @param {Random} random */
function machines(random) {
  const draft = start(random, 'machines');
  const { made, request, options, now, instance } = draft;
  const s = Math.floor(now / 1000);
  if (random.chance(0.9)) {
    options.acceptsToken = random.pick(['api_key', 'm2m_token', 'oauth_token', 'session_token', 'any', ['api_key', 'session_token'], ['m2m_token'], ['oauth_token', 'api_key', 'm2m_token'], ['session_token']]);
  }
  if (random.chance(0.2)) options.audience = random.pick(['api', ['api', 'x']]);
  if (random.chance(0.1)) options.clockSkewInMs = random.pick([0, 60_000]);
  if (random.chance(0.2)) {
    options.machineSecretKey = 'ak_machine';
    if (random.chance(0.5)) delete options.secretKey;
  }
  if (random.chance(0.1)) delete options.publishableKey;
  const scopes = { scopes: random.pick(['read write', '', undefined]), aud: random.pick([undefined, 'api', ['api'], ['mch_2', 'x'], '']) };
  const time = random.pick([{ exp: s + 60, iat: s - 5 }, { exp: s + 60, iat: s - 5, nbf: s - 5 }, { exp: s - 600, iat: s - 660 }, { exp: s + 60, iat: s + 600 }, { iat: s }]);
  const oauth = { client_id: random.pick(['client_1', undefined]), scope: random.pick(['email profile', undefined]), scp: random.pick([undefined, ['email']]), jti: 'oat_1', sub: 'user_1', aud: scopes.aud };
  const key = random.pick(['own', 'own', 'own', 'foreign']);
  const text = random.pick([
    'ak_1', 'mt_1', 'oat_1', 'ak_', 'AK_1', 'mt_a.b.c', 'oat_x y',
    () => jws({ sub: 'mch_1', jti: random.pick(['mt_1', undefined]), iss: `https://${instance.api}`, custom: { a: 1 }, ...scopes, ...time }, random.pick([{}, { cat: 'cl_B7d4PD333AAA' }, { cat: 'cl_B7d4PD111AAA' }, { typ: 'at+jwt' }]), key),
    () => jws({ sub: 'mch_1', jti: 'mt_1', ...time }, {}, key),
    () => jws({ ...oauth, ...time }, { typ: random.pick(['at+jwt', 'application/at+jwt', 'AT+JWT']) }, key),
    () => jws({ ...oauth, ...time }, { typ: 'at+jwt' }, key),
    () => token(random, draft, { odd: 0.3 }),
  ]);
  if (random.chance(0.95)) request.headers.authorization = random.pick([`Bearer ${text}`, `Bearer ${text}`, text, `bearer ${text}`]).replace(/[^\x20-\xff]/g, '');
  const common = { id: 'id_1', scopes: random.pick([['read', 'write'], [], undefined]), revoked: false, revocation_reason: null, expired: false, expiration: null, created_at: 1, updated_at: 2 };
  const subject = random.pick(['user_1', 'org_1', 'mch_1']);
  const failure = random.pick([
    undefined, undefined, undefined, undefined,
    { status: 401, json: { errors: [{ code: 'x', message: 'no' }] } },
    { status: 404, json: { errors: [{ code: 'not_found' }] } },
    { status: 404, json: {} },
    { status: 400, json: { errors: [{ code: 'x' }] } },
    { status: 429, json: { errors: [] } },
    { status: 500, json: { errors: [{ code: 'x' }] } },
    { status: 500, text: 'oops', type: 'text/plain' },
    { networkError: 'down' },
  ]);
  const claimsOf = random.pick([{ a: 1 }, null, undefined]);
  /** @type {Record<string, object>} */
  const good = {
    '/api_keys/verify': { object: 'api_key', type: 'api_key', name: 'ci', subject, claims: claimsOf, created_by: null, description: null, last_used_at: null, ...common },
    '/m2m_tokens/verify': { object: 'machine_to_machine_token', subject: 'mch_1', claims: claimsOf, ...common },
    '/oauth_applications/access_tokens/verify': { object: 'clerk_idp_oauth_access_token', client_id: 'client_1', type: 'oauth:access_token', subject, ...common, ...(random.chance(0.3) && { aud: random.pick(['api', ['x']]) }) },
  };
  const { answer } = made;
  made.answer = (call) => (call.path in good ? (failure ?? { json: good[call.path] }) : answer(call));
  if (random.chance(0.1)) withKeySet(random, draft);
  Object.assign(request.headers, navigation(random));
  if (random.chance(0.2)) request.headers.cookie = cookies(random, draft);
  request.method = method(random);
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

AREAS.verifyToken = { count: 700, make: tokenAlone };

/** Areas that go into mixtures: in the others a change could make one of the listed differences. */
const MIXED = ['header tokens', 'cookies', 'handshake', 'satellites', 'organizations', 'refresh', 'machines', 'public URLs'];

/**
 * A case of another area with options and headers that have nothing to do with it.
 *
 * @param {Random} random
 */
function mixture(random) {
  const made = AREAS[random.pick(MIXED)].make(random);
  const { options } = made;
  const request = /** @type {NonNullable<Case['request']>} */ (made.request);
  const { origin } = new URL(request.url);
  const changes = [
    () => (options.proxyUrl = random.pick(['/__clerk', 'https://proxy.example/__clerk/', ''])),
    () => (options.domain = random.pick(['example.com', 'satellite.example', ''])),
    () => Object.assign(options, { isSatellite: random.pick([true, false, 1]), domain: 'satellite.example', signInUrl: 'https://primary.example.com/sign-in' }),
    () => (options.satelliteAutoSync = true),
    () => (options.acceptsToken = random.pick(['any', 'session_token', ['session_token', 'm2m_token'], ['oauth_token'], 'm2m_token'])),
    () => (options.authorizedParties = random.pick([[origin], ['https://www.example.com', 'http://localhost:3000'], ['https://evil.example']])),
    () => (options.organizationSyncOptions = { organizationPatterns: ['/orgs/:slug(.*)', '/:slug'], personalAccountPatterns: ['/', '/dash(.*)'] }),
    () => (options.clockSkewInMs = random.pick([0, 600_000, 1e9, 1e18])),
    () => (options.machineSecretKey = 'ak_machine'),
    () => (options.apiUrl = 'https://api.example.com/clerk'),
    () => delete options.jwtKey,
    () => Object.assign(request.headers, { 'x-forwarded-host': random.pick(['www.example.com', 'a.example:8443']), 'x-forwarded-proto': random.pick(['https', 'http']) }),
    () => (request.headers.referer = random.pick(['https://satellite.example/x', origin, 'https://accounts.example.com/'])),
    () => (request.headers.origin = random.pick([origin, 'https://primary.example.com'])),
    () => Object.assign(request.headers, { 'sec-fetch-site': random.pick(['same-origin', 'cross-site', 'none']) }),
    () => Object.assign(request.headers, navigation(random)),
    () => (request.method = method(random)),
    () => (request.url += `${request.url.includes('?') ? '&' : '?'}${random.pick(['__clerk_synced=false', '__clerk_synced=true', 'a=%zz&b', 'q=%F0%9F%98%80+x', '__clerk_help=1'])}`),
    () => (request.url = request.url.replace('#', '')),
  ];
  for (const change of random.some(changes)) if (random.chance(0.5)) change();
  return { ...made, area: 'mixtures' };
}

AREAS.mixtures = { count: 1500, make: mixture };
