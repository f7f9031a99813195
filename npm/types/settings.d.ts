// A policy and the instance that it is for.

import type { TokenType } from './auth.js';
import type { verifyWebhook } from './webhook.js';

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
  /**
   * Parameters of `match`, and the claims that they have to be, exactly: `{ orgSlug: 'org.slug', userId: 'sub' }`. `org.id`, `org.slug` and
   * `org.role` are those of the active organization.
   */
  readonly where?: Readonly<Record<string, string>>;
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

  /** Origins whose tokens are accepted, as browsers write them: `https://example.com`. For previews `https://*.preview.example.com`. Default: any; given without one in it, or as `undefined`, it is a mistake. */
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
