// The module that says whom a request is from, and what a token is worth; of the options it knows those that most apps have.

import { loopAround } from './loop.js';
import { doorsOf } from './session-doors.js';

export const core = /* @__PURE__ */ loopAround(doorsOf);
