// The module that says what a delivery of a webhook is worth.

import * as wasm from './dist/webhook.js';
import { loopAround } from './loop.js';

// It never waits for anything, so it has none of the exports that are about that.
export const core = loopAround(/** @type {typeof wasm & typeof import('./dist/runs.js')} */ (wasm), {});
