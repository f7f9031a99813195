// Browsers and bundlers for them: a module is an asset beside this code, fetched by the first call.

import { authenticatorWith } from './authenticate-request.js';
import { core as all } from './session-all-core.js';
import { core } from './session-core.js';
import { verifierWith } from './verify-token.js';
import { compile } from './compile.js';

core.useLater(() => compile(new URL('./dist/session_bg.wasm', import.meta.url)));

export const authenticateRequest = /* @__PURE__ */ authenticatorWith(core, () => {
  all.useLater(() => compile(new URL('./dist/session-all_bg.wasm', import.meta.url)));
  return all;
});
export const verifyToken = /* @__PURE__ */ verifierWith(core);
