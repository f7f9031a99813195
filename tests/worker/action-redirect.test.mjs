// Answers with `X-Action-Redirect` of an origin that says what it likes: what is taken out of them, and what stays. `next-actions.test.mjs` has Next.js itself.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';

import { createGate } from '../../npm/node.js';
import { PARTY, PUBLISHABLE_KEY } from '../support/clerk.mjs';
import { startGate } from '../support/gate.mjs';
import { listen } from '../support/listen.mjs';

const LISTS = { public: ['/', '/open(.*)'], admin: ['/admin(.*)'] };
const COOKIES = ['a=1; Path=/', 'b=2; Expires=Wed, 21 Oct 2037 07:28:00 GMT'];

/** What the origin answers. @type {{ status?: number, redirect?: string | string[], isEndless?: boolean }} */
let said = {};
/** Its last answer. @type {import('node:http').ServerResponse} */
let last;
const origin = createServer((request, response) => {
  const { status = 200, redirect, isEndless = false } = said;
  last = response;
  request.resume();
  response.writeHead(status, { 'content-type': 'text/x-component', 'x-of-page': 'secret', 'set-cookie': COOKIES, ...(redirect === undefined ? {} : { 'x-action-redirect': redirect }) });
  if (!isEndless) return response.end('the page');
  const timer = setInterval(() => response.write('more of the page'), 10);
  response.once('close', () => clearInterval(timer));
});

/** @type {Awaited<ReturnType<typeof startGate>>} */
let gate;
/** @type {Awaited<ReturnType<typeof createGate>>} */
let packaged;
before(async () => {
  const url = `http://127.0.0.1:${await listen(origin)}`;
  gate = await startGate({ policy: { origin: url, ...LISTS, sign_in_url: undefined, sign_up_url: undefined, unauthorized_url: undefined } });
  packaged = await createGate({ publishableKey: PUBLISHABLE_KEY, jwtKey: gate.clerk.pem, authorizedParties: [PARTY], ...LISTS, adminRequires: { claim: 'metadata.role', equals: 'admin' }, origin: url });
});
after(async () => {
  await gate?.stop();
  origin.closeAllConnections();
  origin.close();
});

/** @type {Record<string, (init: RequestInit) => Promise<Response>>} */
const WAYS = {
  'the Worker': (init) => fetch(`${gate.url}/open`, init),
  '`gate.handle`': (init) => packaged.handle(new Request('https://app.example/open', init), fetch),
};

for (const [way, send] of Object.entries(WAYS)) {
  describe(way, () => {
    const post = (/** @type {typeof said} */ answer) => {
      said = answer;
      return send({ method: 'POST', body: 'a', redirect: 'manual' });
    };

    test('takes the page out, with its headers, and leaves status and cookies', async () => {
      for (const status of [200, 303, 500]) {
        const response = await post({ status, redirect: '/admin;push' });
        assert.deepEqual([response.status, await response.text(), response.headers.getSetCookie()], [status, '', COOKIES]);
        assert.deepEqual(['x-action-redirect', 'x-of-page', 'content-type'].map((name) => response.headers.get(name)), ['/admin;push', null, null]);
      }
    });

    test('leaves alone what holds no page, or one that is open', async () => {
      for (const redirect of [undefined, '/open/x;push', '/open;a=b;replace', '/open?a;b;push']) {
        const response = await post({ redirect });
        assert.deepEqual([await response.text(), response.headers.get('x-of-page')], ['the page', 'secret'], redirect);
      }
    });

    test('shows no page whose address it is not sure of', async () => {
      // The first are what older versions of Next.js say of `/open;/../admin` and its like.
      for (const redirect of ['/open;/../admin', '/open;x/../../admin', '/open;', '/open', '', ';push', '/open;PUSH', '/open;push;', '/ad\tmin;push', '/open/../admin ;push', 'https:app.example/open;push', ['/open;push', '/admin;push'], ['/admin;replace', '/open;push']]) {
        const response = await post({ redirect });
        assert.deepEqual([response.status, await response.text(), response.headers.get('x-of-page')], [200, '', null], JSON.stringify(redirect));
      }
    });

    test('lets the origin stop where nobody reads on', { timeout: 60_000 }, async () => {
      const response = await post({ redirect: '/admin;push', isEndless: true });
      assert.equal(await response.text(), '');
      if (!last.closed) await once(last, 'close');
      assert.equal(last.writableFinished, false);
    });
  });
}
