// The types of `portcullis`: written by hand, like the code.

/** Why somebody is not signed in, or why a handshake is due. Clerk's names, but for the last one. */
export type Reason =
  | 'active-organization-mismatch'
  | 'client-uat-but-no-session-token'
  | 'dev-browser-missing'
  | 'dev-browser-sync'
  | 'primary-domain-cross-origin-sync'
  | 'primary-responds-to-syncing'
  | 'satellite-needs-syncing'
  | 'session-token-and-uat-missing'
  | `session-token-expired-refresh-${string}`
  | 'session-token-iat-before-client-uat'
  | 'session-token-iat-in-the-future'
  | 'session-token-missing'
  | 'session-token-nbf'
  | 'session-token-but-no-client-uat'
  | 'token-type-mismatch'
  | 'unexpected-error'
  | 'No token in header'
  | TokenReason;

/** Why a token was rejected. */
export type TokenReason =
  | 'token-expired'
  | 'token-invalid'
  | 'token-invalid-algorithm'
  | 'token-invalid-authorized-parties'
  | 'token-invalid-issuer'
  | 'token-invalid-signature'
  | 'token-not-active-yet'
  | 'token-iat-in-the-future'
  | 'token-verification-failed'
  | 'secret-key-invalid'
  | 'jwk-remote-failed-to-load'
  | 'jwk-failed-to-resolve'
  | 'jwk-kid-mismatch'
  | 'unexpected-error';

/** What kind of failure a {@link PortcullisError} is. */
export type ErrorCode =
  /** The token is not good, or nobody can tell; `reason` says why. */
  | 'token-rejected'
  /** The options cannot be checked against; the message says which and why. */
  | 'invalid-options'
  /** Options and request do not go together. */
  | 'invalid-request'
  /** Asked for something that this package does not do. */
  | 'not-supported'
  /** A mistake in this package. Nothing was decided; the next call starts afresh. */
  | 'internal-error';

/** What every function rejects with. Switch on `code` and `reason`: `instanceof` fails across bundles. */
export class PortcullisError extends Error {
  readonly name: 'PortcullisError';
  readonly code: ErrorCode;
  readonly reason: TokenReason | Exclude<ErrorCode, 'token-rejected' | 'invalid-request'>;
}

/** The kinds of token. */
export type TokenType = 'session_token' | MachineTokenType;
/** The kinds of token that machines have. */
export type MachineTokenType = 'api_key' | 'm2m_token' | 'oauth_token';

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

/** The claims of a session token, version 1 or 2. */
export interface SessionClaims {
  readonly sub: string;
  readonly iss: string;
  /** Seconds since the epoch. */
  readonly exp: number;
  /** Seconds since the epoch. */
  readonly nbf: number;
  /** Seconds since the epoch. */
  readonly iat: number;
  readonly sid: string;
  readonly azp?: string;
  /** Whatever else the instance puts into its tokens. */
  readonly [claim: string]: unknown;
}

/** What is asked of a session; all of it has to hold. */
export interface HasParams {
  /** A role in the active organization, `org:admin`. */
  readonly role?: string;
  /** A permission in it, `org:invoices:read`. */
  readonly permission?: string;
  /** A feature of organization or user. */
  readonly feature?: string;
  /** A plan of organization or user. */
  readonly plan?: string;
  /** How fresh the credentials have to be. */
  readonly reverification?:
    | 'strict_mfa'
    | 'strict'
    | 'moderate'
    | 'lax'
    | { readonly level: 'first_factor' | 'second_factor' | 'multi_factor'; readonly afterMinutes: number };
}

interface AuthFunctions {
  /** The token that was verified, or null. */
  getToken(): Promise<string | null>;
  /** Whether all that is asked holds; false where nothing is asked, and for machines. */
  has(asked: HasParams): boolean;
  /** How the decision came about, without tokens, keys or secrets. */
  debug(): { readonly [name: string]: unknown };
}

/** Somebody is signed in. */
export interface SignedInAuth extends AuthFunctions {
  readonly isAuthenticated: true;
  readonly tokenType: 'session_token';
  readonly sessionClaims: SessionClaims;
  readonly sessionId: string;
  readonly sessionStatus: 'active' | 'pending' | null;
  readonly userId: string;
  /** Who acts as this user, if somebody does. */
  readonly actor: { readonly sub: string; readonly [claim: string]: unknown } | undefined;
  readonly orgId: string | undefined;
  readonly orgRole: string | undefined;
  readonly orgSlug: string | undefined;
  readonly orgPermissions: readonly string[] | undefined;
  /** Minutes since the first and the second factor were verified; -1 for a factor that is not there. */
  readonly factorVerificationAge: readonly [first: number, second: number] | null;
}

/** Nobody is signed in, or only with tasks to be done (`sessionStatus` is `pending` then). */
export interface SignedOutAuth extends AuthFunctions {
  readonly isAuthenticated: false;
  readonly tokenType: 'session_token';
  readonly sessionClaims: null;
  readonly sessionId: null;
  readonly sessionStatus: 'pending' | null;
  readonly userId: null;
  readonly actor: null;
  readonly orgId: null;
  readonly orgRole: null;
  readonly orgSlug: null;
  readonly orgPermissions: null;
  readonly factorVerificationAge: null;
}

interface MachineAuthOf<Kind extends MachineTokenType> extends AuthFunctions {
  readonly isAuthenticated: true;
  readonly tokenType: Kind;
  readonly id: string;
  readonly subject: string;
  readonly scopes: readonly string[];
}

/** A machine with an API key. */
export interface ApiKeyAuth extends MachineAuthOf<'api_key'> {
  readonly name: string;
  readonly claims: { readonly [claim: string]: unknown } | null;
  readonly userId: string | null;
  readonly orgId: string | null;
}

/** A machine with a machine-to-machine token. */
export interface M2mAuth extends MachineAuthOf<'m2m_token'> {
  readonly claims: { readonly [claim: string]: unknown } | null;
  readonly machineId: string;
}

/** An application with an OAuth access token. */
export interface OauthAuth extends MachineAuthOf<'oauth_token'> {
  readonly userId: string;
  readonly clientId: string;
}

/** A machine without a good token. */
export interface NoMachineAuth extends AuthFunctions {
  readonly isAuthenticated: false;
  readonly tokenType: MachineTokenType;
  readonly id: null;
  readonly subject: null;
  readonly scopes: null;
}

/** A token of a kind that is not accepted here. */
export interface InvalidTokenAuth extends AuthFunctions {
  readonly isAuthenticated: false;
  readonly tokenType: null;
}

/** Who a request is from. */
export type Auth = SignedInAuth | SignedOutAuth | ApiKeyAuth | M2mAuth | OauthAuth | NoMachineAuth | InvalidTokenAuth;

/** How a pending session is taken. */
export interface PendingOptions {
  /** Whether a session with tasks to be done counts as signed out. Default: true. */
  readonly treatPendingAsSignedOut?: boolean;
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
