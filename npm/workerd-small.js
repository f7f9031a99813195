// Cloudflare Workers: a module comes compiled, by import. Both functions have the one that knows no rare options.

import module from './dist/session_bg.wasm';
import { core } from './session-core.js';
import { smallAuthenticatorWith } from './authenticate-small.js';
import { verifierWith } from './verify-token.js';

core.use(() => module);

export { PortcullisError } from './errors.js';
export const authenticateRequest = /* @__PURE__ */ smallAuthenticatorWith(core);
export const verifyToken = /* @__PURE__ */ verifierWith(core);
