// The gate before Deno's own server, with CLERK_PUBLISHABLE_KEY and CLERK_SECRET_KEY set:
// deno run --allow-net --allow-env --allow-read server.js
// Set AUTHORIZED_PARTIES, too: the origins of your pages, with commas between them (https://example.com). Without it every
// request fails with an error that says so: the tokens that your Clerk instance made for any other origin would be taken here, too.

import { createGate } from 'portcullis';

const env = Deno.env.toObject();
const gate = await createGate({
  publishableKey: env.CLERK_PUBLISHABLE_KEY,
  secretKey: env.CLERK_SECRET_KEY,
  apiUrl: env.CLERK_API_URL,
  authorizedParties: env.AUTHORIZED_PARTIES?.split(','),
  signInUrl: '/sign-in',
  public: ['/', '/sign-in/:path*', '/api/public/:path*'],
  admin: ['/admin(.*)'],
  adminRequires: { claim: 'metadata.role', equals: 'admin' },
  api: ['/api(.*)'],
});

Deno.serve({ hostname: '127.0.0.1', port: Number(env.PORT ?? 3000), onListen: ({ port }) => console.log(`listening on ${port}`) }, (request) =>
  gate.handle(request, app),
);

/**
 * The app. It is given the request as it was judged, and who asks.
 *
 * @param {Request} request
 * @param {import('portcullis').Forwarded} about
 */
function app(request, { auth }) {
  const { pathname } = new URL(request.url);
  switch (pathname) {
    case '/':
      return new Response('Welcome');
    case '/sign-in':
      return new Response('Sign in here');
    case '/admin':
      return new Response('For admins');
    case '/api/me':
      return Response.json({ userId: auth.userId, isAdmin: auth.has({ role: 'org:admin' }), told: Object.fromEntries(request.headers) });
    case '/api/public/echo':
      return new Response(request.body);
    case '/api/cached':
      return new Response('mine', { headers: { 'Cache-Control': 'public, s-maxage=600', Vary: 'Accept' } });
    default:
      return new Response('Not found', { status: 404 });
  }
}
