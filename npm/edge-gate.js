// Vercel's edge runtime and Next.js' own: a module comes compiled, by import, under a name that says so.

import module from './dist/gate_bg.wasm?module';
import { explain as explanation } from './explain.js';
import { core } from './gate-core.js';
import { createGate as gate } from './gate.js';
import { createRouteMatcher as matcher } from './route-matcher.js';
import { compiled } from './compiled.js';

core.use(() => compiled(module));

export const createGate = gate;
export const createRouteMatcher = matcher;
export const explain = explanation;
