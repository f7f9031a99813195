// Node, Deno and Bun: a module is a file beside this code, read synchronously, so that `require` works too.

import { readFileSync } from 'node:fs';

import { authenticatorWith } from './authenticate-request.js';
import { useEnvironment } from './options.js';
import { core as all } from './session-all-core.js';
import { core } from './session-core.js';
import { verifierWith } from './verify-token.js';

core.use(() => readFileSync(new URL('./dist/session_bg.wasm', import.meta.url)));
useEnvironment(() => globalThis.process?.env);

export const authenticateRequest = /* @__PURE__ */ authenticatorWith(core, () => {
  all.use(() => readFileSync(new URL('./dist/session-all_bg.wasm', import.meta.url)));
  return all;
});
export const verifyToken = /* @__PURE__ */ verifierWith(core);
