// The deliberate differences, by their names in docs/differences.md: for each a generator of cases that have to be answered
// otherwise than by Clerk. A case of these that agrees fails the test, as does a case of any other area that differs.

import { cookieHeader, navigation } from './browser.mjs';
import { claims, start } from './draft.mjs';
import { LARGE_PEM, PEM, jws, times } from './instance.mjs';

/** @typedef {import('./random.mjs').Random} Random */
/** @typedef {import('./draft.mjs').Draft} Draft */

const DOCUMENT = { 'sec-fetch-dest': 'document', accept: 'text/html' };

/** A good token in the header. @param {Draft} draft @param {string} text */
function bearer(draft, text) {
  draft.request.headers.authorization = `Bearer ${text}`;
  return draft.made;
}

/** A navigation that starts a handshake. @param {Random} random @param {Draft} draft @param {Record<string, string>} [more] */
function handshakeDue(random, draft, more = {}) {
  draft.request.headers = {
    ...DOCUMENT,
    cookie: cookieHeader([], { __client_uat: `${Math.floor(draft.now / 1000) - random.below(100)}`, __clerk_db_jwt: 'dvb_1', ...more }),
  };
  return draft.made;
}

/** Answers one kind of call so, the others as before. @param {Draft} draft @param {string} end @param {import('./draft.mjs').Answer} so */
function answering({ made }, end, so) {
  const { answer } = made;
  made.answer = (call) => (call.path.endsWith(end) ? so : answer(call));
}

/** Claims without what makes another auth object. @param {Random} random @param {Draft} draft @param {object} [changes] */
const plain = (random, draft, changes = {}) => claims(random, draft, { sts: undefined, ...changes });

/** @type {Record<string, (random: Random) => import('./draft.mjs').Case>} */
export const KNOWN = {
  'padded-machine-jwt': (random) => {
    const draft = start(random, '');
    return bearer(draft, `${jws(plain(random, draft))}==`);
  },
  'null-json-throws': (random) => bearer(start(random, ''), jws('null')),
  'out-of-range-time': (random) => {
    const draft = start(random, '');
    return bearer(draft, jws(plain(random, draft, random.pick([{ exp: 1e20 }, { exp: 8640000000001 }, { nbf: 1e300 }, { iat: -1e20 }]))));
  },
  'parties-as-string': (random) => {
    const draft = start(random, '');
    draft.options.authorizedParties = `${draft.instance.site}${random.pick(['.evil.example', '/', ' https://x.example'])}`;
    return bearer(draft, jws(plain(random, draft, { azp: draft.instance.site })));
  },
  'object-member-as-key': (random) => {
    const draft = start(random, '', { pem: false });
    return bearer(draft, jws(plain(random, draft), { kid: random.pick(['__proto__', 'constructor', 'toString', 'hasOwnProperty']) }));
  },
  'machine-answer-not-read': (random) => {
    const draft = start(random, '');
    draft.options.acceptsToken = random.pick(['any', 'api_key', ['api_key', 'session_token']]);
    const state = random.pick([{ revoked: true }, { expired: true }]);
    answering(draft, '/verify', { json: { object: 'api_key', id: 'a', name: 'ci', subject: 'user_1', scopes: [], claims: null, ...state } });
    return bearer(draft, 'ak_1');
  },
  'refresh-of-another-session': (random) => {
    const draft = start(random, '');
    const { instance, now, request } = draft;
    const renewed = { object: 'cookies', cookies: [`__session_${instance.suffix}=${jws(plain(random, draft))}; Path=/`] };
    answering(draft, '/refresh', random.pick([{ json: renewed }, { status: 500, json: {} }]));
    request.headers = {
      ...navigation(random),
      cookie: cookieHeader([], { [`__refresh_${instance.suffix}`]: 'rt_1', __session: random.pick([undefined, jws(claims(random, draft, times(now).expired))]) }),
    };
    return bearer(draft, jws(claims(random, draft, times(now).expired)));
  },
  'session-id-in-path': (random) => {
    const draft = start(random, '');
    const { instance, now } = draft;
    answering(draft, '/refresh', { json: { object: 'cookies', cookies: [`__session=${jws(plain(random, draft))}`] } });
    const expired = jws(claims(random, draft, { ...times(now).expired, sid: random.pick(['sess%61', 'sess 1', 'sess?x=1', 'sess_\u00fc']) }));
    return handshakeDue(random, draft, { __session: expired, [`__refresh_${instance.suffix}`]: 'rt_1', __client_uat: '1' });
  },
  'handshake-in-query': (random) => {
    const draft = start(random, '', { kind: 'prod' });
    draft.request.url += `?__clerk_handshake=${jws({ handshake: [`__session=${jws(plain(random, draft))}; Path=/`] })}`;
    draft.request.headers = navigation(random);
    return draft.made;
  },
  'handshake-token-never-expires': (random) => {
    const draft = start(random, '', { kind: 'prod' });
    const s = Math.floor(draft.now / 1000);
    const over = random.pick([{ exp: s - 600 }, { nbf: s + 600 }, { iat: s + 600 }]);
    draft.request.headers = { ...navigation(random), cookie: `__clerk_handshake=${jws({ handshake: [`__session=${jws(plain(random, draft))}`], ...over })}` };
    return draft.made;
  },
  'host-from-path': (random) => {
    const draft = start(random, '');
    draft.request.url = `http://internal:3000${random.pick(['//evil.example/p', '///evil.example/p', '//evil.example'])}`;
    const made = handshakeDue(random, draft);
    Object.assign(draft.request.headers, { 'x-forwarded-host': 'www.example.com', 'x-forwarded-proto': 'https' });
    return made;
  },
  'forwarded-origin': (random) => {
    const draft = start(random, '');
    draft.request.url = 'http://internal:3000/p';
    const made = handshakeDue(random, draft);
    const odd = random.pick([{ 'x-forwarded-proto': random.pick(['wss', 'ftp']) }, { 'x-forwarded-host': 'user:pw@www.example.com' }]);
    Object.assign(draft.request.headers, { 'x-forwarded-host': 'www.example.com', 'x-forwarded-proto': 'https', ...odd });
    return made;
  },
  'dev-open-redirect': (random) => {
    const draft = start(random, '', { kind: 'dev' });
    const target = random.pick(['https://evil.example/', 'https://satellite.example/page', 'myapp://x', 'http://127.0.0.1.evil.example/']);
    if (random.chance(0.5)) draft.options.authorizedParties = ['https://www.example.com'];
    draft.request.url += `?__clerk_redirect_url=${encodeURIComponent(target)}`;
    draft.request.headers = { ...DOCUMENT, cookie: '__clerk_db_jwt=dvb_1' };
    return draft.made;
  },
  'counter-past-three': (random) =>
    handshakeDue(random, start(random, ''), { __clerk_redirect_count: random.pick(['4', '10', '-1', 'Infinity', '3.5', '1e9']) }),
  'auth-object-throws': (random) => {
    const draft = start(random, '');
    const o = { id: 'org_1', slg: 'acme', rol: 'admin', per: 'read', fpm: '1' };
    return bearer(draft, jws(plain(random, draft, { v: 2, o, fea: random.pick(['invoices', 'o:invoices,', 5]) })));
  },
  'nonce-hides-session': (random) => {
    const draft = start(random, '');
    answering(draft, '/handshake_payload', random.pick([{ status: 404, json: { errors: [{ code: 'x' }] } }, { networkError: 'down' }, { status: 500, json: {} }]));
    const s = Math.floor(draft.now / 1000);
    const own = { __clerk_handshake_nonce: 'n', __session: jws(plain(random, draft)), __client_uat: `${s - 100}`, __clerk_db_jwt: 'dvb_1' };
    draft.request.headers = { ...navigation(random), cookie: cookieHeader([], own) };
    return draft.made;
  },
  'pem-is-read': (random) => {
    const draft = start(random, '');
    draft.options.jwtKey = random.pick(['garbage', PEM.replaceAll('\n', '\\n'), LARGE_PEM, '-----BEGIN PUBLIC KEY-----']);
    return bearer(draft, jws(plain(random, draft), {}, draft.options.jwtKey === LARGE_PEM ? 'large' : 'own'));
  },
  'settings-checked-first': (random) => {
    const draft = start(random, '');
    draft.options.acceptsToken = random.pick(['nonsense', ['session_token', 'x'], 'Session_Token']);
    return bearer(draft, jws(plain(random, draft)));
  },
  'negative-clock-skew': (random) => {
    const draft = start(random, '');
    draft.options.clockSkewInMs = random.pick([-60_000, -120_000, -1e15]);
    return bearer(draft, jws(plain(random, draft)));
  },
  'content-type-not-read': (random) => {
    const draft = start(random, '');
    const type = random.pick(['application/json; charset=utf-8', 'text/plain', 'application/problem+json']);
    answering(draft, '/handshake_payload', { json: { directives: [`__session=${jws(plain(random, draft))}; Path=/`] }, type });
    draft.request.headers = { ...navigation(random), cookie: '__clerk_handshake_nonce=n' };
    return draft.made;
  },
  'host-not-ascii': (random) => {
    const draft = start(random, '');
    const latin = (/** @type {string} */ host) => Buffer.from(`${host}$`, 'latin1').toString('base64');
    draft.options.publishableKey = `pk_test_${latin('clerk.m\u00fcnchen.example')}`;
    return bearer(draft, jws(plain(random, draft)));
  },
  'message-is-ascii': (random) => {
    const draft = start(random, '');
    return bearer(draft, jws(plain(random, draft), { typ: random.pick(['\u2603', 'JWT\u{1f600}', '\u0416']) }));
  },
};

/** Differences that no single call shows, and where they are held instead. */
export const ELSEWHERE = ['key-life-prolonged', 'key-set-outage', 'unknown-kid-fetch'];
