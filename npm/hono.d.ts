// The types of `portcullis/hono`.

import type { Context, MiddlewareHandler } from 'hono';

import type { Auth, Gate, GateConfig, IssuedAuth } from './index.js';

/** What is said about the app beside the policy. */
export interface AdapterOptions {
  /**
   * The origin by which the public knows the app, `https://example.com`. Needed behind a proxy that changes scheme or host: redirects
   * go there. What clients say in `X-Forwarded-Host` is not believed. Default: the origin of the request's URL.
   */
  readonly publicOrigin?: string;
}

/** The variables that the middleware sets. */
export interface GateVariables {
  /** Who asks; nobody on a public path, perhaps. {@link IssuedAuth} only where the configuration has an `issuer`. */
  auth: Auth | IssuedAuth | null;
}

/**
 * The gate as a middleware: handlers behind it run only for requests that may pass, and find `c.get('auth')`.
 *
 * The configuration can be a function of the context, for runtimes that hand the environment over with each request; it is called
 * once, by the first. A mistake in it makes every request fail, with an error that names all of them.
 *
 * @example
 * const app = new Hono<{ Variables: GateVariables }>();
 * app.use(gate({ publishableKey, secretKey, public: ['/'] }));
 * app.get('/me', (c) => c.json(c.get('auth')));
 */
export function gate<Bindings extends object = any>(
  config: GateConfig | Gate | ((context: Context<{ Bindings: Bindings }>) => GateConfig),
  options?: AdapterOptions,
): MiddlewareHandler<{ Bindings: Bindings; Variables: GateVariables }>;
