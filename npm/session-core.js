// The module that says whom a request is from, and what a token is worth; of the options it knows those that most apps have.

import * as wasm from './dist/session.js';
import { loopAround } from './loop.js';
import { doorsOf } from './session-doors.js';

export const core = loopAround(wasm, doorsOf(wasm));
