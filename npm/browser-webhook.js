// Browsers and bundlers for them: a module is an asset beside this code, fetched by the first call.

import { compile } from './compile.js';
import { core } from './webhook-core.js';
import { verifyWebhook as webhook } from './webhook.js';

core.useLater(() => compile(new URL('./dist/webhook_bg.wasm', import.meta.url)));

export const verifyWebhook = webhook;
