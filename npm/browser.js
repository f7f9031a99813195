// Browsers and bundlers for them: a module is an asset beside this code, fetched by the first call.
// An app that bundles gets the Wasm of what it imports and no more.

export { PortcullisError } from './errors.js';
export { createGate, createRouteMatcher, explain } from './browser-gate.js';
export { authenticateRequest, verifyToken } from './browser-session.js';
export { verifyWebhook } from './browser-webhook.js';
