// The adapters' published types, used as in an app of each framework.

import express from 'express';
import { Hono } from 'hono';
import type { NextFetchEvent, NextRequest } from 'next/server.js';
import { authenticateRequest, createGate } from 'portcullis';
import type { GateConfig } from 'portcullis';
import { gate as expressGate } from 'portcullis/express';
import { gate as honoGate, type GateVariables } from 'portcullis/hono';
import { gate as nextGate } from 'portcullis/next';

const config: GateConfig = { publishableKey: 'pk_test_x', secretKey: 'sk_test_x', public: ['/'] };

export const hono = new Hono<{ Bindings: { CLERK_SECRET_KEY: string }; Variables: GateVariables }>();
hono.use(honoGate(config, { publicOrigin: 'https://example.com' }));
hono.use(honoGate<{ CLERK_SECRET_KEY: string }>((c) => ({ publishableKey: 'pk_test_x', secretKey: c.env.CLERK_SECRET_KEY })));
hono.get('/me', (c) => {
  const auth = c.get('auth');
  if (!auth?.isAuthenticated || auth.tokenType !== 'session_token') return c.text('nobody', 401);
  const user: string = auth.userId;
  return c.text(user);
});

export const app = express();
app.use(expressGate(config));
app.use('/below', expressGate(createdBefore));
app.get('/me', (request, response) => {
  const { auth } = request;
  // @ts-expect-error nobody, perhaps
  auth.isAuthenticated;
  response.json(auth?.isAuthenticated ? auth.tokenType : null);
});
// @ts-expect-error an option of another name
app.use(expressGate(config, { origin: 'https://example.com' }));

export const proxy: (request: NextRequest, event: NextFetchEvent) => Promise<Response> = nextGate(() => config);

export async function asked(request: Request): Promise<(string | null)[]> {
  const decision = await createdBefore.decide(request);
  // @ts-expect-error nobody, perhaps
  decision.auth.isAuthenticated;
  const state = await authenticateRequest(request, { publishableKey: 'pk_test_x', secretKey: 'sk_test_x' });
  // @ts-expect-error none while a handshake is due
  state.toAuth().isAuthenticated;
  return [decision.auth, state.toAuth()].map((auth) => {
    if (!auth?.isAuthenticated) return null;
    // @ts-expect-error a machine's may have no user
    const perhaps: string = auth.userId;
    return auth.tokenType === 'session_token' ? auth.userId : perhaps;
  });
}

// @ts-expect-error the variables have no type
new Hono().get('/me', (c) => c.json(c.get('auth')));

declare const createdBefore: Awaited<ReturnType<typeof createGate>>;
// @ts-expect-error a setting of another name
nextGate({ publishableKey: 'pk_test_x', sign_in_url: '/x' });
