// Everything else: the module is text in a script, since nothing is known about files here.

import { initSync } from './dist/portcullis.js';
import { base64 } from './dist/portcullis_inline.js';

initSync({ module: Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)) });

export * from './api.js';
