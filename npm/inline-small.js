// Everything else: a module is text in a script, since nothing is known about files here.

import { base64 } from './dist/session_inline.js';
import { core } from './session-core.js';
import { smallAuthenticatorWith } from './authenticate-small.js';
import { verifierWith } from './verify-token.js';

core.use(() => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));

export { PortcullisError } from './errors.js';
export const authenticateRequest = /* @__PURE__ */ smallAuthenticatorWith(core);
export const verifyToken = /* @__PURE__ */ verifierWith(core);
