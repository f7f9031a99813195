// What happens to a request.

import type { Auth, IssuedAuth } from './auth.js';
import type { DecisionReason } from './reasons.js';
import type { Access } from './settings.js';

interface DecisionBase {
  readonly reason: DecisionReason;
  /** For the operator's log; never for the client. May be empty. */
  readonly message: string;
  /** What the policy asks of the path; null where the path could not be judged. */
  readonly access: Access | null;
  /** Where in the policy that comes from, as `admin[0] /admin(.*)`. */
  readonly rule: string | null;
  /** Header fields to add to the response, whoever makes it; several `set-cookie`s among them. */
  readonly responseHeaders: readonly (readonly [name: string, value: string])[];
  /** Whether the answer is for this user alone, so that no shared cache may keep it. */
  readonly isPrivate: boolean;
  /** Whether a token without `azp` was let through by `missingAzp`. Worth a line in the log. */
  readonly isAzpMissing: boolean;
  /** What would have happened, were nothing in shadow (`enforce: false`); null where it is the same. Worth a line in the log. */
  readonly shadow: { readonly action: 'redirect' | 'deny'; readonly status: number; readonly reason: DecisionReason; readonly message: string; readonly rule?: string } | null;
}

/** The app gets the request. */
export interface ForwardDecision extends DecisionBase {
  readonly action: 'forward';
  /** Stands for the app's own. */
  readonly status: 200;
  /** Who asks; on a public path perhaps nobody. Null before a handshake. {@link IssuedAuth} only where the configuration has an `issuer`. */
  readonly auth: Auth | IssuedAuth | null;
  /** Path and query, byte for byte what was judged. */
  readonly target: string;
  /** The same under `origin`, or under the request's own origin: where to send it. */
  readonly url: string;
  /** Header fields to set on the request, once all that {@link strips} names are off. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether a request header of this name may not go on, in every spelling that an app could fold together. */
  strips(name: string): boolean;
  /** The request headers as the app should get them: `incoming` without what is stripped, and with {@link headers}. */
  requestHeaders(incoming: ConstructorParameters<typeof Headers>[0]): Headers;
  /** The app's answer with what this decision adds: {@link responseHeaders}, and for private ones the cache rules. Its body streams on. */
  addTo(response: Response): Response;
  toResponse(): null;
}

interface OwnAnswer extends DecisionBase {
  /** Who asks; null before a handshake, and where nothing could be decided. {@link IssuedAuth} only where the configuration has an `issuer`. */
  readonly auth: Auth | IssuedAuth | null;
  /** The body of the answer, if it has one. */
  readonly body: string | null;
  /** A fresh `Response`, complete: status, header fields and body. */
  toResponse(): Response;
}

/** The browser is sent elsewhere: to sign in, through a handshake, or to `unauthorizedUrl`. */
export interface RedirectDecision extends OwnAnswer {
  readonly action: 'redirect';
  /** 303 answers a form, 307 a read. */
  readonly status: 303 | 307;
  readonly location: string;
}

/** The gate answers by itself. */
export interface DenyDecision extends OwnAnswer {
  readonly action: 'deny';
  /**
   * 400: the path cannot be judged; 401: no session; 403: not the right one; 404: the gate's own path; 405: a method that is
   * never forwarded; 429: more requests than a limit allows; 500: the gate failed; 503: it cannot be told.
   */
  readonly status: 400 | 401 | 403 | 404 | 405 | 429 | 500 | 503;
}

/** One of the gate's own endpoints says what it was asked: `/.well-known/portcullis/ready`, or `jwks.json` there. */
export interface AnswerDecision extends OwnAnswer {
  readonly action: 'answer';
  readonly status: 200;
}

/** What happens to a request; `action` tells which. */
export type Decision = ForwardDecision | RedirectDecision | DenyDecision | AnswerDecision;
