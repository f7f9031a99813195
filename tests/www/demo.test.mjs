// The demo in a real browser, through the gate, as a person would walk it.

import assert from 'node:assert/strict';
import { after, before, beforeEach, afterEach, describe, test } from 'node:test';

import { chromium } from 'playwright-core';

import { BROWSER_FLAGS, findBrowser } from '../../tools/browser.mjs';
import { freePort } from '../../tools/ports.mjs';
import { startStack } from '../../tools/stack.mjs';

const executablePath = await findBrowser();

describe('the demo in a browser', { skip: executablePath ? false : 'no browser is installed; run `node tools/setup.mjs --tests`' }, () => {
  /** @type {Awaited<ReturnType<typeof startStack>>} */
  let stack;
  /** @type {import('playwright-core').Browser} */
  let browser;
  /** @type {import('playwright-core').BrowserContext} */
  let context;
  /** @type {import('playwright-core').Page} */
  let page;

  before(async () => {
    const ports = { gate: await freePort(), identity: await freePort(), origin: await freePort() };
    [stack, browser] = await Promise.all([
      startStack({ ports, test: true }),
      chromium.launch({ executablePath, headless: true, args: BROWSER_FLAGS }),
    ]);
  });
  after(async () => {
    await browser?.close();
    await stack?.stop();
  });
  beforeEach(async () => {
    context = await browser.newContext({ baseURL: stack.gateUrl });
    page = await context.newPage();
    page.setDefaultTimeout(60_000); // a bound, not a measure: the machine may be busy
  });
  afterEach(() => context.close());

  test('the home page is open, and says that nobody is signed in', async () => {
    await page.goto('/');
    await heading('Behind the gate');
    assert.equal(await told('User-Id'), 'not set');
    assert.equal(await page.getByText('did not come through the gate').count(), 0);
    await page.getByRole('link', { name: 'Sign in' }).waitFor();
  });

  test('a protected page leads through signing in, and back to itself', async () => {
    await page.goto('/');
    await page.getByRole('link', { name: 'Dashboard' }).click();
    await heading('Sign in');
    await page.getByRole('button', { name: 'Continue as user' }).click();
    await heading('Dashboard');
    assert.equal(page.url(), `${stack.gateUrl}/dashboard`);
    assert.equal(await told('User-Id'), person('user').id);
    assert.equal(await told('Auth-Status'), 'signed-in');
    assert.match(await told('Session-Id'), /^sess_/);
  });

  test('a user is kept out of admin, and stays signed in', async () => {
    await signInAs('user');
    await page.goto('/admin');
    await heading('Not for this account');
    assert.equal(new URL(page.url()).pathname, '/unauthorized');
    await page.goto('/settings');
    await heading('Settings');
    assert.equal(await told('User-Id'), person('user').id);
  });

  test('an admin sees admin', async () => {
    await signInAs('admin');
    await page.getByRole('link', { name: 'Admin' }).click();
    await heading('Admin');
    assert.equal(await told('User-Id'), person('admin').id);
    assert.equal(await told('Role'), 'admin');
  });

  test('after signing out the dashboard asks to sign in again, for anyone', async () => {
    await signInAs('user');
    await page.getByRole('link', { name: 'Sign out' }).click();
    await heading('Behind the gate');
    assert.equal(await told('User-Id'), 'not set');
    await takeTime();
    await page.goto('/dashboard');
    await heading('Sign in');
    await page.getByRole('button', { name: 'Continue as admin' }).click();
    await heading('Dashboard');
    assert.equal(await told('User-Id'), person('admin').id);
  });

  test('a session goes on when its token has expired', async () => {
    await signInAs('user');
    const { value, ...cookie } = (await context.cookies()).find(({ name }) => name === '__session') ?? assert.fail('no session cookie');
    const claims = JSON.parse(Buffer.from(value.split('.')[1], 'base64url').toString());
    const iat = claims.iat - 600;
    const expired = identity().mintToken({ ...claims, iat, nbf: iat - 10, exp: iat + 60 });
    const names = [`__session`, `__session_${identity().cookieSuffix}`];
    const uat = ['__client_uat', `__client_uat_${identity().cookieSuffix}`];
    await context.addCookies([...names.map((name) => ({ ...cookie, name, value: expired })), ...uat.map((name) => ({ ...cookie, name, value: String(iat) }))]);
    await page.goto('/settings');
    await heading('Settings');
    assert.equal(await told('User-Id'), person('user').id);
  });

  const calls = /** @type {const} */ ([
    ['Public API', { nobody: /^200/, user: /^200/, admin: /^200/ }],
    ['Protected API', { nobody: /^401/, user: /^200/, admin: /^200/ }],
    ['Admin API', { nobody: /^401/, user: /^403/, admin: /^200/ }],
    // To an origin that decodes the slash it is the admin API; the app behind this gate does not, and has no such page.
    ['Trick the path', { nobody: /^401/, user: /^403/, admin: /^404/ }],
    ['Event stream', { nobody: /^401/, user: /^200 stream ended/, admin: /^200 stream ended/ }],
    ['Stream 1 MiB', { nobody: /^401/, user: /^200/, admin: /^200/ }],
  ]);
  for (const who of /** @type {const} */ (['nobody', 'user', 'admin'])) {
    test(`the buttons show what the gate decides for ${who}`, async () => {
      if (who === 'nobody') await page.goto('/');
      else await signInAs(who);
      for (const [name, expected] of calls) {
        await page.getByRole('button', { name }).click();
        await page.locator('#answer strong').filter({ hasText: expected[who] }).waitFor();
      }
    });
  }

  test('a denied call names its reason', async () => {
    await page.goto('/');
    await page.getByRole('button', { name: 'Protected API' }).click();
    await page.locator('#answer strong', { hasText: /^401 · [a-z-]+$/ }).waitFor();
  });

  test('what a client claims about itself does not reach the app', async () => {
    await signInAs('user');
    await page.getByRole('button', { name: 'Forge a header' }).click();
    const answer = page.locator('#answer');
    await answer.locator('strong', { hasText: /^200/ }).waitFor();
    const text = (await answer.textContent()) ?? '';
    assert.ok(text.includes(person('user').id));
    assert.ok(!text.includes('user_forged') && !text.includes('"admin"'), text);
  });

  test('the answer to the last call stays, and so does the focus, when an earlier call ends', async () => {
    await signInAs('user');
    const stream = page.getByRole('button', { name: 'Event stream' });
    await stream.click();
    await page.locator('#answer strong', { hasText: '200 streaming' }).waitFor();
    await page.getByRole('button', { name: 'Public API' }).click();
    await page.locator('#answer pre', { hasText: 'pong' }).waitFor();
    await page.getByRole('link', { name: 'Settings' }).focus();
    await page.locator('button:enabled', { hasText: 'Event stream' }).waitFor();
    assert.match((await page.locator('#answer').textContent()) ?? '', /pong/);
    assert.match((await page.evaluate(() => document.activeElement?.textContent)) ?? '', /^Settings/);
  });

  test('on a narrow screen nothing is cut off, and what the gate told can be read', async () => {
    await page.setViewportSize({ width: 320, height: 640 });
    await page.goto('/dashboard');
    await heading('Sign in');
    const [left, right] = await page.getByRole('main').evaluate((main) => [main.getBoundingClientRect().left, innerWidth - main.getBoundingClientRect().right]);
    assert.equal(left, right);
    await signInAs('user');
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
    const cells = await page.getByRole('cell').evaluateAll((all) => all.map((cell) => cell.getBoundingClientRect().width));
    assert.ok(Math.min(...cells) > 110, `${cells}`);
    const cut = await page.locator('main *').evaluateAll((all) =>
      all.filter((one) => one.scrollWidth > one.clientWidth && getComputedStyle(one).overflowX !== 'visible').map((one) => one.textContent));
    assert.deepEqual(cut, []);
  });

  test('the page works by keyboard, has its landmarks, and loads nothing from elsewhere', async () => {
    /** @type {string[]} */
    const elsewhere = [];
    page.on('request', (request) => new URL(request.url()).hostname === 'localhost' || elsewhere.push(request.url()));
    page.on('pageerror', (error) => assert.fail(error));
    await signInAs('user');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Skip to the content');
    for (const role of /** @type {const} */ (['banner', 'navigation', 'main', 'contentinfo'])) assert.equal(await page.getByRole(role).count(), 1, role);
    await page.getByRole('button', { name: 'Public API' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('#answer strong', { hasText: /^200/ }).waitFor();
    assert.deepEqual(elsewhere, []);
  });

  /** @param {'user' | 'admin'} persona */
  async function signInAs(persona) {
    await page.goto('/dashboard');
    await page.getByRole('button', { name: `Continue as ${persona}` }).click();
    await heading('Dashboard');
    await takeTime();
  }

  /**
   * Does what two seconds would: more than three handshakes within that time count as a redirect loop, as in Clerk's SDK, and
   * a person is slower than this test.
   */
  async function takeTime() {
    await context.clearCookies({ name: '__clerk_redirect_count' });
  }

  /** @param {string} name */
  async function heading(name) {
    await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
    await page.waitForLoadState('load'); // the buttons' script has run
  }

  /** @param {string} header the name without its prefix */
  async function told(header) {
    const row = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: `X-Portcullis-${header}`, exact: true }) });
    return (await row.getByRole('cell').textContent()) ?? '';
  }

  function identity() {
    return stack.identity ?? assert.fail('the development identity is not running');
  }

  /** @param {'user' | 'admin'} persona */
  function person(persona) {
    return identity().people.users[persona];
  }
});
