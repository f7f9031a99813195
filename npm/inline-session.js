// Everything else: a module is text in a script, since nothing is known about files here.

import { authenticatorWith } from './authenticate-request.js';
import { base64 } from './dist/session_inline.js';
import { core as all } from './session-all-core.js';
import { core } from './session-core.js';
import { verifierWith } from './verify-token.js';

core.use(() => bytes(base64));

export const authenticateRequest = /* @__PURE__ */ authenticatorWith(core, () => {
  all.useLater(async () => bytes((await import('./dist/session-all_inline.js')).base64));
  return all;
});
export const verifyToken = /* @__PURE__ */ verifierWith(core);

/** @param {string} text */
function bytes(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
