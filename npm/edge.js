// Vercel's edge runtime and Next.js' own: a module comes compiled, by import, under a name that says so.
// An app that bundles gets the Wasm of what it imports and no more.

export { PortcullisError } from './errors.js';
export { createGate, createRouteMatcher, explain } from './edge-gate.js';
export { authenticateRequest } from './edge-session.js';
export { verifyToken } from './edge-token.js';
export { verifyWebhook } from './edge-webhook.js';
