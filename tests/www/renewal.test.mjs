// A session whose token has expired, in a real browser: the person goes on and notices nothing.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { chromium } from 'playwright-core';

import { BROWSER_FLAGS, findBrowser } from '../../tools/browser.mjs';
import { freePort } from '../../tools/ports.mjs';
import { startStack } from '../../tools/stack.mjs';

/** How long tokens live here, so that the test need not wait for a minute. */
const LIFETIME_SECONDS = 1;
/** How long the gate still takes a token that is over, in milliseconds: Clerk's clock skew, and some more to be sure. */
const SKEW_MILLIS = 5_000 + 500;

const executablePath = await findBrowser();

describe('an expired session token in a browser', { skip: executablePath ? false : 'no browser is installed; run `node tools/setup.mjs --tests`' }, () => {
  /** @type {Awaited<ReturnType<typeof startStack>>} */
  let stack;
  /** @type {import('playwright-core').Browser} */
  let browser;
  /** @type {import('playwright-core').BrowserContext | undefined} */
  let context;
  /** Browsers of people who signed in a while ago. @type {Record<'user' | 'admin', Awaited<ReturnType<import('playwright-core').BrowserContext['storageState']>>>} */
  let left;

  before(async () => {
    const ports = { gate: await freePort(), identity: await freePort(), origin: await freePort() };
    [stack, browser] = await Promise.all([
      startStack({ ports, test: true, tokenLifetimeSeconds: LIFETIME_SECONDS }),
      chromium.launch({ executablePath, headless: true, args: BROWSER_FLAGS }),
    ]);
    left = { user: await signIn('user'), admin: await signIn('admin') };
    const ends = Object.values(left).map((state) => claimsOf(state.cookies).exp * 1000);
    await sleep(Math.max(...ends) + SKEW_MILLIS - Date.now());
  });
  after(async () => {
    await browser?.close();
    await stack?.stop();
  });
  afterEach(() => context?.close());

  test('is renewed by the gate itself: the page comes at once', async () => {
    const { page, visited } = await comeBack('user');
    await page.goto('/dashboard');
    await assertDashboard(page, 'user');
    assert.deepEqual(visited, [`${stack.gateUrl}/dashboard`]);
    assert.deepEqual(asked(), [`POST /v1/sessions/${claimsOf(left.user.cookies).sid}/refresh 200`]);
  });

  test('is renewed by a handshake where the browser has no refresh token', async () => {
    const { page, visited } = await comeBack('user');
    await page.context().clearCookies({ name: `__refresh_${identity().cookieSuffix}` });
    await page.goto('/dashboard');
    await assertDashboard(page, 'user');
    const ways = visited.map((url) => url.split('?')[0]);
    assert.deepEqual(ways, [`${stack.gateUrl}/dashboard`, `${identity().url}/v1/client/handshake`, `${stack.gateUrl}/dashboard`, `${stack.gateUrl}/dashboard`]);
    assert.match(visited[1], /__clerk_hs_reason=session-token-expired-/);
    assert.deepEqual(asked(), ['GET /v1/client/handshake 307', 'GET /v1/clients/handshake_payload 200']);
  });

  test('is renewed by a handshake while the Backend API refuses to', async () => {
    const { page, visited } = await comeBack('user');
    const session = identity().people.sessions.get(claimsOf(left.user.cookies).sid) ?? assert.fail('no such session');
    const { refreshToken } = session;
    session.refreshToken = 'another';
    try {
      await page.goto('/dashboard');
      await assertDashboard(page, 'user');
    } finally {
      session.refreshToken = refreshToken;
    }
    assert.match(visited[1] ?? '', /__clerk_hs_reason=session-token-expired-refresh-refresh_token_invalid/);
  });

  test('is renewed for a call of the page, which stays signed in', async () => {
    const { page, visited } = await comeBack('user');
    await page.goto('/');
    await page.waitForLoadState('load');
    await page.context().clearCookies();
    await page.context().addCookies(left.user.cookies);
    await page.getByRole('button', { name: 'Protected API' }).click();
    await page.locator('#answer strong').filter({ hasText: /^200/ }).waitFor();
    assert.deepEqual(visited, [`${stack.gateUrl}/`]);
    assert.notEqual(claimsOf(await page.context().cookies()).jti, claimsOf(left.user.cookies).jti);
  });

  test('of a session that has ended meanwhile leads to signing in', async () => {
    const { page } = await comeBack('admin');
    const session = identity().people.sessions.get(claimsOf(left.admin.cookies).sid) ?? assert.fail('no such session');
    const devBrowser = left.admin.cookies.find(({ name }) => name === '__clerk_db_jwt')?.value;
    const client = identity().people.client(devBrowser);
    assert.equal(client.session, session);
    identity().people.signOut(client);
    await page.goto('/dashboard');
    await page.getByRole('heading', { level: 1, name: 'Sign in', exact: true }).waitFor();
  });

  /** Signs in, in a browser of its own, and gives what that browser keeps. @param {'user' | 'admin'} persona */
  async function signIn(persona) {
    const own = await browser.newContext({ baseURL: stack.gateUrl });
    const page = await own.newPage();
    page.setDefaultTimeout(60_000); // a bound, not a measure: the machine may be busy
    await page.goto('/dashboard');
    await page.getByRole('button', { name: `Continue as ${persona}` }).click();
    await page.getByRole('heading', { level: 1, name: 'Dashboard', exact: true }).waitFor();
    const state = await own.storageState();
    await own.close();
    return state;
  }

  /** Opens a browser again that was left. `visited` holds every address that its window was sent to. @param {'user' | 'admin'} persona */
  async function comeBack(persona) {
    context = await browser.newContext({ baseURL: stack.gateUrl, storageState: left[persona] });
    const page = await context.newPage();
    page.setDefaultTimeout(60_000); // a bound, not a measure: the machine may be busy
    /** @type {string[]} */
    const visited = [];
    page.on('request', (request) => request.isNavigationRequest() && visited.push(request.url()));
    identity().calls.splice(0);
    return { page, visited };
  }

  /** Asserts that this is the same person in the same session, with a new token. @param {import('playwright-core').Page} page @param {'user' | 'admin'} persona */
  async function assertDashboard(page, persona) {
    await page.getByRole('heading', { level: 1, name: 'Dashboard', exact: true }).waitFor();
    assert.equal(page.url(), `${stack.gateUrl}/dashboard`);
    const before = claimsOf(left[persona].cookies);
    assert.equal(await told(page, 'Auth-Status'), 'signed-in');
    assert.equal(await told(page, 'User-Id'), identity().people.users[persona].id);
    assert.equal(await told(page, 'Session-Id'), before.sid);
    const after = claimsOf(await page.context().cookies());
    assert.equal(after.sid, before.sid);
    assert.ok(after.exp > before.exp, 'the browser has the old token still');
  }

  /** What the development identity was asked, but for its keys. */
  function asked() {
    return identity().calls.filter(({ path }) => path !== '/v1/jwks').map(({ method, path, status }) => `${method} ${path} ${status}`);
  }

  /** The claims of the session token among cookies. @param {{ name: string, value: string }[]} cookies @returns {Record<string, any>} */
  function claimsOf(cookies) {
    const { value } = cookies.find(({ name }) => name === '__session') ?? assert.fail('no session cookie');
    return JSON.parse(Buffer.from(value.split('.')[1], 'base64url').toString());
  }

  /** @param {import('playwright-core').Page} page @param {string} header the name without its prefix */
  async function told(page, header) {
    const row = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: `X-Portcullis-${header}`, exact: true }) });
    return (await row.getByRole('cell').textContent()) ?? '';
  }

  function identity() {
    return stack.identity ?? assert.fail('the development identity is not running');
  }
});
