// Node, Deno and Bun: a module is a file beside this code, read synchronously, so that `require` works too.
// An app that bundles gets the Wasm of what it imports and no more.

export { PortcullisError } from './errors.js';
export { createGate, createRouteMatcher, explain } from './node-gate.js';
export { authenticateRequest, verifyToken } from './node-session.js';
export { verifyWebhook } from './node-webhook.js';
