// Browsers and bundlers for them: a module is an asset beside this code, fetched by the first call.

import { compile } from './compile.js';
import { core } from './session-core.js';
import { smallAuthenticatorWith } from './authenticate-small.js';
import { verifierWith } from './verify-token.js';

core.useLater(() => compile(new URL('./dist/session_bg.wasm', import.meta.url)));

export { PortcullisError } from './errors.js';
export const authenticateRequest = /* @__PURE__ */ smallAuthenticatorWith(core);
export const verifyToken = /* @__PURE__ */ verifierWith(core);
