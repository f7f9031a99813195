// Cloudflare Workers: a module comes compiled, by import.

import { authenticateRequest as authenticate } from './authenticate-request.js';
import module from './dist/session_bg.wasm';
import { core } from './session-core.js';
import { verifyToken as verify } from './verify-token.js';
import { verifyWebhook as webhook } from './webhook.js';

core.use(() => module);

export const authenticateRequest = authenticate;
export const verifyToken = verify;
export const verifyWebhook = webhook;
