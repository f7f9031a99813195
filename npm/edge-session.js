// Vercel's edge runtime and Next.js' own: a module comes compiled, by import, under a name that says so.

import { authenticatorWith } from './authenticate-request.js';
import module from './dist/session_bg.wasm?module';
import { useEnvironment } from './options.js';
import { core } from './session-core.js';
import { verifyToken as verify } from './verify-token.js';
import { compiled } from './compiled.js';

core.use(() => compiled(module));
useEnvironment(() => globalThis.process?.env);

export const authenticateRequest = /* @__PURE__ */ authenticatorWith(async () => (await import('./edge-organizations.js')).core);
export const verifyToken = verify;
