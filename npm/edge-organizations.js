// Vercel's edge runtime and Next.js' own: a module comes compiled, by import, under a name that says so.

import { compiled } from './compiled.js';
import module from './dist/organizations_bg.wasm?module';
import { core } from './organizations-core.js';

core.use(() => compiled(module));

export { core };
