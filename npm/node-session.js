// Node, Deno and Bun: a module is a file beside this code, read synchronously, so that `require` works too.

import { readFileSync } from 'node:fs';

import { authenticatorWith } from './authenticate-request.js';
import { useEnvironment } from './options.js';
import { core } from './session-core.js';
import { verifyToken as verify } from './verify-token.js';

core.use(() => readFileSync(new URL('./dist/session_bg.wasm', import.meta.url)));
useEnvironment(() => globalThis.process?.env);

export const authenticateRequest = /* @__PURE__ */ authenticatorWith(async () => {
  const { core: organizations } = await import('./organizations-core.js');
  organizations.use(() => readFileSync(new URL('./dist/organizations_bg.wasm', import.meta.url)));
  return organizations;
});
export const verifyToken = verify;
