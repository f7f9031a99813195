// What every entry exports, once it has loaded the Wasm module.

export { authenticateRequest } from './authenticate-request.js';
export { PortcullisError } from './errors.js';
export { explain } from './explain.js';
export { createGate } from './gate.js';
export { createRouteMatcher } from './route-matcher.js';
export { verifyToken } from './verify-token.js';
export { verifyWebhook } from './webhook.js';
