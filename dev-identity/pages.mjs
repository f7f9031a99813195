// What a person sees: the sign-in page and its neighbours.

import { parseLoopbackUrl } from './loopback.mjs';
import { readCookie } from './cookies.mjs';
import { html, redirect } from './reply.mjs';

/** @typedef {import('./server.mjs').Call} Call */

/** The identity's own cookie: which dev browser this browser is. The app never needs it. */
const CLIENT_COOKIE = '__dev_identity_client';

/** @type {Record<string, (call: Call) => import('./reply.mjs').Reply>} */
export const pages = {
  'GET /': (call) => html(200, page('Development identity', welcome(call))),
  'GET /sign-in': (call) => html(200, page('Sign in', choice(call))),
  'GET /sign-up': (call) => html(200, page('Sign up', choice(call))),
  'POST /sign-in': signIn,
  'GET /sign-out': signOut,
};

/**
 * Starts a session for the chosen person, and sends the browser back with its dev browser in the URL, as Clerk's account portal
 * does in development. The gate takes it from there, with a handshake.
 *
 * @param {Call} call
 */
function signIn({ request, people, body, url, gateOrigin }) {
  const origin = request.headers.origin;
  if (origin !== undefined && origin !== url.origin) return html(403, page('Not from here', '<p>This form was sent by another site.</p>'));
  const form = new URLSearchParams(body);
  const user = people.users[form.get('persona') ?? ''];
  const back = backTo(form.get('redirect_url'), gateOrigin);
  if (!user || !back) return html(400, page('Cannot sign in', '<p>No such person, or no such place to go back to.</p>'));
  const client = people.client(form.get('__clerk_db_jwt') || readCookie(request.headers.cookie, CLIENT_COOKIE));
  people.signIn(client, user);
  back.searchParams.set('__clerk_db_jwt', client.devBrowser);
  return redirect(303, back.href, { 'Set-Cookie': clientCookie(client) });
}

/** @param {Call} call */
function signOut({ request, people, url, gateOrigin }) {
  const back = backTo(url.searchParams.get('redirect_url'), gateOrigin);
  if (!back) return html(400, page('Cannot sign out', '<p>No such place to go back to.</p>'));
  const client = people.client(readCookie(request.headers.cookie, CLIENT_COOKIE) || readCookie(request.headers.cookie, '__clerk_db_jwt'));
  people.signOut(client);
  back.searchParams.set('__clerk_db_jwt', client.devBrowser);
  return redirect(303, back.href, { 'Set-Cookie': clientCookie(client) });
}

/**
 * Where to go next: only ever on this machine, so that no link to this page leads anywhere else.
 *
 * @param {string | null} redirectUrl
 * @param {string} gateOrigin
 */
function backTo(redirectUrl, gateOrigin) {
  return redirectUrl ? parseLoopbackUrl(redirectUrl) : new URL(gateOrigin);
}

/** @param {import('./people.mjs').Client} client */
function clientCookie(client) {
  return `${CLIENT_COOKIE}=${client.devBrowser}; Path=/; HttpOnly; SameSite=Lax`;
}

/** @param {Call} call */
function choice({ people, url, gateOrigin }) {
  const redirectUrl = url.searchParams.get('redirect_url');
  const back = backTo(redirectUrl, gateOrigin);
  if (!back) return '<p role="alert">This link would lead away from this machine, so it ends here.</p>';
  const buttons = Object.values(people.users).map(
    ({ persona, name, email }) => `
      <button name="persona" value="${persona}" aria-describedby="about-${persona}">
        <span class="face" aria-hidden="true">${escapeHtml(name.slice(0, 1))}</span>
        <span><strong>Continue as ${persona}</strong><small id="about-${persona}">${escapeHtml(`${name}, ${email}`)}</small></span>
      </button>`,
  );
  return `
    <p>to continue to <strong>${escapeHtml(back.host)}</strong></p>
    <form method="post" action="/sign-in">
      <input type="hidden" name="redirect_url" value="${escapeHtml(back.href)}">
      <input type="hidden" name="__clerk_db_jwt" value="${escapeHtml(url.searchParams.get('__clerk_db_jwt') ?? '')}">
      ${buttons.join('')}
    </form>`;
}

/** @param {Call} call */
function welcome({ instance, gateOrigin }) {
  return `
    <p>This plays Clerk's part for the gate at <a href="${escapeHtml(gateOrigin)}/">${escapeHtml(gateOrigin)}</a>,
      with keys that were made when it started and are gone when it stops.</p>
    <dl>
      <dt>Frontend API</dt><dd><code>${instance.frontendApi}</code></dd>
      <dt>Publishable key</dt><dd><code>${instance.publishableKey}</code></dd>
    </dl>
    <p><a href="/sign-in">Sign in</a> · <a href="/sign-out">Sign out</a> · <a href="/.well-known/jwks.json">Key set</a></p>`;
}

/**
 * @param {string} title
 * @param {string} main trusted HTML
 */
export function page(title, main) {
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${title} · Portcullis development identity</title>
  <style>${STYLE}</style>
</head>
<body>
  <main>
    <p class="badge">Development only</p>
    <h1>${title}</h1>
    ${main}
    <p class="note">A stand-in for Clerk on this machine. No account, no password, nothing leaves it.</p>
  </main>
</body>
</html>
`;
}

/** @param {string} text */
export function escapeHtml(text) {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const STYLE = `
  :root { color-scheme: light dark; --ink: light-dark(#17202e, #e8edf5); --soft: light-dark(#5a677b, #9dabc0);
    --paper: light-dark(#ffffff, #151c28); --ground: light-dark(#eef1f6, #0c111a); --line: light-dark(#d5dce7, #2b3648);
    --accent: light-dark(#3346d3, #8fa0ff); }
  * { box-sizing: border-box; }
  body { margin: 0; min-height: 100vh; display: grid; grid-template-columns: minmax(0, 1fr); place-items: center; padding: 1.5rem;
    background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
  main { width: 100%; max-width: 26rem; padding: clamp(1.25rem, 6vw, 2rem); background: var(--paper); border: 1px solid var(--line);
    border-radius: 1rem; box-shadow: 0 1rem 3rem rgb(10 20 40 / .08); }
  h1 { margin: .75rem 0 .25rem; font-size: 1.6rem; letter-spacing: -.02em; }
  p { margin: .25rem 0 1rem; } a { color: var(--accent); }
  form { display: grid; gap: .75rem; }
  button { display: flex; gap: .9rem; align-items: center; width: 100%; padding: .8rem 1rem; font: inherit; text-align: left;
    color: inherit; background: transparent; border: 1px solid var(--line); border-radius: .75rem; cursor: pointer; }
  button:hover { border-color: var(--accent); background: color-mix(in srgb, var(--accent) 6%, transparent); }
  :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
  button strong, button small { display: block; overflow-wrap: anywhere; } small { color: var(--soft); }
  .face { display: grid; place-items: center; flex: none; width: 2.5rem; height: 2.5rem; border-radius: 50%; font-weight: 650;
    color: var(--accent); background: color-mix(in srgb, var(--accent) 14%, transparent); }
  .badge { display: inline-block; margin: 0; padding: .1rem .6rem; border-radius: 1rem; font-size: .8rem; font-weight: 600;
    color: light-dark(#7a4a00, #ffcf87); background: light-dark(#ffefd2, #3a2b10); }
  .note { margin: 1.5rem 0 0; font-size: .85rem; color: var(--soft); }
  dt { font-size: .85rem; color: var(--soft); } dd { margin: 0 0 .75rem; } code { font-size: .85rem; overflow-wrap: anywhere; }
`;
