// Vercel's edge runtime and Next.js' own: the module comes compiled, by import, under a name that says so.

import module from './dist/portcullis_bg.wasm?module';
import { initSync } from './dist/portcullis.js';
import { useEnvironment } from './options.js';

// Next compiles it outside of the realm that this runs in, where it is no `instanceof` anything.
if (!(module instanceof WebAssembly.Module)) Object.setPrototypeOf(module, WebAssembly.Module.prototype);
initSync({ module });
useEnvironment(() => globalThis.process?.env);

export * from './api.js';
