// Browsers that would be sent round in circles, each for a cause of its own: at the limit a page names it.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { generateKeyPair } from 'jose';

import { openBrowser } from '../support/browser.mjs';
import { startGate } from '../support/gate.mjs';

/** @typedef {Awaited<ReturnType<typeof startGate>>} Gate */
/** @type {Gate} */
let gate;
before(async () => {
  gate = await startGate();
});
after(() => gate?.stop());
beforeEach(() => gate.origin.clear());
const now = () => Math.floor(Date.now() / 1000);

/**
 * A Frontend API that answers every handshake with these cookies, and a sign-in page that sends visitors back at once.
 *
 * @param {() => string[]} directives
 */
function clerkSays(directives) {
  /** @type {Promise<string>[]} */
  const made = [];
  return async (/** @type {string} */ address, /** @type {(name: string) => boolean} */ keeps = () => true) => {
    // Handshake tokens are made ahead: a browser's redirects are synchronous here.
    for (let i = 0; i < 30; i += 1) made.push(gate.clerk.handshakeToken(directives()));
    const tokens = await Promise.all(made);
    const browser = openBrowser({
      keeps,
      elsewhere: (url) => {
        if (url.pathname !== '/v1/client/handshake') return undefined;
        const back = new URL(url.searchParams.get('redirect_url') ?? '');
        back.searchParams.set('__clerk_handshake', tokens.pop() ?? '');
        return { location: back.href };
      },
    });
    return { browser, page: await browser.open(gate.url + address, gate.url) };
  };
}

/** @param {{ status: number, text: string, headers: Headers, visited: string[] }} page @param {string} reason @param {RegExp} words */
function assertExplained(page, reason, words) {
  assert.equal(page.status, 401, `${page.status} after\n${page.visited.join('\n')}\n${page.text}`);
  assert.match(page.text, /<h1>Signing in does not come to an end<\/h1>/);
  assert.match(page.text, words);
  assert.match(page.text, new RegExp(`<code>${reason}</code>`));
  assert.match(page.text, /<html lang="en">.*<main>.*>Try again<\/a>/s);
  assert.equal(page.headers.get('cache-control'), 'no-store');
  assert.match(gate.worker.log(), new RegExp(`"event":"denied","decision":"deny","reason":"${reason}","message":"[^"]*help: `));
  assert.deepEqual(gate.origin.seen, []);
  assert.ok(page.visited.length < 20, `${page.visited.length} addresses`);
}

const cookies = (/** @type {string} */ token, uat = now() - 60) => [`__session=${token}; Path=/`, `__client_uat=${uat}; Path=/`, '__clerk_db_jwt=dvb_1; Path=/'];

describe('a handshake that does not help', () => {
  test('since the clock is behind Clerk’s: the page measures by how much', async () => {
    // A day and an hour: past what a development instance forgives.
    const ahead = now() + 25 * 3600;
    const token = await gate.clerk.token({ iat: ahead, nbf: ahead, exp: ahead + 60 });
    const browse = clerkSays(() => cookies(token));
    const { page } = await browse('/dashboard?a=1');
    assertExplained(page, 'loop-clock-skew', /The clock of this site's server is (89999|90000) seconds behind/);
    assert.match(page.text, /href="\/dashboard\?a=1"/, 'the link leads on, and holds no token');
  });

  test('since the clock is ahead of Clerk’s: each new token has expired already', async () => {
    let turn = 0;
    const old = () => now() - 26 * 3600 + (turn += 1);
    const tokens = await Promise.all(Array.from({ length: 40 }, () => {
      const iat = old();
      return gate.clerk.token({ iat, nbf: iat, exp: iat + 60 });
    }));
    // The Frontend API sets its cookies by itself here, as it does in production.
    const browser = openBrowser({
      elsewhere: (url) => (url.pathname === '/v1/client/handshake' ? { location: url.searchParams.get('redirect_url') ?? '', cookies: cookies(tokens.pop() ?? '', now() - 27 * 3600) } : undefined),
    });
    browser.take(cookies(tokens.pop() ?? '', now() - 27 * 3600));
    const page = await browser.open(`${gate.url}/dashboard`, gate.url);
    assertExplained(page, 'loop-clock-skew', /is 93[56]\d\d seconds ahead of/);
  });

  test('since the browser keeps no cookie at all', async () => {
    const token = await gate.clerk.token();
    const { page } = await clerkSays(() => cookies(token))('/dashboard', () => false);
    assertExplained(page, 'loop-cookie-blocked', /does not keep this site's cookies/);
  });

  test('since the browser does not keep the session cookie', async () => {
    const token = await gate.clerk.token();
    const { page } = await clerkSays(() => cookies(token))('/dashboard', (name) => name !== '__session');
    assertExplained(page, 'loop-cookie-blocked', /does not keep this site's cookies/);
  });

  test('since the session cookie is over 4 KB, which no browser keeps', async () => {
    const token = await gate.clerk.token({ metadata: { notes: 'x'.repeat(4000) } });
    const { page } = await clerkSays(() => cookies(token))('/dashboard');
    assertExplained(page, 'loop-cookie-too-large', new RegExp(`Your session has ${`__session=${token}`.length} bytes`));
  });

  test('since cookies of another instance are left behind', async () => {
    const token = await gate.clerk.token();
    const { page } = await clerkSays(() => [`__session=${token}; Path=/`, '__client_uat=0; Path=/', '__clerk_db_jwt=dvb_1; Path=/'])('/dashboard');
    assertExplained(page, 'loop-two-instances', /keys or cookies of two different/);
  });

  test('is no loop on a public page: it is shown to who is signed out', async () => {
    const token = await gate.clerk.token();
    for (const keeps of [() => false, (/** @type {string} */ name) => name !== '__session']) {
      const { page } = await clerkSays(() => cookies(token))('/', keeps);
      assert.equal(page.status, 200, page.visited.join('\n'));
    }
  });
});

describe('a sign-in page that sends its visitors back', () => {
  /** A site whose sign-in page finds everybody signed in. @param {string[]} held @param {string} [path] */
  async function bounced(held, path = '/dashboard') {
    const site = await startGate({ policy: { sign_in_url: 'https://login.example.com/' } });
    try {
      const browser = openBrowser({ elsewhere: (url) => (url.host === 'login.example.com' ? { location: url.searchParams.get('redirect_url') ?? '' } : undefined) });
      browser.take(held);
      const page = await browser.open(site.url + path, site.url);
      return { page, browser, log: site.worker.log(), seen: site.origin.seen.splice(0) };
    } finally {
      await site.stop();
    }
  }

  /** @type {[string, () => Promise<string>, string, RegExp][]} */
  const causes = [
    ['keys of two instances, by their ids', () => gate.clerk.token({}, { kid: 'ins_of_another' }), 'loop-two-instances', /keys or cookies of two different/],
    ['keys of two instances under one id', async () => gate.clerk.token({}, {}, (await generateKeyPair('RS256')).privateKey), 'loop-two-instances', /keys or cookies of two different/],
    ['a session of another domain', () => gate.clerk.token({ azp: 'https://satellite.example' }), 'loop-satellite-mismatch', /made for another domain/],
  ];
  for (const [name, token, reason, words] of causes) {
    test(`${name}: the page says so`, async () => {
      const other = await startGate({ env: (clerk) => ({ CLERK_JWT_KEY: reason === 'loop-satellite-mismatch' ? gate.clerk.pem : undefined, CLERK_API_URL: clerk.url }), policy: { sign_in_url: 'https://login.example.com/' } });
      try {
        const browser = openBrowser({ elsewhere: (url) => (url.host === 'login.example.com' ? { location: url.searchParams.get('redirect_url') ?? '' } : undefined) });
        browser.take(cookies(await token()));
        const page = await browser.open(`${other.url}/dashboard`, other.url);
        assert.equal(page.status, 401, `${page.status} after\n${page.visited.join('\n')}`);
        assert.match(page.text, words);
        assert.match(page.text, new RegExp(`<code>${reason}</code>`));
        assert.match(other.worker.log(), new RegExp(`"reason":"${reason}","message":"sent in circles for [a-z-]+`));
        assert.doesNotMatch(other.worker.log(), /eyJ/, 'a token stands in the log');
        // The count begins anew: who has mended it gets through.
        assert.ok(!browser.jar.has('__portcullis_bounce'));
      } finally {
        await other.stop();
      }
    });
  }

  test('cookies that are not sent along: the page says so', async () => {
    const { page, log } = await bounced(['__client_uat=0; Path=/', '__clerk_db_jwt=dvb_1; Path=/']);
    assert.equal(page.status, 401);
    assert.match(page.text, /<code>loop-cookie-blocked<\/code>/);
    assert.match(log, /session-token-and-uat-missing/);
  });
});

describe('the count', () => {
  const SIGNED_OUT = '__client_uat=0; __clerk_db_jwt=dvb_1';
  /** One more visit with these cookies and the count of the last; its status and the count. @param {string} cookies @param {string} [counted] @param {string} [path] */
  const visit = async (cookies, counted, path = '/dashboard') => {
    const response = await gate.request(path, { document: true, cookies: [cookies, counted].filter(Boolean).join('; ') });
    return { status: response.status, counted: response.headers.getSetCookie().find((cookie) => cookie.startsWith('__portcullis_bounce='))?.split(';')[0] };
  };

  test('lets a browser be sent away five times for one reason and one address, and no sixth time', async () => {
    const found = [];
    for (let n = 0, last; n < 6; n += 1) {
      last = await visit(SIGNED_OUT, last?.counted);
      found.push(last.status);
    }
    assert.deepEqual(found, [307, 307, 307, 307, 307, 401]);
  });

  test('begins anew with another reason, another address and another browser', async () => {
    let last;
    for (let n = 0; n < 5; n += 1) last = await visit(SIGNED_OUT, last?.counted);
    const foreign = `__client_uat=${now() - 60}; __clerk_db_jwt=dvb_1; __session=${await gate.clerk.token({}, { kid: 'ins_of_another' })}`;
    assert.equal((await visit(foreign, last.counted)).status, 307);
    assert.equal((await visit(SIGNED_OUT, last.counted, '/settings')).status, 307);
    assert.equal((await visit(SIGNED_OUT)).status, 307);
    assert.equal((await visit(SIGNED_OUT, last.counted)).status, 401, 'the count was lost');
  });
});

describe('who is not sent round in circles', () => {
  test('opens many pages at once and is sent to sign in by each', async () => {
    const browser = openBrowser();
    browser.take(['__client_uat=0; Path=/', '__clerk_db_jwt=dvb_1; Path=/']);
    for (let i = 0; i < 12; i += 1) {
      const page = await browser.open(`${gate.url}/dashboard/${i}`, gate.url);
      assert.match(page.url, /\/sign-in\?/, page.text);
    }
  });

  test('gets JSON where the path is an API', async () => {
    const held = '__client_uat=0; __clerk_db_jwt=dvb_1; __clerk_redirect_count=3; __portcullis_bounce=9.0.session-token-and-uat-missing.1';
    const response = await gate.request('/api/protected', { document: true, cookies: held });
    assert.equal(response.status, 401);
    assert.equal(response.headers.get('content-type'), 'application/problem+json');
  });

  test('cannot make a page of somebody else’s words', async () => {
    for (const value of ['99.1.<script>.x', '-1.9e99.x', '5.0.session-token-and-uat-missing.0%0d%0a', `${'9'.repeat(400)}.1.x`]) {
      const response = await gate.request('/dashboard', { document: true, cookies: `__client_uat=0; __clerk_db_jwt=dvb_1; __portcullis_bounce=${value}; __portcullis_session_bytes=<b>` });
      assert.ok([307, 401].includes(response.status));
      assert.doesNotMatch((await response.text()) + JSON.stringify([...response.headers]), /<script|<b>|%0d/i);
    }
  });
});
