// The module that decides what becomes of a request.

import * as wasm from './dist/gate.js';
import { loopAround } from './loop.js';

export const core = loopAround(wasm, {
  gate: { make: wasm.make_gate, free: wasm.free_gate, begin: wasm.begin_gate },
  explanation: { make: wasm.make_gate, free: wasm.free_gate, begin: wasm.begin_explanation },
  matcher: { make: wasm.make_matcher, free: wasm.free_matcher, begin: wasm.match_readings },
});
