// The types of `portcullis`: written by hand, like the code.

export * from './types/reasons.js';
export * from './types/errors.js';
export * from './types/auth.js';
export * from './types/session.js';
export * from './types/settings.js';
export * from './types/decision.js';
export * from './types/gate.js';
export * from './types/explain.js';
export * from './types/webhook.js';
