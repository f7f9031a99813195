// What the modules of `authenticateRequest` and `verifyToken` make of options, and how they are asked.

/** @param {typeof import('./dist/session.js')} wasm */
export function doorsOf(wasm) {
  return {
    request: { make: wasm.make_authenticator, free: wasm.free_authenticator, begin: wasm.begin_request },
    token: { make: wasm.make_verifier, free: wasm.free_verifier, begin: wasm.begin_token },
  };
}
