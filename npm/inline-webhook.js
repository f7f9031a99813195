// Everything else: a module is text in a script, since nothing is known about files here.

import { base64 } from './dist/webhook_inline.js';
import { core } from './webhook-core.js';
import { verifyWebhook as webhook } from './webhook.js';

core.use(() => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));

export const verifyWebhook = webhook;
