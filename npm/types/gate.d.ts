// The gate, and its test of paths alone.

import type { Decision, ForwardDecision } from './decision.js';
import type { PortcullisError } from './errors.js';
import type { GateConfig } from './settings.js';

/** What the gate reads of a request. A `Request` of any realm is one, and what has the same members. */
export interface RequestLike {
  readonly method: string;
  /** Absolute. As raw as it can be had: it is canonicalised here, and judged under every reading that an app could give to it. */
  readonly url: string;
  readonly headers: Iterable<[string, string]> & { get(name: string): string | null };
}

/** What is known of a request that is forwarded. As options of `fetch` it says nothing, so that `fetch` itself may be what forwards. */
export interface Forwarded {
  /** Who asks; on a public path perhaps nobody. */
  readonly auth: ForwardDecision['auth'];
  readonly decision: ForwardDecision;
}

/** A policy at work. Holds no request, so one serves them all. */
export interface Gate {
  /**
   * Decides about a request, which is not touched.
   *
   * Rejects with `invalid-argument` where `request` is none. Whatever else goes wrong is a denial.
   */
  decide(request: Request | RequestLike): Promise<Decision>;
  /**
   * Decides and carries out: answers by itself, or calls `forward` with the request as it was judged, under `origin` or its own one,
   * its headers clean and the identity set. The answer of `forward` is given back, with cookies and cache rules added. Bodies stream.
   *
   * Where `forward` throws, or gives no response, the answer is 502.
   */
  handle(request: Request, forward: (request: Request, about: Forwarded) => Response | Promise<Response>): Promise<Response>;
  /** The same where nothing is to be known of the decision: by `fetch` itself, say. */
  handle(request: Request, forward: (request: Request) => Response | Promise<Response>): Promise<Response>;
}

/**
 * Makes a gate. Nothing is fetched before the first request.
 *
 * Rejects with a {@link PortcullisError} whose `errors` name all mistakes in the configuration.
 *
 * @example
 * const gate = await createGate({ publishableKey, secretKey, public: ['/', '/sign-in/:path*'], signInUrl: '/sign-in' });
 * export default { fetch: (request) => gate.handle(request, fetch) };
 */
export function createGate(config: GateConfig): Promise<Gate>;

/** What `createRouteMatcher` takes: patterns of path-to-regexp 6, expressions, or a function of one's own. */
export type RoutePatterns<Asked = Request> = string | RegExp | readonly (string | RegExp)[] | ((request: Asked) => boolean);

/**
 * Makes a test of paths, synchronous, of the shape of Clerk's.
 *
 * A path is tested under every reading that an app could give to it: percent-encoding, dot segments, double slashes and so on. What
 * only spells the path otherwise (`/admin.json`) matches where any reading does. Where readings that lead to different places disagree
 * (`/open/..%2fadmin`), neither answer would be safe: the test throws a {@link PortcullisError} with `statusCode` 400, as it does for
 * paths that cannot be judged at all. Answer 400 then. To decide who may pass, prefer a policy: {@link createGate}.
 *
 * Throws `invalid-options` for a pattern that does not compile, `invalid-argument` for what is no pattern.
 *
 * @example
 * const isAdmin = createRouteMatcher(['/admin(.*)', '/api/admin(.*)']);
 * if (isAdmin(request)) …
 */
export function createRouteMatcher(patterns: RoutePatterns): (asked: Request | RequestLike | URL | string) => boolean;
