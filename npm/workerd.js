// Cloudflare Workers: a module comes compiled, by import.
// An app that bundles gets the Wasm of what it imports and no more.

export { PortcullisError } from './errors.js';
export { createGate, createRouteMatcher, explain } from './workerd-gate.js';
export { authenticateRequest } from './workerd-session.js';
export { verifyToken } from './workerd-token.js';
export { verifyWebhook } from './workerd-webhook.js';
