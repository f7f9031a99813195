// Browsers and bundlers for them: a module is an asset beside this code, fetched by the first call.

import { explain as explanation } from './explain.js';
import { core } from './gate-core.js';
import { createGate as gate } from './gate.js';
import { createRouteMatcher as matcher } from './route-matcher.js';
import { compile } from './compile.js';

core.useLater(() => compile(new URL('./dist/gate_bg.wasm', import.meta.url)));

export const createGate = gate;
export const createRouteMatcher = matcher;
export const explain = explanation;
