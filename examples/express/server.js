// The gate in an Express app: node server.js, with CLERK_PUBLISHABLE_KEY and CLERK_SECRET_KEY set.
// Set AUTHORIZED_PARTIES, too: the origins of your pages, with commas between them (https://example.com). Without it every
// request fails with an error that says so: the tokens that your Clerk instance made for any other origin would be taken here, too.

import express from 'express';
import { gate } from 'portcullis/express';

const app = express();

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

app.get('/', (req, res) => res.send('Welcome'));
app.get('/sign-in', (req, res) => res.send('Sign in here'));
app.get('/admin', (req, res) => res.send('For admins'));
app.get('/api/me', (req, res) => res.json({ userId: req.auth.userId, isAdmin: req.auth.has({ role: 'org:admin' }), told: req.headers }));
app.post('/api/public/echo', (req, res) => req.pipe(res));
app.get('/api/cached', (req, res) => res.set({ 'Cache-Control': 'public, s-maxage=600', Vary: 'Accept' }).send('mine'));

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => console.log(`listening on ${server.address().port}`));
