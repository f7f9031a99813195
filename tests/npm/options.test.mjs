// Options that cannot be meant so: what is no object of options, and, on development instances, names that nobody knows.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { authenticateRequest, verifyToken, verifyWebhook } from '../../npm/node.js';
import { ROOT } from '../../tools/run.mjs';
import { INSTANCES, PEM, jws, times } from '../oracle/authenticate/instance.mjs';

const { publishableKey, site, api } = INSTANCES.dev;
const live = INSTANCES.prod;
const request = () => new Request(`${site}/`);
const token = jws({ iss: `https://${api}`, azp: site, sub: 'user_1', sid: 'sess_1', ...times(Date.now()).fresh });
const usual = { publishableKey, secretKey: ['sk', 'test', 'x'].join('_'), jwtKey: PEM };

/** @param {Promise<unknown>} call @returns {Promise<any>} */
const failure = (call) => call.then(() => assert.fail('nothing was thrown'), (error) => error);

/** What the options of a type are called. @param {string} type */
function namesOf(type) {
  const types = readFileSync(join(ROOT, 'npm/types/session.d.ts'), 'utf8');
  const body = new RegExp(`interface ${type}[^{]*\\{([^]*?)\\n\\}`).exec(types)?.[1] ?? '';
  return [...body.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, name]) => name);
}

test('what is no object of options is an error that names the argument', async () => {
  for (const [odd, kind] of /** @type {[any, string][]} */ ([[null, 'null'], ['x', 'a string'], [5, 'a number'], [true, 'a boolean'], [[], 'an array'], [() => {}, 'a function']])) {
    for (const call of [() => authenticateRequest(request(), odd), () => verifyToken(token, odd), () => verifyWebhook(request(), odd)]) {
      const { name, code, message } = await failure(call());
      assert.deepEqual([name, code, message.slice(0, 40)], ['PortcullisError', 'invalid-argument', `argument \`options\` is ${kind}, expected an object`.slice(0, 40)]);
    }
  }
});

test('options that are inherited, hidden or computed are read like the others, by the first call too', async () => {
  class Computed {
    get authorizedParties() {
      return ['https://other.example'];
    }
  }
  const parties = { authorizedParties: ['https://other.example'] };
  const makers = [
    (/** @type {any} */ own) => Object.assign(Object.create(parties), own),
    (/** @type {any} */ own) => Object.defineProperty({ ...own }, 'authorizedParties', { value: parties.authorizedParties, enumerable: false }),
    (/** @type {any} */ own) => Object.assign(new Computed(), own),
  ];
  for (const [index, make] of makers.entries()) {
    // A key that has not been seen yet: the name of its cookies is made while the call waits.
    const fresh = `pk_test_${btoa(`hidden-${index}.clerk.accounts.dev$`)}`;
    const options = make({ ...usual, publishableKey: fresh });
    for (let time = 0; time < 3; time += 1) {
      const { reason } = await authenticateRequest(new Request(site, { headers: { authorization: `Bearer ${token}` } }), options);
      assert.equal(reason, 'token-invalid-authorized-parties', `${make}, call ${time}`);
    }
  }
});

test('a state shows the options as they were when it was asked for', async () => {
  const before = { signInUrl: '/a', signUpUrl: '/b', afterSignInUrl: '/c', afterSignUpUrl: '/d', domain: 'a.example' };
  for (const fresh of [publishableKey, `pk_test_${btoa('shown.clerk.accounts.dev$')}`]) {
    const options = { ...usual, ...before, publishableKey: fresh };
    const asked = authenticateRequest(new Request(site, { headers: { authorization: `Bearer ${token}` } }), options);
    Object.assign(options, { signInUrl: '/x', signUpUrl: '/x', afterSignInUrl: '/x', afterSignUpUrl: '/x', domain: 'b.example', publishableKey, isSatellite: true });
    const state = /** @type {any} */ (await asked);
    for (const [name, value] of Object.entries({ ...before, publishableKey: fresh, isSatellite: false })) assert.equal(state[name], value, name);
  }
});

test('what JSON would drop without a word is an error that names the option, and opens nothing', async () => {
  const circle = /** @type {any} */ ({});
  circle.itself = circle;
  const named = { function: () => [site], symbol: Symbol('x'), bigint: 1n, NaN: Number.NaN, Infinity: Number.POSITIVE_INFINITY };
  for (const option of ['authorizedParties', 'audience', 'issuer', 'headerType', 'jwtKey', 'acceptsToken', 'isSatellite', 'organizationSyncOptions', 'proxyUrl']) {
    for (const [kind, value] of Object.entries(named)) {
      const options = /** @type {any} */ ({ ...usual, [option]: value });
      for (const call of [() => authenticateRequest(request(), options), () => verifyToken(token, options)]) {
        const { name, code, message } = await failure(call());
        assert.deepEqual([name, code], ['PortcullisError', 'invalid-options'], `${option}: ${kind}`);
        assert.ok(message.startsWith(`option \`${option}\` is `) && message.includes(kind), message);
      }
    }
    for (const value of [circle, [1n], { toJSON: () => assert.fail('thrown inside') }, { toJSON: () => undefined }, Object.assign([site], { toJSON: () => undefined })]) {
      const { name, code } = await failure(verifyToken(token, /** @type {any} */ ({ ...usual, [option]: value })));
      assert.deepEqual([name, code], ['PortcullisError', 'invalid-options'], option);
    }
  }
});

describe('a name that nobody knows', () => {
  const misspelt = /** @type {any} */ ({ ...usual, authorisedParties: ['https://app.example'] });

  test('is an error on a development instance, which says what may be meant', async () => {
    for (const call of [() => authenticateRequest(request(), misspelt), () => verifyToken(token, misspelt)]) {
      const { code, message } = await failure(call());
      assert.equal(code, 'invalid-options');
      assert.match(message, /unknown option `authorisedParties`.*did you mean `authorizedParties`/);
    }
    const { message } = await failure(verifyToken(token, /** @type {any} */ ({ secretKey: usual.secretKey, jwtKey: PEM, zone: 1 })));
    assert.match(message, /unknown option `zone`/);
    assert.doesNotMatch(message, /did you mean/);
  });

  test('is an error each time, and for every object', async () => {
    for (let time = 0; time < 3; time += 1) assert.equal((await failure(authenticateRequest(request(), misspelt))).code, 'invalid-options');
    for (const [given, meant] of [['issuers', 'issuer'], ['secretkey', 'secretKey'], ['jwt_key', 'jwtKey'], ['publishable', 'publishableKey']]) {
      const error = await failure(authenticateRequest(request(), /** @type {any} */ ({ ...usual, [given]: 'x' })));
      assert.ok(error.message.includes(`did you mean \`${meant}\``), error.message);
    }
  });

  test('changes nothing on a live instance, as with Clerk', async () => {
    const options = /** @type {any} */ ({ ...usual, publishableKey: live.publishableKey, secretKey: ['sk', 'live', 'x'].join('_'), authorisedParties: [] });
    assert.equal((await authenticateRequest(request(), options)).status, 'signed-out');
  });

  test('is none of those in the types, and none that Clerk has', async () => {
    const ours = [...namesOf('AuthenticateRequestOptions'), ...namesOf('VerifyTokenOptions')];
    assert.ok(ours.length > 20 && ours.includes('jwtKey') && ours.includes('acceptsToken'), ours.join());
    const clerks = ['apiClient', 'jwksCacheTtlInMs', 'sdkMetadata', 'telemetry', 'userAgent'];
    const all = Object.fromEntries([...ours, ...clerks].map((name) => [name, undefined]));
    await authenticateRequest(request(), /** @type {any} */ ({ ...all, ...Object.fromEntries(clerks.map((name) => [name, {}])), ...usual, afterSignInUrl: '/', afterSignUpUrl: '/' }));
    // What is given as `undefined` is not given.
    await authenticateRequest(request(), /** @type {any} */ ({ ...usual, whatever: undefined }));
  });
});
