// The module that says whom a request is from, and what a token is worth.

import * as wasm from './dist/session.js';
import { loopAround } from './loop.js';

export const core = loopAround(wasm, {
  request: { make: wasm.make_authenticator, free: wasm.free_authenticator, begin: wasm.begin_request },
  token: { make: wasm.make_verifier, free: wasm.free_verifier, begin: wasm.begin_token },
});
