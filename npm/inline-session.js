// Everything else: a module is text in a script, since nothing is known about files here.

import { authenticateRequest as authenticate } from './authenticate-request.js';
import { base64 } from './dist/session_inline.js';
import { core } from './session-core.js';
import { verifyToken as verify } from './verify-token.js';
import { verifyWebhook as webhook } from './webhook.js';

core.use(() => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));

export const authenticateRequest = authenticate;
export const verifyToken = verify;
export const verifyWebhook = webhook;
