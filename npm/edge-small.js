// Vercel's edge runtime and Next.js' own: a module comes compiled, by import. Both functions have the one that knows no rare options.

import { compiled } from './compiled.js';
import module from './dist/session_bg.wasm?module';
import { useEnvironment } from './options.js';
import { core } from './session-core.js';
import { smallAuthenticatorWith } from './authenticate-small.js';
import { verifierWith } from './verify-token.js';

core.use(() => compiled(module));
useEnvironment(() => globalThis.process?.env);

export { PortcullisError } from './errors.js';
export const authenticateRequest = /* @__PURE__ */ smallAuthenticatorWith(core);
export const verifyToken = /* @__PURE__ */ verifierWith(core);
