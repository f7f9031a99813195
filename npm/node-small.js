// Node, Deno and Bun: a module is a file beside this code, read synchronously. What is refused is the same as at the edge.

import { readFileSync } from 'node:fs';

import { useEnvironment } from './options.js';
import { core } from './session-core.js';
import { smallAuthenticatorWith } from './authenticate-small.js';
import { verifierWith } from './verify-token.js';

core.use(() => readFileSync(new URL('./dist/session_bg.wasm', import.meta.url)));
useEnvironment(() => globalThis.process?.env);

export { PortcullisError } from './errors.js';
export const authenticateRequest = /* @__PURE__ */ smallAuthenticatorWith(core);
export const verifyToken = /* @__PURE__ */ verifierWith(core);
