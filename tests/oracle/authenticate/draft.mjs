// What every case is built on: an instance, its keys and a clock; claims and session tokens, mostly good.

import { INSTANCES, JWK, PEM, jws, times } from './instance.mjs';

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
