// A real Next.js app in its production build, whose public action redirects to where the visitor says: Next.js fetches that page from itself
// and puts it into its answer. In front of it the Worker or `gate.handle` of the package, or the gate in its own proxy.

import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { chromium } from 'playwright-core';

import { createGate } from '../../npm/node.js';
import { BROWSER_FLAGS, findBrowser } from '../../tools/browser.mjs';
import { ROOT } from '../../tools/run.mjs';
import { PARTY, PUBLISHABLE_KEY } from '../support/clerk.mjs';
import { SIGNED_OUT_COOKIES, startGate } from '../support/gate.mjs';
import { buildNext, startNext } from '../support/next.mjs';

const PAGE = `import { form } from '%/form.js';\nexport default form;`;
const FILES = {
  'package.json': '{ "name": "actions", "private": true, "type": "module" }',
  'form.js': `import { redirect } from 'next/navigation';
    async function go(data) { 'use server'; redirect(data.get('next')); }
    export const form = () => <form action={go}><input name="next" /><button>Go</button></form>;`,
  // The app is made once, and started with and without it.
  'proxy.js': `import { gate } from 'portcullis/next';
    const gated = gate(() => JSON.parse(process.env.GATE));
    export const proxy = (request) => process.env.GATE ? gated(request) : undefined;`,
  'app/layout.js': 'export default ({ children }) => <html><body>{children}</body></html>;',
  'app/open/page.js': PAGE.replace('%', '../..'),
  'app/docs/form/page.js': PAGE.replace('%', '../../..'),
  'app/open/other/page.js': 'export default () => <p>Another page</p>;',
  'app/admin/page.js': 'export const dynamic = "force-dynamic";\nexport default () => <p>For admins</p>;',
  'app/dashboard/page.js': 'export const dynamic = "force-dynamic";\nexport default () => <p>For users</p>;',
  'app/sign-in/page.js': 'export default () => <p>Sign in here</p>;',
};
const LISTS = { public: ['/', '/open/:path*', '/docs/form', '/sign-in'], protected: ['/dashboard(.*)'], admin: ['/admin(.*)', '/docs/open(.*)'] };
/** The pages, by what they say. */
const SAYS = { '/open/other': 'Another page', '/dashboard': 'For users', '/admin': 'For admins' };

/** Writes the app and builds it. */
function makeApp() {
  const cwd = join(ROOT, 'examples/.next-actions');
  rmSync(cwd, { recursive: true, force: true });
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
  buildNext({ cwd });
  const start = (env = {}) => startNext({ cwd, env });
  return { start, remove: () => rmSync(cwd, { recursive: true, force: true }) };
}

/** @type {ReturnType<typeof makeApp>} */
let made;
/** @type {Awaited<ReturnType<typeof startNext>>} */
let app;
/** @type {Awaited<ReturnType<typeof startNext>>} */
let gated;
/** @type {Awaited<ReturnType<typeof startGate>>} */
let gate;
/** @type {Awaited<ReturnType<typeof createGate>>} */
let packaged;
/** @type {string} */
let action;
before(async () => {
  made = makeApp();
  app = await made.start();
  gate = await startGate({ policy: { origin: app.url, ...LISTS, sign_up_url: undefined, unauthorized_url: undefined } });
  const config = { publishableKey: PUBLISHABLE_KEY, jwtKey: gate.clerk.pem, authorizedParties: [PARTY], ...LISTS, adminRequires: { claim: 'metadata.role', equals: 'admin' } };
  packaged = await createGate({ ...config, origin: app.url });
  gated = await made.start({ GATE: JSON.stringify(config) });
  const page = await (await fetch(`${app.url}/open`)).text();
  action = /\$ACTION_ID_([0-9a-f]+)/.exec(page)?.[1] ?? assert.fail(`no action in ${page}`);
});
after(async () => {
  await Promise.all([app?.stop(), gated?.stop(), gate?.stop()]);
  made?.remove();
});

/** @typedef {{ form?: string, token?: string }} Sending */
/** As the script of Next.js sends the form. @param {string} next @param {Sending} [options] @returns {[string, RequestInit]} */
function submission(next, { form = '/open', token } = {}) {
  const body = new FormData();
  body.set('_1_next', next);
  body.set('0', '["$K1"]');
  const headers = { 'next-action': action, accept: 'text/x-component', cookie: SIGNED_OUT_COOKIES, ...(token ? { authorization: `Bearer ${token}` } : {}) };
  return [form, { method: 'POST', body, headers, redirect: 'manual' }];
}

/** The ways to the app. @type {Record<string, (...submission: [string, RequestInit]) => Promise<Response>>} */
const WAYS = {
  'without a gate': (path, init) => fetch(app.url + path, init),
  'through the Worker': (path, init) => fetch(gate.url + path, init),
  'through the proxy of Next.js': (path, init) => fetch(gated.url + path, init),
  'through `gate.handle`': (path, init) => packaged.handle(new Request(`https://app.example${path}`, init), fetch),
};
/** What came: the text of a page, or none. @param {keyof typeof WAYS} way @param {string} next @param {Sending} [options] */
async function shown(way, next, options) {
  const response = await WAYS[way](...submission(next, options));
  const text = await response.text();
  assert.deepEqual([response.status, response.headers.get('x-action-redirect')], [200, `${next};push`], text.slice(0, 200));
  if (text === '') assert.doesNotMatch(response.headers.get('content-type') ?? '', /x-component/);
  return Object.values(SAYS).find((said) => text.includes(said)) ?? text;
}

test('without a gate the answer holds any page of the app', async () => {
  for (const [page, said] of [...Object.entries(SAYS), ['//x/admin', 'For admins'], ['/open/../admin', 'For admins']]) {
    assert.equal(await shown('without a gate', page), said);
  }
});

for (const way of ['through the Worker', 'through `gate.handle`', 'through the proxy of Next.js']) {
  describe(way, () => {
    test('the answer holds a page that the visitor may open, and no other', async () => {
      const [user, admin] = [await gate.clerk.token(), await gate.clerk.token({ metadata: { role: 'admin' } })];
      for (const [next, token, said] of /** @type {[string, string | undefined, string][]} */ ([
        ['/open/other', undefined, 'Another page'], ['/open/other', user, 'Another page'],
        ['/dashboard', undefined, ''], ['/dashboard', user, 'For users'],
        ['/admin', undefined, ''], ['/admin', user, ''], ['/admin', admin, 'For admins'],
      ])) assert.equal(await shown(way, next, { token }), said, `${next} ${token ? 'signed in' : ''}`);
    });

    test('another spelling of the page opens nothing', async () => {
      for (const next of ['//x/admin', '/open/../admin', '/open/%2e%2e/admin', '/%61dmin', '/./admin?x', '/\\x/admin', './../admin', './../open/other']) {
        assert.notEqual(await shown(way, next), SAYS['/admin'], next);
      }
    });
  });
}

for (const way of /** @type {const} */ (['through the Worker', 'through `gate.handle`'])) {
  test(`${way} a page below a directory that may be the base path counts, where that is listed`, async () => {
    assert.equal(await shown(way, '/open/other', { form: '/docs/form' }), '');
    const token = await gate.clerk.token({ metadata: { role: 'admin' } });
    assert.equal(await shown(way, '/open/other', { form: '/docs/form', token }), 'Another page');
  });
}

const executablePath = await findBrowser();
test('a browser then opens the page by itself, and comes to the gate', { skip: executablePath ? false : 'no browser is installed; run `node tools/setup.mjs --tests`' }, async () => {
  const browser = await chromium.launch({ executablePath, headless: true, args: BROWSER_FLAGS });
  try {
    const context = await browser.newContext({ baseURL: gate.url });
    await context.addCookies(SIGNED_OUT_COOKIES.split('; ').map((pair) => ({ name: pair.split('=')[0], value: pair.split('=')[1], url: gate.url })));
    const page = await context.newPage();
    page.setDefaultTimeout(60_000); // a bound, not a measure: the machine may be busy
    for (const [next, said, path] of [['/open/other', 'Another page', '/open/other'], ['/dashboard', 'Sign in here', '/sign-in']]) {
      await page.goto('/open', { waitUntil: 'networkidle' });
      await page.fill('input[name=next]', next);
      await page.click('button');
      await page.getByText(said).waitFor();
      assert.equal(new URL(page.url()).pathname, path);
    }
  } finally {
    await browser.close();
  }
});
