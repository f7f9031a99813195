// Vercel's edge runtime and Next.js' own: a module comes compiled, by import. A token by itself needs the smaller one.

import { compiled } from './compiled.js';
import module from './dist/session_bg.wasm?module';
import { useEnvironment } from './options.js';
import { core } from './session-core.js';
import { verifierWith } from './verify-token.js';

core.use(() => compiled(module));
useEnvironment(() => globalThis.process?.env);

export const verifyToken = /* @__PURE__ */ verifierWith(core);
