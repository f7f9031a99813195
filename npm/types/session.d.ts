// Session tokens and requests, in the shape of `@clerk/backend`: `authenticateRequest` and `verifyToken`.

import type { ApiKeyAuth, InvalidTokenAuth, M2mAuth, NoMachineAuth, OauthAuth, PendingOptions, SessionClaims, SignedInAuth, SignedOutAuth, TokenType } from './auth.js';
import type { PortcullisError } from './errors.js';
import type { Reason } from './reasons.js';

/** What to verify a session token against. The names are Clerk's. */
export interface VerifyTokenOptions {
  /** `sk_test_…` or `sk_live_…`: the key set is fetched with it, and kept for five minutes. */
  readonly secretKey?: string;
  /** The PEM public key of the instance; with it nothing is fetched. */
  readonly jwtKey?: string;
  /** The Backend API. Default: `https://api.clerk.com`. */
  readonly apiUrl?: string;
  /** Its version. Default: `v1`. */
  readonly apiVersion?: string;
  /** Exact origins that tokens may have been minted for, `https://example.com`. Empty or not given: any. */
  readonly authorizedParties?: readonly string[];
  /** Accepted audiences. Default: any. */
  readonly audience?: string | readonly string[];
  /** Accepted issuers. Default: any. */
  readonly issuer?: string | readonly string[];
  /** How far clocks may be apart, in milliseconds. Default: 5000. */
  readonly clockSkewInMs?: number;
  /** Accepted `typ` headers. Default: `JWT`. */
  readonly headerType?: string | readonly string[];
  /** Ask for the key set each time. Default: false. */
  readonly skipJwksCache?: boolean;
}

/** What to check requests against. The names are Clerk's. */
export interface AuthenticateRequestOptions extends VerifyTokenOptions {
  /** `pk_test_…` or `pk_live_…`. */
  readonly publishableKey?: string;
  /** `ak_…`: for machine-to-machine tokens, in place of the secret key. */
  readonly machineSecretKey?: string;
  /** The Frontend API's proxy: absolute, or a path of the public origin. */
  readonly proxyUrl?: string;
  /** A satellite's domain. */
  readonly domain?: string;
  /** Whether this is a satellite application. Default: false. */
  readonly isSatellite?: boolean;
  /** Whether a satellite asks its primary on a first visit without cookies. Default: false. */
  readonly satelliteAutoSync?: boolean;
  /** Where to sign in; absolute for a satellite. */
  readonly signInUrl?: string;
  /** Where to sign up. */
  readonly signUpUrl?: string;
  /** Handed through. */
  readonly afterSignInUrl?: string;
  /** Handed through. */
  readonly afterSignUpUrl?: string;
  /** Which paths want which organization active. */
  readonly organizationSyncOptions?: {
    /** Patterns with an `:id` or a `:slug`: `["/orgs/:slug", "/orgs/:slug/(.*)"]`. */
    readonly organizationPatterns?: readonly string[];
    /** Patterns of the personal account. */
    readonly personalAccountPatterns?: readonly string[];
  };
  /** Which kinds of token are taken. Default: `session_token`. */
  readonly acceptsToken?: TokenType | readonly TokenType[] | 'any';
}

interface StateBase {
  /** To be put on the response: `location`, `set-cookie`s, `x-clerk-auth-*`. */
  readonly headers: Headers;
  /**
   * The check could not be made (no keys, no answer from the Backend API): neither signed in nor known to be signed out. Answer 503
   * rather than 401. Clerk has no such field, and says signed out; so do the other fields.
   */
  readonly isUnknown: boolean;
  readonly proxyUrl: string;
  readonly publishableKey: string;
  readonly isSatellite: boolean;
  readonly domain: string;
  readonly signInUrl: string;
  readonly signUpUrl: string;
  readonly afterSignInUrl: string;
  readonly afterSignUpUrl: string;
}

/** A good token. A pending session's token is good; `toAuth()` tells. */
export interface SignedInState extends StateBase {
  readonly status: 'signed-in';
  readonly reason: null;
  readonly message: null;
  readonly isSignedIn: true;
  readonly isAuthenticated: true;
  readonly tokenType: TokenType;
  readonly token: string;
  toAuth(options?: PendingOptions): SignedInAuth | SignedOutAuth | ApiKeyAuth | M2mAuth | OauthAuth;
}

/** No good token. */
export interface SignedOutState extends StateBase {
  readonly status: 'signed-out';
  readonly reason: Reason;
  /** For the operator; not for users. */
  readonly message: string;
  readonly isSignedIn: false;
  readonly isAuthenticated: false;
  /** Null where the token is of a kind that is not accepted. */
  readonly tokenType: TokenType | null;
  readonly token: null;
  toAuth(options?: PendingOptions): SignedOutAuth | NoMachineAuth | InvalidTokenAuth;
}

/** The browser has to go to the Frontend API and come back: answer 307 with `headers`. */
export interface HandshakeState extends StateBase {
  readonly status: 'handshake';
  readonly reason: Reason;
  readonly message: string;
  readonly isSignedIn: false;
  readonly isAuthenticated: false;
  readonly tokenType: 'session_token';
  readonly token: null;
  toAuth(options?: PendingOptions): null;
}

/** What `authenticateRequest` answers; `status` tells which. */
export type RequestState = SignedInState | SignedOutState | HandshakeState;

/**
 * Says who a request is from: same options, statuses, reasons, headers and auth objects as `@clerk/backend`'s.
 *
 * Rejects with a {@link PortcullisError} where options or request cannot be checked.
 *
 * @example
 * const state = await authenticateRequest(request, { publishableKey, secretKey, authorizedParties: ['https://example.com'] });
 */
export function authenticateRequest(request: Request, options?: AuthenticateRequestOptions): Promise<RequestState>;

/**
 * Verifies a session token and gives its claims.
 *
 * Rejects with a {@link PortcullisError} whose `reason` says why, `token-expired` for example.
 */
export function verifyToken(token: string, options?: VerifyTokenOptions): Promise<SessionClaims>;
