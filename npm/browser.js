// Browsers and bundlers for them: the module is an asset beside this one, fetched.

import init from './dist/portcullis.js';

await init({ module_or_path: new URL('./dist/portcullis_bg.wasm', import.meta.url) });

export * from './api.js';
