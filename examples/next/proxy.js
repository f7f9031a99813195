// The gate before a Next.js app: `next build && next start`, with NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY and CLERK_SECRET_KEY set.
// Set AUTHORIZED_PARTIES, too: the origins of your pages, with commas between them (https://example.com). Without it every
// request fails with an error that says so: the tokens that your Clerk instance made for any other origin would be taken here, too.

import { gate } from 'portcullis/next';

export const proxy = gate(() => ({
  publishableKey: process.env.NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY,
  secretKey: process.env.CLERK_SECRET_KEY,
  apiUrl: process.env.CLERK_API_URL,
  authorizedParties: process.env.AUTHORIZED_PARTIES?.split(','),
  signInUrl: '/sign-in',
  public: ['/', '/sign-in/:path*', '/api/public/:path*', '/_next/static/:path*'],
  admin: ['/admin(.*)'],
  adminRequires: { claim: 'metadata.role', equals: 'admin' },
  api: ['/api(.*)'],
}));
