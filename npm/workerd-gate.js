// Cloudflare Workers: a module comes compiled, by import.

import module from './dist/gate_bg.wasm';
import { explain as explanation } from './explain.js';
import { core } from './gate-core.js';
import { createGate as gate } from './gate.js';
import { createRouteMatcher as matcher } from './route-matcher.js';

core.use(() => module);

export const createGate = gate;
export const createRouteMatcher = matcher;
export const explain = explanation;
