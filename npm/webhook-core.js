// The module that says what a delivery of a webhook is worth.

import { loopAround } from './loop.js';

// It never waits for anything, and is asked without options.
export const core = loopAround((/** @type {typeof import('./dist/webhook.js') & typeof import('./dist/runs.js')} */ _core) => ({}));
