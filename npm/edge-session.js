// Vercel's edge runtime and Next.js' own: a module comes compiled, by import, under a name that says so. As in workerd all modules are
// there from the start, so there is one with all of the options, and none beside it.

import { authenticatorWith } from './authenticate-request.js';
import { compiled } from './compiled.js';
import module from './dist/session-all_bg.wasm?module';
import { useEnvironment } from './options.js';
import { core } from './session-all-core.js';

core.use(() => compiled(module));
useEnvironment(() => globalThis.process?.env);

export const authenticateRequest = /* @__PURE__ */ authenticatorWith(core);
