// The module that says which organization a path wants.

import * as wasm from './dist/organizations.js';
import { loopAround } from './loop.js';

// It never waits for anything, so it has none of the exports that are about that.
export const core = loopAround(/** @type {typeof wasm & typeof import('./dist/runs.js')} */ (wasm), {
  organizations: { make: wasm.make_organizations, free: wasm.free_organizations, begin: wasm.wanted_organization },
});
