// What the modules of `authenticateRequest` and `verifyToken` make of options, and how they are asked.

/** @param {typeof import('./dist/session.js')} core */
export function doorsOf(core) {
  return {
    request: { make: core.make_authenticator, free: core.free_authenticator, begin: core.begin_request },
    token: { make: core.make_verifier, free: core.free_verifier, begin: core.begin_token },
  };
}
