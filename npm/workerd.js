// Cloudflare Workers: the module comes compiled, by import.

import module from './dist/portcullis_bg.wasm';
import { initSync } from './dist/portcullis.js';

initSync({ module });

export * from './api.js';
