// Random addresses that an action of Next.js redirects to: a page is in the answer only where the gate opens what Next.js makes of the
// address, by `URL` as it does. PORTCULLIS_SEED chooses others.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createGate } from '../../npm/node.js';
import { INSTANCES } from '../oracle/authenticate/instance.mjs';
import { randomFrom } from '../oracle/authenticate/random.mjs';
import { configOf, token } from '../support/site.mjs';

const SEED = Number(process.env.PORTCULLIS_SEED ?? 20_261_124);
const CASES = 3000;
const { site } = INSTANCES.dev;
const PARTS = [
  '/', '/', '/', '//', '\\', '.', '..', '%2e', '%2E%2e', '%2f', '%5c', 'open', 'open', 'admin', 'ADMIN', '%61dmin', 'x', ':', '@', '?', '#', ';', ' ', '%', '%00', '[', '*', '|',
  'http:', 'https:', 'HTTPS:', site, `${site}:443`, 'javascript:', '[::1]', '127.1', 'é', 'docs',
];

/** Which page Next.js fetches from itself: `getAppRelativeRedirectUrl`. @param {string} address @param {string} basePath @param {string} current */
function fetched(address, basePath, current) {
  if (address.startsWith('/')) return new URL(`${basePath}${address}`, 'http://n');
  if (address.startsWith('.')) {
    const { pathname, search } = new URL(address, `http://n${current.endsWith('/') ? current : `${current}/`}`);
    return new URL(`${basePath}${pathname}${search}`, 'http://n');
  }
  const url = new URL(address);
  return url.host === new URL(site).host && url.pathname.startsWith(basePath) ? url : undefined;
}

test(`what is shown is what the gate opens (seed ${SEED})`, async () => {
  const random = randomFrom(SEED);
  const config = configOf();
  const gate = await createGate({ ...config, public: [...config.public, '/docs', '/docs/open(.*)'], admin: [...config.admin, '/docs/x(.*)', '/docs/open/x(.*)'], protected: ['/x(.*)'] });
  const people = [{}, { authorization: `Bearer ${token()}` }, { authorization: `Bearer ${token({ metadata: { role: 'admin' } })}` }];
  const seen = { shown: 0, closed: 0, judged: 0 };
  for (let n = 0; n < CASES; n += 1) {
    const address = (random.below(4) ? '/' : '') + Array.from({ length: 1 + random.below(6) }, () => random.pick(PARTS)).join('');
    const [form, basePath] = random.pick([['/open', ''], ['/open/a/b', ''], ['/docs/open', '/docs'], ['/docs/open/a', '/docs/open'], ['/docs/open/a', '/docs'], ['/docs', '/docs'], ['/docs/open', '/docs/open']]);
    const headers = random.pick(people);
    /** @type {Response} */
    let page;
    try {
      page = new Response('the page', { headers: { 'content-type': 'text/x-component', 'x-action-redirect': `${address};push` } });
    } catch {
      continue;
    }
    const answer = await gate.handle(new Request(site + form, { method: 'POST', headers }), () => page);
    const isShown = (await answer.text()) !== '';
    seen[isShown ? 'shown' : 'closed'] += 1;
    if (!isShown) continue;
    /** @type {URL | undefined} */
    let url;
    try {
      url = fetched(address, basePath, form.slice(basePath.length) || '/');
    } catch {
      // Next.js fails.
    }
    if (url === undefined) continue;
    const { pathname, search } = url;
    const { action, reason, rule } = await gate.decide(new Request(site + pathname + search, { headers }));
    // Below a directory only what is listed counts: the address may not be below it.
    if (basePath !== '' && rule === 'default') continue;
    assert.equal(action, 'forward', `${JSON.stringify(address)} from ${form}, base path "${basePath}": ${pathname}${search}, ${reason}`);
    seen.judged += 1;
  }
  assert.ok(seen.shown > CASES / 10 && seen.closed > CASES / 10 && seen.judged > CASES / 20, JSON.stringify(seen));
});
