// Vercel's edge runtime: the module comes compiled, by import, under a name that says so.

import module from './dist/portcullis_bg.wasm?module';
import { initSync } from './dist/portcullis.js';
import { useEnvironment } from './options.js';

initSync({ module });
useEnvironment(() => globalThis.process?.env);

export * from './api.js';
