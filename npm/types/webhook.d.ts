// Deliveries of webhooks.

import type { PortcullisError } from './errors.js';
import type { WebhookReason } from './reasons.js';

/** How to verify deliveries. */
export interface VerifyWebhookOptions {
  /**
   * The secret of the endpoint, `whsec_…`; several while it is rotated, four at most. Default: the variable `CLERK_WEBHOOK_SIGNING_SECRET`, or
   * `CLERK_WEBHOOK_SECRET`, where there is a `process.env`.
   */
  readonly signingSecret?: string | readonly string[];
}

/** An event, in the shape of `@clerk/backend`'s. Give `Type` and `Data` to say more about it: `WebhookEvent<'user.created', UserJSON>`. */
export interface WebhookEvent<Type extends string = string, Data = { readonly [member: string]: unknown }> {
  /** What happened: `user.created`, `session.ended`, … */
  readonly type: Type;
  readonly object: 'event';
  readonly data: Data;
  readonly event_attributes: { readonly http_request: { readonly client_ip: string; readonly user_agent: string } } | undefined;
  /** When it happened, in milliseconds since 1970. */
  readonly timestamp: number | undefined;
  readonly instance_id: string | undefined;
}

/**
 * Verifies a delivery of Clerk (Svix, Standard Webhooks) and gives its event. Reads the body, 1 MB at most. A delivery can come
 * twice: remember the header `svix-id`.
 *
 * Rejects with a {@link PortcullisError}: `webhook-rejected` with a {@link WebhookReason} and a `statusCode`, `invalid-options` where the
 * secret is missing or none.
 *
 * @example
 * const event = await verifyWebhook(request);
 * if (event.type === 'user.deleted') …
 */
export function verifyWebhook<Event extends WebhookEvent = WebhookEvent>(request: Request, options?: VerifyWebhookOptions): Promise<Event>;
