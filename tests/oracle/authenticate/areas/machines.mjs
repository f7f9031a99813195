// Tokens of machines: API keys, machine-to-machine tokens, OAuth access tokens.

import { cookies, method, navigation } from '../browser.mjs';
import { start, token } from '../draft.mjs';
import { jws } from '../instance.mjs';
import { withKeySet } from '../options.mjs';

/** @typedef {import('../random.mjs').Random} Random */

/** A token of any kind where some kinds are accepted, and what the Backend API says of it. @param {Random} random */
export function machines(random) {
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
