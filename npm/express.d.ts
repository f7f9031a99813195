// The types of `portcullis/express`.

import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Auth, Gate, GateConfig, IssuedAuth } from './index.js';

declare global {
  namespace Express {
    interface Request {
      /** Who asks; set by the gate. Nobody on a public path, perhaps. {@link IssuedAuth} only where the configuration has an `issuer`. */
      auth?: Auth | IssuedAuth | null;
    }
  }
}

/** What is said about the app beside the policy. */
export interface AdapterOptions {
  /**
   * The origin by which the public knows the app, `https://example.com`: redirects go there. Default: the `Host` header, and behind
   * a proxy that Express trusts (`trust proxy`) what that says.
   */
  readonly publicOrigin?: string;
}

/**
 * The gate as a middleware: handlers behind it run only for requests that may pass, and find `req.auth`. Put it before everything that
 * routes; bodies are not read.
 *
 * What a client sends under reserved names (`x-portcullis-*`, `x-original-url`, …) is taken off `req.headers`, and `req.url` is the
 * path as it was judged. A mistake in the configuration goes to `next` as an error that names all of them.
 *
 * @example
 * app.use(gate({ publishableKey, secretKey, public: ['/'] }));
 * app.get('/me', (req, res) => res.json(req.auth));
 */
export function gate(
  config: GateConfig | Gate | ((request: IncomingMessage) => GateConfig),
  options?: AdapterOptions,
): (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;
