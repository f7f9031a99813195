// Cloudflare Workers: a module comes compiled, by import.

import module from './dist/webhook_bg.wasm';
import { core } from './webhook-core.js';
import { verifyWebhook as webhook } from './webhook.js';

core.use(() => module);

export const verifyWebhook = webhook;
