// Cloudflare Workers: a module comes compiled, by import. A token by itself needs the smaller one.

import module from './dist/session_bg.wasm';
import { core } from './session-core.js';
import { verifierWith } from './verify-token.js';

core.use(() => module);

export const verifyToken = /* @__PURE__ */ verifierWith(core);
