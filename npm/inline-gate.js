// Everything else: a module is text in a script, since nothing is known about files here.

import { base64 } from './dist/gate_inline.js';
import { explain as explanation } from './explain.js';
import { core } from './gate-core.js';
import { createGate as gate } from './gate.js';
import { createRouteMatcher as matcher } from './route-matcher.js';

core.use(() => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));

export const createGate = gate;
export const createRouteMatcher = matcher;
export const explain = explanation;
