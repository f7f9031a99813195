// Wrong settings: nobody gets in, the log says what to mend, health still answers.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { POLICY, startGate } from '../support/gate.mjs';

const MISPLACED = ['sk', 'test', 'abcdefghijklmnop'].join('_');
/** Each: what is changed, and what the log has to say about it. */
const WRONG = {
  'no publishable key': [{ env: { CLERK_PUBLISHABLE_KEY: undefined } }, /setting `CLERK_PUBLISHABLE_KEY` is missing: expected `pk_test_…` or `pk_live_…`/],
  'a publishable key of another shape': [{ env: { CLERK_PUBLISHABLE_KEY: 'pk_test_###' } }, /setting `CLERK_PUBLISHABLE_KEY` is `pk_test_###`, expected/],
  'the secret key in place of the publishable one': [{ env: { CLERK_PUBLISHABLE_KEY: MISPLACED } }, /setting `CLERK_PUBLISHABLE_KEY` has an invalid value \(not shown\), expected/],
  'no secret key': [{ env: { CLERK_SECRET_KEY: undefined } }, /setting `CLERK_SECRET_KEY` is missing: expected a secret key, or a PEM public key in `CLERK_JWT_KEY`/],
  'keys of two instances': [{ env: { CLERK_SECRET_KEY: ['sk', 'live', 'abcdefghijklmnop'].join('_') } }, /of different instances, one test and one live/],
  'a PEM that is none': [{ env: { CLERK_JWT_KEY: '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----' } }, /setting `CLERK_JWT_KEY` has an invalid value \(not shown\)/],
  'a plain-text Backend API': [{ env: { CLERK_API_URL: 'http://api.example.com' } }, /setting `CLERK_API_URL` is `http:\/\/api.example.com`, expected an `https` URL/],
  'no policy': [{ env: { PORTCULLIS: undefined } }, /setting `PORTCULLIS` is missing: expected the policy/],
  'an unknown key': [{ policy: { authorised_parties: [] } }, /unknown setting `authorised_parties`; help: did you mean `authorized_parties`\?/],
  'an unknown key that would end the line': [{ policy: { 'public\n': [] } }, /unknown setting `public\\u\{a\}`; help: did you mean `public`/],
  'an unknown key in a rule': [{ policy: { rules: [{ match: '/x', enforced: false }] } }, /unknown setting `rules\[0\]\.enforced`/],
  'a wrong type': [{ policy: { public: 5 } }, /setting `public` is a number, expected a list of strings/],
  'a wrong type inside': [{ policy: { admin: ['/admin', 7] } }, /setting `admin\[1\]` is a number, expected a string/],
  'a word that is none': [{ policy: { default: 'open' } }, /setting `default` is `open`, expected `protected` or `public`/],
  'a bad pattern': [{ policy: { public: [...POLICY.public, '/docs/:'] } }, /invalid pattern `\/docs\/:` in `public\[6\]`: expected a parameter name after `:`/],
  'a party with a path': [{ policy: { authorized_parties: ['https://example.com/'] } }, /setting `authorized_parties\[0\]` is `https:\/\/example.com\/`, expected an origin/],
  'parties that name nobody': [{ policy: { authorized_parties: [] } }, /setting `authorized_parties` is an empty list, expected at least one origin/],
  'parties that are null': [{ policy: { authorized_parties: null } }, /setting `authorized_parties` is null, expected/],
  'a wildcard on a shared host': [{ policy: { authorized_parties: ['https://*.vercel.app'] } }, /under this one anybody can get a name/],
  'an origin with a path': [{ policy: { origin: 'https://app.example.com/base' } }, /setting `origin` is `https:\/\/app.example.com\/base`/],
  'a sign-in page behind the gate': [{ policy: { sign_in_url: '/dashboard/sign-in' } }, /setting `sign_in_url`: `\/dashboard\/sign-in` is protected by `protected\[0\]/],
  'an unauthorized page for admins': [{ policy: { unauthorized_url: '/admin/sorry' } }, /setting `unauthorized_url`: `\/admin\/sorry` is admin/],
  'admin paths and no admins': [{ policy: { admin_requires: undefined } }, /setting `admin_requires` is missing/],
  'an empty requirement': [{ policy: { admin_requires: {} } }, /setting `admin_requires` is missing: expected at least one of/],
  'a requirement that is null': [{ policy: { rules: [{ match: '/x', require: null }] } }, /setting `rules\[0\]\.require` is null, expected/],
  'a part of a requirement that is null': [{ policy: { rules: [{ match: '/x', require: { permission: 'org:a:b', role: null } }] } }, /setting `rules\[0\]\.require\.role` is null, expected/],
  'methods that are null': [{ policy: { rules: [{ match: '/x', access: 'public', methods: null }] } }, /setting `rules\[0\]\.methods` is null, expected/],
  'admin paths that are null': [{ policy: { admin: null } }, /setting `admin` is null, expected/],
  'a number that stands for others, too': [{ policy: { admin_requires: { claim: 'account', equals: 2 ** 53 } } }, /setting `admin_requires\.equals` is another number, expected one below 2\^53/],
  'a number that stands for others, too, in a list': [{ policy: { admin_requires: { claim: 'account', one_of: [1, -(2 ** 60)] } } }, /setting `admin_requires\.one_of` is another number, expected one below 2\^53/],
  'a claim with two tests': [{ policy: { admin_requires: { claim: 'a', equals: 1, contains: 2 } } }, /a claim needs exactly one test/],
  'a public rule that requires': [{ policy: { rules: [{ match: '/x', access: 'public', require: { role: 'org:admin' } }] } }, /a public rule cannot require anything/],
  'a method in lower case': [{ policy: { rules: [{ match: '/x', methods: ['post'] }] } }, /setting `rules\[0\]\.methods\[0\]` is `post`, expected a method in upper case/],
  'a word for all methods': [{ policy: { rules: [{ match: '/x', methods: ['*'] }] } }, /setting `rules\[0\]\.methods\[0\]` is `\*`, expected a method, as `POST`; leave `methods` out where all are meant/],
  'a method that is refused': [{ policy: { rules: [{ match: '/x', methods: ['TRACE'] }] } }, /setting `rules\[0\]\.methods\[0\]` is `TRACE`, expected a method that gets past the gate/],
  'a reading that nobody knows': [{ policy: { path_readings: ['matrix-param'] } }, /setting `path_readings\[0\]` is `matrix-param`, expected `all` as the first, or one of as-written, decoded,/],
  'a reading taken away from a list that is none': [{ policy: { path_readings: ['-decoded'] } }, /setting `path_readings\[0\]` is `-decoded`, expected `all` as the first/],
  'a reading added to all of them': [{ policy: { path_readings: ['all', 'decoded'] } }, /setting `path_readings\[1\]` is `decoded`, expected after `all` a `-` and one of/],
  'the canonical path switched off': [{ policy: { path_readings: ['all', '-canonical'] } }, /setting `path_readings\[1\]` is `-canonical`/],
  'no readings at all': [{ policy: { path_readings: [] } }, /setting `path_readings` is an empty list, expected at least one/],
  'locales that nothing looks for': [{ policy: { locales: ['fr'], path_readings: ['all', '-locale'] } }, /setting `locales`: the ways to read paths that are looked at leave out `locale`/],
  'a locale with a slash': [{ policy: { locales: ['en/us'] } }, /setting `locales\[0\]` is `en\/us`, expected a locale/],
  'a CSRF check that is a word': [{ policy: { csrf: 'off' } }, /setting `csrf` is a string, expected true or false/],
  'a CSRF check of a rule that is a word': [{ policy: { rules: [{ match: '/x', csrf: 'off' }] } }, /setting `rules\[0\]\.csrf` is a string, expected true or false/],
  'shadow mode as a word': [{ policy: { enforce: 'no' } }, /setting `enforce` is a string, expected true or false/],
  'shadow mode of a rule as a word': [{ policy: { rules: [{ match: '/x', enforce: 0 }] } }, /setting `rules\[0\]\.enforce` is a number, expected true or false/],
  'a public rule on trial': [{ policy: { rules: [{ match: '/x', access: 'public', enforce: false }] } }, /setting `rules\[0\]\.enforce`: a public rule refuses nobody/],
  'a sign-in page behind a rule on trial': [{ policy: { rules: [{ match: '/sign-in', enforce: false }] } }, /`\/sign-in` is protected by `rules\[0\] \/sign-in`/],
  'users named in a way that nobody knows': [{ policy: { log_user: 'sha1' } }, /setting `log_user` is `sha1`, expected `plain` or `hashed` or `none`/],
  'a share above all': [{ policy: { log_forwards: 1.5 } }, /setting `log_forwards` is another number, expected a number from 0 to 1/],
  'a share that is a word': [{ policy: { log_forwards: 'all' } }, /setting `log_forwards` is a string, expected a number from 0 to 1/],
  'own pages as a folder': [{ policy: { own_pages: '/errors' } }, /setting `own_pages` is a string, expected true or false/],
  'security headers as a word': [{ policy: { security_headers: 'on' } }, /setting `security_headers` is a string, expected true, false or a table/],
  'a security header that nobody knows': [{ policy: { security_headers: { hts: false } } }, /unknown setting `security_headers\.hts`; help: did you mean `hsts`/],
  'a security header with a line break': [{ policy: { security_headers: { hsts: 'a\r\nset-cookie: x' } } }, /setting `security_headers\.hsts` is a string, expected the value of a header field/],
  'a content policy of another mode': [{ policy: { csp: { mode: 'lax' } } }, /setting `csp\.mode` is `lax`, expected `standard` or `strict`/],
  'a source that begins another directive': [{ policy: { csp: { directives: { 'img-src': ['a; script-src *'] } } } }, /setting `csp\.directives\.img-src` is `a; script-src \*`/],
  'everybody as an origin': [{ policy: { cors: { origins: ['*'], credentials: true } } }, /setting `cors\.origins\[0\]` is `\*`, expected one origin/],
  'CORS for nobody': [{ policy: { cors: {} } }, /setting `cors\.origins` is missing/],
  'a memory of half a token': [{ policy: { token_cache: 0.5 } }, /setting `token_cache` is another number, expected a whole number from 0 to 65535/],
  'a memory without an end': [{ policy: { token_cache: 1e9 } }, /setting `token_cache` is `1000000000`, expected a whole number from 0 to 65535/],
  'a role without its prefix': [{ policy: { rules: [{ match: '/x', require: { role: 'admin' } }] } }, /beginning with `org:`/],
};

describe('wrong settings', () => {
  for (const [name, [options, expected]] of Object.entries(WRONG)) {
    test(`${name}: 500 for everything but health, and the log says why once`, async () => {
      const gate = await startGate(/** @type {any} */ (options));
      try {
        for (const path of ['/', '/dashboard', '/api/public/x', '/admin', '/x.css']) {
          const response = await gate.request(path, { token: await gate.clerk.token() });
          assert.equal(response.status, 500, path);
          const problem = await response.json();
          assert.deepEqual(Object.keys(problem).sort(), ['reason', 'status', 'title', 'type']);
          assert.equal(problem.reason, 'invalid-settings');
        }
        assert.equal((await gate.request('/.well-known/portcullis/health')).status, 200);
        assert.deepEqual(gate.origin.seen, []);
        const log = gate.worker.log().replaceAll('\\"', '"').replaceAll('\\\\', '\\');
        assert.match(log, /** @type {RegExp} */ (expected));
        assert.ok(!log.includes(MISPLACED), log);
        assert.equal(gate.worker.log().split('invalid-settings').length - 1, 1, log);
      } finally {
        await gate.stop();
      }
    });
  }

  test('two homes for the origin are one too many', async () => {
    const gate = await startGate({ reach: 'ORIGIN', policy: { origin: 'https://app.example.com' } });
    try {
      assert.equal((await gate.request('/')).status, 500);
      assert.match(gate.worker.log(), /a request can go to one origin only/);
    } finally {
      await gate.stop();
    }
  });
});

describe('a gate with addresses of this machine', () => {
  test('serves nobody else', async () => {
    const gate = await startGate();
    try {
      const { status, text } = await gate.raw('GET / HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n');
      assert.equal(status, 500);
      assert.match(text, /"reason":"development-settings"/);
      assert.deepEqual(gate.origin.seen, []);
      assert.equal((await gate.request('/')).status, 200);
    } finally {
      await gate.stop();
    }
  });
});
