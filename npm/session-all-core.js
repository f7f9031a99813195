// The same module with all of the options: tokens of machines, satellites, organizations by path.

import * as wasm from './dist/session-all.js';
import { loopAround } from './loop.js';
import { doorsOf } from './session-doors.js';

export const core = loopAround(wasm, doorsOf(wasm));
