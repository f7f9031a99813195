// The gate in a Hono app on Node: node server.js, with CLERK_PUBLISHABLE_KEY and CLERK_SECRET_KEY set.
// Set AUTHORIZED_PARTIES, too: the origins of your pages, with commas between them (https://example.com). Without it every
// request fails with an error that says so: the tokens that your Clerk instance made for any other origin would be taken here, too.

import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { gate } from 'portcullis/hono';

const app = new Hono();

app.use(
  gate(() => ({
    publishableKey: process.env.CLERK_PUBLISHABLE_KEY,
    secretKey: process.env.CLERK_SECRET_KEY,
    apiUrl: process.env.CLERK_API_URL,
    authorizedParties: process.env.AUTHORIZED_PARTIES?.split(','),
    signInUrl: '/sign-in',
    public: ['/', '/sign-in/:path*', '/api/public/:path*'],
    admin: ['/admin(.*)'],
    adminRequires: { claim: 'metadata.role', equals: 'admin' },
    api: ['/api(.*)'],
  })),
);

app.get('/', (c) => c.text('Welcome'));
app.get('/sign-in', (c) => c.text('Sign in here'));
app.get('/admin', (c) => c.text('For admins'));
app.get('/api/me', (c) => c.json({ userId: c.get('auth').userId, isAdmin: c.get('auth').has({ role: 'org:admin' }), told: c.req.header() }));
app.post('/api/public/echo', (c) => c.body(c.req.raw.body));
app.get('/api/cached', (c) => c.text('mine', 200, { 'Cache-Control': 'public, s-maxage=600', Vary: 'Accept' }));

serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000), hostname: '127.0.0.1' }, ({ port }) => console.log(`listening on ${port}`));
