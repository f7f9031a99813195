// `where` of a rule: what the path names has to be what the token says.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { createGate, explain } from '../../npm/node.js';
import { INSTANCES, PEM, jws, times } from '../oracle/authenticate/instance.mjs';

const { publishableKey, site, api } = INSTANCES.dev;
const rule = { match: ['/orgs/:orgSlug', '/orgs/:orgSlug/:path*', '/api/orgs/:orgSlug.json'], where: { orgSlug: 'org.slug' } };
/** @type {any} */
const CONFIG = {
  publishableKey, jwtKey: PEM, authorizedParties: [site], api: ['/(.*)'],
  rules: [rule, { match: '/users/:userId/:orgId?', where: { userId: 'sub', orgId: 'org.id' } }, { match: '/teams/:n', where: { n: 'metadata.team' } }],
};
const gate = await createGate(CONFIG);
/** The active organization, in both versions of Clerk's tokens. */
const ORGS = { 'version 1': { org_id: 'org_1', org_slug: 'acme', org_role: 'org:member' }, 'version 2': { v: 2, o: { id: 'org_1', slg: 'acme', rol: 'member' } } };
/** @param {string} path @param {any} [claims] */
const request = (path, claims) => {
  const token = jws({ iss: `https://${api}`, azp: site, sub: 'user_1', sid: 'sess_1', ...claims, ...times(Date.now()).fresh });
  // As raw as it came: `Request` would resolve dot segments.
  return /** @type {any} */ ({ method: 'GET', url: site + path, headers: new Headers(claims ? { authorization: `Bearer ${token}` } : {}) });
};
/** @param {string} path @param {any} [claims] */
const decide = async (path, claims) => {
  const { status, reason } = await gate.decide(request(path, claims));
  return [status, reason];
};

for (const [version, org] of Object.entries(ORGS)) {
  describe(`an organization of ${version}`, () => {
    test('gets its own paths', async () => {
      for (const path of ['/orgs/acme', '/orgs/acme/', '/orgs/acme/invoices/7?org=other', '/ORGS/acme/x', '/users/user_1/org_1']) {
        assert.deepEqual(await decide(path, org), [200, 'allowed'], path);
      }
    });

    test('gets nobody else’s, however they are spelled', async () => {
      const paths = [
        '/orgs/other', '/orgs/other/x', '/orgs/ACME', '/orgs/acme2', '/orgs/acm', '/orgs/acme.json', '/orgs/acme%20', '/users/user_2/org_1', '/users/user_1/org_2', '/users/user_1',
        '/orgs/acme/..%2fother', '/orgs/acme%2f..%2fother/x', '/orgs/other/..%2facme', '/orgs/acme/%2e%2e%2fother', '/orgs/acme%252f..%252fother', '/orgs/acme;x/y', '/orgs//other', '/orgs/./other', '/orgs/acme/../other',
      ];
      for (const path of paths) {
        const [status] = await decide(path, org);
        assert.ok(status === 403 || status === 400, `${path}: ${status}`);
      }
    });
  });
}

test('who is active in none, or nobody, or whose claim is none, gets no path', async () => {
  assert.deepEqual(await decide('/orgs/acme', {}), [403, 'requirement-not-met']);
  assert.equal((await decide('/orgs/acme'))[0], 401);
  for (const slug of [null, '', ['acme'], { a: 'acme' }, true]) assert.equal((await decide('/orgs/acme', { ...ORGS['version 1'], org_slug: slug }))[0], 403, String(slug));
});

test('any claim can be asked for, a whole number too', async () => {
  for (const [team, path, status] of /** @type {[any, string, number][]} */ ([[7, '/teams/7', 200], ['7', '/teams/7', 200], [7, '/teams/07', 403], [7.5, '/teams/7.5', 403], [null, '/teams/null', 403],
    // Servers differ on where these end, or what they are.
    ['a b', '/teams/a%20b', 403], ['ä', '/teams/%C3%A4', 403], ['a.json', '/teams/a.json', 403], [true, '/teams/true', 403]])) {
    assert.equal((await decide(path, { metadata: { team } }))[0], status, `${team} ${path}`);
  }
});

test('is told by explain', async () => {
  for (const [path, isMet] of /** @type {const} */ ([['/orgs/acme', true], ['/orgs/other', false]])) {
    const { requirements } = await explain(CONFIG, request(path, ORGS['version 2']));
    assert.deepEqual(requirements, [{ rule: 'rules[0] /orgs/:orgSlug', name: 'where', expected: ':orgSlug is the claim org.slug', isMet }]);
  }
});

test('that makes no sense is an error that names it', async () => {
  for (const [wrong, message] of /** @type {[any, RegExp][]} */ ([
    [{ match: '/orgs/:slug', where: { orgSlug: 'org.slug' } }, /`rules\[0\]\.where\.orgSlug`: not every pattern of `match` has this parameter/],
    [{ match: ['/orgs/:orgSlug', '/teams'], where: { orgSlug: 'org.slug' } }, /not every pattern/],
    [{ match: ['/orgs/:orgSlug', '/orgs/:orgSlug/with/:orgSlug'], where: { orgSlug: 'org.slug' } }, /not every pattern of `match` has this parameter, and once/],
    [{ match: '/orgs/:orgSlug', where: {} }, /`rules\[0\]\.where` is missing: expected at least one parameter/],
    [{ match: '/orgs/:orgSlug', where: 'org.slug' }, /`rules\[0\]\.where` is a string, expected a table/],
    [{ match: '/orgs/:orgSlug', where: { orgSlug: '' } }, /`rules\[0\]\.where\.orgSlug` is an empty string, expected the path of a claim/],
    [{ match: '/orgs/:orgSlug', where: { orgSlug: 'org..slug' } }, /expected the path of a claim/],
    [{ match: '/orgs/:orgSlug', where: { orgSlug: 5 } }, /expected the path of a claim/],
    [{ match: '/orgs/:orgSlug', where: { orgSlug: 'org.slug' }, access: 'public' }, /`rules\[0\]\.where`: a public rule asks nobody who they are/],
  ])) await assert.rejects(createGate({ ...CONFIG, rules: [wrong] }), message);
  await assert.rejects(createGate({ ...CONFIG, rules: [{ match: '/:page', where: { page: 'sub' } }], signInUrl: '/in' }), /a visitor sent there would be sent there again/);
});
