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
  /** A gate's, where the configuration has an `issuer` and no Clerk instance. */
  | 'token-missing'
  | 'unexpected-error';

/** What kind of failure a {@link PortcullisError} is. */
export type ErrorCode =
  /** The token is not good, or nobody can tell; `reason` says why. */
  | 'token-rejected'
  /** The delivery is not good; `reason` says why, `statusCode` what to answer. */
  | 'webhook-rejected'
  /** Options or a configuration cannot be used; the message says which and why. */
  | 'invalid-options'
  /** Options and request do not go together. */
  | 'invalid-request'
  /** An argument of another kind than the function takes; the message names it. */
  | 'invalid-argument'
  /** Asked for something that this package does not do. */
  | 'not-supported'
  /** A mistake in this package. Nothing was decided; the next call starts afresh. */
  | 'internal-error';

/** What every function rejects with. Switch on `code` and `reason`: `instanceof` fails across bundles. */
export class PortcullisError extends Error {
  readonly name: 'PortcullisError';
  readonly code: ErrorCode;
  readonly reason: TokenReason | WebhookReason | AmbiguityReason | 'ambiguous-path' | Exclude<ErrorCode, 'token-rejected' | 'webhook-rejected' | 'invalid-request'>;
  /** Everything that is wrong with a configuration, each with the name of the setting. Of `createGate` and `explain` only. */
  readonly errors: readonly SettingError[] | undefined;
  /** What to answer where the request is at fault and nothing else: a path that cannot be matched, a delivery that is not good. */
  readonly statusCode: 400 | 413 | undefined;
}

/** One mistake in a configuration. */
export interface SettingError {
  /** Where, as `rules[0].require.role`. */
  readonly setting: string;
  /** What was found there and what was expected. Shows no secret. */
  readonly message: string;
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

/** Somebody is signed in with another issuer than Clerk; see `issuer` in {@link GateConfig}. */
export interface IssuedAuth extends AuthFunctions {
  readonly isAuthenticated: true;
  readonly tokenType: 'session_token';
  /** Whose user it is: ids of two issuers say nothing about each other. Absent on Clerk's users. */
  readonly issuer: string;
  readonly sessionClaims: { readonly [claim: string]: unknown };
  readonly userId: string;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  readonly sessionId: null;
  readonly sessionStatus: null;
  readonly actor: null;
  readonly orgId: null;
  readonly orgRole: null;
  readonly orgSlug: null;
  readonly orgPermissions: null;
  readonly factorVerificationAge: null;
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

// ── The gate ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What a path is: open to everyone, for signed-in users, for those who meet `adminRequires`. */
export type Access = 'public' | 'protected' | 'admin';

/** A value that a claim is compared with. Text is not a number: `'1'` is not `1`. */
export type ClaimValue = string | number | boolean;

/** What is required of whoever is signed in; all that is asked has to hold. */
export interface Requirement {
  /** A role in the active organization, `org:admin`. */
  readonly role?: string;
  /** A permission in it, `org:billing:manage`. */
  readonly permission?: string;
  /** A feature of the user or the organization. */
  readonly feature?: string;
  /** A plan of the user or the organization. */
  readonly plan?: string;
  /** How recently factors have to be verified. */
  readonly reverification?: 'strict_mfa' | 'strict' | 'moderate' | 'lax';
  /** A claim by its path, `metadata.role`, or its path as a list; together with one of the next three. */
  readonly claim?: string | readonly string[];
  /** The claim is exactly this. */
  readonly equals?: ClaimValue;
  /** The claim is one of these. */
  readonly oneOf?: readonly ClaimValue[];
  /** The claim is a list that holds this. */
  readonly contains?: ClaimValue;
  /** The kinds of token that are taken. Default: session tokens only. */
  readonly token?: TokenType | readonly TokenType[];
}

/** One of the ordered rules; the first that matches decides, before the three lists. */
export interface Rule {
  /** Patterns as in path-to-regexp 6: `/api/billing/:path*`. */
  readonly match: string | readonly string[];
  /** The methods that it speaks of, in upper case; HEAD follows GET. Default: all. */
  readonly methods?: readonly string[];
  /** Default: `protected`. */
  readonly access?: Access;
  /** What it requires beside a session. */
  readonly require?: Requirement;
  /** Whether unsafe requests of foreign pages are refused. Default: the setting `csrf`; false for public rules. */
  readonly csrf?: boolean;
  /**
   * Whether what a session token says is checked against what is so now: asks the Backend API, and needs `secretKey`; see
   * `docs/freshness.md`. Default: false.
   */
  readonly fresh?: boolean;
  /** `false` tries the rule: it is as good as absent, and whom it would have refused is told as `shadow`. Default: true. */
  readonly enforce?: boolean;
}

/** An issuer of JWTs: an OpenID provider, say. */
export interface IssuerConfig {
  /** `iss`, to the letter. */
  readonly issuer: string;
  /** The address of the key set; `https`, or this machine. */
  readonly jwksUrl: string;
  /** Whom the tokens have to be made for. */
  readonly audience: string | readonly string[];
  /** The cookie that holds a token. */
  readonly cookie?: string;
  /** The header that holds a token. Default: `Authorization`, where no cookie is named. */
  readonly header?: string;
  /** Default: `RS256`. */
  readonly algorithms?: readonly ('RS256' | 'RS384' | 'RS512' | 'PS256' | 'PS384' | 'PS512' | 'ES256' | 'ES384' | 'ES512' | 'EdDSA')[];
  /** Where the user's id stands: a dotted path, or a list of member names. Default: `sub`. */
  readonly userId?: string | readonly string[];
  /** Where roles stand: a string or a list of strings. */
  readonly role?: string | readonly string[];
  /** Where permissions stand: a list of strings, or one with blanks between. */
  readonly permissions?: string | readonly string[];
}

/**
 * A policy and the instance that it is for: the settings of `docs/settings.md` in camelCase. What is unknown, of another type or
 * contradicts another setting is an error, all of them in one.
 */
export interface GateConfig {
  /** `pk_test_…` or `pk_live_…`: names the Frontend API, and tells development from production. Undefined where there is only an `issuer`. */
  readonly publishableKey: string | undefined;
  /** `sk_test_…` or `sk_live_…`: the key set is fetched with it. Not needed with `jwtKey`. */
  readonly secretKey?: string;
  /** The PEM public key of the instance; with it no key set is fetched. */
  readonly jwtKey?: string;
  /** Another Backend API; `https`, or this machine. */
  readonly apiUrl?: string;
  /** Where the Frontend API is proxied: an `https` URL, or a path as `/__clerk`. */
  readonly proxyUrl?: string;

  /**
   * A P-256 private key, PKCS#8 in PEM or a JWK as text: forwarded requests carry `X-Portcullis-Assertion`, signed with it, and
   * `/.well-known/portcullis/jwks.json` has the key set. Default: nothing is signed.
   */
  readonly signingKey?: string;
  /** Published beside {@link signingKey} after it has signed. */
  readonly signingKeyPrevious?: string;
  /** Published beside {@link signingKey} before it signs. */
  readonly signingKeyNext?: string;
  /** The proxy of the Frontend API is the Worker's: `createGate` refuses it. */
  readonly proxy?: never;
  readonly fapiUrl?: never;
  /** Rate limits are counted by bindings of the Worker: `createGate` refuses them. */
  readonly rateLimits?: never;
  /** Whom assertions are for. Default: `origin`, or the request's own origin. */
  readonly assertionAudience?: string;
  /** Another issuer whose tokens are taken beside Clerk's, or instead of them: leave `publishableKey` undefined then. See `docs/issuers.md`. */
  readonly issuer?: IssuerConfig;
  /** Several of them. */
  readonly issuers?: readonly IssuerConfig[];

  /** Origins whose tokens are accepted, as browsers write them: `https://example.com`. For previews `https://*.preview.example.com`. Default: any. */
  readonly authorizedParties?: readonly string[];
  /** What a token without `azp` is, where parties are set. Default: `reject`. */
  readonly missingAzp?: 'reject' | 'observe' | 'navigation';
  /** Where `handle` sends requests: `https://host[:port]`. Default: the request's own origin. */
  readonly origin?: string;
  /** The sign-in page: a path that is public here, or an absolute URL. Default: Clerk's account portal. */
  readonly signInUrl?: string;
  /** The sign-up page. Default: Clerk's account portal. */
  readonly signUpUrl?: string;
  /** Where signed-in users go who may not see a page. Default: a plain 403 page. */
  readonly unauthorizedUrl?: string;
  /** What a path is that nothing names. Default: `protected`. */
  readonly default?: 'protected' | 'public';
  /** Patterns of open paths. */
  readonly public?: readonly string[];
  /** Patterns of paths for signed-in users; `public` wins over them. */
  readonly protected?: readonly string[];
  /** Patterns of paths for those who meet `adminRequires`; they win over the other lists. */
  readonly admin?: readonly string[];
  /** What makes an admin. Needed where there are admin paths. */
  readonly adminRequires?: Requirement;
  /** Patterns of paths that never redirect: 401 and 403 as `application/problem+json`. */
  readonly api?: readonly string[];
  /** `public` opens unlisted paths by their extension, for GET and HEAD. Default: `default`. */
  readonly staticFiles?: 'public' | 'default';
  /** Prefixes under which the app serves every route: `['en', 'fr']`. */
  readonly locales?: readonly string[];
  /** The ways in which the app may read a path: `['all', '-format-suffix']`, or names of those that count. Default: all. */
  readonly pathReadings?: readonly string[];
  /** Whether protected paths refuse unsafe requests of foreign pages. Default: true. */
  readonly csrf?: boolean;
  /** How many good tokens are remembered, 0 to 65535. Default: 4096. */
  readonly tokenCache?: number;
  /** Only the Worker takes in webhooks by itself, so this is an error here: call {@link verifyWebhook} in the handler. */
  readonly webhookPath?: never;
  /** As `webhookPath`: {@link verifyWebhook} has an option for it. */
  readonly webhookSigningSecret?: never;
  /** What the Worker adds to answers, shows as pages and writes to its log is the app's to do here: `createGate` refuses these. */
  readonly ownPages?: never;
  readonly securityHeaders?: never;
  readonly csp?: never;
  readonly cors?: never;
  readonly logUser?: never;
  readonly logForwards?: never;
  /** Whether the decisions hold. `false`: what would have happened is told as `shadow`, and requests go on to the app. Default: true. */
  readonly enforce?: boolean;
  /** Ordered rules, before the three lists. */
  readonly rules?: readonly Rule[];
}

/** What the gate reads of a request. A `Request` of any realm is one, and what has the same members. */
export interface RequestLike {
  readonly method: string;
  /** Absolute. As raw as it can be had: it is canonicalised here, and judged under every reading that an app could give to it. */
  readonly url: string;
  readonly headers: Iterable<[string, string]> & { get(name: string): string | null };
}

/** Why a path could not be judged. */
export type AmbiguityReason =
  | 'url-too-long'
  | 'control-byte'
  | 'not-http'
  | 'bad-authority'
  | 'encoded-nul'
  | 'path-too-long'
  | 'too-many-readings';

/** What a rule with `fresh` finds: what the token says is no longer so, or nobody can tell. */
export type FreshnessReason =
  | 'session-ended'
  | 'user-deleted'
  | 'user-banned'
  | 'user-metadata-changed'
  | 'membership-ended'
  | 'organization-role-changed'
  | 'freshness-unknown';

/** Why a decision is what it is: the gate's own words, Clerk's reasons beside them. */
export type DecisionReason =
  /** Forwarded: the path is public. */
  | 'public'
  /** Forwarded: all that is asked is there. */
  | 'allowed'
  | 'requirement-not-met'
  /** An unsafe request that a page of another site makes. */
  | 'cross-site-request'
  | 'method-refused'
  | 'signed-out'
  /** The browser was sent round in circles; the page says why. */
  | 'loop'
  | 'loop-clock-skew'
  | 'loop-two-instances'
  | 'loop-cookie-blocked'
  | 'loop-cookie-too-large'
  | 'loop-satellite-mismatch'
  | 'cannot-tell'
  | 'handshake-resolved'
  | 'development-settings'
  | 'shadow'
  | 'ready'
  | 'not-ready'
  | 'key-set'
  | 'assertion-not-signed'
  | 'rate-limited'
  | 'frontend-api'
  | 'proxy-path-ambiguous'
  | 'no-such-endpoint'
  /** The Wasm instance failed, and nothing was decided. */
  | 'internal-error'
  | AmbiguityReason
  | FreshnessReason
  | Reason;

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
  readonly shadow: { readonly action: 'redirect' | 'deny'; readonly status: number; readonly reason: string; readonly message: string; readonly rule?: string } | null;
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
  requestHeaders(incoming: HeadersInit): Headers;
  /** The app's answer with what this decision adds: {@link responseHeaders}, and for private ones the cache rules. Its body streams on. */
  addTo(response: Response): Response;
  toResponse(): null;
}

interface OwnAnswer extends DecisionBase {
  /** Null before a handshake, and where nothing could be decided. */
  readonly auth: Auth | null;
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
   * never forwarded; 500: the gate failed; 503: it
   * cannot be told.
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
  handle(request: Request, forward: (request: Request, decision: ForwardDecision) => Response | Promise<Response>): Promise<Response>;
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

/** How a decision came about: for operators, since it names rules and claims. */
export interface Explanation {
  /** Path and query as they were judged, and as the app gets them; null where they could not be judged. */
  readonly target: string | null;
  /** Why they could not be judged. */
  readonly ambiguity: string | null;
  /** Every way in which an app could read the path, the canonical one first. */
  readonly readings: readonly {
    readonly path: string;
    /** How this reading came about: `canonical`, `decoded`, `dot-segments`, … */
    readonly kind: string;
    /** The place in this list of the reading that it was made from. */
    readonly from: number;
    /** What the policy asks of it; empty where it does not count, since nothing names it. */
    readonly answers: readonly { readonly access: Access; readonly rule: string }[];
  }[];
  /** Every rule and every entry of the lists, in the order of precedence; behind them what decides where none names the path. */
  readonly rules: readonly {
    readonly name: string;
    readonly access: Access;
    readonly consideration: 'matches' | 'other-method' | 'other-path';
    /** Whether it decides, alone or with others. */
    readonly decides: boolean;
  }[];
  /** Every single thing that is required beside a session. */
  readonly requirements: readonly {
    readonly rule: string;
    readonly name: 'role' | 'permission' | 'feature' | 'plan' | 'reverification' | 'claim' | 'token';
    /** What exactly, in words. */
    readonly expected: string;
    readonly isMet: boolean;
  }[];
  /** The session token that the request carries, and its checks in their order. Null: none, or a machine's. */
  readonly token: {
    readonly place: 'header' | 'cookie';
    readonly checks: readonly {
      readonly check: TokenCheck;
      readonly outcome: 'passed' | 'failed' | 'not-reached';
      /** Why it failed: what was found, and what was expected. */
      readonly message?: string;
    }[];
  } | null;
  readonly decision: Decision;
}

/** The checks of a session token. */
export type TokenCheck =
  | 'format'
  | 'category'
  | 'key'
  | 'type'
  | 'algorithm'
  | 'signature'
  | 'subject'
  | 'audience'
  | 'authorized-party'
  | 'issuer'
  | 'times';

/**
 * Decides about a request, and says why: by the same functions that decide in {@link createGate}.
 *
 * Rejects as `createGate` and `decide` do, and with `internal-error` where the Wasm instance failed.
 *
 * @example
 * const { rules, token, decision } = await explain(config, request);
 */
export function explain(config: GateConfig, request: Request | RequestLike): Promise<Explanation>;

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

// ── Webhooks ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Why a delivery was rejected. */
export type WebhookReason =
  | 'webhook-headers-missing'
  | 'webhook-headers-invalid'
  /** Signed more than five minutes ago. */
  | 'webhook-timestamp-too-old'
  /** Signed more than five minutes from now. */
  | 'webhook-timestamp-too-new'
  | 'webhook-signature-invalid'
  /** More than 1 MB: answer 413. */
  | 'webhook-body-too-large'
  /** Signed, but not an event. */
  | 'webhook-body-invalid';

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
