// The types of `portcullis/next`.

import type { Gate, GateConfig } from './index.js';
import type { AdapterOptions } from './hono.js';

export type { AdapterOptions };

/**
 * The gate as a proxy (Next.js 16 and later, `proxy.js`) or a middleware (`middleware.js`).
 *
 * Pages and route handlers behind it run only for requests that may pass, and find who asks in the request headers
 * `x-portcullis-user-id`, `-session-id`, `-org-id`, `-org-role`, `-role` and `-auth-status`; what a client sends under these names
 * never arrives. Leave `config.matcher` away, or a path that it does not name is not looked at.
 *
 * @example
 * // proxy.js
 * import { gate } from 'portcullis/next';
 *
 * export const proxy = gate({ publishableKey: process.env.NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY, secretKey: process.env.CLERK_SECRET_KEY, public: ['/'] });
 */
export function gate(config: GateConfig | Gate | ((request: Request) => GateConfig), options?: AdapterOptions): (request: Request) => Promise<Response>;
