// The app's pages. Whatever came in a header is text, never markup.

import { headerRows } from './told.mjs';

/** @typedef {import('./told.mjs').Told} Told */
/** @typedef {import('./server.mjs').Site} Site */

/** @type {Record<string, { title: string, access: 'public' | 'protected' | 'admin', lead: string }>} */
const PAGES = {
  '/': {
    title: 'Behind the gate',
    access: 'public',
    lead: 'This app has no sign-in code at all. A gate stands in front of it: it checks the session of every request, and lets through what its policy allows.',
  },
  '/dashboard': {
    title: 'Dashboard',
    access: 'protected',
    lead: 'You see this page because the gate verified your session token before the app heard of the request.',
  },
  '/settings': {
    title: 'Settings',
    access: 'protected',
    lead: 'Another page for whoever is signed in. The policy covers it with one pattern.',
  },
  '/admin': {
    title: 'Admin',
    access: 'admin',
    lead: 'Only for sessions whose claim metadata.role is “admin”. Everyone else is sent away by the gate.',
  },
};

const UNAUTHORIZED = {
  title: 'Not for this account',
  access: /** @type {const} */ ('public'),
  lead: 'You are signed in, but the page you asked for wants a role that this session does not have.',
};

const NOT_FOUND = {
  title: 'Nothing here',
  access: /** @type {const} */ ('protected'),
  lead: 'The gate let you through, but the app has no such page.',
};

const ACCESS_WORDS = { public: 'Public', protected: 'Signed in', admin: 'Admin' };

/**
 * @param {string} path
 * @param {Told} told
 * @param {Site} site
 */
export function renderPage(path, told, site) {
  if (path === '/unauthorized') return { status: 403, html: layout(path, UNAUTHORIZED, told, site) };
  const page = PAGES[path];
  return page ? { status: 200, html: layout(path, page, told, site) } : { status: 404, html: layout(path, NOT_FOUND, told, site) };
}

/**
 * @param {string} path
 * @param {{ title: string, access: 'public' | 'protected' | 'admin', lead: string }} page
 * @param {Told} told
 * @param {Site} site
 */
function layout(path, page, told, site) {
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${escapeHtml(page.title)} · Portcullis demo</title>
  <link rel="icon" href="/assets/favicon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/assets/style.css">
  <script src="/assets/try-it.js" type="module"></script>
</head>
<body>
  <a class="skip" href="#main">Skip to the content</a>
  <header class="bar">
    <a class="brand" href="/">${LOGO} Portcullis <span>demo</span></a>
    <nav aria-label="Pages">${navigation(path)}</nav>
    ${account(told, site)}
  </header>
  <main id="main">
    ${told.throughGate ? '' : aroundTheGate(path, site)}
    <section class="hero" aria-labelledby="title">
      <p class="chip ${page.access}">${ACCESS_WORDS[page.access]}</p>
      <h1 id="title">${escapeHtml(page.title)}</h1>
      <p class="lead">${escapeHtml(page.lead)}</p>
      ${path === '/' ? PICTURE : ''}
    </section>
    <div class="columns">
      ${toldPanel(told)}
      ${TRY_IT}
    </div>
  </main>
  <footer><p>The demo app of Portcullis, an edge gate for Clerk sessions. Nothing on this page is loaded from elsewhere.</p></footer>
</body>
</html>
`;
}

/** @param {string} current */
function navigation(current) {
  const links = Object.entries(PAGES).map(([path, { title, access }]) => {
    const here = path === current ? ' aria-current="page"' : '';
    return `<a href="${path}"${here}>${path === '/' ? 'Home' : title}<i class="dot ${access}" role="img" aria-label="(${ACCESS_WORDS[access].toLowerCase()})"></i></a>`;
  });
  return links.join('');
}

/**
 * @param {Told} told
 * @param {Site} site
 */
function account({ values }, { gateOrigin, signInUrl, signOutUrl }) {
  const link = (/** @type {string | undefined} */ base, /** @type {string} */ back, /** @type {string} */ text) => {
    if (!base) return '';
    const url = new URL(base);
    url.searchParams.set('redirect_url', new URL(back, gateOrigin).href);
    return `<a class="button" href="${escapeHtml(url.href)}">${text}</a>`;
  };
  if (!values.userId) return `<div class="account">${link(signInUrl, '/dashboard', 'Sign in')}</div>`;
  const role = values.role ? ` <span class="chip admin">${escapeHtml(values.role)}</span>` : '';
  const who = `<span class="who" title="${escapeHtml(values.userId)}">${escapeHtml(values.userId)}</span>${role}`;
  return `<div class="account">${who}${link(signOutUrl, '/', 'Sign out')}</div>`;
}

/** @param {Told} told */
function toldPanel(told) {
  const rows = headerRows(told).map(
    ([name, value]) => `<tr><th scope="row">${name}</th><td>${value === undefined ? '<span class="none">not set</span>' : escapeHtml(value)}</td></tr>`,
  );
  return `
    <section class="card" aria-labelledby="told">
      <h2 id="told">What the gate told the app</h2>
      <p>Headers of this very request. The gate removes them from what a client sends, so the app can rely on them.</p>
      <table aria-labelledby="told">${rows.join('')}</table>
    </section>`;
}

/**
 * @param {string} path
 * @param {Site} site
 */
function aroundTheGate(path, { gateOrigin }) {
  const href = escapeHtml(new URL(path, gateOrigin).href);
  return `<p class="notice" role="status">This request did not come through the gate. Go to <a href="${href}">${href}</a> instead.</p>`;
}

/**
 * Escapes text for HTML, in content and in quoted attributes.
 *
 * @param {string} text
 */
export function escapeHtml(text) {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const TRY_IT = `
    <section class="card" aria-labelledby="try-it">
      <h2 id="try-it">Try it</h2>
      <p>Calls from this page, through the gate, as you are signed in now.</p>
      <ul class="calls">
        <li><button data-call="GET /api/public/ping">Public API</button><code>GET /api/public/ping</code></li>
        <li><button data-call="GET /api/protected">Protected API</button><code>GET /api/protected</code></li>
        <li><button data-call="GET /api/admin/stats">Admin API</button><code>GET /api/admin/stats</code></li>
        <li><button data-call="GET /api/public/..%2fadmin/stats">Trick the path</button><code>GET /api/public/..%2fadmin/stats</code></li>
        <li><button data-call="SPOOF /api/protected">Forge a header</button><code>X-Portcullis-Role: admin</code></li>
        <li><button data-call="EVENTS /events">Event stream</button><code>GET /events</code></li>
        <li><button data-call="UPLOAD /upload">Stream 1 MiB</button><code>POST /upload</code></li>
      </ul>
      <output class="answer" id="answer" aria-live="polite"><span class="none">No call yet.</span></output>
    </section>`;

const LOGO = `<svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true"><path d="M5 30V14a11 11 0 0 1 22 0v16" fill="none" stroke="currentColor" stroke-width="2.6" stroke-linecap="round"/><path d="M11 6v19l-1.6 3M16 4v22l0 3M21 6v19l1.6 3M6 13h20M6 20h20" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"/></svg>`;

const PICTURE = `
      <ol class="picture" aria-label="The way of a request">
        <li><strong>Browser</strong><span>asks for a page</span></li>
        <li class="gate"><strong>Portcullis</strong><span>reads the path, verifies the session, decides</span></li>
        <li><strong>This app</strong><span>gets the request, and who it is from</span></li>
      </ol>`;
