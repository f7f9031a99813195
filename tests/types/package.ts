// The published types of the npm package, used as its users would: what should compile, and what should not.

import { authenticateRequest, createGate, createRouteMatcher, explain, verifyToken, verifyWebhook } from '../../npm/index.js';
import * as small from '../../npm/small.js';
import type { Decision, DecisionReason, Gate, PortcullisError, RequestState, WebhookEvent } from '../../npm/index.js';

export async function guard(request: Request): Promise<Response> {
  const state: RequestState = await authenticateRequest(request, {
    publishableKey: 'pk_test_x',
    secretKey: 'sk_test_x',
    authorizedParties: ['https://example.com'],
    acceptsToken: ['session_token', 'api_key'],
  });
  if (state.status === 'handshake') {
    const nobody: null = state.toAuth();
    return new Response(nobody, { status: 307, headers: state.headers });
  }
  if (state.isUnknown) return new Response(null, { status: 503 });
  if (state.status === 'signed-out') {
    const reason: string = state.reason;
    return new Response(reason, { status: 401 });
  }
  const token: string = state.token;
  const auth = state.toAuth();
  if (!auth.isAuthenticated) return new Response('pending', { status: 403 });
  if (auth.tokenType === 'session_token') {
    const user: string = auth.userId;
    const role: string | undefined = auth.orgRole;
    const allowed: boolean = auth.has({ role: 'org:admin', reverification: 'strict' });
    // @ts-expect-error a permission is text
    auth.has({ permission: 5 });
    return Response.json({ user, role, allowed, token });
  }
  if (auth.tokenType === 'm2m_token') return Response.json({ machine: auth.machineId });
  // @ts-expect-error only machine-to-machine tokens have a machine
  return Response.json({ machine: auth.machineId });
}

export async function guardSmall(request: Request): Promise<string | null> {
  const state: RequestState = await small.authenticateRequest(request, { publishableKey: 'pk_test_x', secretKey: 'sk_test_x', acceptsToken: 'session_token', isSatellite: false });
  // @ts-expect-error tokens of machines are for `portcullis`
  await small.authenticateRequest(request, { acceptsToken: 'any' });
  // @ts-expect-error and so are satellites
  await small.authenticateRequest(request, { isSatellite: true });
  const { sub } = await small.verifyToken(state.token ?? '', { jwtKey: 'PEM' });
  return state.toAuth()?.isAuthenticated ? sub : null;
}

export async function claims(token: string): Promise<string> {
  try {
    const { sub } = await verifyToken(token, { jwtKey: 'PEM', clockSkewInMs: 1000 });
    return sub;
  } catch (error) {
    const { reason, code } = error as PortcullisError;
    if (code === 'token-rejected' && reason === 'token-expired') return 'expired';
    throw error;
  }
}

export async function decide(request: Request): Promise<Response> {
  const gate: Gate = await createGate({
    publishableKey: 'pk_test_x',
    secretKey: 'sk_test_x',
    public: ['/'],
    admin: ['/admin(.*)'],
    adminRequires: { claim: 'metadata.role', oneOf: ['admin', 'owner'] },
    rules: [{ match: '/api/x', methods: ['POST'], require: { permission: 'org:x:y', token: ['api_key'] } }],
  });
  const decision: Decision = await gate.decide(request);
  const reason: DecisionReason = decision.reason;
  switch (decision.action) {
    case 'forward': {
      const user: string | null = decision.auth?.isAuthenticated && decision.auth.tokenType === 'session_token' ? decision.auth.userId : null;
      const role: string | undefined = decision.headers['x-portcullis-role'];
      // @ts-expect-error the app answers
      decision.location;
      return decision.addTo(Response.json({ user, role, reason }));
    }
    case 'redirect': {
      const status: 303 | 307 = decision.status;
      return Response.redirect(decision.location, status);
    }
    case 'deny': {
      // @ts-expect-error no such answer
      if (decision.status === 418) return new Response();
      return decision.toResponse();
    }
    case 'answer': {
      const status: 200 = decision.status;
      return status === 200 ? decision.toResponse() : new Response();
    }
  }
}

// `fetch` takes options in the place of what it is told about the decision.
export const handledByFetch = async (gate: Gate, request: Request) => gate.handle(request, fetch);
export const handled = async (gate: Gate, request: Request) => gate.handle(request, (judged, { auth }) => fetch(judged, { headers: { x: String(auth?.isAuthenticated) } }));

const isAdmin: (asked: Request | URL | string) => boolean = createRouteMatcher(['/admin(.*)', /^\/api/]);
// @ts-expect-error a number is no pattern
createRouteMatcher([5]);

type UserDeleted = WebhookEvent<'user.deleted', { readonly id: string; readonly deleted: true }>;
export async function webhook(request: Request): Promise<string> {
  const event = await verifyWebhook<UserDeleted>(request, { signingSecret: ['whsec_a', 'whsec_b'] });
  return event.data.id;
}

export async function why(request: Request): Promise<string[]> {
  const { token, rules, decision } = await explain({ publishableKey: 'pk_test_x', jwtKey: 'PEM' }, request);
  const failed = token?.checks.find(({ outcome }) => outcome === 'failed');
  return [isAdmin(request) ? 'admin' : decision.action, failed?.message ?? '', ...rules.filter(({ decides }) => decides).map(({ name }) => name)];
}

// @ts-expect-error a setting of another name
void createGate({ publishableKey: 'pk_test_x', secretKey: 'sk_test_x', authorisedParties: [] });
// @ts-expect-error the names are JavaScript's
void createGate({ publishableKey: 'pk_test_x', sign_in_url: '/x' });

// @ts-expect-error a kind that there is not
void authenticateRequest(new Request('https://example.com'), { acceptsToken: 'cookie' });
// @ts-expect-error a token is text
void verifyToken(undefined);
