// How a decision came about.

import type { Decision } from './decision.js';
import type { RequestLike, createGate } from './gate.js';
import type { Access, GateConfig } from './settings.js';

/** How a decision came about: for operators, since it names rules and claims. */
export interface Explanation {
  /** Path and query as they were judged, and as the app gets them; null where they could not be judged. */
  readonly target: string | null;
  /** Why they could not be judged. */
  readonly ambiguity: string | null;
  /** Every way in which an app could read the path, the canonical one first. Where the policy is not asked, as for the gate's own endpoints, they have no answers. */
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
    readonly name: 'role' | 'permission' | 'feature' | 'plan' | 'reverification' | 'claim' | 'token' | 'where';
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
