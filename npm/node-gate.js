// Node, Deno and Bun: a module is a file beside this code, read synchronously, so that `require` works too.

import { readFileSync } from 'node:fs';

import { explain as explanation } from './explain.js';
import { core } from './gate-core.js';
import { createGate as gate } from './gate.js';
import { createRouteMatcher as matcher } from './route-matcher.js';

core.use(() => readFileSync(new URL('./dist/gate_bg.wasm', import.meta.url)));

export const createGate = gate;
export const createRouteMatcher = matcher;
export const explain = explanation;
