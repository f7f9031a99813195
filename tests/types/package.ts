// The published types of the npm package, used as its users would: what should compile, and what should not.

import { authenticateRequest, verifyToken } from '../../npm/index.js';
import type { PortcullisError, RequestState } from '../../npm/index.js';

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

// @ts-expect-error a kind that there is not
void authenticateRequest(new Request('https://example.com'), { acceptsToken: 'cookie' });
// @ts-expect-error a token is text
void verifyToken(undefined);
