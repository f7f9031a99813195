// Browsers and bundlers for them: a module is an asset beside this code, fetched by the first call.

import { authenticatorWith } from './authenticate-request.js';
import { core } from './session-core.js';
import { verifyToken as verify } from './verify-token.js';
import { compile } from './compile.js';

core.useLater(() => compile(new URL('./dist/session_bg.wasm', import.meta.url)));

export const authenticateRequest = /* @__PURE__ */ authenticatorWith(async () => {
  const { core: organizations } = await import('./organizations-core.js');
  organizations.useLater(() => compile(new URL('./dist/organizations_bg.wasm', import.meta.url)));
  return organizations;
});
export const verifyToken = verify;
