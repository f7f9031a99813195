// Everything else: a module is text in a script, since nothing is known about files here.
// An app that bundles gets the Wasm of what it imports and no more.

export { PortcullisError } from './errors.js';
export { createGate, createRouteMatcher, explain } from './inline-gate.js';
export { authenticateRequest, verifyToken } from './inline-session.js';
export { verifyWebhook } from './inline-webhook.js';
