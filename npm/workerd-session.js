// Cloudflare Workers: a module comes compiled, by import. A Worker has all of its modules from the start, so there is one with all of the
// options, and none beside it.

import { authenticatorWith } from './authenticate-request.js';
import module from './dist/session-all_bg.wasm';
import { core } from './session-all-core.js';

core.use(() => module);

export const authenticateRequest = /* @__PURE__ */ authenticatorWith(core);
