// The exports of the module for all options of `authenticateRequest`, as `src/host/js` has them.

export * from './session.js';
