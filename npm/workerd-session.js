// Cloudflare Workers: a module comes compiled, by import.

import { authenticatorWith } from './authenticate-request.js';
import module from './dist/session_bg.wasm';
import { core } from './session-core.js';
import { verifyToken as verify } from './verify-token.js';

core.use(() => module);

export const authenticateRequest = /* @__PURE__ */ authenticatorWith(async () => {
  const [{ core: organizations }, compiled] = await Promise.all([import('./organizations-core.js'), import('./dist/organizations_bg.wasm')]);
  organizations.use(() => compiled.default);
  return organizations;
});
export const verifyToken = verify;
