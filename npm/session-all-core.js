// The same with all of the options: tokens of machines, satellites, organizations by path. Nothing is loaded before it is asked.

import { loopAround } from './loop.js';
import { doorsOf } from './session-doors.js';

export const core = /* @__PURE__ */ loopAround(doorsOf);
