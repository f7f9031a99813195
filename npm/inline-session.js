// Everything else: a module is text in a script, since nothing is known about files here.

import { authenticatorWith } from './authenticate-request.js';
import { base64 } from './dist/session_inline.js';
import { core } from './session-core.js';
import { verifyToken as verify } from './verify-token.js';

core.use(() => bytes(base64));

export const authenticateRequest = /* @__PURE__ */ authenticatorWith(async () => {
  const [{ core: organizations }, { base64: text }] = await Promise.all([import('./organizations-core.js'), import('./dist/organizations_inline.js')]);
  organizations.use(() => bytes(text));
  return organizations;
});
export const verifyToken = verify;

/** @param {string} text */
function bytes(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
