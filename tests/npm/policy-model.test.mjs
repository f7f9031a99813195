// Random policies beside a plain reading of docs/settings.md and docs/issuers.md: rules in their order, lists, requirements, kinds of token,
// ties, shadow, cross-site requests, and which of several credentials counts. Only paths that can be read in one way: the others are
// tests/routers' business. PORTCULLIS_SEED chooses other policies.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { createGate } from '../../npm/node.js';
import { INSTANCES, PEM, jws, times } from '../oracle/authenticate/instance.mjs';
import { randomFrom } from '../oracle/authenticate/random.mjs';
import { json, startClerk } from '../support/clerk.mjs';
import { AUDIENCE, startIssuer } from '../support/issuer.mjs';

const SEED = Number(process.env.PORTCULLIS_SEED ?? 20_250_615);
const GATES = 100;
const REQUESTS = 40;
const { publishableKey, site, api } = INSTANCES.dev;
const STRANGER = 'https://stranger.example';
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'];
const SAFE = ['GET', 'HEAD', 'OPTIONS'];
const PATHS = ['/', '/a', '/a/x', '/a/x/y', '/b', '/o/acme', '/o/other', '/o/acme/z', '/u/user_1', '/u/user_2', '/g/org_1', '/g/org_2', '/adm', '/adm/x'];
const PATTERNS = ['/', '/a', '/a/:p*', '/a/x', '/b', '/o/:org', '/o/:org/:p*', '/u/:id', '/g/:gid', '/adm', '/adm/:p*', '/:any', '/:any/:p*', '/(.*)'];
const REQUIREMENTS = [
  undefined, { role: 'org:admin' }, { permission: 'org:x:read' }, { plan: 'gold' }, { feature: 'x' }, { reverification: 'strict' }, { claim: 'metadata.role', equals: 'admin' },
  { claim: 'metadata.role', oneOf: ['admin', 'user'] }, { claim: 'role', contains: 'admin' }, { role: 'org:admin', claim: 'metadata.role', equals: 'admin' }, { token: 'session_token' },
  { token: 'api_key' }, { token: 'm2m_token' }, { token: 'oauth_token' }, { token: ['api_key', 'session_token'] }, { token: ['m2m_token', 'oauth_token'] }, { token: ['session_token', 'oauth_token'], role: 'org:admin' },
];
const ADMINS = [
  { role: 'org:admin' }, { claim: 'metadata.role', equals: 'admin' }, { claim: 'metadata.role', equals: 'admin', token: ['session_token', 'api_key'] }, { token: 'api_key' }, { role: 'org:admin', token: 'session_token' },
];
const TIES = ['org.slug', 'org.id', 'sub', 'metadata.role'];

/**
 * Who may ask: what their token says, and what that comes to.
 *
 * @typedef {object} Person
 * @property {string} [kind] a machine's
 * @property {string} [secret] an opaque token
 * @property {boolean} [isIssued] by the other issuer
 * @property {boolean} [isNobody]
 * @property {any} [claims]
 * @property {any} [is]
 */
/** @type {Person[]} */
const PEOPLE = [
  { claims: {}, is: {} },
  {
    claims: { org_id: 'org_1', org_slug: 'acme', org_role: 'org:admin', org_permissions: ['org:x:read'], metadata: { role: 'admin' } },
    is: { org: { id: 'org_1', slug: 'acme' }, roles: ['org:admin'], permissions: ['org:x:read'] },
  },
  {
    claims: { v: 2, o: { id: 'org_1', slg: 'acme', rol: 'member', per: 'read', fpm: '1' }, fea: 'o:x', pla: 'u:gold', metadata: { role: 'user' }, fva: [1, 1] },
    is: { org: { id: 'org_1', slug: 'acme' }, roles: ['org:member'], permissions: ['org:x:read'], plan: 'gold', feature: 'x', isReverified: true },
  },
  { claims: { metadata: { role: 'admin' }, org: { slug: 'other', id: 'org_2' } }, is: {} },
  { claims: { sts: 'pending', metadata: { role: 'admin' } }, isNobody: true },
  { isIssued: true, claims: { role: ['admin'], scope: 'x:read', metadata: { role: 'admin' }, org: { slug: 'acme', id: 'org_1' }, pla: 'u:gold', fea: 'u:x' }, is: { roles: ['org:admin'], permissions: ['org:x:read'] } },
  { isIssued: true, claims: { role: 'user' }, is: { roles: ['org:user'] } },
  { kind: 'api_key', secret: 'ak_user', is: {} },
  { kind: 'api_key', secret: 'ak_org', is: { org: { id: 'org_1' } } },
  { kind: 'm2m_token', secret: 'mt_machine', is: {} },
  { kind: 'oauth_token', secret: 'oat_user', is: {} },
];
/** @type {Record<string, string>} */
const SUBJECTS = { ak_user: 'user_1', ak_org: 'org_1', mt_machine: 'mch_1', oat_user: 'user_1' };

/** @type {Awaited<ReturnType<typeof startClerk>>} */
let clerk;
/** @type {Awaited<ReturnType<typeof startIssuer>>} */
let issuer;
before(async () => {
  [clerk, issuer] = await Promise.all([startClerk(), startIssuer()]);
  clerk.respondWith((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      const subject = SUBJECTS[Object.keys(SUBJECTS).find((secret) => body.includes(`"${secret}"`)) ?? ''];
      json(response, subject ? 200 : 404, subject ? { id: 'x', subject, scopes: [], claims: null, revoked: false, expired: false } : { errors: [{ code: 'not_found' }] });
    });
  });
});
after(() => Promise.all([clerk?.stop(), issuer?.stop()]));

/** Where a pattern's parameters are in a path; `undefined` where it does not match. @param {string} pattern @param {string} path */
function paramsOf(pattern, path) {
  if (pattern === '/(.*)') return {};
  const parts = pattern.split('/').slice(1).filter(Boolean);
  const segments = path.split('/').slice(1).filter(Boolean);
  const isTree = parts.at(-1)?.endsWith('*') ?? false;
  if (isTree) parts.pop();
  if (isTree ? segments.length < parts.length : segments.length !== parts.length) return undefined;
  if (!parts.every((part, at) => part.startsWith(':') || part === segments[at])) return undefined;
  return Object.fromEntries(parts.flatMap((part, at) => (part.startsWith(':') ? [[part.slice(1), segments[at]]] : [])));
}

/** @param {any} value @param {string} path */
const at = (value, path) => path.split('.').reduce((found, name) => found?.[name], value);

/** Whether somebody has all that is asked, kinds of token apart. @param {any} asked @param {Person} person @param {any} claims */
function meets({ role, permission, plan, feature, reverification, claim, equals, oneOf, contains }, { is }, claims) {
  const found = claim && at(claims, claim);
  return (
    (!role || is.roles?.includes(role)) && (!permission || is.permissions?.includes(permission)) && (!plan || is.plan === plan) && (!feature || is.feature === feature) &&
    (!reverification || is.isReverified) && (equals === undefined || found === equals) && (!oneOf || oneOf.includes(found)) && (!contains || (Array.isArray(found) && found.includes(contains)))
  );
}

/**
 * What docs/settings.md says of a request.
 *
 * @param {any} config
 * @param {{ path: string, method: string, origin: string | undefined }} request
 * @param {Person | undefined} person whose token counts
 * @param {boolean} isFromCookies
 */
function expected(config, { path, method, origin }, person, isFromCookies) {
  const isListed = (/** @type {string[]} */ patterns) => patterns.some((pattern) => paramsOf(pattern, path) !== undefined);
  const hasMethod = (/** @type {any} */ { methods }) => !methods || methods.includes(method) || (method === 'HEAD' && methods.includes('GET'));
  const rule = config.rules.find((/** @type {any} */ rule) => rule.enforce !== false && hasMethod(rule) && isListed(rule.match));
  const list = ['admin', 'public', 'protected'].find((name) => isListed(config[name]));
  const access = rule ? rule.access : (list ?? config.default);
  const asked = [rule?.require, access === 'admin' && config.adminRequires].filter(Boolean);
  const kinds = asked.flatMap(({ token }) => (token ? [[token].flat()] : [])).reduce((all, some) => all.filter((/** @type {string} */ kind) => some.includes(kind)), ['session_token', 'api_key', 'm2m_token', 'oauth_token']);
  const taken = asked.some(({ token }) => token) ? kinds : ['session_token'];
  const known = person && !person.isNobody && taken.includes(person.kind ?? 'session_token') ? person : undefined;
  // A session with tasks is a good token still, as far as whose cookies these are goes.
  const isSession = known ?? (person?.isNobody && taken.includes('session_token'));
  if (isSession && isFromCookies && !SAFE.includes(method) && (rule?.csrf ?? (config.csrf && access !== 'public')) && origin === STRANGER) return '403 cross-site-request';
  if (access === 'public') return '200 public';
  if (!known) return '401';
  const claims = known.secret ? undefined : { sub: known.isIssued ? 'user_other' : 'user_1', ...known.claims };
  const isTied = (/** @type {[string, any]} */ [param, claim]) => {
    const value = (claim.startsWith('org.') && known.is.org?.[claim.slice(4)]) || at(claims, claim);
    return rule.match.every((/** @type {string} */ pattern) => [undefined, value].includes(paramsOf(pattern, path)?.[param])) && value !== undefined;
  };
  const isMet = asked.every((one) => meets(one, known, claims)) && Object.entries(rule?.where ?? {}).every(isTied);
  return isMet ? '200 allowed' : '403 requirement-not-met';
}

/** @param {import('../oracle/authenticate/random.mjs').Random} random */
function policyOf(random) {
  const patterns = () => [...new Set(Array.from({ length: random.below(3) }, () => random.pick(PATTERNS)))];
  const rules = Array.from({ length: random.below(5) }, () => {
    /** @type {any} */
    const rule = { match: [...new Set([random.pick(PATTERNS), ...patterns()])], access: random.pick(['public', 'protected', 'protected', 'admin']) };
    if (random.chance(0.4)) rule.methods = [...new Set([random.pick(METHODS), random.pick(METHODS)])];
    if (random.chance(0.15)) rule.csrf = random.chance(0.5);
    if (rule.access === 'public') return rule;
    const require = random.pick(REQUIREMENTS);
    const param = ['org', 'id', 'gid', 'any'].find((name) => rule.match.every((/** @type {string} */ pattern) => pattern.split('/').includes(`:${name}`)));
    if (require) rule.require = require;
    if (random.chance(0.15)) rule.enforce = false;
    if (param && random.chance(0.6)) rule.where = { [param]: random.pick(TIES) };
    return rule;
  });
  return {
    rules, public: patterns(), protected: patterns(), admin: patterns(), adminRequires: random.pick(ADMINS), default: random.pick(['public', 'protected']), csrf: random.chance(0.7),
    ...(random.chance(0.5) && { issuer: { issuer: issuer.iss, jwksUrl: issuer.jwksUrl, audience: AUDIENCE, header: 'Authorization', cookie: 'id_token', role: 'role', permissions: 'scope' } }),
  };
}

test(`decisions are what the docs say (seed ${SEED})`, async () => {
  const random = randomFrom(SEED);
  /** @type {Record<string, number>} */
  const tally = {};
  const session = (/** @type {any} */ claims) => jws({ iss: `https://${api}`, azp: site, sub: 'user_1', sid: 'sess_1', ...times(Date.now()).fresh, ...claims });
  const tokenOf = async (/** @type {Person} */ { secret, isIssued, claims }) => secret ?? (isIssued ? issuer.token(claims) : session(claims));
  for (let n = 0; n < GATES; n += 1) {
    const policy = policyOf(random);
    const gate = await createGate(/** @type {any} */ ({ publishableKey, secretKey: 'sk_test_of_the_policy_model', jwtKey: PEM, apiUrl: clerk.url, authorizedParties: [site], api: ['/(.*)'], ...policy }));
    const takesIssued = 'issuer' in policy;
    for (let m = 0; m < REQUESTS; m += 1) {
      const request = { path: random.pick(PATHS), method: random.pick([...METHODS, 'GET', 'GET', 'POST']), origin: random.pick([undefined, site, STRANGER]) };
      const [bearer, issued, own] = [PEOPLE, PEOPLE.filter((one) => one.isIssued), PEOPLE.filter((one) => !one.isIssued && !one.secret)].map((some) => (random.chance(0.5) ? some[random.below(some.length)] : undefined));
      // An issuer's cookie may be good or not; then Clerk's counts.
      const isSpoilt = random.chance(0.3);
      const cookies = [issued && `id_token=${isSpoilt ? 'x.y.z' : await tokenOf(issued)}`, own && `__session=${await tokenOf(own)}; __client_uat=1; __clerk_db_jwt=dvb_1`].filter(Boolean);
      const headers = new Headers({ ...(bearer && { authorization: `Bearer ${await tokenOf(bearer)}` }), ...(cookies.length > 0 && { cookie: cookies.join('; ') }), ...(request.origin && { origin: request.origin }) });
      const counts = bearer ?? (issued && takesIssued && !isSpoilt ? issued : own);
      const wanted = expected(policy, request, counts?.isIssued && !takesIssued ? undefined : counts, bearer === undefined);
      const { status, reason } = await gate.decide(/** @type {any} */ ({ method: request.method, url: site + request.path, headers }));
      const found = status === 401 ? '401' : `${status} ${reason}`;
      tally[found] = (tally[found] ?? 0) + 1;
      assert.equal(found, wanted, `${JSON.stringify({ ...request, bearer, issued, isSpoilt, own, policy })}`);
    }
  }
  console.log(tally);
  for (const kind of ['200 allowed', '200 public', '401', '403 requirement-not-met', '403 cross-site-request']) assert.ok(tally[kind] > 20, `${kind}: ${tally[kind]}`);
});
