// Vercel's edge runtime and Next.js' own: a module comes compiled, by import, under a name that says so.

import { compiled } from './compiled.js';
import module from './dist/webhook_bg.wasm?module';
import { core } from './webhook-core.js';
import { verifyWebhook as webhook } from './webhook.js';

core.use(() => compiled(module));

export const verifyWebhook = webhook;
