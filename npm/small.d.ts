// The types of `portcullis/small`: session tokens alone, in two thirds of the size where all modules are loaded from the start.

import type { AuthenticateRequestOptions, RequestState, SessionClaims, VerifyTokenOptions } from './index.js';

export { PortcullisError } from './index.js';

/** The options of `portcullis`, without those that few have; `authenticateRequest` of `portcullis` knows them all. */
export interface SmallAuthenticateRequestOptions
  extends Omit<AuthenticateRequestOptions, 'acceptsToken' | 'isSatellite' | 'machineSecretKey' | 'organizationSyncOptions' | 'satelliteAutoSync'> {
  readonly acceptsToken?: 'session_token';
  readonly isSatellite?: false;
}

/**
 * Says who a request is from: what `authenticateRequest` of `portcullis` answers to the same options.
 *
 * Rejects with a {@link PortcullisError} where options or request cannot be checked; with `invalid-options` for options that only `portcullis` has.
 *
 * @example
 * const state = await authenticateRequest(request, { publishableKey, secretKey, authorizedParties: ['https://example.com'] });
 */
export function authenticateRequest(request: Request, options?: SmallAuthenticateRequestOptions): Promise<RequestState>;

/**
 * Verifies a session token and gives its claims.
 *
 * Rejects with a {@link PortcullisError} whose `reason` says why, `token-expired` for example.
 */
export function verifyToken(token: string, options?: VerifyTokenOptions): Promise<SessionClaims>;
