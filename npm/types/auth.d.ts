// Who a request is from.

import type { GateConfig } from './settings.js';

/** The kinds of token. */
export type TokenType = 'session_token' | MachineTokenType;
/** The kinds of token that machines have. */
export type MachineTokenType = 'api_key' | 'm2m_token' | 'oauth_token';

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
