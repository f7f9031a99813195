// What nobody means to send, and some do: claims, cookies and headers in shapes that Clerk does not make.

import { cookieHeader, method, navigation } from '../browser.mjs';
import { claims, start } from '../draft.mjs';
import { jws, times } from '../instance.mjs';

/** @typedef {import('../random.mjs').Random} Random */

/** Version 2: the organization, its permissions as bits, features, plans. @param {Random} random */
function secondVersion(random) {
  const per = ['read,write', 'read, write', 'read,,write', '', ',', 'read,write,manage,delete', ' read ', 'read,read', undefined];
  const fpm = ['3', '3,1', '1,2,4', '0', '', ',', '3,', '15,15', '-1', '0x3', '3.7', '1e1', '99999999999999999999', ' 3 , 1 ', 'abc,3', '+3', '007', '2147483648,1', 'NaN'];
  return {
    v: random.pick([2, 2, 2, '2', 1, 3, null]),
    o: random.pick([
      () => ({ id: random.pick(['org_1', '', undefined, 5, null]), slg: random.pick(['acme', '', null, 5]), rol: random.pick(['admin', 'org:admin', '', 5, null, 'Admin']), per: random.pick(per), fpm: random.pick(fpm) }),
      undefined, null, '', 'org_1', 5, [], {}, true,
    ]),
    fea: random.pick(['o:invoices', 'o:invoices,o:members', 'uo:invoices,ou:members', ' o:invoices , u:avatars ', 'o:a:b', 'x:invoices', 'o:', ':invoices', '', undefined, 'o:invoices,o:invoices', 'O:invoices', 'ouo:invoices', 'o :invoices', 'o: invoices']),
    pla: random.pick(['o:pro', 'u:free', ' u:free , o:pro', 'x:pro', '', undefined, 'o:', ':pro', 'o:pro:x']),
  };
}

/** Version 1. @param {Random} random */
const firstVersion = (random) => ({
  v: random.pick([undefined, 1, '2', 0]),
  o: undefined,
  org_id: random.pick(['org_1', '', undefined, 5, null, {}]),
  org_slug: random.pick(['acme', undefined, '', 7]),
  org_role: random.pick(['org:admin', 'admin', 'org:org:admin', '', undefined, 5, null]),
  org_permissions: random.pick([['org:invoices:read'], ['invoices:read'], undefined, null, ['org:invoices:read', 5], ['org:org:invoices:read'], ['org:']]),
  fea: random.pick([undefined, 'o:invoices', 'u:avatars']),
  act: random.pick([undefined, { sub: 'user_admin' }, null, 'x', 0]),
});

/** @param {Random} random */
export function oddClaims(random) {
  const draft = start(random, 'odd claims');
  const { made, now, request } = draft;
  const s = Math.floor(now / 1000);
  const fva = [undefined, [0, 0], [-1, 0], [-1, -1], [9.99, 10], [10, 9], [60, 59], [1440, 1439], [0.5, 0.4], ['1', '2'], [1, 2, 3], [], null, [-2, 1], [1, -0.5], {}, [null, 1], [1e308, 1]];
  const time = [{}, {}, {}, { exp: s + 0.5 }, { exp: s - 4.5 }, { exp: s - 5 }, { iat: s + 5 }, { iat: s + 6 }, { nbf: s + 5 }, { nbf: s + 6 }, { exp: `${s + 50}` }, { exp: -1 }, { azp: null }, { azp: ['https://www.example.com'] }, { aud: ['api', null] }, { aud: [['api']] }, { sid: null }, { iss: null }];
  const odd = { ...random.pick([secondVersion, firstVersion].map((make) => () => make(random))), fva: random.pick(fva), sts: random.pick([undefined, 'active', 'pending', '', 'Pending']), ...random.pick(time) };
  const token = jws(claims(random, draft, odd));
  request.headers = random.chance(0.6)
    ? { authorization: `Bearer ${token}` }
    : { ...navigation(random), cookie: cookieHeader([], { __session: token, __client_uat: random.pick([`${s - 100}`, `${s - 5}`, `${s - 5}.9`, `${s - 4}`]), __clerk_db_jwt: 'dvb_1' }) };
  if (random.chance(0.2)) draft.options.audience = random.pick(['api', ['api', ''], [''], '']);
  if (random.chance(0.2)) draft.options.authorizedParties = [draft.instance.site];
  return made;
}

/** Cookies with other names, values and separators, and several of one name. @param {Random} random */
export function cookieForms(random) {
  const draft = start(random, 'cookie forms');
  const { made, instance, now, request } = draft;
  const { suffix } = instance;
  const s = Math.floor(now / 1000);
  const good = jws(claims(random, draft, { sts: undefined }));
  const tokens = [good, good, jws(claims(random, draft, { sub: 'user_2' })), jws(claims(random, draft, times(now).expired)), jws(claims(random, draft), {}, 'foreign'), '', '""', `"${good}"`, ` ${good} `, `${good}%20`, `%22${good}%22`, good.replace('.', '%2E'), 'undefined', 'deleted'];
  const uats = [`${s - 100}`, `${s - 100}`, `${s - 3}`, '0', '', `"${s - 100}"`, '%30', '0x0', '-0', '00', ' 0', '0.0', 'null', `${s - 100}abc`, `+${s - 100}`, 'Infinity', `${s - 100}%20`, '%200'];
  const names = ['__session', `__session_${suffix}`, '__client_uat', `__client_uat_${suffix}`, '__clerk_db_jwt', `__clerk_db_jwt_${suffix}`];
  const others = ['__clerk_redirect_count', `__refresh_${suffix}`, '__Session', '__session_', `__session_${suffix}x`, '__proto__', 'constructor', '__session%5f', `__client_uat_${suffix.toLowerCase()}`];
  const valueOf = (/** @type {string} */ name) => {
    if (name.includes('uat')) return random.pick(uats);
    return /session/i.test(name) ? random.pick(tokens) : random.pick(['1', '3', '', '"1"', 'dvb_1', 'dvb%2F']);
  };
  const pairs = Array.from({ length: 1 + random.below(7) }, () => random.pick([...names, ...names, ...others])).map((name) => `${name}=${valueOf(name)}`);
  if (random.chance(0.5)) pairs.push(`__session=${good}`, `__client_uat=${s - 100}`, '__clerk_db_jwt=dvb_1');
  const header = pairs.join(random.pick(['; ', ';', ' ; ', ';;', ';\t', ', ']));
  request.method = method(random);
  request.headers = {
    ...(random.chance(0.7) ? { 'sec-fetch-dest': 'document' } : navigation(random)),
    cookie: random.pick([header, header, header, `; ${header}`, `=x; ${header}`, `__session; ${header}`, `$Version=1; ${header}`]),
  };
  return made;
}

/** The `Authorization` header, and those by which a document is told. @param {Random} random */
export function headerForms(random) {
  const draft = start(random, 'header forms');
  const { made, now, request } = draft;
  const token = jws(claims(random, draft, { sts: undefined }));
  request.method = method(random);
  request.headers = {
    ...navigation(random),
    authorization: random.pick([
      `Bearer ${token}`, `Bearer ${token} x`, `Bearer\t${token}`, `Bearer ${token},Bearer ${token}`, `BEARER ${token}`, `Bearer: ${token}`, `Basic ${token}`, `${token} Bearer`, `DPoP ${token}`, `Bearer "${token}"`,
      'Bearer', 'null', 'Bearer null', 'ak_1', 'Bearer ak_1', 'Bearer mt_1', 'Bearer oat_1', `Bearer ${token}\u00a0`, `Bearer\u00a0${token}`, `Bearer ${token.replaceAll('.', '%2E')}`,
    ]),
    ...random.pick([{}, { 'sec-fetch-dest': 'Document' }, { 'sec-fetch-dest': 'document, iframe' }, { accept: 'TEXT/HTML' }, { accept: 'text/htmlx' }, { 'sec-fetch-dest': 'frame' }, { 'sec-fetch-mode': 'navigate' }, { 'sec-purpose': 'prefetch' }]),
  };
  if (random.chance(0.5)) request.headers.cookie = cookieHeader([], { __session: token, __client_uat: `${Math.floor(now / 1000) - 100}`, __clerk_db_jwt: 'dvb_1' });
  if (random.chance(0.5)) draft.options.acceptsToken = random.pick(['any', 'session_token', ['session_token', 'api_key'], 'api_key', 'm2m_token', 'oauth_token', [], ['oauth_token', 'session_token']]);
  return made;
}
