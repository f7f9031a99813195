// Node, Deno and Bun: the module is a file beside this one, read synchronously, so that `require` works too.

import { readFileSync } from 'node:fs';

import { initSync } from './dist/portcullis.js';
import { useEnvironment } from './options.js';

initSync({ module: readFileSync(new URL('./dist/portcullis_bg.wasm', import.meta.url)) });
useEnvironment(() => globalThis.process?.env);

export * from './api.js';
