// The one error that callers see.

/** What every function here rejects with. Switch on `code` and `reason`: `instanceof` fails across bundles. */
export class PortcullisError extends Error {
  /**
   * @param {import('./index.js').ErrorCode} code
   * @param {string} reason
   * @param {string} message
   * @param {{ cause?: unknown }} [options]
   */
  constructor(code, reason, message, options) {
    super(message, options);
    this.name = 'PortcullisError';
    this.code = code;
    this.reason = reason;
  }
}
