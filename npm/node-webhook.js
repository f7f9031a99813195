// Node, Deno and Bun: a module is a file beside this code, read synchronously, so that `require` works too.

import { readFileSync } from 'node:fs';

import { core } from './webhook-core.js';
import { verifyWebhook as webhook } from './webhook.js';

core.use(() => readFileSync(new URL('./dist/webhook_bg.wasm', import.meta.url)));

export const verifyWebhook = webhook;
